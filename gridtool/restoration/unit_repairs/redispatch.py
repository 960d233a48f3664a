"""What an order of unit repairs, planned by DC flows, serves by AC power flow.

Source: PowerModelsRestoration.jl, ``run_restoration_redispatch``: repairs stay where the plan has
them, every period is dispatched anew with soft voltage limits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gridtool.flow.mld_ac import AcDelivery, redispatch_ac
from gridtool.flow.mld_ac_case import AcCase, take_out
from gridtool.restoration.unit_repairs.model import UnitRepairPlan

__all__ = ["AcRedispatch", "redispatch_plan"]


@dataclass(frozen=True, kw_only=True)
class AcRedispatch:
    """The AC dispatch of every period of ``plan``."""

    plan: UnitRepairPlan
    periods: tuple[AcDelivery, ...]

    @property
    def objective(self) -> float:
        """Time elapsed times load served less violations of voltage limits, over the periods."""
        return sum(period.objective for period in self.periods)

    @property
    def served_pu(self) -> tuple[float, ...]:
        """Load served in each period, p.u."""
        return tuple(period.served_pu for period in self.periods)


def redispatch_plan(plan: UnitRepairPlan, case: AcCase) -> AcRedispatch:
    """Dispatch every period of ``plan`` by AC power flow; ``case`` is its case, undamaged.

    Periods with the same components in service are dispatched once.

    Raises
    ------
    AnalysisError
        If a period has no state within all limits.
    """
    components = plan.repair_case.components
    by_mask: dict[int, AcDelivery] = {}
    periods = []
    for mask, hours in zip(plan.in_service, plan.periods.elapsed, strict=True):
        if mask not in by_mask:
            out = {
                (part.kind, part.id) for bit, part in enumerate(components) if not mask >> bit & 1
            }
            by_mask[mask] = redispatch_ac(replace(take_out(case, out), time_elapsed_h=1.0))
        periods.append(_counted(by_mask[mask], hours))
    return AcRedispatch(plan=plan, periods=tuple(periods))


def _counted(delivery: AcDelivery, hours: float) -> AcDelivery:
    return replace(
        delivery,
        objective=hours * delivery.objective,
        upper_bound=hours * delivery.upper_bound,
    )
