"""Which report counts for an asset when several speak of it. Order of arrival never matters.

1. The same report twice, same content: counted once ("duplicate").
2. The same source and report id with other content: the latest ``reported_at``, then the latest
   ``recorded_at``, counts ("revised"); at the same times, the worst case ("contradiction").
3. Of the reports on an asset the newest event (``occurred_at``) gives its state. Older events
   are passed over: "superseded", or "late" where they arrived after the newer event's report.
4. Reports of the same event with different states: the worst case counts ("contradiction").
5. Reports that agree with the one that counts and belong to the same damage (no "none" between
   them) support it: estimate, skills and spares that it leaves empty are taken from the newest
   of them that has some.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gridtool.damage.capacity import capacity_share
from gridtool.damage.model import AssetDamage, Conflict, DamageReport, DamageState

__all__ = ["Resolution", "resolve_reports", "sort_key"]


@dataclass(slots=True)
class Resolution:
    """What the rules decided: ``status`` is a word by position of the report."""

    damage: list[AssetDamage] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    status: dict[int, str] = field(default_factory=dict)


Entry = tuple[int, DamageReport]


def resolve_reports(known: Iterable[Entry], kinds: Mapping[str, str]) -> Resolution:
    """Apply the rules to reports with their positions; ``kinds`` gives asset kinds by id.

    Positions are those in the order of :func:`sort_key`, and ``known`` is in that order: they
    settle what the rules leave open.
    """
    found = Resolution()
    judge = _Judge(found, kinds)
    single = judge.drop_duplicates(known)
    latest = judge.keep_latest_versions(single)
    for asset, entries in _group(latest, lambda report: (report.asset,)).items():
        judge.decide_asset(asset[0], entries)
    found.conflicts.sort(key=lambda c: (c.asset, c.rule, c.kept, c.dropped))
    return found


def sort_key(report: DamageReport) -> tuple[str, ...]:
    """A total order that depends on what is in a report only; its place comes last."""
    return (*_content(report), _stamp(report.recorded_at), report.file, f"{report.row:09d}")


def _content(report: DamageReport) -> tuple[str, ...]:
    """All a report says; when it was recorded and where it was read do not belong to it."""
    estimate = report.estimate
    hours = (estimate.low_h, estimate.likely_h, estimate.high_h) if estimate else ()
    return (
        report.source,
        report.report_id,
        report.asset,
        _stamp(report.occurred_at),
        _stamp(report.reported_at),
        report.state.value,
        repr(report.remaining_capacity),
        repr(report.confidence),
        repr(hours),
        "|".join(report.skills),
        "|".join(report.spares),
        report.note,
    )


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _group(
    entries: Iterable[Entry], key: Callable[[DamageReport], tuple[str, ...]]
) -> dict[tuple[str, ...], list[Entry]]:
    groups: defaultdict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[key(entry[1])].append(entry)
    return dict(groups)


def _version(report: DamageReport) -> str:
    return f"{report.source}/{report.report_id} of {report.reported_at:%Y-%m-%dT%H:%MZ}"


class _Judge:
    def __init__(self, found: Resolution, kinds: Mapping[str, str]) -> None:
        self._found = found
        self._kinds = kinds

    def _badness(self, report: DamageReport) -> tuple[float, int]:
        return -capacity_share(report, self._kinds[report.asset]), report.state.rank

    def _drop(self, rule: str, kept: DamageReport, dropped: Sequence[Entry], message: str) -> None:
        """Note ``dropped`` reports, in words of ``message``, and their status."""
        for position, _ in dropped:
            self._found.status[position] = rule
        self._found.conflicts.append(
            Conflict(
                asset=kept.asset,
                rule=rule,  # type: ignore[arg-type]
                kept=_version(kept),
                dropped=tuple(sorted(_version(report) for _, report in dropped)),
                message=message,
            )
        )

    def drop_duplicates(self, entries: Iterable[Entry]) -> list[Entry]:
        """Rule 1; the copy recorded first is kept, as that is since when it was known."""
        single = []
        for copies in _group(entries, _content).values():
            first, *rest = copies
            single.append(first)
            if rest:
                times = f"{len(copies)} times"
                self._drop("duplicate", first[1], rest, f"the same report came {times}")
        return single

    def keep_latest_versions(self, entries: Iterable[Entry]) -> list[Entry]:
        """Rule 2."""
        latest = []
        for versions in _group(entries, lambda r: (r.source, r.report_id)).values():
            *older, winner = sorted(versions, key=self._version_key)
            latest.append(winner)
            moment = (winner[1].reported_at, winner[1].recorded_at)
            rivals = [e for e in older if (e[1].reported_at, e[1].recorded_at) == moment]
            revised = [e for e in older if e not in rivals]
            if rivals:
                text = "one report with two contents at the same time: the worst case counts"
                self._drop("contradiction", winner[1], rivals, text)
            if revised:
                text = f"revised by its source: {_state_words(winner[1])} counts now"
                assets = {e[1].asset for e in revised} - {winner[1].asset}
                text += f", no longer about {', '.join(sorted(assets))}" if assets else ""
                self._drop("revised", winner[1], revised, text)
        return latest

    def _version_key(self, entry: Entry) -> tuple[datetime, datetime, tuple[float, int], int]:
        position, report = entry
        return report.reported_at, report.recorded_at, self._badness(report), position

    def decide_asset(self, asset: str, entries: Sequence[Entry]) -> None:
        """Rules 3 to 5."""
        newest = max(report.occurred_at for _, report in entries)
        event = [entry for entry in entries if entry[1].occurred_at == newest]
        position, winner = max(event, key=lambda e: (self._badness(e[1]), _recency(e)))
        said = self._badness(winner)
        rivals = [e for e in event if self._badness(e[1]) != said]
        if rivals:
            others = " or ".join(sorted({_state_words(report) for _, report in rivals}))
            text = f"the same event is {_state_words(winner)} or {others}: the worst case counts"
            self._drop("contradiction", winner, rivals, text)
        since = _last_none(entries, newest)
        older = [entry for entry in entries if entry[1].occurred_at < newest]
        agreeing = [e for e in older if self._badness(e[1]) == said and e[1].occurred_at > since]
        self._pass_over(winner, event, [e for e in older if e not in agreeing])
        support = [e for e in event if e not in rivals and e[0] != position] + agreeing
        for index, _ in support:
            self._found.status[index] = "agrees"
        self._found.status[position] = "counts"
        if winner.state is not DamageState.NONE:
            newest_first = sorted(support, key=_recency, reverse=True)
            supporters = [report for _, report in newest_first]
            self._found.damage.append(self._make_damage(asset, [winner, *supporters]))

    def _pass_over(
        self, winner: DamageReport, event: Sequence[Entry], older: Sequence[Entry]
    ) -> None:
        arrived = min(report.recorded_at for _, report in event)
        late = [entry for entry in older if entry[1].recorded_at > arrived]
        superseded = [entry for entry in older if entry[1].recorded_at <= arrived]
        news = f"{_state_words(winner)} since {winner.occurred_at:%Y-%m-%dT%H:%MZ}"
        if late:
            text = f"arrived after the report of a newer event and changes nothing: {news}"
            self._drop("late", winner, late, text)
        if superseded:
            self._drop("superseded", winner, superseded, f"a newer event counts: {news}")

    def _make_damage(self, asset: str, reports: Sequence[DamageReport]) -> AssetDamage:
        winner = reports[0]
        kind = self._kinds[asset]
        return AssetDamage(
            asset=asset,
            kind=kind,
            state=winner.state,
            capacity_share=capacity_share(winner, kind),
            occurred_at=winner.occurred_at,
            reported_at=winner.reported_at,
            confidence=winner.confidence,
            estimate=next((r.estimate for r in reports if r.estimate), None),
            skills=next((r.skills for r in reports if r.skills), ()),
            spares=next((r.spares for r in reports if r.spares), ()),
            reports=tuple(f"{r.source}/{r.report_id}" for r in reports),
        )


def _recency(entry: Entry) -> tuple[datetime, datetime, datetime, int]:
    position, report = entry
    return report.occurred_at, report.reported_at, report.recorded_at, position


def _last_none(entries: Iterable[Entry], before: datetime) -> datetime:
    """When the asset was last reported to work before ``before``."""
    times = [
        report.occurred_at
        for _, report in entries
        if report.state is DamageState.NONE and report.occurred_at < before
    ]
    return max(times, default=datetime.min.replace(tzinfo=UTC))


def _state_words(report: DamageReport) -> str:
    if report.remaining_capacity is None:
        return report.state.value
    return f"{report.state.value} ({report.remaining_capacity:.0%} left)"
