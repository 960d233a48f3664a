"""What a MW of load counts in a plan: by customer class, more where it is protected."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

import numpy as np
import numpy.typing as npt

from gridtool.errors import InputError, Issue
from gridtool.flow.case import PROTECTED, CompiledCase
from gridtool.flow.tally import tally
from gridtool.formats.spelling import did_you_mean
from gridtool.network.declared.demand import CUSTOMER_CLASSES
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import PlanConfig

__all__ = ["busbar_weights", "feeder_weights"]

FloatArray = npt.NDArray[np.float64]


def busbar_weights(
    network: CityNetwork, case: CompiledCase, config: PlanConfig
) -> FloatArray | None:
    """What a served MW counts by busbar section and tier (B, 2); None if every MW counts 1.

    The load of a section and tier is served as one: it counts the mean of its feeders' weights
    by their peak demand, and protected load ``config.protected_weight`` times as much.

    Raises
    ------
    InputError
        For a weight below 0 or of an unknown class, all of them at once.
    """
    _check_weights(config)
    if config.protected_weight == 1.0 and all(w == 1.0 for w in config.class_weights.values()):
        return None
    by_feeder = feeder_weights(network, case, config.class_weights)
    cell = 2 * case.feeder_busbar + case.feeder_tier
    cells = 2 * len(case.busbar_ids)
    demand = tally(cell, case.feeder_peak_mw, cells)
    counted = tally(cell, case.feeder_peak_mw * by_feeder, cells)
    weight = np.divide(counted, demand, out=np.ones(cells), where=demand > 0.0).reshape(-1, 2)
    weight[:, PROTECTED] *= config.protected_weight
    return weight


def feeder_weights(
    network: CityNetwork, case: CompiledCase, class_weights: Mapping[str, float]
) -> FloatArray:
    """Mean weight of each feeder's demand by the shares of its customer classes (F,).

    A feeder of which no customers are known counts 1.
    """
    customers = network.customers
    position = {feeder: row for row, feeder in enumerate(case.feeder_ids)}
    known = customers[customers["feeder"].isin(position)]
    row = np.array([position[str(feeder)] for feeder in known["feeder"]], dtype=np.int64)
    share = known["demand_share"].to_numpy(dtype=np.float64)
    weight = known["customer_class"].map(lambda name: class_weights.get(str(name), 1.0))
    total = tally(row, share, len(position))
    counted = tally(row, share * weight.to_numpy(dtype=np.float64), len(position))
    return np.divide(counted, total, out=np.ones(len(position)), where=total > 0.0)


def _check_weights(config: PlanConfig) -> None:
    issues = [
        Issue(
            message=f"no customer class is called {name!r}",
            field="class_weights",
            value=name,
            accepted=", ".join(CUSTOMER_CLASSES),
            hint=did_you_mean(name, CUSTOMER_CLASSES),
        )
        for name in config.class_weights
        if name not in CUSTOMER_CLASSES
    ]
    given = {"protected_weight": config.protected_weight} | dict(config.class_weights)
    issues += [
        Issue(
            message=f"the weight of {name} is not a number of 0 or more",
            field=name,
            value=repr(weight),
            accepted="0 or more",
        )
        for name, weight in given.items()
        if not (isfinite(weight) and weight >= 0.0)
    ]
    if issues:
        raise InputError(issues, subject="plan settings")
