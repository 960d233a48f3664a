"""The shortage forecast: months ahead, simulated hour by hour, by month and district.

Each sample is one future: weather and demand (:mod:`gridtool.forecast.demand`), repairs that
finish at random dates (executions of the restoration plan), units that fail and come back, and
the import the system operator allows. Every hour of it is dispatched exactly within the
network's limits. Per sample only sums by month and district and by day of the city are kept (a
few kB), so that memory hardly grows with the number of samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.damage.model import GridState
from gridtool.errors import InputError, Issue
from gridtool.flow.compile import compile_case
from gridtool.forecast.demand import FittedDemand
from gridtool.forecast.metrics.tables import (
    join_chunks,
    tabulate_causes,
    tabulate_days,
    tabulate_months,
)
from gridtool.forecast.model import DemandModel, ForecastConfig, ShortageForecast
from gridtool.forecast.simulate.chunk import ChunkSums, SimulationInputs, simulate_chunk
from gridtool.forecast.simulate.pool import run_parts
from gridtool.forecast.simulate.repair_stages import (
    find_repair_hours,
    list_steps,
    read_damage_effects,
)
from gridtool.forecast.simulate.supply import (
    read_import_allocation,
    read_unit_outages,
    season_mask,
)
from gridtool.restoration.model import CompletionSamples, RestorationPlan
from gridtool.restoration.schedule.execute import simulate_completions
from gridtool.timegrid import TimeGrid

__all__ = ["forecast_grid", "forecast_shortage"]

IntArray = npt.NDArray[np.int64]
HOUR = timedelta(hours=1)
MOST_MONTHS = 60
MOST_SAMPLES = 1_000_000
CHUNK_SAMPLES = (125, 500)
"""Least and most samples of a chunk. Large chunks prepare a topology once for many samples."""
CHUNK_STATES = 80_000_000
"""Most hours x units of a chunk, to bound its memory."""
POOL_FROM_HOURS = 400_000
"""Fewer sample hours than this are not worth starting workers for."""


def forecast_grid(as_of: datetime, *, months: int, zone: ZoneInfo) -> TimeGrid:
    """Hours from the first full one after ``as_of`` to the end of the last local month.

    The running month counts as the first.
    """
    start = as_of.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if start < as_of:
        start += HOUR
    local = start.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    end = datetime(year, month + 1, 1, tzinfo=zone).astimezone(UTC)
    # Whole hours: where local midnight is not on a UTC hour the last half hour is left out.
    return TimeGrid(start, max(1, (end - start) // HOUR), zone)


def forecast_shortage(
    state: GridState,
    plan: RestorationPlan | None,
    demand_model: DemandModel,
    *,
    config: ForecastConfig | None = None,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> ShortageForecast:
    """Simulate the months ahead of ``state``.

    Parameters
    ----------
    plan
        The repairs; without a plan nothing is repaired within the horizon.
    demand_model
        Scaled to the network: a path at the network's ``peak_mw`` is the reference peak of
        every feeder.
    config
        Months, samples and workers. The workers do not change a byte of the result; they are
        processes of their own, so a script that asks for more than one needs the usual
        ``if __name__ == "__main__":``.
    progress
        Called with the number of samples done since the last call.

    Raises
    ------
    InputError
        If the configuration or the network cannot be simulated.
    """
    config = config or ForecastConfig()
    _check_request(state, config)
    inputs, notes = _prepare(state, plan, demand_model, config=config, seed=seed)
    chunks = []
    for chunk in _run_chunks(inputs, config=config):
        chunks.append(chunk)
        if progress is not None:
            progress(len(chunk.factor_h))
    sums = join_chunks(chunks)
    names = state.network.districts["name"]
    return ShortageForecast(
        as_of=state.as_of,
        grid=inputs.grid,
        samples=config.samples,
        seed=seed,
        demand_description=demand_model.description,
        monthly=tabulate_months(
            sums,
            grid=inputs.grid,
            districts=[(key, str(names[key])) for key in inputs.case.district_ids],
            district_peak_mw=inputs.district_peak_mw,
        ),
        causes=tabulate_causes(sums, grid=inputs.grid),
        daily=tabulate_days(sums, grid=inputs.grid, peak_mw=inputs.peak_mw),
        notes=notes,
    )


def _check_request(state: GridState, config: ForecastConfig) -> None:
    issues = [
        Issue(message=f"{name} out of range", value=str(value), accepted=f"1 to {most}")
        for name, value, most in (
            ("months", config.months, MOST_MONTHS),
            ("samples", config.samples, MOST_SAMPLES),
            ("workers", config.workers, 1024),
        )
        if not 1 <= value <= most
    ]
    if state.network.peak_mw <= 0:
        issues.append(
            Issue(message="the network has no demand", hint="feeders need a peak_mw above 0")
        )
    if issues:
        raise InputError(issues, subject="forecast")


def _prepare(
    state: GridState,
    plan: RestorationPlan | None,
    demand_model: DemandModel,
    *,
    config: ForecastConfig,
    seed: int,
) -> tuple[SimulationInputs, tuple[str, ...]]:
    network = state.network
    case = compile_case(network)
    grid = forecast_grid(state.as_of, months=config.months, zone=network.manifest.zone)
    outages, notes = read_unit_outages(network)
    position = {source: at for at, source in enumerate(case.source_ids)}
    district_peak = np.zeros((len(case.district_ids), 2))
    np.add.at(district_peak, case.busbar_district, case.demand_mw)
    if plan is None and state.damage:
        notes = (*notes, "no restoration plan: what is damaged stays so")
    if isinstance(demand_model, FittedDemand):
        demand_model.check_reach(grid)
        notes = (*notes, *demand_model.notes(grid))
    completions = None
    if plan is not None:
        completions = simulate_completions(plan, n=config.samples, seed=seed)
    steps = list_steps(state, _list_repairs(plan, completions))
    inputs = SimulationInputs(
        case=case,
        grid=grid,
        demand=demand_model,
        peak_mw=network.peak_mw,
        district_peak_mw=district_peak,
        effects=read_damage_effects(state, case, steps=steps),
        repaired_at=find_repair_hours(
            steps,
            completions.finish_h if completions is not None else np.empty((config.samples, 0)),
            later_h=(grid.start - state.as_of) / HOUR,
            hours=grid.hours,
        ),
        outages=outages,
        unit_at=np.array([position[unit] for unit in outages.ids], dtype=np.int64),
        in_season=season_mask(network, grid=grid),
        allocation=read_import_allocation(network, grid=grid),
        seed=seed,
    )
    return inputs, notes


def _list_repairs(
    plan: RestorationPlan | None, completions: CompletionSamples | None
) -> list[tuple[str, float]]:
    """Asset and share of rating after each job of ``completions``, which without ids of jobs
    tells of whole repairs."""
    if plan is None or completions is None:
        return []
    if not completions.job_ids:
        return [(asset, 1.0) for asset in completions.asset_ids]
    after = {entry.job.id: entry.job.capacity_after for entry in plan.jobs}
    pairs = zip(completions.asset_ids, completions.job_ids, strict=True)
    return [(asset, after[job]) for asset, job in pairs]


def _run_chunks(inputs: SimulationInputs, *, config: ForecastConfig) -> Iterator[ChunkSums]:
    """The chunks in order, whichever process computes them."""
    parts = _split_samples(config.samples, states=inputs.grid.hours * len(inputs.unit_at))
    workers = config.workers if config.samples * inputs.grid.hours >= POOL_FROM_HOURS else 1
    return run_parts(partial(partial, _run_part), inputs, parts=parts, workers=workers)


def _split_samples(samples: int, *, states: int) -> list[tuple[int, int]]:
    """First sample and number of samples of each chunk, whatever the number of workers.

    ``states`` are the hours x units of a sample.
    """
    least, most = CHUNK_SAMPLES
    size = min(max(-(-samples // 2), least), most, max(1, CHUNK_STATES // max(1, states)))
    return [(first, min(size, samples - first)) for first in range(0, samples, size)]


def _run_part(inputs: SimulationInputs, part: tuple[int, int]) -> ChunkSums:
    first, n = part
    return simulate_chunk(inputs, first=first, n=n)
