"""The comparison of a sweep's scenarios: against the base, and with each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.whatif.model import DONE, LEVELS, MEASURE, Level, LossRange, SweepRow
from gridtool.whatif.pairs import BestOf, Pairing, is_tie

__all__ = ["JUDGED", "Comparison", "table_columns"]

FloatArray = npt.NDArray[np.float64]

_TEXTS = ("name", "status", "changes")
_COLUMNS: dict[Level, tuple[str, ...]] = {
    "assess": (
        "unserved_mw",
        "unserved_mw_diff",
        "protected_unserved_mw",
        "customers_out",
        "customers_out_diff",
    ),
    "plan": (
        "repairs",
        "ens_mwh",
        "ens_mwh_diff",
        "last_repair_h",
        "etr_p50_h",
        "etr_p90_h",
        "etr_p90_h_diff",
    ),
    "forecast": (
        "samples",
        "eue_mwh",
        "eue_mwh_se",
        "eue_mwh_diff",
        "eue_mwh_diff_se",
        "hours_off",
        "hours_off_diff",
        "hours_off_diff_se",
        "hours_off_p50",
        "hours_off_p50_diff",
        "hours_off_p50_diff_se",
        "hours_off_p90",
        "hours_off_p90_diff",
        "hours_off_p90_diff_se",
        "lole_h",
    ),
}
"""Columns that each level adds. ``_diff`` is less that of the base, ``_diff_se`` the standard error
of that difference in pairs of futures."""
JUDGED = ("rank", "p_better", "p_best")
"""Columns that compare scenarios with each other; losses have none of them."""
_QUANTILES = {"hours_off_p50": 0.5, "hours_off_p90": 0.9}
_PLAIN_DIFFERENCES = (
    "unserved_mw",
    "customers_out",
    "ens_mwh",
    "etr_p90_h",
    "eue_mwh",
    "hours_off",
)


def table_columns(level: Level) -> tuple[str, ...]:
    """Columns of the comparison at a level, in order."""
    reached = LEVELS[: LEVELS.index(level) + 1]
    return ("number", *_TEXTS, *(name for one in reached for name in _COLUMNS[one]), *JUDGED)


class Comparison:
    """Takes in the rows of a sweep in the order of their numbers, the base first.

    Scenarios of ``losses`` are compared with the base, not with each other: they have no rank, and
    neither ``p_better`` nor ``p_best``.

    Of every row but the base's only what the table shows is kept, so that memory does not grow
    with the futures.
    """

    def __init__(self, level: Level, *, seed: int, losses: Sequence[LossRange] = ()) -> None:
        self.level = level
        self._seed = seed
        self._losses = tuple(losses)
        self._ranked: list[bool] = []
        self._columns: dict[str, list[object]] = {
            name: [] for name in table_columns(level)[: -len(JUDGED)]
        }
        self._better: list[float] = []
        self._best = BestOf()
        self._base: SweepRow | None = None
        self._pairing: Pairing | None = None

    def add(self, rows: Iterable[SweepRow]) -> None:
        """Take in the next rows.

        Raises
        ------
        ValueError
            If the first of all rows is not the base's, or the futures of a row are not as many
            as those of the first.
        """
        for row in rows:
            if self._base is None:
                if row.number != 0:
                    raise ValueError(f"the first row is number {row.number}, not the base")
                self._base = row
            self._add(row, self._base)

    def _add(self, row: SweepRow, base: SweepRow) -> None:
        found: dict[str, object] = {
            name: getattr(row, name)
            for name in self._columns
            if not name.endswith(("_diff", "_diff_se"))
        }
        better = np.nan
        done = row.status == DONE
        ranked = done and not any(row.number in one.numbers for one in self._losses)
        if done:
            pairing, values = self._pair(row)
            if ranked:
                self._best.add(row.number, pairing.weighed(values))
            if base.status == DONE:
                found |= _differences(row, base, pairing)
                better = pairing.chance_lower(values - self._values(base)) if ranked else np.nan
        for name, column in self._columns.items():
            column.append(found.get(name, np.nan))
        self._better.append(better)
        self._ranked.append(ranked)

    def _values(self, row: SweepRow) -> FloatArray:
        """What is compared, by future; a single value where nothing is simulated."""
        if self.level == "forecast" and row.samples:
            return np.array(row.eue_by_sample)
        return np.array([getattr(row, MEASURE[self.level])])

    def _pair(self, row: SweepRow) -> tuple[Pairing, FloatArray]:
        values = self._values(row)
        if self._pairing is None:
            self._pairing = Pairing(len(values), seed=self._seed)
        if len(values) != self._pairing.futures:
            raise ValueError(
                f"scenario {row.number} has {len(values)} futures, not {self._pairing.futures}"
            )
        return self._pairing, values

    def table(self) -> pd.DataFrame:
        """One row per scenario: the base, the others by rank, losses by number, those that failed.

        Columns are :func:`table_columns`. ``rank`` is by the level's measure
        (:data:`gridtool.whatif.model.MEASURE`), 1 the least, equal ones alike; ``p_better`` is the
        probability that its expectation is below the base's, ``p_best`` that it is the least of
        all, ties shared: 0 and 1 where nothing is simulated. NaN for losses and what failed.
        """
        frame = pd.DataFrame(self._columns)
        done = (frame["status"] == DONE).to_numpy()
        ranked = np.array(self._ranked, dtype=np.bool_)
        measure = frame[MEASURE[self.level]].to_numpy(dtype=np.float64)
        chances = self._best.chances()
        numbers = frame["number"].to_numpy()
        best = np.array([chances.get(int(number), 0.0) for number in numbers], dtype=np.float64)
        frame = frame.assign(
            rank=_rank(measure, ranked),
            p_better=np.array(self._better, dtype=np.float64),
            p_best=np.where(ranked, best, np.nan),
        )
        order = np.lexsort((numbers, frame["rank"].fillna(np.inf), ~done, numbers != 0))
        return frame.iloc[order].reset_index(drop=True)


def _differences(row: SweepRow, base: SweepRow, pairing: Pairing) -> dict[str, float]:
    found = {
        f"{name}_diff": _subtract(getattr(row, name), getattr(base, name))
        for name in _PLAIN_DIFFERENCES
    }
    if row.samples < 2:
        return found
    off, base_off = np.array(row.hours_off_by_sample), np.array(base.hours_off_by_sample)
    eue = np.array(row.eue_by_sample) - np.array(base.eue_by_sample)
    root = np.sqrt(row.samples)
    found["eue_mwh_diff_se"] = float(eue.std(ddof=1) / root)
    found["hours_off_diff_se"] = float((off - base_off).std(ddof=1) / root)
    for name, share in _QUANTILES.items():
        compared = pairing.compare_quantile(off, base_off, share=share)
        found[f"{name}_diff"] = compared.difference
        found[f"{name}_diff_se"] = compared.error
    return found


def _subtract(one: float, other: float) -> float:
    """The difference; none where both are infinite (back in neither)."""
    return 0.0 if one == other else one - other


def _rank(measure: FloatArray, done: npt.NDArray[np.bool_]) -> FloatArray:
    """Place of each of the ``done`` (n,) from the least on; those that tie have the first's."""
    rank = np.full(len(measure), np.nan)
    order = np.flatnonzero(done)[np.argsort(measure[done], kind="stable")]
    if len(order):
        ordered = measure[order]
        opens = np.append(True, ~is_tie(ordered[1:], ordered[:-1]))
        rank[order] = 1 + np.maximum.accumulate(np.where(opens, np.arange(len(order)), 0))
    return rank
