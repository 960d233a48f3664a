"""A demand history with all that is said beside it, read together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gridtool.errors import HistoryError
from gridtool.forecast.demand.censored.read_events import read_events
from gridtool.forecast.demand.choose import fit_history
from gridtool.forecast.demand.days.holidays import holidays_of
from gridtool.forecast.demand.days.special_days import read_special_days
from gridtool.forecast.demand.fitted import FittedDemand
from gridtool.forecast.demand.model import Calibration, SpecialDays
from gridtool.forecast.demand.periods.shape_network import network_mix
from gridtool.forecast.demand.scoring.calibrate import calibrate
from gridtool.forecast.history.read import read_demand_history
from gridtool.forecast.model import FittedModel
from gridtool.jobs.clock import read_clock
from gridtool.jobs.history_options import GivenHistory, HistoryOptions
from gridtool.network.model import CityNetwork

__all__ = ["calibrate_given", "fit_given", "read_given_history"]

YEARS_AHEAD = 5
"""Years after the history's end, or the time that is forecast from, with holidays."""


def read_given_history(
    path: Path,
    options: HistoryOptions,
    *,
    zone: ZoneInfo,
    network: CityNetwork | None = None,
    as_of: datetime | None = None,
    now: datetime | None = None,
) -> GivenHistory:
    """The history at ``path`` and what is said beside it.

    Parameters
    ----------
    zone
        Time zone of the city; local times in the file are in it.
    network
        The network the history belongs to, to notice kW named as MW.
    as_of
        The time that is forecast from, if it is known already: holidays reach beyond it, and
        demand after it is no surprise before ``now``.
    now
        The present (aware); None: the clock's.

    Raises
    ------
    InputError
        With every finding.
    """
    own_days = read_special_days(options.special_days) if options.special_days else SpecialDays()
    events = read_events(options.events, zone=zone) if options.events else ()
    clock = now or read_clock()
    history = read_demand_history(
        path,
        zone=zone,
        columns=options.columns,
        clock=options.clock,
        network=network,
        outages=options.outages,
        sheet=options.sheet,
        hour_ending=options.hour_ending,
        now=clock if as_of is None else max(clock, as_of),
        known_at=as_of,
    )
    days = own_days
    if options.country is not None:
        last = history.end if as_of is None else max(history.end, as_of)
        years = range(history.start.year, last.year + YEARS_AHEAD + 1)
        country, region = _split_country(options.country)
        days = holidays_of(country, subdivision=region, years=years).overruled_by(own_days)
    return GivenHistory(
        history=history,
        special_days=days,
        events=events,
        model_kind=options.model_kind,
        warnings=(*history.warnings, *days.notes),
    )


def _split_country(text: str) -> tuple[str, str | None]:
    """``US-NY`` and ``US/NY`` as country and region."""
    country, separator, region = text.replace("/", "-").partition("-")
    return country.strip(), region.strip() if separator else None


def fit_given(
    given: GivenHistory, *, peak_mw: float | None = None, network: CityNetwork | None = None
) -> FittedModel:
    """The demand model of what is given.

    Parameters
    ----------
    peak_mw
        Size of the model: what the highest hour of the history's last year becomes; None: its own.
    network
        The network whose classes of customers shape a history without hours; None: a mean city.

    Raises
    ------
    HistoryError
        If the history carries no model, or not the one asked for.
    """
    return fit_history(
        given.history,
        peak_mw=peak_mw,
        special_days=given.special_days,
        events=given.events,
        model=given.model_kind,
        network_profile=None if network is None else network_mix(network),
    )


def calibrate_given(
    given: GivenHistory,
    model: FittedModel,
    *,
    months: int,
    progress: Callable[[int], None] | None = None,
) -> FittedModel:
    """``model`` with its spread scaled as its own past origins ask for; others as they are.

    Parameters
    ----------
    months
        How far ahead it is to be right.
    progress
        Called with 1 after each origin.
    """
    if not isinstance(model, FittedDemand):
        return model
    try:
        found = calibrate(
            given.history,
            months=months,
            special_days=given.special_days,
            events=given.events,
            model=given.model_kind,
            progress=progress,
        )
    except HistoryError as error:  # the whole carries a model, its first years do not
        found = Calibration(words=f"none, since at a past origin {error.issues[0].message}")
    return replace(model, calibration=found)
