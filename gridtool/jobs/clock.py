"""What time it is."""

from __future__ import annotations

import os
from datetime import UTC, datetime

__all__ = ["read_clock"]


def read_clock() -> datetime:
    """The clock in whole seconds, or the time that a reproducible build states in
    SOURCE_DATE_EPOCH.
    """
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    if stated.isdecimal():
        return datetime.fromtimestamp(int(stated), UTC)
    return datetime.now(UTC).replace(microsecond=0)
