"""What every command promises: help with an example, shared options, exit codes."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

import gridtool.errors
from gridtool.cli import COMMANDS, cli
from gridtool.cli.exits import MEANING, ExitCode
from gridtool.errors import GridtoolError

OUTPUT = {"format", "out", "quiet", "verbose", "progress", "strict", "fail_on"}
FOREIGN_TO_OUTPUT = {"network convert", "network generate", "demand plot"}
"""Commands that write a network package, or charts, not results."""


def walk(command, name=""):
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            yield from walk(command.get_command(context, child), f"{name} {child}".strip())
    else:
        yield name, command


LEAVES = dict(walk(cli))


def error_classes(base=GridtoolError):
    yield base
    for child in base.__subclasses__():
        yield from error_classes(child)


def test_every_command_of_the_issue_is_there():
    assert set(COMMANDS) == {
        "run",
        "job",
        "network",
        "damage",
        "assess",
        "restore",
        "forecast",
        "demand",
        "adequacy",
        "whatif",
        "schema",
        "doctor",
    }
    expected = {"network list", "network show", "network check", "network convert"}
    expected |= {"network generate", "damage check", "damage log", "demand fit", "demand backtest"}
    expected |= {"demand check", "demand forecast", "demand plot"}
    expected |= {"job run", "job rerun", "job list", "job show", "job diff", "job due"}
    expected |= {"job score", "job prune", "job export", "job recover"}
    assert expected <= set(LEAVES)


@pytest.mark.parametrize("name", LEAVES)
def test_help_has_an_example_of_the_command(name):
    result = CliRunner().invoke(cli, [*name.split(), "-h"])
    assert result.exit_code == 0, result.output
    assert "Example:" in result.output, f"gridtool {name} has no example"
    example = result.output.split("Example:")[1]
    assert f"gridtool {name}" in example, f"the example of gridtool {name} shows another command"
    assert result.output == CliRunner().invoke(cli, [*name.split(), "--help"]).output


@pytest.mark.parametrize("name", LEAVES)
def test_examples_are_accepted_by_the_parser(name):
    """Every example line parses: its options and arguments exist (files need not)."""
    help_text = LEAVES[name].help.split("Example:")[1].replace("\\\n", " ")
    lines = [line.strip() for line in help_text.splitlines()]
    for line in [line for line in lines if line.startswith(f"gridtool {name}")]:
        words = re.findall(r"'[^']*'|\S+", line.split(" > ")[0].split(" | ")[0])
        arguments = [word.strip("'") for word in words][1 + len(name.split()) :]
        LEAVES[name].make_context(name, arguments, resilient_parsing=False)


@pytest.mark.parametrize("name", LEAVES)
def test_every_option_says_what_it_does(name):
    for parameter in LEAVES[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"gridtool {name} {parameter.opts[0]} has no help"


@pytest.mark.parametrize("name", LEAVES)
def test_output_options_are_shared(name):
    given = {parameter.name for parameter in LEAVES[name].params}
    if name in FOREIGN_TO_OUTPUT:
        return
    assert given >= OUTPUT, f"gridtool {name} lacks {OUTPUT - given}"


@pytest.mark.parametrize("name", [name for name, command in LEAVES.items() if command.params])
def test_an_unknown_option_is_a_usage_error(name):
    result = CliRunner().invoke(cli, [*name.split(), "--no-such-option"])
    assert result.exit_code == ExitCode.USAGE


def test_exit_codes_of_errors_are_listed():
    codes = {error.exit_code for error in error_classes()}
    assert codes <= set(ExitCode)
    assert codes == {1, 3, 4, 5}
    assert set(MEANING) == set(ExitCode)


def test_the_error_tree_is_drawn_as_it_is():
    drawing = gridtool.errors.__doc__
    for error in error_classes():
        assert error.__name__ in drawing, f"{error.__name__} is not in the drawing"


def test_errors_are_in_one_place(root):
    """Whatever is imported, the drawing has them all."""
    known = "|".join(error.__name__ for error in error_classes())
    pattern = re.compile(rf"^ *class \w+\((?:{known})\)", flags=re.MULTILINE)
    for path in (root / "gridtool").rglob("*.py"):
        if path.name != "errors.py":
            found = pattern.findall(path.read_text(encoding="utf-8"))
            assert not found, f"{path}: {found}"


def test_the_readme_lists_the_exit_codes(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", text, flags=re.MULTILINE)
    assert {int(code): words for code, words in rows} == {
        int(code): words for code, words in MEANING.items()
    }
