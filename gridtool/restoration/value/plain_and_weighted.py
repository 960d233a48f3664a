"""What states are worth in plain MW and as the planner weighs them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.damage.model import GridState
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.model import PlanConfig
from gridtool.restoration.value.blocks import plan_blocks
from gridtool.restoration.value.effects import RepairEffects
from gridtool.restoration.value.served import DispatchedLoad
from gridtool.restoration.value.states import StateValues
from gridtool.restoration.value.weights import busbar_weights

__all__ = ["make_values"]

FloatArray = npt.NDArray[np.float64]


def make_values(
    dispatcher: Dispatcher, effects: RepairEffects, *, state: GridState, config: PlanConfig
) -> tuple[StateValues, StateValues]:
    """The load of a state in plain MW and as weighted; one object where every MW counts 1."""
    blocks = plan_blocks(config, as_of=state.as_of)
    weights = busbar_weights(state.network, dispatcher.case, config)

    def count(weights: FloatArray | None) -> StateValues:
        served = DispatchedLoad(
            dispatcher,
            levels=blocks.level,
            import_limit_mw=config.import_limit_mw,
            weights=weights,
        )
        return StateValues(effects, served=served, blocks=blocks)

    plain = count(None)
    return plain, plain if weights is None else count(weights)
