"""A generating system as the arrays that its simulation runs on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.errors import InputError, Issue
from gridtool.forecast.adequacy.chains_kernel import Chains
from gridtool.forecast.adequacy.model import (
    CommonCause,
    GeneratingSystem,
    Interface,
    LoadSeries,
    UnitGroup,
)
from gridtool.forecast.adequacy.returns import ReturnDate
from gridtool.forecast.adequacy.sampled_hours_kernel import Model, Network
from gridtool.forecast.adequacy.sampled_kernel import Pool
from gridtool.forecast.adequacy.sampled_tally_kernel import Calendar
from gridtool.forecast.adequacy.storage import Storage
from gridtool.forecast.adequacy.storage_kernel import Stores
from gridtool.forecast.stream_kernel import as_word
from gridtool.forecast.streams import component_number

__all__ = ["SimulatedSystem", "prepare_system"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
HOURS_OF_DAY = 24


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Component:
    """One thing that is up or down."""

    name: str
    p_fail: float
    p_repair: float
    start_up: bool = False
    returns: ReturnDate | None = None
    group: str = ""
    number: int = 0

    @property
    def never_out(self) -> bool:
        return self.returns is None and (self.start_up or self.p_repair > 0) and self.p_fail == 0


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
    load_mw = load.total_mw[None, :] if pooled else load.load_mw
    place = {area: at for at, area in enumerate(areas)}
    if not pooled:
        _check_areas(storages, areas)
    units, sizes, at_area = [], [], []
    net = load_mw.astype(np.float64)
    taken = {unit for cause in system.common_causes for unit in cause.lost}
    for group in system.groups:
        area = 0 if pooled else place[group.area]
        for unit in _list_units(group, start_up=system.start == "up"):
            if unit.never_out and group.id not in taken:
                net[area] -= group.capacity_mw
                continue
            units.append(unit)
            sizes.append(np.asarray(group.capacity_mw, dtype=np.float64))
            at_area.append(area)
    calendar, cells = _lay_out_calendar(load, areas=len(areas))
    constant = all(len(size) == 1 for size in sizes)
    if pooled and constant and not storages:
        capacity = np.array([size[0] for size in sizes])
        margin = net[0] - capacity.sum()
        return SimulatedSystem(
            seed=as_word(seed),
            chains=_join_chains(units, system.common_causes),
            calendar=calendar,
            cells=cells,
            load_mw=load_mw,
            pool=Pool(margin, np.maximum.reduceat(margin, calendar.day_first[:-1]), capacity),
        )
    components = [*units, *map(_interface_chain, system.interfaces), *map(_storage_chain, storages)]
    chains = _join_chains(components, system.common_causes)
    network = _lay_out_network(
        net,
        load_mw=load_mw,
        sizes=sizes,
        at_area=at_area,
        interfaces=system.interfaces,
        place=place,
    )
    return SimulatedSystem(
        seed=as_word(seed),
        chains=chains,
        calendar=calendar,
        cells=cells,
        load_mw=load_mw,
        model=Model(
            network, _lay_out_stores(storages, place={} if pooled else place), chains, calendar
        ),
    )


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
                    message="a simulation in time needs times to failure and to repair",
                    ids=(name,),
                    hint="give mttf_h and mttr_h, or leave out --samples",
                )
                for name in lacking
            ],
            subject="units",
        )


def _check_areas(storages: Sequence[Storage], areas: Sequence[str]) -> None:
    issues = [
        Issue(
            message="no such area",
            ids=(storage.id,),
            field="area",
            value=storage.area,
            accepted=", ".join(areas),
        )
        for storage in storages
        if storage.area not in areas
    ]
    if issues:
        raise InputError(issues, subject="storages")


def _list_units(group: UnitGroup, *, start_up: bool) -> list[_Component]:
    known = group.outage_rate > 0 or group.p_fail > 0
    return [
        _Component(
            name=f"unit {group.id}/{number}",
            p_fail=group.p_fail if known else 0.0,
            p_repair=group.p_repair if known else 1.0,
            start_up=start_up,
            returns=group.returns,
            group=group.id,
            number=number,
        )
        for number in range(group.count)
    ]


def _interface_chain(link: Interface) -> _Component:
    return _Component(name=f"interface {link.id}", p_fail=link.p_fail, p_repair=link.p_repair)


def _storage_chain(storage: Storage) -> _Component:
    return _Component(
        name=f"storage {storage.id}", p_fail=storage.p_fail, p_repair=storage.p_repair
    )


def _join_chains(components: Sequence[_Component], causes: Sequence[CommonCause]) -> Chains:
    def leave(chances: Iterable[float]) -> FloatArray:
        # log1p(-1) is -inf, whose inverse 0 makes every stay one hour; 1 / log1p(-0) never leaves.
        with np.errstate(divide="ignore"):
            logs = np.log1p(-np.array(list(chances), dtype=np.float64))
            return np.asarray(np.where(logs < 0, 1.0 / logs, -np.inf))

    fail = np.array([part.p_fail for part in components])
    repair = np.array([part.p_repair for part in components])
    up = np.divide(repair, fail + repair, out=np.ones(len(components)), where=fail + repair > 0)
    up[[part.start_up for part in components]] = 1.0
    returns = [part.returns for part in components]
    lengths = [0 if returning is None else len(returning.hour) for returning in returns]
    dates = [returning for returning in returns if returning is not None]
    takes = [
        [part.number < cause.lost.get(part.group, 0) for part in components] for cause in causes
    ]
    return Chains(
        fail=leave(fail),
        repair=leave(repair),
        up_chance=up,
        component=_words(part.name for part in components),
        return_first=np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64),
        return_hour=np.concatenate([np.empty(0, np.int64), *(date.hour for date in dates)]),
        return_share=np.concatenate([np.empty(0), *(date.share for date in dates)]),
        cause_chance=np.array([cause.probability for cause in causes], dtype=np.float64),
        cause_component=_words(f"common cause {cause.id}" for cause in causes),
        takes=np.array(takes, dtype=np.bool_).reshape(len(causes), len(components)),
    )


def _words(names: Iterable[str]) -> npt.NDArray[np.uint64]:
    return np.array([component_number(name) for name in names], dtype=np.uint64)


def _lay_out_calendar(load: LoadSeries, *, areas: int) -> tuple[Calendar, int]:
    """The calendar and the number of its cells.

    Cells are months, weeks, hours of day and, with more than one, areas and their months.
    """
    given, hours = load.calendar, load.hours
    day = given.day - given.day[0]
    first = np.append(np.flatnonzero(np.diff(day, prepend=-1)), hours)
    of_day = np.arange(hours) - first[day]
    if len(first) > 2:  # the first day may begin late: it ends at midnight
        of_day[: first[1]] += max(0, HOURS_OF_DAY - first[1])
    months, weeks = len(given.months), len(given.weeks)
    cell = np.stack(
        [
            given.month,
            months + given.week,
            months + weeks + np.minimum(of_day, HOURS_OF_DAY - 1),
        ]
    )
    begin = months + weeks + HOURS_OF_DAY
    own = np.zeros((areas, 0, hours), dtype=np.int64)
    if areas > 1:
        at = np.arange(areas)[:, None]
        total = np.broadcast_to(begin + at, (areas, hours))
        own = np.stack([total, begin + areas + at * months + given.month], axis=1)
    is_peak = np.zeros(hours, dtype=np.bool_)
    is_peak[load.peak_hours] = True
    calendar = Calendar(
        day=np.asarray(day, dtype=np.int64),
        day_first=np.asarray(first, dtype=np.int64),
        is_peak=is_peak,
        cell=np.asarray(cell, dtype=np.int64),
        area_cell=np.ascontiguousarray(own, dtype=np.int64),
        peak_mw=float(load.total_mw.max()),
    )
    return calendar, begin + (areas * (1 + months) if areas > 1 else 0)


def _lay_out_network(
    net: FloatArray,
    *,
    load_mw: FloatArray,
    sizes: Sequence[FloatArray],
    at_area: Sequence[int],
    interfaces: Sequence[Interface],
    place: dict[str, int],
) -> Network:
    hours = net.shape[1]
    lengths = [len(size) for size in sizes]
    return Network(
        load_mw=np.ascontiguousarray(load_mw, dtype=np.float64),
        fixed_mw=np.ascontiguousarray(load_mw - net),
        unit_area=np.array(at_area, dtype=np.int64),
        capacity_first=np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64),
        capacity_mw=np.concatenate([np.empty(0), *sizes]),
        link_from=np.array([place[link.from_area] for link in interfaces], dtype=np.int64),
        link_to=np.array([place[link.to_area] for link in interfaces], dtype=np.int64),
        forward_mw=_by_hour([link.forward_mw for link in interfaces], hours),
        backward_mw=_by_hour([link.backward_mw for link in interfaces], hours),
    )


def _by_hour(rows: Sequence[FloatArray], hours: int) -> FloatArray:
    if not rows:
        return np.zeros((0, hours))
    return np.ascontiguousarray([np.broadcast_to(row, hours) for row in rows], dtype=np.float64)


def _lay_out_stores(storages: Sequence[Storage], *, place: dict[str, int]) -> Stores:
    def column(name: str) -> FloatArray:
        return np.array([getattr(storage, name) for storage in storages], dtype=np.float64)

    return Stores(
        area=np.array([place.get(storage.area, 0) for storage in storages], dtype=np.int64),
        charge_mw=column("charge_mw"),
        discharge_mw=column("discharge_mw"),
        energy_mwh=column("energy_mwh"),
        charge_efficiency=column("charge_efficiency"),
        discharge_efficiency=column("discharge_efficiency"),
        loss_per_hour=column("loss_per_hour"),
        initial_mwh=column("initial_share") * column("energy_mwh"),
    )
