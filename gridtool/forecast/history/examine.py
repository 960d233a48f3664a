"""From the numbers of a file to a history: laid out, checked, with all that was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue
from gridtool.forecast.history.check import check_load
from gridtool.forecast.history.check_shed import join_shed
from gridtool.forecast.history.check_weather import check_temperature
from gridtool.forecast.history.hours import average_hours
from gridtool.forecast.history.model import History
from gridtool.forecast.history.quality import QualityFinding
from gridtool.forecast.history.read_outages import Outage
from gridtool.forecast.history.readings import Readings

__all__ = ["Examined", "Setting", "check_future", "check_scale", "examine_hours"]

FloatArray = npt.NDArray[np.float64]
IMPLAUSIBLE_RATIO = 100.0
"""Mean demand this many times the network's peak, or its peak this many times the demand, is
taken for another unit."""
FAR_FUTURE = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is known of a history besides its file; ``now`` is the caller's clock, if any."""

    zone: ZoneInfo
    file: str
    peak_mw: float | None = None
    outages: tuple[Outage, ...] = ()
    now: datetime | None = None


@dataclass(kw_only=True)
class Examined:
    """What came of a file: a history if it can be used, and everything found on the way."""

    findings: list[QualityFinding] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    understood: list[tuple[str, str]] = field(default_factory=list)


def examine_hours(readings: Readings, setting: Setting, found: Examined) -> History:
    """The hours of readings at most an hour apart; errors are among the issues of ``found``."""
    hourly, issues = average_hours(readings, file=setting.file)
    found.issues += issues
    start, file = hourly.start, setting.file
    shed = join_shed(
        hourly.shed_mw, setting.outages, load_mw=hourly.load_mw, start=start, file=file
    )
    measured = np.zeros(len(hourly.load_mw), dtype=np.bool_)
    if shed.shed_mw is not None:
        measured = np.isfinite(shed.shed_mw) & (shed.shed_mw > 0)
    checked = check_load(hourly.load_mw, start=start, file=file, short=shed.short, shed=measured)
    found.findings += [*checked.findings, *shed.findings]
    found.issues += [*checked.issues, *shed.issues]
    found.issues += check_scale(checked.load_mw, setting)
    temp, aside = hourly.temp_c, checked.set_aside
    if temp is not None:
        weather = check_temperature(temp, checked.load_mw, start=start, file=file)
        found.findings += weather.findings
        found.issues += weather.issues
        temp = weather.temp_c
        aside = "; ".join(filter(None, (aside, weather.set_aside))) or None
    history = History(
        start=start,
        load_mw=checked.load_mw,
        temp_c=temp,
        shed_mw=shed.shed_mw,
        short=checked.short if checked.short.any() or shed.shed_mw is not None else None,
        zone=setting.zone,
        clock=readings.clock,
        set_aside=aside,
    )
    check_future(history.end, setting, found)
    return history


def check_scale(mean_mw: FloatArray, setting: Setting) -> list[Issue]:
    """Demand far from the network's size: another unit than its name says."""
    known = mean_mw[np.isfinite(mean_mw)]
    peak = setting.peak_mw
    if peak is None or not len(known) or peak <= 0:
        return []
    median = float(np.median(known))
    if median > IMPLAUSIBLE_RATIO * peak:
        unit, column = "kW", "load_kw"
    elif median * IMPLAUSIBLE_RATIO < peak:
        unit, column = "GW", "load_gw"
    else:
        return []
    return [
        Issue(
            message=f"median demand {median:,.4g} MW, the network's peak is {peak:,.0f} MW: these "
            f"look like {unit}",
            file=setting.file,
            hint=f"name the column {column}, or point to it with --column {column}=NAME",
        )
    ]


def check_future(end: datetime, setting: Setting, found: Examined) -> None:
    """Demand after the caller's clock: a warning, an error where it is more than a year."""
    now = setting.now
    if now is None or end <= now + timedelta(days=1):
        return
    now = now.astimezone(UTC)
    far = end > now + FAR_FUTURE
    found.issues.append(
        Issue(
            message=f"demand until {end:%Y-%m-%d %H:%M} UTC lies in the future, now is "
            f"{now:%Y-%m-%d %H:%M} UTC",
            file=setting.file,
            hint="check the years of the times" if far else "it is used as it stands",
            severity="error" if far else "warning",
        )
    )
    found.findings.append(
        QualityFinding(
            kind="future",
            first=now.replace(minute=0, second=0, microsecond=0),
            hours=int((end - now) / timedelta(hours=1)) + 1,
            rule=f"demand after now; refused beyond {FAR_FUTURE.days} days",
            masked=False,
        )
    )
