"""Check an AC load delivery against its case, by its own road: nodal admittances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.mld_ac_case import AcCase

__all__ = ["AcResiduals", "AcState", "check_state"]

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]


@dataclass(frozen=True, kw_only=True)
class AcState:
    """Voltages (B,) in radians and p.u., outputs (G,) in p.u., and shares kept.

    ``bus_share`` (B,) is 1 throughout in a redispatch; ``violation`` (B,) is how far a voltage is
    beyond its limits, p.u., and 0 throughout in a load delivery.
    """

    angle_rad: FloatArray
    magnitude_pu: FloatArray
    gen_pu: ComplexArray
    bus_share: FloatArray
    gen_share: FloatArray
    load_share: FloatArray
    shunt_share: FloatArray
    violation_pu: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class AcResiduals:
    """How far a state misses its case at worst, p.u. and radians; 0 where it holds."""

    balance: float
    voltage: float
    generator: float
    thermal: float
    angle: float
    share: float

    @property
    def largest(self) -> float:
        """The worst of all."""
        return max(self.balance, self.voltage, self.generator, self.thermal, self.angle, self.share)


def check_state(case: AcCase, state: AcState, *, may_stand_still: bool = False) -> AcResiduals:
    """Recompute all balances and limits.

    Parameters
    ----------
    may_stand_still
        A generator in service may give nothing whatever its least output.
    """
    voltage = state.magnitude_pu * np.exp(1j * state.angle_rad)
    start, end = voltage[case.branch_from], voltage[case.branch_to]
    ff, ft, tf, tt = case.admittance.T
    flow = np.abs(
        [start * (ff * start + ft * end).conj(), end * (tf * start + tt * end).conj()]
    ).reshape(2, -1)
    drawn = voltage * (_nodal_admittance(case) @ voltage).conj()
    np.add.at(drawn, case.load_bus, case.load_pu * state.load_share)
    shunts = case.shunt_pu * state.shunt_share * state.magnitude_pu[case.shunt_bus] ** 2
    np.add.at(drawn, case.shunt_bus, shunts)
    np.subtract.at(drawn, case.gen_bus, state.gen_pu)
    low, high = state.bus_share * case.v_low, state.bus_share * case.v_high
    difference = _within_turn(np.angle(start * end.conj()), state, case)
    shares = (state.bus_share, state.gen_share, state.load_share, state.shunt_share)
    return AcResiduals(
        balance=_worst(drawn.real, -drawn.real, drawn.imag, -drawn.imag),
        voltage=_worst(
            low - state.violation_pu - state.magnitude_pu,
            state.magnitude_pu - high - state.violation_pu,
            -state.violation_pu,
        ),
        generator=_worst_output(case, state, may_stand_still=may_stand_still),
        thermal=_worst(*(flow - case.branch_rate)),
        angle=_worst(case.angle_low - difference, difference - case.angle_high),
        share=_worst(*(-share for share in shares), *(share - 1.0 for share in shares)),
    )


def _within_turn(measured: FloatArray, state: AcState, case: AcCase) -> FloatArray:
    """The angle difference; where a voltage is 0 the phasors have none, so that of the columns."""
    dead = (state.magnitude_pu[case.branch_from] < 1e-6) | (
        state.magnitude_pu[case.branch_to] < 1e-6
    )
    stated = state.angle_rad[case.branch_from] - state.angle_rad[case.branch_to]
    found: FloatArray = np.where(dead, stated, measured)
    return found


def _nodal_admittance(case: AcCase) -> ComplexArray:
    found = np.zeros((len(case.bus_ids), len(case.bus_ids)), dtype=complex)
    ends = (case.branch_from, case.branch_to)
    for k, row in enumerate(ends):
        for m, column in enumerate(ends):
            np.add.at(found, (row, column), case.admittance[:, 2 * k + m])
    return found


def _worst_output(case: AcCase, state: AcState, *, may_stand_still: bool) -> float:
    low, high = case.gen_low, case.gen_high
    if may_stand_still:
        low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
    given = np.stack([state.gen_pu.real, state.gen_pu.imag], axis=1)
    share = state.gen_share[:, None]
    with np.errstate(invalid="ignore"):  # no share of an infinite limit: no limit
        least, most = share * low, share * high
    return _worst(least - given, given - most)


def _worst(*excesses: FloatArray) -> float:
    return max(float(np.nan_to_num(part, nan=0.0).max(initial=0.0)) for part in excesses)
