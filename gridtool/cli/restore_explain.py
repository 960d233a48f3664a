"""Which jobs ``restore --explain`` names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gridtool.restoration.model import RepairJob

__all__ = ["pick_jobs"]


def pick_jobs(jobs: Iterable[RepairJob], names: tuple[str, ...]) -> frozenset[str]:
    """Ids of the jobs with these ids or of these assets (all stages of them).

    Raises
    ------
    click.BadParameter
        For names that are neither, with the nearest ones.
    """
    from gridtool.formats.spelling import did_you_mean

    by_name: dict[str, set[str]] = {}
    for job in jobs:
        for name in (job.id, job.asset):
            by_name.setdefault(name, set()).add(job.id)
    unknown = [name for name in names if name not in by_name]
    if unknown:
        hints = [did_you_mean(name, by_name) for name in unknown]
        raise click.BadParameter(
            " ".join(
                f"{name!r} is no job of the plan; {hint or 'see the table of jobs'}"
                for name, hint in zip(unknown, hints, strict=True)
            ),
            param_hint="'--explain'",
        )
    return frozenset(job_id for name in names for job_id in by_name[name])
