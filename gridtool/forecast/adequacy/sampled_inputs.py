"""A generating system as the arrays that its simulation runs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.errors import InputError, Issue
from gridtool.forecast.adequacy.chains import (
    Component,
    interface_chain,
    join_chains,
    list_units,
    storage_chain,
)
from gridtool.forecast.adequacy.chains_kernel import Chains
from gridtool.forecast.adequacy.model import GeneratingSystem, Interface, LoadSeries
from gridtool.forecast.adequacy.sampled_calendar import lay_out_calendar, lay_out_cells
from gridtool.forecast.adequacy.sampled_hours_kernel import Model, Network
from gridtool.forecast.adequacy.sampled_kernel import Pool
from gridtool.forecast.adequacy.sampled_tally_kernel import Calendar
from gridtool.forecast.adequacy.storage import Storage
from gridtool.forecast.adequacy.storage_kernel import Stores
from gridtool.forecast.stream_kernel import as_word

__all__ = ["SimulatedSystem", "prepare_system"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SimulatedSystem:
    """Everything a worker needs, whatever the number of samples.

    Exactly one of ``pool`` and ``model`` is given.

    Attributes
    ----------
    cells
        Number of cells of the calendar.
    load_mw : (A, H)
        Of the areas that are told apart: one without interfaces.
    """

    seed: np.uint64
    chains: Chains
    calendar: Calendar
    cells: int
    load_mw: FloatArray
    pool: Pool | None = None
    model: Model | None = None


def prepare_system(
    system: GeneratingSystem,
    load: LoadSeries,
    *,
    storages: Sequence[Storage] = (),
    seed: int,
) -> SimulatedSystem:
    """Lay out a system for its simulation.

    Without interfaces all areas are one. Units that are never out are taken from the load.

    Raises
    ------
    InputError
        If times to failure and to repair are missing, or a storage stands in no area.
    """
    _check_times(system)
    pooled = not system.interfaces
    areas = ("",) if pooled else system.areas
    if not pooled:
        _check_areas(system, storages)
    load_mw = load.total_mw[None, :] if pooled else load.load_mw
    found = _sort_units(system, load_mw, place=None if pooled else areas)
    calendar = lay_out_calendar(load, areas=len(areas))
    simple = pooled and not storages and all(len(size) == 1 for size in found.sizes)
    parts = list(found.units)
    if not simple:
        parts += [*map(interface_chain, system.interfaces), *map(storage_chain, storages)]
    chains = join_chains(parts, system.common_causes)
    alike = SimulatedSystem(
        seed=as_word(seed),
        chains=chains,
        calendar=calendar,
        cells=lay_out_cells(load, areas=len(areas)).count,
        load_mw=load_mw,
    )
    if simple:
        capacity = np.array([size[0] for size in found.sizes])
        margin = load_mw[0] - found.fixed_mw[0] - capacity.sum()
        highest = np.maximum.reduceat(margin, calendar.day_first[:-1])
        return replace(alike, pool=Pool(margin, highest, capacity))
    network = _lay_out_network(found, load_mw, interfaces=system.interfaces, areas=areas)
    stores = _lay_out_stores(storages, areas=areas)
    return replace(alike, model=Model(network, stores, chains, calendar))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Units:
    """Units that can be out, with size and area of each, and what the others give (A, H)."""

    units: list[Component]
    sizes: list[FloatArray]
    area: list[int]
    fixed_mw: FloatArray


def _sort_units(
    system: GeneratingSystem, load_mw: FloatArray, *, place: Sequence[str] | None
) -> _Units:
    found = _Units(units=[], sizes=[], area=[], fixed_mw=np.zeros(load_mw.shape))
    taken = {unit for cause in system.common_causes for unit in cause.lost}
    for group in system.groups:
        area = 0 if place is None else place.index(group.area)
        for unit in list_units(group, start_up=system.start == "up"):
            if unit.never_out and group.id not in taken:
                found.fixed_mw[area] += group.capacity_mw
            else:
                found.units.append(unit)
                found.sizes.append(np.asarray(group.capacity_mw, dtype=np.float64))
                found.area.append(area)
    return found


def _check_times(system: GeneratingSystem) -> None:
    lacking = [
        group.id
        for group in system.groups
        if group.outage_rate > 0 and not (group.p_fail >= 0 and group.p_repair >= 0)
    ]
    lacking += [
        link.id for link in system.interfaces if link.outage_rate > 0 and not link.p_fail > 0
    ]
    if lacking:
        raise InputError(
            [
                Issue(
                    message=f"{name} has no times to failure and repair, which a simulation needs",
                    ids=(name,),
                    hint="give mttf_h and mttr_h, or leave out --samples",
                )
                for name in lacking
            ],
            subject="units",
        )


def _check_areas(system: GeneratingSystem, storages: Sequence[Storage]) -> None:
    stands = [(group.id, group.area) for group in system.groups]
    stands += [(storage.id, storage.area) for storage in storages]
    for link in system.interfaces:
        stands += [(link.id, link.from_area), (link.id, link.to_area)]
    issues = [
        Issue(
            message=f"{name} is not in an area of the load",
            ids=(name,),
            field="area",
            value=area,
            accepted=", ".join(system.areas),
        )
        for name, area in stands
        if area not in system.areas
    ]
    if issues:
        raise InputError(issues, subject="areas")


def _lay_out_network(
    found: _Units, load_mw: FloatArray, *, interfaces: Sequence[Interface], areas: Sequence[str]
) -> Network:
    hours = load_mw.shape[1]
    lengths = [len(size) for size in found.sizes]
    return Network(
        load_mw=np.ascontiguousarray(load_mw, dtype=np.float64),
        fixed_mw=found.fixed_mw,
        unit_area=np.array(found.area, dtype=np.int64),
        capacity_first=np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64),
        capacity_mw=np.concatenate([np.empty(0), *found.sizes]),
        link_from=np.array([areas.index(link.from_area) for link in interfaces], dtype=np.int64),
        link_to=np.array([areas.index(link.to_area) for link in interfaces], dtype=np.int64),
        forward_mw=_by_hour([link.forward_mw for link in interfaces], hours),
        backward_mw=_by_hour([link.backward_mw for link in interfaces], hours),
    )


def _by_hour(rows: Sequence[FloatArray], hours: int) -> FloatArray:
    if not rows:
        return np.zeros((0, hours))
    return np.ascontiguousarray([np.broadcast_to(row, hours) for row in rows], dtype=np.float64)


def _lay_out_stores(storages: Sequence[Storage], *, areas: Sequence[str]) -> Stores:
    def column(name: str) -> FloatArray:
        return np.array([getattr(storage, name) for storage in storages], dtype=np.float64)

    return Stores(
        area=np.array(
            [areas.index(storage.area) if len(areas) > 1 else 0 for storage in storages],
            dtype=np.int64,
        ),
        charge_mw=column("charge_mw"),
        discharge_mw=column("discharge_mw"),
        energy_mwh=column("energy_mwh"),
        charge_efficiency=column("charge_efficiency"),
        discharge_efficiency=column("discharge_efficiency"),
        loss_per_hour=column("loss_per_hour"),
        initial_mwh=column("initial_share") * column("energy_mwh"),
    )
