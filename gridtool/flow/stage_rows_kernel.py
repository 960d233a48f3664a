"""Compiled: the rows of a program in its small simplex, and what a basis serves."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from gridtool.flow.dcflow_kernel import branch_flows
from gridtool.flow.stage_program_kernel import Program, local_column
from gridtool.flow.stage_simplex_kernel import Tableau, add_row, column_values

__all__ = [
    "BALANCE",
    "BRANCH",
    "CAP",
    "CELL",
    "IMPORT",
    "ROW_TOLERANCE_MW",
    "Solved",
    "Zoned",
    "add_terms",
    "find_shed",
    "is_known",
    "serve_cells",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Zoned = tuple[FloatArray, IntArray, FloatArray]
"""Part that each cell has of the uniform shed of each zone (Z, S), zones used (1,), prices (Z,)."""
Solved = tuple[Tableau, IntArray, Zoned, FloatArray]
"""Tableau, kind and place of each row (R, 2), zones, and flows with nothing given or taken (M,)."""

BALANCE, IMPORT, CAP, CELL, BRANCH = 0, 1, 2, 3, 4
"""Kinds of rows."""
ROW_TOLERANCE_MW = 1e-8


@numba.njit(cache=True)
def _coefficients(
    program: Program, zoned: Zoned, generation: FloatArray, shed: FloatArray
) -> FloatArray:
    """A row over all columns, from those of sources (K,) and of what cells shed (S,)."""
    cells, _, _, _, price, _ = program
    _, _, _, member, part = cells
    row = np.zeros(price.shape[0])
    row[: generation.shape[0]] = generation
    first, local = generation.shape[0], local_column(program)
    for s in range(shed.shape[0]):
        if shed[s] != 0.0:
            row[local + s] = shed[s]
            for q in range(2):
                if member[s, q] >= 0:
                    row[first + member[s, q]] += part[s, q] * shed[s]
            for z in range(zoned[1][0]):
                row[local + shed.shape[0] + z] += zoned[0][z, s] * shed[s]
    return row


@numba.njit(cache=True)
def find_shed(solved: Solved, program: Program, factor: float) -> tuple[FloatArray, FloatArray]:
    """Shed of each cell (S,) and generation (K,) of a basis at a demand factor, MW."""
    cells, _, sources, _, _, _ = program
    _, _, demand, member, part = cells
    zoned = solved[2]
    value = column_values(solved[0], factor)
    first, local = sources[0].shape[0], local_column(program)
    shed = value[local : local + demand.shape[0]].copy()
    for s in range(shed.shape[0]):
        for q in range(2):
            if member[s, q] >= 0:
                shed[s] += part[s, q] * value[first + member[s, q]]
        for z in range(zoned[1][0]):
            shed[s] += zoned[0][z, s] * value[local + shed.shape[0] + z]
    return shed, value[:first]


@numba.njit(cache=True)
def serve_cells(
    program: Program, shed: FloatArray, generation: FloatArray, factor: float
) -> tuple[FloatArray, FloatArray]:
    """Load served by terminal (T,) and flows on core branches (M,), MW."""
    cells, leaves, sources, core, _, _ = program
    served = leaves[4] * factor
    for s in range(shed.shape[0]):
        served[cells[0][s]] -= shed[s]
    injection = np.zeros(core[3].shape[0])
    for t in range(served.shape[0]):
        injection[leaves[2][t]] -= served[t]
    for k in range(generation.shape[0]):
        injection[sources[4][k]] += generation[k]
    return served, branch_flows(core[0], core[1], injection, core[3])


@numba.njit(cache=True)
def add_terms(
    solved: Solved,
    program: Program,
    name: tuple[int, int],
    terms: tuple[FloatArray, FloatArray],
    bounds: tuple[float, float, float],
) -> bool:
    """Add a row: coefficients of sources and of what cells shed; constant and slope of its
    right-hand side, and upper bound of its logical column."""
    tableau, names, zoned, _ = solved
    if tableau[6][0] == names.shape[0]:
        return False
    names[tableau[6][0], 0], names[tableau[6][0], 1] = name
    row = _coefficients(program, zoned, terms[0], terms[1])
    return add_row(tableau, row, np.array([bounds[0], bounds[1]]), bounds[2])


@numba.njit(cache=True)
def is_known(solved: Solved, kind: int, place: int) -> bool:
    """Whether the program has the row of a kind and a place."""
    names = solved[1]
    for r in range(solved[0][6][0]):  # noqa: SIM110 - plain loops are what is compiled best
        if names[r, 0] == kind and names[r, 1] == place:
            return True
    return False
