"""Tables typed by a declaration, with every finding at once."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.errors import HistoryError, InputError
from gridtool.formats.delimited import parse_rows
from gridtool.formats.findings import cap_findings, refuse_on_errors
from gridtool.formats.frames import make_frame
from gridtool.formats.schema import Column, TableSchema
from gridtool.formats.text import DecodedText
from gridtool.formats.typed import read_table, type_rows
from gridtool.formats.write import csv_text, write_table

LINES = TableSchema(
    name="lines",
    meaning="a test",
    key=("id",),
    columns=(
        Column(name="id", kind="id", meaning="id"),
        Column(name="end", kind="id", meaning="end", references="busbars"),
        Column(name="length_km", kind="float", meaning="length", above=0, unit="km"),
        Column(name="circuits", kind="int", meaning="circuits", required=False, default=1),
        Column(name="open", kind="bool", meaning="open", required=False, default=False),
        Column(name="note", kind="text", meaning="note", required=False),
    ),
)


def read(tmp_path, text, **more):
    path = tmp_path / "lines.csv"
    path.write_bytes(text.encode())
    return read_table(path, LINES, **more)


def test_a_table_in_ukrainian_excel_style(tmp_path):
    path = tmp_path / "lines.csv"
    path.write_bytes("id;end;length_km;note\r\nЛ-1;B1;12,5;через річку\r\n".encode("cp1251"))
    frame, warnings = read_table(path, LINES)
    assert warnings == []
    row = frame.loc["Л-1"]
    assert row.tolist() == ["B1", 12.5, 1, False, "через річку"]
    assert frame.dtypes.map(str).tolist() == ["object", "float64", "int64", "bool", "object"]


def test_all_findings_come_at_once_with_their_places(tmp_path):
    text = (
        "id,ends,length_km,circuits,open\n"
        "L1,B1,0,1,false\n"
        "L2,B1,NaN,one,maybe\n"
        "L2,B1,3,1,\n"
        "L3,B1,4\n"
    )
    with pytest.raises(HistoryError) as caught:
        read(tmp_path, text, error=HistoryError)
    assert {(issue.row, issue.field) for issue in caught.value.issues} == {
        (1, "ends"),
        (1, "end"),
        (2, "length_km"),
        (3, "length_km"),
        (3, "circuits"),
        (3, "open"),
        (4, "id"),
        (5, None),
    }
    assert "lines.csv, row 1, ends" in str(caught.value)
    assert "did you mean 'end'?" in str(caught.value)
    assert "first in row 3" in str(caught.value)
    assert "accepted: above 0 km" in str(caught.value)


def test_references_are_looked_up_where_keys_are_given(tmp_path):
    text = "id,end,length_km\nL1,SS-01/1,1\n"
    read(tmp_path, text)
    read(tmp_path, text, known={"busbars": {"SS-01/1"}})
    with pytest.raises(InputError, match=r"end: is not in busbars .* did you mean 'SS-01/2'"):
        read(tmp_path, text, known={"busbars": {"SS-01/2"}})


def test_many_wrong_references_do_not_search_for_hints_without_end():
    rows = [(i, {"id": f"L{i}", "end": f"S-{i:05d}/1", "length_km": "1"}) for i in range(1000)]
    keys = {f"SS-{i:05d}/1" for i in range(1000)}
    _, issues = type_rows(LINES, rows, file="a.csv", known={"busbars": keys})
    assert len(issues) == 1000
    hints = [issue.hint for issue in issues if issue.hint]
    assert hints[3] == "did you mean 'SS-00003/1'?"
    assert len(hints) == 40


def test_findings_are_capped_with_errors_first():
    issues = type_rows(LINES, [(i, {"id": f"L{i}", "end": "B"}) for i in range(500)], file="a.csv")[
        1
    ]
    capped = cap_findings(issues, limit=200)
    assert len(capped) == 201
    assert capped[-1].message == "and 300 more findings"
    with pytest.raises(InputError) as caught:
        refuse_on_errors(issues)
    assert len(caught.value.issues) == 201


NAMES = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=20).map(
    str.strip
)


@settings(max_examples=50)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "id": NAMES.filter(bool),
                "end": NAMES.filter(bool),
                "length_km": st.floats(1e-9, 1e12),
                "circuits": st.integers(-5, 10**12),
                "open": st.booleans(),
                "note": st.one_of(st.none(), NAMES.filter(bool)),
            }
        ),
        unique_by=lambda row: row["id"],
        max_size=8,
    )
)
def test_tables_round_trip(rows):
    frame = make_frame(LINES, rows)
    text = csv_text(frame)
    found = parse_rows(DecodedText(text, "utf-8", ""), name="a.csv", columns=LINES.names)
    typed, issues = type_rows(LINES, found.rows, file="a.csv", comma_separates=True)
    assert issues == []
    pd.testing.assert_frame_equal(make_frame(LINES, [values for _, values in typed]), frame)
    assert csv_text(frame) == text


def test_a_written_table_is_read_back(tmp_path):
    frame = make_frame(LINES, [{"id": "=L1", "end": "B", "length_km": 0.1}])
    write_table(tmp_path / "lines.csv", LINES, frame)
    assert (tmp_path / "lines.csv").read_text() == (
        "id,end,length_km,circuits,open,note\n'=L1,B,0.1,1,false,\n"
    )
    again, _ = read_table(tmp_path / "lines.csv", LINES)
    pd.testing.assert_frame_equal(again, frame)
