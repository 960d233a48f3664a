from __future__ import annotations

import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.report.tables import Chart, NamedTable
from gridtool.report.terminal import PLAIN_WIDTH, make_console, print_report


def printed(*tables, **options):
    stream = io.StringIO()
    print_report(make_console(stream), tables, **options)
    return stream.getvalue()


def table(frame, **options):
    return NamedTable(name="t", title="Title", frame=pd.DataFrame(frame), **options)


def test_the_parts_come_in_order_without_colour():
    text = printed(
        table({"unserved_mw": [1.25]}, note="A note."),
        verdict="All is well.",
        charts=[Chart(title="Last", text="zz\n"), Chart(title="Curve", text="[b]x\n", after="t")],
    )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert lines[0] == "All is well."
    assert lines[1:3] == ["Title", "unserved [MW]"]
    assert lines[4:] == ["1.2", "A note.", "Curve", "[b]x", "Last", "zz"]
    assert "\x1b" not in text


def test_markup_in_what_was_read_is_text():
    text = printed(table({"name": ["[red]x[/red]"]}), verdict="[bold]v")
    assert "[red]x[/red]" in text
    assert "[bold]v" in text


def test_an_empty_table_says_so():
    assert "(none)" in printed(table({"a": []}))


def test_rows_are_limited_on_the_terminal_only_on_purpose():
    long = table({"n": range(100)}, terminal_rows=3)
    text = printed(long)
    assert "... and 97 more rows" in text
    assert " 99" not in text
    assert "99" in printed(long, all_rows=True)
    hidden = table({"n": [1]}, terminal_rows=0)
    assert printed(hidden) == ""
    assert "Title" in printed(hidden, all_rows=True)


@given(
    numbers=st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=12),
    words=st.text(alphabet="abc ", max_size=90),
)
def test_no_number_is_ever_cut(numbers, words):
    frame = {f"column_{i}_mw": [number] for i, number in enumerate(numbers)} | {"note": [words]}
    text = printed(table(frame))
    for number in numbers:
        assert f"{round(number, 1) + 0.0:,.1f}".replace(",", " ") in text


@pytest.mark.parametrize("lead", range(80, 100))
def test_the_verdict_does_not_break_numbers(lead):
    text = printed(verdict=f"{'x' * lead} about 143 210 customers and 12 critical ones, 5 000 MW")
    lines = text.splitlines()
    assert any("143 210" in line for line in lines)
    assert any("5 000" in line for line in lines)
    assert max(map(len, lines)) <= PLAIN_WIDTH
    assert "\u00a0" not in text


@pytest.mark.parametrize("length", [10, 60, 300])
def test_long_text_wraps_within_the_width(length):
    words = " ".join(["word"] * (length // 5))
    text = printed(table({"id": ["a"], "meaning": [words], "value_mw": [1.0]}))
    assert max(map(len, text.splitlines())) <= PLAIN_WIDTH
    assert text.count("word") == length // 5
