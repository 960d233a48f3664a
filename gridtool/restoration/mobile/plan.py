"""Mobile units as part of the search for a plan: placed, then the repairs ordered around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from gridtool.damage.model import GridState
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.mobile.parts import Candidate, add_candidates
from gridtool.restoration.mobile.probe import keep_best_sites
from gridtool.restoration.mobile.shortage import Shortage, find_shortage
from gridtool.restoration.mobile.sites import SITES_PER_UNIT
from gridtool.restoration.mobile.units import EVALUATIONS, place_units, with_mobile_units
from gridtool.restoration.mobile.values import StandingValues
from gridtool.restoration.mobile.view import PlacedNetwork, view_placements
from gridtool.restoration.model import MobileUnit, PlacedUnit
from gridtool.restoration.schedule.problem import ScheduleProblem, Timetable
from gridtool.restoration.value.effects import RepairEffects, make_effects
from gridtool.restoration.value.states import StateValues, Switching, timeline

__all__ = ["UnitPlan", "improve_with_units"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MakeValues = Callable[[Dispatcher, RepairEffects], tuple[StateValues, StateValues]]
"""Values of states by a dispatcher: in plain MW, and as the search weights them."""

SearchOrder = Callable[[StateValues, IntArray], IntArray]
"""A short search for a better order of repairs, from one that is known."""

ROUNDS = 2
"""How often the order of repairs is sought anew around placed units, at most."""

PROBED = 4
"""Sites that are looked at for each that is tried."""

_TINY_MWH = 1e-6


@dataclass(frozen=True, kw_only=True)
class UnitPlan:
    """An order of repairs and the mobile units that go with it.

    ``placed`` is the network with the parts of the placements alone; ``values`` (plain MW) and
    ``weighted`` are of that network, by ``dispatcher``. ``evaluations`` counts all dispatches
    spent on placing units and ordering repairs around them.
    """

    order: IntArray
    timetable: Timetable
    placements: tuple[PlacedUnit, ...]
    placed: PlacedNetwork
    dispatcher: Dispatcher
    values: StateValues
    weighted: StateValues
    evaluations: int

    @property
    def switchings(self) -> tuple[Switching, ...]:
        """When which bit of ``values`` comes and goes."""
        return self.placed.switchings

    @property
    def weighted_mwh(self) -> float:
        """What the search made small, with the units."""
        return self.weighted.energy_not_served(self.timetable, switchings=self.switchings)


@dataclass(frozen=True, kw_only=True)
class _Workshop:
    """What every step needs."""

    state: GridState
    problem: ScheduleProblem
    dispatcher: Dispatcher
    make_values: MakeValues
    demand_factor: float
    import_limit_mw: float | None
    evaluations: int
    sites_per_unit: int
    stop: Callable[[], bool] | None

    @property
    def units(self) -> tuple[MobileUnit, ...]:
        return self.problem.resources.mobile_units

    @property
    def interrupted(self) -> bool:
        return self.stop is not None and self.stop()


def improve_with_units(
    state: GridState,
    problem: ScheduleProblem,
    *,
    order: IntArray,
    dispatcher: Dispatcher,
    make_values: MakeValues,
    search: SearchOrder | None = None,
    demand_factor: float = 1.0,
    import_limit_mw: float | None = None,
    evaluations: int = EVALUATIONS,
    sites_per_unit: int = SITES_PER_UNIT,
    stop: Callable[[], bool] | None = None,
) -> UnitPlan | None:
    """The mobile units of the problem's resources placed around the repairs in ``order``.

    The repairs are then ordered anew as if each unit stood at its main site all the time (where
    ``search`` is given), and the units placed anew around them: kept only where that leaves less
    energy not served.

    Parameters
    ----------
    order
        The best order of repairs without units.
    dispatcher
        Of the state's network.
    demand_factor
        The highest demand over the reference peak: where load is unserved then, units are tried.
    evaluations
        Dispatches spent on each placement.
    stop
        Asked now and then; the best so far is kept once it says True.

    Returns
    -------
    UnitPlan or None
        None where no unit saves anything: the plan without units stands.
    """
    if not problem.resources.mobile_units or not problem.jobs:
        return None
    workshop = _Workshop(
        state=state,
        problem=problem,
        dispatcher=dispatcher,
        make_values=make_values,
        demand_factor=demand_factor,
        import_limit_mw=import_limit_mw,
        evaluations=evaluations,
        sites_per_unit=sites_per_unit,
        stop=stop,
    )
    best = _place(workshop, order)
    spent = best.evaluations if best else 0
    for _ in range(ROUNDS):
        if best is None or search is None or workshop.interrupted:
            break
        changed = search(StandingValues(best.weighted, _main_bits(best)), best.order)
        spent += best.weighted.evaluations
        if np.array_equal(changed, best.order):
            break
        found = _place(workshop, changed)
        spent += found.evaluations if found else 0
        if found is None or found.weighted_mwh > best.weighted_mwh - _TINY_MWH:
            break
        best = found
    return replace(best, evaluations=spent) if best else None


def _place(workshop: _Workshop, order: IntArray) -> UnitPlan | None:
    """The units placed around the repairs in ``order``; None where none saves anything."""
    state, problem = workshop.state, workshop.problem
    timetable = problem.schedule(order)
    if workshop.interrupted or not np.isfinite(timetable.finish_h).all():
        return None
    shortage = _shortage_of(workshop, timetable)
    candidates, spent = _choose_candidates(workshop, timetable, shortage)
    if not candidates:
        return None
    plain, weighted = _values_with(workshop, candidates)
    placements, _ = place_units(
        problem,
        weighted,
        timetable,
        network=state.network,
        candidates=candidates,
        units=workshop.units,
        shortage=shortage,
        plain=plain,
        evaluations=workshop.evaluations,
        stop=workshop.stop,
    )
    if not placements:
        return None
    spent += weighted.evaluations
    spent += plain.evaluations if plain is not weighted else 0
    return _view(workshop, order, timetable, placements, spent=spent)


def _choose_candidates(
    workshop: _Workshop, timetable: Timetable, shortage: Shortage
) -> tuple[tuple[Candidate, ...], int]:
    """The places to try, and the dispatches spent on the choice.

    Where the load that is unserved leaves more sites than are wanted, each is looked at.
    """
    state, units, wanted = workshop.state, workshop.units, workshop.sites_per_unit
    _, candidates = with_mobile_units(
        state, units, shortage=shortage, sites_per_unit=PROBED * wanted
    )
    spent = len(shortage.hours)
    sites = {unit.id: {c.site for c in candidates if c.unit == unit.id} for unit in units}
    if not candidates or max(map(len, sites.values())) <= wanted:
        return candidates, spent
    _, weighted = _values_with(workshop, candidates)
    best = keep_best_sites(
        weighted,
        timetable,
        candidates=candidates,
        units=units,
        shortage=shortage,
        sites_per_unit=wanted,
    )
    return best, spent + weighted.evaluations


def _values_with(
    workshop: _Workshop, candidates: Sequence[Candidate]
) -> tuple[StateValues, StateValues]:
    """Values of the network with ``candidates``, plain and weighted."""
    extended = add_candidates(workshop.state, candidates, workshop.units)
    effects = make_effects(
        workshop.state,
        workshop.problem.jobs,
        candidates=[candidate.part for candidate in candidates],
    )
    return workshop.make_values(Dispatcher(compile_case(extended.network)), effects)


def _main_bits(found: UnitPlan) -> int:
    """The bits of the stay of each unit that serves the most energy."""
    last = timedelta(hours=float(found.timetable.finish_h.max(initial=0.0)))
    ends = found.placed.state.as_of + last

    def saved(stay: PlacedUnit) -> float:
        return stay.served_gain_mw * ((stay.offline or ends) - stay.online).total_seconds()

    main: dict[str, PlacedUnit] = {}
    for stay in found.placements:
        if stay.unit not in main or saved(stay) > saved(main[stay.unit]):
            main[stay.unit] = stay
    first = found.values.effects.jobs
    return sum(
        1 << (first + found.placed.parts.index(part))
        for part in {stay.part for stay in main.values()}
    )


def _shortage_of(workshop: _Workshop, timetable: Timetable) -> Shortage:
    """What stays unserved in the states of ``timetable`` without units."""
    effects = make_effects(workshop.state, workshop.problem.jobs)
    states = [(hour, effects.shares(mask)) for hour, mask in timeline(timetable.finish_h)]
    return find_shortage(
        workshop.dispatcher,
        states,
        end_h=states[-1][0],
        demand_factor=workshop.demand_factor,
        import_limit_mw=workshop.import_limit_mw,
    )


def _view(
    workshop: _Workshop,
    order: IntArray,
    timetable: Timetable,
    placements: tuple[PlacedUnit, ...],
    *,
    spent: int,
) -> UnitPlan:
    """The plan on the network with the placed parts alone."""
    jobs = workshop.problem.jobs
    placed = view_placements(workshop.state, placements, workshop.units, jobs=len(jobs))
    dispatcher = Dispatcher(compile_case(placed.state.network))
    effects = make_effects(workshop.state, jobs, candidates=placed.parts)
    values, weighted = workshop.make_values(dispatcher, effects)
    return UnitPlan(
        order=order,
        timetable=timetable,
        placements=placements,
        placed=placed,
        dispatcher=dispatcher,
        values=values,
        weighted=weighted,
        evaluations=spent,
    )
