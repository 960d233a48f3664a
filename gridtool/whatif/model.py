"""What a sweep is made of: its scenarios, what every worker needs of it, and a scenario's row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from gridtool.damage.model import GridState
from gridtool.forecast.model import DemandModel, ForecastConfig
from gridtool.restoration.model import PlanConfig, Resources
from gridtool.whatif.scenario import Scenario

__all__ = [
    "BASE_NAME",
    "DONE",
    "FAILED",
    "LEVELS",
    "MEASURE",
    "ROW_COLUMNS",
    "Level",
    "LossRange",
    "RowColumn",
    "ScenarioList",
    "SweepContext",
    "SweepRow",
    "SweepScenario",
    "failed_row",
]

Level = Literal["assess", "plan", "forecast"]
LEVELS: tuple[Level, ...] = ("assess", "plan", "forecast")
"""How far each scenario is evaluated; each level has what those before it have."""

MEASURE: dict[Level, str] = {"assess": "unserved_mw", "plan": "ens_mwh", "forecast": "eue_mwh"}
"""Column by which the scenarios of a level are compared: less is better."""

BASE_NAME = "base"
"""Name of scenario 0, in which nothing is changed."""

DONE = "done"
FAILED = "failed: "
"""What the status of a scenario that was not evaluated begins with; the reason follows."""

NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepScenario:
    """A scenario with its place in the sweep; ``number`` 0 is the base."""

    number: int
    name: str
    scenario: Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class LossRange:
    """Scenarios of one origin that differ in the assets lost: ``numbers`` of them, by its name.

    ``is_drawn``: they are draws from stated distributions, else values that were listed.
    """

    name: str
    numbers: range
    is_drawn: bool


class ScenarioList(Protocol):
    """Scenarios by number, made when asked for: a million of them take no room.

    Scenario i depends on i and the list alone. It can be sent to another process.
    """

    def __len__(self) -> int:
        """How many there are, the base among them."""
        ...

    def __getitem__(self, number: int, /) -> SweepScenario:
        """Scenario ``number``; IndexError beyond the last."""
        ...

    def __iter__(self) -> Iterator[SweepScenario]:
        """All of them in order, the base first."""
        ...

    @property
    def losses(self) -> tuple[LossRange, ...]:
        """Those that differ in the assets lost, and are not compared with each other."""
        ...


@dataclass(frozen=True, kw_only=True)
class SweepContext:
    """Everything a worker needs to evaluate any scenario of a sweep; it is sent once to each.

    Attributes
    ----------
    state
        The case as it is.
    resources
        Crews and spares; None at the level ``assess``, or where nothing is repaired.
    demand
        Scaled to the network; None below the level ``forecast``.
    plan, forecast
        Of the base. The forecast's samples are simulated in this process, whatever its workers.
    counted_h
        Hours from the as-of time on over which energy not served is counted in every scenario.
    """

    level: Level
    state: GridState
    scenarios: ScenarioList
    seed: int
    counted_h: float
    resources: Resources | None = None
    plan: PlanConfig = field(default_factory=PlanConfig)
    demand: DemandModel | None = None
    forecast: ForecastConfig = field(default_factory=ForecastConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRow:
    """A scenario's outcome: one row of the results. NaN (or 0, or nothing) is not known.

    The columns are described by :data:`ROW_COLUMNS`.
    """

    number: int
    name: str
    status: str = DONE
    changes: str = ""
    served_mw: float = NAN
    unserved_mw: float = NAN
    protected_unserved_mw: float = NAN
    customers_out: float = NAN
    repairs: float = NAN
    ens_mwh: float = NAN
    last_repair_h: float = NAN
    etr_p50_h: float = NAN
    etr_p90_h: float = NAN
    samples: int = 0
    eue_mwh: float = NAN
    eue_mwh_se: float = NAN
    hours_off: float = NAN
    hours_off_se: float = NAN
    hours_off_p50: float = NAN
    hours_off_p90: float = NAN
    lole_h: float = NAN
    eue_by_sample: tuple[float, ...] = ()
    hours_off_by_sample: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowColumn:
    """A column of the results: its name in :class:`SweepRow`, its type and its meaning."""

    name: str
    kind: Literal["int64", "float64", "string", "list<float64>"]
    meaning: str


def _column(
    name: str, meaning: str, kind: Literal["int64", "float64", "string", "list<float64>"]
) -> RowColumn:
    return RowColumn(name=name, kind=kind, meaning=meaning)


ROW_COLUMNS: tuple[RowColumn, ...] = (
    _column("number", "number of the scenario; 0 is the base", "int64"),
    _column("name", "name of the scenario", "string"),
    _column("status", "'done', or 'failed: ' and why", "string"),
    _column("changes", "what is changed against the base, in words", "string"),
    _column("served_mw", "load served now, MW", "float64"),
    _column("unserved_mw", "load not served now, MW", "float64"),
    _column("protected_unserved_mw", "of it load of critical feeders, MW", "float64"),
    _column("customers_out", "customers without supply now", "float64"),
    _column("repairs", "repair jobs of the plan", "float64"),
    _column("ens_mwh", "energy not served by the plan while it is counted, MWh", "float64"),
    _column("last_repair_h", "hours until the plan's last repair", "float64"),
    _column("etr_p50_h", "hours until the city is back in half of the executions", "float64"),
    _column("etr_p90_h", "hours until the city is back in 90 % of the executions", "float64"),
    _column("samples", "simulated futures", "int64"),
    _column("eue_mwh", "expected unserved energy of the months ahead, MWh", "float64"),
    _column("eue_mwh_se", "its standard error", "float64"),
    _column("hours_off", "hours a day without supply, ordinary customer, mean", "float64"),
    _column("hours_off_se", "its standard error", "float64"),
    _column("hours_off_p50", "hours a day without supply, half of the futures", "float64"),
    _column("hours_off_p90", "hours a day without supply, 90 % of the futures", "float64"),
    _column("lole_h", "expected hours of shortage of the city", "float64"),
    _column("eue_by_sample", "unserved energy of each future, MWh", "list<float64>"),
    _column("hours_off_by_sample", "hours a day without supply in each future", "list<float64>"),
)
"""Columns of the results in order. The futures of all scenarios have the same random numbers:
the same place of two ``by_sample`` lists is a pair."""


def failed_row(one: SweepScenario, *, reason: str) -> SweepRow:
    """The row of a scenario that has no outcome, and why, on one line."""
    words = " ".join(reason.split()) or "no reason known"
    return SweepRow(number=one.number, name=one.name, status=FAILED + words)
