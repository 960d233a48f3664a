"""Composite adequacy by sampled states, each integrated over all hours of the load."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial, reduce

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
from gridtool.forecast.simulate.pool import run_parts
from gridtool.units import Estimate

__all__ = ["DEFAULT_STATES", "FEWEST_STATES", "sample_states"]

FloatArray = npt.NDArray[np.float64]

FEWEST_STATES = 20_000
"""From here on 95 % intervals of RTS-79 over a year hold the truth in 93 to 97 % of runs."""
DEFAULT_STATES = 100_000

_BLOCK = 2048
_PILOT = 3
"""Blocks of each stratum before the others are given to where they help most."""
_FOLDS = 6
_SURE = 8
"""Blocks by stratum, in the mean, before a standard error is believed enough to stop at it."""
_LEAST_SHARE = 0.1
"""Every stratum keeps this share of the samples: what is rare in it must not be overlooked."""
_HOURS, _ENERGY, _DAYS = 0, 1, 2
_LANES = 4
_LANES_FROM = 500_000
"""States from which on a run is made of lanes, each of which learns the network for itself."""


def sample_states(
    system: CompositeSystem,
    *,
    samples: int,
    seed: int,
    until: float | None = None,
    plain: bool = False,
    workers: int = 1,
    profiles: ProfileCache | None = None,
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
    workers
        Processes, which do not change the result. They share the lanes of a run of 500,000
        states or more that does not stop early; others are done by this process.
    profiles
        Learned over other hours of the same system; lanes do without.
    progress
        Called with the number of states done since the last call.

    Raises
    ------
    AnalysisError
        If a linear program fails.
    """
    if until is None and samples >= _LANES_FROM:
        request = _Request(system=system, samples=samples, seed=seed, plain=plain)
        run = request.open_lane()
        lanes = list(range(_LANES))
        for found in run_parts(partial(partial, _run_lane), request, parts=lanes, workers=workers):
            run.merge(found)
            progress(found.states)
        return run.result()
    run = _Sampling(system, samples=samples, seed=seed, plain=plain, profiles=profiles)
    while run.left > 0 and not run.is_precise(until):
        progress(run.add_block())
    return run.result()


@dataclass(frozen=True, kw_only=True)
class _LaneSums:
    """What one lane found: moments by stratum and fold."""

    folds: list[list[ControlledMoments]]
    states: int
    programs: int


@dataclass(frozen=True, kw_only=True)
class _Request:
    """What all lanes are asked for."""

    system: CompositeSystem
    samples: int
    seed: int
    plain: bool

    def open_lane(self, lane: int = 0) -> _Sampling:
        """A lane before its first block; its blocks are every fourth from its number on."""
        share = self.samples // _LANES + (lane < self.samples % _LANES)
        return _Sampling(
            self.system, samples=share, seed=self.seed, plain=self.plain, lane=lane, lanes=_LANES
        )


def _run_lane(request: _Request, lane: int) -> _LaneSums:
    run = request.open_lane(lane)
    while run.left > 0:
        run.add_block()
    return run.sums()


class _Sampling:
    """The state of one estimation: what was drawn so far, by stratum."""

    def __init__(
        self,
        system: CompositeSystem,
        *,
        samples: int,
        seed: int,
        plain: bool,
        lane: int = 0,
        lanes: int = 1,
        profiles: ProfileCache | None = None,
    ) -> None:
        self._system = system
        self._draws = StateDraws(system, seed=seed)
        self._plain = plain
        self._lane, self._lanes = lane, lanes
        self._programs = 0
        self._strata = (Stratum(name="any", probability=1.0),) if plain else self._draws.strata()
        count = len(self._strata)
        self._block = int(np.clip(samples // ((_PILOT + 1) * count), 2, _BLOCK))
        self.left = max(samples, 2 * count)
        self._blocks = [0] * count
        self._folds: list[list[ControlledMoments]] = [[] for _ in range(count)]
        self._profiles = profiles or ProfileCache(system)
        self._expected = expect_without_network(system)
        self._kinds, self._usual = _columns(system)

    def add_block(self) -> int:
        """Draw and evaluate a block of the stratum that needs it most; how many states."""
        at = self._next_stratum()
        n = min(self._block, self.left)
        if 0 < self.left - n < 2:
            n = self.left
        name = self._strata[at].name
        states = self._draws.draw(name, self._lane + self._lanes * self._blocks[at], n=n)
        weight = states.weight[:, None]
        control = shortage_without_network(self._system, states.up)[:, self._kinds]
        found = summarise(weight * self._evaluate(states.up, states.out), weight * control)
        self._add(found, stratum=at, fold=self._blocks[at] % _FOLDS)
        self._blocks[at] += 1
        self.left -= n
        return n

    def _add(self, found: ControlledMoments, *, stratum: int, fold: int) -> None:
        folds = self._folds[stratum]
        if fold == len(folds):
            folds.append(found)
        else:
            folds[fold] = folds[fold].merge(found)

    def sums(self) -> _LaneSums:
        """What was found so far, to be merged."""
        drawn = sum(self._drawn())
        return _LaneSums(folds=self._folds, states=drawn, programs=self._profiles.solved)

    def merge(self, other: _LaneSums) -> None:
        """Add what another lane found."""
        for stratum, folds in enumerate(other.folds):
            for fold, found in enumerate(folds):
                self._add(found, stratum=stratum, fold=fold)
        self._programs += other.programs

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
            programs=self._programs + self._profiles.solved,
            generation=dict(
                zip(("lole_hours", "eue_mwh", "lole_days"), self._expected.tolist(), strict=True)
            ),
            busbars=busbars,
            districts=districts,
            notes=(*system.notes, *_warn_of_few(sum(self._drawn()))),
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


def _warn_of_few(states: int) -> Iterator[str]:
    if states < FEWEST_STATES:
        yield (
            f"{states:,} states are few: rare deep shortages may be missing, and the standard "
            f"errors too small; draw {FEWEST_STATES:,} or more"
        )


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
