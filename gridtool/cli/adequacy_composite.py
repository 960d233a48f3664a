"""``gridtool adequacy --network``: adequacy with the limits of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gridtool.cli.options import OutputOptions

if TYPE_CHECKING:
    from gridtool.flow.shedding import Shedding
    from gridtool.forecast.adequacy.model import LoadSeries
    from gridtool.report.adequacy import AdequacyAnswer

__all__ = ["assess_network"]


def assess_network(
    network: str,
    load: LoadSeries,
    *,
    method: Literal["enumerate", "sample"],
    shedding: Shedding,
    samples: int,
    until: float | None,
    seed: int,
    output: OutputOptions,
) -> AdequacyAnswer:
    """The composite adequacy of the network named or at a path.

    Raises
    ------
    InputError
        If the network cannot be read, or says what cannot be.
    AnalysisError
        If there are too many states to enumerate.
    """
    from gridtool.cli.output import progress
    from gridtool.forecast.adequacy.composite_enumerate import count_topologies, enumerate_states
    from gridtool.forecast.adequacy.composite_sample import sample_states
    from gridtool.forecast.adequacy.composite_system import prepare_composite
    from gridtool.network.catalog import load_network
    from gridtool.report.adequacy_composite import answer_composite

    city = load_network(network)
    system = prepare_composite(city, load, shedding=shedding)
    if method == "enumerate":
        with progress(output, count_topologies(system), "topologies") as advance:
            result = enumerate_states(system, progress=advance)
    else:
        with progress(output, samples, "states") as advance:
            result = sample_states(
                system, samples=samples, seed=seed, until=until, progress=advance
            )
    return answer_composite(city, load, result)
