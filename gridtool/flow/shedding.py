"""Shedding policies by name: whose load goes unserved when not all can be served.

- ``total``: the least total, protected load counting as any other. No split is claimed: load
  behind one bottleneck can be exchanged.
- ``proportional``: the same least total, shared in proportion to demand over all connected,
  uncongested load, protected or not.
- ``priority``: the rule of :mod:`gridtool.flow.program`: ordinary load first, protected load
  last, each shared in proportion. Its total can be larger, where a bottleneck makes a MW of
  protected load cost more than one of ordinary load.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import ORDINARY, CompiledCase
from gridtool.flow.program import ShedProgram
from gridtool.flow.reduction import ReducedGrid

__all__ = ["SHEDDING", "Shedding", "merge_sources", "shed_program", "tier_by_policy"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Shedding = Literal["total", "proportional", "priority"]
SHEDDING: tuple[Shedding, ...] = get_args(Shedding)


def tier_by_policy(case: CompiledCase, shedding: Shedding) -> CompiledCase:
    """The case with all feeders in one tier, unless the policy tells tiers apart."""
    if shedding == "priority":
        return case
    demand = np.zeros_like(case.demand_mw)
    demand[:, ORDINARY] = case.demand_mw.sum(axis=1)
    return replace(case, feeder_tier=np.full_like(case.feeder_tier, ORDINARY), demand_mw=demand)


def merge_sources(case: CompiledCase) -> tuple[CompiledCase, IntArray]:
    """The case with like sources of a busbar as one, and the place of each source among them.

    Like are infeeds, units that can hold an island (on standby or not) and units that cannot.
    What a dispatch serves depends on the sum of their ratings only.
    """
    flags = (case.source_infeed, case.source_forming, case.source_standby)
    kind = np.stack([case.source_busbar, *flags], axis=1)
    _, first, place = np.unique(kind, axis=0, return_index=True, return_inverse=True)
    place = place.reshape(-1)
    rating = np.bincount(place, weights=case.source_max_mw, minlength=len(first))
    merged = replace(
        case,
        source_ids=tuple(case.source_ids[at] for at in first.tolist()),
        source_busbar=case.source_busbar[first],
        source_max_mw=rating.astype(np.float64),
        source_infeed=case.source_infeed[first],
        source_forming=case.source_forming[first],
        source_standby=case.source_standby[first],
    )
    return merged, place.astype(np.int64)


def shed_program(
    reduced: ReducedGrid, wanted_mw: FloatArray, *, busbars: int, shedding: Shedding
) -> ShedProgram:
    """The program of a policy: for ``total`` every MW has exactly the same price."""
    program = ShedProgram(reduced, wanted_mw, busbars=busbars, shared_import=False)
    if shedding == "total":
        program.price = np.where(np.arange(program.columns) < program.sources, 0.0, 1.0)
    return program
