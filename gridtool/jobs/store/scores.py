"""The rows of the scores of runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, insert, select

from gridtool.jobs.store.engine import connect
from gridtool.jobs.store.tables import RUNS, SCORES

__all__ = ["ScoreEntry", "ScoreRows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreEntry:
    """One figure of how a run's forecast of a quantity held, so many months ahead.

    ``run`` is its number, ``truth_sha256`` of the contents that it was scored against;
    ``lead_month`` counts the months of the horizon from 1, 0 stands for no single month.
    """

    run: int
    truth_sha256: str
    scored_at: datetime
    quantity: str
    lead_month: int
    metric: str
    value: float | None


class ScoreRows:
    """Reads and writes scores; every call is one transaction.

    Parameters
    ----------
    engine
        Of a store whose schema is up to date.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, entries: Iterable[ScoreEntry], *, runs: Iterable[int], truth: str) -> None:
        """Write down the scores of ``runs`` against one truth, in place of earlier ones."""
        rows = [asdict(entry) for entry in entries]
        with connect(self._engine) as connection:
            for run in runs:
                old = (SCORES.c.run == run) & (SCORES.c.truth_sha256 == truth)
                connection.execute(delete(SCORES).where(old))
            if rows:
                connection.execute(insert(SCORES), rows)

    def list_latest(self, job: str) -> tuple[ScoreEntry, ...]:
        """The entries of the latest scoring of a job, by run, quantity, month and metric."""
        chosen = (
            select(SCORES)
            .join(RUNS, RUNS.c.number == SCORES.c.run)
            .where(RUNS.c.job == job)
            .order_by(SCORES.c.scored_at.desc(), SCORES.c.run, SCORES.c.quantity)
            .order_by(SCORES.c.lead_month, SCORES.c.metric)
        )
        with connect(self._engine) as connection:
            rows = connection.execute(chosen).all()
        entries = [ScoreEntry(**row._mapping) for row in rows]  # noqa: SLF001 - the documented way
        return tuple(entry for entry in entries if entry.scored_at == entries[0].scored_at)
