"""A small city and reports about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from builders import build_network

from gridtool.damage.model import DamageReport, DamageState

START = datetime(2027, 1, 12, tzinfo=UTC)


def _branch(name, a, b):
    return {"id": name, "from_busbar": a, "to_busbar": b, "length_km": 5, "r_ohm_per_km": 0.1,
            "x_ohm_per_km": 0.4, "c_nf_per_km": 9, "max_i_ka": 0.5}  # fmt: skip


@pytest.fixture(scope="session")
def network():
    """Two substations with a transformer, bays, couplers, a unit and one line between them."""
    stations = ("SS-01", "SS-02")
    return build_network(
        {
            "districts": [{"id": "D1", "name": "One"}],
            "substations": [
                {"id": s, "name": s, "district": "D1", "kind": "distribution", "x_km": 0, "y_km": 0}
                for s in stations
            ],
            "busbars": [
                {"id": f"{s}/{section}", "substation": s, "vn_kv": kv}
                for s in stations
                for section, kv in (("110-1", 110), ("110-2", 110), ("10-1", 10))
            ],
            "couplers": [
                {"id": f"{s}/C110", "busbar_a": f"{s}/110-1", "busbar_b": f"{s}/110-2",
                 "closed": True}
                for s in stations
            ],
            "lines": [_branch("L-SS-01-SS-02-1", "SS-01/110-1", "SS-02/110-1")],
            "transformers": [
                {"id": f"{s}/T1", "hv_busbar": f"{s}/110-1", "lv_busbar": f"{s}/10-1",
                 "sn_mva": 40, "vn_hv_kv": 110, "vn_lv_kv": 10, "vk_pct": 10, "vkr_pct": 0.5}
                for s in stations
            ],
            "bays": [
                {"id": f"{s}/B-L1", "busbar": f"{s}/110-1", "element": "L-SS-01-SS-02-1"}
                for s in stations
            ],
            "infeeds": [{"id": "IF-1", "busbar": "SS-01/110-1", "max_mw": 100}],
            "units": [{"id": "PP-1/G1", "busbar": "SS-02/110-2", "max_mw": 30, "p_mw": 30}],
            "feeders": [
                {"id": f"{s}/F01", "busbar": f"{s}/10-1", "peak_mw": 10} for s in stations
            ],
        }
    )  # fmt: skip


@pytest.fixture(scope="session")
def report():
    """Makes a report; times are hours after midnight UTC of 12 January 2027."""

    def make(report_id="1", asset="SS-01/T1", state="moderate", **more):
        hours = {"occurred_at": 0.0, "reported_at": 1.0} | {
            name: more.pop(name) for name in list(more) if name.endswith("_at")
        }
        hours.setdefault("recorded_at", hours["reported_at"])
        times = {name: START + timedelta(hours=at) for name, at in hours.items()}
        source = more.pop("source", "EOC")
        return DamageReport(
            report_id=report_id, source=source, asset=asset, state=DamageState(state),
            **times, **more,
        )  # fmt: skip

    return make
