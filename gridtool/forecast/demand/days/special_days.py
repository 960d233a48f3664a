"""Which kinds of special days a history can teach, and what stands in for the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.days.read_special_days import read_special_days
from gridtool.forecast.demand.model import HOLIDAY, SpecialDays

__all__ = ["read_special_days", "settle_kinds"]

IntArray = npt.NDArray[np.int64]
LEAST_DAYS = 4
"""Days of a kind that a history must hold before an effect by hour is learnt from them.

With two, the 80 % interval of Victoria's hours six months ahead held 75 % of them instead of 80 %,
and that of its months' energy 63 % instead of 75 to 79 %, at the same pinball: two years make no
law of each holiday."""
LEAST_HOLIDAYS = 2
"""The same of holidays of all kinds that were seen too seldom."""
LEAST_PERIOD_DAYS = 14
"""Days of periods of a kind, and days outside them, likewise: all weekdays twice."""
REST_DAY = 6
"""Weekday that holidays resemble where the history holds too few of them."""


def settle_kinds(special_days: SpecialDays, *, known: IntArray) -> SpecialDays:
    """``special_days`` with the kinds that a history can teach; its notes tell of the rest.

    - A kind of days with fewer than :data:`LEAST_DAYS` known ones takes the effect of holidays.
    - Holidays of which fewer than :data:`LEAST_HOLIDAYS` are known resemble Sundays.
    - A kind of periods with fewer than :data:`LEAST_PERIOD_DAYS` known days, or with so few known
      days outside of them, has no effect.

    A single past day thus never becomes a law, nor does a curfew ahead take the effect of days off.

    Parameters
    ----------
    known : (n,) int
        Local days whose demand is known, as days since 1970-01-01; repetitions do not count.
    """
    known = np.unique(known)
    settled, notes = _drop_periods(special_days, known)
    settled, more = _join_kinds(settled, known)
    settled, last = _rest_on_sundays(settled, known)
    return replace(settled, notes=(*special_days.notes, *notes, *more, *last))


def _drop_periods(days: SpecialDays, known: IntArray) -> tuple[SpecialDays, list[str]]:
    notes, kept = [], list(days.periods)
    for kind in sorted({period.kind for period in days.periods}):
        inside = int(np.isin(known, days.numbers(kind)).sum())
        if inside >= LEAST_PERIOD_DAYS and len(known) - inside >= LEAST_PERIOD_DAYS:
            continue
        kept = [period for period in kept if period.kind != kind]
        where = "inside" if inside < LEAST_PERIOD_DAYS else "outside"
        held = inside if inside < LEAST_PERIOD_DAYS else len(known) - inside
        notes.append(
            f"periods of kind {kind!r} have no effect: the history holds {held} days {where} of "
            f"them, {LEAST_PERIOD_DAYS} are needed; a change of demand ahead can be stated as an "
            "event"
        )
    return replace(days, periods=tuple(kept)), notes


def _join_kinds(days: SpecialDays, known: IntArray) -> tuple[SpecialDays, list[str]]:
    """Kinds of days too seldom seen become holidays."""
    notes, kind_of = [], dict(days.kind_of)
    for kind in sorted(set(kind_of.values()) - {HOLIDAY}):
        seen = int(np.isin(known, days.numbers(kind)).sum())
        if seen >= LEAST_DAYS:
            continue
        for day in [day for day, own in kind_of.items() if own == kind]:
            kind_of[day] = HOLIDAY
        notes.append(
            f"days of kind {kind!r} are taken for holidays: the history holds {seen} of them, "
            f"{LEAST_DAYS} are needed"
        )
    return replace(days, kind_of=kind_of), notes


def _rest_on_sundays(days: SpecialDays, known: IntArray) -> tuple[SpecialDays, list[str]]:
    """Holidays too seldom seen resemble Sundays."""
    numbers = days.numbers(HOLIDAY)
    seen = int(np.isin(known, numbers).sum())
    if not len(numbers) or seen >= LEAST_HOLIDAYS:
        return days, []
    rest: dict[date, int] = {day: REST_DAY for day, kind in days.kind_of.items() if kind == HOLIDAY}
    others = {day: kind for day, kind in days.kind_of.items() if kind != HOLIDAY}
    needed = f"the history holds {seen} of them, {LEAST_HOLIDAYS} are needed"
    note = f"holidays are taken for Sundays: {needed}"
    return replace(days, kind_of=others, like={**rest, **days.like}), [note]
