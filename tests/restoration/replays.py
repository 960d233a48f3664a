"""Tables of executions in one step."""

from __future__ import annotations

from gridtool.restoration.outcome.etr import tabulate_etr, tabulate_milestones
from gridtool.restoration.outcome.etr_replay import replay_executions


def etr_quantiles(plan, completions, **options):
    return tabulate_etr(plan, replay_executions(plan, completions, **options))


def milestones_of(plan, completions, **options):
    return tabulate_milestones(plan, replay_executions(plan, completions, **options))
