"""The scenarios of a file, in its order of kinds: named ones, grids, samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gridtool.errors import Issue
from gridtool.jobs.sweeps.read_changes import make_scenario
from gridtool.jobs.sweeps.read_groups import read_grid, read_sample
from gridtool.jobs.sweeps.read_settings import FileSections, NamedSection
from gridtool.network.model import CityNetwork
from gridtool.whatif.model import BASE_NAME
from gridtool.whatif.space import Group, Named, ScenarioSpace

__all__ = ["MOST_SCENARIOS", "read_space"]

MOST_SCENARIOS = 10_000_000


def read_space(
    sections: FileSections, *, network: CityNetwork, seed: int, file: str
) -> tuple[ScenarioSpace, list[Issue]]:
    """All scenarios, and what is wrong with their form, values and names."""
    issues = list(_check_names(sections, file=file))
    groups: list[Group] = [
        Named(name=section.name, scenario=make_scenario(section))
        for _, section in sections.scenarios
    ]
    for place, crossed in sections.grids:
        grid, own = read_grid(crossed, place=place, file=file)
        groups.append(grid)
        issues += own
    for place, drawn in sections.samples:
        sample, own = read_sample(drawn, network=network, seed=seed, place=place, file=file)
        groups.append(sample)
        issues += own
    space = ScenarioSpace(tuple(groups))
    if not groups:
        hint = "add a section [[scenario]], [[grid]] or [[sample]]"
        issues.append(Issue(message="the file states no scenario", file=file, hint=hint))
    elif not issues and len(space) > MOST_SCENARIOS:
        issues.append(
            Issue(
                message=f"the file states {len(space) - 1:,} scenarios",
                file=file,
                accepted=f"at most {MOST_SCENARIOS - 1:,}",
            )
        )
    return space, issues


def _check_names(sections: FileSections, *, file: str) -> Iterator[Issue]:
    """Names that two sections have, or that is the base's."""
    named: list[tuple[str, NamedSection]] = [
        *sections.scenarios,
        *sections.grids,
        *sections.samples,
    ]
    count = Counter(section.name for _, section in named)
    for place, section in named:
        if section.name == BASE_NAME:
            message = "is the name of the case as it is"
        elif count[section.name] > 1:
            message = f"is the name of {count[section.name]} sections"
        else:
            continue
        yield Issue(
            message=message,
            file=file,
            field=f"{place}.name",
            value=section.name,
            accepted="a name of its own",
        )
