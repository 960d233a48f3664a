"""Runs as they are kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

__all__ = ["Closing", "Quality", "RunIdentity", "RunInput", "RunNote", "RunRecord", "RunState"]

RunState = Literal["running", "done", "failed", "interrupted", "removing"]
"""``removing`` are runs that a prune has taken out and not yet deleted; they are not shown."""
Quality = Literal["full", "fewer_samples", "last_good_inputs"]
"""On which rung of the ladder a run was done; anything but ``full`` is degraded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInput:
    """A file that a run read: its part in the job, where it lay, and what it held."""

    role: str
    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIdentity:
    """Everything that decides a run's numbers: two runs of one identity are the same run.

    ``slot`` is the scheduled instant (aware UTC) that the run is for, None for a run by hand;
    ``as_of`` that as of which inputs are taken; ``settings`` is the job as understood, with what
    the command line said instead.
    """

    job: str
    slot: datetime | None
    as_of: datetime
    seed: int
    program_version: str
    network_version: str
    settings: Mapping[str, Any]
    inputs: tuple[RunInput, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over what decides, whatever the order or place of the input files."""
        said = {
            "job": self.job,
            "slot": None if self.slot is None else self.slot.isoformat(),
            "as_of": self.as_of.isoformat(),
            "seed": self.seed,
            "program": self.program_version,
            "network": self.network_version,
            "settings": self.settings,
            "inputs": sorted((entry.role, entry.sha256) for entry in self.inputs),
        }
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How a run ended; kept in its manifest too, from which a lost last row is written again.

    ``finished_at`` is aware, ``duration_s`` by a clock that is never set back.
    """

    finished_at: datetime
    state: RunState = "done"
    quality: Quality = "full"
    duration_s: float | None = None
    exit_code: int | None = None
    message: str = ""
    headline: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNote:
    """Something about a run that was said after it: how a notification went."""

    at: datetime
    kind: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run.

    Attributes
    ----------
    number
        Counts up over the whole store: runs are ordered by it, whatever the clock did.
    revision
        Counts the runs of a job and slot that were started, from 1.
    folder
        Of the published files, relative to the store's folder; empty until published.
    duration_s
        By a clock that is never set back.
    message
        Why the run failed, was interrupted or fell back, in words.
    forced
        Whether it was to be done although the same run had been.
    manifest
        SHA-256 of the published manifest, which names that of every file; empty until published.
    """

    number: int
    id: str
    job: str
    slot: datetime | None
    revision: int
    identity: str
    state: RunState
    quality: Quality
    as_of: datetime
    started_at: datetime
    finished_at: datetime | None = None
    duration_s: float | None = None
    exit_code: int | None = None
    message: str = ""
    folder: str = ""
    program_version: str = ""
    seed: int = 0
    host: str = ""
    pid: int = 0
    forced: bool = False
    manifest: str = ""
    headline: Mapping[str, float] = field(default_factory=dict)
    inputs: tuple[RunInput, ...] = ()

    @property
    def degraded(self) -> bool:
        """Whether it rests on a fallback."""
        return self.quality != "full"
