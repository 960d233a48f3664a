"""Mobile units in the futures: where a plan places them, and when they come and go.

A unit arrives on the plan's date, later ones of its tour as the repairs it waits for let it, and
leaves when the repair that it bridges is finished: the executions' own rules
(:mod:`gridtool.restoration.mobile.policy`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.damage.model import GridState
from gridtool.flow.case import CompiledCase
from gridtool.flow.compile import compile_case
from gridtool.network.model import CityNetwork
from gridtool.restoration.mobile.policy import PlannedStay, Tour, find_tours
from gridtool.restoration.mobile.view import view_placements
from gridtool.restoration.model import RestorationPlan

__all__ = ["MobileStays", "PlacedCase", "draw_stays", "place_units"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class MobileStays:
    """The tours of a plan's units.

    Attributes
    ----------
    tours
        Triggers are positions of the plan's jobs.
    part : (T,) int
        Part of each stay, tour by tour, a position in ``parts`` of :class:`PlacedCase`.
    """

    tours: tuple[Tour, ...]
    part: IntArray


@dataclass(frozen=True, kw_only=True)
class PlacedCase:
    """The network and the case with the parts that a plan's mobile units bring."""

    network: CityNetwork
    case: CompiledCase
    parts: tuple[str, ...]
    stays: MobileStays


def place_units(
    state: GridState,
    plan: RestorationPlan | None,
    case: CompiledCase,
    *,
    job_ids: Sequence[str] = (),
) -> PlacedCase:
    """``case`` with the parts of the plan's mobile units; itself if it has them, or none comes.

    Parameters
    ----------
    case
        Of the state's network. Storages are sources of the result if they are of ``case``.
    job_ids
        The plan's jobs, all of them.
    """
    placements = plan.placements if plan is not None else ()
    if plan is None or not placements:
        none = MobileStays(tours=(), part=np.empty(0, dtype=np.int64))
        return PlacedCase(network=state.network, case=case, parts=(), stays=none)
    units = plan.resources.mobile_units
    placed = view_placements(state, placements, units, jobs=len(job_ids))
    network = placed.state.network
    if not set(placed.parts) <= set(case.part_position):
        plain = len(state.network.infeeds) + len(state.network.units)
        case = compile_case(network, storages=len(case.source_ids) > plain)
    tours = find_tours(plan, job_ids=job_ids, parts=placed.parts)
    part = [stay.bit.bit_length() - 1 - len(job_ids) for tour in tours for stay in tour]
    stays = MobileStays(tours=tours, part=np.array(part, dtype=np.int64))
    return PlacedCase(network=network, case=case, parts=placed.parts, stays=stays)


def draw_stays(stays: MobileStays, finish_h: FloatArray) -> tuple[FloatArray, FloatArray]:
    """When each stay begins and ends (n, T) in executions that finish jobs at ``finish_h`` (n, J).

    Infinite: never. A stay that a unit would leave as it comes has no effect. These are the
    switchings of :func:`gridtool.restoration.mobile.policy.follow_tours`, of all samples at once.
    """
    n = len(finish_h)
    comes, goes = np.full((2, n, len(stays.part)), np.inf)
    column = 0
    for tour in stays.tours:
        shift, moves = np.zeros(n), np.ones(n, dtype=np.bool_)
        for stay in tour:
            online = stay.online_h + shift
            leaves = _leave(stay, online, finish_h)
            there = moves & (leaves > online)
            comes[there, column], goes[there, column] = online[there], leaves[there]
            moves &= np.isfinite(leaves)
            shift = np.where(moves, leaves, 0.0) - np.where(moves, stay.offline_h, 0.0)
            column += 1
    return comes, goes


def _leave(stay: PlannedStay, online: FloatArray, finish_h: FloatArray) -> FloatArray:
    """When the unit leaves (n,), infinite where it stays."""
    leaves = np.full(len(online), stay.offline_h)
    if stay.trigger >= 0:
        leaves = finish_h[:, stay.trigger] + stay.lag_h
    return np.asarray(np.maximum(online, np.minimum(leaves, stay.latest_h)))
