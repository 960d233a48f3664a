"""Canonical CSV and JSON: the same values always give the same bytes."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridtool.formats.publish import publish_folder, write_bytes
from gridtool.formats.schema import TableSchema

__all__ = [
    "csv_text",
    "format_cell",
    "json_text",
    "publish_folder",
    "to_plain",
    "write_bytes",
    "write_json",
    "write_table",
]

_FORMULA = re.compile("'*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")


def write_table(path: Path | str, schema: TableSchema, frame: pd.DataFrame) -> None:
    """Write ``frame`` as the CSV file of ``schema``, columns in its order, atomically."""
    flat = frame.reset_index() if len(schema.key) == 1 and frame.index.name else frame
    write_bytes(path, csv_text(flat[list(schema.names)]).encode())


def write_json(path: Path | str, content: Any) -> None:
    """Write ``content`` as JSON, atomically; see :func:`json_text`."""
    write_bytes(path, json_text(content).encode())


def csv_text(frame: pd.DataFrame) -> str:
    """``frame`` as comma-separated text, without its index unless that has a name.

    Text that a spreadsheet would run as a formula gets an apostrophe in front, which the reader
    takes off again; numbers never do.
    """
    flat = frame.reset_index() if frame.index.name is not None else frame
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_guard(str(name)) for name in flat.columns])
    columns = [[format_cell(value) for value in flat[name].tolist()] for name in flat.columns]
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue()


def format_cell(value: Any) -> str:
    """One value as CSV text: "" when missing, shortest float that reads back the same.

    Raises
    ------
    ValueError
        If it is an infinite number, or a list with a separator inside a word.
    """
    if isinstance(value, (tuple, list)):
        return _guard(_join_words(value))
    plain = to_plain(value)
    if plain is None:
        return ""
    if isinstance(plain, str):
        return plain if isinstance(value, date) else _guard(plain)
    if isinstance(plain, float):
        whole = plain.is_integer() and abs(plain) < 1e15
        return str(int(plain)) if whole else repr(plain)
    # True and False as JSON has them; whole numbers come out the same in both.
    return _guard_json(plain)


def _guard_json(plain: Any) -> str:
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False)
    return text if isinstance(plain, (bool, int)) else _guard(text)


def _join_words(words: tuple[Any, ...] | list[Any]) -> str:
    texts = [str(to_plain(word)) for word in words]
    for text in texts:
        if not text or re.search(r"[\s|]", text):
            raise ValueError(f"{text!r} cannot be written in a list cell")
    return "|".join(texts)


def _guard(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def json_text(content: Any) -> str:
    """Indented JSON in the order given; NaN and NaT become null, times ISO 8601.

    Raises
    ------
    ValueError
        If a number is infinite.
    TypeError
        If there is an object JSON has no form for.
    """
    plain = to_plain(content)
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def to_plain(value: Any) -> Any:
    """``value`` with nothing but dict, list, str, int, finite float, bool and None."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        return _float_to_plain(value)
    if isinstance(value, (bool, int, str)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return _object_to_plain(value)


def _float_to_plain(value: float) -> float | None:
    if math.isinf(value):
        raise ValueError("an infinite number cannot be written")
    return None if math.isnan(value) else float(value)


def _object_to_plain(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return _numpy_to_plain(value)
    if isinstance(value, date):
        return _time_text(value)
    if isinstance(value, pd.DataFrame):
        return [to_plain(row) for row in value.to_dict("records")]
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _numpy_to_plain(value: np.generic | np.ndarray[Any, Any]) -> Any:
    if isinstance(value, np.datetime64):
        return to_plain(pd.Timestamp(value))
    return to_plain(value.tolist() if isinstance(value, np.ndarray) else value.item())


def _time_text(moment: date) -> str:
    text = moment.isoformat()
    utc = isinstance(moment, datetime) and text.endswith("+00:00")
    return text.removesuffix("+00:00") + "Z" if utc else text
