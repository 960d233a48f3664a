"""The shortage forecast: months ahead, simulated hour by hour, by month and district.

Each sample is one future: weather and demand (:mod:`gridtool.forecast.demand.fit`), repairs that
finish at random dates (executions of the restoration plan), units and branches that fail and come
back, the import the system operator allows and, where the scenario states it, further damage
(:mod:`gridtool.forecast.simulate.futures`). Every hour of it is dispatched exactly within the
network's limits. Samples are summed chunk by chunk and tallied in order, so that memory does not
grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace

from gridtool.damage.model import GridState
from gridtool.errors import AnalysisError
from gridtool.forecast.control import expect_control
from gridtool.forecast.metrics.controlled import Controlled, ControlTally, KnownMean
from gridtool.forecast.metrics.kept import KeptSamples, KeptTally
from gridtool.forecast.metrics.model import ControlledSums, SampleSums
from gridtool.forecast.metrics.shape_frames import WHOLE
from gridtool.forecast.metrics.shares import ShareTally
from gridtool.forecast.metrics.tally import ShortageTally, relative_error
from gridtool.forecast.model import DemandModel, ForecastConfig, ShortageForecast
from gridtool.forecast.outlook import OutlookTally, list_outlook
from gridtool.forecast.premises import (
    Premise,
    forecast_grid,
    lay_out_chunks,
    prepare_chunks,
    simulate_chunks,
)
from gridtool.forecast.preview import count_futures
from gridtool.forecast.simulate.simulator import ChunkInputs, Draw
from gridtool.forecast.streams import UNCERTAINTIES
from gridtool.restoration.model import RestorationPlan

__all__ = [
    "UNTIL_SAMPLES",
    "Stopped",
    "forecast_grid",
    "forecast_shortage",
    "list_uncertainties",
    "make_forecast",
]

MAIN = "main"
UNTIL_SAMPLES = 100
"""Fewest samples whose standard error ends a simulation."""
LEAST_SAMPLES = 2
"""Fewest samples that have a standard error."""


class Stopped(Exception):
    """A forecast was stopped before there were enough samples for one."""


def forecast_shortage(
    state: GridState,
    plan: RestorationPlan | None,
    demand_model: DemandModel,
    *,
    config: ForecastConfig | None = None,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> ShortageForecast:
    """Simulate the months ahead of ``state``.

    Parameters
    ----------
    plan
        The repairs; without a plan nothing is repaired within the horizon.
    demand_model
        Scaled to the network: a path at the network's ``peak_mw`` is the reference peak of
        every feeder.
    config
        Months, samples and workers. The workers do not change a byte of the result; they are
        processes of their own, so a script that asks for more than one needs the usual
        ``if __name__ == "__main__":``.
    progress
        Called with the number of samples done since the last call.
    stop
        Asked between the chunks of samples, and while workers are waited for. Once it says so
        the forecast is made of the samples done: the same, to the byte, as one of
        ``config.samples`` that many.

    Raises
    ------
    InputError
        If the configuration or the network cannot be simulated, or the months are beyond the
        reach of the demand model.
    Stopped
        If ``stop`` left too few samples for a forecast.
    """
    config = config or ForecastConfig()
    premise = Premise(state=state, plan=plan, config=config)
    cases = list_outlook(premise) if config.outlook_samples else {}
    inputs, notes = prepare_chunks({MAIN: premise, **cases}, demand_model, seed=seed)
    if _has_control(premise, inputs):
        main = replace(inputs.premises[MAIN], control=True)
        inputs = replace(inputs, premises={**inputs.premises, MAIN: main})
    tallies = _Tallies(premise, inputs, cases=tuple(cases))
    chunks = lay_out_chunks(tallies.wanted, layout=inputs.layout)
    asked = _StopNote(stop)
    found = simulate_chunks(
        inputs,
        chunks,
        workers=config.workers,
        progress=progress,
        stop=None if stop is None else asked,
    )
    with closing(found):  # workers end with it, also when it is left early
        for sums in found:
            tallies.add(sums)
            if tallies.enough:
                break
    return make_forecast(
        tallies.shortage,
        _cut(premise, tallies.shortage.samples) if asked.stopped else premise,
        seed=seed,
        demand_description=demand_model.description,
        outlook=tallies.outlook,
        shares=tallies.shares,
        controlled=tallies.controlled,
        kept=None if tallies.kept is None else tallies.kept.finish(demand_model, seed=seed),
        notes=notes,
    )


class _StopNote:
    """Asks whether to stop, and knows whether the answer was ever yes."""

    def __init__(self, stop: Callable[[], bool] | None) -> None:
        self._stop = stop
        self.stopped = False

    def __call__(self) -> bool:
        """Whether to stop now; once it was, it stays so."""
        self.stopped = self.stopped or (self._stop is not None and self._stop())
        return self.stopped


def _cut(premise: Premise, samples: int) -> Premise:
    """The premise as if only so many samples had been asked for.

    Raises
    ------
    Stopped
        If they are too few.
    """
    if samples < LEAST_SAMPLES:
        raise Stopped(f"stopped after {samples} samples")
    return replace(premise, config=replace(premise.config, samples=samples))


def _has_control(premise: Premise, inputs: ChunkInputs) -> bool:
    """Whether to try the control; told before any sample is drawn, never by results.

    Storages have no exact counterpart. Further damage may touch more units in some samples than
    can be enumerated, and its queues cost as much again.
    """
    config = premise.config
    stores = inputs.premises[MAIN].fleet is not None
    return config.control and config.further_damage is None and not stores


def make_forecast(
    tally: ShortageTally,
    premise: Premise,
    *,
    seed: int,
    demand_description: str,
    outlook: OutlookTally | None = None,
    shares: ShareTally | None = None,
    controlled: Controlled | None = None,
    kept: KeptSamples | None = None,
    notes: tuple[str, ...] = (),
) -> ShortageForecast:
    """The forecast of ``premise`` from the tally of its futures."""
    return ShortageForecast(
        as_of=premise.state.as_of,
        grid=tally.layout.grid,
        config=premise.config,
        samples=tally.samples,
        seed=seed,
        demand_description=demand_description,
        monthly=tally.monthly(),
        horizon=tally.horizon(),
        causes=tally.causes_monthly(),
        daily=tally.daily(),
        weekly=tally.weekly(),
        by_class=tally.by_class(),
        by_hour=tally.by_hour(),
        durations=tally.event_durations(),
        depths=tally.event_depths(),
        outlook=None if outlook is None else outlook.table(),
        shares=None if shares is None else shares.shares(),
        controlled=(
            None if controlled is None else controlled.table((*tally.layout.grid.months, WHOLE))
        ),
        kept=kept,
        notes=notes,
    )


class _Tallies:
    """Where the sums of a forecast go, and the draws that it wants."""

    def __init__(self, premise: Premise, inputs: ChunkInputs, *, cases: tuple[str, ...]) -> None:
        layout = inputs.layout
        config = self._config = premise.config
        self._base = Draw(MAIN)
        self._cases = {name: Draw(name) for name in cases}
        names = list_uncertainties(premise) if config.share_samples else ()
        self._anew = {name: Draw(MAIN, frozenset({name})) for name in names}
        self.shortage = ShortageTally(layout)
        self.outlook = OutlookTally(layout, names=cases) if cases else None
        self.shares = ShareTally(layout, uncertainties=names) if names else None
        keep = config.keep_samples
        self.kept = KeptTally(layout, limit=keep) if keep else None
        self._premise, self._inputs = premise, inputs
        self._known: KnownMean | None = None
        asked = inputs.premises[MAIN].control
        self._control = ControlTally(len(layout.grid.months)) if asked else None

    @property
    def wanted(self) -> dict[Draw, int]:
        """Samples of each draw."""
        most = self._config.samples
        return (
            {self._base: most}
            | dict.fromkeys(self._cases.values(), min(self._config.outlook_samples, most))
            | dict.fromkeys(self._anew.values(), min(self._config.share_samples, most))
        )

    def add(self, sums: Mapping[Draw, SampleSums]) -> None:
        """Take in a chunk."""
        base = sums[self._base]
        self.shortage.add(base)
        if self.kept is not None:
            self.kept.add(base)
        self._add_control(base)
        if self.outlook is not None and all(draw in sums for draw in self._cases.values()):
            self.outlook.add(base, {name: sums[draw] for name, draw in self._cases.items()})
        if self.shares is not None and all(draw in sums for draw in self._anew.values()):
            self.shares.add(base, anew={name: sums[draw] for name, draw in self._anew.items()})

    def _add_control(self, base: SampleSums) -> None:
        """Take in the control of a chunk; a chunk without it leaves all without it."""
        if self._control is None:
            return
        if self._known is None:  # while workers go on with the next chunks
            self._known = _find_known(self._premise, self._inputs)
        if self._known is None or not isinstance(base, ControlledSums):
            self._control = None
            return
        self._control.add(base.unserved_mwh[:, :, -1].sum(axis=-1), base.control_mwh)

    @property
    def controlled(self) -> Controlled | None:
        """The city's energy with the control; None where there is none."""
        if self._control is None or self._known is None:
            return None
        return self._control.estimate(self._known)

    @property
    def enough(self) -> bool:
        """Whether the wanted standard error is reached, and all draws have had their samples."""
        until = self._config.until
        least = max(UNTIL_SAMPLES, *(count for count in list(self.wanted.values())[1:]), 0)
        if until is None or self.shortage.samples < least:
            return False
        found = self.controlled
        if found is None:
            return relative_error(self.shortage) <= until
        return bool(found.mean[-1] > 0 and found.error[-1] <= until * found.mean[-1])


def _find_known(premise: Premise, inputs: ChunkInputs) -> KnownMean | None:
    """Mean of the control; None where it cannot be computed."""
    try:
        return expect_control(
            inputs.premises[MAIN].futures,
            inputs.demand,
            grid=inputs.layout.grid,
            peak_mw=inputs.peak_mw,
            futures=count_futures(premise.plan, premise.config),
        )
    except AnalysisError:
        return None


def list_uncertainties(premise: Premise) -> tuple[str, ...]:
    """Those of :data:`UNCERTAINTIES` that ``premise`` has."""
    network = premise.state.network
    has = {
        "repairs": premise.plan is not None and bool(premise.plan.jobs),
        "imports": len(network.infeeds) > 0 and len(network.import_allocation) > 0,
        "further damage": premise.config.further_damage is not None,
    }
    return tuple(name for name in UNCERTAINTIES if has.get(name, True))
