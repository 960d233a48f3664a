"""Further damage: what a planner's statement means for this network, and its draws."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from gridtool.damage.capacity import state_share
from gridtool.damage.model import DamageState
from gridtool.errors import InputError, Issue
from gridtool.forecast.model import FurtherDamage
from gridtool.forecast.simulate.further_damage_kernel import DrawnHits, Statement, draw_hits
from gridtool.forecast.simulate.further_work import FurtherWork
from gridtool.forecast.stream_kernel import as_word
from gridtool.forecast.streams import component_number
from gridtool.formats.spelling import did_you_mean
from gridtool.network.model import CityNetwork

__all__ = [
    "LEAST_SHARE",
    "MONTH_H",
    "HitTimes",
    "check_further_damage",
    "draw_further_hits",
    "list_hit_shares",
    "prepare_statement",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]

MONTH_H = 730.5
"""Hours of a month."""
MOST_EVENTS = 1000.0
"""Events a month beyond which a statement is taken for a mistake."""
LEAST_SHARE = 2.0**-54
"""Quantiles are taken from here on: half of the least number above 0 that a stream draws."""
_SUM = 1e-6
_EVENTS = component_number("further damage")
_WORK = component_number("repair work: further damage")
_LEAD = component_number("repair lead: further damage")


def check_further_damage(further: FurtherDamage, network: CityNetwork) -> None:
    """Whether the statement can be drawn from.

    Raises
    ------
    InputError
        With every finding: a rate that is no rate, probabilities that are none or do not add up
        to 1, weights that are not positive, damage states and assets there are not, more assets
        in an event than are exposed.
    """
    issues = [*_find_numbers(further), *_find_names(further, network)]
    if issues:
        raise InputError(issues, subject="further damage")


def _find_numbers(further: FurtherDamage) -> Iterator[Issue]:
    rate = further.rate_per_month
    if not 0 <= rate <= MOST_EVENTS:
        yield Issue(
            message="events a month out of range",
            field="rate_per_month",
            value=repr(rate),
            accepted=f"0 to {MOST_EVENTS:.0f}",
        )
    for field, given in (("batch", further.batch), ("states", tuple(further.states.values()))):
        if not all(0 <= share <= 1 for share in given):
            yield Issue(
                message="a probability is out of range",
                field=field,
                value=repr(list(given)),
                accepted="0 to 1 each",
            )
        elif not abs(math.fsum(given) - 1.0) <= _SUM:
            yield Issue(
                message=f"probabilities add up to {math.fsum(given):.6g}",
                field=field,
                value=repr(list(given)),
                accepted="1 in all",
            )
    for asset, weight in further.exposure.items():
        if not 0 < weight < math.inf:
            yield Issue(
                message=f"the weight of {asset} is not positive",
                field="exposure",
                value=repr(weight),
                ids=(asset,),
                accepted="above 0",
                hint="leave out what is not exposed",
            )


def _find_names(further: FurtherDamage, network: CityNetwork) -> Iterator[Issue]:
    words = [state.value for state in DamageState if state is not DamageState.NONE]
    for state in further.states:
        if state not in words:
            yield Issue(
                message=f"{state!r} is no damage state",
                field="states",
                value=state,
                accepted=", ".join(words),
                hint=did_you_mean(state, words),
            )
    for asset in further.exposure:
        if asset not in network.assets:
            yield Issue(
                message=f"{asset} is not an asset of the network",
                field="exposure",
                value=asset,
                ids=(asset,),
                hint=did_you_mean(asset, network.assets),
            )
    most = max((size for size, share in enumerate(further.batch, 1) if share > 0), default=0)
    if further.rate_per_month > 0 and most > len(further.exposure):
        yield Issue(
            message=f"an event may damage {most} assets, and {len(further.exposure)} are exposed",
            field="batch",
            value=str(most),
            accepted=f"up to {len(further.exposure)}",
        )


def list_hit_shares(further: FurtherDamage, network: CityNetwork) -> dict[str, tuple[float, ...]]:
    """Share left of each exposed asset by damage state, assets in the network's order."""
    states = [DamageState(word) for word in further.states]
    return {
        asset.id: tuple(state_share(state, asset.kind) for state in states)
        for asset in network.assets.values()
        if asset.id in further.exposure
    }


def prepare_statement(further: FurtherDamage, shares: Mapping[str, tuple[float, ...]]) -> Statement:
    """The statement as compiled code takes it; ``shares`` of :func:`list_hit_shares`."""
    weight = np.array([further.exposure[asset] for asset in shares], dtype=np.float64)
    return Statement(
        rate_per_h=further.rate_per_month / MONTH_H,
        batch=_cumulate(further.batch),
        states=_cumulate(tuple(further.states.values())),
        weight=np.cumsum(weight),
    )


def _cumulate(probability: Sequence[float]) -> FloatArray:
    """Cumulated probabilities, the last possible one exactly 1."""
    summed = np.cumsum(np.array(probability, dtype=np.float64))
    summed /= summed[-1]
    summed[summed >= summed[-1]] = 1.0
    return summed


@dataclass(frozen=True, kw_only=True)
class HitTimes:
    """Drawn further damage with the work and the lead times of its repairs (m,) each.

    ``ready_h`` is when the equipment is there, hours after the as-of time: at the hit itself
    where none has to be made.
    """

    hits: DrawnHits
    work_h: FloatArray
    ready_h: FloatArray


def draw_further_hits(
    statement: Statement,
    work: FurtherWork,
    *,
    seed: int,
    samples: WordArray,
    repair_samples: WordArray,
    until_h: float,
) -> HitTimes:
    """Further damage of ``samples`` before ``until_h``, hours after the as-of time.

    Parameters
    ----------
    samples, repair_samples : (n,) uint64
        Numbers from which events, and the work on them, are drawn.
    """
    words = np.array([_EVENTS, _WORK, _LEAD], dtype=np.uint64)
    whole = (work.mean_h <= 0.0).astype(np.bool_)
    hits = draw_hits(statement, whole, as_word(seed), samples, repair_samples, words, until_h)
    at = hits.entry, hits.state
    work_normal, lead_normal = (
        ndtri(np.maximum(share, LEAST_SHARE)) for share in (hits.work_share, hits.lead_share)
    )
    work_h = np.exp(work.log_mean[at] + work.log_sigma[at] * work_normal)
    lead_h = np.exp(work.lead_mean[at] + work.lead_sigma[at] * lead_normal)
    return HitTimes(hits=hits, work_h=work_h, ready_h=hits.at_h + lead_h)
