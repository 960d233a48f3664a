"""The samples of a run as they are published with it, and read again to be scored."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import StoreError
from gridtool.forecast.model import ShortageForecast
from gridtool.formats.parquet import parquet_bytes
from gridtool.jobs.scoring.source import HistoryLink
from gridtool.jobs.store.folder import read_manifest
from gridtool.timegrid import TimeGrid

__all__ = [
    "KEEP_SAMPLES",
    "KeptFacts",
    "KeptRun",
    "keep_files",
    "read_kept",
    "read_kept_facts",
]

FloatArray = npt.NDArray[np.float64]
KEEP_SAMPLES = 1000
"""Samples kept of a run: 8 MB for six months of a city of ten districts."""
FACTS, MONTHS, DAYS, HOURS = (
    f"samples/{name}" for name in ("kept.json", "months.parquet", "days.parquet", "hours.parquet")
)
FORMAT, VERSION = "gridtool-kept", 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFacts:
    """What the numbers of a run's samples mean.

    ``scale`` and ``known_until`` as of :class:`gridtool.jobs.scoring.source.HistoryLink`;
    ``ordinary_share`` by district, the city as ``*``.
    """

    samples: int
    grid: TimeGrid
    scale: float
    known_until: datetime | None
    ordinary_share: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """Samples read back.

    Attributes
    ----------
    month_off : (n, M, D + 1)
        Hours a day without supply for an ordinary customer; districts as in the facts.
    day_mwh, day_eue_mwh, day_off : (n, days)
        The city's demand, what of it is unserved, and hours off.
    demand_mw : (levels, hours)
        Quantiles of the city's demand at evenly spaced levels.
    """

    facts: KeptFacts
    month_off: FloatArray
    day_mwh: FloatArray
    day_eue_mwh: FloatArray
    day_off: FloatArray
    demand_mw: FloatArray


def keep_files(forecast: ShortageForecast, *, link: HistoryLink) -> dict[str, bytes]:
    """Content by name of what is published of a forecast's samples; nothing if none were kept.

    The bytes depend on the forecast and the link alone.
    """
    kept = forecast.kept
    if kept is None:
        return {}
    facts = {
        "format": FORMAT,
        "version": VERSION,
        "samples": kept.samples,
        "start": kept.grid.start.isoformat(),
        "hours": kept.grid.hours,
        "zone": kept.grid.zone.key,
        "scale": link.scale,
        "known_until": None if link.known_until is None else link.known_until.isoformat(),
        "ordinary_share": {
            name: None if np.isnan(share) else float(share)
            for name, share in zip(kept.districts, kept.ordinary_share, strict=True)
        },
    }
    return {
        FACTS: (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode(),
        MONTHS: parquet_bytes(kept.months()),
        DAYS: parquet_bytes(kept.days()),
        HOURS: parquet_bytes(kept.hours()),
    }


def read_kept_facts(folder: Path) -> KeptFacts | None:
    """The facts of the samples of a published run; None where it has none.

    Raises
    ------
    StoreError
        If they are not what was published.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise StoreError(f"{folder.name} has no manifest")
    if FACTS not in {entry["name"] for entry in manifest["files"]}:
        return None
    try:
        said = json.loads(_read(folder, FACTS, manifest=manifest))
        known_until = said["known_until"]
        return KeptFacts(
            samples=int(said["samples"]),
            grid=TimeGrid(
                datetime.fromisoformat(said["start"]).astimezone(UTC),
                int(said["hours"]),
                ZoneInfo(said["zone"]),
            ),
            scale=float(said["scale"]),
            known_until=None if known_until is None else datetime.fromisoformat(known_until),
            ordinary_share={
                name: float("nan") if share is None else float(share)
                for name, share in said["ordinary_share"].items()
            },
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise StoreError(f"{folder.name}/{FACTS} is not understood: {problem}") from problem


def read_kept(folder: Path, facts: KeptFacts) -> KeptRun:
    """The samples of a published run.

    Raises
    ------
    StoreError
        If they are not what was published.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise StoreError(f"{folder.name} has no manifest")
    months, days, hours = (
        _frame(folder, name, manifest=manifest) for name in (MONTHS, DAYS, HOURS)
    )
    n, grid = facts.samples, facts.grid
    try:
        return KeptRun(
            facts=facts,
            month_off=_shaped(months["hours_off"], n, len(grid.months), len(facts.ordinary_share)),
            day_mwh=_shaped(days["demand_mwh"], n, len(grid.days)),
            day_eue_mwh=_shaped(days["eue_mwh"], n, len(grid.days)),
            day_off=_shaped(days["hours_off"], n, len(grid.days)),
            demand_mw=_levels(hours),
        )
    except (KeyError, ValueError) as problem:
        raise StoreError(f"the samples of {folder.name} are not understood: {problem}") from problem


def _shaped(values: pd.Series, *shape: int) -> FloatArray:
    return values.to_numpy(dtype=np.float64).reshape(shape)


def _levels(hours: pd.DataFrame) -> FloatArray:
    columns = [name for name in hours.columns if name.startswith("q")]
    return np.ascontiguousarray(hours[columns].to_numpy(dtype=np.float64).T)


def _frame(folder: Path, name: str, *, manifest: Mapping[str, Any]) -> pd.DataFrame:
    content = io.BytesIO(_read(folder, name, manifest=manifest))
    return pd.read_parquet(content, engine="pyarrow")


def _read(folder: Path, name: str, *, manifest: Mapping[str, Any]) -> bytes:
    """The content of a published file, checked against the manifest."""
    wanted = {entry["name"]: entry["sha256"] for entry in manifest["files"]}
    try:
        content = (folder / name).read_bytes()
    except OSError as problem:
        raise StoreError(f"{folder.name}/{name} cannot be read: {problem.strerror}") from problem
    if hashlib.sha256(content).hexdigest() != wanted.get(name):
        raise StoreError(f"{folder.name}/{name} is not what was published")
    return content
