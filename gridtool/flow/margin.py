"""The power-flow margin: which share of a branch's MVA rating DC may use as MW.

Branches carry reactive power and losses besides the active power that DC sees. How much room
they need depends on the network, so the margin is calibrated against what AC allows.

"AC" here means: the DC dispatch with branch limits at the full rating, then AC power flow, with
limits of overloaded branches tightened (and loosened again where that went too far) and the
supply of islands reduced by their losses, decided anew until nothing is violated
(:func:`gridtool.flow.ac_verify.repair_ac`). It is not an AC optimal power flow: the split of
what is shed still follows the DC dispatch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridtool.damage.apply import spread_damage
from gridtool.flow.ac_model import build_ac_model
from gridtool.flow.ac_verify import LOADING_TOLERANCE, repair_ac
from gridtool.flow.case import CompiledCase
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.network.model import CityNetwork

__all__ = [
    "MARGINS",
    "MarginStudy",
    "ac_unserved",
    "calibrate_margin",
    "dc_unserved",
    "random_damage",
    "study_margins",
    "with_margin",
]

FloatArray = npt.NDArray[np.float64]

MARGINS = tuple(round(0.80 + 0.01 * step, 2) for step in range(21))
SCENARIOS = 60
HAZUS_FAILED_SHARE = (0.05, 0.40, 0.70, 1.00)
"""Share of a substation's equipment failed when slight, moderate, extensive, complete
(Hazus 5.1, electric substations)."""
_HIT_KINDS = {"transformer", "line", "busbar", "unit", "infeed"}


@dataclass(frozen=True, kw_only=True)
class MarginStudy:
    """Unserved load by DC at each margin and by AC, MW.

    Attributes
    ----------
    margins : (M,)
    dc_mw : (M, S)
    ac_mw : (S,)
        NaN where AC found no state without violations; such scenarios are not compared.
    """

    margins: FloatArray
    dc_mw: FloatArray
    ac_mw: FloatArray

    @property
    def error_mw(self) -> FloatArray:
        """Mean absolute difference of each margin, MW, shape (M,)."""
        known = np.isfinite(self.ac_mw)
        return np.asarray(np.abs(self.dc_mw - self.ac_mw)[:, known].mean(axis=1))

    @property
    def bias_mw(self) -> FloatArray:
        """Mean of DC less AC of each margin, MW, shape (M,); negative is optimistic."""
        known = np.isfinite(self.ac_mw)
        return np.asarray((self.dc_mw - self.ac_mw)[:, known].mean(axis=1))


def calibrate_margin(network: CityNetwork, *, seed: int, scenarios: int = SCENARIOS) -> float:
    """The margin nearest to AC over random damage, among those that are not optimistic.

    Nearest is the least mean absolute difference of unserved load; a margin is optimistic when
    DC leaves less unserved than AC on average. Where all are (sources, not branches, are what
    lacks, and DC has no losses), the nearest of all is taken, the smallest of equals.

    Parameters
    ----------
    scenarios
        Random damage scenarios, the same for every margin.
    """
    study = study_margins(network, margins=MARGINS, seed=seed, scenarios=scenarios)
    error = study.error_mw
    sober = study.bias_mw >= 0.0
    if sober.any():
        error = np.where(sober, error, np.inf)
    near = np.flatnonzero(error <= error.min() * 1.001 + 1e-6)
    return float(study.margins[near[0]])


def study_margins(
    network: CityNetwork, *, margins: Sequence[float], seed: int, scenarios: int
) -> MarginStudy:
    """Unserved load of random damage scenarios by DC at ``margins`` and by AC."""
    damages = [random_damage(network, seed=seed, sample=i) for i in range(scenarios)]
    ac = ac_unserved(network, damages)
    dc = [dc_unserved(with_margin(network, margin), damages) for margin in margins]
    return MarginStudy(margins=np.array(margins), dc_mw=np.array(dc), ac_mw=ac)


def dc_unserved(case: CompiledCase, damages: Sequence[dict[str, float]]) -> FloatArray:
    """Unserved load of each damage by DC dispatch at the margin of ``case``, MW."""
    dispatcher = Dispatcher(case)
    total = float(case.demand_mw.sum())
    return np.array([total - dispatcher.served_mw(damage) for damage in damages])


def ac_unserved(network: CityNetwork, damages: Sequence[dict[str, float]]) -> FloatArray:
    """Unserved load of each damage by AC (see the module), MW; NaN where violations remain."""
    case = with_margin(network, 1.0)
    model = build_ac_model(network, case)
    dispatcher = Dispatcher(case)
    found = []
    for damage in damages:
        repaired = repair_ac(model, dispatcher.solve(damage), dispatcher)
        solution = repaired.point.solution
        sound = solution.converged and solution.loading.max(initial=0.0) <= 1 + LOADING_TOLERANCE
        found.append(repaired.dispatch.total_unserved_mw if sound else np.nan)
    return np.array(found)


def with_margin(network: CityNetwork, margin: float) -> CompiledCase:
    """The compiled case of ``network`` at another margin."""
    return compile_case(replace(network, manifest=replace(network.manifest, pf_margin=margin)))


def random_damage(network: CityNetwork, *, seed: int, sample: int) -> dict[str, float]:
    """Shares after random damage, as attacks leave it: a few sites hit, single assets lost.

    Between one and six substations are hit; each of their parts is lost with the probability
    that Hazus gives for the drawn damage state (share of equipment failed). Besides, up to 5 %
    of all transformers, lines, sections and sources are lost. Shares by electrical part.
    """
    stream = np.random.Generator(np.random.Philox(key=[seed, sample]))
    sites = [str(s) for s in network.substations.index]
    hit = stream.choice(len(sites), size=min(int(stream.integers(1, 7)), len(sites)), replace=False)
    chance = dict.fromkeys(sites, float(stream.uniform(0.0, 0.05)))
    for place in hit:
        chance[sites[place]] = HAZUS_FAILED_SHARE[int(stream.integers(len(HAZUS_FAILED_SHARE)))]
    parts = [asset for asset in network.assets.values() if asset.kind in _HIT_KINDS]
    lost = stream.random(len(parts)) < [
        chance.get(part.substation, min(chance.values())) for part in parts
    ]
    return spread_damage(
        network, {part.id: 0.0 for part, gone in zip(parts, lost, strict=True) if gone}
    )
