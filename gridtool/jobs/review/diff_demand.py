"""What changed of demand: the weather since, the model's history, the months ahead."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from gridtool.errors import InputError, StoreError
from gridtool.forecast.history.model import History
from gridtool.forecast.history.read import read_demand_history
from gridtool.jobs.model import DemandSource
from gridtool.jobs.read import resolve_settings
from gridtool.jobs.review.change import Change, signed
from gridtool.jobs.review.overlap import Overlap
from gridtool.jobs.review.past import PastRun
from gridtool.jobs.runs.inputs import fetch_inputs, lay_out
from gridtool.jobs.runs.manifest import read_run_inputs
from gridtool.jobs.runs.settings_dump import load_settings
from gridtool.jobs.scoring.files import read_kept_facts

__all__ = ["compare_demand", "compare_models", "compare_weather"]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEKS_52 = timedelta(days=364)
MOST_YEARS = 10
LEAST_CHANGE_PCT = 0.05
LEAST_APART_PCT = 0.5
"""A month is named whose demand moved by so much more than that of all."""
LEAST_DEGREES = 1.0
"""From here on days count as colder or warmer than others."""


def compare_demand(overlap: Overlap | None) -> Iterator[Change]:
    """By how much the demand of the days that both forecast has moved."""
    if overlap is None:
        return
    old, new = overlap.mean_demand()
    percent = 100 * (float(new.sum()) / float(old.sum()) - 1)
    if abs(percent) < LEAST_CHANGE_PCT:
        return
    words = f"demand {overlap.span} is expected {_higher(percent)}"
    by_month = 100 * (new / old - 1)
    most = int((by_month * np.sign(percent)).argmax())
    if abs(by_month[most] - percent) >= LEAST_APART_PCT:
        words += f" (most in {overlap.months[most]}: {signed(by_month[most], decimals=1)} %)"
    yield Change(topic="demand", words=words)


def _higher(percent: float) -> str:
    return f"{abs(percent):.1f} % {'higher' if percent > 0 else 'lower'}"


def compare_models(before: PastRun, after: PastRun) -> Iterator[Change]:
    """Whether the demand model was fitted anew."""
    old, new = before.contents, after.contents
    saved = [role for role in {*old, *new} if role.startswith("model/")]
    if any(old.get(role) != new.get(role) for role in saved):
        yield Change(
            topic="model", words="the demand model in the file is another: it was refitted"
        )
    elif not saved:
        facts = [read_kept_facts(past.folder) for past in (before, after)]
        ends = [None if found is None else found.known_until for found in facts]
        if ends[0] is not None and ends[1] is not None and ends[0] != ends[1]:
            days = (ends[1] - ends[0]) / DAY
            more = f"{abs(days):.0f} {'more' if days > 0 else 'fewer'} days of history"
            until = f"{ends[1].astimezone(after.zone):%Y-%m-%d}"
            words = f"the demand model was refitted, with {more}, to {until}"
            yield Change(topic="model", words=words)
        elif _history_of(old) != _history_of(new):
            words = "the demand model was refitted to another history"
            yield Change(topic="model", words=words)


def _history_of(contents: dict[str, str]) -> list[str]:
    return [sha for role, sha in sorted(contents.items()) if role.startswith("history/")]


def compare_weather(before: PastRun, after: PastRun, *, store: Path) -> Iterator[Change]:
    """How cold the days were that came in between, and how much was used in them.

    It needs the inputs that the store keeps; where they are gone, nothing is said.
    """
    try:
        old, new = (_read_known(past, store=store) for past in (before, after))
    except (StoreError, InputError):
        return
    if old is None or new is None or new.end - old.end < DAY:
        return
    first, last = old.end, new.end
    ends = (first.astimezone(after.zone), (last - HOUR).astimezone(after.zone))
    span = " to ".join(f"{moment:%Y-%m-%d}" for moment in ends)
    cold = _against_years(new, "temp_c", first, last)
    if cold is not None and abs(cold.difference) >= LEAST_DEGREES:
        colder = "colder" if cold.difference < 0 else "warmer"
        words = (
            f"{colder} weather: {span} had {cold.mean:.1f} °C, {abs(cold.difference):.1f} °C "
            f"{colder} than these days in the {cold.years} years before"
        )
        yield Change(topic="weather", words=words)
    used = _against_years(new, "load_mw", first, last)
    if used is not None:
        percent = 100 * used.difference / (used.mean - used.difference)
        words = (
            f"{span} used {signed(percent, decimals=1)} % against these weeks in the "
            f"{used.years} years before"
        )
        yield Change(topic="demand", words=words)


@dataclass(frozen=True, slots=True)
class _Against:
    """Mean of a stretch, and its difference to the mean of the same stretch in earlier years."""

    mean: float
    difference: float
    years: int


def _against_years(
    history: History, column: str, first: datetime, last: datetime
) -> _Against | None:
    """Earlier years are 52 weeks apart: the same weekdays of, within days, the same season."""
    values = history.temp_c if column == "temp_c" else history.load_mw
    if values is None:
        return None
    own = _mean(history, values, first, last)
    earlier = [
        _mean(history, values, first - k * WEEKS_52, last - k * WEEKS_52)
        for k in range(1, MOST_YEARS + 1)
    ]
    known = [mean for mean in earlier if mean is not None]
    if own is None or not known:
        return None
    return _Against(own, own - float(np.mean(known)), len(known))


def _mean(history: History, values: np.ndarray, first: datetime, last: datetime) -> float | None:
    start, stop = (int((moment - history.start) // HOUR) for moment in (first, last))
    part = values[max(start, 0) : max(stop, 0)]
    if start < 0 or np.isfinite(part).sum() < 0.5 * (stop - start):
        return None
    return float(np.nanmean(part))


def _read_known(past: PastRun, *, store: Path) -> History | None:
    """The history by hour as the run knew it."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        lay_out(fetch_inputs(store, read_run_inputs(past.manifest)), root)
        job = resolve_settings(load_settings(past.settings, file="job file"), root / "job file")
        source = job.demand
        if source is None or source.history is None:
            return None
        found = _read(source, source.history, past)
    return found.until(past.run.as_of) if isinstance(found, History) else None


def _read(source: DemandSource, path: Path, past: PastRun) -> object:
    return read_demand_history(
        path,
        zone=past.zone,
        columns=source.options.columns,
        clock=source.options.clock,
        outages=source.options.outages,
        sheet=source.options.sheet,
        hour_ending=source.options.hour_ending,
        now=past.run.started_at,
    )
