"""TOML with limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import InputError, JobFileError
from gridtool.formats.strict_toml import load, load_text


def test_a_file_is_read_whatever_its_line_ends(tmp_path):
    path = tmp_path / "job.toml"
    path.write_bytes(b'\xef\xbb\xbfname = "x"\r\n[a]\r\nb = 1.5\r\n')
    assert load(path) == {"name": "x", "a": {"b": 1.5}}


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        ("a = 1\na = 2\n", 2, "not TOML"),
        ("a = \n", 1, "not TOML"),
        ("a = [1,\n", None, "cut off"),
        ("a = nan", None, "not a finite number"),
        ("[t]\nb = [1, -inf]", None, "not a finite number"),
        ('a = "\\u202e"', None, "U+202E"),
        ("a = " + "[" * 5000 + "]" * 5000, None, "nested deeper"),
        ("a = " + "[" * 20 + "]" * 20, None, "nested deeper"),
        ("a = 2027-13-01", 1, "not TOML"),
        ("a = " + "9" * 5000, None, "out of range"),
    ],
)
def test_what_is_refused_has_a_place_and_a_reason(text, row, message):
    with pytest.raises(JobFileError) as caught:
        load_text(text, file="job.toml", error=JobFileError)
    assert message in str(caught.value)
    assert caught.value.issues[0].file == "job.toml"
    assert row is None or caught.value.issues[0].row == row


def test_places_inside_tables_are_named():
    with pytest.raises(InputError, match=r"t\.b\[2\]: is not a finite number"):
        load_text("[t]\nb = [1, inf]", file="job.toml")


@given(st.text(max_size=200))
def test_any_text_is_toml_or_refused(text):
    try:
        load_text(text, file="job.toml")
    except InputError:
        return
