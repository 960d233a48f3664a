"""``gridtool adequacy --network``: adequacy with the limits of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from gridtool.cli.options import OutputOptions

if TYPE_CHECKING:
    from gridtool.flow.shedding import Shedding
    from gridtool.forecast.adequacy.composite_model import CompositeResult, CompositeSystem
    from gridtool.forecast.adequacy.composite_periods import Period
    from gridtool.forecast.adequacy.model import LoadSeries
    from gridtool.report.adequacy import AdequacyAnswer

__all__ = ["assess_network"]

WORKERS = 2


def assess_network(
    network: str,
    load: LoadSeries,
    *,
    method: Literal["enumerate", "sample"],
    shedding: Shedding,
    by: Period | None,
    least_probability: float,
    samples: int | None,
    until: float | None,
    workers: int | None,
    seed: int,
    output: OutputOptions,
) -> AdequacyAnswer:
    """The composite adequacy of the network named or at a path.

    Parameters
    ----------
    by
        Tables by this period as well.
    least_probability
        Of all states those less probable are left out.
    samples
        States drawn; None: as many as standard errors can be relied on for.
    workers
        Processes, which do not change the result; None: 2.

    Raises
    ------
    InputError
        If the network cannot be read, or says what cannot be.
    AnalysisError
        If there are too many states to enumerate.
    """
    from gridtool.cli.compiled import tell_of_compiling
    from gridtool.cli.output import progress
    from gridtool.flow.load_profile_kernel import integrate_hinges
    from gridtool.forecast.adequacy.composite_enumerate import count_topologies, enumerate_states
    from gridtool.forecast.adequacy.composite_periods import tabulate_periods
    from gridtool.forecast.adequacy.composite_profiles import ProfileCache
    from gridtool.forecast.adequacy.composite_sample import DEFAULT_STATES, sample_states
    from gridtool.forecast.adequacy.composite_system import prepare_composite
    from gridtool.network.catalog import load_network
    from gridtool.report.adequacy_composite import answer_composite

    city = load_network(network)
    system = prepare_composite(city, load, shedding=shedding)
    profiles = ProfileCache(system)
    tell_of_compiling(integrate_hinges, output)

    def solve(part: CompositeSystem, advance: Callable[[int], None]) -> CompositeResult:
        if method == "enumerate":
            return enumerate_states(
                part, least_probability=least_probability, profiles=profiles, progress=advance
            )
        return sample_states(
            part,
            samples=samples or DEFAULT_STATES,
            seed=seed,
            until=until,
            workers=WORKERS if workers is None else workers,
            profiles=profiles,
            progress=advance,
        )

    steps = samples or DEFAULT_STATES if method == "sample" else None
    if method == "enumerate" and least_probability == 0.0:
        steps = count_topologies(system)
    label = "states" if method == "sample" else "topologies"
    with progress(output, steps, label) as advance:
        result = solve(system, advance)
    if by is None:
        return answer_composite(city, load, result)
    with progress(output, None, f"by {by}") as advance:
        periods = tabulate_periods(
            city, load, system=system, period=by, solve=lambda part: solve(part, advance)
        )
    return answer_composite(city, load, result, periods=periods)
