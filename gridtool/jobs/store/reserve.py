"""Space kept back in the store's folder, so that on a full disk a failure can be written down."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from gridtool.errors import StoreError
from gridtool.formats.publish import write_bytes

__all__ = ["RESERVE", "RESERVE_BYTES", "free_reserve", "make_reserve"]

RESERVE = ".reserve"
RESERVE_BYTES = 64 * 1024
"""Some five times what the database writes when a run ends: journal, and pages that it gains."""


def make_reserve(folder: Path) -> None:
    """Keep space back, if there is any; where there is none a run goes on without."""
    path = folder / RESERVE
    with suppress(OSError, StoreError):
        if not path.exists() or path.stat().st_size != RESERVE_BYTES:
            # Bytes that no file system stores as a hole or compresses away.
            write_bytes(path, os.urandom(RESERVE_BYTES))


def free_reserve(folder: Path) -> bool:
    """Give the space back; whether there was any."""
    try:
        (folder / RESERVE).unlink()
    except OSError:
        return False
    return True
