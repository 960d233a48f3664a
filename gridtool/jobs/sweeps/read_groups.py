"""Grids and samples of a file: which keys they vary, over which values or distributions."""

from __future__ import annotations

from collections.abc import Iterable

from gridtool.errors import Issue
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.jobs.findings import find_issues
from gridtool.jobs.sweeps.read_changes import KEYS, given_keys, make_scenario
from gridtool.jobs.sweeps.read_distributions import DistributionReader, read_options
from gridtool.jobs.sweeps.read_settings import (
    CHANGE_KEYS,
    ChangeSection,
    DistributionSection,
    GridSection,
    SampleSection,
    prefix_issue,
)
from gridtool.network.model import CityNetwork
from gridtool.whatif.space import Axis, Grid, Sample, Variable

__all__ = ["read_grid", "read_sample"]


def read_grid(section: GridSection, *, place: str, file: str) -> tuple[Grid, list[Issue]]:
    """The grid of a section, and what is wrong with it."""
    issues = _check_keys(section, section.over, place=f"{place}.over", file=file)
    axes = []
    for key, values in section.over.items():
        if key not in KEYS:
            continue
        options, own = read_options(key, values, place=f"{place}.over.{key}", file=file)
        issues += own
        axes.append(Axis(key=key, field=KEYS[key].field, options=options))
    grid = Grid(name=section.name, axes=tuple(axes), fixed=make_scenario(section))
    return grid, issues


def read_sample(
    section: SampleSection, *, network: CityNetwork, seed: int, place: str, file: str
) -> tuple[Sample, list[Issue]]:
    """The sample of a section, and what is wrong with it."""
    issues = _check_keys(section, section.of, place=f"{place}.of", file=file)
    variables = []
    for key, table in section.of.items():
        if key not in KEYS:
            continue
        where = f"{place}.of.{key}"
        found, own = find_issues(DistributionSection, table, file=file)
        issues += [prefix_issue(issue, where, DistributionSection) for issue in own]
        if found is None:
            continue
        reader = DistributionReader(key, found, network=network, place=where, file=file)
        distribution = reader.read()
        issues += reader.issues
        if distribution is not None:
            variables.append(Variable(field=KEYS[key].field, distribution=distribution))
    sample = Sample(
        name=section.name,
        draws=section.draws,
        seed=seed if section.seed is None else section.seed,
        variables=tuple(variables),
        fixed=make_scenario(section),
    )
    return sample, issues


def _check_keys(
    section: ChangeSection, varied: Iterable[str], *, place: str, file: str
) -> list[Issue]:
    """Keys that are none of a scenario's, or that are given beside as well."""
    issues = []
    for key in varied:
        if key not in KEYS:
            issues.append(
                Issue(
                    message="is not a key of a scenario",
                    file=file,
                    field=f"{place}.{key}",
                    accepted=list_words(CHANGE_KEYS),
                    hint=did_you_mean(key, CHANGE_KEYS),
                )
            )
        elif key in given_keys(section):
            message = "is given twice: the same in all, and varied"
            issues.append(Issue(message=message, file=file, field=f"{place}.{key}"))
    return issues
