"""Composite adequacy by sampled states, each integrated over all hours of the load."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
import numpy.typing as npt

from gridtool.flow.load_profile import ProfileSums
from gridtool.forecast.adequacy.composite_draws import StateDraws, Stratum
from gridtool.forecast.adequacy.composite_model import CompositeResult, CompositeSystem
from gridtool.forecast.adequacy.composite_moments import (
    ControlledMoments,
    estimate_crossed,
    summarise,
)
from gridtool.forecast.adequacy.composite_places import tabulate_places
from gridtool.forecast.adequacy.composite_profiles import (
    ProfileCache,
    expect_without_network,
    shortage_without_network,
)
from gridtool.units import Estimate

__all__ = ["sample_states"]

FloatArray = npt.NDArray[np.float64]

_BLOCK = 2048
_PILOT = 3
"""Blocks of each stratum before the others are given to where they help most."""
_FOLDS = 6
_SURE = 8
"""Blocks by stratum, in the mean, before a standard error is believed enough to stop at it."""
_LEAST_SHARE = 0.05
"""Every stratum keeps this share of the samples: what is rare in it must not be overlooked."""
_HOURS, _ENERGY, _DAYS = 0, 1, 2


def sample_states(
    system: CompositeSystem,
    *,
    samples: int,
    seed: int,
    until: float | None = None,
    plain: bool = False,
    progress: Callable[[int], None] = lambda _states: None,
) -> CompositeResult:
    """Estimate the adequacy of ``system`` from states drawn independently.

    Parameters
    ----------
    samples
        Most states; at least two of each stratum are drawn.
    until
        Stop when the standard error of the EUE is at most this share of it.
    plain
        Neither strata nor control variate: to measure what they save.
    progress
        Called with the number of states done since the last call.

    Raises
    ------
    AnalysisError
        If a linear program fails.
    """
    run = _Sampling(system, samples=samples, seed=seed, plain=plain)
    while run.left > 0 and not run.is_precise(until):
        progress(run.add_block())
    return run.result()


class _Sampling:
    """The state of one estimation: what was drawn so far, by stratum."""

    def __init__(self, system: CompositeSystem, *, samples: int, seed: int, plain: bool) -> None:
        self._system = system
        self._draws = StateDraws(system, seed=seed)
        self._plain = plain
        self._strata = (Stratum(name="any", probability=1.0),) if plain else self._draws.strata()
        count = len(self._strata)
        self._block = int(np.clip(samples // ((_PILOT + 1) * count), 2, _BLOCK))
        self.left = max(samples, 2 * count)
        self._blocks = [0] * count
        self._folds: list[list[ControlledMoments]] = [[] for _ in range(count)]
        self._profiles = ProfileCache(system)
        self._expected = expect_without_network(system)
        self._kinds, self._usual = _columns(system)

    def add_block(self) -> int:
        """Draw and evaluate a block of the stratum that needs it most; how many states."""
        at = self._next_stratum()
        n = min(self._block, self.left)
        if 0 < self.left - n < 2:
            n = self.left
        name = self._strata[at].name
        up, out = self._draws.draw(name, self._blocks[at], n=n)
        values = self._evaluate(up, out)
        control = shortage_without_network(self._system, up)
        found = summarise(values, control[:, self._kinds])
        fold = self._blocks[at] % _FOLDS
        if fold == len(self._folds[at]):
            self._folds[at].append(found)
        else:
            self._folds[at][fold] = self._folds[at][fold].merge(found)
        self._blocks[at] += 1
        self.left -= n
        return n

    def is_precise(self, until: float | None) -> bool:
        """Whether the standard error of the EUE is as small as asked for."""
        sure = min(self._blocks) >= _PILOT and sum(self._blocks) >= _SURE * len(self._blocks)
        if until is None or not sure:
            return False
        mean, error = self._estimate()
        place = self._column_of_energy()
        return bool(mean[place] > 0.0 and error[place] <= until * mean[place])

    def result(self) -> CompositeResult:
        """What was found."""
        mean, error = self._estimate()
        system = self._system
        width = self._column_of_energy()
        hours = (mean[:width], error[:width])
        energy = (mean[width : 2 * width], error[width : 2 * width])
        busbars, districts = tabulate_places(system, hours=hours, energy=energy)
        days, supply, network = (
            Estimate(float(mean[place]), float(error[place])) for place in (-3, -2, -1)
        )
        return CompositeResult(
            method="sample",
            shedding=system.shedding,
            hours=system.hours,
            lole_hours=Estimate(float(mean[0]), float(error[0])),
            lole_days=days,
            eue_mwh=Estimate(float(mean[width]), float(error[width])),
            supply_mwh=supply,
            network_mwh=network,
            states=sum(self._drawn()),
            programs=self._profiles.solved,
            generation=dict(
                zip(("lole_hours", "eue_mwh", "lole_days"), self._expected.tolist(), strict=True)
            ),
            busbars=busbars,
            districts=districts,
            notes=system.notes,
        )

    def _drawn(self) -> list[int]:
        """States by stratum."""
        return [sum(fold.count for fold in folds) for folds in self._folds]

    def _column_of_energy(self) -> int:
        return (len(self._kinds) - 3) // 2

    def _next_stratum(self) -> int:
        """The stratum whose next block lowers the variance of the EUE most."""
        drawn = self._drawn()
        total = sum(drawn)
        for at, blocks in enumerate(self._blocks):
            if blocks < _PILOT and blocks == min(self._blocks):
                return at
        for at, count in enumerate(drawn):
            if count < _LEAST_SHARE * total:
                return at
        place = self._column_of_energy()
        gains = []
        for stratum, folds, count in zip(self._strata, self._folds, drawn, strict=True):
            _, variance = self._controlled(folds)
            weight = stratum.probability**2 * float(variance[place])
            gains.append(weight / count - weight / (count + self._block))
        return int(np.argmax(gains))

    def _controlled(self, folds: list[ControlledMoments]) -> tuple[FloatArray, FloatArray]:
        """Means and variances of a sample of one stratum."""
        if self._plain:
            known = reduce(ControlledMoments.merge, folds)
            return known.mean, known.square / max(known.count - 1, 1)
        return estimate_crossed(folds, self._expected[self._kinds], self._usual)

    def _estimate(self) -> tuple[FloatArray, FloatArray]:
        """Means and standard errors of all columns."""
        mean, variance = np.zeros(len(self._kinds)), np.zeros(len(self._kinds))
        for stratum, folds, count in zip(self._strata, self._folds, self._drawn(), strict=True):
            part, spread = self._controlled(folds)
            mean += stratum.probability * part
            variance += stratum.probability**2 * spread / count
        return mean, np.sqrt(variance)

    def _evaluate(self, up: npt.NDArray[np.bool_], out: npt.NDArray[np.int64]) -> FloatArray:
        """Columns (n, M) of states: hours and energy by place, days, supply, network."""
        values = np.zeros((len(up), len(self._kinds)))
        seasons = self._system.seasons
        ratings = [self._system.ratings(up, season) for season in seasons]
        for states in _group_alike(out):
            profiles = self._profiles.find(out[states[0]])
            for season, rating in zip(seasons, ratings, strict=True):
                values[states] += _as_columns(profiles.integrate(rating[states], season.series))
        return values


def _as_columns(found: ProfileSums) -> FloatArray:
    network = found.energy_mwh[:, 0] - found.supply_mwh
    last = np.stack([found.days, found.supply_mwh, network], axis=1)
    return np.concatenate([found.hours, found.energy_mwh, last], axis=1)


def _group_alike(out: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Positions of the rows (n, kinds) that are alike, in order of the first of each."""
    number: dict[bytes, int] = {}
    member = np.array([number.setdefault(row.tobytes(), len(number)) for row in out])
    order = np.argsort(member, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(member[order])) + 1)


def _columns(system: CompositeSystem) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Control of each column (M,), and its coefficient where no regression is possible.

    The coefficients of energies are shares of the demand, so that sums of columns stay the
    columns of the sums.
    """
    share = np.ones(1)
    if system.shedding != "total":
        demand = system.case.demand_mw.sum(axis=1) / system.peak_mw
        district = np.bincount(
            system.case.busbar_district, weights=demand, minlength=len(system.case.district_ids)
        )
        share = np.concatenate([share, demand, district])
    width = len(share)
    kinds = np.array([_HOURS] * width + [_ENERGY] * width + [_DAYS, _ENERGY, _ENERGY])
    usual = np.concatenate([share > 0.0, share, [1.0, 1.0, 0.0]])
    return kinds.astype(np.int64), usual
