"""A scenario: what is supposed to change against the case as it is, and its words."""

from __future__ import annotations

from dataclasses import dataclass

from gridtool.damage.model import DamageState

__all__ = ["DAY_H", "Scenario", "describe_scenario"]

DAY_H = 24.0
MOST_NAMED = 6
"""Assets that words list by name; of more the number is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is changed against the case as it is.

    Attributes
    ----------
    out : assets that are destroyed in addition.
    damaged : assets left in a damage state, whatever was known of them; "none" is :attr:`back`.
    back : damaged assets that work again; a substation stands for all that is damaged in it.
    delay_h : hours after the as-of time before which work on no repair begins.
    delays : the same for single assets; a substation stands for all that is damaged in it. The
        longer of two delays counts.
    crews : number of crews: the first so many, or copies of them in turn beyond their number.
    stock : spares there now, instead of the number known, by spare.
    arrivals_later_h : hours by which every spare that is announced arrives later.
    mobile_units : number of mobile units: the first so many, or copies of them in turn.
    import_mw : most that all infeeds together import, in every month.
    import_change_mw : added to what all infeeds together may import: to the allocation of every
        month in forecasts; to ``import_mw``, or else to the ratings of all infeeds, where no
        months are simulated.
    weather_year : the year whose temperatures the months ahead have.
    demand_growth : share by which demand is higher at all times, 0.05 for 5 %.
    further_damage_rate : events of further damage a month instead of the rate stated.
    """

    out: tuple[str, ...] = ()
    damaged: tuple[tuple[str, DamageState], ...] = ()
    back: tuple[str, ...] = ()
    delay_h: float = 0.0
    delays: tuple[tuple[str, float], ...] = ()
    crews: int | None = None
    stock: tuple[tuple[str, int], ...] = ()
    arrivals_later_h: float = 0.0
    mobile_units: int | None = None
    import_mw: float | None = None
    import_change_mw: float = 0.0
    weather_year: int | None = None
    demand_growth: float = 0.0
    further_damage_rate: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is changed."""
        return self == Scenario()


def describe_scenario(scenario: Scenario) -> str:
    """The change in words, e.g. ``SS-07 out and at most 300 MW imported``."""
    parts = [*_damage_words(scenario), *_supply_words(scenario), *_repair_words(scenario)]
    if not parts:
        return "nothing changed"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _damage_words(scenario: Scenario) -> list[str]:
    parts = []
    if scenario.out:
        parts.append(f"{_list_assets(scenario.out)} out")
    for state in DamageState:
        hit = tuple(asset for asset, left in scenario.damaged if left is state)
        if hit:
            parts.append(f"{_list_assets(hit)} with {state.value} damage")
    if scenario.back:
        parts.append(f"{_list_assets(scenario.back)} back")
    if scenario.further_damage_rate is not None:
        parts.append(f"{scenario.further_damage_rate:g} events of further damage a month")
    return parts


def _repair_words(scenario: Scenario) -> list[str]:
    parts = []
    if scenario.delay_h:
        parts.append(f"no repair begun for {_days(scenario.delay_h)}")
    parts += [f"{asset} not begun for {_days(hours)}" for asset, hours in scenario.delays]
    if scenario.crews is not None:
        parts.append(_count(scenario.crews, "crew"))
    parts += [f"{number} of spare {spare} in stock" for spare, number in scenario.stock]
    if scenario.arrivals_later_h:
        parts.append(f"spares {_days(scenario.arrivals_later_h)} later")
    if scenario.mobile_units is not None:
        parts.append(_count(scenario.mobile_units, "mobile unit"))
    return parts


def _supply_words(scenario: Scenario) -> list[str]:
    parts = []
    if scenario.import_mw is not None:
        parts.append(f"at most {scenario.import_mw:g} MW imported")
    if scenario.import_change_mw:
        more = "more" if scenario.import_change_mw > 0 else "less"
        parts.append(f"{abs(scenario.import_change_mw):g} MW {more} to import")
    if scenario.weather_year is not None:
        parts.append(f"weather of {scenario.weather_year}")
    if scenario.demand_growth:
        parts.append(f"demand {100 * scenario.demand_growth:+g} %")
    return parts


def _list_assets(ids: tuple[str, ...]) -> str:
    if len(ids) <= MOST_NAMED:
        return ", ".join(ids)
    return f"{', '.join(ids[: MOST_NAMED - 1])} and {len(ids) - MOST_NAMED + 1} more"


def _days(hours: float) -> str:
    return _count(round(hours / DAY_H, 6), "day")


def _count(number: float, what: str) -> str:
    return f"{number:g} {what}{'s' if number != 1 else ''}"
