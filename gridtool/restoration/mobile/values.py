"""Values of states for a search that knows nothing of mobile units."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.restoration.value.states import StateValues

__all__ = ["StandingValues"]

FloatArray = npt.NDArray[np.float64]


class StandingValues(StateValues):
    """Values of states while some mobile units stand where they are, whatever else happens.

    A search for an order of repairs sees the load that is left to it so, without having to know
    of units. Counts and remembers what ``values`` does.
    """

    def __init__(self, values: StateValues, standing: int) -> None:
        self._values = values
        self._standing = standing
        super().__init__(values.effects, served=self._refuse, blocks=values.blocks)

    @staticmethod
    def _refuse(capacity_share: object, /) -> FloatArray:
        raise NotImplementedError("states are dispatched by the values that are wrapped")

    def levels_mw(self, mask: int) -> FloatArray:
        """See :meth:`StateValues.levels_mw`; with the bits of the units that stand."""
        found = self._values.levels_mw(mask | self._standing)
        self.evaluations = self._values.evaluations
        return found
