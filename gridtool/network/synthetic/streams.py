"""Random streams of the generator, one per purpose, so that one part's draws move no other's."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

__all__ = ["Purpose", "stream"]


class Purpose(IntEnum):
    """What a stream is drawn for; the numbers are part of the seed's meaning."""

    SITES = 1
    PEAKS = 2
    FEEDERS = 3
    CUSTOMERS = 4


def stream(seed: int, purpose: Purpose) -> np.random.Generator:
    """A counter-based generator for ``purpose`` under ``seed``."""
    return np.random.Generator(np.random.Philox(key=[seed, int(purpose)]))
