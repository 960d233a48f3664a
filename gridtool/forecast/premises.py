"""What futures are drawn from: a state, its plan and settings, made ready for workers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gridtool.damage.model import GridState
from gridtool.errors import InputError, Issue
from gridtool.flow.case import CompiledCase
from gridtool.flow.class_shares import class_shares
from gridtool.flow.compile import compile_case
from gridtool.forecast.metrics.model import Layout, SampleSums, make_layout
from gridtool.forecast.model import DemandModel, FittedModel, ForecastConfig
from gridtool.forecast.simulate.futures import prepare_futures
from gridtool.forecast.simulate.pool import run_parts
from gridtool.forecast.simulate.simulator import (
    Chunk,
    ChunkInputs,
    Draw,
    PremiseInputs,
    Simulator,
)
from gridtool.forecast.simulate.storage_fleet import read_fleet
from gridtool.forecast.simulate.storage_levels_kernel import Fleet
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import RestorationPlan
from gridtool.timegrid import TimeGrid

__all__ = ["Premise", "forecast_grid", "lay_out_chunks", "prepare_chunks", "simulate_chunks"]

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
MOST_MONTHS = 60
MOST_SAMPLES = 1_000_000
CHUNK_BYTES = 24_000_000
"""Most memory of the hourly results of a chunk."""
CHUNK_SAMPLES = 256
"""Most samples of a chunk."""
POOL_FROM_HOURS = 2_000_000
"""Fewer sample hours than this are not worth starting workers for."""


@dataclass(frozen=True, kw_only=True)
class Premise:
    """What futures are drawn from. Without a plan nothing is repaired within the horizon."""

    state: GridState
    plan: RestorationPlan | None
    config: ForecastConfig


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


def prepare_chunks(
    premises: Mapping[str, Premise], demand: DemandModel, *, seed: int
) -> tuple[ChunkInputs, tuple[str, ...]]:
    """What workers need to simulate ``premises``, and what had to be assumed, in words.

    The first premise says what is simulated when, by which districts and classes; the notes are
    on it too. Premises whose networks are the same object share what dispatches learn of it.

    Raises
    ------
    InputError
        If the configuration or the network cannot be simulated, or the months are beyond the
        reach of the demand model.
    """
    main = next(iter(premises.values()))
    _check_request(main)
    network = main.state.network
    grid = forecast_grid(main.state.as_of, months=main.config.months, zone=network.manifest.zone)
    notes: tuple[str, ...] = ()
    if isinstance(demand, FittedModel):
        demand.check_reach(grid)
        notes = demand.notes(grid)
    prepared: dict[str, PremiseInputs] = {}
    known: dict[int, _Network] = {}
    placed: dict[tuple[int, int], CompiledCase] = {}
    for name, premise in premises.items():
        key = id(premise.state.network)
        if key not in known:
            known[key] = _compile(premise.state.network)
        on = known[key]
        # Premises of one plan share the case with its mobile units, and so its dispatch.
        case = placed.get((key, id(premise.plan)), on.case)
        futures, said = prepare_futures(
            premise.state, premise.plan, case, grid=grid, config=premise.config, seed=seed
        )
        placed[key, id(premise.plan)] = futures.case
        notes = notes if prepared else (*said, *notes)
        prepared[name] = PremiseInputs(
            class_share=on.class_share,
            futures=futures,
            fleet=_read_fleet(premise.state.network, futures.case),
        )
    compiled = known[id(network)]
    layout = make_layout(
        compiled.case,
        grid,
        names={str(key): str(name) for key, name in network.districts["name"].items()},
        class_share=compiled.class_share,
        class_names=compiled.class_names,
    )
    inputs = ChunkInputs(
        premises=prepared, layout=layout, demand=demand, peak_mw=network.peak_mw, seed=seed
    )
    return inputs, notes


@dataclass(frozen=True, kw_only=True)
class _Network:
    """A network as it is dispatched."""

    case: CompiledCase
    class_share: FloatArray
    class_names: tuple[str, ...]


def _compile(network: CityNetwork) -> _Network:
    case = compile_case(network, storages=len(network.storages) > 0)
    class_share, class_names = class_shares(network, case)
    return _Network(case=case, class_share=class_share, class_names=class_names)


def _read_fleet(network: CityNetwork, case: CompiledCase) -> Fleet | None:
    """The storages of ``network`` in the case that is dispatched; None where there are none."""
    return read_fleet(network, case) if len(network.storages) else None


def _check_request(premise: Premise) -> None:
    config = premise.config
    issues = [
        Issue(message=f"{name} out of range", value=str(value), accepted=f"1 to {most}")
        for name, value, most in (
            ("months", config.months, MOST_MONTHS),
            ("samples", config.samples, MOST_SAMPLES),
            ("workers", config.workers, 1024),
        )
        if not 1 <= value <= most
    ]
    if config.until is not None and not 0 <= config.until < 1:
        message = "until out of range"
        issues.append(Issue(message=message, value=str(config.until), accepted="from 0 to below 1"))
    if premise.state.network.peak_mw <= 0:
        issues.append(
            Issue(message="the network has no demand", hint="feeders need a peak_mw above 0")
        )
    if issues:
        raise InputError(issues, subject="forecast")


def lay_out_chunks(wanted: Mapping[Draw, int], *, layout: Layout) -> tuple[Chunk, ...]:
    """Chunks in which each draw gets its first so many samples, whatever the number of workers."""
    places = 2 * len(layout.district_ids) + len(layout.class_names) + 3
    size = max(1, min(CHUNK_SAMPLES, CHUNK_BYTES // (8 * places * layout.grid.hours)))
    most = max(wanted.values())
    edges = sorted({*range(0, most, size), *(count for count in wanted.values() if count)})
    return tuple(
        Chunk(first, end - first, tuple(draw for draw, count in wanted.items() if count >= end))
        for first, end in pairwise(edges)
    )


def simulate_chunks(
    inputs: ChunkInputs,
    chunks: Sequence[Chunk],
    *,
    workers: int,
    progress: Callable[[int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Generator[dict[Draw, SampleSums], None, None]:
    """The sums of each chunk in order, by draw, whichever process computes them.

    There are no more of them once ``stop`` says so.
    """
    rows = sum(chunk.n * len(chunk.draws) for chunk in chunks)
    worth = rows * inputs.layout.grid.hours >= POOL_FROM_HOURS
    found = run_parts(Simulator, inputs, parts=chunks, workers=workers if worth else 1, stop=stop)
    with closing(found):  # workers end with it
        for chunk, sums in zip(chunks, found, strict=stop is None):
            yield dict(zip(chunk.draws, sums, strict=True))
            if progress is not None:
                progress(chunk.n)
