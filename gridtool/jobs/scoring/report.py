"""What a scoring found, as tables and a verdict."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gridtool.jobs.scoring.compare import DEMAND, DISTRICTS_OFF, ENERGY, HOURS_OFF, INTERVALS, Score
from gridtool.jobs.scoring.drift import BLOCK_SUFFIX, FALSE_ALARM
from gridtool.jobs.scoring.score import ScoreOutcome
from gridtool.report.result import Result
from gridtool.report.tables import NamedTable

__all__ = ["report_scores"]

_TITLES = {
    DEMAND: "demand by hour (MW)",
    ENERGY: "demand of the month (MWh)",
    HOURS_OFF: "hours off a day, city",
    DISTRICTS_OFF: "hours off a day, districts",
}
_MEANS = ("truth", "crps", "bias", *(f"held_{percent}" for percent in INTERVALS))
_COLUMNS = [
    "quantity",
    "lead_month",
    "runs",
    "count",
    "truth",
    "crps",
    "crps_pct",
    "bias",
    "bias_pct",
    *(f"coverage_{percent}_pct" for percent in INTERVALS),
]


def report_scores(outcome: ScoreOutcome) -> Result:
    """The tables of a scoring: by month of the horizon over all runs, by run, and what drifts."""
    return Result(
        command="job score",
        tables=(
            _table_leads(outcome),
            _table_runs(outcome),
            _table_drifts(outcome),
            _table_skipped(outcome),
        ),
        verdict=_write_verdict(outcome),
        warnings=outcome.truth.warnings,
        facts={"truth": list(outcome.truth.origin), "truth_sha256": outcome.truth.sha256},
    )


def _table_leads(outcome: ScoreOutcome) -> NamedTable:
    grouped: dict[tuple[str, int], list[Score]] = {}
    for entry in outcome.scored:
        for score in entry.scores:
            grouped.setdefault((score.quantity, score.lead_month), []).append(score)
    order = list(_TITLES)
    keys = sorted(
        (key for key in grouped if key[0] in _TITLES), key=lambda key: (order.index(key[0]), key[1])
    )
    rows = [_join(grouped[key], quantity=_TITLES[key[0]], lead_month=key[1]) for key in keys]
    return NamedTable(
        name="scores_by_lead",
        title="Forecasts against what came, by month of the horizon, over all runs",
        frame=pd.DataFrame(rows, columns=_COLUMNS),
        decimals={"truth": 1, "crps": 2, "bias": 2}
        | {name: 1 for name in _COLUMNS if "pct" in name},
        headings={
            "lead_month": "month ahead",
            "crps": "CRPS",
            "crps_pct": "CRPS %",
            "bias_pct": "bias %",
            **{f"coverage_{p}_pct": f"in {p} %" for p in INTERVALS},
        },
        note="Bias is forecast less truth; coverage is how often the central interval held it.",
    )


def _join(scores: Iterable[Score], *, quantity: str, lead_month: int) -> dict[str, object]:
    """Means over scores, each weighted by how many truths it has."""
    found = pd.DataFrame([dict(score.figures) for score in scores])
    weight = found["count"].to_numpy()
    mean = {name: float(np.average(found[name], weights=weight)) for name in _MEANS}
    truth = mean["truth"]
    row: dict[str, object] = {
        "quantity": quantity,
        "lead_month": lead_month,
        "runs": len(found),
        "count": int(weight.sum()),
        "truth": truth,
        "crps": mean["crps"],
        "bias": mean["bias"],
        **{f"coverage_{p}_pct": 100 * mean[f"held_{p}"] for p in INTERVALS},
    }
    if truth > 0:
        row |= {f"{name}_pct": 100 * mean[name] / truth for name in ("crps", "bias")}
    return row


def _table_runs(outcome: ScoreOutcome) -> NamedTable:
    rows = []
    for entry in outcome.scored:
        for quantity, words in _TITLES.items():
            scores = [score for score in entry.scores if score.quantity == quantity]
            if scores:
                joined = _join(scores, quantity=words, lead_month=0)
                rows.append({"run": entry.run.id, "as_of": entry.run.as_of} | joined)
    columns = ["run", "as_of", *(name for name in _COLUMNS if name not in {"lead_month", "runs"})]
    return NamedTable(
        name="scores_by_run",
        title="Forecasts against what came, by run",
        frame=pd.DataFrame(rows, columns=columns),
        terminal_rows=0,
    )


def _table_drifts(outcome: ScoreOutcome) -> NamedTable:
    rows = [
        {
            "job": job,
            "quantity": drift.quantity,
            "kind": drift.kind,
            "blocks": drift.blocks,
            "p_value": drift.p_value,
            "error": drift.error,
            "words": drift.words,
        }
        for job, drifts in outcome.drifts.items()
        for drift in drifts
    ]
    return NamedTable(
        name="drift",
        title="Drift",
        frame=pd.DataFrame(
            rows, columns=["job", "quantity", "kind", "blocks", "p_value", "error", "words"]
        ),
        terminal_rows=0,
        note=f"Of reports on right forecasts at most 1 in {1 / FALSE_ALARM:.0f} names a drift.",
    )


def _table_skipped(outcome: ScoreOutcome) -> NamedTable:
    rows = [{"run": entry.run.id, "reason": entry.reason} for entry in outcome.skipped]
    return NamedTable(
        name="not_scored",
        title="Runs that were not scored",
        frame=pd.DataFrame(rows, columns=["run", "reason"]),
        terminal_rows=None if rows else 0,
    )


def _write_verdict(outcome: ScoreOutcome) -> str:
    count, left = len(outcome.scored), len(outcome.skipped)
    if not count:
        return (
            f"No run could be scored: {left} looked at." if left else "There are no runs to score."
        )
    words = [
        f"{count} run{'s' if count > 1 else ''} scored against {', '.join(outcome.truth.origin)}"
    ]
    if left:
        words.append(f"{left} not")
    blocks = sum(
        score.quantity == ENERGY + BLOCK_SUFFIX
        for entry in outcome.scored
        for score in entry.scores
    )
    found = [drift.words for drifts in outcome.drifts.values() for drift in drifts]
    said = (
        "; ".join(found)
        if found
        else f"no drift in {blocks} independent stretch{'es' if blocks != 1 else ''}"
    )
    return f"{', '.join(words)}: {said}."
