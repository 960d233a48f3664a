"""From the numbers of a file by day, week, month or year to a history of periods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue
from gridtool.forecast.history.check_weather import TEMPERATURE_C
from gridtool.forecast.history.examine import Examined, Setting, check_future, check_scale
from gridtool.forecast.history.model import PeriodHistory
from gridtool.forecast.history.periods import PeriodValues
from gridtool.forecast.history.quality import QualityFinding, count_hours, find_runs
from gridtool.forecast.history.read_outages import sum_outages

__all__ = ["examine_periods"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
SPIKE_RATIO = 3.0
"""A mean this many times above both neighbours and the median is a spike."""
UNIT_DECADES = (2.5, 3.5)
LEAST_VALID_SHARE = 0.5


def examine_periods(
    values: PeriodValues, setting: Setting, found: Examined, *, clock: str
) -> PeriodHistory:
    """The periods, checked; errors are among the issues of ``found``."""
    hours = np.diff(values.edges).astype("timedelta64[s]").astype(np.int64) / 3600
    mean_mw = values.energy_mwh / hours
    for mask, kind, what, masked in _judge(mean_mw):
        _note(mask, kind, what=what, masked=masked, values=values, setting=setting, found=found)
        if masked:
            mean_mw[mask] = np.nan
    demand = np.flatnonzero(np.isfinite(values.energy_mwh))
    valid = float(np.isfinite(mean_mw[demand[0] :]).mean()) if len(demand) else 0.0
    if valid < LEAST_VALID_SHARE:
        found.issues.append(
            Issue(
                message=f"only {100 * valid:.0f} % of the {values.step}s hold a usable demand",
                file=setting.file,
                accepted=f"at least {100 * LEAST_VALID_SHARE:.0f} %",
                hint="see the other findings",
            )
        )
    known = mean_mw[np.isfinite(mean_mw)]
    if len(known) > 3 and float(np.ptp(known)) == 0.0:
        found.issues.append(Issue(message="the demand never changes", file=setting.file))
    found.issues += check_scale(mean_mw, setting)
    temp, aside = _check_temperature(values.temp_c, setting=setting, found=found)
    history = PeriodHistory(
        step=values.step,
        edges=values.edges,
        energy_mwh=np.where(np.isfinite(mean_mw), values.energy_mwh, np.nan),
        temp_c=temp,
        shed_mwh=_check_shed(values, setting=setting, found=found),
        zone=setting.zone,
        clock=clock,
        set_aside=aside,
    )
    last = values.edges[-1].astype("datetime64[s]").astype(np.int64)
    check_future(datetime.fromtimestamp(int(last), tz=UTC), setting, found)
    return history


def _judge(mean_mw: FloatArray) -> list[tuple[BoolArray, str, str, bool]]:
    """Masks of the periods that a rule finds wrong: kind, rule, whether they are left out."""
    known = np.isfinite(mean_mw) & (mean_mw > 0)
    median = float(np.median(mean_mw[known])) if known.any() else np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        low = mean_mw <= 0
        decades = np.abs(np.log10(np.where(known, mean_mw, np.nan) / median))
        slipped = (decades > UNIT_DECADES[0]) & (decades < UNIT_DECADES[1])
        padded = np.concatenate(([np.nan], np.where(slipped, np.nan, mean_mw), [np.nan]))
        beside = np.fmax(padded[:-2], padded[2:])
        spikes = (mean_mw > SPIKE_RATIO * np.fmax(beside, median)) & ~slipped
    gap = np.isnan(mean_mw)
    gap[: int(np.argmin(gap))] = False  # before the first demand there is only weather
    return [
        (gap, "gap", "no demand", True),
        (low, "zero", "demand of zero or less", True),
        (slipped, "unit slip", "demand a factor of about 1000 away from the median", True),
        (spikes, "spike", f"more than {SPIKE_RATIO:g} times both neighbours and the median", True),
    ]


def _note(
    mask: BoolArray,
    kind: str,
    *,
    what: str,
    masked: bool,
    values: PeriodValues,
    setting: Setting,
    found: Examined,
) -> None:
    runs = find_runs(mask)
    if not runs:
        return
    edges = values.edges.astype("datetime64[s]").astype(np.int64)
    own = [
        QualityFinding(
            kind=kind,
            first=datetime.fromtimestamp(int(edges[first]), tz=UTC),
            hours=int(edges[end] - edges[first]) // 3600,
            rule=what,
            masked=masked,
        )
        for first, end in runs
    ]
    found.findings += own
    places = "; ".join(
        f"{(f.first + timedelta(hours=12)).astimezone(setting.zone):%Y-%m-%d} "
        f"({count_hours(f.hours)})"
        for f in own[:5]
    )
    more = f" and {len(own) - 5} more" if len(own) > 5 else ""
    left = ", left out" if kind != "gap" else ""
    message = f"{what}{left}: {int(mask.sum())} {values.step}s, from {places}{more}"
    found.issues.append(Issue(message=message, file=setting.file, severity="warning"))


def _check_temperature(
    temp_c: FloatArray | None, *, setting: Setting, found: Examined
) -> tuple[FloatArray | None, str | None]:
    if temp_c is None:
        return None, None
    known = temp_c[np.isfinite(temp_c)]
    if not len(known):
        message = "the temperature column is empty: there is no weather to learn from"
        found.issues.append(Issue(message=message, file=setting.file, severity="warning"))
        return None, "the temperature column is empty"
    low, high = TEMPERATURE_C
    if known.min() < low or known.max() > high:
        found.issues.append(
            Issue(
                message=f"temperatures from {known.min():.1f} to {known.max():.1f} degrees Celsius",
                file=setting.file,
                accepted=f"{low:.0f} to {high:.0f}",
                hint="degrees Fahrenheit are read from a column temp_f",
            )
        )
    return temp_c, None


def _check_shed(values: PeriodValues, *, setting: Setting, found: Examined) -> FloatArray | None:
    """Energy shed by the column, else by the log; none below zero or above the most served."""
    logged = sum_outages(setting.outages, values.edges) if setting.outages else None
    if values.shed_mwh is None:
        return logged
    most = np.nanmax(values.energy_mwh) if np.isfinite(values.energy_mwh).any() else np.inf
    with np.errstate(invalid="ignore"):
        wrong = (values.shed_mwh < 0) | (values.shed_mwh > most)
    _note(
        wrong,
        "shed above demand",
        what="energy shed below zero or above the most ever served",
        masked=True,
        values=values,
        setting=setting,
        found=found,
    )
    shed = np.where(wrong, np.nan, values.shed_mwh)
    return shed if logged is None else np.where(np.isnan(values.shed_mwh), logged, shed)
