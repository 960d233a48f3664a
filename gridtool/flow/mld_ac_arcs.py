"""Power into both ends of every branch, with exact first and second derivatives.

An arc is one end of a branch. With ``c = conj(y_ij) exp(j (a_i - a_j))`` the power into it is
``S = conj(y_ii) v_i^2 + c v_i v_j``. The four quantities it depends on are in the order angle and
angle at the other end, magnitude and magnitude at the other end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.mld_ac_case import AcCase

__all__ = ["ArcFlows", "Arcs", "flows_of", "make_arcs"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
ComplexArray = npt.NDArray[np.complex128]


@dataclass(frozen=True, kw_only=True)
class Arcs:
    """2 L arcs, the from ends of all branches before their to ends; buses are positions.

    ``columns`` (2 L, 4) are the positions of the four quantities where the angles of B buses come
    first and their magnitudes next.
    """

    near: IntArray
    far: IntArray
    own: ComplexArray
    mutual: ComplexArray
    rate: FloatArray
    columns: IntArray


@dataclass(frozen=True, kw_only=True)
class ArcFlows:
    """Power (A,), gradient (A, 4) and Hessian (A, 4, 4), complex: active and reactive."""

    power: ComplexArray
    gradient: ComplexArray
    hessian: ComplexArray


def make_arcs(case: AcCase) -> Arcs:
    """The arcs of a case."""
    near = np.concatenate([case.branch_from, case.branch_to])
    far = np.concatenate([case.branch_to, case.branch_from])
    count = len(case.bus_ids)
    return Arcs(
        near=near,
        far=far,
        own=np.concatenate([case.admittance[:, 0], case.admittance[:, 3]]),
        mutual=np.concatenate([case.admittance[:, 1], case.admittance[:, 2]]),
        rate=np.concatenate([case.branch_rate, case.branch_rate]),
        columns=np.stack([near, far, count + near, count + far], axis=1),
    )


def flows_of(arcs: Arcs, *, angle: FloatArray, magnitude: FloatArray) -> ArcFlows:
    """Flows and derivatives at the given voltages (B,), radians and p.u."""
    v, w = magnitude[arcs.near], magnitude[arcs.far]
    own = arcs.own.conj()
    turn = arcs.mutual.conj() * np.exp(1j * (angle[arcs.near] - angle[arcs.far]))
    both = turn * v * w
    gradient = np.stack([1j * both, -1j * both, 2.0 * own * v + turn * w, turn * v], axis=1)
    hessian = np.zeros((len(v), 4, 4), dtype=complex)
    hessian[:, 0, 0] = hessian[:, 1, 1] = -both
    hessian[:, 0, 1] = hessian[:, 1, 0] = both
    hessian[:, 0, 2] = hessian[:, 2, 0] = 1j * turn * w
    hessian[:, 1, 2] = hessian[:, 2, 1] = -1j * turn * w
    hessian[:, 0, 3] = hessian[:, 3, 0] = 1j * turn * v
    hessian[:, 1, 3] = hessian[:, 3, 1] = -1j * turn * v
    hessian[:, 2, 2] = 2.0 * own
    hessian[:, 2, 3] = hessian[:, 3, 2] = turn
    return ArcFlows(power=own * v**2 + both, gradient=gradient, hessian=hessian)
