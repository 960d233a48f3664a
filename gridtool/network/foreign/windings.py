"""Transformers as pandapower means them, in the words of our transformer table.

The formulas are those of pandapower 3.5.6 (``build_branch.py``, BSD licence): tap changers that
turn the voltage or shift its phase, three-winding transformers as a star of three, and what a
transformer draws that is connected at one end only. Tests compare all with its power flow.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

__all__ = [
    "Winding",
    "fold_tap",
    "magnetizing_pu",
    "open_ended_mva",
    "series_pu",
    "star_legs",
]

Row = Mapping[str, Any]
Side = Literal["hv", "lv"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Winding:
    """One two-winding transformer: the electrical columns of the table ``transformers``."""

    sn_mva: float
    vn_hv_kv: float
    vn_lv_kv: float
    vk_pct: float
    vkr_pct: float
    pfe_kw: float
    i0_pct: float
    shift_degree: float
    tap_side: Side = "hv"
    tap_step_pct: float = 0.0
    tap_pos: int = 0

    @property
    def tap_factor(self) -> float:
        """What the tap changer multiplies its winding's voltage with."""
        return 1.0 + self.tap_step_pct * self.tap_pos / 100.0

    def derated(self, factor: float) -> Winding:
        """The same transformer electrically, rated ``factor`` times its power."""
        if factor == 1.0:
            return self
        return replace(
            self,
            sn_mva=self.sn_mva * factor,
            vk_pct=self.vk_pct * factor,
            vkr_pct=self.vkr_pct * factor,
            i0_pct=self.i0_pct / factor,
        )

    def with_voltages(self, factor: float, *, side: str, shift_degree: float) -> Winding:
        """One winding's rated voltage times ``factor`` and the phase shifted further."""
        shifted = replace(self, shift_degree=self.shift_degree + shift_degree)
        if side == "hv":
            return replace(shifted, vn_hv_kv=self.vn_hv_kv * factor)
        return replace(shifted, vn_lv_kv=self.vn_lv_kv * factor)


def _tap_type(row: Row, which: str) -> str:
    """``Ratio``, ``Ideal`` or nothing; files before 3.0 say ``tap_phase_shifter`` instead."""
    given = row[f"tap{which}_changer_type"]
    shifter = row[f"tap{which}_phase_shifter"]
    if given is None and shifter is not None:
        return "Ideal" if shifter else "Ratio"
    return "Ratio" if given == "Symmetrical" else str(given or "")


def fold_tap(winding: Winding, row: Row, *, which: str = "") -> Winding:
    """Apply the tap changer of ``row``.

    Whole steps of a changer that only turns the voltage stay a tap position; everything else
    is folded into the rated voltage and the phase shift. ``which`` is ``"2"`` for the second
    changer.

    Raises
    ------
    ValueError
        If the changer would turn the voltage by more than a factor of two.
    """
    kind, side = _tap_type(row, which), row[f"tap{which}_side"]
    position, neutral = row[f"tap{which}_pos"], row[f"tap{which}_neutral"]
    percent, degree = row[f"tap{which}_step_percent"], row[f"tap{which}_step_degree"] or 0.0
    if kind not in ("Ratio", "Ideal") or side not in ("hv", "lv"):
        return winding
    if position is None or neutral is None:
        return winding
    steps = position - neutral
    if abs(steps * (percent or 0.0)) > 50.0:
        raise ValueError(f"{steps:g} steps of {percent:g} %")
    direction = 1.0 if side == "hv" else -1.0
    if kind == "Ideal":
        shift = degree * steps or 2.0 * math.degrees(math.asin(steps * (percent or 0.0) / 200.0))
        return replace(winding, shift_degree=winding.shift_degree + direction * shift)
    if percent is None:
        return winding
    if degree == 0.0 and steps == int(steps) and not which:
        return replace(winding, tap_side=side, tap_step_pct=percent, tap_pos=int(steps))
    turned = 1.0 + percent * steps / 100.0 * cmath.exp(1j * math.radians(degree))
    shift = math.degrees(math.atan(turned.imag / turned.real))
    return winding.with_voltages(abs(turned), side=side, shift_degree=direction * shift)


def _from_star_point(row: Row) -> dict[str, Any]:
    """Tap columns of a three-winding transformer whose changer sits at the star point."""
    steps = row["tap_pos"] - row["tap_neutral"]
    step = row["tap_step_percent"] * cmath.exp(1j * math.radians(row["tap_step_degree"] or 0.0))
    seen = 100.0 * step / (100.0 + step * steps)
    degree = math.degrees(cmath.phase(seen)) - 180.0
    return {"tap_step_percent": abs(seen), "tap_step_degree": degree}


def star_legs(row: Row) -> dict[str, Winding]:
    """The three two-winding transformers, ``hv``, ``mv`` and ``lv``, of a three-winding one.

    The first leads from the HV bus to a star point at the HV winding's voltage, the others from
    the star point on.
    """
    sides = ("hv", "mv", "lv")
    sn = [row[f"sn_{side}_mva"] for side in sides]
    pairs = [min(sn[0], sn[1]), min(sn[1], sn[2]), min(sn[0], sn[2])]
    vk = [row[f"vk_{side}_percent"] * sn[0] / pair for side, pair in zip(sides, pairs, strict=True)]
    vkr = [
        row[f"vkr_{side}_percent"] * sn[0] / pair for side, pair in zip(sides, pairs, strict=True)
    ]
    vki = [math.sqrt(z * z - r * r) for z, r in zip(vk, vkr, strict=True)]
    resistive, reactive = _delta_to_star(vkr, sn), _delta_to_star(vki, sn)
    losses = row["loss_side"] or "hv"
    legs: dict[str, Winding] = {}
    for position, side in enumerate(sides):
        r, x = resistive[position], reactive[position]
        leg = Winding(
            sn_mva=sn[position],
            vn_hv_kv=row["vn_hv_kv"],
            vn_lv_kv=row[f"vn_{side}_kv"],
            vk_pct=math.copysign(math.hypot(r, x), x),
            vkr_pct=r,
            pfe_kw=row["pfe_kw"] if losses == side else 0.0,
            i0_pct=row["i0_percent"] if losses == side else 0.0,
            shift_degree=0.0 if side == "hv" else row[f"shift_{side}_degree"],
        )
        legs[side] = fold_tap(leg, _leg_taps(row, side)) if row["tap_side"] == side else leg
    return legs


def _leg_taps(row: Row, side: str) -> dict[str, Any]:
    taps = {name: row[name] for name in row if name.startswith("tap_")}
    terminal, star = ("hv", "lv") if side == "hv" else ("lv", "hv")
    taps["tap_side"] = terminal
    known = None not in (row["tap_pos"], row["tap_neutral"]) and row["tap_step_percent"]
    if row["tap_at_star_point"] and known:
        taps |= _from_star_point(row) | {"tap_side": star}
    return taps


def _delta_to_star(delta: list[float], sn: list[float]) -> list[float]:
    hv_mv, mv_lv, hv_lv = delta
    star = (hv_mv + hv_lv - mv_lv, mv_lv + hv_mv - hv_lv, hv_lv + mv_lv - hv_mv)
    return [0.5 * power / sn[0] * leg for leg, power in zip(star, sn, strict=True)]


def magnetizing_pu(winding: Winding) -> complex:
    """Magnetizing admittance, per unit of the winding's rating."""
    iron_mva = winding.pfe_kw / 1000.0
    squared = (winding.i0_pct / 100.0 * winding.sn_mva) ** 2 - iron_mva**2
    return complex(iron_mva, -math.sqrt(max(squared, 0.0))) / winding.sn_mva


def series_pu(winding: Winding) -> complex:
    """Series impedance, per unit of the winding's rating; reactance has the sign of ``vk_pct``."""
    squared = max(winding.vk_pct**2 - winding.vkr_pct**2, 0.0)
    return complex(winding.vkr_pct, math.copysign(math.sqrt(squared), winding.vk_pct)) / 100.0


def open_ended_mva(winding: Winding, *, side: str, vn_kv: float) -> complex:
    """MW + j Mvar drawn at nominal voltage ``vn_kv`` through ``side``, the other end open."""
    shunt = magnetizing_pu(winding)
    if not shunt:
        return 0j
    admittance = 1.0 / (series_pu(winding) / 2.0 + 1.0 / shunt)
    rated_kv = winding.vn_hv_kv if side == "hv" else winding.vn_lv_kv
    tapped_kv = rated_kv * (winding.tap_factor if winding.tap_side == side else 1.0)
    return admittance.conjugate() * winding.sn_mva * (vn_kv / tapped_kv) ** 2
