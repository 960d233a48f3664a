"""MATPOWER cases: the converted network has the voltages of an independent power flow."""

import json

import numpy as np
import pandapower.networks as shipped
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network.foreign.engines import case_text, newton, solve
from pandapower.converter.pypower import to_ppc

from gridtool.errors import NetworkError
from gridtool.network.foreign import read_foreign
from gridtool.network.foreign.read import network_from_bytes

BUS3 = np.array(
    [
        [1, 3, 0, 0, 0, 0, 1, 1, 0, 110, 1, 1.1, 0.9],
        [2, 1, 60, 20, 0, 0, 1, 1, 0, 110, 2, 1.1, 0.9],
        [5, 2, 30, 10, 0, 5, 1, 1, 0, 10, 2, 1.1, 0.9],
    ],
    dtype=float,
)
GEN3 = np.array(
    [
        [1, 0, 0, 100, -100, 1.02, 100, 1, 150, 0],
        [5, 20, 0, 50, -50, 1.01, 100, 1, 40, 0],
    ],
    dtype=float,
)
BRANCH3 = np.array(
    [
        [1, 2, 0.01, 0.05, 0.04, 120, 0, 0, 0, 0, 1, -360, 360],
        [2, 5, 0.0, 0.1, 0.0, 63, 0, 0, 0.98, -30, 1, -360, 360],
        [1, 5, 0.002, 0.2, 0.0, 0, 0, 0, 0, 0, 1, -360, 360],
    ],
    dtype=float,
)


def convert(text, **options):
    return network_from_bytes(text.encode(), "case.m", **options)


def three(extra="", **changed):
    tables = {"bus": BUS3, "gen": GEN3, "branch": BRANCH3} | changed
    return case_text(100.0, extra, **tables)


def by_number(city, bus, voltages):
    found = dict(zip(city.busbars.index, voltages, strict=True))
    return np.array([found[f"bus-{int(number)}"] for number in bus[:, 0]])


def test_a_small_case_table_by_table():
    city = convert(three())
    assert list(city.busbars.index) == ["bus-1", "bus-2", "bus-5"]
    assert list(city.lines.index) == ["branch-1"]
    assert list(city.transformers.index) == ["branch-2", "branch-3"]
    line = city.lines.loc["branch-1"]
    assert line["x_ohm_per_km"] == pytest.approx(0.4)
    assert line["length_km"] * line["x_ohm_per_km"] == pytest.approx(0.05 * 110**2 / 100)
    assert line["max_i_ka"] * 110 * 3**0.5 == pytest.approx(120)
    tapped = city.transformers.loc["branch-2"]
    assert tapped["vn_hv_kv"] == pytest.approx(110 * 0.98)
    assert tapped["sn_mva"] == 63
    assert tapped["vk_pct"] == pytest.approx(10 * 63 / 100)
    assert city.transformers.loc["branch-3", "sn_mva"] == 1900  # ten times the capacity
    assert any("branches without a rating" in told for told in city.assumptions)
    assert city.infeeds["max_mw"].to_dict() == {"gen-1": 150}
    assert city.units["max_mw"].to_dict() == {"gen-2": 40}
    assert city.feeders["peak_mw"].to_dict() == {"load-2": 60, "load-5": 30}
    assert city.shunts["q_mvar"].to_dict() == {"shunt-5": -5}
    assert len(city.substations) == 1  # transformers join all three
    assert set(city.districts["name"]) == {"1", "2"}
    assert city.manifest.base_mva == 100
    voltage = solve(city)
    assert np.abs(voltage - newton(100.0, BUS3, GEN3, BRANCH3)).max() < 1e-9


def test_the_comparison_notices_a_wrong_tap():
    wrong = BRANCH3.copy()
    wrong[1, 8] = 1.02
    difference = solve(convert(three())) - newton(100.0, BUS3, GEN3, wrong)
    assert np.abs(difference).max() > 1e-3


PUBLISHED = [
    "case9",
    "case14",
    "case30",
    "case39",
    "case24_ieee_rts",
    "case_ieee30",
    "case89pegase",
]


@pytest.mark.parametrize("name", PUBLISHED)
def test_ieee_cases_against_newton(name, tmp_path):
    ppc = to_ppc(getattr(shipped, name)(), init="flat", calculate_voltage_angles=True)
    bus, gen, branch = (np.nan_to_num(np.real(ppc[table])) for table in ("bus", "gen", "branch"))
    bus[:, 0] += 1
    gen[:, 0] += 1
    branch[:, :2] += 1
    reference = bus[:, 1] == 3
    bus[~reference & ~np.isin(bus[:, 0], gen[gen[:, 7] > 0, 0]), 1] = 1
    expected = newton(float(ppc["baseMVA"]), bus, gen, branch)
    assert expected is not None
    path = tmp_path / f"{name}.m"
    path.write_text(
        case_text(float(ppc["baseMVA"]), bus=bus[:, :13], gen=gen[:, :10], branch=branch[:, :13])
    )
    city = read_foreign(path)
    assert np.abs(by_number(city, bus, solve(city)) - expected).max() < 1e-6


@st.composite
def random_cases(draw):
    n = draw(st.integers(3, 7))
    kv = [draw(st.sampled_from([0.0, 10.0, 110.0, 330.0])) for _ in range(n)]
    small = st.floats(0, 20)
    bus = np.zeros((n, 13))
    bus[:, 0] = draw(st.permutations(range(1, 30)))[:n]
    bus[:, 1], bus[0, 1] = 1, 3
    if draw(st.booleans()):
        bus[1, 1] = 2
    for i in range(n):
        bus[i, 2:6] = draw(small) - 5, draw(small) / 2, draw(small) / 10, draw(small) - 10
        bus[i, 9] = kv[i]
        bus[i, 10] = draw(st.integers(1, 3))
    ends = [(draw(st.integers(0, i - 1)), i) for i in range(1, n)]
    ends += draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=4))
    rows = []
    for position, (a, b) in enumerate(ends):
        f, t = (a, b) if draw(st.booleans()) else (b, a)
        if f != t:
            in_tree = position < n - 1
            x = draw(st.floats(0.02, 0.2))
            if not in_tree and draw(st.booleans()):
                x = -2.0 - 5.0 * x  # beyond any path in parallel: no resonance
            row = [bus[f, 0], bus[t, 0], draw(st.floats(0, 0.02)), x, draw(st.floats(0, 0.2))]
            row += [draw(st.sampled_from([0.0, 80.0])), 0.0, 0.0]
            row += [draw(st.sampled_from([0.0, 0.0, 0.95, 1.07]))]
            row += [draw(st.sampled_from([0.0, 0.0, 3.0, -2.0]))]
            rows.append([*row, 1.0 if in_tree else float(draw(st.booleans())), -360.0, 360.0])
    gen = [[bus[0, 0], 0, 0, 99, -99, 1.02, 100, 1, 100, 0]]
    gen.append([bus[1, 0], 15, 3, 99, -99, 1.0, 100, draw(st.integers(0, 1)), 30, 0])
    gen.append([bus[2, 0], 10, 4, 99, -99, 1.0, 100, 1, 30, 0])
    gen = np.array(gen, dtype=float)
    if gen[1, 7] == 0:
        bus[1, 1] = 1
    return bus, gen, np.array(rows, dtype=float)


@settings(max_examples=25, deadline=None)
@given(random_cases())
def test_any_branch_converts_exactly(case):
    expected = newton(100.0, *case)
    if expected is None or abs(expected).min() < 0.6:
        return  # no operating point to compare
    city = convert(case_text(100.0, bus=case[0], gen=case[1], branch=case[2]))
    found = by_number(city, case[0], solve(city))
    if abs(found).min() < 0.6:
        return  # negative reactances led the engine to a root that is no operating point
    if np.abs(found - expected).max() > 1e-6:  # another solution of the same equations?
        expected = newton(100.0, *case, start=found)
        assert expected is not None
    assert np.abs(found - expected).max() < 1e-6


def test_branches_that_are_no_lines_become_impedances():
    branch = BRANCH3.copy()
    branch[0, 3] = -0.05
    city = convert(three(branch=branch))
    assert list(city.impedances.index) == ["branch-1"]
    assert city.impedances.loc["branch-1", "x_pu"] == -0.05
    assert city.shunts["q_mvar"].to_dict() == pytest.approx(
        {"branch-1/charging-from": -2.0, "branch-1/charging-to": -2.0, "shunt-5": -5.0}
    )


def test_odd_bytes_in_comments_are_no_lines_of_their_own():
    text = three().replace("mpc.version", "% caf\u00e9\x85mpc.bus = [1];\nmpc.version")
    city = network_from_bytes(text.encode("latin-1"), "case.m")
    assert len(city.busbars) == 3
    assert any("Latin-1" in told for told in city.assumptions)
    text = three().replace("mpc.version", "% a\u2028mpc.bus = [1];\x0bmpc.gen = 1\nmpc.version")
    assert len(convert(text).busbars) == 3


@pytest.mark.parametrize("digits", ["\u0661", "1_0", "0x10", "1e5000", "--1", "1..2", "+"])
def test_what_only_looks_like_a_number_is_refused(digits):
    with pytest.raises(NetworkError, match=r"not a number|not data"):
        convert(three(f"mpc.extra = [{digits}];"))


def test_a_branch_without_reactance():
    branch = BRANCH3.copy()
    branch[0, 2:4] = 0.02, 0.0
    city = convert(three(branch=branch))
    assert list(city.impedances.index) == ["branch-1"]
    assert np.abs(solve(city) - newton(100.0, BUS3, GEN3, branch)).max() < 1e-6


@pytest.mark.parametrize(("r", "x"), [(-0.005, 0.1), (-0.005, -0.1), (0.01, -0.1), (0.01, 0.0)])
def test_transformers_of_odd_impedance(r, x):
    branch = BRANCH3.copy()
    branch[1, 2:4] = r, x
    city = convert(three(branch=branch))
    expected = newton(100.0, BUS3, GEN3, branch)
    assert np.abs(by_number(city, BUS3, solve(city)) - expected).max() < 1e-6
    assert (city.transformers["vk_pct"] > 0).all()
    assert (city.transformers["vkr_pct"] >= 0).all()


def test_no_line_is_shorter_than_the_way_between_its_substations():
    branch = BRANCH3.copy()
    branch[:, 8:10] = 0
    bus = BUS3.copy()
    bus[:, 9] = 110
    city = convert(three(bus=bus, branch=branch))
    assert len(city.substations) == 3
    place = city.substations[["x_km", "y_km"]].T.to_dict("list")
    for line in city.lines.itertuples():
        ends = (city.substation_of_busbar[end] for end in (line.from_busbar, line.to_busbar))
        (x1, y1), (x2, y2) = (place[end] for end in ends)
        assert 0 < np.hypot(x1 - x2, y1 - y2) <= line.length_km


def test_status_0_is_kept_out_of_service():
    branch, gen = BRANCH3.copy(), GEN3.copy()
    branch[0, 10] = gen[1, 7] = 0
    city = convert(three(branch=branch, gen=gen))
    assert not city.lines.loc["branch-1", "in_service"]
    assert not city.units.loc["gen-2", "in_service"]
    assert city.transformers["in_service"].all()


def test_negative_load_is_a_unit_that_must_run():
    bus = BUS3.copy()
    bus[1, 2:4] = -7, 2
    city = convert(three(bus=bus))
    unit = city.units.loc["load-2"]
    assert (unit["p_mw"], unit["max_mw"], unit["q_mvar"]) == (7, 7, -2)
    assert any("negative power" in told and "load-2" in told for told in city.assumptions)


def test_isolated_bus_is_out_of_service():
    bus = BUS3.copy()
    bus[1, 1] = 4
    assert not convert(three(bus=bus)).busbars.loc["bus-2", "in_service"]


def test_no_reference_bus_means_no_infeed():
    bus = BUS3.copy()
    bus[0, 1] = 2
    city = convert(three(bus=bus))
    assert len(city.infeeds) == 0
    assert any("no infeed" in told for told in city.assumptions)


def test_damage_tables_name_assets():
    extra = """
    %column_names% status damaged
    mpc.bus_damage = [1 0; 1 1; 0 0];
    mpc.gen_damage = [0; 1];
    %column_names%  damaged
    mpc.branch_damage = [1; 0; 1];
    """
    assert convert(three(extra)).damaged == ("bus-2", "gen-2", "branch-1", "branch-3")


def test_names_comments_costs_and_odd_layout_are_read():
    text = """function [mpc] = odd   % a comment; mpc.bus = [
    mpc.version = "2";
    mpc.baseMVA = 100   % no semicolon
    mpc.bus = [ 1, 3, 0 0 0 0 1 1 0 110 1 1.1 .9; 2 1 6e1 2.E1 0 0 1 1 0 110 1 1.1 .9 ];
    mpc.gen = [1 0 0 Inf -Inf 1 100 1 1e2 0];
    mpc.branch = [
        1 2 0.01 0.05 ...
        0 100 100 100 0 0 1 -360 360
    ];
    mpc.bus_name = {
        'North % 1';  % with a comment
        'South';
    };
    mpc.gencost = [2 0 0 3 0 1 0];
    mpc.gentype = {'ST'};
    end
    """
    city = convert(text)
    assert list(city.busbars.index) == ["bus-1", "South"]
    assert city.substations["name"].tolist() == ["North % 1", "South"]
    assert city.infeeds["max_mw"].tolist() == [100]


BAD = {
    "a call": ("define_constants;", "is a statement", 3),
    "a computation": ("mpc.bus(:, 3) = mpc.bus(:, 3) * 2;", "is a statement", 3),
    "a computed cell": ("mpc.bus = [1 2*3];", "not a number", 3),
    "a shell command": ("!rm -rf /", "is a statement", 3),
    "system": ("system('rm -rf /');", "is a statement", 3),
    "eval in a matrix": ("mpc.bus = [eval('1')];", "not a number", 3),
    "transposed": ("mpc.bus = [1 2]';", "is a statement", 3),
    "loop": ("for i = 1:10, end", "is a statement", 3),
    "other variable": ("x = 1;", "is a statement", 3),
    "import": ("mpc = loadcase('other');", "is a statement", 3),
    "include": ("mpc.bus = load('other.mat');", "is not data", 3),
    "block comment": ("%{\nmpc.bus = [1];\n%}", "block comments", 3),
    "not closed": ("mpc.bus = [1 2 3", "is not closed", 4),
    "NaN": ("mpc.bus = [NaN];", "not a number", 3),
    "overflow": ("mpc.bus = [1e999];", "not a number", 3),
    "ragged": ("mpc.bus = [1 2; 3];", "has 1 values", 3),
    "twice": ("mpc.gen = [1 2];\nmpc.gen = [1 2];", "assigned twice", 4),
    "two statements": ("mpc.gen = [1 2]; system('x')", "is a statement", 3),
    "text in a matrix": ("mpc.bus = ['a'];", "not a number", 3),
    "code in a cell array": ("mpc.bus_name = {system('x')};", "not a list of texts", 3),
    "invisible character": ("mpc.bus_name = {'a\u202eb'};", "control character", 3),
    "version 1": ("mpc.version = '1';", "cannot be used", None),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_data_is_refused_by_line(case):
    line, message, row = BAD[case]
    with pytest.raises(NetworkError) as caught:
        convert(f"function mpc = bad\nmpc.baseMVA = 100;\n{line}\n")
    found = [issue for issue in caught.value.issues if message in issue.message]
    assert found, str(caught.value)
    assert found[0].file == "case.m"
    assert found[0].row == row


def changed(table, row, column, value):
    array = {"bus": BUS3, "gen": GEN3, "branch": BRANCH3}[table].copy()
    array[row, column] = value
    return three(**{table: array}).replace("nan", "NaN")


STORAGE = "2 0 0 8 20 5 6 0.9 0.95 5.5 -1 1 0 0 0.1 0 1"

WRONG = {
    "unknown bus of a generator": (changed("gen", 0, 0, 9), "column 1 (bus)"),
    "unknown bus of a branch": (changed("branch", 1, 1, 9), "column 2 (tbus)"),
    "bus number twice": (changed("bus", 1, 0, 1), "column 1 (bus_i)"),
    "fractional bus number": (changed("bus", 1, 0, 1.5), "column 1 (bus_i)"),
    "negative bus number": (changed("bus", 1, 0, -1), "column 1 (bus_i)"),
    "huge bus number": (changed("bus", 1, 0, 2e9), "column 1 (bus_i)"),
    "unknown type": (changed("bus", 1, 1, 7), "column 2 (type)"),
    "infinite load": (changed("bus", 1, 2, np.inf), "column 3 (Pd)"),
    "negative base voltage": (changed("bus", 1, 9, -110), "column 10 (baseKV)"),
    "voltage set point 0": (changed("gen", 1, 5, 0), "column 6 (Vg)"),
    "self loop": (changed("branch", 0, 1, 1), "column 2 (tbus)"),
    "negative rating": (changed("branch", 0, 5, -1), "column 6 (rateA)"),
    "ratio of a step-up by hand": (changed("branch", 1, 8, 11), "column 9 (ratio)"),
    "infinite reactance": (changed("branch", 0, 3, np.inf), "column 4 (x)"),
    "damage table too short": (three("mpc.gen_damage = [1];"), "has 1 rows"),
    "damage neither 0 nor 1": (three("mpc.gen_damage = [1; 0.5];"), "gen_damage"),
    "storage": (three("mpc.storage = [1 2 3];"), "mpc.storage has 3 columns"),
    "storage at no bus": (three(f"mpc.storage = [{STORAGE.replace('2', '9', 1)}];"), "storage_bus"),
    "too few columns": (three(gen=GEN3[:, :8]), "8 columns"),
    "no branch table": (case_text(100.0, bus=BUS3, gen=GEN3), "no mpc.branch"),
    "base 0": (three().replace("baseMVA = 100.0", "baseMVA = 0"), "baseMVA"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_values_are_refused_by_cell(case):
    text, words = WRONG[case]
    with pytest.raises(NetworkError) as caught:
        convert(text)
    assert words in str(caught.value)
    assert all(issue.file == "case.m" for issue in caught.value.issues)


def test_all_findings_at_once():
    bus, branch = BUS3.copy(), BRANCH3.copy()
    bus[1, 1], branch[0, 0], branch[1, 1] = 9, 77, 78
    with pytest.raises(NetworkError) as caught:
        convert(three(bus=bus, branch=branch))
    assert len(caught.value.issues) == 3
    assert [issue.row for issue in caught.value.issues] == [6, 14, 15]


def test_storage_is_kept_with_its_energy_and_its_damage():
    empty = STORAGE.replace("20", "0", 1)
    city = convert(
        three(f"mpc.storage = [{STORAGE}; {empty}];\nmpc.storage_damage = [1; 1];"),
    )
    (storage,) = city.storages.reset_index().to_dict("records")
    assert (storage["id"], storage["busbar"]) == ("storage-1", "bus-2")
    # discharging 6 MW is more than the thermal rating of 5.5 MVA lets through
    assert (storage["charge_mw"], storage["discharge_mw"]) == (5.0, 5.5)
    assert (storage["energy_mwh"], storage["initial_share"]) == (20.0, 0.4)
    assert (storage["charge_efficiency"], storage["discharge_efficiency"]) == (0.9, 0.95)
    assert city.damaged == ("storage-1",)
    assert city.assets["storage-1"].kind == "storage"
    assert any("storages without energy" in told for told in city.assumptions)
    assert any("p_loss" in told for told in city.assumptions)


@pytest.mark.reference
def test_restoration_cases_parse_with_their_damage(reference):
    expected = {
        "case24.m": (24, 33, 38, ()),
        "case3_mld.m": (3, 2, 3, ()),
        "case3_mld_lc.m": (3, 1, 3, ()),
        "case3_mld_s.m": (3, 2, 3, ()),
        "case3_restoration_total_dmg.m": (
            *(3, 3, 3),
            tuple(f"{kind}-{n}" for kind in ("bus", "gen", "branch") for n in (1, 2, 3)),
        ),
        "case5_restoration.m": (
            *(5, 5, 7),
            ("gen-1", "gen-2", "gen-3", "branch-1", "branch-2", "branch-3"),
        ),
    }
    named = json.loads((reference / "pmr" / "expected.json").read_text())["mld_dc"]
    assert set(named) <= set(expected)
    for name, (buses, sources, branches, damaged) in expected.items():
        city = read_foreign(reference / "pmr" / name)
        assert len(city.busbars) == buses
        assert len(city.infeeds) + len(city.units) == sources
        assert len(city.lines) + len(city.transformers) + len(city.impedances) == branches
        assert city.damaged == damaged
        assert set(damaged) <= set(city.assets)
