"""When a job is due: cron expressions on a local clock, missed runs caught up once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

__all__ = ["Due", "Schedule", "check_cron", "find_due", "list_slots"]

MOST_SLOTS = 10_000
"""Slots further back than so many are not listed one by one."""
_RANDOM = re.compile(r"(?<![A-Za-z])[Rr](?![A-Za-z])")
_LONGEST_GAP = timedelta(hours=3)
"""No clock change skips more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a job runs.

    Attributes
    ----------
    cron
        Five fields: minute, hour, day of the month, month, weekday, on the clock of ``zone``. A
        time that the clock skips is run when it has been skipped; a time that comes twice is run
        the first time. Where the hour is left open (``*``), every hour that passes counts.
    grace
        A slot that was missed for longer is listed, but not caught up.
    wait
        How long after its slot a run waits for inputs that are late.
    wait_for
        The inputs it waits for, by their keys in the job file.
    fresh
        An input is late if it was written longer than this before the slot.
    deadline
        How long after its start a run has to be done; None for no limit.
    """

    cron: str
    zone: ZoneInfo
    grace: timedelta = timedelta(days=1)
    wait: timedelta = timedelta(0)
    wait_for: tuple[str, ...] = ()
    fresh: timedelta = timedelta(0)
    deadline: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be run now.

    Attributes
    ----------
    slot
        The slot to run (aware UTC), None if none is due: of several that were missed the last,
        once for all of them.
    covered
        Slots missed before it that its run stands for.
    expired
        Slots missed for longer than the grace.
    following
        The first slot after now.
    """

    slot: datetime | None
    covered: tuple[datetime, ...]
    expired: tuple[datetime, ...]
    following: datetime | None


def check_cron(expression: str) -> str | None:
    """What is wrong with a cron expression, in words; None if it can be used."""
    if len(expression.split()) != 5:
        return "a cron expression has five fields: minute, hour, day, month, weekday"
    if _RANDOM.search(expression):
        return "R stands for a time drawn anew at each look; state the time"
    try:
        begin = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall clock
        first = next(_wall_times(expression, begin), None)
    except (CroniterError, ValueError, TypeError) as problem:
        return str(problem)
    return "no such time ever comes" if first is None else None


def find_due(schedule: Schedule, *, last: datetime | None, now: datetime) -> Due:
    """What is due at ``now`` (aware), if ``last`` was the last slot that was run.

    Without a ``last`` the job begins with the newest slot within the grace. With a ``last`` later
    than ``now`` (the clock was set back) nothing is due before that time comes again.
    """
    since = now - schedule.grace if last is None else last
    slots = _latest_slots(schedule, after=since, until=now)
    in_grace = tuple(slot for slot in slots if now - slot <= schedule.grace)
    begin = now if last is None else max(now, last)
    following = next(iter(list_slots(schedule, after=begin, most=1)), None)
    return Due(
        slot=in_grace[-1] if in_grace else None,
        covered=in_grace[:-1],
        expired=slots[: len(slots) - len(in_grace)],
        following=following,
    )


def list_slots(
    schedule: Schedule, *, after: datetime, until: datetime | None = None, most: int = MOST_SLOTS
) -> tuple[datetime, ...]:
    """Slots later than ``after`` and up to ``until`` (aware), the first ``most``, in order, UTC."""
    begin = _show_wall(after, schedule) - _LONGEST_GAP
    end = None if until is None else _show_wall(until, schedule) + _LONGEST_GAP
    found: list[datetime] = []
    for wall in _wall_times(schedule.cron, begin):
        if end is not None and wall > end:
            break
        slots = _instants(wall, schedule)
        found += [slot for slot in slots if slot > after and (until is None or slot <= until)]
        if len(found) >= most:  # a later time of the clock may come sooner, where it is set back
            end = wall + _LONGEST_GAP if end is None else min(end, wall + _LONGEST_GAP)
    return tuple(sorted(set(found)))[:most]


def _latest_slots(
    schedule: Schedule, *, after: datetime, until: datetime, most: int = MOST_SLOTS
) -> tuple[datetime, ...]:
    """As :func:`list_slots`, but of more than ``most`` the last: it walks back from ``until``."""
    begin = _show_wall(after, schedule) - _LONGEST_GAP
    found: list[datetime] = []
    for wall in _wall_times(schedule.cron, _show_wall(until, schedule) + _LONGEST_GAP, back=True):
        if wall < begin:
            break
        found += [slot for slot in _instants(wall, schedule) if after < slot <= until]
        if len(found) >= most:
            begin = max(begin, wall - _LONGEST_GAP)
    return tuple(sorted(set(found)))[-most:]


def _show_wall(moment: datetime, schedule: Schedule) -> datetime:
    """What the clock of the schedule's zone shows (naive)."""
    return moment.astimezone(schedule.zone).replace(tzinfo=None)


def _wall_times(expression: str, begin: datetime, *, back: bool = False) -> Iterator[datetime]:
    """Times on a clock that is never changed, from ``begin`` (naive) on, or back from it."""
    minute = timedelta(minutes=1)
    found = croniter(expression, begin + minute if back else begin - minute)
    step = found.get_prev if back else found.get_next
    while True:
        try:
            yield step(datetime)
        except CroniterError:
            return  # no such day comes: 30 February


def _instants(wall: datetime, schedule: Schedule) -> tuple[datetime, ...]:
    """The instants (UTC) at which the schedule's clock shows ``wall``, or has just skipped it."""
    zone, every_hour = schedule.zone, schedule.cron.split()[1].startswith("*")
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) != wall:  # skipped
        return () if every_hour else (_end_of_gap(second, first, zone),)
    return (first, second) if every_hour and second != first else (first,)


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant between two at which the clock of ``zone`` jumps."""
    low, high = sorted((before, after))
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        middle = middle.replace(second=0, microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle if middle > low else low + timedelta(minutes=1)
        else:
            high = middle
    return high
