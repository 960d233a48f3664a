"""Means and errors of portions are those of all samples at once."""

import numpy as np
import pytest

from gridtool.forecast.metrics.moments import Moments, RatioMoments


def test_a_small_spread_beside_a_large_mean_is_kept():
    """Sums of squares would lose all digits of a spread of 1e-3 about 1e9."""
    rng = np.random.default_rng(2)
    values = 1e9 + 1e-3 * np.round(rng.standard_normal((1000, 1)) * 1000)
    moments = Moments(1)
    for part in np.array_split(values, 7):
        moments.add(part)
    assert moments.standard_error[0] == pytest.approx(
        (values - 1e9).std(ddof=1) / np.sqrt(1000), rel=1e-6
    )


def test_ratio_of_means_by_hand():
    """Two samples: 1 of 2 and 3 of 2; then 1 of 1 and 3 of 3, whose ratio knows no doubt."""
    one = RatioMoments(1, whole=(1,))
    one.add(np.array([[1.0], [3.0]]), np.array([[2.0], [2.0]]))
    assert (one.ratio[0], one.ratio_error[0]) == (1.0, pytest.approx(0.5))
    sure = RatioMoments(1, whole=(1,))
    sure.add(np.array([[1.0]]), np.array([[1.0]]))
    assert np.isnan(sure.ratio_error[0])
    sure.add(np.array([[3.0]]), np.array([[3.0]]))
    assert (sure.ratio[0], sure.ratio_error[0]) == (1.0, 0.0)


def test_nothing_to_measure_against_is_nan():
    none = RatioMoments(1, whole=(1,))
    none.add(np.zeros((3, 1)), np.zeros((3, 1)))
    assert np.isnan(none.ratio[0])
    assert np.isnan(none.ratio_error[0])


def test_empty_portions_change_nothing():
    moments = Moments(2)
    moments.add(np.empty((0, 2)))
    moments.merge(Moments(2))
    assert moments.count == 0
    assert np.isnan(moments.standard_error).all()
