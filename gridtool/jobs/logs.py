"""Log lines as text or JSON, with the id of the run in every one.

Modules log with ``logging.getLogger(__name__)`` or :func:`say`; commands decide with
:func:`setup_logs` what becomes of it. Lines of a child process are handed to the parent's logger
there, so that they carry the same id.
"""

from __future__ import annotations

import json
import logging
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from gridtool.jobs.secrets import hide_secrets

__all__ = ["LogForm", "LogLevel", "bind_run", "make_run_id", "say", "setup_logs"]

LogForm = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

_ROOT = "gridtool"
_RESERVED = ("time", "level", "run", "job", "message", "error")
"""Keys of a JSON line that no field may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    run: str = ""
    job: str = ""


_mark: ContextVar[_Mark | None] = ContextVar("gridtool_run", default=None)
_process_marks: list[_Mark] = [_Mark()]
"""Those of runs begun in this process, for threads, which do not inherit the context."""


def make_run_id(moment: datetime) -> str:
    """An id for a run of ``moment`` (aware): sorts by time, and no other run has it."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%MZ}-{secrets.token_hex(5)}"


@contextmanager
def bind_run(run_id: str, *, job: str = "") -> Iterator[None]:
    """Every line logged while the block runs is of this run, those of its threads too."""
    mark = _Mark(run=run_id, job=job)
    token = _mark.set(mark)
    _process_marks.append(mark)
    try:
        yield
    finally:
        _process_marks.remove(mark)
        _mark.reset(token)


def say(words: str, *, level: LogLevel = "info", **fields: object) -> None:
    """Log a line with plain values beside it: ``say("published", folder=path, files=12)``."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger(f"{_ROOT}.job").log(number, "%s", words, extra={"fields": fields})


@contextmanager
def setup_logs(
    form: LogForm, *, level: LogLevel = "info", stream: TextIO | None = None
) -> Iterator[None]:
    """Log to ``stream`` (standard error) from ``level`` on while the block runs.

    A stream that is full or closed loses lines; it stops no run.
    """
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    logger = logging.getLogger(_ROOT)
    before = (logger.level, logger.propagate)
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines; what cannot be written is dropped without a word."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Drop ``record``."""


class _TextLines(logging.Formatter):
    """``2027-01-12T06:00:00.123Z info RUN words (key=value)``, one line whatever the words."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of ``record``."""
        line = _line(record)
        given = {key: line[key] for key in line if key not in _RESERVED}
        fields = " ".join(f"{key}={value}" for key, value in given.items() if value is not None)
        parts = (line["time"], f"{line['level']:7}", line["run"] or "-", line["message"])
        text = " ".join(parts) + (f" ({fields})" if fields else "")
        if "error" in line:
            text += f": {line['error']}"
        return "".join(char if char.isprintable() else _escape(char) for char in text)


class _JsonLines(logging.Formatter):
    """One JSON object a line: time, level, run, job, message, the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of ``record``."""
        return json.dumps(_line(record), ensure_ascii=False, allow_nan=False)


def _line(record: logging.LogRecord) -> dict[str, Any]:
    mark = _mark.get() or _process_marks[-1]
    moment = datetime.fromtimestamp(record.created, UTC)
    line: dict[str, Any] = {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "run": mark.run,
        "job": mark.job,
        "message": hide_secrets(record.getMessage()),
    }
    fields = getattr(record, "fields", None)
    if isinstance(fields, Mapping):
        line |= {
            f"{key}_" if key in _RESERVED else str(key): _plain(value)
            for key, value in fields.items()
        }
    if record.exc_info and record.exc_info[1] is not None:
        problem = record.exc_info[1]
        line["error"] = hide_secrets(f"{type(problem).__name__}: {problem}")
    return line


def _plain(value: object) -> object:
    """A value that JSON has, without secrets."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return hide_secrets(str(value))


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
