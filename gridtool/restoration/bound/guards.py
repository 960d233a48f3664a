"""Shares of parts as linear functions of job binaries.

An asset's part has the share of the asset's best finished stage. With one stage the job's own
binary says which; with several, one continuous *stage column* each, at most its job's binary and
one in sum, picks a finished stage, so that the share is never less than the best one allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.restoration.value.effects import RepairEffects

__all__ = ["Guard", "Guards", "make_guards"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Guard:
    """What one asset leaves of a part: ``base + sum(gain * column)``, 0 to 1."""

    base: float
    columns: tuple[int, ...]
    gains: tuple[float, ...]

    @property
    def switch(self) -> Guard:
        """1 where the share is above 0, else 0."""
        base = float(self.base > 0.0)
        gains = [float(self.base + gain > 0.0) - base for gain in self.gains]
        kept = [(c, g) for c, g in zip(self.columns, gains, strict=True) if g != 0.0]
        return Guard(base, tuple(c for c, _ in kept), tuple(g for _, g in kept))

    @property
    def is_switch(self) -> bool:
        """Whether the part can be out."""
        return self.base <= 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """Guards by part, and the columns they speak of.

    Attributes
    ----------
    bits : int
        The first columns are the binaries of jobs and candidates.
    stage_bits : tuple of int
        Bit of each stage column; these follow the bits.
    stage_groups : tuple of tuples of columns
        Stage columns of one asset, at most 1 in sum.
    of_part : by position in ``case.part_position``, the guards that can be below 1
    """

    bits: int
    stage_bits: tuple[int, ...]
    stage_groups: tuple[tuple[int, ...], ...]
    of_part: Mapping[int, tuple[Guard, ...]]

    def of(self, position: int) -> tuple[Guard, ...]:
        """The guards of the part at ``position``; none if nothing acts on it."""
        return self.of_part.get(position, ())


def make_guards(case: CompiledCase, effects: RepairEffects) -> Guards:
    """The guards of all parts that damage acts on or that are mobile units' candidates."""
    bits = effects.jobs + len(effects.candidates)
    stage_bits: list[int] = []
    groups: list[tuple[int, ...]] = []
    found: dict[int, list[Guard]] = {}
    for stages in effects.stages:
        jobs = [bit for bit, _ in stages if bit >= 0]
        columns = tuple(jobs)
        if len(jobs) > 1:
            columns = tuple(bits + len(stage_bits) + k for k in range(len(jobs)))
            stage_bits += jobs
            groups.append(columns)
        left = stages[-1][1]
        for part, base in left.items():
            gains = [parts.get(part, 1.0) - base for bit, parts in stages if bit >= 0]
            guard = Guard(base, columns, tuple(gains))
            known = found.setdefault(case.part_position[part], [])
            if base < 1.0 and guard not in known:
                known.append(guard)
    for k, part in enumerate(effects.candidates):
        guard = Guard(0.0, (effects.jobs + k,), (1.0,))
        found.setdefault(case.part_position[part], []).append(guard)
    return Guards(
        bits=bits,
        stage_bits=tuple(stage_bits),
        stage_groups=tuple(groups),
        of_part={position: tuple(guards) for position, guards in found.items()},
    )
