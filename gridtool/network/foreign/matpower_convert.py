"""A MATPOWER case as a city network.

Source of the branch model: MATPOWER User's Manual, section 3.2: a pi circuit behind an ideal
transformer at the from end. Every case converts exactly: the AC power flow is the same.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from gridtool.network.foreign.draft import Draft
from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.ids import IdBook
from gridtool.network.foreign.matpower_case import Branch, Bus, Generator, MatpowerCase
from gridtool.network.foreign.matpower_storage import Storage
from gridtool.network.foreign.sites import derive_substations, set_kinds, set_places
from gridtool.network.foreign.transformer_rows import add_transformer_rows
from gridtool.network.foreign.windings import Winding
from gridtool.network.model import CityNetwork, NetworkManifest

__all__ = ["convert_matpower"]

_FREQUENCY_HZ = 50.0
_ASSUMED_KV = 110.0
_OVERHEAD_OHM_PER_KM = 0.4
"""Reactance of an overhead line: lengths, which cases do not have, are estimated from it."""
_PQ, _PV, _REFERENCE, _ISOLATED = 1, 2, 3, 4


def convert_matpower(case: MatpowerCase, findings: Findings) -> CityNetwork:
    """The city network of ``case``, its assumptions listed, damage tables as ``damaged``.

    Raises
    ------
    NetworkError
        With all findings of reading and converting.
    """
    findings.raise_errors()
    conversion = _Conversion(case, findings)
    conversion.add_buses()
    for branch in case.branches:
        conversion.add_branch(branch)
    conversion.add_loads()
    conversion.add_generators()
    for storage in case.storages:
        conversion.add_storage(storage)
    findings.assume(f"line lengths estimated from reactance, {_OVERHEAD_OHM_PER_KM:g} ohm/km")
    set_kinds(conversion.draft)
    set_places(conversion.draft)
    findings.raise_errors()
    return conversion.draft.build(
        _manifest(case, findings.file, conversion), damaged=conversion.damaged()
    )


def _manifest(case: MatpowerCase, file: str, conversion: _Conversion) -> NetworkManifest:
    stem = file.rpartition(".")[0] or file
    return NetworkManifest(
        id=stem,
        name=case.name or stem,
        version="1",
        timezone="UTC",
        frequency_hz=_FREQUENCY_HZ,
        base_mva=case.base_mva,
        voltage_levels_kv=tuple(sorted(set(conversion.kv.values()), reverse=True)),
        provenance=f"converted from the MATPOWER case {file}",
    )


@dataclass(frozen=True, slots=True)
class _Circuit:
    """A branch with its ends named and its voltages known."""

    branch: Branch
    id: str
    from_busbar: str
    to_busbar: str
    from_kv: float
    to_kv: float
    rating_mva: float


class _Conversion:
    """The draft of one case and the maps from its numbers to our ids."""

    def __init__(self, case: MatpowerCase, findings: Findings) -> None:
        self.case = case
        self.findings = findings
        elements: list[tuple[str, int, str | None]] = [
            ("bus", bus.number, bus.name) for bus in case.buses
        ]
        elements += [("gen", row.row, None) for row in case.generators]
        elements += [("branch", row.row, None) for row in case.branches]
        elements += [("load", bus.number, None) for bus in case.buses]
        elements += [("storage", storage.row, None) for storage in case.storages]
        self.draft = Draft(IdBook(elements), findings)
        self.busbars: dict[int, str] = {}
        self.kv: dict[int, float] = {}
        load = sum(abs(bus.pd_mw) for bus in case.buses)
        capacity = sum(max(gen.pmax_mw, gen.pg_mw, 0.0) for gen in case.generators)
        self.unlimited_mva = max(1000.0, float(f"{10.0 * max(load, capacity):.2g}"))

    def add_buses(self) -> None:
        for bus in self.case.buses:
            self.kv[bus.number] = bus.base_kv or _ASSUMED_KV
            if not bus.base_kv:
                self.findings.assume_for(
                    f"bus {bus.number}",
                    f"buses without a base voltage, taken as {_ASSUMED_KV:g} kV",
                )
        substations = derive_substations(
            self.draft,
            zones={bus.number: bus.zone for bus in self.case.buses},
            names={bus.number: bus.name for bus in self.case.buses},
            joined=[
                (branch.from_bus, branch.to_bus)
                for branch in self.case.branches
                if self.is_transformer(branch)
            ],
        )
        for bus in self.case.buses:
            self.busbars[bus.number] = self.draft.add_busbar(
                self.draft.ids["bus", bus.number],
                substation=substations[bus.number],
                vn_kv=self.kv[bus.number],
                in_service=bus.type != _ISOLATED,
            )

    def is_transformer(self, branch: Branch) -> bool:
        from_kv, to_kv = self.kv[branch.from_bus], self.kv[branch.to_bus]
        return branch.ratio != 0.0 or branch.angle_degree != 0.0 or from_kv != to_kv

    def add_branch(self, branch: Branch) -> None:
        rated = 0.0 < branch.rate_mva < math.inf
        circuit = _Circuit(
            branch,
            self.draft.ids["branch", branch.row],
            self.busbars[branch.from_bus],
            self.busbars[branch.to_bus],
            self.kv[branch.from_bus],
            self.kv[branch.to_bus],
            branch.rate_mva if rated else self.unlimited_mva,
        )
        if not rated:
            self.findings.assume_for(
                circuit.id, f"branches without a rating, taken as {self.unlimited_mva:g} MVA"
            )
        if self.is_transformer(branch):
            self.add_transformer(circuit)
        elif branch.x_pu > 0.0 and min(branch.r_pu, branch.b_pu) >= 0.0:
            self.add_line(circuit)
        else:
            self.add_impedance(circuit)

    def add_line(self, circuit: _Circuit) -> None:
        branch, base_ohm = circuit.branch, circuit.from_kv**2 / self.case.base_mva
        omega = 2.0 * math.pi * _FREQUENCY_HZ
        length_km = branch.x_pu * base_ohm / _OVERHEAD_OHM_PER_KM
        self.draft.add(
            "lines",
            id=circuit.id,
            from_busbar=circuit.from_busbar,
            to_busbar=circuit.to_busbar,
            length_km=length_km,
            r_ohm_per_km=branch.r_pu * base_ohm / length_km,
            x_ohm_per_km=branch.x_pu * base_ohm / length_km,
            c_nf_per_km=branch.b_pu / (omega * base_ohm * length_km) * 1e9,
            max_i_ka=circuit.rating_mva / (math.sqrt(3.0) * circuit.from_kv),
            in_service=branch.in_service,
        )

    def add_impedance(self, circuit: _Circuit) -> None:
        branch = circuit.branch
        self.findings.assume_for(
            circuit.id,
            "branches without positive reactance, or with negative resistance or charging, kept "
            "as impedances",
        )
        self.draft.add_impedance(
            circuit.id,
            complex(branch.r_pu, branch.x_pu),
            sn_mva=self.case.base_mva,
            rating_mva=circuit.rating_mva,
            from_busbar=circuit.from_busbar,
            to_busbar=circuit.to_busbar,
            in_service=branch.in_service,
        )
        self.add_charging(circuit, tap=1.0)

    def add_charging(self, circuit: _Circuit, *, tap: float) -> None:
        """Half the charging at each end, seen through the tap at the from end."""
        branch = circuit.branch
        half = complex(0.0, -branch.b_pu / 2.0 * self.case.base_mva)
        for end, busbar, power in (
            ("from", circuit.from_busbar, half / tap**2),
            ("to", circuit.to_busbar, half),
        ):
            wanted = f"{circuit.id}/charging-{end}"
            self.draft.add_shunt(wanted, busbar, power, in_service=branch.in_service)

    def add_transformer(self, circuit: _Circuit) -> None:
        """The tap stands at the from end; our HV side is the end of higher base voltage."""
        branch, tap = circuit.branch, circuit.branch.ratio or 1.0
        from_is_hv = circuit.from_kv >= circuit.to_kv
        ends = [(circuit.from_busbar, circuit.from_kv * tap), (circuit.to_busbar, circuit.to_kv)]
        (hv_busbar, hv_kv), (lv_busbar, lv_kv) = ends if from_is_hv else ends[::-1]
        to_percent = 100.0 * circuit.rating_mva / self.case.base_mva
        magnitude = math.hypot(branch.r_pu, branch.x_pu)
        winding = Winding(
            sn_mva=circuit.rating_mva,
            vn_hv_kv=hv_kv,
            vn_lv_kv=lv_kv,
            vk_pct=math.copysign(magnitude, branch.x_pu) * to_percent,
            vkr_pct=branch.r_pu * to_percent,
            pfe_kw=0.0,
            i0_pct=0.0,
            shift_degree=branch.angle_degree if from_is_hv else -branch.angle_degree,
        )
        add_transformer_rows(
            self.draft,
            circuit.id,
            winding,
            busbars={"hv": hv_busbar, "lv": lv_busbar},
            lv_kv=circuit.to_kv if from_is_hv else circuit.from_kv,
            in_service=branch.in_service,
        )
        self.add_charging(circuit, tap=tap)

    def add_loads(self) -> None:
        for bus in self.case.buses:
            drawn = complex(bus.pd_mw, bus.qd_mvar)
            if drawn:
                self.add_load(bus, drawn)
            admittance = complex(bus.gs_mw, -bus.bs_mvar)
            self.draft.add_shunt(
                f"shunt-{bus.number}", self.busbars[bus.number], admittance, in_service=True
            )

    def add_load(self, bus: Bus, drawn: complex) -> None:
        load, busbar = self.draft.ids["load", bus.number], self.busbars[bus.number]
        if drawn.real < 0.0:
            self.findings.assume_for(load, "loads of negative power kept as units that must run")
            self.draft.add_fixed_unit(load, busbar, -drawn, in_service=True, name=None)
        else:
            self.draft.add_feeder(load, busbar, drawn, in_service=True, name=bus.name)

    def add_generators(self) -> None:
        buses = {bus.number: bus for bus in self.case.buses}
        voltages = self.voltage_set_points()
        infeeds = self.choose_infeeds(buses)
        for gen in self.case.generators:
            asset, bus = self.draft.ids["gen", gen.row], buses[gen.bus]
            fed = complex(gen.pg_mw, gen.qg_mvar)
            controlled = bus.type in (_PV, _REFERENCE)
            vm_pu = voltages.get(gen.bus, gen.vg_pu)
            if gen.row in infeeds:
                self.draft.add(
                    "infeeds",
                    id=asset,
                    busbar=self.busbars[gen.bus],
                    vm_pu=vm_pu,
                    max_mw=self.limit_mw(asset, gen),
                    va_degree=bus.va_degree,
                    in_service=True,
                )
            elif gen.pmax_mw <= 0.0 and gen.pg_mw < 0.0:
                self.findings.assume_for(asset, "generators that only draw power kept as feeders")
                self.draft.add_feeder(
                    asset, self.busbars[gen.bus], -fed, in_service=gen.in_service, name=None
                )
            else:
                self.draft.add(
                    "units",
                    id=asset,
                    busbar=self.busbars[gen.bus],
                    max_mw=self.limit_mw(asset, gen),
                    p_mw=gen.pg_mw,
                    min_mvar=_finite(gen.qmin_mvar),
                    max_mvar=_finite(gen.qmax_mvar),
                    vm_pu=vm_pu if controlled else None,
                    q_mvar=0.0 if controlled else gen.qg_mvar,
                    in_service=gen.in_service,
                )

    def add_storage(self, storage: Storage) -> None:
        """A storage with its power within its thermal rating."""
        asset = self.draft.ids["storage", storage.row]
        charge_mw = min(storage.charge_mw, storage.thermal_mva)
        discharge_mw = min(storage.discharge_mw, storage.thermal_mva)
        if min(charge_mw, discharge_mw, storage.energy_rating_mwh) <= 0.0:
            self.findings.assume_for(asset, "storages without energy or power left aside")
            return
        if storage.loss_mw:
            self.findings.assume_for(asset, "standing losses of storages (p_loss) left aside")
        self.draft.add(
            "storages",
            id=asset,
            busbar=self.busbars[storage.bus],
            charge_mw=charge_mw,
            discharge_mw=discharge_mw,
            energy_mwh=storage.energy_rating_mwh,
            charge_efficiency=storage.charge_efficiency,
            discharge_efficiency=storage.discharge_efficiency,
            initial_share=min(storage.energy_mwh / storage.energy_rating_mwh, 1.0),
            in_service=storage.in_service,
        )

    def voltage_set_points(self) -> dict[int, float]:
        """Set point of each bus: its last generator in service counts, as in MATPOWER."""
        points: dict[int, float] = {}
        for gen in self.case.generators:
            if gen.in_service:
                if points.get(gen.bus, gen.vg_pu) != gen.vg_pu:
                    self.findings.assume_for(
                        f"bus {gen.bus}",
                        "generators at one bus with different voltage set "
                        "points, the last one taken",
                    )
                points[gen.bus] = gen.vg_pu
        return points

    def choose_infeeds(self, buses: Mapping[int, Bus]) -> set[int]:
        """Rows of the generators that stand for the national system: one at a reference bus."""
        chosen: dict[int, Generator] = {}
        for gen in self.case.generators:
            if gen.in_service and buses[gen.bus].type == _REFERENCE:
                chosen.setdefault(gen.bus, gen)
        for gen in chosen.values():
            self.findings.assume_for(
                self.draft.ids["gen", gen.row],
                "the first generator in service at the reference bus taken as infeed",
            )
        if not chosen:
            self.findings.assume("no generator in service at a reference bus: no infeed")
        return {gen.row for gen in chosen.values()}

    def limit_mw(self, asset: str, gen: Generator) -> float:
        if not math.isfinite(gen.pmax_mw):
            self.findings.assume_for(
                asset, f"generators without a limit, taken as {self.unlimited_mva:g} MW"
            )
            return self.unlimited_mva
        if gen.pg_mw > gen.pmax_mw + 1e-6:
            self.findings.assume_for(asset, "generators above Pmax, limited to what they deliver")
        return max(gen.pmax_mw, gen.pg_mw, 0.0)

    def damaged(self) -> tuple[str, ...]:
        """Ids of what the damage tables mark."""
        found: Counter[str] = Counter()
        kept = {row["id"] for row in self.draft.rows["storages"]}
        for kind, number in self.case.damaged:
            if kind == "storage" and self.draft.ids[kind, number] not in kept:
                continue
            found[self.draft.ids[kind, number]] += 1
        return tuple(found)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
