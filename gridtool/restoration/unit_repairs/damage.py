"""From damage tables to repairable components, damage of a bus spread to what stands at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gridtool.errors import InputError, Issue
from gridtool.flow.mld_case import DcCase, MatpowerFile, case_of_matpower
from gridtool.restoration.unit_repairs.model import KINDS, Component, RepairCase

__all__ = ["case_of_file", "mark_damage"]


def case_of_file(file: MatpowerFile) -> RepairCase:
    """The repairable components of a MATPOWER file.

    Repairable is what is damaged, marked itself or at a damaged bus, and has a status other
    than 0 (a bus: a type other than 4). Source: PowerModelsRestoration.jl,
    ``propagate_damage_status!`` and ``get_repairable_components``.
    """
    source = file.case
    case = case_of_matpower(file)
    status = {("bus", str(b.number)): b.type != 4 for b in source.buses}
    status |= {("gen", str(g.row)): g.in_service for g in source.generators}
    status |= {("branch", str(b.row)): b.in_service for b in source.branches}
    status |= {("storage", str(s.row)): s.in_service for s in file.storages}
    at: dict[tuple[str, str], tuple[str, ...]] = {
        ("gen", str(g.row)): (str(g.bus),) for g in source.generators
    }
    at |= {("branch", str(b.row)): (str(b.from_bus), str(b.to_bus)) for b in source.branches}
    at |= {("storage", str(s.row)): (str(s.bus),) for s in file.storages}
    marked = {(kind, str(number)) for kind, number in source.damaged}
    marked |= {("storage", str(s.row)) for s in file.storages if s.damaged}
    return _make_case(case, status=status, at=at, marked=marked)


def mark_damage(case: DcCase, damaged: Iterable[tuple[str, str]]) -> RepairCase:
    """The repairable components of ``case`` when the ``(kind, id)`` of ``damaged`` are.

    Raises
    ------
    InputError
        If there is no such element.
    """
    marked = set(damaged)
    status = {(kind, name): True for kind, names in _ids_by_kind(case).items() for name in names}
    unknown = sorted(marked - set(status))
    if unknown:
        raise InputError(
            [
                Issue(
                    message=f"there is no {kind} {name!r}", ids=(name,), accepted="ids in service"
                )
                for kind, name in unknown
            ],
            subject="damage",
        )
    bus = case.bus_ids
    at: dict[tuple[str, str], tuple[str, ...]] = {
        ("gen", name): (bus[k],) for name, k in zip(case.gen_ids, case.gen_bus, strict=True)
    }
    ends = zip(case.branch_ids, case.branch_from, case.branch_to, strict=True)
    at |= {("branch", name): (bus[start], bus[end]) for name, start, end in ends}
    at |= {("storage", storage.id): (bus[storage.bus],) for storage in case.storages}
    return _make_case(case, status=status, at=at, marked=marked)


def _ids_by_kind(case: DcCase) -> dict[str, tuple[str, ...]]:
    storages = tuple(storage.id for storage in case.storages)
    return dict(zip(KINDS, (case.bus_ids, case.gen_ids, case.branch_ids, storages), strict=True))


def _make_case(
    case: DcCase,
    *,
    status: Mapping[tuple[str, str], bool],
    at: Mapping[tuple[str, str], tuple[str, ...]],
    marked: set[tuple[str, str]],
) -> RepairCase:
    out = {name for kind, name in marked if kind == "bus"}
    damaged = marked | {element for element, buses in at.items() if out & set(buses)}
    places = {
        (kind, name): k
        for kind, names in _ids_by_kind(case).items()
        for k, name in enumerate(names)
    }
    components: list[Component] = []
    bit_of_bus: dict[str, int] = {}
    for element, alive in status.items():
        if element not in damaged or not alive:
            continue
        kind, name = element
        if kind == "bus":
            bit_of_bus[name] = len(components)
        buses = {bit_of_bus[bus] for bus in at.get(element, ()) if bus in bit_of_bus}
        components.append(
            Component(
                kind=kind,
                id=name,
                place=places.get(element, -1),
                buses=tuple(sorted(buses)),
            )
        )
    return RepairCase(case=case, components=tuple(components))
