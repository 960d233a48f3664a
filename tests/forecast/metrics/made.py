"""Layouts and hours made for tests, and the sums of them in plain NumPy."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from gridtool.flow.model import HourlyShortage
from gridtool.forecast.metrics.model import DEPTH_SHARES, DURATION_H, OVER_H, Layout, SampleSums
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2027, 1, 31, tzinfo=UTC)


def layout_of(peak, *, hours=48, start=START, zone=UTC, classes=2):
    """Districts A, B, ... with ``peak`` (D, 2); classes share the demand evenly."""
    peak = np.asarray(peak, dtype=float)
    names = "ABCDEFGHIJ"[: len(peak)]
    return Layout(
        grid=TimeGrid(start, hours, ZoneInfo("UTC") if zone is UTC else zone),
        district_ids=tuple(names),
        district_names=tuple(f"district {name}" for name in names),
        class_names=tuple(f"class {at}" for at in range(classes)),
        peak_mw=peak,
        class_peak_mw=np.full(classes, peak.sum() / classes),
    )


def hourly_of(district_mw, *, classes=2, supply=0.5, delivery=0.2):
    """Hours with ``district_mw`` (n, H, D, 2) unserved, shared evenly by class and cause."""
    total = district_mw.sum(axis=(2, 3))
    return HourlyShortage(
        district_mw=district_mw,
        class_mw=np.repeat(total[:, :, None] / classes, classes, axis=2),
        supply_mw=supply * total,
        delivery_mw=delivery * total,
    )


def random_hours(rng, *, n, layout, short=0.3):
    """Unserved in runs of hours (n, H, D, 2), never more than the demand, and its factor."""
    hours, districts = layout.grid.hours, len(layout.district_ids)
    factor = rng.uniform(0.5, 1.0, (n, hours))
    change = rng.random((n, hours, districts)) < 0.2
    state = rng.random((n, hours, districts)) < short
    held = np.maximum.accumulate(np.where(change, np.arange(hours)[None, :, None], 0), axis=1)
    on = np.take_along_axis(state, held, axis=1)
    share = rng.random((n, hours, districts, 2)) * on[..., None]
    return share * factor[:, :, None, None] * layout.peak_mw, factor


def plain_sums(hourly, factor, *, layout):
    """The same sums, hour by hour and day by day, without a kernel."""
    n, months, places = len(factor), len(layout.grid.months), len(layout.district_ids) + 1
    days = len(layout.grid.days)
    month_of, day_of = layout.grid.month_index, layout.grid.day_index
    city = hourly.district_mw.sum(axis=2, keepdims=True)
    unserved = np.concatenate([hourly.district_mw, city], axis=2)
    lacking = unserved.sum(axis=3)
    unserved = np.where((lacking[:, :, -1] > 1e-6)[..., None, None], unserved, 0.0)
    short = (lacking > 1e-6) & (lacking[:, :, -1:] > 1e-6)

    def by(values, index, count):
        found = np.zeros((n, count, *values.shape[2:]))
        for at in range(count):
            found[:, at] = values[:, index == at].sum(axis=1)
        return found

    day_factor = by(factor, day_of, days)
    off = (
        24
        * by(unserved[..., 0], day_of, days)
        / (day_factor[..., None] * np.append(layout.peak_mw[:, 0], layout.peak_mw[:, 0].sum()))
    )
    month_of_day = np.array([month_of[day_of == day][0] for day in range(days)])
    before = np.concatenate([np.zeros_like(short[:, :1]), short[:, :-1]], axis=1)
    peak = np.append(layout.peak_mw.sum(axis=1), layout.peak_mw.sum())
    durations, depths = np.zeros((n, places, 9)), np.zeros((n, places, 9))
    for s, place in np.ndindex(n, places):
        runs = "".join("x" if hour else " " for hour in short[s, :, place])
        at = 0
        for run in runs.split(" "):
            if run:
                depth = lacking[s, at : at + len(run), place].max() / peak[place]
                durations[s, place, np.searchsorted(DURATION_H, len(run))] += 1
                depths[s, place, np.searchsorted(DEPTH_SHARES, depth)] += 1
            at += len(run) + 1
    deepest = np.zeros((n, months, places))
    for month in range(months):
        deepest[:, month] = np.where(short, lacking, 0.0)[:, month_of == month].max(axis=1)
    counted = short[:, :, -1]
    clock = np.zeros((n, months, 24, 2))
    for hour in range(len(month_of)):
        at = (month_of[hour], layout.hour_of_day[hour])
        clock[:, *at, 0] += unserved[:, hour, -1].sum(axis=1)
        clock[:, *at, 1] += counted[:, hour]
    causes = np.stack([hourly.supply_mw, hourly.network_mw, hourly.delivery_mw], axis=-1)
    return SampleSums(
        unserved_mwh=by(unserved, month_of, months),
        short_h=by(short, month_of, months),
        short_d=by(by(short, day_of, days) > 0, month_of_day, months),
        events=by(short & ~before, month_of, months),
        deepest_mw=deepest,
        over_d=by(np.stack([off > limit for limit in OVER_H], axis=-1), month_of_day, months),
        class_mwh=by(np.where(counted[..., None], hourly.class_mw, 0), month_of, months),
        cause_mwh=by(np.where(counted[..., None], causes, 0), month_of, months),
        factor_h=by(factor, month_of, months),
        hour_mwh=clock[..., 0],
        hour_short_h=clock[..., 1],
        day_mwh=by(unserved[:, :, -1], day_of, days),
        day_short_h=by(counted, day_of, days),
        day_factor_h=day_factor,
        duration_events=durations,
        depth_events=depths,
    )
