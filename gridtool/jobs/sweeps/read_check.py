"""What scenarios ask for against what their base has: assets, crews, weather, levels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from gridtool.errors import InputError, Issue, JobFileError
from gridtool.forecast.demand.weather_year import fix_weather_year
from gridtool.forecast.premises import forecast_grid
from gridtool.jobs.inputs import JobInputs
from gridtool.jobs.model import Job
from gridtool.jobs.sweeps.read_changes import KEYS, given_keys
from gridtool.jobs.sweeps.read_settings import ChangeSection, FileSections
from gridtool.whatif.change import MOST_HINTS, check_scenario
from gridtool.whatif.draws import Integers, OneOf
from gridtool.whatif.model import LEVELS, Level
from gridtool.whatif.scenario import Scenario
from gridtool.whatif.space import Grid, Named, Sample, ScenarioSpace

__all__ = ["check_level", "check_scenarios"]

_FIELDS = {"--out": "out", "--back": "back"}
"""What findings about a scenario call a key of the file."""


def check_level(wanted: Level | None, job: Job, *, file: str) -> Level:
    """The level wanted, or as far as the base goes.

    Raises
    ------
    JobFileError
        If the base has no demand for a forecast.
    """
    if wanted is None:
        return "forecast" if job.demand else "plan" if job.resources else "assess"
    if wanted == "forecast" and job.demand is None:
        raise JobFileError(
            Issue(
                message="needs the demand of the months ahead, which the base does not give",
                file=file,
                field="sweep.level",
                value=wanted,
                hint="give the base a section [demand], or take the level plan or assess",
            ),
            subject=file,
        )
    return wanted


def check_scenarios(
    space: ScenarioSpace,
    sections: FileSections,
    found: JobInputs,
    *,
    level: Level,
    file: str,
) -> list[Issue]:
    """Everything that a scenario asks for and the base does not have; warnings on what says
    nothing at the level.

    Of grids each value is checked by itself: combinations that contradict each other (an asset
    both out and back) are rows that say so.
    """
    places = [place for place, _ in (*sections.scenarios, *sections.grids, *sections.samples)]
    issues: list[Issue] = []
    for place, group in zip(places, space.groups, strict=True):
        for where, scenario in _list_cases(group, place):
            hints = max(0, MOST_HINTS - len(issues))
            for issue in check_scenario(found.state, scenario, hints=hints):
                key = _FIELDS.get(str(issue.field), str(issue.field))
                issues.append(replace(issue, file=file, field=f"{where}.{key}"))
    issues += _check_keys(sections, found, level=level, file=file)
    if level == "forecast":
        issues += _check_years(space, found, file=file)
    return list(dict.fromkeys(issues))


def _list_cases(group: object, place: str) -> Iterator[tuple[str, Scenario]]:
    """What of a group is checked, with its place in the file."""
    if isinstance(group, Named):
        yield place, group.scenario
    elif isinstance(group, Grid):
        yield place, group.fixed
        for axis in group.axes:
            for option in axis.options:
                yield f"{place}.over", Scenario(**{axis.field: option.value})
    elif isinstance(group, Sample):
        yield place, group.fixed
        for variable in group.variables:
            if isinstance(variable.distribution, OneOf):
                for value in variable.distribution.values:
                    yield f"{place}.of", Scenario(**{variable.field: value})


def _check_keys(
    sections: FileSections, found: JobInputs, *, level: Level, file: str
) -> Iterator[Issue]:
    for place, section, varied in _list_sections(sections):
        for key in (*given_keys(section), *varied):
            if key not in KEYS:
                continue
            field = f"{place}.{key}"
            if LEVELS.index(KEYS[key].level) > LEVELS.index(level):
                yield Issue(
                    message=f"says nothing at the level {level}",
                    file=file,
                    field=field,
                    accepted=f"the level {KEYS[key].level} or further",
                    severity="warning",
                )
            elif KEYS[key].resources and found.resources is None:
                yield Issue(
                    message="needs the crews and spares that there are",
                    file=file,
                    field=field,
                    hint="give the base a section [resources]",
                )
            elif key == "further_damage_rate" and found.config.further_damage is None:
                yield Issue(
                    message="needs a statement of what may be damaged",
                    file=file,
                    field=field,
                    hint="give the base a section [further_damage]",
                )
            elif key == "import_change_mw" and level != "forecast":
                infeeds = found.network.infeeds
                rated = float(infeeds.loc[infeeds["in_service"], "max_mw"].sum())
                yield Issue(
                    message=f"is counted from the ratings of all infeeds, {rated:g} MW, at the "
                    f"level {level}: monthly allocations are of forecasts",
                    file=file,
                    field=field,
                    hint="import_mw states a limit at every level",
                    severity="warning",
                )


def _list_sections(
    sections: FileSections,
) -> Iterator[tuple[str, ChangeSection, Iterable[str]]]:
    for place, named in sections.scenarios:
        yield place, named, ()
    for place, grid in sections.grids:
        yield place, grid, grid.over
    for place, sample in sections.samples:
        yield place, sample, sample.of


def _check_years(space: ScenarioSpace, found: JobInputs, *, file: str) -> Iterator[Issue]:
    """Weather years that the demand model does not have."""
    if found.demand is None:
        return
    grid = forecast_grid(
        found.state.as_of, months=found.config.months, zone=found.network.manifest.zone
    )
    years = {year for group in space.groups for year in _list_years(group)}
    for year in sorted(years):
        try:
            fix_weather_year(found.demand.model, year).check_reach(grid)
        except InputError as error:
            for issue in error.issues:
                yield replace(issue, file=file, field="weather_year", value=str(year))


def _list_years(group: object) -> Iterator[int]:
    values: list[Any] = []
    if isinstance(group, Named):
        values.append(group.scenario.weather_year)
    elif isinstance(group, Grid):
        values.append(group.fixed.weather_year)
        for axis in group.axes:
            if axis.field == "weather_year":
                values += [option.value for option in axis.options]
    elif isinstance(group, Sample):
        values.append(group.fixed.weather_year)
        for variable in group.variables:
            if variable.field != "weather_year":
                continue
            drawn = variable.distribution
            if isinstance(drawn, OneOf):
                values += drawn.values
            elif isinstance(drawn, Integers):
                values += range(drawn.low, drawn.high + 1)
    return (year for year in values if year is not None)
