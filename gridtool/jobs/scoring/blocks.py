"""Stretches of truth that each stand against one forecast, so that their places are independent.

Forecasts of six months made every week overlap: their errors in one cold month are one surprise
and not twenty-six. So time is cut into blocks, each forecast by one run and wholly known to the
model of the next one. If every forecast is the distribution of what comes, given what was known,
the places of the truths in their samples are then independent and uniform, however long the
blocks are (Rosenblatt 1952, "Remarks on a multivariate transformation"; Diebold, Gunther and Tay
1998, "Evaluating density forecasts").
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

__all__ = ["Block", "Origin", "Span", "chain_blocks", "place_truth"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A run: which hours it forecasts, and until when its model knew what had come."""

    run: int
    start: datetime
    end: datetime
    known_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time, half open, whose truth is known: a day or a month."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A run and the spans for which it stands."""

    run: int
    spans: tuple[Span, ...]


def chain_blocks(origins: Sequence[Origin], spans: Sequence[Span]) -> Iterator[Block]:
    """Blocks in order of time.

    The first run stands for the known spans after it until the first later run that knew at least
    one of them; that run stands for those after it, and so on. Runs in between, and spans that lie
    partly before their run or after what the next one knew, stand for nothing. Which runs are
    chosen rests on times alone, never on what came.

    Parameters
    ----------
    origins
        In the order in which they were run.
    spans
        In order of time.
    """
    runs = sorted(origins, key=lambda origin: (origin.start, origin.run))
    at = 0
    while at < len(runs):
        current = runs[at]
        ahead = [span for span in spans if span.start >= current.start and span.end <= current.end]
        if not ahead:
            at += 1
            continue
        knew = (
            later
            for later in range(at + 1, len(runs))
            if min(runs[later].known_until, runs[later].start) >= ahead[0].end
        )
        following = next(knew, len(runs))
        if following < len(runs):
            limit = min(runs[following].known_until, runs[following].start)
            ahead = [span for span in ahead if span.end <= limit]
        yield Block(run=current.run, spans=tuple(ahead))
        at = following


def place_truth(truth: float, samples: FloatArray, *, name: str) -> float:
    """Place of the truth among the samples (n,), in (0, 1): uniform if it is one of them.

    Among equal values (hours off are often 0) the place is drawn; ``name`` decides how, so that a
    score is the same whenever it is made.
    """
    digest = hashlib.sha256(name.encode()).digest()
    drawn = (int.from_bytes(digest[:6], "big") + 0.5) / 2**48
    below, equal = int((samples < truth).sum()), int((samples == truth).sum())
    return (below + drawn * (equal + 1)) / (len(samples) + 1)
