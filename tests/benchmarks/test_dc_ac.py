"""DC against AC unserved load of the city over 100 damage scenarios.

AC is AC power flow with violations repaired by further shedding to a fixed point; see
``gridtool.flow.margin``.
"""

from __future__ import annotations

import numpy as np
import pytest

from gridtool.flow.margin import calibrate_margin, study_margins
from gridtool.network.catalog import load_network


@pytest.mark.benchmark
def test_dc_is_within_three_percent_of_ac():
    network = load_network("rivercity")
    shipped = network.manifest.pf_margin
    margins = sorted({0.80, 0.85, 0.90, 0.95, 1.00, shipped})
    study = study_margins(network, margins=margins, seed=20, scenarios=100)
    known = np.isfinite(study.ac_mw)
    short = known & (study.ac_mw > 1.0)
    print(
        f"\nunserved load of rivercity, 100 damage scenarios: AC mean "
        f"{study.ac_mw[known].mean():.1f} MW, {known.sum()} solved without violated ratings"
        f"\n  margin  DC mean MW  mean |DC-AC| MW  of AC mean  mean relative  bias MW"
    )
    relative = {}
    for i, margin in enumerate(study.margins):
        apart = np.abs(study.dc_mw[i] - study.ac_mw)
        relative[float(margin)] = float((apart[short] / study.ac_mw[short]).mean())
        print(
            f"  {margin:6.2f}  {study.dc_mw[i][known].mean():10.1f}"
            f"  {study.error_mw[i]:15.2f}"
            f"  {100 * study.error_mw[i] / study.ac_mw[known].mean():8.2f} %"
            f"  {100 * relative[float(margin)]:11.2f} %  {study.bias_mw[i]:7.2f}"
            f"{'  <- shipped' if margin == shipped else ''}"
        )
    print(f"  calibrated (seed 1): {calibrate_margin(network, seed=1):.2f}")
    at = int(np.flatnonzero(study.margins == shipped)[0])
    assert known.sum() >= 95
    assert study.error_mw[at] <= 0.03 * study.ac_mw[known].mean()
    assert relative[shipped] <= 0.03
