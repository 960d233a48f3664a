"""Columns taken from a plain file are those that the strict reader gives row by row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import InputError
from gridtool.formats.columns import read_columns
from gridtool.formats.delimited import read_rows

CELL = st.text(alphabet='ab1.- "\u00a0', max_size=6)


def all_columns(header):
    return header


def outcome(read):
    """What was read, or the findings that refuse it."""
    try:
        return read(), ()
    except InputError as refused:
        return None, refused.issues


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("columns")


@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=120),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    ended=st.booleans(),
    extra=st.sampled_from(["", "\n", "x", ",,", ";;", "sep=;"]),
)
def test_columns_are_those_of_the_strict_reader(folder, rows, delimiter, end, ended, extra):
    lines = [delimiter.join(("time", "load", "temp")), *(delimiter.join(row) for row in rows)]
    path = folder / "t.csv"
    text = end.join([*lines, extra]) + (end if ended else "")
    path.write_text(text, encoding="utf-8", newline="")
    table, refused = outcome(lambda: read_rows(path))
    found, also = outcome(lambda: read_columns(path, all_columns))
    assert also == refused
    if table is None:
        return
    assert found.header == table.header
    assert list(found.rows) == [number for number, _ in table.rows]
    for column in table.header:
        assert found.cells[column] == [row[column] for _, row in table.rows]
    assert (found.comma_separates, found.sha256) == (delimiter == ",", table.sha256)
    assert found.warnings == table.warnings


def test_only_the_columns_asked_for_are_kept(folder):
    path = folder / "wide.csv"
    path.write_text("a,b,c\n1,2,3\n4,5,6\n")
    assert read_columns(path, lambda _: ("c", "a")).cells == {"c": ["3", "6"], "a": ["1", "4"]}


def test_a_quoted_cell_is_read_whole(folder):
    path = folder / "quoted.csv"
    path.write_text('a,b\n"1,5",2\n')
    assert read_columns(path, all_columns).cells == {"a": ["1,5"], "b": ["2"]}
