"""Further damage as a scenario states it: in a job file, or in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gridtool.damage.model import DamageState
from gridtool.errors import Issue, JobFileError
from gridtool.forecast.model import FurtherDamage
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.formats.strict_toml import load
from gridtool.jobs.findings import find_issues
from gridtool.jobs.model import StatedDamage
from gridtool.network.model import CityNetwork
from gridtool.network.schema import ASSET_TABLES

__all__ = [
    "FurtherDamageSection",
    "check_section",
    "expose_assets",
    "read_further_damage",
    "to_statement",
]

_Probability = Annotated[float, Field(ge=0, le=1)]
_Weight = Annotated[float, Field(gt=0, le=1_000_000)]
_ROUNDING = 1e-9
STATES = tuple(str(state) for state in DamageState if state is not DamageState.NONE)
KINDS = tuple(ASSET_TABLES.values())


class FurtherDamageSection(BaseModel):
    """Damage still to come, as the planner states it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    rate_per_month: Annotated[float, Field(ge=0, le=1000)] = Field(
        description="events to be expected in a month of 730.5 h; they come at random"
    )
    batch: Annotated[list[_Probability], Field(min_length=1, max_length=1000)] = Field(
        default=[1.0],
        description="probability that an event damages 1, 2, 3, ... assets; adds up to 1",
    )
    states: dict[str, _Probability] = Field(
        default={"extensive": 1.0},
        description="probability of each damage state, as {moderate = 0.3, complete = 0.7}; adds "
        "up to 1",
    )
    kinds: dict[str, _Weight] = Field(
        default_factory=dict,
        description="weight of every asset of a kind, as {transformer = 3, line = 1}: how likely "
        "it is hit against others",
    )
    exposure: dict[str, _Weight] = Field(
        default_factory=dict,
        description="weight of single assets by id; it comes before that of their kind",
    )


class _DamageFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: Literal["gridtool-further-damage"] = Field(description="the kind of file")
    format_version: Literal[1] = Field(description="the version of its format")
    further_damage: FurtherDamageSection


def read_further_damage(path: Path) -> StatedDamage:
    """The statement in a TOML file of its own: ``format = "gridtool-further-damage"``,
    ``format_version = 1`` and the section ``[further_damage]`` of a job file.

    Raises
    ------
    JobFileError
        With every finding.
    """
    tables: Mapping[str, Any] = load(path, error=JobFileError)
    found, issues = find_issues(_DamageFile, tables, file=path.name)
    if found is not None:
        issues = check_section(found.further_damage, file=path.name)
    refuse_on_errors(issues, error=JobFileError, subject=str(path))
    assert found is not None
    return to_statement(found.further_damage)


def check_section(section: FurtherDamageSection, *, file: str) -> list[Issue]:
    """What is wrong with the section beyond its types."""
    issues = [
        Issue(
            message=f"the probabilities add up to {total:g}",
            file=file,
            field=f"further_damage.{name}",
            accepted="1",
        )
        for name, total in (("batch", sum(section.batch)), ("states", sum(section.states.values())))
        if abs(total - 1) > _ROUNDING
    ]
    for name, words, known, what in (
        ("states", section.states, STATES, "damage state"),
        ("kinds", section.kinds, KINDS, "kind of asset"),
    ):
        issues += [
            Issue(
                message=f"is not a {what}",
                file=file,
                field=f"further_damage.{name}.{word}",
                accepted=list_words(known),
                hint=did_you_mean(word, known),
            )
            for word in words
            if word not in known
        ]
    if not section.kinds and not section.exposure:
        issues.append(
            Issue(
                message="says of no asset that it may be damaged",
                file=file,
                field="further_damage",
                hint="give kinds = {transformer = 1}, or exposure with ids of assets",
            )
        )
    return issues


def to_statement(section: FurtherDamageSection) -> StatedDamage:
    """The section as it is kept."""
    return StatedDamage(
        rate_per_month=section.rate_per_month,
        batch=tuple(section.batch),
        states=dict(section.states),
        kinds=dict(section.kinds),
        exposure=dict(section.exposure),
    )


def expose_assets(stated: StatedDamage, network: CityNetwork, *, file: str) -> FurtherDamage:
    """The statement on the assets of ``network``.

    Parameters
    ----------
    file
        What findings call the place it comes from.

    Raises
    ------
    JobFileError
        With every asset that is unknown, or if the network has none of the kinds.
    """
    assets = network.assets
    issues = [
        Issue(
            message="is not an asset of the network",
            file=file,
            field=f"further_damage.exposure.{asset}",
            hint=did_you_mean(asset, assets),
        )
        for asset in stated.exposure
        if asset not in assets
    ]
    exposure = {
        asset: stated.kinds[ref.kind] for asset, ref in assets.items() if ref.kind in stated.kinds
    } | dict(stated.exposure)
    longest = max(
        (size for size, chance in enumerate(stated.batch, start=1) if chance > 0), default=0
    )
    if not issues and len(exposure) < longest:
        issues.append(
            Issue(
                message=f"an event may damage {longest} assets, but only {len(exposure)} may be "
                "damaged",
                file=file,
                field="further_damage.batch",
                hint="give weight to more assets, or shorten batch",
            )
        )
    refuse_on_errors(issues, error=JobFileError, subject=file)
    return FurtherDamage(
        rate_per_month=stated.rate_per_month,
        batch=stated.batch,
        states=stated.states,
        exposure=exposure,
    )
