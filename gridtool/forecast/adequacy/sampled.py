"""Simulated adequacy of a generating system: outages followed in time, hour by hour.

Where areas, interfaces or storages matter, or what the exact engine does not give is asked for
(events, durations, tails), futures are drawn. Each sample's numbers depend on the seed and the
sample alone; parts of consecutive samples are added in order, so that neither the number of
workers nor of samples asked for changes a byte of what the samples so far add up to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from gridtool.errors import InputError, Issue
from gridtool.forecast.adequacy.chains_kernel import open_outages
from gridtool.forecast.adequacy.model import GeneratingSystem, LoadSeries
from gridtool.forecast.adequacy.sampled_hours_kernel import open_store_sums, simulate_network
from gridtool.forecast.adequacy.sampled_inputs import SimulatedSystem, prepare_system
from gridtool.forecast.adequacy.sampled_kernel import simulate_pool
from gridtool.forecast.adequacy.sampled_result import SampledResult
from gridtool.forecast.adequacy.sampled_tally import PartSums, SampledTally
from gridtool.forecast.adequacy.sampled_tally_kernel import open_sums
from gridtool.forecast.adequacy.storage import Storage
from gridtool.forecast.simulate.pool import run_parts

__all__ = ["simulate_part", "simulate_system"]

MOST_SAMPLES = 100_000_000
PART_HOURS = 8_000_000
"""Hours x samples of a part, whatever is asked for: parts never depend on the workers."""
PART_SAMPLES = (100, 20_000)
FEWEST_UNTIL = 1_000
"""Samples below which a standard error is not trusted to stop by."""


def simulate_system(
    system: GeneratingSystem,
    load: LoadSeries,
    *,
    storages: Sequence[Storage] = (),
    samples: int = 10_000,
    until: float | None = None,
    seed: int = 1,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> SampledResult:
    """Simulate the hours of ``load`` so many times.

    Parameters
    ----------
    until
        Stop when the standard error of the unserved energy is at most this share of it;
        ``samples`` are then the most. It is looked at after each part of some samples.
    workers
        Processes; they do not change a byte of the result.
    progress
        Called with the number of samples done since the last call.

    Raises
    ------
    InputError
        If the system cannot be simulated in time, or a number is out of range.
    """
    _check_request(samples=samples, until=until, workers=workers)
    prepared = prepare_system(system, load, storages=storages, seed=seed)
    tally = SampledTally(cells=prepared.cells, load_mw=prepared.load_mw)
    parts = _split_samples(samples, hours=load.hours)
    results = run_parts(partial(partial, simulate_part), prepared, parts=parts, workers=workers)
    for part in results:
        tally.add(part)
        if progress is not None:
            progress(len(part.sums.samples))
        if until is not None and _is_settled(tally, until):
            results.close()
            break
    return SampledResult(
        load=load,
        areas=system.areas if system.interfaces else ("",),
        load_mw=prepared.load_mw,
        tally=tally,
        seed=seed,
        with_storage=bool(storages),
    )


def _check_request(*, samples: int, until: float | None, workers: int) -> None:
    issues = [
        Issue(message=f"{name} out of range", value=str(value), accepted=accepted)
        for name, value, accepted, good in (
            ("samples", samples, f"2 to {MOST_SAMPLES:,}", 2 <= samples <= MOST_SAMPLES),
            ("workers", workers, "1 to 1024", 1 <= workers <= 1024),
            ("until", until, "above 0, to 1", until is None or 0 < until <= 1),
        )
        if not good
    ]
    if issues:
        raise InputError(issues, subject="simulation")


def _split_samples(samples: int, *, hours: int) -> list[tuple[int, int]]:
    """First sample and number of samples of each part."""
    least, most = PART_SAMPLES
    size = min(max(PART_HOURS // hours, least), most)
    return [(first, min(size, samples - first)) for first in range(0, samples, size)]


def _is_settled(tally: SampledTally, until: float) -> bool:
    if tally.count < FEWEST_UNTIL:
        return False
    eue, error = tally.measures.mean[0], tally.measures.standard_error[0]
    return bool(eue > 0 and error <= until * eue)


def simulate_part(system: SimulatedSystem, part: tuple[int, int]) -> PartSums:
    """Simulate consecutive samples: the first and how many."""
    first, n = part
    areas, hours = system.load_mw.shape
    sums = open_sums(n, cells=system.cells, areas=areas, hours=hours)
    outages = open_outages(system.chains, hours)
    if system.pool is not None:
        simulate_pool(
            system.pool, system.chains, system.calendar, outages, system.seed, first, sums
        )
        return PartSums(sums=sums, store_sums=None)
    assert system.model is not None
    stores = open_store_sums(hours)
    simulate_network(system.model, outages, system.seed, first, sums, stores)
    return PartSums(sums=sums, store_sums=stores if len(system.model.stores.area) else None)
