"""Rules that warn: unusual numbers are said, in electrical words, and the network is accepted."""

from __future__ import annotations

import json

import pytest
from builders import build_network, grid

from gridtool.formats.frames import make_frame
from gridtool.network.catalog import list_networks
from gridtool.network.check import check_network
from gridtool.network.model import CityNetwork
from gridtool.network.read import read_package
from gridtool.network.schema import table_schema

# (table, key, column, value, what the message says)
WARNINGS = [
    ("lines", "L-S1-S2", "max_i_ka", 9.999, "is a placeholder, not a rating"),
    ("lines", "L-S1-S2", "x_ohm_per_km", 40.0, "no line has a reactance of 40 ohm per km"),
    ("lines", "L-S1-S2", "r_ohm_per_km", 8.0, "no line has a resistance"),
    ("lines", "L-S1-S2", "c_nf_per_km", 9000.0, "more capacitance than any cable"),
    ("lines", "L-S1-S2", "length_km", 10000.0, "a line of 10000 km in a city"),
    ("lines", "L-S1-S2", "length_km", 2.0, "10.0 km apart, the line is 2 km long"),
    ("transformers", "S2/T1", "sn_mva", 99999.0, "is a placeholder"),
    ("transformers", "S2/T1", "vk_pct", 0.1, "a short-circuit voltage of 0.1 % is unusual"),
    ("transformers", "S2/T1", "tap_pos", 3, "no voltage per step"),
    ("infeeds", "IF-1", "max_mw", 0.0, "brings nothing"),
    ("infeeds", "IF-1", "max_mw", 1e6, "no shortage would ever show"),
    ("infeeds", "IF-1", "max_mw", 90000.0, "take only 92 MVA"),
    ("units", "G-5", "p_mw", 45.0, "the base dispatch exceeds the rating of 30 MW"),
    ("units", "G-5", "for", 0.1, "the unit never fails"),
    ("units", "G-5", "max_mw", 30000.0, "is it in kW?"),
    ("lines", "L-S1-S2", "mttr_h", 10.0, "the line never fails"),
    ("transformers", "S2/T1", "mttr_h", 768.0, "the transformer never fails"),
    ("feeders", "S2/F1", "peak_mw", 60.0, "60 MW at 10 kV are 3.46 kA"),
    ("feeders", "S2/F1", "peak_mvar", 60.0, "is no power factor"),
    ("feeders", "S2/F1", "rotation_group", None, "is in no rotation group"),
    ("feeders", "S2/F2", "rotation_group", "1.1", "critical customer is in a rotation group"),
    ("feeders", "S2/F3", "rotation_group", "2.1", "rotation groups are unequal"),
    ("customers", 0, "customers", 0, "1 of 6 feeders with demand have no customers"),
    ("substations", "S1", "district", "D2", None),
    ("substations", "S1", "x_km", 5000.0, "far outside a city"),
]


def change(network, table, key, column, value):
    frame = network.tables[table].copy()
    frame[column] = [
        value if label == key else cell
        for label, cell in zip(frame.index, frame[column], strict=True)
    ]
    return CityNetwork(manifest=network.manifest, tables={**network.tables, table: frame})


@pytest.fixture(scope="module")
def toy5(root):
    return read_package(root / "networks" / "toy5")


@pytest.mark.parametrize(("table", "key", "column", "value", "words"), WARNINGS)
def test_an_unusual_number_is_a_warning_in_electrical_words(toy5, table, key, column, value, words):
    found = check_network(change(toy5, table, key, column, value))
    assert all(issue.severity == "warning" for issue in found)
    if words is None:
        assert found == []
        return
    (mine,) = [issue for issue in found if words in str(issue)]
    frame = toy5.tables[table]
    assert mine.row in (None, list(frame.index).index(key) + 2)
    assert mine.file == f"{table}.csv"


def test_shipped_networks_are_without_findings():
    for name, folder in list_networks().items():
        assert [str(issue) for issue in check_network(read_package(folder))] == [], name


def test_an_island_without_a_source_is_named_with_its_demand():
    network = grid(
        stations={"A": (10, 0), "B": (20, 0), "C": (5, 0), "D": (7, 0)},
        lines=[("L1", "A", "B", 50), ("L2", "C", "D", 50)],
        infeeds=[("I", "A", 30)],
    )
    (issue,) = [i for i in check_network(network) if "island" in i.message]
    assert "2 busbar sections with 12 MW" in issue.message
    assert issue.ids == ("C/B", "D/B")


def test_a_network_without_any_source_or_without_demand_is_accepted_with_words():
    dark = grid(stations={"A": (10, 0), "B": (1, 0)}, lines=[("L", "A", "B", 50)])
    assert {i.severity for i in check_network(dark)} == {"warning"}
    idle = grid(
        stations={"A": (0, 0), "B": (0, 0)}, lines=[("L", "A", "B", 50)], infeeds=[("I", "A", 30)]
    )
    assert check_network(idle) == []


def test_an_unfinished_network_names_what_is_empty():
    network = build_network(
        {
            "districts": [{"id": "D1", "name": "One"}, {"id": "D2", "name": "Two"}],
            "substations": [
                {"id": s, "name": s, "district": "D1", "kind": "supply", "x_km": 0, "y_km": 0}
                for s in ("A", "B")
            ],
            "busbars": [{"id": f"A/{k}", "substation": "A", "vn_kv": 110.0} for k in (1, 2)],
        }
    )
    found = [(i.file, i.value, i.message) for i in check_network(network)]
    assert ("districts.csv", "D2", "nothing in substations.csv belongs to it") in found
    assert ("substations.csv", "B", "nothing in busbars.csv belongs to it") in found
    assert len([m for _, _, m in found if "reaches this busbar section" in m]) == 2


def test_a_transformer_from_site_to_site_is_said(toy5):
    moved = change(toy5, "transformers", "S2/T1", "hv_busbar", "S3/110")
    moved = change(moved, "bays", "S2/B-T1", "busbar", "S3/110")
    (issue,) = check_network(moved)
    assert issue.message == "a transformer between substations S3 and S2"


def test_a_section_out_of_service_supplies_nobody(toy5):
    dark = change(toy5, "busbars", "S2/110", "in_service", value=False)
    (issue,) = check_network(dark)
    assert "no source in an island of 2 busbar sections with 40 MW" in issue.message


def test_a_city_in_kilowatts_is_suspected():
    network = grid(
        stations={"A": (500, 0), "B": (400, 0)},
        lines=[("L", "A", "B", 50)],
        infeeds=[("I", "A", 2)],
    )
    (issue,) = check_network(network)
    assert issue.message == "900 MW of demand and 2 MW of infeeds and units"
    assert issue.hint == "are the demands in kW?"


@pytest.mark.parametrize(
    ("table", "key", "word"),
    [("lines", "L-S1-S2", "line"), ("transformers", "S2/T1", "transformer")],
)
def test_a_branch_that_fails_needs_a_time_to_repair(toy5, table, key, word):
    (issue,) = check_network(change(toy5, table, key, "mttf_h", 5000.0))
    assert issue.severity == "error"
    assert issue.field == "mttr_h"
    assert issue.message == f"a {word} with a time to failure needs a time to repair"


def test_errors_come_before_warnings(toy5):
    broken = change(toy5, "lines", "L-S1-S2", "max_i_ka", 9.999)
    broken = change(broken, "transformers", "S2/T1", "vn_lv_kv", 35.0)
    found = check_network(broken)
    assert [issue.severity for issue in found] == ["error", "warning"]


def test_an_allocation_for_no_infeed_is_said(toy5):
    schema = table_schema("import_allocation")
    months = [{"month": m, "low_mw": 1.0, "likely_mw": 2.0, "high_mw": 3.0} for m in range(1, 13)]
    tables = {
        **toy5.tables,
        "infeeds": toy5.infeeds.iloc[:0],
        "import_allocation": make_frame(schema, months),
    }
    found = check_network(CityNetwork(manifest=toy5.manifest, tables=tables))
    assert any("network without infeeds" in issue.message for issue in found)


def test_expected_answers_name_assets_of_their_network(root):
    for toy in ("toy3", "toy5"):
        network = read_package(root / "networks" / toy)
        expected = json.loads((root / "networks" / toy / "expected.json").read_text())
        for case in expected["dispatch"]:
            assert set(case["out"]) <= set(network.assets)
