"""Every past run of a store against what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import numpy as np

from gridtool.errors import StoreError
from gridtool.forecast.model import CITY
from gridtool.jobs.scoring.blocks import Block, Origin, Span, chain_blocks, place_truth
from gridtool.jobs.scoring.compare import (
    ENERGY,
    HOURS_OFF,
    DayTruth,
    Score,
    lay_days,
    score_run,
    weigh_off,
)
from gridtool.jobs.scoring.drift import BLOCK_SUFFIX, Drift, find_drift, read_blocks
from gridtool.jobs.scoring.files import KeptFacts, KeptRun, read_kept, read_kept_facts
from gridtool.jobs.scoring.truth import Truth
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.open import Store
from gridtool.jobs.store.scores import ScoreEntry, ScoreRows
from gridtool.timegrid import TimeGrid

__all__ = ["ScoreOutcome", "ScoredRun", "SkippedRun", "score_runs"]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRun:
    """A run and its scores."""

    run: RunRecord
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedRun:
    """A run that was not scored, and why."""

    run: RunRecord
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOutcome:
    """What a scoring found: runs in the order of their numbers, drifts by job."""

    truth: Truth
    scored: tuple[ScoredRun, ...]
    skipped: tuple[SkippedRun, ...]
    drifts: Mapping[str, tuple[Drift, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    run: RunRecord
    facts: KeptFacts


def score_runs(
    store: Store, *, truth: Truth, now: datetime, job: str | None = None
) -> ScoreOutcome:
    """Score every run that ``truth`` covers in part or whole, and keep the scores.

    Scores against the same truth are replaced, those against others kept.

    Parameters
    ----------
    store
        Open for writing.
    job
        Only the runs of this job.

    Raises
    ------
    StoreError
        If the scores cannot be kept.
    """
    rows = ScoreRows(store.rows.engine)
    candidates, skipped = _find_candidates(store, job=job)
    scored: list[ScoredRun] = []
    drifts: dict[str, tuple[Drift, ...]] = {}
    for name in dict.fromkeys(candidate.run.job for candidate in candidates):
        own = [candidate for candidate in candidates if candidate.run.job == name]
        entries: list[ScoreEntry] = []
        blocks = _chain(own, truth)
        for candidate in own:
            found, missing = _score(store, candidate, truth, blocks=blocks)
            if missing:
                skipped.append(SkippedRun(run=candidate.run, reason=missing))
                continue
            scored.append(ScoredRun(run=candidate.run, scores=found))
            entries += _entries(candidate.run, found, truth=truth, now=now)
        rows.keep(entries, runs=[entry.run.number for entry in own], truth=truth.sha256)
        judged = (find_drift(key, read_blocks(entries, key)) for key in (ENERGY, HOURS_OFF))
        drifts[name] = tuple(drift for drift in judged if drift is not None)
    return ScoreOutcome(
        truth=truth,
        scored=tuple(sorted(scored, key=lambda entry: entry.run.number)),
        skipped=tuple(sorted(skipped, key=lambda entry: entry.run.number)),
        drifts=drifts,
    )


def _find_candidates(store: Store, *, job: str | None) -> tuple[list[_Candidate], list[SkippedRun]]:
    """Runs with samples, oldest first, and the others with the reason."""
    candidates: list[_Candidate] = []
    skipped: list[SkippedRun] = []
    for run in reversed(store.rows.list_runs(job=job, states=("done",))):
        if run.quality == "last_good_inputs":
            skipped.append(SkippedRun(run=run, reason="made of older inputs, as it says itself"))
            continue
        try:
            facts = read_kept_facts(store.folder / run.folder)
        except StoreError as problem:
            skipped.append(SkippedRun(run=run, reason=str(problem)))
            continue
        if facts is None:
            skipped.append(SkippedRun(run=run, reason="it has no samples of a forecast"))
        else:
            candidates.append(_Candidate(run=run, facts=facts))
    return candidates, skipped


def _score(
    store: Store,
    candidate: _Candidate,
    truth: Truth,
    *,
    blocks: Mapping[tuple[str, int], tuple[int, Block]],
) -> tuple[tuple[Score, ...], str]:
    """The scores of a run, or why there are none."""
    run = candidate.run
    try:
        kept = read_kept(store.folder / run.folder, candidate.facts)
    except StoreError as problem:
        return (), str(problem)
    scores = score_run(kept, truth)
    if not scores:
        return (), f"{', '.join(truth.origin)} does not cover its months"
    found = []
    for quantity in (ENERGY, HOURS_OFF):
        order, block = blocks.get((quantity, run.number), (0, None))
        if block is not None:
            score = _score_block(kept, truth, block=block, quantity=quantity, run=run, order=order)
            found += [score] if score is not None else []
    return (*scores, *found), ""


def _chain(
    candidates: Sequence[_Candidate], truth: Truth
) -> dict[tuple[str, int], tuple[int, Block]]:
    """The block of each run that stands for one, and its place in time, by quantity and run."""
    found: dict[tuple[str, int], tuple[int, Block]] = {}
    for quantity in (ENERGY, HOURS_OFF):
        origins = [_origin(candidate, quantity=quantity) for candidate in candidates]
        spans = _spans(candidates, truth, quantity=quantity)
        for order, block in enumerate(chain_blocks(origins, spans)):
            found[quantity, block.run] = order, block
    return found


def _origin(candidate: _Candidate, *, quantity: str) -> Origin:
    """Demand is learned from the history; what was shed is known at the run's own time."""
    grid, known = candidate.facts.grid, candidate.facts.known_until
    return Origin(
        run=candidate.run.number,
        start=grid.start,
        end=grid.end,
        known_until=known if quantity == ENERGY and known is not None else grid.start,
    )


def _spans(candidates: Sequence[_Candidate], truth: Truth, *, quantity: str) -> tuple[Span, ...]:
    """Local days whose truth is wholly known over all the runs' horizons; for hours off, months
    where they are stated so.
    """
    if not candidates:
        return ()
    first = min(candidate.facts.grid.start for candidate in candidates)
    last = max(candidate.facts.grid.end for candidate in candidates)
    grid = TimeGrid(first, (last - first) // HOUR, candidates[0].facts.grid.zone)
    if quantity == HOURS_OFF and _is_stated(truth):
        stated = [name for name in grid.months if (name, CITY) in truth.stated]
        return tuple(_month_span(name, grid) for name in stated)
    days = lay_days(truth, grid, scale=1.0, ordinary_share=1.0)
    values = days.demand_mwh if quantity == ENERGY else days.hours_off
    bounds = [_midnight(grid, day) for day in range(len(grid.days))]
    return tuple(
        Span(start=bounds[day], end=_midnight(grid, day, after=1))
        for day in map(int, np.flatnonzero(np.isfinite(values)))
    )


def _is_stated(truth: Truth) -> bool:
    return any(place == CITY for _, place in truth.stated)


def _midnight(grid: TimeGrid, day: int, *, after: int = 0) -> datetime:
    date = grid.days[day] + after * DAY
    return datetime.combine(date, time(), tzinfo=grid.zone).astimezone(UTC)


def _month_span(name: str, grid: TimeGrid) -> Span:
    year, month = int(name[:4]), int(name[5:])
    later = (year + month // 12, month % 12 + 1)
    start, end = (datetime(*at, 1, tzinfo=grid.zone) for at in ((year, month), later))
    return Span(start=start.astimezone(UTC), end=end.astimezone(UTC))


def _score_block(
    kept: KeptRun, truth: Truth, *, block: Block, quantity: str, run: RunRecord, order: int
) -> Score | None:
    """The place of the truth of a block in the run's samples, and the error."""
    grid, facts = kept.facts.grid, kept.facts
    if quantity == HOURS_OFF and _is_stated(truth):
        months = [f"{span.start.astimezone(grid.zone):%Y-%m}" for span in block.spans]
        at = [grid.months.index(name) for name in months]
        city = list(facts.ordinary_share).index(CITY)
        samples = kept.month_off[:, at, city].mean(axis=1)
        came = float(np.mean([truth.stated[name, CITY] for name in months]))
        count = 30.0 * len(months)
    else:
        days = lay_days(truth, grid, scale=facts.scale, ordinary_share=facts.ordinary_share[CITY])
        dates = {span.start.astimezone(grid.zone).date() for span in block.spans}
        within = np.array([day in dates for day in grid.days])
        came, samples = _sum_block(kept, days, within=within, quantity=quantity)
        count = float(within.sum())
    if not np.isfinite(came) or not np.isfinite(samples).all():
        return None
    figures = {
        "order": float(order),
        "count": count,
        "truth": came,
        "bias": float(np.median(samples)) - came,
        "place": place_truth(came, samples, name=f"{run.identity} {quantity}"),
    }
    return Score(quantity=quantity + BLOCK_SUFFIX, lead_month=0, figures=figures)


def _sum_block(
    kept: KeptRun, days: DayTruth, *, within: np.ndarray, quantity: str
) -> tuple[float, np.ndarray]:
    """Truth and samples (n,) of a block of days: mean demand of a day, or hours off a day."""
    if quantity == ENERGY:
        return float(days.demand_mwh[within].mean()), kept.day_mwh[:, within].mean(axis=1)
    came = np.average(days.hours_off[within], weights=days.demand_mwh[within])
    return float(came), weigh_off(kept, within)


def _entries(
    run: RunRecord, scores: Sequence[Score], *, truth: Truth, now: datetime
) -> list[ScoreEntry]:
    return [
        ScoreEntry(
            run=run.number,
            truth_sha256=truth.sha256,
            scored_at=now,
            quantity=score.quantity,
            lead_month=score.lead_month,
            metric=metric,
            value=value,
        )
        for score in scores
        for metric, value in score.figures.items()
    ]
