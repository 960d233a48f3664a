"""Options of ``restore`` that say what a plan is for, and how they become its settings."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from gridtool.cli.numbers import FiniteRange
from gridtool.restoration.budget import LONG_SEARCH

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from gridtool.restoration.model import ColdLoad, DemandBlocks, PlanConfig

__all__ = ["PlanOptions", "make_config", "plan_options"]

R = TypeVar("R")

PROTECTED = "protected"
_DAYS = re.compile(r"\s*(\d{1,5})\s*d?\s*")
_MOST_DAYS = 20 * 366


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the user says a plan is for, before the network is known."""

    evaluations: int
    demand_factor: float
    deadline: str | None
    horizon_days: int | None
    weights: dict[str, float]
    durations: Literal["hazus", "equipment"]
    cold_load: tuple[float, ...] | None
    import_mw: float | None
    time_limit_s: float | None
    ac: bool
    bound: bool


def make_config(
    options: PlanOptions,
    *,
    as_of: datetime,
    zone: ZoneInfo,
    demand: DemandBlocks | None = None,
) -> PlanConfig:
    """The settings of the plan.

    Raises
    ------
    click.BadParameter
        For a deadline that is no time or is over, or a weight of no class of customers.
    """
    from gridtool.restoration.model import PlanConfig

    _check_classes(options.weights)
    weights = dict(options.weights)
    return PlanConfig(
        evaluations=options.evaluations,
        horizon_days=options.horizon_days,
        demand_factor=options.demand_factor,
        protected_weight=weights.pop(PROTECTED, 1.0),
        class_weights=weights,
        import_limit_mw=options.import_mw,
        demand=demand,
        deadline=_resolve_deadline(options.deadline, as_of=as_of, zone=zone),
        durations=options.durations,
        cold_load=_make_cold_load(options.cold_load),
        time_limit_s=options.time_limit_s,
        bound=options.bound,
        ac=options.ac,
    )


def _check_classes(weights: dict[str, float]) -> None:
    from gridtool.formats.spelling import did_you_mean
    from gridtool.network.declared.demand import CUSTOMER_CLASSES

    known = (*CUSTOMER_CLASSES, PROTECTED)
    wrong = [
        " ".join(filter(None, (f"{name!r} is no class of customers;", did_you_mean(name, known))))
        for name in weights
        if name not in known
    ]
    if wrong:
        raise click.BadParameter(
            f"{' '.join(wrong)} accepted: {', '.join(known)}", param_hint="'--weight'"
        )


def _resolve_deadline(text: str | None, *, as_of: datetime, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    from gridtool.timegrid import parse_timestamp

    try:
        deadline = parse_timestamp(text, zone=zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--deadline'") from None
    if deadline <= as_of:
        raise click.BadParameter(
            f"{text} is not after the as-of time {as_of.astimezone(zone):%Y-%m-%d %H:%M}",
            param_hint="'--deadline'",
        )
    return deadline


def _make_cold_load(given: tuple[float, ...] | None) -> ColdLoad | None:
    if given is None:
        return None
    from gridtool.restoration.model import ColdLoad

    return ColdLoad(**dict(zip(("factor", "after_h", "lasts_h"), given, strict=False)))


def plan_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options; the command gets one keyword ``planning: PlanOptions``."""

    @functools.wraps(command)
    def with_planning(*args: Any, **kwargs: Any) -> R:
        names = tuple(PlanOptions.__dataclass_fields__)
        planning = PlanOptions(**{name: kwargs.pop(name) for name in names})
        return command(*args, planning=planning, **kwargs)

    decorated: Callable[..., R] = with_planning
    for option in reversed((*_goal_options(), *_case_options(), *_effort_options())):
        decorated = option(decorated)
    return decorated


def _goal_options() -> Sequence[Callable[..., Any]]:
    return (
        click.option(
            "--deadline",
            metavar="TIME",
            help="Count energy until this time only, e.g. 2027-02-01T00:00, and say how probable "
            "each return by then is.",
        ),
        click.option(
            "--horizon",
            "horizon_days",
            metavar="DAYS",
            callback=_parse_days,
            help="Count energy and plan crews for so many days, e.g. 90d (default: as long as "
            "the work takes).",
        ),
        click.option(
            "--weight",
            "weights",
            multiple=True,
            metavar="CLASS=W",
            callback=_parse_weights,
            help="What a MWh of a customer class counts, e.g. hospital=5; 'protected' for all "
            "feeders of critical customers. Repeatable; 1 where none is given.",
        ),
    )


def _case_options() -> Sequence[Callable[..., Any]]:
    return (
        click.option(
            "--demand-factor",
            type=FiniteRange(0, 10, min_open=True),
            default=1.0,
            show_default=True,
            help="Demand that repairs are valued at, over the reference peak.",
        ),
        click.option(
            "--durations",
            type=click.Choice(("hazus", "equipment")),
            default="hazus",
            show_default=True,
            help="Times where a report has no estimate: equipment makes destroyed transformers "
            "without a spare wait for new ones.",
        ),
        click.option(
            "--cold-load",
            metavar="FACTOR[:AFTER_H[:LASTS_H]]",
            callback=_parse_cold_load,
            help="Load out for AFTER_H hours (4) comes back at FACTOR times its demand for "
            "LASTS_H hours (2), e.g. 1.5:6:3.",
        ),
        click.option(
            "--import",
            "import_mw",
            type=FiniteRange(0, 1_000_000),
            metavar="MW",
            help="Most that all infeeds together import.",
        ),
    )


def _effort_options() -> Sequence[Callable[..., Any]]:
    return (
        click.option(
            "--evaluations",
            type=click.IntRange(1, 1_000_000),
            default=LONG_SEARCH,
            show_default=True,
            help="Budget of the search, in dispatches of distinct states.",
        ),
        click.option(
            "--time-limit",
            "time_limit_s",
            type=FiniteRange(0, 1_000_000, min_open=True),
            metavar="SECONDS",
            help="A safety net: a search that it cuts is labelled, and not reproducible.",
        ),
        click.option(
            "--ac/--no-ac",
            default=True,
            show_default=True,
            help="Verify every stage of the plan by AC power flow.",
        ),
        click.option(
            "--bound/--no-bound",
            default=True,
            show_default=True,
            help="Compute a lower bound on the energy of any plan, and the gap to it.",
        ),
    )


def _parse_days(_context: click.Context, _option: click.Parameter, given: str | None) -> int | None:
    if given is None:
        return None
    match = _DAYS.fullmatch(given)
    days = int(match.group(1)) if match else 0
    if not 1 <= days <= _MOST_DAYS:
        raise click.BadParameter(f"{given!r} is not a number of days, 1 to {_MOST_DAYS}: 90 or 90d")
    return days


def _parse_weights(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> dict[str, float]:
    weights: dict[str, float] = {}
    for pair in given:
        name, _, number = (part.strip() for part in pair.partition("="))
        weight = _parse_number(number)
        if not name or weight is None or weight > 1e6:
            raise click.BadParameter(
                f"{pair!r} is not CLASS=W with a number from 0 to a million, e.g. hospital=5"
            )
        if name in weights:
            raise click.BadParameter(f"{name} is given twice")
        weights[name] = weight
    return weights


def _parse_cold_load(
    _context: click.Context, _option: click.Parameter, given: str | None
) -> tuple[float, ...] | None:
    if given is None:
        return None
    numbers = [_parse_number(part) for part in given.split(":")]
    found = tuple(number for number in numbers if number is not None)
    if len(found) != len(numbers) or not 1 <= len(found) <= 3:
        raise click.BadParameter(f"{given!r} is not FACTOR[:AFTER_H[:LASTS_H]], e.g. 1.5:6:3")
    if not 1.0 <= found[0] <= 10.0:
        raise click.BadParameter(f"{given!r}: the factor is from 1 to 10")
    if any(hours > 1000.0 for hours in found[1:]):
        raise click.BadParameter(f"{given!r}: hours are from 0 to 1000")
    return found


def _parse_number(text: str) -> float | None:
    """A plain number of 0 or more; None for anything else (also NaN and infinity)."""
    if not re.fullmatch(r"\s*\d{1,12}(\.\d{1,12})?\s*", text, flags=re.ASCII):
        return None
    return float(text)
