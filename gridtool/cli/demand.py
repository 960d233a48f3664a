"""``gridtool demand``: the demand model alone, from its history's check to its forecast."""

from __future__ import annotations

import click

from gridtool.cli.lazy import HELP_OPTIONS, LazyCommand, LazyGroup

__all__ = ["COMMANDS", "demand"]

COMMANDS = {
    command.name: command
    for command in (
        LazyCommand(
            "check", "gridtool.cli.demand_check", "Check a history: how it is read, what is wrong."
        ),
        LazyCommand(
            "fit", "gridtool.cli.demand_fit", "Fit the model: what it is, what it expects."
        ),
        LazyCommand(
            "forecast", "gridtool.cli.demand_forecast", "Forecast demand by month, day or hour."
        ),
        LazyCommand("backtest", "gridtool.cli.demand_backtest", "Test the model on the past."),
        LazyCommand(
            "plot", "gridtool.cli.demand_plot", "Draw the history, its model and the months ahead."
        ),
    )
}
"""Every command of the group, in the order of the work."""


@click.group(cls=LazyGroup, commands_by_name=COMMANDS, context_settings=HELP_OPTIONS)
def demand() -> None:
    """Check a demand history, fit the demand model to it, test and forecast with it.

    \b
    Example:
        gridtool demand check forecasts/history/rivercity_hourly.csv.gz --tz Europe/Kyiv
        gridtool demand fit forecasts/history/rivercity_hourly.csv.gz --tz Europe/Kyiv
    """
