"""The JSON envelope: results with where they came from, strict JSON throughout."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridtool.formats.write import to_plain
from gridtool.report.tables import NamedTable

__all__ = [
    "SCHEMA_VERSION",
    "describe_inputs",
    "drop_infinite",
    "json_text",
    "make_envelope",
    "table_rows",
]

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
    facts: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The envelope of a command's results: facts, rows of each table by name, verdict, headline."""
    data: dict[str, Any] = {name: to_plain(value) for name, value in (facts or {}).items()}
    data |= {table.name: table_rows(table.frame) for table in tables}
    if verdict:
        data["verdict"] = verdict
    if headline:
        data["headline"] = {
            name: to_plain(value) if math.isfinite(value) else None
            for name, value in headline.items()
        }
    return {
        "schema": f"gridtool.{command.replace(' ', '.')}",
        "schema_version": SCHEMA_VERSION,
        "gridtool_version": version,
        "generated_at": to_plain(generated_at.astimezone(UTC)),
        "as_of": to_plain(as_of.astimezone(UTC)) if as_of else None,
        "seed": seed,
        "inputs": inputs,
        "warnings": warnings,
        "data": data,
    }


def table_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries of plain JSON values; what is missing or not finite is null."""
    rows: list[dict[str, Any]] = to_plain(drop_infinite(frame))
    return rows


def drop_infinite(frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` with infinite numbers missing: neither JSON nor CSV has a word for them."""
    return frame.replace([np.inf, -np.inf], np.nan)


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
