from __future__ import annotations

import csv

import pytest

from gridtool.network.synthetic import failures
from gridtool.network.synthetic.failures import failure_times, line_rates
from gridtool.network.synthetic.parameters import CABLES_110, OVERHEAD_330, OVERHEADS_110

KM_PER_MILE = 1.609344


@pytest.mark.reference
def test_rates_and_repairs_are_those_of_every_line_of_rts79(reference):
    with (reference / "rts79" / "branches.csv").open() as stream:
        lines = [row for row in csv.DictReader(stream) if row["id"].startswith("L")]
    assert len(lines) == 33
    for row in lines:
        low_voltage = float(row["rate_cont_mva"]) < 200
        rates = failures.OVERHEAD_138 if low_voltage else failures.OVERHEAD_230
        if row["id"] in {"L1", "L10"}:
            rates = failures.CABLE_138
        times = failure_times(rates, float(row["miles"]) * KM_PER_MILE)
        # the table states outages a year to two digits and whole hours
        published = float(row["perm_outage_per_year"])
        assert 8760 / times["mttf_h"] == pytest.approx(published, abs=0.0055)
        assert times["mttr_h"] == pytest.approx(float(row["perm_duration_h"]), abs=0.5)


def test_a_line_by_hand():
    # ten miles overhead at 138 kV: 0.22 + 10 x 0.0052 = 0.272 outages a year of ten hours
    times = failure_times(failures.OVERHEAD_138, 10 * KM_PER_MILE)
    assert times == {"mttf_h": round(8760 / 0.272), "mttr_h": 10.0}
    # ten miles of cable: (0.226 x 9 + 0.062 x 96) / 0.288 hours on average
    times = failure_times(failures.CABLE_138, 10 * KM_PER_MILE)
    assert times == {"mttf_h": round(8760 / 0.288), "mttr_h": 27.7}


def test_every_conductor_has_its_rates():
    assert {line_rates(line_type) for line_type in CABLES_110} == {failures.CABLE_138}
    assert {line_rates(line_type) for line_type in OVERHEADS_110} == {failures.OVERHEAD_138}
    assert line_rates(OVERHEAD_330) == failures.OVERHEAD_230
