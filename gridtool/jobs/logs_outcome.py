"""The end of a run as a log line."""

from __future__ import annotations

from gridtool.jobs.logs import LogLevel, say
from gridtool.jobs.runs.model import RunOutcome

__all__ = ["list_warnings", "log_outcome"]


def log_outcome(outcome: RunOutcome) -> None:
    """Log what went wrong beside a run, and how it ended.

    The last line is an error where nothing was published, a warning where what was published is
    not the whole, or a condition holds, else for information.
    """
    for words in list_warnings(outcome):
        say(words, level="warning")
    record = outcome.record
    if outcome.repeated or record is None:
        level: LogLevel = "warning" if outcome.exit_code else "info"
        say(outcome.message or "nothing was to be done", level=level, exit_code=outcome.exit_code)
        return
    said = f"{record.state}: {outcome.message}" if outcome.message else record.state
    lost = outcome.folder is None
    say(
        said,
        level="error" if lost else "warning" if outcome.exit_code else "info",
        exit_code=outcome.exit_code,
        quality=record.quality if record.state == "done" else None,
        duration_s=record.duration_s,
        folder=outcome.folder,
        slot=record.slot,
        as_of=record.as_of,
    )


def list_warnings(outcome: RunOutcome) -> tuple[str, ...]:
    """What went wrong beside the run, and what its report warns of; each once."""
    published = () if outcome.answer is None else outcome.answer.warnings
    return tuple(dict.fromkeys((*outcome.warnings, *published)))
