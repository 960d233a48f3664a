"""What of a generating system can be out, as chains with random streams of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.forecast.adequacy.chains_kernel import Chains
from gridtool.forecast.adequacy.model import CommonCause, Interface, UnitGroup
from gridtool.forecast.adequacy.returns import ReturnDate
from gridtool.forecast.adequacy.storage import Storage
from gridtool.forecast.streams import component_number

__all__ = ["Component", "interface_chain", "join_chains", "list_units", "storage_chain"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One thing that is up or down.

    Attributes
    ----------
    name
        Of its random stream.
    start_up
        Up for certain at hour 0, or at its return; else by its stationary chance.
    returns
        None: it is not damaged.
    group, number
        Of a unit: its group, and the how manieth of it.
    """

    name: str
    p_fail: float
    p_repair: float
    start_up: bool = False
    returns: ReturnDate | None = None
    group: str = ""
    number: int = 0

    @property
    def never_out(self) -> bool:
        """Whether it is up in all hours, but for common causes."""
        return self.returns is None and (self.start_up or self.p_repair > 0) and self.p_fail == 0


def list_units(group: UnitGroup, *, start_up: bool) -> list[Component]:
    """The units of a group."""
    known = group.outage_rate > 0 or group.p_fail > 0
    return [
        Component(
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


def interface_chain(link: Interface) -> Component:
    """The chain of an interface."""
    return Component(name=f"interface {link.id}", p_fail=link.p_fail, p_repair=link.p_repair)


def storage_chain(storage: Storage) -> Component:
    """The chain of a storage."""
    return Component(name=f"storage {storage.id}", p_fail=storage.p_fail, p_repair=storage.p_repair)


def join_chains(components: Sequence[Component], causes: Sequence[CommonCause]) -> Chains:
    """Components in order, and the common causes that take some of them."""

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
