"""The best order proven: subsets layer by layer, those left out that cannot be on a better one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.restoration.unit_repairs.order import OrderCosts

__all__ = ["Chain", "LayerSearch", "best_chain", "best_of_window"]

FloatArray = npt.NDArray[np.float64]

TOLERANCE = 1e-7
"""Costs this close are equal, p.u.-periods."""


@dataclass(frozen=True, kw_only=True)
class LayerSearch:
    """What the search over subsets found: an order better than the limit, or none.

    ``complete`` is False if the search gave up because there were too many sets.
    """

    cost: float
    order: tuple[int, ...]
    complete: bool = True


def best_of_window(
    costs: OrderCosts,
    window: Sequence[int],
    *,
    base: int = 0,
    first: int = 0,
    limit: float = float("inf"),
    most_sets: int = 1_000_000,
) -> LayerSearch | None:
    """The order of ``window`` after the ``first`` repairs of ``base`` that costs least.

    Only the sets strictly between ``base`` and the whole window count. By dynamic programming
    over the subsets, one layer per number of repairs; a component waits for its buses.

    Parameters
    ----------
    limit
        Only orders that cost less are of interest; None is returned if there is none.
    most_sets
        Give up beyond so many sets.
    """
    window = sorted(window)
    size = len(window)
    left = max(costs.most - float(costs.bound.along(base, window)[-1]), 0.0)
    ahead = _sums_ahead([left * costs.hours[first + k] for k in range(size)])
    needs = _needs(costs, window)
    layers: list[dict[int, tuple[float, int]]] = [{0: (0.0, -1)}]
    seen = 0
    for k in range(1, size + 1):
        layer: dict[int, tuple[float, int]] = {}
        for done, (spent, bit) in _successors(layers[-1], window, needs).items():
            if k == size:
                layer[done] = (spent, bit)
                continue
            room = limit - TOLERANCE - spent - ahead[k + 1]
            mask = base | done & ~(1 << bit)
            found = costs.costs_along(mask, first + k - 1, [bit], limit=room)
            if found is not None:
                layer[done] = (spent + found[0], bit)
        seen += len(layer)
        if not layer:
            return None
        if seen > most_sets:
            return LayerSearch(cost=limit, order=(), complete=False)
        layers.append(layer)
    return _trace(layers)


def _sums_ahead(least: Sequence[float]) -> list[float]:
    """Sums of ``least`` from each place on."""
    ahead = [0.0] * (len(least) + 2)
    for k in range(len(least) - 1, -1, -1):
        ahead[k] = ahead[k + 1] + max(least[k], 0.0)
    return ahead


def _needs(costs: OrderCosts, window: Sequence[int]) -> list[int]:
    components, inside = costs.values.repair_case.components, set(window)
    return [sum(1 << bus for bus in components[bit].buses if bus in inside) for bit in window]


def _successors(
    layer: dict[int, tuple[float, int]], window: Sequence[int], needs: Sequence[int]
) -> dict[int, tuple[float, int]]:
    """Sets of one component more: the least spent before them and the component added."""
    found: dict[int, tuple[float, int]] = {}
    steps = list(zip(window, needs, strict=True))
    for done, (spent, _) in layer.items():
        for bit, needed in steps:
            if not done >> bit & 1 and done & needed == needed:
                after = done | 1 << bit
                known = found.get(after)
                if known is None or spent < known[0]:
                    found[after] = (spent, bit)
    return found


def _trace(layers: Sequence[dict[int, tuple[float, int]]]) -> LayerSearch:
    done, (cost, _) = next(iter(layers[-1].items()))
    order: list[int] = []
    for layer in reversed(layers[1:]):
        bit = layer[done][1]
        order.append(bit)
        done &= ~(1 << bit)
    return LayerSearch(cost=cost, order=tuple(reversed(order)))


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What is in service in each period, and what that costs; incomplete if given up."""

    cost: float
    masks: tuple[int, ...]
    complete: bool = True


def best_chain(
    costs: OrderCosts,
    *,
    limit: float,
    least: Sequence[float],
    most_states: int = 400_000,
    stop: Callable[[], bool] | None = None,
) -> Chain | None:
    """The best of all ways to bring the components into service, no more than k by period k.

    As the reference's program has it: what is repaired may be held back where it would take
    load away, and what is in service stays so; in the last period everything is. By dynamic
    programming over periods and sets, leaving out what cannot cost less than ``limit``.

    Parameters
    ----------
    least
        No set of at most k components costs less than ``least[k]`` in period k.
    most_states, stop
        Give up beyond so many states, or when ``stop`` says so.

    Returns
    -------
    Chain or None
        None if nothing costs less than ``limit``.
    """
    count = len(costs.values.repair_case.components)
    everything = range(count)
    needs = _needs(costs, everything)
    ahead = _sums_ahead(least)
    start = costs.cost_of(0, 0)
    layers: list[dict[int, tuple[float, int]]] = [{0: (start, 0)}]
    seen = 0
    for period in range(1, count):
        layer: dict[int, tuple[float, int]] = {}
        reached = _reached(layers[-1], everything, needs, period)
        seen += len(reached)
        if seen > most_states:
            return Chain(cost=limit, masks=(), complete=False)
        for mask, (spent, before) in reached.items():
            if stop is not None and stop():
                return Chain(cost=limit, masks=(), complete=False)
            room = limit - TOLERANCE - spent - ahead[period + 1]
            cost = _cost_within(costs, period, mask, room)
            if cost <= room:
                layer[mask] = (spent + cost, before)
        if not layer:
            return None
        layers.append(layer)
    full = costs.values.repair_case.all_done
    last = min(layers[-1], key=lambda mask: (layers[-1][mask][0], mask))
    cost = layers[-1][last][0] + costs.cost_of(count, full)
    if cost > limit - TOLERANCE:
        return None
    masks = [full, last]
    for layer in reversed(layers[1:]):
        masks.append(layer[masks[-1]][1])
    return Chain(cost=cost, masks=tuple(masks[::-1]))


def _reached(
    layer: dict[int, tuple[float, int]], window: Sequence[int], needs: Sequence[int], most: int
) -> dict[int, tuple[float, int]]:
    """Sets of at most ``most`` components from those of ``layer``, kept or grown."""
    found = {mask: (spent, mask) for mask, (spent, _) in layer.items()}
    by_size: list[list[int]] = [[] for _ in range(most + 1)]
    for mask in layer:
        by_size[mask.bit_count()].append(mask)
    steps = list(zip(window, needs, strict=True))
    for size in range(most):
        for mask in by_size[size]:
            spent, origin = found[mask]
            for bit, needed in steps:
                if mask >> bit & 1 or mask & needed != needed:
                    continue
                after = mask | 1 << bit
                known = found.get(after)
                if known is None:
                    by_size[size + 1].append(after)
                if known is None or spent < known[0]:
                    found[after] = (spent, origin)
    return found


def _cost_within(costs: OrderCosts, period: int, mask: int, room: float) -> float:
    """Cost of ``mask`` in ``period``; infinite where supply alone puts it above ``room``."""
    bit = mask.bit_length() - 1
    if bit < 0:
        return costs.cost_of(period, mask)
    found = costs.costs_along(mask & ~(1 << bit), period - 1, [bit], limit=room)
    return float("inf") if found is None else found[0]
