"""Where compiled code is kept. numba refuses to compile at all where it can keep nothing."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

__all__ = ["keep_compiled_code"]


def keep_compiled_code() -> None:
    """Give numba a folder of this run's own if neither the package nor the home can be written.

    Not a folder by a fixed name under the temporary one: others could put code there.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    package = Path(__file__).parent.parent
    if _can_write(package) or _can_write(Path(os.path.expanduser("~")) / ".cache"):  # noqa: PTH111 - Path.home raises where there is none
        return
    folder = tempfile.mkdtemp(prefix="gridtool-compiled-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = folder


def _can_write(folder: Path) -> bool:
    """Whether ``folder``, or the nearest folder above it that is there, can be written."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    return os.access(there, os.W_OK | os.X_OK)
