"""Space kept back in the store's folder, so that on a full disk a failure can be written down."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from gridtool.formats.publish import write_synced

__all__ = ["RESERVE", "RESERVE_BYTES", "free_reserve", "make_reserve"]

RESERVE = ".reserve"
RESERVE_BYTES = 64 * 1024
"""Some five times what the database writes when a run ends: journal, and pages that it gains."""


def make_reserve(folder: Path) -> None:
    """Keep space back, if there is any; where there is none a run goes on without."""
    path = folder / RESERVE
    with suppress(OSError):
        if not path.exists() or path.stat().st_size != RESERVE_BYTES:
            # A torn one is of another size, and made anew. Bytes that no file system stores as a
            # hole or compresses away.
            write_synced(path, os.urandom(RESERVE_BYTES))


def free_reserve(folder: Path) -> bool:
    """Give the space back; whether there was any."""
    try:
        (folder / RESERVE).unlink()
    except OSError:
        return False
    return True
