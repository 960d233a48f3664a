"""Where compiled code is kept, and what is said while there is none yet.

numba refuses to compile at all where it can keep nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from gridtool.cli.options import OutputOptions

__all__ = [
    "OF_A_FORECAST",
    "OF_A_PLAN",
    "keep_compiled_code",
    "tell_of_compiling",
    "tell_of_forecast",
]

OF_A_FORECAST = "2 to 5 minutes"
"""What compiling all of a simulated forecast, with its plan, takes: 174 s of one processor, and
again as much in part where two workers compile the same side by side."""
OF_A_PLAN = "about a minute"
"""What compiling the search for a plan and its executions takes."""


@contextmanager
def keep_compiled_code() -> Iterator[None]:
    """Give numba a folder of this run's own if neither the package nor the home can be written.

    Not a folder by a fixed name under the temporary one: others could put code there.
    """
    package = Path(__file__).parent.parent
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home raises where there is none
    if "NUMBA_CACHE_DIR" in os.environ or _can_write(package) or _can_write(home / ".cache"):
        yield
        return
    with TemporaryDirectory(prefix="gridtool-compiled-", ignore_cleanup_errors=True) as folder:
        os.environ["NUMBA_CACHE_DIR"] = folder
        try:
            yield
        finally:
            del os.environ["NUMBA_CACHE_DIR"]


def tell_of_compiling(
    kernel: Callable[..., object], output: OutputOptions, *, takes: str = "some 10 to 20 s"
) -> None:
    """Say on stderr, on a terminal, that ``kernel`` is compiled first if it is not kept yet.

    Parameters
    ----------
    takes
        How long it and what is compiled with it will take.
    """
    wanted = sys.stderr.isatty() if output.progress is None else output.progress
    kept = getattr(getattr(kernel, "stats", None), "cache_path", None)  # None: not compiled at all
    if output.quiet or not wanted or kept is None:
        return
    module = kernel.__module__.rpartition(".")[2]
    if not any(Path(kept).glob(f"{module}.{kernel.__name__}-*.nbi")):
        click.echo(f"compiling inner loops, once; this takes {takes}", err=True)


def tell_of_forecast(output: OutputOptions) -> None:
    """As :func:`tell_of_compiling`, of what a plan and the months ahead are simulated by."""
    from gridtool.forecast.simulate.futures_kernel import merge_stages

    tell_of_compiling(merge_stages, output, takes=OF_A_FORECAST)


def _can_write(folder: Path) -> bool:
    """Whether ``folder``, or the nearest folder above it that is there, can be written."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    return os.access(there, os.W_OK | os.X_OK)
