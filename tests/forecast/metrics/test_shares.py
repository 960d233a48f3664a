"""Variance shares of functions whose shares are known."""

import numpy as np
import pandas as pd
import pytest
from forecast.metrics.made import hourly_of, layout_of

from gridtool.forecast.metrics.shares import PickFreeze, ShareTally
from gridtool.forecast.metrics.sums import sum_samples

ISHIGAMI_FIRST = (0.313905, 0.442411, 0.0)
ISHIGAMI_TOTAL = (0.557589, 0.442411, 0.243684)
"""Ishigami and Homma (1990) with a = 7, b = 0.1; the values follow in closed form."""


def ishigami(x):
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def closed_form():
    a, b, pi = 7.0, 0.1, np.pi
    first = ((1 + b * pi**4 / 5) ** 2 / 2, a**2 / 8, 0.0)
    both = b**2 * pi**8 * (1 / 18 - 1 / 50)
    variance = sum(first) + both
    total = (first[0] + both, first[1], both)
    return np.array(first) / variance, np.array(total) / variance


def test_the_known_values_are_those_of_the_closed_form():
    first, total = closed_form()
    assert first == pytest.approx(ISHIGAMI_FIRST, abs=1e-6)
    assert total == pytest.approx(ISHIGAMI_TOTAL, abs=1e-6)


def pairs(function, *, n, seed, at, low=-np.pi, high=np.pi, count=3):
    """PickFreeze of input ``at`` drawn anew, and of all others drawn anew."""
    rng = np.random.default_rng(seed)
    x, other = rng.uniform(low, high, (2, n, count))
    anew, kept = x.copy(), other.copy()
    anew[:, at], kept[:, at] = other[:, at], x[:, at]
    total, rest = PickFreeze(1), PickFreeze(1)
    for part in np.array_split(np.arange(n), 5):
        base = function(x[part])[:, None]
        total.add(base, function(anew[part])[:, None])
        rest.add(base, function(kept[part])[:, None])
    return total, rest


@pytest.mark.parametrize("at", range(3))
def test_ishigami_within_three_errors(at):
    total, rest = pairs(ishigami, n=20_000, seed=10 + at, at=at)
    (share,), (error,) = total.shares()
    assert abs(share - ISHIGAMI_TOTAL[at]) <= 3 * error
    assert error < 0.02
    (others,), (error,) = rest.shares()
    assert abs(1 - others - ISHIGAMI_FIRST[at]) <= 3 * error
    assert error < 0.02


def test_linear_shares_and_the_coverage_of_their_errors():
    """3 x + 4 y of equal spread: 9/25 and 16/25, total and first alike; 95 % intervals hold."""
    inside = np.zeros((2, 2))
    repeats = 1000
    for seed in range(repeats):
        for at, truth in ((0, 0.36), (1, 0.64)):
            found = pairs(lambda x: 3 * x[:, 0] + 4 * x[:, 1], n=400, seed=seed, at=at, count=2)
            for kind, pick in enumerate(found):
                (share,), (error,) = pick.shares()
                share = 1 - share if kind else share
                inside[kind, at] += abs(share - truth) <= 1.96 * error
    # Binomial: a coverage of 0.95 of 1,000 has an error of 0.7 %.
    assert (np.abs(inside / repeats - 0.95) < 0.02).all(), inside / repeats


def test_nothing_varies_and_too_few():
    still = PickFreeze(1)
    still.add(np.ones((10, 1)), np.ones((10, 1)))
    assert np.isnan(still.shares()[0][0])
    assert np.isnan(PickFreeze(1).shares()[0][0])
    with pytest.raises(ValueError, match="pairs of"):
        still.add(np.ones((2, 1)), np.ones((3, 1)))


def test_the_jackknife_is_that_of_its_definition():
    rng = np.random.default_rng(6)
    base, anew = 5.0 + rng.standard_normal((2, 150))
    pick = PickFreeze(1)
    pick.add(base[:, None], anew[:, None])

    def share(rows):
        halved = ((base[rows] - anew[rows]) ** 2).mean() / 2
        return halved / (base[rows].var(ddof=1) + anew[rows].var(ddof=1)) * 2

    left = np.array([share(np.arange(150) % 64 != group) for group in range(64)])
    error = np.sqrt(((left - left.mean()) ** 2).sum() * 63 / 64)
    found = pick.shares()
    assert found[0][0] == pytest.approx(share(np.arange(150)), rel=1e-12)
    assert found[1][0] == pytest.approx(error, rel=1e-9)


def test_merged_groups_are_one_go():
    rng = np.random.default_rng(3)
    base, anew = rng.standard_normal((2, 128, 2))
    whole, one, other = PickFreeze(2), PickFreeze(2), PickFreeze(2)
    whole.add(base, anew)
    one.add(base[:64], anew[:64])
    other.add(base[64:], anew[64:])
    one.merge(other)
    for mine, theirs in zip(one.shares(), whole.shares(), strict=True):
        assert mine == pytest.approx(theirs)


def test_shares_of_sums_by_month():
    """January lacks what demand says, February what repairs say, as 3 to 4 in spread."""
    layout = layout_of([[40.0, 0.0]], hours=48)
    rng = np.random.default_rng(8)
    n = 3000

    def sums_of(demand, repairs):
        unserved = np.zeros((n, 48, 1, 2))
        unserved[:, 3, 0, 0], unserved[:, 30, 0, 0] = 10 + 3 * demand, 10 + 4 * repairs
        return sum_samples(hourly_of(unserved), np.ones((n, 48)), layout=layout)

    (demand, fresh_demand), (repairs, fresh_repairs) = rng.uniform(0, 1, (2, 2, n))
    tally = ShareTally(layout, uncertainties=("demand", "repairs"))
    tally.add(
        sums_of(demand, repairs),
        anew={"demand": sums_of(fresh_demand, repairs), "repairs": sums_of(demand, fresh_repairs)},
        kept={"demand": sums_of(demand, fresh_repairs), "repairs": sums_of(fresh_demand, repairs)},
    )
    frame = tally.shares().set_index(["month", "uncertainty"])
    assert list(frame.index[:2]) == [("2027-01", "demand"), ("2027-01", "repairs")]
    for month, expected in (("2027-01", 1.0), ("2027-02", 0.0), ("all", 0.36)):
        for kind in ("total", "first"):
            found = frame.loc[(month, "demand")]
            assert abs(found[kind] - expected) <= 3 * found[f"{kind}_se"] + 1e-12
            other = frame.loc[(month, "repairs")]
            assert abs(other[kind] - (1 - expected)) <= 3 * other[f"{kind}_se"] + 1e-12
    without = ShareTally(layout, uncertainties=("demand", "repairs"))
    without.add(
        sums_of(demand, repairs),
        anew={"demand": sums_of(fresh_demand, repairs), "repairs": sums_of(demand, fresh_repairs)},
    )
    pd.testing.assert_frame_equal(without.shares(), tally.shares())


@pytest.mark.parametrize("count", [3, 4])
def test_three_uncertainties_tell_what_each_does_first(count):
    """1, 2, 3, ... times inputs of equal spread: pairs of variants share the third of three."""
    layout = layout_of([[40.0, 0.0]], hours=2)
    rng = np.random.default_rng(9)
    inputs, fresh = rng.uniform(0, 1, (2, 3000, count))

    def sums_of(values):
        unserved = np.zeros((len(values), 2, 1, 2))
        unserved[:, 0, 0, 0] = 10 + values @ np.arange(1, count + 1)
        return sum_samples(hourly_of(unserved), np.ones((len(values), 2)), layout=layout)

    names = [f"input {at}" for at in range(count)]
    anew = {
        name: sums_of(np.where(np.arange(count) == at, fresh, inputs))
        for at, name in enumerate(names)
    }
    tally = ShareTally(layout, uncertainties=names)
    tally.add(sums_of(inputs), anew=anew)
    whole = tally.shares().query("month == 'all'")
    truth = np.arange(1, count + 1) ** 2 / (np.arange(1, count + 1) ** 2).sum()
    assert (np.abs(whole.total - truth) <= 3 * whole.total_se).all()
    if count == 3:
        assert (np.abs(whole["first"] - truth) <= 3 * whole.first_se).all()
        assert (whole.first_se < 0.03).all()
    else:
        assert whole["first"].isna().all()
