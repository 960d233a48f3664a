"""What a notification says: the JSON that hooks and webhooks are given, version 1.

Fields are added within a version; a field that is taken out or means something else makes a new
one. Figures are those of the headline, by the names that ``--fail-on`` takes.
"""

from __future__ import annotations

import math
import socket
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gridtool.jobs.secrets import hide_secrets
from gridtool.jobs.settings_words import describe_type
from gridtool.jobs.store.model import Quality, RunRecord

__all__ = ["Notice", "list_fields", "notice_of_refusal", "notice_of_run", "payload_schema"]

_FALLBACK, _THRESHOLD = 6, 10
"""Exit codes, as gridtool.cli.exits documents them."""

Event = Literal["done", "degraded", "threshold", "failed", "interrupted", "refused"]


class Notice(BaseModel):
    """How a run of a job ended."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        title="gridtool notification",
        json_schema_extra={"$schema": "https://json-schema.org/draft/2020-12/schema"},
    )

    format: Literal["gridtool-notification"] = Field(
        default="gridtool-notification", description="the kind of message"
    )
    format_version: Literal[1] = Field(default=1, description="the version of its format")
    gridtool_version: str = Field(description="of the program")
    event: Event = Field(
        description="done; degraded: done on a labelled fallback; threshold: done, and a --fail-on "
        "condition holds; failed; interrupted; refused: it never became a run, as its job file is "
        "wrong or the store is in use"
    )
    job: str = Field(description="name of the job")
    run: str = Field(description="id of the run; the same in its log lines and its folder's name")
    revision: int | None = Field(
        default=None, description="counts the runs of this job and slot, from 1; null if refused"
    )
    slot: datetime | None = Field(
        default=None, description="scheduled time that the run is for; null for a run by hand"
    )
    as_of: datetime | None = Field(
        default=None, description="time as of which inputs were taken; null if refused"
    )
    started_at: datetime | None = Field(default=None, description="null if refused")
    finished_at: datetime = Field(description="when it ended")
    duration_s: float | None = Field(
        default=None, description="seconds, by a clock that is never set back"
    )
    quality: Quality | None = Field(
        default=None, description="rung of the ladder on which it was done; null if it was not"
    )
    degraded: bool = Field(default=False, description="whether it rests on a fallback")
    exit_code: int = Field(description="of gridtool job run")
    message: str = Field(default="", description="why it failed, was interrupted or fell back")
    crossed: list[str] = Field(
        default_factory=list, description="the --fail-on conditions that hold"
    )
    warnings: list[str] = Field(default_factory=list, description="what was noticed on the way")
    headline: dict[str, float] = Field(
        default_factory=dict, description="headline figures by name; units are in the names"
    )
    folder: str | None = Field(
        default=None, description="of the published files on the host; null if there are none"
    )
    host: str = Field(description="machine that ran it")

    def to_json(self) -> bytes:
        """The message as it is sent, in UTF-8."""
        return self.model_dump_json().encode()


def notice_of_run(
    record: RunRecord,
    *,
    gridtool_version: str,
    crossed: tuple[str, ...] = (),
    warnings: tuple[str, ...] = (),
    folder: object | None = None,
) -> Notice:
    """The notice of a run that ended, published or not.

    Parameters
    ----------
    folder
        Path of the published files.
    """
    finite = {name: v for name, v in sorted(record.headline.items()) if math.isfinite(v)}
    return Notice(
        gridtool_version=gridtool_version,
        event=_event(record),
        job=record.job,
        run=record.id,
        revision=record.revision,
        slot=record.slot,
        as_of=record.as_of,
        started_at=record.started_at,
        finished_at=record.finished_at or record.started_at,
        duration_s=record.duration_s,
        quality=record.quality if record.state == "done" else None,
        degraded=_is_degraded(record),
        exit_code=record.exit_code or 0,
        message=hide_secrets(record.message),
        crossed=list(crossed),
        warnings=[hide_secrets(words) for words in warnings],
        headline=finite,
        folder=None if folder is None else str(folder),
        host=record.host,
    )


def notice_of_refusal(
    *, job: str, run_id: str, message: str, exit_code: int, now: datetime, gridtool_version: str
) -> Notice:
    """The notice of a run that could not begin.

    Parameters
    ----------
    job
        Name of the job, or its file where that cannot be read.
    """
    return Notice(
        gridtool_version=gridtool_version,
        event="refused",
        job=job,
        run=run_id,
        finished_at=now,
        exit_code=exit_code,
        message=hide_secrets(message),
        host=socket.gethostname(),
    )


def payload_schema() -> dict[str, Any]:
    """The JSON Schema of the message."""
    return Notice.model_json_schema(mode="serialization")


def list_fields() -> list[dict[str, str]]:
    """Every field of the message: name, type, meaning."""
    fields = payload_schema()["properties"]
    return [
        {"field": name, "type": describe_type(found), "meaning": found["description"]}
        for name, found in fields.items()
    ]


def _is_degraded(record: RunRecord) -> bool:
    return record.degraded or record.exit_code == _FALLBACK


def _event(record: RunRecord) -> Event:
    if record.state == "interrupted":
        return "interrupted"
    if record.state != "done":
        return "failed"
    if record.exit_code == _THRESHOLD:
        return "threshold"
    return "degraded" if _is_degraded(record) else "done"
