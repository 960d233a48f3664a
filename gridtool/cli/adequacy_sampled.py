"""``gridtool adequacy --samples``: a generating system simulated in time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gridtool.cli.options import OutputOptions

if TYPE_CHECKING:
    from gridtool.forecast.adequacy.model import AdequacyResult, GeneratingSystem, LoadSeries
    from gridtool.report.adequacy import AdequacyAnswer

__all__ = ["simulate_system"]

POOL_FROM_HOURS = 1_000_000_000
"""Fewer hours x samples than this are not worth starting workers for."""
WORKERS = 2


def simulate_system(
    system: GeneratingSystem,
    load: LoadSeries,
    *,
    storage: Path | None,
    samples: int,
    until: float | None,
    seed: int,
    output: OutputOptions,
    workers: int | None = None,
) -> AdequacyAnswer:
    """The simulated adequacy, beside the exact one where there is one.

    Parameters
    ----------
    storage
        CSV file of storages.
    workers
        Processes, which do not change the result; by default 1, and 2 for long simulations.

    Raises
    ------
    InputError
        If the storages cannot be read, or the system cannot be simulated in time.
    """
    from gridtool.cli.compiled import tell_of_compiling
    from gridtool.cli.output import progress
    from gridtool.forecast.adequacy.read_storages import read_storages
    from gridtool.forecast.adequacy.sampled import simulate_system as simulate
    from gridtool.forecast.adequacy.sampled_kernel import simulate_pool
    from gridtool.report.adequacy_sampled import answer_sampled

    storages, warnings = ((), []) if storage is None else read_storages(storage, areas=system.areas)
    if workers is None:
        workers = WORKERS if samples * load.hours >= POOL_FROM_HOURS else 1
    tell_of_compiling(simulate_pool, output)
    with progress(output, samples, "samples") as advance:
        found = simulate(
            system,
            load,
            storages=storages,
            samples=samples,
            until=until,
            seed=seed,
            workers=workers,
            progress=advance,
        )
    exact = None if storages else _assess_exactly(system, load)
    return answer_sampled(found, exact=exact, until=until, warnings=tuple(warnings))


def _assess_exactly(system: GeneratingSystem, load: LoadSeries) -> AdequacyResult | None:
    """The exact result, or None where it has too many states."""
    from gridtool.errors import AnalysisError
    from gridtool.forecast.adequacy.areas_exact import assess_areas
    from gridtool.forecast.adequacy.exact import assess_pooled

    try:
        if system.interfaces:
            return assess_areas(system, load)
        return assess_pooled(system, load)
    except AnalysisError:
        return None
