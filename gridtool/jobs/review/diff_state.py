"""What changed of damage and repairs, from the published tables of two runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from gridtool.jobs.review.change import Change, join_names, when
from gridtool.jobs.review.past import PastRun

__all__ = ["compare_damage", "compare_repairs"]

SLIP = timedelta(hours=1)
"""A repair that ends this much later has slipped."""
_STATES = ("none", "slight", "moderate", "extensive", "complete")


@dataclass(frozen=True, slots=True)
class _Damaged:
    state: str
    left_pct: float
    occurred_at: datetime

    def __str__(self) -> str:
        return f"{self.state}, {self.left_pct:.0f} % left"


def compare_damage(before: PastRun, after: PastRun) -> Iterator[Change]:
    """Assets newly damaged, reported late, back, and better or worse than they were said to be."""
    old, new = _damaged(before), _damaged(after)
    fresh = {asset: found for asset, found in new.items() if asset not in old}
    struck = {a: found for a, found in fresh.items() if found.occurred_at > before.run.as_of}
    late = {a: found for a, found in fresh.items() if a not in struck}
    gone = [asset for asset in old if asset not in new]
    if struck:
        yield Change(topic="damage", words=f"new damage: {_list(struck)}")
    if late:
        words = f"known only now, though it was there before: {_list(late)}"
        yield Change(topic="damage", words=words)
    if gone:
        verb = "is" if len(gone) == 1 else "are"
        yield Change(topic="damage", words=f"{join_names(gone)} {verb} back in service")
    changed = {a: found.left_pct - old[a].left_pct for a, found in new.items() if a in old}
    for word, sign in (("worse", -1), ("better", 1)):
        said = [f"{a} ({old[a]} to {new[a]})" for a, step in changed.items() if sign * step > 0]
        if said:
            yield Change(topic="damage", words=f"{word} than was known: {join_names(said)}")


def _damaged(past: PastRun) -> dict[str, _Damaged]:
    table = past.table("damage")
    if table is None:
        return {}
    columns = (table[name] for name in ("asset", "state", "capacity_left_pct", "occurred_at"))
    return {
        str(asset): _Damaged(str(state), float(left), moment.to_pydatetime())
        for asset, state, left, moment in zip(*columns, strict=True)
    }


def _list(assets: Mapping[str, _Damaged]) -> str:
    """Assets with their state, the worst first."""
    order = sorted(assets, key=lambda asset: -_STATES.index(assets[asset].state))
    return join_names([f"{asset} ({assets[asset].state})" for asset in order])


def compare_repairs(before: PastRun, after: PastRun) -> Iterator[Change]:
    """Repairs that ended as planned, that slipped or were brought forward."""
    old, new = _ends(before), _ends(after)
    if old is None or new is None:
        if (old is None) != (new is None):
            article = "a" if old is None else "no"
            yield Change(topic="repairs", words=f"there is {article} repair plan now")
        return
    shift = {asset: end - old[asset] for asset, end in new.items() if asset in old}
    overdue = {a: s for a, s in shift.items() if old[a] <= after.run.as_of and s >= SLIP}
    if overdue:
        yield _tell_overdue(old, new, overdue, zone=after.zone)
    later = {a: s for a, s in shift.items() if a not in overdue and s >= SLIP}
    sooner = {a: -s for a, s in shift.items() if -s >= SLIP}
    for word, moved in (("later", later), ("sooner", sooner)):
        if moved:
            words = f"{_count(moved)} planned for {word}: {_worst(moved)}"
            yield Change(topic="repairs", words=words)
    if old and new and abs(max(new.values()) - max(old.values())) >= SLIP:
        ends = [when(max(found.values()), zone=after.zone) for found in (new, old)]
        words = f"the last repair ends on {ends[0]} instead of {ends[1]}"
        yield Change(topic="repairs", words=words)


def _tell_overdue(
    old: Mapping[str, datetime],
    new: Mapping[str, datetime],
    overdue: Mapping[str, timedelta],
    *,
    zone: tzinfo,
) -> Change:
    """Repairs that were to have ended by now and have not."""
    first = max(overdue, key=lambda asset: overdue[asset])
    were = "was" if len(overdue) == 1 else "were"
    words = (
        f"{_count(overdue)} slipped that {were} to be done by now: {_worst(overdue)}; {first} was "
        f"planned for {when(old[first], zone=zone)}, now {when(new[first], zone=zone)}"
    )
    return Change(topic="repairs", words=words)


def _ends(past: PastRun) -> dict[str, datetime] | None:
    """When each asset is wholly repaired as planned; None without a plan."""
    plan = past.table("restoration_plan")
    if plan is None:
        return None
    found: dict[str, datetime] = {}
    for asset, finish in zip(plan["asset"], plan["finish"], strict=True):
        end = finish.to_pydatetime()
        found[str(asset)] = max(end, found.get(str(asset), end))
    return found


def _count(shift: Mapping[str, timedelta]) -> str:
    return f"{len(shift)} repair{'' if len(shift) == 1 else 's'}"


def _worst(shift: Mapping[str, timedelta]) -> str:
    """Assets with their hours, the longest first."""
    order = sorted(shift, key=lambda asset: (-shift[asset], asset))
    return join_names([f"{asset} by {_span(shift[asset])}" for asset in order])


def _span(length: timedelta) -> str:
    hours = length / timedelta(hours=1)
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.1f} days"
