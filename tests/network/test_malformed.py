"""Network packages with one fault each: refused with file, row and field, never a traceback."""

from __future__ import annotations

import csv
import io
import shutil

import pytest

from gridtool.errors import NetworkError
from gridtool.network.read import read_package

# (table, row from 0, column, cell, what the message says)
CELLS = [
    ("districts", 0, "id", "", "empty"),
    ("districts", 1, "id", "D1", "twice"),
    ("substations", 0, "district", "D9", "is not in districts"),
    ("substations", 1, "kind", "house", "not one of"),
    ("substations", 2, "x_km", "ten", "not a number"),
    ("substations", 2, "x_km", "inf", "number"),
    ("substations", 3, "id", "S2", "twice"),
    ("busbars", 0, "substation", "S9", "is not in substations"),
    ("busbars", 0, "vn_kv", "0", ""),
    ("busbars", 0, "vn_kv", "110000", "no network runs at"),
    ("busbars", 1, "in_service", "maybe", "true"),
    ("couplers", 0, "busbar_a", "S2/10-9", "is not in busbars"),
    ("couplers", 0, "busbar_b", "S3/110", "between substations S2 and S3"),
    ("couplers", 0, "busbar_b", "S2/10-1", "same busbar section"),
    ("couplers", 0, "busbar_b", "S2/110", "between 10 kV and 110 kV"),
    ("couplers", 0, "closed", "", "empty"),
    ("bays", 0, "element", "S2/T9", "is not in lines, transformers, impedances"),
    ("bays", 0, "busbar", "S3/110", "does not end on this busbar section"),
    ("infeeds", 0, "id", "L-S1-S2", "already used"),
    ("lines", 0, "length_km", "-10", ""),
    ("lines", 0, "length_km", "0", ""),
    ("lines", 1, "to_busbar", "S2/10-1", "a line from 110 kV to 10 kV"),
    ("lines", 1, "to_busbar", "S2/110", "same busbar section"),
    ("lines", 2, "r_ohm_per_km", "-0.1", ""),
    ("lines", 2, "x_ohm_per_km", "0", "no line has a reactance"),
    ("lines", 2, "c_nf_per_km", "-9", "negative capacitance"),
    ("lines", 3, "max_i_ka", "0", ""),
    ("lines", 3, "max_i_ka", "1e400", "number"),
    ("transformers", 0, "hv_busbar", "", "empty"),
    ("transformers", 0, "vn_lv_kv", "35", "a 10 kV busbar on a 35 kV winding"),
    ("transformers", 0, "vk_pct", "0", "short circuit"),
    ("transformers", 0, "vkr_pct", "12", "exceeds the short-circuit voltage"),
    ("transformers", 0, "i0_pct", "-1", "negative no-load current"),
    ("transformers", 0, "overload_pct", "90", ""),
    ("transformers", 0, "tap_side", "mv", "not one of"),
    ("transformers", 0, "tap_pos", "1.5", "whole"),
    ("transformers", 0, "pfe_kw", "nan", "number"),
    ("infeeds", 0, "max_mw", "-5", ""),
    ("infeeds", 0, "vm_pu", "110", "voltage set point"),
    ("infeeds", 0, "busbar", "S1/111", "did you mean 'S1/110'"),
    ("units", 0, "min_mvar", "50", "lower reactive limit"),
    ("units", 0, "for", "1.2", ""),
    ("units", 0, "mttf_h", "50", "needs a time to repair"),
    ("units", 0, "months", "11|13", "is not a month"),
    ("feeders", 0, "peak_mw", "20000", "are these kW"),
    ("feeders", 0, "peak_mw", "-20", ""),
    ("feeders", 0, "critical", "2", "true"),
    ("customers", 0, "feeder", "S2/F9", "is not in feeders"),
    ("customers", 0, "customer_class", "school", "not one of"),
    ("customers", 0, "demand_share", "0.5", "add up to 0.5"),
    ("customers", 0, "customers", "-3", ""),
    ("import_allocation", 0, "low_mw", "95", "not in order"),
    ("import_allocation", 3, "month", "13", ""),
]


@pytest.fixture
def package(root, tmp_path):
    """toy5 with every table: a place to break things."""
    folder = tmp_path / "broken"
    shutil.copytree(root / "networks" / "toy5", folder)
    rows = "".join(f"{month},70,80,90\n" for month in range(1, 13))
    (folder / "import_allocation.csv").write_text("month,low_mw,likely_mw,high_mw\n" + rows)
    return folder


def rewrite(path, change):
    """Change the rows of a CSV file, header first."""
    rows = list(csv.reader(path.read_text().splitlines()))
    change(rows)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue())


def refusal(folder):
    with pytest.raises(NetworkError) as caught:
        read_package(folder)
    return caught.value.issues


def test_the_package_is_sound_before_it_is_broken(package):
    assert len(read_package(package).import_allocation) == 12


@pytest.mark.parametrize(("table", "row", "column", "cell", "words"), CELLS)
def test_a_faulty_cell_is_refused_with_its_place(package, table, row, column, cell, words):
    def break_cell(rows):
        rows[row + 1][rows[0].index(column)] = cell

    rewrite(package / f"{table}.csv", break_cell)
    issues = refusal(package)
    place = [i for i in issues if i.file == f"{table}.csv" and i.row in (row + 2, None)]
    assert place, [str(issue) for issue in issues]
    mine = [i for i in place if column in (i.field or "") or words in str(i)]
    assert any(words in str(issue) for issue in mine), [str(issue) for issue in issues]


def test_a_side_swapped_transformer_is_refused(package):
    def swap(rows):
        for name in ("hv_busbar", "vn_hv_kv"):
            high, low = rows[0].index(name), rows[0].index(name.replace("hv", "lv"))
            rows[1][high], rows[1][low] = rows[1][low], rows[1][high]

    rewrite(package / "transformers.csv", swap)
    assert any("sides are swapped" in str(issue) for issue in refusal(package))


def test_a_tap_beyond_any_tap_changer_is_refused(package):
    def turn(rows):
        rows[1][rows[0].index("tap_pos")] = "40"
        rows[1][rows[0].index("tap_step_pct")] = "1.5"

    rewrite(package / "transformers.csv", turn)
    (issue,) = [i for i in refusal(package) if i.severity == "error"]
    assert (issue.file, issue.row, issue.field) == ("transformers.csv", 2, "tap_pos")
    assert "60 %" in str(issue)


def test_missing_and_unknown_columns_are_refused(package):
    def rename(rows):
        rows[0][rows[0].index("length_km")] = "length_m"

    rewrite(package / "lines.csv", rename)
    fields = {issue.field for issue in refusal(package)}
    assert {"length_km", "length_m"} <= fields


@pytest.mark.parametrize("table", ["districts", "substations", "busbars", "lines", "feeders"])
def test_a_missing_table_is_refused(package, table):
    (package / f"{table}.csv").unlink()
    assert any(issue.file == f"{table}.csv" for issue in refusal(package))


def test_a_misspelt_optional_table_is_not_lost(package):
    (package / "units.csv").rename(package / "unit.csv")
    (issue,) = refusal(package)
    assert issue.file == "unit.csv"
    assert issue.hint == "did you mean units.csv?"


@pytest.mark.parametrize("month", [5])
def test_an_allocation_without_all_months_is_refused(package, month):
    rewrite(package / "import_allocation.csv", lambda rows: rows.pop(month))
    (issue,) = refusal(package)
    assert "no allocation for month 5" in issue.message


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('timezone = "Europe/Kyiv"', 'timezone = "Europe/Atlantis"', "timezone"),
        ("base_mva = 100.0", "base_mva = -1.0", "base_mva"),
        ("base_mva = 100.0", 'base_mva = "much"', "base_mva"),
        ("pf_margin = 1.0", "pf_margin = 1.5", "pf_margin"),
        ("pf_margin = 1.0", "pf_margn = 1.0", "pf_margn"),
        ('id = "toy5"', "", "id"),
        ("format_version = 1", "format_version = 2", "format_version"),
        ('format = "gridtool-network"', 'format = "other"', "format"),
    ],
)
def test_a_faulty_manifest_is_refused_with_its_key(package, old, new, field):
    path = package / "network.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert [issue.field for issue in refusal(package)] == [field]
    assert all(issue.file == "network.toml" for issue in refusal(package))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("network.toml", b"id = \n"),
        ("network.toml", b""),
        ("lines.csv", b""),
        ("lines.csv", b"\x00\x01\x02"),
        ("feeders.csv", b'id,busbar,peak_mw\n"S2/F1,S2/10-1,3\n'),
        ("units.csv", b"id,busbar,max_mw,p_mw\nG-5,S5/110,30\n"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(package, name, content):
    (package / name).write_bytes(content)
    assert {issue.file for issue in refusal(package) if issue.severity == "error"} >= {name}


def test_findings_of_all_files_come_at_once(package):
    for table, column, cell in (
        ("lines", "length_km", "-1"),
        ("units", "max_mw", "x"),
        ("feeders", "busbar", "nowhere"),
    ):

        def break_cell(rows, column=column, cell=cell):
            rows[1][rows[0].index(column)] = cell

        rewrite(package / f"{table}.csv", break_cell)
    (package / "network.toml").write_text("pf_margin = 2.0\n")
    files = {issue.file for issue in refusal(package)}
    assert {"lines.csv", "units.csv", "feeders.csv", "network.toml"} <= files


def test_a_folder_that_is_no_package_is_refused(tmp_path):
    (issue,) = refusal(tmp_path)
    assert "no network.toml" in issue.message
    (issue,) = refusal(tmp_path / "missing")
    assert "does not exist" in issue.message
    (tmp_path / "file").write_text("x")
    (issue,) = refusal(tmp_path / "file")
    assert "not a folder" in issue.message
