"""A row of values as one line of characters, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["draw_strip"]

_LEVELS = " ▁▂▃▄▅▆▇█"


def draw_strip(values: Sequence[float], *, most: float | None = None) -> str:
    """One character per value, from blank for 0 to a full block for ``most`` (default: the
    largest); ``·`` for a value that is not known.

    >>> draw_strip([0.0, 1.0, 2.0, 4.0, float("nan")])
    ' ▂▄█·'
    """
    known = np.array(values, dtype=np.float64)
    top = float(np.nanmax(known, initial=0.0)) if most is None else most
    steps = len(_LEVELS) - 1

    def draw(value: float) -> str:
        if np.isnan(value):
            return "·"
        if value <= 0 or top <= 0:
            return _LEVELS[0]
        return _LEVELS[min(steps, max(1, round(steps * value / top)))]

    return "".join(draw(value) for value in known.tolist())
