"""What a run's manifest says of the run: enough to write its row again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from gridtool.jobs.store.model import Closing, RunInput, RunRecord

__all__ = ["make_facts", "read_closing", "read_run"]

FORMAT = "gridtool-run"
VERSION = 1
_RUN = (
    "number",
    "id",
    "job",
    "slot",
    "revision",
    "identity",
    "as_of",
    "started_at",
    "program_version",
    "seed",
    "host",
    "pid",
    "forced",
)
_MOMENTS = ("slot", "as_of", "started_at")


def make_facts(run: RunRecord, closing: Closing, *, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of a run but for its files; ``facts`` are added to it."""
    said = {name: _plain(getattr(run, name)) for name in _RUN}
    return {
        "format": FORMAT,
        "version": VERSION,
        "run": {**said, "inputs": [asdict(entry) for entry in run.inputs]},
        "closing": {name: _plain(value) for name, value in asdict(closing).items()},
        **facts,
    }


def read_closing(manifest: Mapping[str, Any]) -> Closing | None:
    """How the run of a manifest ended; None where it does not say so as it should."""
    try:
        said = dict(manifest["closing"])
        headline = {str(name): float(value) for name, value in said["headline"].items()}
        finished = _moment(said["finished_at"])
        return Closing(**{**said, "finished_at": finished, "headline": headline})
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def read_run(manifest: Mapping[str, Any]) -> RunRecord | None:
    """The run of a manifest as it was while it ran; None where it does not say so as it should."""
    try:
        said = {name: manifest["run"][name] for name in _RUN}
        moments = {name: said[name] and _moment(said[name]) for name in _MOMENTS}
        inputs = tuple(RunInput(**entry) for entry in manifest["run"]["inputs"])
        return RunRecord(**{**said, **moments}, inputs=inputs, state="running", quality="full")
    except (KeyError, TypeError, ValueError):
        return None


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
