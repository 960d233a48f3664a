"""Help and completion stay quick: they import nothing heavy."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gridtool.cli import COMMANDS

HEAVY = (
    "alembic",
    "altair",
    "croniter",
    "distributed",
    "highspy",
    "holidays",
    "lightsim2grid",
    "numba",
    "numpy",
    "pandapower",
    "pandas",
    "pyarrow",
    "scipy",
    "sqlalchemy",
    "statsmodels",
    "vl_convert",
)


def modules_after(code, **environment):
    """Names of the heavy packages that ``code`` imports in a fresh interpreter."""
    script = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('LOADED', *sorted(set(n.split('.')[0] "
        f"for n in sys.modules) & set({HEAVY!r})), file=sys.stderr))\n" + code
    )
    finished = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=60,
        check=False,
    )
    line = [line for line in finished.stderr.splitlines() if line.startswith("LOADED")]
    assert line, finished.stderr
    return line[0].split()[1:], finished


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["asess"], *([c, "--help"] for c in COMMANDS)]
)
def test_help_imports_nothing_heavy(arguments):
    loaded, _ = modules_after(
        f"sys.argv = ['gridtool', *{arguments!r}]\nfrom gridtool.cli import main\nmain()"
    )
    assert loaded == []


def test_completion_imports_nothing_heavy():
    loaded, finished = modules_after(
        "sys.argv = ['gridtool']\nfrom gridtool.cli import main\nmain()",
        _GRIDTOOL_COMPLETE="bash_complete",
        COMP_WORDS="gridtool as",
        COMP_CWORD="1",
    )
    assert loaded == []
    assert finished.stdout.strip() == "plain,assess"


def test_importing_the_package_is_quick_and_using_it_loads():
    loaded, _ = modules_after("import gridtool, gridtool.errors\ngridtool.InputError")
    assert loaded == []
    loaded, _ = modules_after("import gridtool\ngridtool.ForecastConfig")
    assert {"numpy", "pandas"} <= set(loaded)
