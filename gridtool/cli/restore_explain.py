"""Which jobs ``restore --explain`` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gridtool.restoration.model import RestorationPlan

__all__ = ["pick_jobs"]


def pick_jobs(plan: RestorationPlan, names: tuple[str, ...]) -> frozenset[str]:
    """Ids of the jobs with these ids or of these assets (all stages of them).

    Raises
    ------
    click.BadParameter
        For names that are neither, with the nearest ones.
    """
    from gridtool.formats.spelling import did_you_mean

    by_name: dict[str, set[str]] = {}
    for entry in plan.jobs:
        for name in (entry.job.id, entry.job.asset):
            by_name.setdefault(name, set()).add(entry.job.id)
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
    return frozenset(job for name in names for job in by_name[name])
