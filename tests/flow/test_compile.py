"""The compiled case against hand-worked values; agreement with pandapower is tested with AC."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from builders import build_network, grid

from gridtool.flow.compile import compile_case


def test_line_in_per_unit():
    case = compile_case(grid(stations={"A": (1, 0), "B": (0, 2)}, lines=[("L", "A", "B", 30)]))
    # 10 km of 0.4 ohm/km on 110 kV and 100 MVA: 4 / 121
    assert case.branch_x_pu == pytest.approx([4 / 121])
    assert case.branch_limit_mw == pytest.approx([30])
    assert case.branch_susceptance_mw == pytest.approx([100 * 121 / 4])
    np.testing.assert_array_equal(case.demand_mw, [[1, 0], [0, 2]])


def test_margin_scales_limits_only():
    case = compile_case(
        grid(stations={"A": (1, 0), "B": (1, 0)}, lines=[("L", "A", "B", 30)], pf_margin=0.9)
    )
    assert case.branch_rating_mva == pytest.approx([30])
    assert case.branch_limit_mw == pytest.approx([27])


def two_voltages(**transformer):
    row = {
        "id": "T",
        "hv_busbar": "H",
        "lv_busbar": "L",
        "sn_mva": 40.0,
        "vn_hv_kv": 115.0,
        "vn_lv_kv": 11.0,
        "vk_pct": 10.5,
        "vkr_pct": 0.43,
        "pfe_kw": 36.0,
        "i0_pct": 0.65,
        "shift_degree": 330.0,
        "overload_pct": 140.0,
    }
    return build_network(
        {
            "districts": [{"id": "D", "name": "D"}],
            "substations": [
                {
                    "id": "S",
                    "name": "S",
                    "district": "D",
                    "kind": "distribution",
                    "x_km": 0,
                    "y_km": 0,
                }
            ],
            "busbars": [
                {"id": "H", "substation": "S", "vn_kv": 110.0},
                {"id": "L", "substation": "S", "vn_kv": 10.0},
            ],
            "transformers": [row | transformer],
        }
    )


def test_transformer_in_per_unit():
    case = compile_case(two_voltages())
    to_base = (11 / 10) ** 2 * 100 / 40
    assert case.branch_r_pu == pytest.approx([0.0043 * to_base])
    assert case.branch_r_pu[0] ** 2 + case.branch_x_pu[0] ** 2 == pytest.approx(
        (0.105 * to_base) ** 2
    )
    assert case.branch_ratio == pytest.approx([(115 / 11) / (110 / 10)])
    assert case.branch_shift_rad == pytest.approx([np.deg2rad(330)])
    assert case.branch_rating_mva == pytest.approx([56])
    assert case.branch_g_pu == pytest.approx([0.036 / 100 * (10 / 11) ** 2])
    assert case.branch_b_pu == pytest.approx([-np.sqrt(0.26**2 - 0.036**2) / 100 * (10 / 11) ** 2])


@pytest.mark.parametrize(("side", "ratio"), [("hv", 1.05), ("lv", 1 / 1.05)])
def test_tap_acts_on_its_winding(side, ratio):
    tapped = compile_case(two_voltages(tap_side=side, tap_step_pct=2.5, tap_pos=2))
    plain = compile_case(two_voltages())
    assert tapped.branch_ratio / plain.branch_ratio == pytest.approx([ratio])
    on_lv = 1.05**2 if side == "lv" else 1.0
    assert tapped.branch_x_pu / plain.branch_x_pu == pytest.approx([on_lv])


def test_arrays_are_read_only():
    case = compile_case(grid(stations={"A": (1, 0)}, lines=[]))
    arrays = [value for value in vars(case).values() if isinstance(value, np.ndarray)]
    assert arrays
    assert not any(array.flags.writeable for array in arrays)


def test_out_of_service_when_intact():
    network = grid(
        stations={"A": (1, 0), "B": (2, 0)},
        lines=[("L", "A", "B", 30)],
        infeeds=[("I", "A", 10)],
    )
    tables = dict(network.tables)
    for name in ("feeders", "infeeds", "lines"):
        tables[name] = tables[name].assign(in_service=False)
    off = type(network)(manifest=network.manifest, tables=tables)
    case = compile_case(off)
    assert case.demand_mw.sum() == 0 == off.peak_mw
    assert case.source_max_mw.sum() == 0
    assert not case.branch_in_service.any()


def test_a_copy_is_read_only_too():
    case = compile_case(grid(stations={"A": (1, 0)}, lines=[], infeeds=[("I", "A", 5)]))
    assert case.part_position["I"] == 1
    twin = copy.deepcopy(case)  # by the same hooks as a journey to another process
    assert "part_position" not in vars(twin)  # derived views do not travel
    assert twin.part_position == case.part_position
    for name in case.__dataclass_fields__:
        value = getattr(twin, name)
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, getattr(case, name))
            assert not value.flags.writeable, name
