"""A composite system from a network package and a load series, with every finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import Issue, NetworkError
from gridtool.flow.basis import LARGEST_FACTOR
from gridtool.flow.case import CompiledCase
from gridtool.flow.compile import compile_case
from gridtool.flow.load_profile import sort_factors
from gridtool.flow.shedding import Shedding, merge_sources, tier_by_policy
from gridtool.flow.topology import apply_shares
from gridtool.forecast.adequacy.composite_model import CompositeSystem, Season
from gridtool.forecast.adequacy.model import LoadSeries
from gridtool.network.check import check_network
from gridtool.network.model import CityNetwork
from gridtool.network.structure import FIRST_ROW

__all__ = ["find_undeliverable", "prepare_composite", "restrict_hours"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_BRANCH_TABLES = ("lines", "transformers", "impedances")
_SAME_MW = 1e-9


def prepare_composite(
    network: CityNetwork, load: LoadSeries, *, shedding: Shedding = "proportional"
) -> CompositeSystem:
    """The composite system of ``network`` under the total load of each hour.

    Raises
    ------
    NetworkError
        With every finding: those of :func:`check_network` that are errors, units larger than
        their busbar can deliver, loads beyond ten times the reference peak.
    """
    case = compile_case(network)
    issues = [issue for issue in check_network(network) if issue.severity == "error"]
    peak = float(case.demand_mw.sum())
    total = load.total_mw
    factor = total / peak if peak > 0.0 else np.full(len(total), np.inf)
    issues += _check_load(factor, peak)
    issues += find_undeliverable(network, case, factor=float(factor.max(initial=0.0)))
    if issues:
        raise NetworkError(issues, subject=f"network {network.manifest.id}")
    merged, place = merge_sources(tier_by_policy(case, shedding))
    infeeds = len(network.infeeds)
    fails = _outage_rates(network)
    branch = np.flatnonzero((fails > 0.0) & case.branch_in_service)
    steady = np.bincount(
        place[:infeeds], weights=case.source_max_mw[:infeeds], minlength=len(merged.source_ids)
    )
    return CompositeSystem(
        case=merged,
        shedding=shedding,
        seasons=_part_seasons(network, load, factor),
        unit_ids=case.source_ids[infeeds:],
        unit_source=place[infeeds:],
        unit_mw=case.source_max_mw[infeeds:],
        unit_outage_rate=_unit_rates(network),
        steady_mw=steady.astype(np.float64),
        branch=branch,
        branch_outage_rate=fails[branch],
        like=_number_like(case, branch, fails[branch]),
        notes=tuple(_assumptions(network, load, fails)),
    )


def restrict_hours(
    system: CompositeSystem, network: CityNetwork, load: LoadSeries
) -> CompositeSystem:
    """The system of ``network`` over other hours, such as those of one month of its load."""
    return replace(system, seasons=_part_seasons(network, load, load.total_mw / system.peak_mw))


def _check_load(factor: FloatArray, peak: float) -> Iterator[Issue]:
    if peak <= 0.0:
        yield Issue(
            message="the network has no demand to scale to the load",
            file="feeders.csv",
            field="peak_mw",
            accepted="feeders in service with a peak above 0 MW",
        )
        return
    beyond = np.flatnonzero(factor > LARGEST_FACTOR)
    if len(beyond):
        yield Issue(
            message=f"{len(beyond)} hours have a load of more than {LARGEST_FACTOR:g} times the "
            f"network's peak of {peak:g} MW",
            field="load_mw",
            value=f"{factor[beyond[0]] * peak:g}",
            accepted=f"up to {LARGEST_FACTOR * peak:g} MW",
            hint="is the load in MW, and of this network?",
        )


def find_undeliverable(
    network: CityNetwork, case: CompiledCase, *, factor: float
) -> Iterator[Issue]:
    """Units larger than all branches at their busbar carry, and its own load takes, together.

    Busbar sections joined by closed couplers count as one. ``factor`` is the highest demand
    factor.
    """
    node = apply_shares(case, {}).node_of_busbar
    room = np.zeros(int(node.max(initial=-1)) + 2)  # the last one is for sections out of service
    np.add.at(room, node, factor * case.demand_mw.sum(axis=1))
    start, end = node[case.branch_from], node[case.branch_to]
    leaves = case.branch_in_service & (start != end)
    for side in (start, end):
        np.add.at(room, side[leaves], case.branch_limit_mw[leaves])
    infeeds = len(network.infeeds)
    at = node[case.source_busbar[infeeds:]]
    rating = case.source_max_mw[infeeds:]
    for unit in np.flatnonzero((at >= 0) & (rating > room[at] + 1e-6)).tolist():
        yield Issue(
            message="a unit larger than its busbar can deliver: the limits of all branches there "
            f"and the load beside them are {room[at[unit]]:.1f} MW together",
            file="units.csv",
            row=unit + FIRST_ROW,
            field="max_mw",
            value=f"{rating[unit]:g}",
            ids=(case.source_ids[infeeds + unit],),
            accepted=f"up to {room[at[unit]]:.1f} MW",
            hint="check the unit's rating and the ratings of the branches",
        )


def _outage_rates(network: CityNetwork) -> FloatArray:
    """Share of time out by branch of the case; 0 where a branch never fails."""
    rates = [_rate_from_times(network.tables[name]) for name in _BRANCH_TABLES]
    return np.concatenate(rates)


def _rate_from_times(frame: pd.DataFrame) -> FloatArray:
    failure, repair = (np.array(frame[name], dtype=np.float64) for name in ("mttf_h", "mttr_h"))
    rate = repair / (failure + repair)
    return np.where(np.isfinite(rate), rate, 0.0)


def _unit_rates(network: CityNetwork) -> FloatArray:
    """The stated forced outage rate; without one, what times to failure and repair give."""
    stated = np.array(network.units["for"], dtype=np.float64)
    return np.where(stated > 0.0, stated, _rate_from_times(network.units))


def _part_seasons(network: CityNetwork, load: LoadSeries, factor: FloatArray) -> tuple[Season, ...]:
    """The hours by the units that are available in their month, in order of the first hour."""
    calendar = load.calendar
    months = [name.rpartition("-")[2].lstrip("0") for name in calendar.months]
    known = [
        tuple(not listed or month in map(str, listed) for listed in network.units["months"])
        for month in months
    ]
    day_month = calendar.month[load.peak_hours]
    seasons = []
    for available in dict.fromkeys(known):
        members = np.array([found == available for found in known], dtype=np.bool_)
        if not members[calendar.month].any():
            continue
        series = sort_factors(
            factor[members[calendar.month]],
            daily_peak=factor[load.peak_hours[members[day_month]]],
        )
        seasons.append(Season(series=series, available=np.array(available, dtype=np.bool_)))
    return tuple(seasons)


def _number_like(case: CompiledCase, branch: IntArray, rate: FloatArray) -> IntArray:
    """Number of the kind of each branch: the same where nothing tells two of them apart."""
    kinds: dict[tuple[object, ...], int] = {}
    numbers = np.empty(len(branch), dtype=np.int64)
    for k, at in enumerate(branch.tolist()):
        ends = (int(case.branch_from[at]), int(case.branch_to[at]))
        shift = float(case.branch_shift_rad[at])
        values = (case.branch_susceptance_mw[at], case.branch_limit_mw[at], rate[k])
        key = (
            ends if shift else tuple(sorted(ends)),
            case.branch_kinds[at],
            shift,
            *(f"{float(value):.10g}" for value in values),
        )
        numbers[k] = kinds.setdefault(key, len(kinds))
    return numbers


def _assumptions(network: CityNetwork, load: LoadSeries, fails: FloatArray) -> Iterator[str]:
    if len(load.areas) > 1:
        yield "the areas of the load are one: every feeder takes its share of their sum"
    steady = int((fails == 0.0).sum())
    if steady:
        yield f"{steady} of {len(fails)} branches have no outage data and never fail"
    if len(network.import_allocation):
        yield "infeeds count with their ratings, without the import allocation"
    if len(network.storages):
        yield "storages do not count: they need hours that follow each other"
