"""Exact adequacy of a generating system: LOLP and EUE of every hour by convolution.

Units whose capacity and availability are the same in all hours make one capacity table. The
others (damaged units on their way back, units with a capacity by hour) are enumerated hour by
hour around it: the load that is left for the table is the load less what they give.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.special import comb

from gridtool.errors import AnalysisError
from gridtool.forecast.adequacy.convolve import CapacityTable, capacity_table, common_step
from gridtool.forecast.adequacy.model import (
    AdequacyResult,
    CommonCause,
    GeneratingSystem,
    LoadSeries,
    UnitGroup,
)
from gridtool.forecast.adequacy.transient import availability_by_hour

__all__ = ["assess_pooled", "count_levels", "lose_units", "mix_common_causes"]

FloatArray = npt.NDArray[np.float64]
MOST_LEVELS = 100_000
"""Most combinations of the units that vary by hour."""
LEVELS_ENUMERATED = 1000
"""More combinations than this cost more than a table for every hour."""
MOST_STEPS = 30_000_000_000
"""Most units x capacities x hours of such tables: some half a minute."""
MOST_CAUSES = 12
_BLOCK = 4_000_000


def assess_pooled(
    system: GeneratingSystem, load: LoadSeries, *, load_sd: float = 0.0
) -> AdequacyResult:
    """Adequacy of all units against the load of all areas together, without interfaces.

    Parameters
    ----------
    load_sd
        Standard deviation of each hour's load (normal), as a share of it.

    Raises
    ------
    AnalysisError
        If the units that vary by hour have too many combinations for an exact answer.
    """
    total = load.total_mw
    lolp, eue = np.zeros(load.hours), np.zeros(load.hours)
    for chance, groups in mix_common_causes(system):
        short, lacking = _expect_shortage(
            groups, total, start_up=system.start == "up", load_sd=load_sd
        )
        lolp += chance * short
        eue += chance * lacking
    pooled = replace(load, load_mw=total[None, :], areas=("*",) if len(load.areas) > 1 else ("",))
    return AdequacyResult(
        load=pooled,
        lolp_h=lolp,
        eue_h_mwh=eue,
        area_lolp_h=lolp[None, :],
        area_eue_h_mwh=eue[None, :],
    )


def mix_common_causes(
    system: GeneratingSystem,
) -> Iterator[tuple[float, tuple[UnitGroup, ...]]]:
    """Every combination of common causes that has a chance, with the units it leaves.

    Raises
    ------
    AnalysisError
        If there are more than ``MOST_CAUSES``: their combinations double with each.
    """
    causes = system.common_causes
    if len(causes) > MOST_CAUSES:
        raise AnalysisError(
            f"{len(causes)} common causes are too many for an exact mixture; at most {MOST_CAUSES}"
        )
    for present in product((False, True), repeat=len(causes)):
        chance = 1.0
        for cause, there in zip(causes, present, strict=True):
            chance *= cause.probability if there else 1.0 - cause.probability
        if chance > 0:
            yield (
                chance,
                lose_units(
                    system.groups,
                    [cause for cause, there in zip(causes, present, strict=True) if there],
                ),
            )


def lose_units(groups: Sequence[UnitGroup], causes: Sequence[CommonCause]) -> tuple[UnitGroup, ...]:
    """The groups without the units that the causes take; two causes may take the same units."""
    lost: dict[str, int] = {}
    for cause in causes:
        for unit, count in cause.lost.items():
            lost[unit] = max(lost.get(unit, 0), count)
    return tuple(
        replace(group, count=max(0, group.count - lost.get(group.id, 0))) for group in groups
    )


def _expect_shortage(
    groups: Sequence[UnitGroup], load_mw: FloatArray, *, start_up: bool, load_sd: float
) -> tuple[FloatArray, FloatArray]:
    """Chance of a shortage and expected shortage by hour (H,)."""
    hours = len(load_mw)
    up = [
        availability_by_hour(group, hours=hours, start="up" if start_up else "stationary")
        for group in groups
    ]
    varying = [
        (group, share)
        for group, share in zip(groups, up, strict=True)
        if group.count and not (group.constant and len(share) == 1)
    ]
    timed = [(group, share) for group, share in varying if group.constant]
    if timed and _level_product([group for group, _ in varying]) > LEVELS_ENUMERATED:
        shaped = [(group, share) for group, share in varying if not group.constant]
        constant = [pair for pair in zip(groups, up, strict=True) if pair[0].constant]
        if load_sd > 0:
            raise AnalysisError(
                "a spread of the load is not convolved with many units whose chances change by "
                "hour; leave one of the two out"
            )
        return _expect_by_tables(constant, shaped, load_mw)
    steady = [
        (group, share)
        for group, share in zip(groups, up, strict=True)
        if group.constant and len(share) == 1
    ]
    table = capacity_table(
        np.array([group.capacity_mw[0] for group, _ in steady]),
        count=np.array([group.count for group, _ in steady], dtype=np.int64),
        outage_rate=np.array([1.0 - share[0] for _, share in steady]),
    )
    lolp, eue = np.zeros(hours), np.zeros(hours)
    step = max(1, _BLOCK // count_levels([group for group, _ in varying]))
    for first in range(0, hours, step):
        part = slice(first, min(first + step, hours))
        capacity, chance = _list_levels(varying, part, hours=hours)
        lolp[part], eue[part] = _look_up(table, load_mw[part], capacity, chance, load_sd=load_sd)
    return lolp, eue


def _expect_by_tables(
    constant: Sequence[tuple[UnitGroup, FloatArray]],
    shaped: Sequence[tuple[UnitGroup, FloatArray]],
    load_mw: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """A capacity table for every hour, compiled: where many chances change by hour.

    Raises
    ------
    AnalysisError
        If the capacities have no common step, or the tables are too large.
    """
    from gridtool.forecast.adequacy.convolve_kernel import SteadyUnits, expect_by_hour

    hours = len(load_mw)
    size = np.array([group.capacity_mw[0] for group, _ in constant])
    number = np.array([group.count for group, _ in constant], dtype=np.int64)
    step = common_step(size[size > 0])
    cells = np.inf if step is None else float(size @ number) / step + 1
    if step is None or cells * number.sum() * hours > MOST_STEPS:
        raise AnalysisError(
            f"{number.sum()} units whose chances to be up change by hour need tables of "
            f"{cells:.3g} capacities for each of {hours} hours: too many for an exact answer; "
            "give capacities with fewer decimals, or simulate with --samples"
        )
    count_levels([group for group, _ in shaped])
    capacity, chance = _list_levels(shaped, slice(0, hours), hours=hours)
    units = SteadyUnits(
        steps=np.repeat(np.rint(size / step).astype(np.int64), number),
        up=np.repeat(np.stack([np.broadcast_to(up, hours) for _, up in constant]), number, axis=0),
        step_mw=step,
        cells=round(cells),
    )
    lolp, eue = expect_by_hour(units, load_mw, capacity, chance)
    return lolp, eue


def count_levels(groups: Sequence[UnitGroup]) -> int:
    """Combinations of units up of the groups; refused where there are too many."""
    levels = _level_product(groups)
    if levels > MOST_LEVELS:
        raise AnalysisError(
            f"{len(groups)} groups of units vary by hour and have {levels:,} combinations, more "
            f"than the {MOST_LEVELS:,} that are enumerated; simulate with --samples"
        )
    return levels


def _level_product(groups: Sequence[UnitGroup]) -> int:
    levels = 1
    for group in groups:
        levels *= 1 if group.outage_rate == 0 and group.returns is None else group.count + 1
    return levels


def _list_levels(
    varying: Sequence[tuple[UnitGroup, FloatArray]], part: slice, *, hours: int
) -> tuple[FloatArray, FloatArray]:
    """Capacity and chance of each combination by hour (K, h)."""
    n = part.stop - part.start
    capacity, chance = np.zeros((1, n)), np.ones((1, n))
    for group, up in varying:
        size = np.broadcast_to(group.capacity_mw, hours)[part]
        share = np.broadcast_to(up, hours)[part]
        number = np.arange(group.count + 1)[:, None]
        weight = comb(group.count, number) * share**number * (1.0 - share) ** (group.count - number)
        there = weight.max(axis=1) > 0
        given, weight = (number * size)[there], weight[there]
        capacity = (capacity[:, None] + given[None]).reshape(-1, n)
        chance = (chance[:, None] * weight[None]).reshape(-1, n)
        capacity, chance = _join_equal(capacity, chance)
    return capacity, chance


def _join_equal(capacity: FloatArray, chance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Combinations that give the same in every hour joined."""
    distinct, at = np.unique(capacity, axis=0, return_inverse=True)
    if len(distinct) == len(capacity):
        return capacity, chance
    joined = np.zeros(distinct.shape)
    np.add.at(joined, at.ravel(), chance)
    return distinct, joined


def _look_up(
    table: CapacityTable,
    load_mw: FloatArray,
    capacity: FloatArray,
    chance: FloatArray,
    *,
    load_sd: float,
) -> tuple[FloatArray, FloatArray]:
    left = load_mw - capacity
    sd = np.broadcast_to(load_sd * load_mw, left.shape) if load_sd > 0 else None
    lolp = (chance * table.lolp(left, sd_mw=sd)).sum(axis=0)
    return lolp, (chance * table.eue(left, sd_mw=sd)).sum(axis=0)
