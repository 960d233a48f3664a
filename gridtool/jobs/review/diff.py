"""Two runs compared: what came out otherwise, and what it can come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridtool.errors import StoreError
from gridtool.jobs.review.change import Change, signed
from gridtool.jobs.review.diff_demand import (
    compare_demand,
    compare_models,
    compare_weather,
)
from gridtool.jobs.review.diff_setup import compare_setup
from gridtool.jobs.review.diff_state import compare_damage, compare_repairs
from gridtool.jobs.review.overlap import Overlap, find_overlap
from gridtool.jobs.review.past import PastRun, find_run, load_run
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.open import Store
from gridtool.units import format_quantity

__all__ = ["RunDiff", "diff_runs"]

AGES = "input_age_s_"
"""Figures that change with the clock alone."""
CHANCE = 2.0
"""Standard errors within which two forecasts differ by no more than their samples' chance."""


@dataclass(frozen=True, kw_only=True)
class RunDiff:
    """Two runs, what changed, and the figures of both.

    ``figures`` has a row per figure: figure, before, after, change; ``months`` is
    :meth:`gridtool.jobs.review.overlap.Overlap.table`, empty where no day is forecast by both.
    """

    before: PastRun
    after: PastRun
    results: tuple[Change, ...]
    causes: tuple[Change, ...]
    figures: pd.DataFrame
    months: pd.DataFrame


def diff_runs(store: Store, first: str, second: str | None = None) -> RunDiff:
    """Compare two runs; of one, with the run of its job that was done before it.

    Parameters
    ----------
    first
        The run before; without ``second`` the one that is compared with its predecessor.

    Raises
    ------
    StoreError
        If there is no such run, none before it, or one published nothing.
    """
    if second is None:
        new = find_run(store, first)
        old = _find_before(store, new)
    else:
        old, new = find_run(store, first), find_run(store, second)
    before, after = load_run(store, old), load_run(store, new)
    overlap = find_overlap(before, after)
    causes = (
        *compare_setup(before, after),
        *compare_damage(before, after),
        *compare_repairs(before, after),
        *compare_weather(before, after, store=store.folder),
        *compare_models(before, after),
        *compare_demand(overlap),
    )
    return RunDiff(
        before=before,
        after=after,
        results=tuple(_compare_results(before, after, overlap)),
        causes=causes,
        figures=_tabulate_figures(old, new),
        months=pd.DataFrame() if overlap is None else overlap.table(),
    )


def _find_before(store: Store, run: RunRecord) -> RunRecord:
    for other in store.rows.list_runs(job=run.job, states=("done",)):
        if other.number < run.number and other.folder:
            return other
    raise StoreError(f"no run of {run.job} was done before {run.id}; name two runs")


def _tabulate_figures(old: RunRecord, new: RunRecord) -> pd.DataFrame:
    both = dict.fromkeys([*old.headline, *new.headline])
    names = [name for name in both if not name.startswith(AGES)]
    rows = [
        (name, old.headline.get(name, np.nan), new.headline.get(name, np.nan)) for name in names
    ]
    frame = pd.DataFrame(rows, columns=["figure", "before", "after"])
    return frame.assign(change=frame["after"] - frame["before"])


def _compare_results(before: PastRun, after: PastRun, overlap: Overlap | None) -> Iterator[Change]:
    now = [past.run.headline.get("unserved_mw") for past in (before, after)]
    if now[0] is not None and now[1] is not None and abs(now[1] - now[0]) >= 0.5:
        words = f"{_number(now[1])} MW cannot be served now, {_number(now[0])} MW before"
        yield Change(topic="result", words=words)
    if overlap is not None:
        yield _compare_energy(overlap)


def _compare_energy(overlap: Overlap) -> Change:
    """Unserved energy of the days that both have."""
    old, new = (part.sum(axis=1) for part in overlap.energy())
    pairs = new - old
    change, error = float(pairs.mean()), float(pairs.std(ddof=1) / np.sqrt(len(pairs)))
    words = (
        f"{_number(new.mean())} MWh are expected to be unserved {overlap.span}, "
        f"{_number(old.mean())} MWh before"
    )
    if abs(change) < 0.5:
        return Change(topic="result", words=f"{words}: no change")
    percent = f" ({signed(100 * change / old.mean())} %)" if old.mean() > 0 else ""
    words += f": {signed(change)} ± {_number(error)} MWh{percent}"
    if abs(change) <= CHANCE * error:
        return Change(topic="result", words=f"{words}, no more than the chance of the samples")
    if len(overlap.months) > 1:
        table = overlap.table()
        most = table.loc[(table["change_mwh"] * np.sign(change)).idxmax(), "month"]
        words += f", most of it in {most}"
    return Change(topic="result", words=words)


def _number(value: float) -> str:
    return format_quantity(value, decimals=0)
