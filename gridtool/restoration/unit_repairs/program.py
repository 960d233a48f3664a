"""The order of repairs as a mixed-integer program over periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.milp import ProgramBuilder, Solution
from gridtool.flow.mld_program import NetworkColumns, Switches, add_network
from gridtool.restoration.unit_repairs.model import Periods, RepairCase

__all__ = ["OrderProgram", "make_order_program"]

FloatArray = npt.NDArray[np.float64]
INF = float("inf")


@dataclass(frozen=True, kw_only=True)
class OrderProgram:
    """The program, its columns by period: repaired (binary) and those of the network."""

    program: ProgramBuilder
    repaired: tuple[dict[int, int], ...]
    networks: tuple[NetworkColumns, ...]

    def sets_of(self, solution: Solution) -> list[set[int]]:
        """Components repaired by the end of each period."""
        return [
            {bit for bit, column in columns.items() if solution.columns[column] > 0.5}
            for columns in self.repaired
        ]

    def served_of(self, repair_case: RepairCase, solution: Solution) -> list[float]:
        """Weighted load served in each period, p.u."""
        case = repair_case.case
        worth = case.load_weight * np.abs(case.load_pu)
        return [float(worth @ solution.columns[network.load]) for network in self.networks]


def make_order_program(
    repair_case: RepairCase,
    periods: Periods,
    *,
    free: Sequence[int] | None = None,
    done: int = 0,
    growing_loads: bool = False,
    finish: bool = True,
) -> OrderProgram:
    """Which components are repaired by which period, for the most load over all of them.

    Source: PowerModelsRestoration.jl, ``build_rop``: repairs are limited in number, never
    undone, and need their buses; with ``growing_loads`` no load is served less than before, as in
    the reference's full problem.

    Parameters
    ----------
    free
        Components to decide on; those of ``done`` are repaired from the start, all others stay
        out. All if not given.
    finish
        Everything in ``free`` is repaired in the last period.
    """
    program = ProgramBuilder()
    chosen = range(len(repair_case.components)) if free is None else free
    case = repair_case.case
    worth = case.load_weight * np.abs(case.load_pu)
    repaired: list[dict[int, int]] = []
    networks: list[NetworkColumns] = []
    for period, (limit, hours) in enumerate(zip(periods.repaired, periods.elapsed, strict=True)):
        last = finish and period == len(periods.repaired) - 1
        bits = {
            bit: program.add_column(
                float(last or done >> bit & 1),
                float(bit in chosen or done >> bit & 1),
                whole=True,
            )
            for bit in range(len(repair_case.components))
        }
        program.add_row(-INF, float(limit), [(bits[bit], 1.0) for bit in chosen])
        _order_bits(program, repair_case, bits, repaired[-1] if repaired else None)
        network = add_network(
            program,
            case,
            switches=_switches(repair_case, bits),
            load_gain=hours * worth,
            energy_before=networks[-1].energy.tolist() if networks else None,
        )
        if growing_loads and networks:
            for before, now in zip(networks[-1].load, network.load, strict=True):
                program.add_row(0.0, INF, [(int(now), 1.0), (int(before), -1.0)])
        repaired.append(bits)
        networks.append(network)
    return OrderProgram(program=program, repaired=tuple(repaired), networks=tuple(networks))


def _order_bits(
    program: ProgramBuilder,
    repair_case: RepairCase,
    bits: dict[int, int],
    before: dict[int, int] | None,
) -> None:
    for bit, component in enumerate(repair_case.components):
        for bus in component.buses:
            program.add_row(-INF, 0.0, [(bits[bit], 1.0), (bits[bus], -1.0)])
        if before is not None:
            program.add_row(0.0, INF, [(bits[bit], 1.0), (before[bit], -1.0)])


def _switches(repair_case: RepairCase, bits: dict[int, int]) -> Switches:
    places: dict[str, dict[int, int]] = {"bus": {}, "gen": {}, "branch": {}, "storage": {}}
    for bit, component in enumerate(repair_case.components):
        if component.place >= 0:
            places[component.kind][component.place] = bits[bit]
    return Switches(
        bus=places["bus"],
        gen=places["gen"],
        branch=places["branch"],
        storage=places["storage"],
    )
