"""Lines, transformers and impedances of a pandapower network as ours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridtool.network.foreign.draft import Draft
from gridtool.network.foreign.pandapower_switches import Switches
from gridtool.network.foreign.pandapower_tables import PandapowerNetwork
from gridtool.network.foreign.transformer_rows import add_transformer_rows
from gridtool.network.foreign.windings import Winding, fold_tap, open_ended_mva, star_legs

__all__ = ["add_branches"]

Row = Mapping[str, Any]

_PLACEHOLDER_KA = 9_999.0
_PLACEHOLDER_MVA = 9_999.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """What every branch needs to know of the network around it."""

    source: PandapowerNetwork
    switches: Switches
    draft: Draft
    busbars: Mapping[int, str]
    unlimited_mva: float

    def vn_kv(self, bus: int) -> float:
        return float(self.source.tables["bus"][bus]["vn_kv"])

    def open_ends(self, table: str, row: Row) -> set[str]:
        found = set(self.switches.open_ends.get((table, row["index"]), ()))
        if table == "line":
            buses = self.source.tables["bus"]
            found |= {e for e in ("from_bus", "to_bus") if not buses[row[e]]["in_service"]}
        return found

    def error(self, table: str, row: Row, column: str, message: str, **words: Any) -> None:
        place = f"{table}[{row['index']}]" + (f".{column}" if column else "")
        self.draft.findings.error(message, field=place, **words)


def add_branches(
    source: PandapowerNetwork,
    switches: Switches,
    draft: Draft,
    *,
    busbars: Mapping[int, str],
    unlimited_mva: float,
) -> None:
    """Add every branch; ``unlimited_mva`` stands where the file has no rating."""
    site = _Site(
        source=source,
        switches=switches,
        draft=draft,
        busbars=busbars,
        unlimited_mva=unlimited_mva,
    )
    for row in source.tables["line"].values():
        _add_line(site, row)
    for row in source.tables["trafo"].values():
        _add_transformer(site, row)
    for row in source.tables["trafo3w"].values():
        _add_three_winding(site, row)
    for row in source.tables["impedance"].values():
        _add_impedance(site, row)


def _circuits(site: _Site, table: str, row: Row) -> list[str]:
    first = site.draft.ids[table, row["index"]]
    if row["parallel"] == 1:
        return [first]
    if row["parallel"] > 100:
        site.error(
            table, row, "parallel", "cannot be used", value=row["parallel"], accepted="1 to 100"
        )
        return []
    return [site.draft.ids.derive(f"{first}/{n + 1}") for n in range(row["parallel"])]


def _check_ends(site: _Site, table: str, row: Row, ends: tuple[str, str]) -> bool:
    one, other = row[ends[0]], row[ends[1]]
    if one == other:
        site.error(table, row, "", "begins and ends at the same bus", value=one)
        return False
    return True


def _add_line(site: _Site, row: Row) -> None:
    if not _check_ends(site, "line", row, ("from_bus", "to_bus")):
        return
    kv, far_kv = site.vn_kv(row["from_bus"]), site.vn_kv(row["to_bus"])
    if abs(far_kv / kv - 1.0) > 0.3:
        site.error("line", row, "", f"joins a bus of {kv:g} kV to one of {far_kv:g} kV")
    if row["r_ohm_per_km"] == 0.0 == row["x_ohm_per_km"]:
        site.error("line", row, "x_ohm_per_km", "has no impedance", hint="use a bus-bus switch")
        return
    opened = site.open_ends("line", row)
    max_i_ka = _line_rating(site, row, kv)
    for circuit in _circuits(site, "line", row):
        ends = {
            "from_busbar": site.busbars[row["from_bus"]],
            "to_busbar": site.busbars[row["to_bus"]],
            "in_service": row["in_service"] and not opened,
        }
        irregular = min(row["r_ohm_per_km"], row["c_nf_per_km"]) < 0.0
        if irregular or row["x_ohm_per_km"] <= 0.0:
            _add_line_as_impedance(site, row, circuit, kv=kv, ends=ends, max_i_ka=max_i_ka)
        else:
            site.draft.add(
                "lines",
                id=circuit,
                length_km=row["length_km"],
                r_ohm_per_km=row["r_ohm_per_km"],
                x_ohm_per_km=row["x_ohm_per_km"],
                c_nf_per_km=row["c_nf_per_km"],
                max_i_ka=max_i_ka,
                **ends,
            )
        if row["in_service"] and opened:
            _keep_open_line(site, row, circuit, opened, kv=kv)
        elif row["g_us_per_km"]:
            half = row["g_us_per_km"] * 1e-6 * row["length_km"] * kv * kv / 2.0
            _add_end_shunts(site, circuit, ends, half)
            site.draft.findings.assume_for(circuit, "leakage of lines kept as shunts at their ends")


def _add_end_shunts(site: _Site, circuit: str, ends: Mapping[str, Any], mva: complex) -> None:
    for end in ("from_busbar", "to_busbar"):
        site.draft.add_shunt(
            f"{circuit}/shunt-{end[:-7]}", ends[end], complex(mva), in_service=ends["in_service"]
        )


def _line_rating(site: _Site, row: Row, kv: float) -> float:
    line, findings = site.draft.ids["line", row["index"]], site.draft.findings
    if not row["max_i_ka"]:
        findings.assume_for(line, f"lines without a rating, taken as {site.unlimited_mva:g} MVA")
        return site.unlimited_mva / (math.sqrt(3.0) * kv)
    if row["max_i_ka"] >= _PLACEHOLDER_KA:
        findings.assume_for(line, f"ratings of {_PLACEHOLDER_KA:g} kA and more are placeholders")
    return float(row["max_i_ka"] * row["df"])


def _line_admittances(site: _Site, row: Row) -> tuple[complex, complex]:
    """Series impedance in ohm and half the shunt admittance in siemens of one circuit."""
    length = row["length_km"]
    series = complex(row["r_ohm_per_km"], row["x_ohm_per_km"]) * length
    omega = 2.0 * math.pi * site.source.f_hz
    shunt = complex(row["g_us_per_km"] * 1e-6, omega * row["c_nf_per_km"] * 1e-9) * length
    return series, shunt / 2.0


def _keep_open_line(site: _Site, row: Row, circuit: str, opened: set[str], *, kv: float) -> None:
    """A line open at one end is out of service, but draws its charging at the other."""
    site.draft.findings.assume_for(
        circuit, "lines open at an end are out of service; charging kept as shunts"
    )
    closed = {"from_bus", "to_bus"} - opened
    series, half = _line_admittances(site, row)
    if not closed or not half:
        return
    admittance = half + 1.0 / (series + 1.0 / half)
    bus = row[closed.pop()]
    site.draft.add_shunt(
        f"{circuit}/charging", site.busbars[bus], admittance.conjugate() * kv * kv, in_service=True
    )


def _add_line_as_impedance(
    site: _Site, row: Row, circuit: str, *, kv: float, ends: Mapping[str, Any], max_i_ka: float
) -> None:
    series, half = _line_admittances(site, row)
    sn_mva = site.source.sn_mva
    per_unit = series * sn_mva / (kv * kv)
    site.draft.add_impedance(
        circuit,
        per_unit,
        sn_mva=sn_mva,
        rating_mva=max_i_ka * math.sqrt(3.0) * kv,
        **ends,
    )
    susceptance = complex(0.0, half.imag)
    _add_end_shunts(site, circuit, ends, susceptance.conjugate() * kv * kv)
    site.draft.findings.assume_for(
        circuit,
        "lines without positive reactance, or of negative resistance or capacitance, kept as "
        "impedances",
    )


def _add_transformer(site: _Site, row: Row) -> None:
    if not _check_ends(site, "trafo", row, ("hv_bus", "lv_bus")):
        return
    if not _check_short_circuit(site, "trafo", row, row["vk_percent"], row["vkr_percent"]):
        return
    _check_rated_voltages(site, "trafo", row, ("hv", "lv"))
    if row["tap_dependency_table"]:
        site.error("trafo", row, "tap_dependency_table", "tap changers by table are not supported")
    if (row["leakage_resistance_ratio_hv"], row["leakage_reactance_ratio_hv"]) != (0.5, 0.5):
        site.draft.findings.assume_for(
            site.draft.ids["trafo", row["index"]], "leakage taken as split evenly between windings"
        )
    winding = Winding(
        sn_mva=row["sn_mva"],
        vn_hv_kv=row["vn_hv_kv"],
        vn_lv_kv=row["vn_lv_kv"],
        vk_pct=row["vk_percent"],
        vkr_pct=row["vkr_percent"],
        pfe_kw=row["pfe_kw"],
        i0_pct=row["i0_percent"],
        shift_degree=row["shift_degree"],
    )
    try:
        winding = fold_tap(fold_tap(winding, row), row, which="2").derated(row["df"])
    except ValueError as reason:
        site.error(
            "trafo",
            row,
            "tap_pos",
            f"tap changer out of range: {reason}",
            accepted="up to 50 % of the rated voltage",
        )
        return
    opened = {end[:2] for end in site.open_ends("trafo", row)}
    buses = {"hv": row["hv_bus"], "lv": row["lv_bus"]}
    for circuit in _circuits(site, "trafo", row):
        _add_winding(
            site,
            circuit,
            winding,
            opened=opened,
            in_service=row["in_service"],
            busbars={side: site.busbars[bus] for side, bus in buses.items()},
            vn_kv={side: site.vn_kv(bus) for side, bus in buses.items()},
        )


def _add_winding(
    site: _Site,
    circuit: str,
    winding: Winding,
    *,
    busbars: Mapping[str, str],
    vn_kv: Mapping[str, float],
    opened: set[str],
    in_service: bool,
) -> None:
    if winding.sn_mva >= _PLACEHOLDER_MVA:
        site.draft.findings.assume_for(
            circuit, f"ratings of {_PLACEHOLDER_MVA:g} MVA and more are placeholders"
        )
    add_transformer_rows(
        site.draft,
        circuit,
        winding,
        busbars=busbars,
        lv_kv=vn_kv["lv"],
        in_service=in_service and not opened,
    )
    if not (opened and in_service):
        return
    site.draft.findings.assume_for(
        circuit, "transformers open at a switch are out of service; magnetizing kept as shunts"
    )
    for side in {"hv", "lv"} - opened:
        power = open_ended_mva(winding, side=side, vn_kv=vn_kv[side])
        site.draft.add_shunt(f"{circuit}/magnetizing", busbars[side], power, in_service=True)


def _check_short_circuit(
    site: _Site, table: str, row: Row, vk_pct: float, vkr_pct: float, side: str = ""
) -> bool:
    column = f"vk_{side}percent"
    if vk_pct == 0.0:
        site.error(table, row, column, "has no short-circuit voltage", value=vk_pct)
    elif abs(vkr_pct) > abs(vk_pct):
        site.error(
            table,
            row,
            column,
            "is smaller than its resistive part",
            value=vk_pct,
            accepted=f"at least {abs(vkr_pct):g}",
        )
    else:
        return True
    return False


def _check_rated_voltages(site: _Site, table: str, row: Row, sides: tuple[str, ...]) -> None:
    for side in sides:
        rated, nominal = row[f"vn_{side}_kv"], site.vn_kv(row[f"{side}_bus"])
        if abs(rated / nominal - 1.0) > 0.3:
            site.error(
                table,
                row,
                f"vn_{side}_kv",
                f"winding of {rated:g} kV on a bus of {nominal:g} kV",
                accepted="within 30 % of the bus's nominal voltage",
            )


def _add_three_winding(site: _Site, row: Row) -> None:
    sides = ("hv", "mv", "lv")
    _check_rated_voltages(site, "trafo3w", row, sides)
    if row["tap_dependency_table"]:
        site.error("trafo3w", row, "tap_dependency_table", "tap changers by table not supported")
    if row["loss_side"] not in (None, *sides):
        site.error(
            "trafo3w",
            row,
            "loss_side",
            "cannot be used",
            value=row["loss_side"],
            accepted="hv, mv, lv",
        )
    checked = [
        _check_short_circuit(
            site, "trafo3w", row, row[f"vk_{side}_percent"], row[f"vkr_{side}_percent"], f"{side}_"
        )
        for side in sides
    ]
    if not all(checked):
        return
    try:
        legs = star_legs(row)
    except (ValueError, ZeroDivisionError) as reason:
        site.error("trafo3w", row, "tap_pos", f"tap changer out of range: {reason}")
        return
    whole = site.draft.ids["trafo3w", row["index"]]
    star = site.draft.ids.derive(f"{whole}/star")
    vn_kv = site.vn_kv(row["hv_bus"])
    owner = site.draft.substation_of[site.busbars[row["hv_bus"]]]
    site.draft.add_busbar(star, substation=owner, vn_kv=vn_kv, in_service=True)
    site.draft.findings.assume_for(
        whole, "three-winding transformers modelled as three with a star point"
    )
    opened = {end[:2] for end in site.open_ends("trafo3w", row)}
    for side, leg in legs.items():
        if leg.vk_pct == 0.0:
            site.error("trafo3w", row, f"vk_{side}_percent", "leaves a star leg no impedance")
        outer, inner = ("hv", "lv") if side == "hv" else ("lv", "hv")
        _add_winding(
            site,
            site.draft.ids.derive(f"{whole}/{side}"),
            leg,
            opened={outer} if side in opened else set(),
            in_service=row["in_service"],
            busbars={outer: site.busbars[row[f"{side}_bus"]], inner: star},
            vn_kv={outer: site.vn_kv(row[f"{side}_bus"]), inner: vn_kv},
        )


def _add_impedance(site: _Site, row: Row) -> None:
    if not _check_ends(site, "impedance", row, ("from_bus", "to_bus")):
        return
    forward, backward = (complex(row[f"r{way}_pu"], row[f"x{way}_pu"]) for way in ("ft", "tf"))
    if forward == 0:
        site.error("impedance", row, "xft_pu", "has no impedance", hint="use a bus-bus switch")
        return
    if abs(forward - backward) > 1e-9 * abs(forward):
        site.error(
            "impedance",
            row,
            "xtf_pu",
            "differs by direction",
            value=backward,
            accepted=f"equal to {forward}",
        )
        return
    impedance = site.draft.ids["impedance", row["index"]]
    ends = {"from_busbar": site.busbars[row["from_bus"]], "to_busbar": site.busbars[row["to_bus"]]}
    site.draft.add_impedance(
        impedance,
        forward,
        sn_mva=row["sn_mva"],
        rating_mva=row["sn_mva"],
        in_service=row["in_service"],
        **ends,
    )
    site.draft.findings.assume_for(impedance, "impedances rated at the power they are given on")
    for end, side in (("from", "f"), ("to", "t")):
        admittance = complex(row[f"g{side}_pu"], row[f"b{side}_pu"])
        site.draft.add_shunt(
            f"{impedance}/shunt-{end}",
            ends[f"{end}_busbar"],
            admittance.conjugate() * row["sn_mva"],
            in_service=row["in_service"],
        )
