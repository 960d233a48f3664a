from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from gridtool.report.envelope import describe_inputs, json_text, make_envelope, table_rows
from gridtool.report.tables import NamedTable


def envelope(frame, **changes):
    settings = {
        "version": "0.1.0",
        "generated_at": datetime(2027, 1, 12, 6, tzinfo=UTC),
        "as_of": datetime(2027, 1, 12, 8, tzinfo=ZoneInfo("Europe/Kyiv")),
        "seed": 1,
        "inputs": [],
        "warnings": [],
    }
    tables = (NamedTable(name="rows", title="Rows", frame=frame),)
    return make_envelope("assess", tables, **(settings | changes))


def test_the_envelope_has_exactly_the_stated_keys():
    found = envelope(pd.DataFrame({"a": [1]}), verdict="Fine.", headline={"x_mw": np.float64(2)})
    assert list(found) == [
        "schema",
        "schema_version",
        "gridtool_version",
        "generated_at",
        "as_of",
        "seed",
        "inputs",
        "warnings",
        "data",
    ]
    assert found["schema"] == "gridtool.assess"
    assert found["as_of"] == "2027-01-12T06:00:00Z"
    assert found["data"] == {"rows": [{"a": 1}], "verdict": "Fine.", "headline": {"x_mw": 2.0}}
    assert json.loads(json_text(found)) == found


def test_what_json_cannot_say_is_null():
    frame = pd.DataFrame(
        {
            "number": [np.nan, np.inf, 1.5],
            "time": pd.to_datetime([None, "2027-01-12T06:00Z", None], utc=True),
            "words": [("a",), (), None],
            "yes": [True, False, True],
        }
    )
    rows = table_rows(frame)
    assert rows[0] == {"number": None, "time": None, "words": ["a"], "yes": True}
    assert rows[1]["number"] is None
    assert rows[1]["time"] == "2027-01-12T06:00:00Z"
    assert rows[2] == {"number": 1.5, "time": None, "words": None, "yes": True}
    found = envelope(frame, headline={"x": float("nan")})
    assert "NaN" not in json_text(found)
    with pytest.raises(ValueError, match="Out of range"):
        json_text({"x": float("nan")})


def test_inputs_are_files_with_their_digest(tmp_path):
    (tmp_path / "b.csv").write_bytes(b"b")
    (tmp_path / "a.csv").write_bytes(b"a")
    (tmp_path / "inner").mkdir()
    found = describe_inputs([tmp_path, tmp_path / "a.csv"])
    assert [entry["path"] for entry in found] == [str(tmp_path / n) for n in ("a.csv", "b.csv")]
    assert found[0]["sha256"] == hashlib.sha256(b"a").hexdigest()
