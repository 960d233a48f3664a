"""A click group whose commands are imported when they are called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import click

from gridtool.cli.failures import report_failures

__all__ = ["HELP_OPTIONS", "LazyCommand", "LazyGroup"]

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}
"""Context settings of every group: a command keeps those of the group it is first called by."""


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """A command by name: the object ``attribute`` of ``module``, or ``name`` where that is empty.

    ``summary`` is its short help.
    """

    name: str
    module: str
    summary: str
    attribute: str = ""

    def load(self) -> click.Command:
        """Import the module and take the command from it."""
        command = getattr(importlib.import_module(self.module), self.attribute or self.name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.module}.{self.name} is not a click command")
        return command


class LazyGroup(click.Group):
    """A group that knows the names and short helps of its commands, and loads one at a time."""

    def __init__(
        self, *args: Any, commands_by_name: Mapping[str, LazyCommand] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = dict(commands_by_name or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order they were declared, which is the order of the work."""
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called ``cmd_name``, imported now."""
        if cmd_name in self._lazy:
            return self._lazy[cmd_name].load()
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, but an unknown name is answered with the nearest one."""
        name = args[0] if args else ""
        known = self.list_commands(ctx)
        if name and not name.startswith("-") and name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing any."""
        rows = [(command.name, command.summary) for command in self._lazy.values()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete command names from the table, without importing any."""
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(command.name, help=command.summary)
            for command in self._lazy.values()
            if command.name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong ends in one message and its exit code."""
        with report_failures(debug=bool(ctx.find_root().params.get("debug"))):
            return super().invoke(ctx)
