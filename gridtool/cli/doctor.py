"""``gridtool doctor``: whether this installation works, and what to do where it does not."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from gridtool.cli.exits import ExitCode
from gridtool.cli.options import OutputOptions, output_options
from gridtool.cli.output import emit
from gridtool.report.result import Result

__all__ = [
    "CHECKS",
    "Finding",
    "check_compiled",
    "check_jobs",
    "check_networks",
    "check_output",
    "check_packages",
    "check_pandapower",
    "check_python",
    "check_solver",
    "doctor",
]

PANDAPOWER = "3.5.6"
"""The version the strict reader of foreign files and the tests go by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found. ``advice`` says what to do unless all is well."""

    check: str
    status: Literal["ok", "warning", "failed"]
    found: str
    advice: str = ""


def check_python() -> Finding:
    """Python itself."""
    version = ".".join(map(str, sys.version_info[:3]))
    sound = sys.version_info >= (3, 11)
    return Finding(
        check="Python",
        status="ok" if sound else "failed",
        found=version,
        advice="" if sound else "install Python 3.11 or newer",
    )


def check_packages() -> Finding:
    """Every required package is installed."""
    required = importlib.metadata.requires("gridtool") or []
    names = [_name_of(text) for text in required if "extra ==" not in text]
    missing = [name for name in names if _version(name) is None]
    return Finding(
        check="packages",
        status="failed" if missing else "ok",
        found=f"missing: {', '.join(missing)}" if missing else f"{len(names)} installed",
        advice=f"pip install {' '.join(missing)}" if missing else "",
    )


def check_pandapower() -> Finding:
    """The version of pandapower is the one that was tested: its tables change between releases."""
    version = _version("pandapower")
    sound = version == PANDAPOWER
    return Finding(
        check="pandapower",
        status="ok" if sound else "failed",
        found=version or "missing",
        advice="" if sound else f'pip install "pandapower=={PANDAPOWER}"',
    )


def check_solver() -> Finding:
    """The version of highspy: from 1.15 on, it and ortools break each other in one process."""
    version = _version("highspy")
    late = version is None or tuple(map(int, version.split(".")[:2])) >= (1, 15)
    clash = "with" if _version("ortools") else "without"
    return Finding(
        check="solver",
        status="failed" if late else "ok",
        found=f"highspy {version}, {clash} ortools",
        advice='pip install "highspy<1.15"' if late else "",
    )


def check_networks() -> Finding:
    """The shipped networks can be read."""
    from gridtool.errors import InputError
    from gridtool.network.catalog import list_networks
    from gridtool.network.read import read_package

    refused = []
    known = list_networks()
    for name, folder in known.items():
        try:
            read_package(folder)
        except InputError:
            refused.append(name)
    return _found_of("networks", list(known), refused, advice="gridtool network check NAME")


def check_jobs() -> Finding:
    """The shipped jobs can be read, and their inputs are there."""
    from gridtool.errors import InputError
    from gridtool.jobs.catalog import list_jobs
    from gridtool.jobs.read import read_job

    refused = []
    known = list_jobs()
    for name, path in known.items():
        try:
            read_job(path)
        except InputError:
            refused.append(name)
    return _found_of("jobs", list(known), refused, advice="gridtool run NAME says why")


def check_output() -> Finding:
    """Results can be written here."""
    here = Path.cwd()
    try:
        with tempfile.TemporaryDirectory(prefix=".gridtool-doctor-", dir=here):
            pass
    except OSError as problem:
        return Finding(
            check="output",
            status="warning",
            found=f"{here} cannot be written: {problem.strerror}",
            advice="name another folder with --out",
        )
    return Finding(check="output", status="ok", found=f"{here} can be written")


def check_compiled() -> Finding:
    """Compiled code is kept: else every run compiles it again, for half a minute."""
    import gridtool

    own = Path(gridtool.__file__).parent / "flow"
    stated = os.environ.get("NUMBA_CACHE_DIR")
    kept = os.access(stated or own, os.W_OK)
    return Finding(
        check="compiled code",
        status="ok" if kept else "warning",
        found=f"kept in {stated or own}" if kept else f"{stated or own} cannot be written",
        advice="" if kept else "set NUMBA_CACHE_DIR to a folder that can be written",
    )


CHECKS: tuple[Callable[[], Finding], ...] = (
    check_python,
    check_packages,
    check_pandapower,
    check_solver,
    check_networks,
    check_jobs,
    check_output,
    check_compiled,
)


@click.command()
@output_options
def doctor(*, output: OutputOptions) -> None:
    """Check this installation: versions, shipped data, output, compiled code.

    The exit code is 1 if a check failed.

    \b
    Example:
        gridtool doctor
        gridtool doctor --format json
    """
    import pandas as pd

    from gridtool.report.tables import NamedTable

    findings = [check() for check in CHECKS]
    failed = [finding for finding in findings if finding.status == "failed"]
    frame = pd.DataFrame(
        {
            "check": [finding.check for finding in findings],
            "status": [finding.status for finding in findings],
            "found": [finding.found for finding in findings],
            "advice": [finding.advice for finding in findings],
        }
    )
    table = NamedTable(name="checks", title="This installation", frame=frame)
    emit(Result(command="doctor", tables=(table,), headline={"failed": float(len(failed))}), output)
    if failed:
        raise click.exceptions.Exit(ExitCode.UNEXPECTED)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _name_of(requirement: str) -> str:
    """The package a requirement is about: its leading letters, digits, dots and hyphens."""
    end = next(
        (i for i, sign in enumerate(requirement) if not (sign.isalnum() or sign in "._-")),
        len(requirement),
    )
    return requirement[:end]


def _found_of(check: str, known: list[str], refused: list[str], *, advice: str) -> Finding:
    if refused:
        return Finding(
            check=check, status="failed", found=f"refused: {', '.join(refused)}", advice=advice
        )
    if not known:
        return Finding(
            check=check, status="failed", found="none are shipped", advice="install gridtool again"
        )
    return Finding(check=check, status="ok", found=", ".join(known))
