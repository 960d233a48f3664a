"""What unit repairs work on and what they answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.mld_case import DcCase

__all__ = [
    "KINDS",
    "Component",
    "Periods",
    "RepairCase",
    "UnitRepairPlan",
    "bits_of",
    "flags_of",
    "gap_pct",
    "make_periods",
]

IntArray = npt.NDArray[np.int64]

KINDS = ("bus", "gen", "branch", "storage")
"""Kinds of repairable components, in the order of their bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A repairable component: damaged and in service.

    ``place`` is its position among the case's elements of that kind, -1 if it can give nothing
    (it stands at an isolated bus). ``buses`` are the bits of the damaged buses it needs.
    """

    kind: str
    id: str
    place: int
    buses: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RepairCase:
    """A case and its repairable components; bit i of a mask is component i, repaired."""

    case: DcCase
    components: tuple[Component, ...]

    @property
    def all_done(self) -> int:
        """The mask of everything repaired."""
        return (1 << len(self.components)) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """When how many repairs are finished.

    Attributes
    ----------
    repaired : (T,) int
        Repairs finished in each period, cumulative; the first is 0, the last all.
    elapsed : (T,)
        What a period counts in the objective.
    """

    repaired: tuple[int, ...]
    elapsed: tuple[float, ...]


def make_periods(repairs: int, *, count: int | None = None, elapsed_h: float = 1.0) -> Periods:
    """Periods 0 to ``count`` that share out ``repairs`` as the reference does.

    Source: PowerModelsRestoration.jl, ``replicate_restoration_network``: the n-th of R periods
    ends with ``round(n * repairs / R)`` repairs less those before; a period counts as often as
    the next one has repairs, the last once. One repair each if ``count`` is not given or larger.
    """
    count = min(count or repairs, repairs)
    repaired = [0]
    for n in range(1, count + 1):
        share = repairs / count * n
        done = repaired[-1]
        repaired.append(done + round(min(share, repairs) - done))
    steps = np.diff(repaired).tolist()
    return Periods(
        repaired=tuple(repaired),
        elapsed=tuple(elapsed_h * step for step in [*steps, 1]),
    )


@dataclass(frozen=True, kw_only=True)
class UnitRepairPlan:
    """An order of repairs, what each period serves, and how far from the best it can be.

    Attributes
    ----------
    order
        Positions of the components, first repaired first.
    in_service
        Mask of the repaired components switched on in each period. As in the reference's
        program a repair may be held back where it would take load away.
    served_pu
        Weighted load served in each period, p.u.
    objective, upper_bound
        Sum over the periods of time elapsed times served load, and what no order exceeds.
    method
        How the order was found.
    stopped
        Why the search ended before its budget was spent; empty if it did not.
    """

    repair_case: RepairCase
    periods: Periods
    order: tuple[int, ...]
    in_service: tuple[int, ...]
    served_pu: tuple[float, ...]
    objective: float
    upper_bound: float
    bound_method: str
    method: str
    evaluations: int
    seed: int
    proven_optimal: bool
    stopped: str = ""

    @property
    def gap_pct(self) -> float:
        """How much the objective could rise at most, % of the energy not served."""
        return gap_pct(self.energy_not_served, self.objective, self.upper_bound)

    @property
    def energy_not_served(self) -> float:
        """All load less the load served, over the periods, p.u.-periods."""
        demand = self.repair_case.case.demand_pu
        return sum(
            hours * (demand - served)
            for hours, served in zip(self.periods.elapsed, self.served_pu, strict=True)
        )

    @property
    def held_back(self) -> tuple[tuple[int, ...], ...]:
        """Components repaired by each period but not switched on yet."""
        return tuple(
            tuple(bit for bit in self.order[:done] if not mask >> bit & 1)
            for done, mask in zip(self.periods.repaired, self.in_service, strict=True)
        )


def gap_pct(not_served: float, objective: float, bound: float) -> float:
    """The rise still possible as a share of the energy not served, %; 0 where nothing is left."""
    rise = max(bound - objective, 0.0)
    if rise <= 1e-7 * max(1.0, abs(objective)):
        return 0.0
    return 100.0 * rise / max(not_served, 1e-12)


def bits_of(bits: Iterable[int]) -> int:
    """The mask of the components in ``bits``."""
    mask = 0
    for bit in bits:
        mask |= 1 << bit
    return mask


def flags_of(mask: int, count: int) -> npt.NDArray[np.uint8]:
    """1 for each of ``count`` components that is in ``mask`` (count,)."""
    packed = np.frombuffer(mask.to_bytes(count // 8 + 1, "little"), np.uint8)
    return np.unpackbits(packed, count=count, bitorder="little")
