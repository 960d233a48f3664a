"""A run of the store with what it published."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from gridtool.errors import StoreError
from gridtool.jobs.runs.manifest import run_manifest
from gridtool.jobs.scoring.files import read_kept_facts
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.open import Store

__all__ = ["LATEST_RUN", "PastRun", "find_run", "load_run"]

LATEST_RUN = "latest"


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """A run that published something.

    ``zone`` is that of its forecast, UTC where it has none.
    """

    run: RunRecord
    manifest: Mapping[str, Any]
    folder: Path
    zone: ZoneInfo | Any = UTC
    _tables: dict[str, pd.DataFrame | None] = field(default_factory=dict)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The job's settings as it was computed; empty where the manifest has none."""
        settings = self.request.get("settings", {})
        return settings if isinstance(settings, dict) else {}

    @property
    def request(self) -> Mapping[str, Any]:
        """What was computed."""
        request = self.manifest.get("request", {})
        return request if isinstance(request, dict) else {}

    @property
    def contents(self) -> dict[str, str]:
        """SHA-256 of the inputs it was computed from, by role."""
        listed = self.manifest.get("inputs") or []
        return {str(entry["role"]): str(entry["sha256"]) for entry in listed}

    def table(self, name: str) -> pd.DataFrame | None:
        """A published table, times aware in UTC; None if it has none of that name."""
        if name not in self._tables:
            path = self.folder / "tables" / f"{name}.parquet"
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                self._tables[name] = None
            except OSError as problem:
                raise StoreError(f"cannot read {path}: {problem.strerror}") from problem
            else:
                self._tables[name] = pd.read_parquet(io.BytesIO(content), engine="pyarrow")
        return self._tables[name]


def find_run(store: Store, name: str, *, job: str | None = None) -> RunRecord:
    """The run of an id, of the beginning of one, of a number, or ``latest`` of those done.

    Raises
    ------
    StoreError
        If there is none, or several.
    """
    if name != LATEST_RUN:
        return store.rows.get(name)
    done = store.rows.list_runs(job=job, states=("done",), limit=1)
    if not done:
        raise StoreError("no run is done yet; gridtool job list shows what there is")
    return done[0]


def load_run(store: Store, run: RunRecord) -> PastRun:
    """A run with its manifest.

    Raises
    ------
    StoreError
        If it published nothing, or that is gone.
    """
    manifest = run_manifest(store.folder, run)
    folder = store.folder / run.folder
    facts = read_kept_facts(folder)
    zone = UTC if facts is None else facts.grid.zone
    return PastRun(run=run, manifest=manifest, folder=folder, zone=zone)
