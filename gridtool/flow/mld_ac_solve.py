"""Solve an AC load delivery program by a primal-dual interior point method.

The method is PIPS of PYPOWER (Wang, Murillo-Sanchez, Zimmerman and Thomas 2007), which pandapower
carries, on exact first and second derivatives.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gridtool.flow.mld_ac_program import AcProgram

__all__ = ["AcSolution", "solve_from"]

FloatArray = npt.NDArray[np.float64]
Callback = Callable[..., object]

ITERATIONS = 300
GIVE = 1e-7
"""How far a balance gives way, p.u., for one unit of a slack that costs half its square: with the
objective scaled to gains of at most 1, a balance is missed by 1e-14 times its price. Without it
the equations of an island without a source, which depend on each other, could not be solved."""
_TOLERANCES = {"feastol": 1e-9, "gradtol": 1e-8, "comptol": 1e-9, "costtol": 1e-10}


@dataclass(frozen=True, kw_only=True)
class AcSolution:
    """Where the iteration ended; ``converged`` if it is a stationary point by the tolerances."""

    x: FloatArray
    objective: float
    converged: bool
    iterations: int


def solve_from(program: AcProgram, start: FloatArray, *, damping: float = 0.0) -> AcSolution:
    """A local optimum near ``start``.

    Parameters
    ----------
    damping
        Added to the diagonal of the Hessian in scaled units: shorter steps where the program
        leaves a direction undetermined. Stationary points stay what they are.
    """
    from pandapower.pypower.pips import pips

    size, slacks = program.columns.count, 2 * len(program.case.bus_ids)
    rows = sparse.hstack(
        [program.rows, sparse.csr_matrix((program.rows.shape[0], slacks))], format="csr"
    )
    free = np.full(slacks, np.inf)
    cost, limits, curvature = _callbacks(program, damping=damping)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a singular step ends as "not converged"
        found = pips(
            cost,
            x0=np.concatenate([start, np.zeros(slacks)]),
            A=rows,
            l=program.row_lower,
            u=program.row_upper,
            xmin=np.concatenate([program.lower, -free]),
            xmax=np.concatenate([program.upper, free]),
            gh_fcn=limits,
            hess_fcn=curvature,
            opt={**_TOLERANCES, "max_it": ITERATIONS},
        )
    x = np.asarray(found["x"], dtype=np.float64)[:size]
    return AcSolution(
        x=x,
        objective=float(program.gain @ x),
        converged=bool(found["eflag"]),
        iterations=int(found["output"]["iterations"]),
    )


def _callbacks(program: AcProgram, *, damping: float) -> tuple[Callback, Callback, Callback]:
    """Cost, limits and Hessian as PIPS asks for them, the slacks of the balances after x."""
    scale = float(np.abs(program.gain).max(initial=0.0)) or 1.0
    size, slacks = program.columns.count, 2 * len(program.case.bus_ids)
    give = GIVE * sparse.eye(slacks, format="csr")
    gain = program.gain / scale
    floor = sparse.block_diag(
        [damping * sparse.eye(size), sparse.csr_matrix((slacks, slacks))], format="csr"
    )
    bent = sparse.block_diag([sparse.csr_matrix((size, size)), sparse.eye(slacks)], format="csr")

    def cost(x: FloatArray) -> tuple[float, FloatArray]:
        slack = x[size:]
        return float(0.5 * slack @ slack - gain @ x[:size]), np.concatenate([-gain, slack])

    def limits(x: FloatArray) -> tuple[object, ...]:
        balance, out = program.balances(x[:size])
        loading, over = program.loadings(x[:size])
        empty = sparse.csr_matrix((over.shape[0], slacks))
        return (
            loading,
            balance + GIVE * x[size:],
            sparse.hstack([over, empty]).T.tocsr() if len(loading) else None,
            sparse.hstack([out, give]).T.tocsr(),
        )

    def curvature(x: FloatArray, prices: dict[str, FloatArray], _: float) -> sparse.csr_matrix:
        found = program.hessian(x[:size], balance=prices["eqnonlin"], loading=prices["ineqnonlin"])
        whole = sparse.block_diag([found, sparse.csr_matrix((slacks, slacks))], format="csr")
        return sparse.csr_matrix(whole + floor + bent)

    return cost, limits, curvature
