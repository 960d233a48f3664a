"""The inputs that a scenario changes: state, resources, and settings of plan and forecast."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice
from typing import TypeVar

import pandas as pd

from gridtool.damage.apply import make_state
from gridtool.damage.capacity import state_share
from gridtool.damage.model import CAPACITY_SHARE, AssetDamage, DamageState, GridState
from gridtool.errors import Issue, JobFileError
from gridtool.forecast.model import ForecastConfig
from gridtool.formats.frames import make_frame
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.network.model import CityNetwork
from gridtool.network.schema import table_schema
from gridtool.restoration.model import Crew, MobileUnit, PlanConfig, Resources
from gridtool.whatif.scenario import Scenario

__all__ = [
    "MOST_HINTS",
    "change_forecast",
    "change_plan_config",
    "change_resources",
    "change_state",
    "check_scenario",
    "damage_changed",
    "find_damaged",
    "import_limit",
    "limit_import",
    "shares_changed",
]

Unit = TypeVar("Unit", Crew, MobileUnit)

MOST_HINTS = 20


def change_state(state: GridState, scenario: Scenario) -> GridState:
    """The state with the scenario's damage and import limit.

    Raises
    ------
    JobFileError
        With every asset that is unknown, not damaged, or both out and back.
    """
    issues = check_scenario(state, scenario)
    if issues:
        raise JobFileError(issues, subject="what-if")
    network = state.network
    if scenario.import_mw is not None:
        network = limit_import(network, scenario.import_mw)
    damage = damage_changed(state, scenario).values()
    return make_state(network, damage, as_of=state.as_of, conflicts=state.conflicts)


def damage_changed(state: GridState, scenario: Scenario) -> dict[str, AssetDamage]:
    """The damage by asset with the scenario's; its assets are taken to be checked."""
    brought = find_damaged(state, scenario.back)
    found = {asset: entry for asset, entry in state.damage.items() if asset not in brought}
    for asset in scenario.out:
        found[asset] = _damage(asset, DamageState.COMPLETE, state)
    for asset, left in scenario.damaged:
        found[asset] = _damage(asset, left, state)
    return found


def shares_changed(state: GridState, scenario: Scenario) -> dict[str, float]:
    """Share of rating left by damaged asset, as :func:`damage_changed` has it, without the rest."""
    assets = state.network.assets
    brought = find_damaged(state, scenario.back)
    found = {
        asset: entry.capacity_share for asset, entry in state.damage.items() if asset not in brought
    }
    found |= dict.fromkeys(scenario.out, CAPACITY_SHARE[DamageState.COMPLETE])
    found |= {asset: state_share(left, assets[asset].kind) for asset, left in scenario.damaged}
    return found


def find_damaged(state: GridState, named: Iterable[str]) -> frozenset[str]:
    """The damaged assets that are named; a substation stands for all that is damaged in it."""
    wanted = set(named)
    if not wanted:
        return frozenset()
    assets = state.network.assets
    return frozenset(
        asset for asset in state.damage if asset in wanted or assets[asset].substation in wanted
    )


def _damage(asset: str, left: DamageState, state: GridState) -> AssetDamage:
    """The asset in a damage state; what a report says its repair needs is kept."""
    kind = state.network.assets[asset].kind
    share = state_share(left, kind)
    known = state.damage.get(asset)
    if known is not None:
        return replace(known, state=left, capacity_share=share, estimate=None)
    return AssetDamage(
        asset=asset,
        kind=kind,
        state=left,
        capacity_share=share,
        occurred_at=state.as_of,
        reported_at=state.as_of,
    )


def check_scenario(state: GridState, scenario: Scenario, *, hints: int = MOST_HINTS) -> list[Issue]:
    """Every asset of the scenario that is unknown, not damaged, or named against another.

    Parameters
    ----------
    hints
        For how many unknown assets the nearest one is looked for, which takes milliseconds each.
    """
    assets = state.network.assets
    hit = tuple(asset for asset, _ in scenario.damaged)
    held = tuple(asset for asset, _ in scenario.delays)
    named = (
        ("--out", scenario.out),
        ("damage", hit),
        ("--back", scenario.back),
        ("delays", held),
    )
    unknown = [(field, asset) for field, given in named for asset in given if asset not in assets]
    issues = [
        Issue(
            message="is not an asset of the network",
            field=field,
            value=asset,
            hint=did_you_mean(asset, assets) if place < hints else None,
        )
        for place, (field, asset) in enumerate(unknown)
    ]
    lost = {*scenario.out, *hit}
    issues += [
        Issue(message="is both out and damaged", field="damage", value=asset)
        for asset in hit
        if asset in scenario.out
    ]
    for field, given in (("--back", scenario.back), ("delays", held)):
        issues += [
            issue
            for asset in given
            if asset in assets and (issue := _check_damaged(state, asset, lost, field=field))
        ]
    return issues


def _check_damaged(state: GridState, asset: str, lost: set[str], *, field: str) -> Issue | None:
    """Whether there is damage that can be brought back or held."""
    back = field == "--back"
    if asset in lost:
        return Issue(message="is both out and back", field=field, value=asset) if back else None
    if find_damaged(state, (asset,)):
        return None
    there = list_words(state.damage) if state.damage else ""
    return Issue(
        message=f"is not damaged: there is nothing to {'bring back' if back else 'hold back'}",
        field=field,
        value=asset,
        accepted=f"a damaged asset: {there}" if there else "nothing: no damage is reported",
    )


def limit_import(network: CityNetwork, limit_mw: float) -> CityNetwork:
    """``network`` whose national system lets it import ``limit_mw`` in every month."""
    months = [
        {"month": month, "low_mw": limit_mw, "likely_mw": limit_mw, "high_mw": limit_mw}
        for month in range(1, 13)
    ]
    allocation: pd.DataFrame = make_frame(table_schema("import_allocation"), months)
    return replace(network, tables={**network.tables, "import_allocation": allocation})


def change_resources(resources: Resources, scenario: Scenario, *, state: GridState) -> Resources:
    """The resources with the scenario's crews, spares and mobile units, and what it holds back.

    A copy of a crew or mobile unit is called as its original with ``#2``, ``#3`` and so on.

    Parameters
    ----------
    state
        The changed one: what is damaged in it may be held back.
    """
    later = timedelta(hours=scenario.arrivals_later_h)
    arrivals = tuple(
        replace(
            arrival,
            arrives_at=arrival.arrives_at + later,
            latest_at=arrival.latest_at + later if arrival.latest_at else None,
        )
        for arrival in resources.arrivals
    )
    return replace(
        resources,
        crews=_repeat(resources.crews, scenario.crews),
        mobile_units=_repeat(resources.mobile_units, scenario.mobile_units),
        stock={**resources.stock, **dict(scenario.stock)},
        arrivals=arrivals,
        held_h={**resources.held_h, **_hold(state, scenario)},
    )


def _repeat(units: tuple[Unit, ...], number: int | None) -> tuple[Unit, ...]:
    """``number`` units: the first ones, then copies of them in turn."""
    if number is None or not units:
        return units
    rounds = enumerate(islice(cycle(units), number))
    return tuple(_copy(unit, number=k // len(units) + 1) for k, unit in rounds)


def _copy(unit: Unit, *, number: int) -> Unit:
    return unit if number == 1 else replace(unit, id=f"{unit.id}#{number}")


def _hold(state: GridState, scenario: Scenario) -> dict[str, float]:
    """Hours before which no work begins, by damaged asset; the longest of several counts."""
    held = dict.fromkeys(state.damage, scenario.delay_h) if scenario.delay_h else {}
    for named, hours in scenario.delays:
        for asset in find_damaged(state, (named,)):
            held[asset] = max(held.get(asset, 0.0), hours)
    return held


def change_plan_config(
    config: PlanConfig, scenario: Scenario, *, network: CityNetwork
) -> PlanConfig:
    """The plan's settings with the scenario's import limit and demand."""
    return replace(
        config,
        import_limit_mw=import_limit(scenario, network=network, given_mw=config.import_limit_mw),
        demand_factor=config.demand_factor * (1.0 + scenario.demand_growth),
    )


def import_limit(
    scenario: Scenario, *, network: CityNetwork, given_mw: float | None
) -> float | None:
    """Limit of all infeeds together at the reference demand, MW; None for none."""
    limit = given_mw if scenario.import_mw is None else scenario.import_mw
    if not scenario.import_change_mw:
        return limit
    if limit is None:
        infeeds = network.infeeds
        limit = float(infeeds.loc[infeeds["in_service"], "max_mw"].sum())
    return max(limit + scenario.import_change_mw, 0.0)


def change_forecast(config: ForecastConfig, scenario: Scenario) -> ForecastConfig:
    """The forecast's settings with the scenario's import and further damage.

    Raises
    ------
    JobFileError
        If a rate is given and nothing is stated of further damage.
    """
    further, rate = config.further_damage, scenario.further_damage_rate
    if rate is not None:
        if further is None:
            raise JobFileError(
                Issue(
                    message="a rate of further damage needs a statement of what may be damaged",
                    field="further_damage_rate",
                    hint="give the base job a section [further_damage]",
                ),
                subject="what-if",
            )
        further = replace(further, rate_per_month=rate)
    return replace(
        config,
        further_damage=further,
        import_change_mw=config.import_change_mw + scenario.import_change_mw,
    )
