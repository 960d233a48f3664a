"""Compiled loops of the exact preview and of the control variate: units against what is left."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from gridtool.forecast.adequacy.convolve_kernel import (
    TIE_MW,
    SteadyUnits,
    fill_steady,
    is_unchanged,
    look_up,
    sum_up,
)

__all__ = ["Course", "Kinds", "WeakUnits", "expect_given_samples", "expect_over_futures"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class WeakUnits(NamedTuple):
    """Units that are damaged in some future, by stage (k, m).

    ``steps`` is what is left of each in a stage, ``back`` the hour from which it is up again,
    ``up`` (m,) the stationary chance to be up, ``fade`` (m, H) what is left of the start after
    0, 1, 2, ... hours, ``available`` (m, H) whether the month allows it.
    """

    steps: IntArray
    back: IntArray
    up: FloatArray
    fade: FloatArray
    available: npt.NDArray[np.bool_]


class Course(NamedTuple):
    """The stages of n futures, in order: the first of each future (n,), end and kind (k,)."""

    first_of_row: IntArray
    end: IntArray
    kind: IntArray


class Kinds(NamedTuple):
    """Kinds of stages (q,), MW.

    ``demand`` is the demand at factor 1 that most sources can reach, ``infeed`` what infeeds can
    give, ``sure`` what units give that never fail. Side islands ``side_first[q]`` to
    ``side_first[q + 1]`` live on units that never fail: ``side_demand`` and ``side_supply``.
    """

    demand: FloatArray
    infeed: FloatArray
    sure: FloatArray
    side_first: IntArray
    side_demand: FloatArray
    side_supply: FloatArray


@numba.njit(cache=True)
def _side_shortage(factor: float, kind: int, kinds: Kinds) -> float:
    """What the side islands of a kind lack together."""
    missing = 0.0
    for side in range(kinds.side_first[kind], kinds.side_first[kind + 1]):
        missing += max(0.0, factor * kinds.side_demand[side] - kinds.side_supply[side])
    return missing


@numba.njit(cache=True)
def _list_weak(stage: int, hour: int, weak: WeakUnits, steps: IntArray, chance: FloatArray) -> int:
    """Steps and chance of each combination of weak units up; how many there are."""
    steps[0], chance[0] = 0, 1.0
    count = 1
    for m in range(weak.up.shape[0]):
        size = weak.steps[stage, m]
        if size == 0 or not weak.available[m, hour]:
            continue
        stationary = weak.up[m]
        up = stationary + (1.0 - stationary) * weak.fade[m, hour - weak.back[stage, m]]
        if up >= 1.0:
            for k in range(count):
                steps[k] += size
            continue
        for k in range(count):
            steps[count + k] = steps[k] + size
            chance[count + k] = chance[k] * up
            chance[k] *= 1.0 - up
        count *= 2
    return count


@numba.njit(cache=True)
def expect_over_futures(
    course: Course,
    steady: SteadyUnits,
    weak: WeakUnits,
    kinds: Kinds,
    draws: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Chance of a supply shortage and expected shortage by batch and hour (B, 2, H).

    Batch b mixes the futures b, b + B, b + 2 B, ... (all of them where there are fewer than B)
    with its own demand; batches are alike and independent, which gives the error of their mean.

    Parameters
    ----------
    draws
        Demand factors (B, H, K) and import limits (B, H, J), equally likely.
    """
    factor, limit = draws
    batches, hours, _ = factor.shape
    found = np.zeros((batches, 2, hours))
    chance = np.zeros(steady.cells)
    weight = np.zeros((kinds.demand.shape[0], steady.cells))
    there = np.zeros(kinds.demand.shape[0], dtype=np.bool_)
    total, at_most, lacking = np.zeros(steady.cells), np.zeros(steady.cells), np.zeros(steady.cells)
    steps = np.zeros(1 << weak.up.shape[0], dtype=np.int64)
    share = np.zeros(1 << weak.up.shape[0])
    stage = course.first_of_row.copy()
    made, filled = -1, np.flatnonzero(chance)
    for hour in range(hours):
        if not is_unchanged(hour, made, steady):
            made = hour
            fill_steady(hour, steady, chance)
            filled = np.flatnonzero(chance)
        for batch in range(batches):
            _gather(hour, (batch, batches), course, weak, (stage, weight, there, steps, share))
            for kind in range(kinds.demand.shape[0]):
                if there[kind]:
                    there[kind] = False
                    mixed = _join(weight[kind], chance, filled, total)
                    sum_up(total, steady.step_mw, at_most, lacking)
                    found[batch, :, hour] += _look_up_all(
                        factor[batch, hour],
                        limit[batch, hour],
                        (kind, kinds, mixed),
                        (steady.step_mw, at_most, lacking),
                    )
    return found


@numba.njit(cache=True)
def _look_up_all(
    factors: FloatArray,
    limits: FloatArray,
    which: tuple[int, Kinds, float],
    table: tuple[float, FloatArray, FloatArray],
) -> FloatArray:
    """Chance and shortage of a kind of stage, mean over demand factors and import limits (2,).

    ``which`` has the kind, and its chance, which the table holds already.
    """
    kind, kinds, mixed = which
    found = np.zeros(2)
    for factor in factors:
        aside = _side_shortage(factor, kind, kinds) * mixed
        for limit in limits:
            supplied = min(limit, kinds.infeed[kind]) + kinds.sure[kind]
            need = factor * kinds.demand[kind] - supplied
            short, missing = look_up(need, table[0], table[1], table[2])
            found[0] += short if aside <= TIE_MW else mixed
            found[1] += missing + aside
    found /= factors.shape[0] * limits.shape[0]
    return found


@numba.njit(cache=True)
def _gather(
    hour: int,
    part: tuple[int, int],
    course: Course,
    weak: WeakUnits,
    sums: tuple[IntArray, FloatArray, npt.NDArray[np.bool_], IntArray, FloatArray],
) -> None:
    """Chance of each kind of stage with each number of steps of weak units up, over a batch."""
    stage, weight, there, steps, share = sums
    futures = stage.shape[0]
    first, apart = part if futures >= part[1] else (0, 1)
    count = (futures - first + apart - 1) // apart
    for row in range(first, futures, apart):
        while course.end[stage[row]] <= hour:
            stage[row] += 1
        kind = course.kind[stage[row]]
        there[kind] = True
        for k in range(_list_weak(stage[row], hour, weak, steps, share)):
            weight[kind, steps[k]] += share[k] / count


@numba.njit(cache=True)
def _join(weight: FloatArray, chance: FloatArray, filled: IntArray, total: FloatArray) -> float:
    """Distribution of the sum of weak and steady units, and its whole; ``weight`` is cleared.

    ``filled`` are the cells of ``chance`` above 0.
    """
    total[:] = 0.0
    whole = 0.0
    for cell in range(weight.shape[0]):
        if weight[cell] > 0.0:
            for more in filled:
                total[cell + more] += weight[cell] * chance[more]
            whole += weight[cell]
            weight[cell] = 0.0
    return whole


@numba.njit(cache=True)
def expect_given_samples(
    course: Course,
    steady: SteadyUnits,
    weak: WeakUnits,
    kinds: Kinds,
    draws: tuple[FloatArray, FloatArray, IntArray],
) -> FloatArray:
    """Expected supply shortage of each sample and month (n, M), given all but forced outages.

    Parameters
    ----------
    draws
        Demand factor (n, H) and import limit (n, M) of each sample, and the month of each hour.
    """
    factor, limit, month = draws
    n, hours = factor.shape
    found = np.zeros(limit.shape)
    chance, at_most = np.zeros(steady.cells), np.zeros(steady.cells)
    lacking = np.zeros(steady.cells)
    steps = np.zeros(1 << weak.up.shape[0], dtype=np.int64)
    share = np.zeros(1 << weak.up.shape[0])
    stage = course.first_of_row.copy()
    made = -1
    for hour in range(hours):
        if not is_unchanged(hour, made, steady):
            made = hour
            fill_steady(hour, steady, chance)
            sum_up(chance, steady.step_mw, at_most, lacking)
        for row in range(n):
            while course.end[stage[row]] <= hour:
                stage[row] += 1
            at = stage[row]
            kind = course.kind[at]
            now = month[hour]
            found[row, now] += _side_shortage(factor[row, hour], kind, kinds)
            supplied = min(limit[row, now], kinds.infeed[kind]) + kinds.sure[kind]
            need = factor[row, hour] * kinds.demand[kind] - supplied
            if need <= TIE_MW:
                continue
            for k in range(_list_weak(at, hour, weak, steps, share)):
                _, missing = look_up(
                    need - steps[k] * steady.step_mw, steady.step_mw, at_most, lacking
                )
                found[row, now] += share[k] * missing
    return found
