"""Counter-based random streams: one per (seed, sample, component), independent of each other.

The numbers of a component of a sample never depend on how many samples are drawn, in which
order, by which worker, or which other components exist.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np

__all__ = ["FRESH", "UNCERTAINTIES", "component_number", "open_stream"]

_WORD = (1 << 64) - 1

UNCERTAINTIES = ("demand", "repairs", "outages", "imports", "further damage")
"""What a future draws apart, so that one can be drawn anew while the others stay."""
FRESH = 1 << 40
"""Added to a sample's number where one of its uncertainties is drawn anew."""


def component_number(component: str) -> int:
    """A component's name as the 64-bit number that selects its streams (SHA-256)."""
    return int.from_bytes(sha256(component.encode()).digest()[:8], "big")


def open_stream(seed: int, sample: int, *, component: int) -> np.random.Generator:
    """The generator of one component of one sample (Philox4x64, Salmon et al. 2011).

    Seed and sample are the key, the component is the high word of the counter, so that 2**192
    blocks of numbers lie between two components.

    Parameters
    ----------
    component
        As given by :func:`component_number`.
    """
    counter = np.array([0, 0, 0, component], dtype=np.uint64)
    key = np.array([seed & _WORD, sample & _WORD], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(counter=counter, key=key))
