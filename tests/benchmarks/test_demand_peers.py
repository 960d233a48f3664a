"""The demand model beside other people's methods, on the same origins in the same run.

statsforecast and LightGBM (PyPI) are no dependencies: name a Python that has both by
GRIDTOOL_DEMAND_PEERS_PYTHON and run
``pytest -m benchmark -s tests/benchmarks/test_demand_peers.py``.

All see what was known at the origin; MSTL and LightGBM get the history as the model does, with
what was served short left out. LightGBM gets the model's features and a trend, the model's weather
years, and residuals out of sample in blocks of a week. MSTL and climatology name quantiles by
hour: the energy of MSTL is read as if all hours erred together, of climatology none is.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from conftest import skip_or_fail

from gridtool.forecast.demand.calendar import make_calendar
from gridtool.forecast.demand.model import SpecialDays
from gridtool.forecast.demand.scoring.backtest import list_baselines, tabulate_scores
from gridtool.forecast.demand.scoring.backtest_origins import fit_origins, place_origins
from gridtool.forecast.demand.scoring.backtest_truth import find_truth
from gridtool.forecast.demand.scoring.scores import naive_scale
from gridtool.forecast.demand.scoring.scores_paths import Candidate, score_paths
from gridtool.forecast.demand.weather import LOOKBACK_H, TemperatureRecord, make_weather_years
from gridtool.forecast.history.read import read_history

pytestmark = [pytest.mark.benchmark, pytest.mark.reference]

PATHS = 500
WEEK_H = 168
WINDOW_DAYS = 45
MEMORIES_H = (1, 24, 72)
CASES = {
    "New York": {
        "file": "nyc_city_hourly_2012_2017.csv.gz",
        "zone": "America/New_York",
        "origins": 5,
        "step_months": 6,
    },
    "Victoria": {
        "file": "vic_elec_halfhourly_2012_2014.csv.gz",
        "zone": "Australia/Melbourne",
        "origins": 4,
        "step_months": 3,
    },
}


@pytest.mark.parametrize("case", CASES)
def test_peers(case, reference, tmp_path):
    python = os.environ.get("GRIDTOOL_DEMAND_PEERS_PYTHON")
    if not python:
        skip_or_fail("no GRIDTOOL_DEMAND_PEERS_PYTHON, a Python with statsforecast and lightgbm")
    stated = CASES[case]
    history = read_history(reference / "load" / stated["file"], zone=ZoneInfo(stated["zone"]))
    days = SpecialDays()
    placed = place_origins(
        history.start,
        history.end,
        zone=history.zone,
        months=6,
        origins=stated["origins"],
        step_months=stated["step_months"],
    )
    scored, seconds = [], {}
    origins = list(time_origins(history, placed, days=days, seconds=seconds))
    for number, (at, _) in enumerate(origins):
        give_origin(tmp_path / f"in_{number}.npz", at, days=days)
    script = Path(__file__).with_name("peers_demand.py")
    subprocess.run([python, str(script), str(tmp_path)], check=True, env=single_thread())
    for number, (at, own) in enumerate(origins):
        answer = np.load(tmp_path / f"out_{number}.npz")
        for name, spent in zip(("MSTL", "LightGBM"), answer["seconds"], strict=True):
            seconds.setdefault(name, []).append(float(spent))
        for candidate in (own, *list_baselines(at, special_days=days), *take_answer(at, answer)):
            scores = score_paths(
                at.truth_mw, candidate, grid=at.grid, scale_mw=naive_scale(at.known.load_mw)
            )
            scored.append((str(at.origin), candidate.name, scores))
    found = tabulate_scores(scored).scores.set_index("method")
    print_scores(case, found, seconds=seconds)
    judge_scores(found)


def time_origins(history, placed, *, days, seconds):
    """Each origin with the model's own paths."""
    truth = find_truth(history, special_days=days)
    fits = fit_origins(history, truth, origins=placed, months=6, special_days=days)
    for _ in placed:
        begun = time.process_time()
        at = next(fits)
        paths = at.model.simulate(PATHS, grid=at.grid, seed=1)
        seconds.setdefault("model", []).append(time.process_time() - begun)
        yield at, Candidate(name="model", values=paths)


def give_origin(path, at, *, days):
    """What the peers may know at an origin, as arrays."""
    known = at.known
    load = find_truth(known, special_days=days).load_mw
    calendar = make_calendar(known.start, known.hours, zone=known.zone)
    ahead = make_calendar(at.grid.start, at.grid.hours, zone=at.grid.zone)
    temp = fill_gaps(known.temp_c)
    record = TemperatureRecord(start=known.start, temp_c=known.temp_c, zone=known.zone)
    scenarios = make_weather_years(record, grid=at.grid)
    means = [mean_of_last(scenarios, hours)[:, LOOKBACK_H:] for hours in MEMORIES_H]
    first = int(calendar.day[0])
    np.savez(
        path,
        load=load,
        filled=fill_by_week(load),
        features=np.column_stack(
            [
                day_features(calendar, days=days, first=first),
                *(mean_of_last(temp[None], hours)[0] for hours in MEMORIES_H),
            ]
        ),
        calendar=day_features(ahead, days=days, first=first),
        temps=np.stack(means, axis=1),
    )


def day_features(calendar, *, days, first):
    special = np.zeros(len(calendar.day))
    for number, kind in enumerate(days.kinds, start=1):
        special[np.isin(calendar.day, days.numbers(kind))] = number
    return np.column_stack(
        [calendar.hour, calendar.weekday, calendar.day_of_year, special, calendar.day - first]
    )


def mean_of_last(rows, hours):
    """Mean of the last ``hours`` hours, fewer at the beginning."""
    total = np.cumsum(np.pad(rows, ((0, 0), (1, 0))), axis=1)
    at = np.arange(1, rows.shape[1] + 1)
    before = np.maximum(at - hours, 0)
    return (total[:, at] - total[:, before]) / (at - before)


def fill_gaps(values):
    known = np.flatnonzero(np.isfinite(values))
    return np.interp(np.arange(len(values)), known, values[known])


def fill_by_week(load):
    """Unknown hours as a week before, or after at the beginning."""
    filled = load.copy()
    for lag in (WEEK_H, -WEEK_H):
        for hour in np.flatnonzero(np.isnan(filled))[:: 1 if lag > 0 else -1]:
            if 0 <= hour - lag < len(filled):
                filled[hour] = filled[hour - lag]
    return filled


def take_answer(at, answer):
    """MSTL's quantiles; LightGBM's paths: weather year plus residuals in blocks of a week."""
    generator = np.random.default_rng(1)
    known = at.known
    ahead = make_calendar(at.grid.start, at.grid.hours, zone=at.grid.zone)
    calendar = make_calendar(known.start, known.hours, zone=known.zone)
    residual = answer["residual"]
    order = generator.permutation(len(answer["expected"]))
    paths = answer["expected"][order[np.arange(PATHS) % len(order)]].copy()
    for first in range(0, at.grid.hours, WEEK_H):
        hours = min(WEEK_H, at.grid.hours - first)
        alike = (calendar.hour == ahead.hour[first]) & (calendar.weekday == ahead.weekday[first])
        starts = np.flatnonzero(alike[: known.hours - WEEK_H])
        apart = np.abs(calendar.day_of_year[starts] - ahead.day_of_year[first])
        near = starts[np.minimum(apart, 365 - apart) <= WINDOW_DAYS]
        whole = np.isfinite(residual[near[:, None] + np.arange(WEEK_H)]).all(axis=1)
        picks = generator.choice(near[whole], PATHS)
        paths[:, first : first + hours] += residual[picks[:, None] + np.arange(hours)]
    return (
        Candidate(name="MSTL", values=answer["mstl"]),
        Candidate(name="LightGBM", values=np.exp(paths)),
    )


def single_thread():
    return os.environ | {"OMP_NUM_THREADS": "1"}


def print_scores(case, found, *, seconds):
    print(f"\n{case}: means over origins, 6 months ahead")
    print("method          pinball  CRPS  MAPE  cover  energy cover  energy err  peak err  CPU s")
    for name, row in found.iterrows():
        spent = np.mean(seconds[name]) if name in seconds else np.nan
        print(
            f"{name:15} {row['pinball_pct']:7.3f} {row['crps_pct']:5.2f} {row['mape_pct']:5.2f} "
            f"{row['coverage_80']:6.2f} {row['energy_coverage_80']:13.2f} "
            f"{row['energy_error_pct']:11.2f} {row['peak_error_pct']:9.1f} {spent:6.2f}"
        )


def judge_scores(found):
    """The loss is lower than each peer's or within 3 %, the cover of energy nearer to 80 %."""
    own = found.loc["model"]
    off = abs(own["energy_coverage_80"] - 0.8)
    for name, row in found.drop(index="model").iterrows():
        assert own["pinball_pct"] <= 1.03 * row["pinball_pct"], name
        assert not off > abs(row["energy_coverage_80"] - 0.8), name
