"""Rows of CSV files: delimiters, quotes, lengths, cut-off files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import InputError
from gridtool.formats.delimited import parse_rows, read_rows, scan_rows
from gridtool.formats.text import DecodedText


def parse(text, **more):
    return parse_rows(DecodedText(text, "utf-8", ""), name="a.csv", **more)


def refuse(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    with pytest.raises(InputError) as caught:
        read_rows(path)
    return [(issue.row, issue.message) for issue in caught.value.issues]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end(delimiter, end):
    text = end.join([delimiter.join(row) for row in (("a", "b"), ("1", "x y"), ("", "z"))]) + end
    found = parse(text)
    assert found.dialect.delimiter == delimiter
    assert found.rows == [(2, {"a": "1", "b": "x y"}), (3, {"a": "", "b": "z"})]
    assert found.warnings == ()


def test_a_separator_line_names_the_delimiter_and_counts_as_a_line():
    found = parse("sep=;\r\na;b,c\r\n1;2,5\r\n")
    assert found.header == ("a", "b,c")
    assert found.rows == [(3, {"a": "1", "b,c": "2,5"})]


def test_expected_columns_settle_the_delimiter():
    text = "a,b;c,d;e\n1;2;3\n"
    assert parse(text).header == ("a,b", "c,d", "e")
    assert parse("x;y,z\n1,2\n", columns=("x;y", "z")).header == ("x;y", "z")


def test_text_is_not_touched():
    found = parse('id,text\n007,1E5\nNA,"line\none"\n010,"say ""yes"""\n')
    assert [row for row, _ in found.rows] == [2, 3, 5]
    assert [tuple(cells.values()) for _, cells in found.rows] == [
        ("007", "1E5"),
        ("NA", "line\none"),
        ("010", 'say "yes"'),
    ]


def test_blank_and_empty_rows_are_passed_over():
    assert parse("a;b\n\n;\n1;2\n \n").rows == [(4, {"a": "1", "b": "2"})]


def test_rows_of_a_wrong_length_are_all_found(tmp_path):
    text = "a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3\n"
    assert refuse(tmp_path, text) == [
        (3, "the row has 2 cells, the header has 3"),
        (4, "the row has 4 cells, the header has 3"),
    ]
    path = tmp_path / "a.csv"
    found = scan_rows(path)
    assert [row for row, _ in found.rows] == [2, 5]
    assert [broken.cells for broken in found.broken] == [("1", "2"), ("1", "2", "3", "4")]


def test_a_short_last_line_without_end_seems_cut_off(tmp_path):
    [(row, message)] = refuse(tmp_path, "a,b,c\n1,2,3\n4,5")
    assert row == 3
    assert message == "the file seems cut off at line 3: the row has 2 cells, the header has 3"


def test_a_full_last_line_without_end_is_a_warning():
    assert "check that the file is whole" in parse("a,b\n1,2").warnings[0].message


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        ("", None, "is empty"),
        (" \n\n", None, "is empty"),
        ("a,a\n1,2\n", 1, "twice"),
        ("a,A\n1,2\n", 1, "twice"),
        ("a,,c\n1,2,3\n", 1, "column 2 has no name"),
        ('a,b\n1,"2\n3,4\n', 2, "never closed"),
        ('a,b\n1,"2"x\n', 2, "do not pair"),
        ("a,b\n1," + "9" * 140_000 + "\n", 2, "131072"),
    ],
)
def test_broken_tables_are_refused_with_row_and_reason(tmp_path, text, row, message):
    [(found_row, found)] = refuse(tmp_path, text)
    assert found_row == row
    assert message in found


WHOLE = 'id;mw;note\nSS-01;12,5;"a;b"\nSS-02;3;x\nSS-03;40;""\n'


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_file_cut_anywhere_is_refused_or_gives_whole_rows(length):
    whole = parse(WHOLE).rows
    try:
        found = parse(WHOLE[:length])
    except InputError:
        return
    if found.broken:
        assert found.broken[0].issue.row == WHOLE[:length].count("\n") + 1
        return
    # What gets through is marked, or cut at a line end: no row but the last can differ.
    assert found.warnings or WHOLE[:length].endswith("\n")
    if len(found.header) == 3 and found.rows:
        assert found.rows[:-1] == whole[: len(found.rows) - 1]


@given(st.text(max_size=300))
def test_any_text_gives_rows_or_findings(text):
    try:
        found = parse(text)
    except InputError:
        return
    assert all(set(cells) == set(found.header) for _, cells in found.rows)
