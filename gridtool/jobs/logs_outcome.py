"""The end of a run as a log line."""

from __future__ import annotations

from gridtool.jobs.logs import say
from gridtool.jobs.runs.model import RunOutcome

__all__ = ["log_outcome"]


def log_outcome(outcome: RunOutcome) -> None:
    """Log what went wrong beside a run, and how it ended.

    The last line is an error where nothing was published, a warning where what was published is
    not the whole, or a condition holds, else for information.
    """
    for words in outcome.warnings:
        say(words, level="warning")
    record = outcome.record
    if outcome.repeated or record is None:
        say(outcome.message or "nothing was to be done", exit_code=outcome.exit_code)
        return
    said = f"{record.state}: {outcome.message}" if outcome.message else record.state
    lost = outcome.folder is None
    say(
        said,
        level="error" if lost else "warning" if outcome.exit_code else "info",
        exit_code=outcome.exit_code,
        quality=record.quality,
        duration_s=record.duration_s,
        folder=outcome.folder,
        slot=record.slot,
        as_of=record.as_of,
    )
