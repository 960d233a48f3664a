"""When a job is due: cron expressions on a local clock, missed runs caught up once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

__all__ = ["Due", "Schedule", "check_cron", "find_due", "list_slots"]

MOST_SLOTS = 10_000
"""Slots further back than so many are not listed one by one."""
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
    """

    cron: str
    zone: ZoneInfo
    grace: timedelta = timedelta(days=1)
    wait: timedelta = timedelta(0)


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
    try:
        next(_wall_times(expression, datetime(2024, 1, 1)), None)  # noqa: DTZ001 - a wall clock
    except (CroniterError, ValueError) as problem:
        return str(problem)
    return None


def find_due(schedule: Schedule, *, last: datetime | None, now: datetime) -> Due:
    """What is due at ``now`` (aware), if ``last`` was the last slot that was run.

    Without a ``last`` the job begins with the newest slot within the grace.
    """
    since = now - schedule.grace if last is None else last
    slots = list_slots(schedule, after=since, until=now)
    in_grace = tuple(slot for slot in slots if now - slot <= schedule.grace)
    following = next(iter(list_slots(schedule, after=now, most=1)), None)
    return Due(
        slot=in_grace[-1] if in_grace else None,
        covered=in_grace[:-1],
        expired=slots[: len(slots) - len(in_grace)],
        following=following,
    )


def list_slots(
    schedule: Schedule, *, after: datetime, until: datetime | None = None, most: int = MOST_SLOTS
) -> tuple[datetime, ...]:
    """Slots later than ``after`` and up to ``until`` (aware), at most ``most``, in order, UTC."""
    begin = after.astimezone(schedule.zone).replace(tzinfo=None) - _LONGEST_GAP
    end = None if until is None else until.astimezone(schedule.zone).replace(tzinfo=None)
    every_hour = schedule.cron.split()[1].startswith("*")
    found: list[datetime] = []
    for wall in _wall_times(schedule.cron, begin):
        if end is not None and wall > end + _LONGEST_GAP:
            break
        slots = _instants(wall, schedule.zone, every_hour=every_hour)
        found += [slot for slot in slots if slot > after and (until is None or slot <= until)]
        if len(found) > most + 2:
            break
    return tuple(sorted(set(found)))[:most]


def _wall_times(expression: str, begin: datetime) -> Iterator[datetime]:
    """Times on a clock that is never changed, from ``begin`` (naive) on."""
    found = croniter(expression, begin - timedelta(minutes=1))
    while True:
        try:
            yield found.get_next(datetime)
        except CroniterError:
            return  # no such day comes: 30 February


def _instants(wall: datetime, zone: ZoneInfo, *, every_hour: bool) -> tuple[datetime, ...]:
    """The instants (UTC) at which the clock of ``zone`` shows ``wall``, or has just skipped it."""
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
