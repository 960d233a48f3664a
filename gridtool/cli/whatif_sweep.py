"""``gridtool whatif SCENARIOS.toml``: run a sweep, go on with one, compare its scenarios."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridtool.cli.compiled import tell_of_forecast
from gridtool.cli.options import OutputOptions
from gridtool.cli.output import emit, note, refuse_warnings
from gridtool.cli.stopping import StopRequest, watch_signals
from gridtool.cli.whatif_progress import show_sweep

if TYPE_CHECKING:
    from gridtool.jobs.sweeps.folder import SweepFolder
    from gridtool.jobs.sweeps.read import ReadSweep
    from gridtool.jobs.sweeps.run import OnInterrupt, SweepOutcome
    from gridtool.report.result import Result
    from gridtool.whatif.executor import PartExecutor
    from gridtool.whatif.model import Level

__all__ = ["SweepWish", "sweep_whatif"]

CLUSTER_BLOCK_S = 2.0
"""What a block on a cluster should take, s: its messages travel further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepWish:
    """What the command line says of a sweep; None where it says nothing."""

    path: Path
    seed: int | None = None
    as_of: str | None = None
    level: Level | None = None
    samples: int | None = None
    workers: int | None = None
    cluster: str | None = None
    folder: Path | None = None
    on_interrupt: OnInterrupt = "finish"


def sweep_whatif(wish: SweepWish, output: OutputOptions) -> None:
    """Run what is left of the sweep, and print the comparison of its scenarios."""
    from gridtool import __version__
    from gridtool.jobs.clock import read_clock
    from gridtool.jobs.store.lock import this_process
    from gridtool.jobs.sweeps.folder import hold_folder
    from gridtool.jobs.sweeps.read import read_sweep
    from gridtool.report.result import Result

    now = read_clock()
    sweep = read_sweep(
        wish.path,
        seed=wish.seed,
        as_of=wish.as_of,
        level=wish.level,
        samples=wish.samples,
        gridtool_version=__version__,
        now=now,
    )
    refuse_warnings(Result(command="whatif", warnings=sweep.warnings), output)
    facts = {**sweep.identity, "gridtool_version": __version__}
    path = wish.folder or _usual_folder(facts)
    with hold_folder(
        path,
        facts=facts,
        count=len(sweep.context.scenarios),
        holder=this_process(sweep.name, now=now),
    ) as folder:
        with watch_signals() as stop:
            outcome = _work(sweep, folder, wish=wish, output=output, stop=stop)
        if not outcome.is_finished:
            click.echo(
                f"interrupted: {outcome.done:,} of {outcome.count:,} scenarios are kept in "
                f"{path}; the same command goes on with the rest",
                err=True,
            )
            raise click.exceptions.Exit(stop.exit_code)
        _note_outcome(outcome, path, output)
        result = _compare(sweep, folder)
    emit(result, output)


def _usual_folder(facts: dict[str, object]) -> Path:
    """Beside the runs of jobs, by what the sweep is made of."""
    from gridtool.jobs.store.open import resolve_store
    from gridtool.jobs.sweeps.folder import identify_sweep

    store = resolve_store(None, environ=os.environ)
    return store.folder / "sweeps" / identify_sweep(facts)[:16]


def _work(
    sweep: ReadSweep,
    folder: SweepFolder,
    *,
    wish: SweepWish,
    output: OutputOptions,
    stop: StopRequest,
) -> SweepOutcome:
    from gridtool.jobs.sweeps.run import BLOCK_S, run_sweep

    needed = not folder.is_finished
    if needed and sweep.context.level == "forecast":
        tell_of_forecast(output)
    with _workers(sweep, wish, needed=needed) as executor, show_sweep(output) as events:
        return run_sweep(
            folder,
            sweep.context.scenarios,
            executor=executor,
            events=events,
            stop=lambda: stop.signal_number,
            on_interrupt=wish.on_interrupt,
            block_s=CLUSTER_BLOCK_S if wish.cluster else BLOCK_S,
        )


@contextmanager
def _workers(sweep: ReadSweep, wish: SweepWish, *, needed: bool) -> Iterator[PartExecutor]:
    """The workers of the sweep. They end at once with the body: what they gave is kept."""
    from gridtool.jobs.sweeps.blocks import start_blocks
    from gridtool.whatif.executor import ProcessExecutor

    executor: PartExecutor
    if wish.cluster and needed:
        from gridtool.jobs.sweeps.versions import read_versions
        from gridtool.whatif.cluster import ClusterExecutor

        executor = ClusterExecutor(
            start_blocks, sweep.context, address=wish.cluster, read_versions=read_versions
        )
    else:
        workers = wish.workers or _count_processors()
        executor = ProcessExecutor(start_blocks, sweep.context, workers=workers)
    try:
        yield executor
    finally:
        executor.close(drop=True)


def _count_processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _note_outcome(outcome: SweepOutcome, path: Path, output: OutputOptions) -> None:
    from gridtool.jobs.sweeps.pace import format_duration

    evaluated = outcome.done - outcome.found
    if not evaluated:
        note(f"already done: all {outcome.count:,} scenarios are in {path}", output)
        return
    words = f"{evaluated:,} scenarios in {format_duration(outcome.seconds)}"
    if outcome.found:
        words += f", {outcome.found:,} were there before"
    if outcome.lost:
        words += f", {outcome.lost} times a worker was lost"
    note(f"{words}; all rows are in {path / 'scenarios.parquet'}", output)


def _compare(sweep: ReadSweep, folder: SweepFolder) -> Result:
    """The comparison, from the rows on the disk."""
    from gridtool.report.result import Result
    from gridtool.report.sweep import describe_sweep, headline_sweep, tables_sweep
    from gridtool.whatif.losses import LossSpread
    from gridtool.whatif.table import Comparison

    level, losses = sweep.context.level, sweep.context.scenarios.losses
    comparison = Comparison(level, seed=sweep.context.seed, losses=losses)
    spreading = LossSpread(losses, level=level)
    for rows in folder.read_rows():
        comparison.add(rows)
        spreading.add(rows)
    table, spread = comparison.table(), spreading.table()
    return Result(
        command="whatif",
        tables=tables_sweep(table, spread, level=level),
        verdict=describe_sweep(table, spread, level=level),
        as_of=sweep.context.state.as_of,
        seed=sweep.context.seed,
        inputs=sweep.inputs,
        warnings=sweep.warnings,
        headline=headline_sweep(table, level=level),
        zone=sweep.zone,
        fallback=sweep.fallback,
    )
