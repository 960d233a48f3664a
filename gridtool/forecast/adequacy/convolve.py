"""Capacity tables: the exact distribution of the capacity that independent units have up.

Capacities and loads are not rounded. Where all capacities are multiples of a common step the
distribution is a grid of that step; else it is the list of the sums that can occur, merged only
where they differ by less than the tolerance of a tie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from gridtool.errors import AnalysisError

__all__ = [
    "MOST_STATES",
    "MOST_STEPS",
    "TIE_MW",
    "CapacityTable",
    "capacity_table",
    "common_step",
    "tabulate_states",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

TIE_MW = 1e-9
"""Load above capacity by no more than this is equal to it: no shortage."""
MOST_STATES = 4_000_000
"""Most distinct capacities of a table."""
MOST_STEPS = 4_000_000_000
"""Most units x capacities that a table is filled with: some ten seconds."""
_DECIMALS = 6
_BLOCK = 2_000_000
_FAR = 9.0
"""Standard deviations beyond which a normal distribution has nothing left in double precision."""


@dataclass(frozen=True, kw_only=True)
class CapacityTable:
    """Distribution of a capacity, for load losses without noise.

    Attributes
    ----------
    capacity_mw : (k,)
        Values that have a chance, rising.
    chance : (k,)
    at_most : (k,)
        Chance of each capacity or less.
    lacking_mw : (k,)
        Expected shortage of a load equal to each capacity.
    """

    capacity_mw: FloatArray
    chance: FloatArray
    at_most: FloatArray
    lacking_mw: FloatArray

    def lolp(self, load_mw: FloatArray, *, sd_mw: FloatArray | None = None) -> FloatArray:
        """Chance that the capacity is below each load; a tie is no shortage.

        Parameters
        ----------
        sd_mw
            Standard deviation of each load around it (normal), like ``load_mw`` in shape.
        """
        if sd_mw is not None:
            return self._integrate(load_mw, sd_mw, energy=False)
        at = np.searchsorted(self.capacity_mw, load_mw - TIE_MW, side="left")
        return np.asarray(np.concatenate(([0.0], self.at_most))[at])

    def eue(self, load_mw: FloatArray, *, sd_mw: FloatArray | None = None) -> FloatArray:
        """Expected shortage of each load, MW; see :meth:`lolp`.

        Between two capacities it is linear in the load, so that nothing cancels.
        """
        if sd_mw is not None:
            return self._integrate(load_mw, sd_mw, energy=True)
        at = np.searchsorted(self.capacity_mw, load_mw, side="right") - 1
        known = np.maximum(at, 0)
        above = self.at_most[known] * (load_mw - self.capacity_mw[known])
        return np.asarray(np.where(at >= 0, self.lacking_mw[known] + above, 0.0))

    def _integrate(self, load_mw: FloatArray, sd_mw: FloatArray, *, energy: bool) -> FloatArray:
        """Closed forms of the normal distribution, summed over the capacities within reach."""
        load, sd = np.broadcast_arrays(load_mw, sd_mw)
        found = np.zeros(load.size)
        sure = self.eue(load.ravel()) if energy else self.lolp(load.ravel())
        step = max(1, _BLOCK // len(self.capacity_mw))
        for first in range(0, load.size, step):
            part = slice(first, first + step)
            mean, spread = load.ravel()[part, None], sd.ravel()[part, None]
            least, most = float((mean - _FAR * spread).min()), float((mean + _FAR * spread).max())
            end = int(np.searchsorted(self.capacity_mw, most, side="right"))
            begin = int(np.searchsorted(self.capacity_mw, least, side="left"))
            distance = mean - self.capacity_mw[begin:end]
            with np.errstate(divide="ignore", invalid="ignore"):
                z = distance / spread
            below = ndtr(z)
            if energy:
                density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
                value = (distance * below + spread * density) @ self.chance[begin:end]
                if begin:  # capacities that every load exceeds: their shortage is linear
                    gap = mean[:, 0] - self.capacity_mw[begin - 1]
                    value += self.lacking_mw[begin - 1] + self.at_most[begin - 1] * gap
            else:
                value = below @ self.chance[begin:end] + (self.at_most[begin - 1] if begin else 0.0)
            found[part] = np.where(spread[:, 0] > 0, value, sure[part])
        return found.reshape(load.shape)


def capacity_table(
    capacity_mw: FloatArray, *, count: IntArray, outage_rate: FloatArray
) -> CapacityTable:
    """The distribution of the capacity up of groups of independent like units.

    Parameters
    ----------
    capacity_mw, count, outage_rate : (g,)
        Capacity of one unit, units, and chance that one is out, by group.

    Raises
    ------
    AnalysisError
        If the capacities have more distinct sums than ``MOST_STATES``.
    """
    kept = (capacity_mw > 0) & (count > 0)
    size, number, rate = capacity_mw[kept], count[kept], outage_rate[kept]
    step = common_step(size)
    total = float(size @ number)
    if step is not None and total / step < MOST_STATES:
        if float(number.sum()) * total / step > MOST_STEPS:
            raise AnalysisError(
                f"{number.sum():,} units with {total / step:,.0f} distinct capacities are too "
                "many for an exact table; join like units to larger ones"
            )
        chance = _fill_grid(np.rint(size / step).astype(np.int64), count=number, rate=rate)
        at = np.flatnonzero(chance)
        # Multiplied as whole numbers where they are: 0.1 x 3 is not 0.3.
        scale = round(1.0 / step) if step < 1 else 1
        whole = step < 1 and abs(scale * step - 1) < 1e-12
        value = np.asarray(at / scale if whole else at * step, dtype=np.float64)
        return tabulate_states(value, chance=chance[at])
    values, chances = _merge_sums(size, count=number, rate=rate)
    return tabulate_states(values, chance=chances)


def tabulate_states(capacity_mw: FloatArray, *, chance: FloatArray) -> CapacityTable:
    """The table of a distribution given by its values, rising, and their chances."""
    at_most = np.cumsum(chance)
    lacking = np.concatenate(([0.0], np.cumsum(at_most[:-1] * np.diff(capacity_mw))))
    return CapacityTable(
        capacity_mw=np.asarray(capacity_mw, dtype=np.float64),
        chance=chance,
        at_most=at_most,
        lacking_mw=lacking,
    )


def common_step(capacity_mw: FloatArray) -> float | None:
    """The largest step that all capacities are multiples of; None without a decimal one."""
    if not len(capacity_mw):
        return 1.0
    for decimals in range(_DECIMALS + 1):
        scaled = capacity_mw * 10.0**decimals
        whole = np.rint(scaled)
        if np.all(np.abs(scaled - whole) <= 1e-9 * np.maximum(1.0, scaled)):
            return float(np.gcd.reduce(whole.astype(np.int64))) / 10.0**decimals
    return None


def _fill_grid(steps: IntArray, *, count: IntArray, rate: FloatArray) -> FloatArray:
    """Chance of 0, 1, 2, ... steps up, unit by unit."""
    chance = np.zeros(int(steps @ count) + 1)
    chance[0] = 1.0
    reach = 1
    for size, number, out in zip(steps.tolist(), count.tolist(), rate.tolist(), strict=True):
        for _ in range(number):
            before = chance[:reach].copy()
            chance[:reach] *= out
            chance[size : size + reach] += (1.0 - out) * before
            reach += size
    return chance


def _merge_sums(
    capacity_mw: FloatArray, *, count: IntArray, rate: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Sums that can occur and their chances, for capacities without a common step."""
    value, chance = np.zeros(1), np.ones(1)
    for size, number, out in zip(capacity_mw.tolist(), count.tolist(), rate.tolist(), strict=True):
        for _ in range(number):
            joined = np.concatenate([value, value + size])
            weight = np.concatenate([out * chance, (1.0 - out) * chance])
            order = np.argsort(joined, kind="stable")
            joined, weight = joined[order], weight[order]
            starts = np.flatnonzero(np.diff(joined, prepend=-np.inf) > TIE_MW)
            value, chance = joined[starts], np.add.reduceat(weight, starts)
            if len(value) > MOST_STATES:
                raise AnalysisError(
                    f"the capacities have more than {MOST_STATES:,} distinct sums: no exact "
                    "table; give them with fewer decimals, or simulate with --samples"
                )
    return value, chance
