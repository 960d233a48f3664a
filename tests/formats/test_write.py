"""Canonical text: the same values give the same bytes, and nothing runs in a spreadsheet."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from gridtool.errors import StoreError
from gridtool.formats.write import csv_text, format_cell, json_text, write_bytes, write_json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (pd.NaT, ""),
        (0.1 + 0.2, "0.30000000000000004"),
        (3.0, "3"),
        (-0.0, "0"),
        (1e22, "1e+22"),
        (np.float64(2.5), "2.5"),
        (np.int64(7), "7"),
        (np.bool_(1), "true"),
        (False, "false"),
        (-5, "-5"),
        (-5.5, "-5.5"),
        ("-5", "'-5"),
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\uff1d1", "'\uff1d1"),
        ("'=x", "''=x"),
        ("plain", "plain"),
        (("a", "b"), "a|b"),
        (datetime(2027, 1, 12, 12, 30, tzinfo=UTC), "2027-01-12T12:30:00Z"),
        (pd.Timestamp("2027-01-12T12:30", tz="UTC"), "2027-01-12T12:30:00Z"),
        (np.datetime64("2027-01-12T12:30"), "2027-01-12T12:30:00"),
    ],
)
def test_cells(value, text):
    assert format_cell(value) == text


@pytest.mark.parametrize("value", [float("inf"), ("a b",), ("a|b",)])
def test_what_could_not_be_read_back_is_not_written(value):
    with pytest.raises(ValueError, match="cannot be written"):
        format_cell(value)


def test_named_index_is_written_and_a_plain_one_is_not():
    frame = pd.DataFrame({"mw": [1.5, float("nan")]}, index=pd.Index(["a", "b"], name="id"))
    assert csv_text(frame) == "id,mw\na,1.5\nb,\n"
    assert csv_text(frame.reset_index(drop=True)) == 'mw\n1.5\n""\n'


def test_json_has_no_nan_and_keeps_text_as_it_is():
    frame = pd.DataFrame({"t": [pd.Timestamp("2027-01-12", tz="UTC")], "mw": [float("nan")]})
    content = {"rows": frame, "name": "=Лінія", "share": np.array([1.0, 2.5]), "at": ("a",)}
    assert json.loads(json_text(content)) == {
        "rows": [{"t": "2027-01-12T00:00:00Z", "mw": None}],
        "name": "=Лінія",
        "share": [1.0, 2.5],
        "at": ["a"],
    }
    with pytest.raises(ValueError, match="infinite"):
        json_text({"a": float("inf")})
    with pytest.raises(TypeError, match="no JSON form"):
        json_text({"a": object()})


def test_files_are_replaced_whole(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    write_json(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 2}
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_what_cannot_be_written_is_a_store_error(tmp_path):
    with pytest.raises(StoreError, match="cannot write"):
        write_bytes(tmp_path / "no" / "a.json", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot write"):
        write_bytes(tmp_path / "folder", b"x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]
