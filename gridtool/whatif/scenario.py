"""A scenario: what is supposed to change, and the changed inputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import cycle, islice

import pandas as pd

from gridtool.damage.apply import make_state
from gridtool.damage.model import AssetDamage, DamageState, GridState
from gridtool.errors import Issue, JobFileError
from gridtool.formats.frames import make_frame
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.network.model import CityNetwork
from gridtool.network.schema import table_schema
from gridtool.restoration.model import Crew, Resources

__all__ = ["Scenario", "change_resources", "change_state", "describe_scenario", "limit_import"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is changed against the case as it is.

    Attributes
    ----------
    out : assets that are destroyed in addition.
    back : damaged assets that work again; a substation stands for all that is damaged in it.
    import_mw : most that all infeeds together import, in every month.
    crews : number of crews: the first so many, or copies of them in turn beyond their number.
    """

    out: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    import_mw: float | None = None
    crews: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is changed."""
        return self == Scenario()


def change_state(state: GridState, scenario: Scenario) -> GridState:
    """The state with the scenario's damage and import limit.

    Raises
    ------
    JobFileError
        With every asset that is unknown, not damaged, or both out and back.
    """
    network = state.network
    brought = _find_back(state, scenario.back)
    issues = _check_assets(state, scenario, brought)
    if issues:
        raise JobFileError(issues, subject="what-if")
    if scenario.import_mw is not None:
        network = limit_import(network, scenario.import_mw)
    lost = {asset: _destroy(network, asset, state) for asset in scenario.out}
    kept = {asset: entry for asset, entry in state.damage.items() if asset not in brought}
    return make_state(network, (kept | lost).values(), as_of=state.as_of, conflicts=state.conflicts)


def _find_back(state: GridState, back: Iterable[str]) -> frozenset[str]:
    """Damaged assets that ``back`` means."""
    wanted = set(back)
    assets = state.network.assets
    return frozenset(
        asset for asset in state.damage if asset in wanted or assets[asset].substation in wanted
    )


def _check_assets(state: GridState, scenario: Scenario, brought: frozenset[str]) -> list[Issue]:
    assets = state.network.assets
    issues = [
        Issue(
            message="is not an asset of the network",
            field=field,
            value=asset,
            hint=did_you_mean(asset, assets),
        )
        for field, given in (("--out", scenario.out), ("--back", scenario.back))
        for asset in given
        if asset not in assets
    ]
    for asset in scenario.back:
        if asset in scenario.out:
            issues.append(Issue(message="is both out and back", field="--back", value=asset))
        elif asset in assets and asset not in brought and not _owns(state, asset):
            issues.append(
                Issue(
                    message="is not damaged: there is nothing to bring back",
                    field="--back",
                    value=asset,
                    accepted=f"a damaged asset: {list_words(state.damage)}"
                    if state.damage
                    else "nothing: no damage is reported",
                )
            )
    return issues


def _owns(state: GridState, substation: str) -> bool:
    assets = state.network.assets
    return any(assets[asset].substation == substation for asset in state.damage)


def _destroy(network: CityNetwork, asset: str, state: GridState) -> AssetDamage:
    """The asset destroyed; what a report says its repair needs is kept."""
    known = state.damage.get(asset)
    if known is not None:
        return replace(known, state=DamageState.COMPLETE, capacity_share=0.0, estimate=None)
    return AssetDamage(
        asset=asset,
        kind=network.assets[asset].kind,
        state=DamageState.COMPLETE,
        capacity_share=0.0,
        occurred_at=state.as_of,
        reported_at=state.as_of,
    )


def limit_import(network: CityNetwork, limit_mw: float) -> CityNetwork:
    """``network`` whose national system lets it import ``limit_mw`` in every month."""
    months = [
        {"month": month, "low_mw": limit_mw, "likely_mw": limit_mw, "high_mw": limit_mw}
        for month in range(1, 13)
    ]
    allocation: pd.DataFrame = make_frame(table_schema("import_allocation"), months)
    return replace(network, tables={**network.tables, "import_allocation": allocation})


def change_resources(resources: Resources, crews: int | None) -> Resources:
    """The resources with ``crews`` crews: the first ones, then copies of them in turn.

    A copy is called as its original with ``#2``, ``#3`` and so on.
    """
    if crews is None or not resources.crews:
        return resources
    rounds = enumerate(islice(cycle(resources.crews), crews))
    size = len(resources.crews)
    return replace(
        resources, crews=tuple(_copy_crew(crew, number=k // size + 1) for k, crew in rounds)
    )


def _copy_crew(crew: Crew, *, number: int) -> Crew:
    return crew if number == 1 else replace(crew, id=f"{crew.id}#{number}")


def describe_scenario(scenario: Scenario) -> str:
    """The change in words, e.g. ``SS-07 out and at most 300 MW imported``."""
    parts = []
    if scenario.out:
        parts.append(f"{', '.join(scenario.out)} out")
    if scenario.back:
        parts.append(f"{', '.join(scenario.back)} back")
    if scenario.import_mw is not None:
        parts.append(f"at most {scenario.import_mw:g} MW imported")
    if scenario.crews is not None:
        parts.append(f"{scenario.crews} crew{'s' if scenario.crews != 1 else ''}")
    if not parts:
        return "nothing changed"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
