"""The load that damaged states serve, and nothing else: for searches over many states."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridtool.flow.case import CompiledCase
from gridtool.flow.screen import FLOW_TOLERANCE_MW
from gridtool.flow.screen_kernel import GENERATION_RULES
from gridtool.flow.served_kernel import CaseArrays, serve_busbars, serve_closed

__all__ = ["ClosedForm"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class ClosedForm:
    """The closed form of one case's dispatches, compiled (see :mod:`gridtool.flow.screen`)."""

    def __init__(self, case: CompiledCase) -> None:
        self._ones = np.ones((len(case.busbar_ids), 2))
        self.arrays: CaseArrays = (
            (case.busbar_in_service, np.argsort(case.elimination_rank, kind="stable")),
            (
                case.branch_from,
                case.branch_to,
                case.branch_in_service,
                case.branch_is_transformer,
                case.branch_limit_mw,
                case.branch_susceptance_mw,
                case.branch_shift_rad,
            ),
            (case.coupler_a, case.coupler_b, case.coupler_closed, case.coupler_transfer),
            (
                case.source_busbar,
                case.source_max_mw,
                case.source_infeed,
                case.source_forming,
                case.source_standby,
            ),
            (case.feeder_busbar, case.feeder_tier, case.feeder_peak_mw),
        )

    def serve(
        self,
        shares: FloatArray,
        factors: FloatArray,
        *,
        weights: FloatArray | None = None,
        import_limit_mw: float = np.inf,
    ) -> tuple[FloatArray, BoolArray]:
        """Load served (MW, weighted) at each factor (L,), and where that is the optimum (L,).

        Parameters
        ----------
        shares
            By part, see :func:`gridtool.flow.topology.share_vector`.
        factors : (L,)
            Demand over the reference peak.
        weights : (B, 2), optional
            What a MW counts by busbar section and tier; 1 if not given.
        """
        return serve_closed(
            self.arrays,
            shares,
            factors,
            self._ones if weights is None else weights,
            np.array([import_limit_mw, FLOW_TOLERANCE_MW]),
        )

    def serve_busbars(
        self,
        shares: FloatArray,
        *,
        factor: float = 1.0,
        import_limit_mw: float = np.inf,
        patterns: FloatArray,
    ) -> tuple[FloatArray, int]:
        """Load served by busbar section and tier (B, 2), MW, and what proves it the optimum.

        One way of sharing generation that keeps all limits is proof enough: 0 if one of the rules
        of :mod:`gridtool.flow.screen_kernel` does, k if pattern k (from 1) of ``patterns``
        (P, G), MW, adapted to what the state needs; -1 if none does and nothing is proven.

        Parameters
        ----------
        shares, import_limit_mw
            As in :meth:`serve`.
        factor
            Demand over the reference peak.
        """
        served, way = serve_busbars(
            self.arrays, shares, factor, patterns, np.array([import_limit_mw, FLOW_TOLERANCE_MW])
        )
        return served, max(way - GENERATION_RULES + 1, 0) if way >= 0 else -1
