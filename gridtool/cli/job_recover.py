"""``gridtool job recover``: a damaged run history, rebuilt from what is whole."""

from __future__ import annotations

import click

from gridtool.cli.job_options import find_store, store_option
from gridtool.cli.options import OutputOptions, output_options

__all__ = ["recover"]


@click.command()
@store_option
@output_options
def recover(*, store: str | None, output: OutputOptions) -> None:
    """Rebuild a run history that is damaged or gone: from what of it can be read, and manifests.

    Published runs are not touched; the damaged database is put aside, never removed. Exit code
    5 if a run holds the store. It is not needed after a kill or a power cut: the next run puts
    those in order by itself.

    \b
    Example:
        gridtool job recover
        gridtool job recover --store runs/history
    """
    from gridtool.cli.job_results import report_salvage
    from gridtool.cli.output import emit
    from gridtool.errors import StoreError
    from gridtool.jobs.clock import read_clock
    from gridtool.jobs.store.lock import this_process
    from gridtool.jobs.store.salvage import recover_store

    address, now = find_store(store), read_clock()
    if not address.folder.exists():
        raise StoreError(f"there is no run history at {address}: no folder {address.folder}")
    found = recover_store(address, holder=this_process("job recover", now=now), now=now)
    emit(report_salvage(found), output)
