"""Which options of ``restore`` go together."""

from __future__ import annotations

import click
from click.core import ParameterSource

__all__ = ["check_request", "is_given"]

_UNIT_REPAIRS = {
    "network",
    "unit_repairs",
    "periods",
    "ac_redispatch",
    "evaluations",
    "time_limit_s",
    "bound",
    "seed",
    "format",
    "out",
    "quiet",
    "verbose",
    "progress",
    "strict",
    "fail_on",
}
"""What ``--unit-repairs`` understands."""

_NEEDS = {
    "periods": "unit_repairs",
    "ac_redispatch": "unit_repairs",
    "threshold_pct": "replan",
    "columns": "history",
    "clock": "history",
    "special_days": "history",
}
"""Options that mean nothing without another one."""


def check_request(context: click.Context) -> None:
    """Refuse options that contradict each other.

    Raises
    ------
    click.UsageError
        Naming the options as they are written.
    """
    given = {
        parameter.name: parameter
        for parameter in context.command.params
        if parameter.name is not None and is_given(context, parameter.name)
    }
    names = {parameter.name: _written(parameter) for parameter in context.command.params}
    if context.params.get("unit_repairs"):
        foreign = [names[name] for name in given if name not in _UNIT_REPAIRS]
        if foreign:
            raise click.UsageError(
                f"--unit-repairs orders the repairs of a MATPOWER case with its own damage "
                f"tables; it does not go with {', '.join(foreign)}"
            )
        return
    for name, needed in _NEEDS.items():
        if name in given and needed not in given:
            raise click.UsageError(f"{names[name]} goes with {names[needed]} only")
    if "history" in given and "demand_factor" in given:
        raise click.UsageError(
            "--history and --demand-factor both say what demand repairs are valued at: give one"
        )
    if context.params.get("resources") is None:
        raise click.UsageError(
            "Missing option '--resources': the folder of crews and spares (only --unit-repairs "
            "does without)"
        )


def is_given(context: click.Context, name: str) -> bool:
    """Whether the user gave the option, on the command line or by a variable."""
    return context.get_parameter_source(name) in {
        ParameterSource.COMMANDLINE,
        ParameterSource.ENVIRONMENT,
        ParameterSource.PROMPT,
    }


def _written(parameter: click.Parameter) -> str:
    return max(parameter.opts, key=len) if parameter.opts else str(parameter.name)
