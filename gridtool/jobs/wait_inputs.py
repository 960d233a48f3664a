"""Inputs that are late: waited for up to a stated time; and how old inputs are."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gridtool.errors import InputError
from gridtool.jobs.paths import expand_reports
from gridtool.jobs.schedule import Schedule
from gridtool.jobs.settings import JobSettings
from gridtool.network.catalog import find_network

__all__ = ["AGE_PREFIX", "Waited", "age_inputs", "wait_for_inputs"]

POLL_S = 2.0
"""Between two looks at the files."""
_NAP_S = 0.25
"""The longest that a signal goes unnoticed."""
_TWO_DAYS_H = 48
AGE_PREFIX = "input_age_s_"
"""Headline figures on the age of inputs begin so; the key of the input in the job file follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """How the wait ended.

    Attributes
    ----------
    late
        The inputs that did not come in time, each in words for a warning: the run goes on with
        what there is.
    waited_s
        Seconds waited, by a clock that is never set back.
    signal_number
        Of the signal that ended the wait; 0 for none.
    """

    late: tuple[str, ...] = ()
    waited_s: float = 0.0
    signal_number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What was seen of an input: its newest file's time, and all that would show a change."""

    newest: datetime | None
    marks: tuple[tuple[str, int, int], ...]


def wait_for_inputs(
    path: Path,
    settings: JobSettings,
    schedule: Schedule,
    *,
    slot: datetime,
    now: datetime,
    told: Callable[[str], None] = lambda _words: None,
    stop: Callable[[], int] = lambda: 0,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Waited:
    """Wait until every input that the schedule waits for is new, at most until slot + wait.

    An input is new if the newest of its files was written later than ``schedule.fresh`` before
    the slot. One that came while it was waited for, or a moment before, has to look the same at
    two looks in succession: it may still be being written. A file that is not there is late, not
    wrong: the job file's paths are to be checked after this.

    Parameters
    ----------
    path
        Of the job file: paths in it are relative to its folder, then to the network's.
    slot, now
        Aware. What is left of the time is counted from ``now`` by ``monotonic``: a clock set back
        meanwhile makes no run wait longer.
    told
        Told once what is waited for, in words.
    stop
        Gives the number of a signal that came, else 0.
    """
    if not schedule.wait_for:
        return Waited()
    folders = _folders(path, settings)
    awaited = {role: settings.given_inputs.get(role, ()) for role in schedule.wait_for}
    limit_s = max((slot + schedule.wait - now).total_seconds(), 0.0)
    due_at, begin = slot - schedule.fresh, monotonic()
    seen: dict[str, _Look] = {}
    while True:
        looks = {role: _look(given, folders) for role, given in awaited.items()}
        late = {
            role: look
            for role, look in looks.items()
            if not _is_new(look, due_at) or not _settled(seen.get(role), look, now=now)
        }
        waited = monotonic() - begin
        if not late or waited >= limit_s or stop():
            words = tuple(_words(*entry, slot=slot, due_at=due_at) for entry in late.items())
            return Waited(late=words, waited_s=waited, signal_number=stop())
        if not seen:
            until = (now + timedelta(seconds=limit_s)).astimezone(schedule.zone)
            told(f"waiting for {' and '.join(late)} until {until:%Y-%m-%d %H:%M %Z}")
        seen = looks
        _rest(min(POLL_S, limit_s - waited), stop=stop, sleep=sleep, monotonic=monotonic)


def age_inputs(inputs: Iterable[tuple[str, Path]], *, now: datetime) -> dict[str, float]:
    """Seconds since each input was last written, by ``input_age_s_`` and its role.

    Of a role with several files, or a folder, the newest file counts; a file from the future is
    0 s old. Files that are not there are left out.
    """
    newest: dict[str, datetime] = {}
    for role, path in inputs:
        moment = _look((str(path),), ()).newest
        if moment is not None and (role not in newest or moment > newest[role]):
            newest[role] = moment
    return {
        f"{AGE_PREFIX}{role}": max((now - moment).total_seconds(), 0.0)
        for role, moment in sorted(newest.items())
    }


def _folders(path: Path, settings: JobSettings) -> tuple[Path, ...]:
    given = settings.job.network
    try:
        network = path.parent / given if (path.parent / given).exists() else find_network(given)
    except InputError:
        return (path.parent,)  # it is refused when the job is read
    return (path.parent, network) if network.is_dir() else (path.parent,)


def _look(given: Iterable[str], folders: tuple[Path, ...]) -> _Look:
    marks = []
    for name in given:
        places = [folder / name for folder in folders] or [Path(name)]
        place = next((place for place in places if place.exists()), places[0])
        marks += [mark for file in _files(place) if (mark := _mark(file)) is not None]
    newest = max((changed for _, _, changed in marks), default=None)
    moment = None if newest is None else datetime.fromtimestamp(newest / 1e9, UTC)
    return _Look(newest=moment, marks=tuple(marks))


def _files(place: Path) -> list[Path]:
    """The file, or the files of a folder: its reports, else all of them."""
    try:
        if not place.is_dir():
            return [place]
        return list(expand_reports([place])) or sorted(place.iterdir())
    except OSError:
        return []


def _mark(file: Path) -> tuple[str, int, int] | None:
    try:
        found = file.stat()
    except (OSError, ValueError):
        return None
    return (str(file), found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def _is_new(look: _Look, due_at: datetime) -> bool:
    return look.newest is not None and look.newest >= due_at


def _settled(before: _Look | None, look: _Look, *, now: datetime) -> bool:
    """Whether nobody writes any more: seen the same before, or written well before ``now``."""
    if before is not None:
        return before.marks == look.marks
    return look.newest is not None and look.newest <= now - timedelta(seconds=POLL_S)


def _words(role: str, look: _Look, *, slot: datetime, due_at: datetime) -> str:
    if look.newest is None:
        return f"{role} is late: there is no file"
    if _is_new(look, due_at):
        return f"{role} is late: it was still being written"
    hours = (slot - look.newest).total_seconds() / 3600
    age = f"{hours:.1f} h" if hours < _TWO_DAYS_H else f"{hours / 24:.1f} days"
    return f"{role} is late: the last one was written {age} before the slot and is used"


def _rest(
    seconds: float,
    *,
    stop: Callable[[], int],
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
) -> None:
    end = monotonic() + seconds
    while (left := end - monotonic()) > 0 and not stop():
        sleep(min(left, _NAP_S))
