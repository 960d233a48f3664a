"""The JSON envelope: results with where they came from, strict JSON throughout."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridtool.report.tables import NamedTable

__all__ = ["SCHEMA_VERSION", "describe_inputs", "json_text", "make_envelope", "table_rows"]

SCHEMA_VERSION = 1
_BLOCK = 1 << 20


def make_envelope(
    command: str,
    tables: Iterable[NamedTable],
    *,
    version: str,
    generated_at: datetime,
    as_of: datetime | None,
    seed: int | None,
    inputs: list[dict[str, str]],
    warnings: list[str],
    verdict: str = "",
    headline: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """The envelope of a command's results: rows of each table by name, verdict, headline."""
    data: dict[str, Any] = {table.name: table_rows(table.frame) for table in tables}
    if verdict:
        data["verdict"] = verdict
    if headline:
        data["headline"] = json_value(dict(headline))
    return {
        "schema": f"gridtool.{command.replace(' ', '.')}",
        "schema_version": SCHEMA_VERSION,
        "gridtool_version": version,
        "generated_at": json_value(generated_at),
        "as_of": json_value(as_of),
        "seed": seed,
        "inputs": inputs,
        "warnings": warnings,
        "data": data,
    }


def table_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries of plain JSON values; what is missing or not finite is null."""
    names = [str(name) for name in frame.columns]
    columns = [[json_value(value) for value in frame[name]] for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def json_value(value: Any) -> Any:  # noqa: PLR0911 - one return for each type of value
    """``value`` in the types of JSON: times in UTC with Z, NaN and infinity as null."""
    if value is None or value is pd.NaT or isinstance(value, (str, bool)):
        return None if value is pd.NaT else value
    if isinstance(value, np.generic):
        return json_value(value.item())
    if isinstance(value, (int, float)):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): json_value(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list, np.ndarray)):
        return [json_value(entry) for entry in value]
    return str(value)


def json_text(envelope: Mapping[str, Any]) -> str:
    """The envelope as strict JSON (no NaN), readable, ending in a newline."""
    return json.dumps(envelope, allow_nan=False, ensure_ascii=False, indent=2) + "\n"


def describe_inputs(paths: Iterable[Path]) -> list[dict[str, str]]:
    """Path and SHA-256 of every input file; a folder stands for the files directly in it."""
    files: dict[str, Path] = {}
    for path in paths:
        found = sorted(path.iterdir()) if path.is_dir() else [path]
        files.update({str(file): file for file in found if file.is_file()})
    return [{"path": name, "sha256": _sha256(file)} for name, file in files.items()]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
