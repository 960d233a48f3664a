"""Frames as Parquet."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pandera  # noqa: F401 - it has Arrow ignore offsets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.formats.parquet import arrow_table, parquet_bytes

MOMENT = datetime(2027, 1, 12, 6, 30, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FRAME = pd.DataFrame(
    {
        "whole": [1, 2, 3],
        "mw": [0.1, np.nan, np.inf],
        "yes": [True, False, True],
        "name": ["a", None, "ї"],
        "at": pd.to_datetime(["2027-01-12T08:30+02:00", None, "2027-01-12T06:30Z"], utc=True),
        "local": [MOMENT, None, MOMENT.astimezone(timezone(timedelta(hours=2)))],
        "day": [date(2027, 1, 12), None, date(2027, 1, 13)],
        "crews": [("C1", "C2"), (), None],
        "maybe": pd.Series([1, None, 3], dtype="Int64"),
        "mixed": [1, "two", 3.5],
        "nothing": [None, None, None],
    }
)
TYPES = {
    "whole": pa.int64(),
    "mw": pa.float64(),
    "yes": pa.bool_(),
    "name": pa.string(),
    "at": pa.timestamp("us", tz="UTC"),
    "local": pa.timestamp("us", tz="UTC"),
    "day": pa.string(),
    "crews": pa.list_(pa.string()),
    "maybe": pa.int64(),
    "mixed": pa.string(),
    "nothing": pa.string(),
}


def test_columns_keep_what_they_are():
    table = pq.read_table(io.BytesIO(parquet_bytes(FRAME)))
    assert dict(zip(table.schema.names, table.schema.types, strict=True)) == TYPES
    rows = table.to_pydict()
    assert rows["mw"] == [0.1, None, np.inf], "what is missing is null, not NaN"
    assert rows["at"][0] == rows["local"][0] == rows["local"][2] == MOMENT
    assert rows["at"][1] is rows["local"][1] is None
    assert rows["day"] == ["2027-01-12", None, "2027-01-13"]
    assert rows["crews"] == [["C1", "C2"], [], None]
    assert rows["mixed"] == ["1", "two", "3.5"]
    assert rows["maybe"] == [1, None, 3]


def test_nothing_but_values_is_in_the_file():
    """Neither pandas' metadata nor a time of writing; only the library names itself."""
    content = parquet_bytes(FRAME)
    footer = pq.ParquetFile(io.BytesIO(content)).metadata
    assert footer.metadata is None
    assert footer.created_by == f"parquet-cpp-arrow version {pa.__version__}"
    assert b"pandas" not in content


def test_a_named_index_is_a_column_and_another_is_not():
    named = pd.DataFrame({"mw": [1.0]}, index=pd.Index(["U1"], name="id"))
    assert arrow_table(named).to_pydict() == {"id": ["U1"], "mw": [1.0]}
    assert arrow_table(FRAME.iloc[::-1]).schema.names == list(FRAME.columns)


def test_an_empty_frame_keeps_its_columns():
    table = pq.read_table(io.BytesIO(parquet_bytes(FRAME.head(0))))
    assert table.schema.names == list(FRAME.columns)
    assert table.num_rows == 0


def test_another_process_makes_the_same_bytes():
    code = (
        "import sys, pandas as pd; from gridtool.formats.parquet import parquet_bytes; "
        "frame = pd.DataFrame({'a': range(5000), 'b': [f'x{k % 7}' for k in range(5000)]}); "
        "sys.stdout.buffer.write(parquet_bytes(frame))"
    )
    made = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert made[0][:4] == b"PAR1"


def test_duckdb_reads_it(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    (tmp_path / "x.parquet").write_bytes(parquet_bytes(FRAME))
    found = duckdb.sql(f"SELECT sum(whole), count(mw) FROM '{tmp_path}/x.parquet'").fetchall()
    assert found == [(6, 2)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=False),
            st.text(st.characters(codec="utf-8"), max_size=5),
            st.integers(-2_000_000_000, 7_000_000_000).map(lambda s: EPOCH + timedelta(seconds=s)),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_values_come_back_as_they_were(rows):
    frame = pd.DataFrame(
        {name: pd.Series([row[k] for row in rows]) for k, name in enumerate("ifst")}
    )
    back = pq.read_table(io.BytesIO(parquet_bytes(frame))).to_pydict()
    assert list(zip(*back.values(), strict=True)) == rows
