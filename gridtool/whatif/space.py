"""The scenarios of a sweep by number: named ones, grids and samples, made when asked for."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, Protocol

from gridtool.forecast.streams import component_number, open_stream
from gridtool.whatif.draws import Distribution
from gridtool.whatif.model import BASE_NAME, LossRange, SweepScenario
from gridtool.whatif.scenario import Scenario

__all__ = ["Axis", "Grid", "Group", "Named", "Option", "Sample", "ScenarioSpace", "Variable"]


NOTHING = Scenario()
LOSSES = frozenset({"out", "damaged"})
"""Fields of scenarios that say which assets are lost."""


class Group(Protocol):
    """Scenarios of one origin."""

    @property
    def name(self) -> str:
        """For people, its own."""
        ...

    @property
    def varies_losses(self) -> bool:
        """Whether its scenarios differ in the assets that are lost."""
        ...

    def __len__(self) -> int:
        """How many there are."""
        ...

    def pick(self, at: int) -> tuple[str, Scenario]:
        """Name and changes of the scenario at a place from 0 on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A scenario by itself."""

    name: str
    scenario: Scenario

    @property
    def varies_losses(self) -> bool:
        """It is one: what is lost in it was stated."""
        return False

    def __len__(self) -> int:
        return 1

    def pick(self, at: int) -> tuple[str, Scenario]:  # noqa: ARG002 - there is only one
        """Its name and changes."""
        return self.name, self.scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A value on an axis: its words, and the field's value."""

    words: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A field of scenarios and the values it takes in turn; ``key`` is its name for people."""

    key: str
    field: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Every combination of the values of its axes, the last axis fastest, on ``fixed`` changes."""

    name: str
    axes: tuple[Axis, ...]
    fixed: Scenario = NOTHING

    @property
    def varies_losses(self) -> bool:
        """Whether one of its axes says which assets are lost."""
        return any(axis.field in LOSSES for axis in self.axes)

    def __len__(self) -> int:
        return math.prod(len(axis.options) for axis in self.axes)

    def pick(self, at: int) -> tuple[str, Scenario]:
        """Name and changes of a combination, as ``imports: import_mw = 200, crews = 6``."""
        picked: list[tuple[Axis, Option]] = []
        for axis in reversed(self.axes):
            at, place = divmod(at, len(axis.options))
            picked.append((axis, axis.options[place]))
        picked.reverse()
        changes: dict[str, Any] = {axis.field: option.value for axis, option in picked}
        words = ", ".join(f"{axis.key} = {option.words}" for axis, option in picked)
        return f"{self.name}: {words}", replace(self.fixed, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A field of scenarios and what its values are drawn of."""

    field: str
    distribution: Distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """``draws`` scenarios with drawn values, on ``fixed`` changes.

    Draw i of a variable depends on the seed, on i and on the variable's field alone: more draws, or
    another variable, leave it as it is.
    """

    name: str
    draws: int
    seed: int
    variables: tuple[Variable, ...]
    fixed: Scenario = NOTHING

    @property
    def varies_losses(self) -> bool:
        """Whether it draws which assets are lost."""
        return any(variable.field in LOSSES for variable in self.variables)

    def __len__(self) -> int:
        return self.draws

    def pick(self, at: int) -> tuple[str, Scenario]:
        """Name and changes of a draw, as ``winter #17``; the first is #1."""
        drawn: dict[str, Any] = {}
        for variable in self.variables:
            component = component_number(f"what-if: {variable.field}")
            stream = open_stream(self.seed, at, component=component)
            drawn[variable.field] = variable.distribution.draw(stream)
        return f"{self.name} #{at + 1}", replace(self.fixed, **drawn)


@dataclass(frozen=True)
class ScenarioSpace:
    """The scenarios of ``groups`` by number, one group after the other; the base is number 0.

    A :class:`gridtool.whatif.model.ScenarioList`.
    """

    groups: tuple[Group, ...]

    @cached_property
    def _ends(self) -> list[int]:
        """Number after the last scenario of each group."""
        return list(accumulate((len(group) for group in self.groups), initial=1))[1:]

    def __len__(self) -> int:
        return self._ends[-1] if self.groups else 1

    def __getitem__(self, number: int) -> SweepScenario:
        if not 0 <= number < len(self):
            raise IndexError(f"scenario {number} of {len(self)}")
        if number == 0:
            return SweepScenario(number=0, name=BASE_NAME, scenario=Scenario())
        group = bisect_right(self._ends, number)
        first = self._ends[group - 1] if group else 1
        name, scenario = self.groups[group].pick(number - first)
        return SweepScenario(number=number, name=name, scenario=scenario)

    def __iter__(self) -> Iterator[SweepScenario]:
        return (self[number] for number in range(len(self)))

    @property
    def losses(self) -> tuple[LossRange, ...]:
        """Groups whose scenarios differ in the assets lost."""
        begins = (1, *self._ends)
        return tuple(
            LossRange(name=one.name, numbers=range(begin, end), is_drawn=isinstance(one, Sample))
            for one, begin, end in zip(self.groups, begins, self._ends, strict=False)
            if one.varies_losses
        )

    def keep_named(self) -> ScenarioSpace:
        """Without grids and samples."""
        return ScenarioSpace(tuple(one for one in self.groups if isinstance(one, Named)))
