"""What can go wrong, and with which exit code it ends.

::

    GridtoolError (1)
    ├─ InputError (3)            carries the issues found in the input, all of them
    │  ├─ NetworkError           a network package or a foreign network file
    │  ├─ DamageReportError      damage reports
    │  ├─ ResourcesError         crews, spares and repair settings
    │  ├─ HistoryError           demand and temperature histories
    │  └─ JobFileError           job files and what-if scenarios
    ├─ AnalysisError (4)         the input is sound but has no answer
    │  ├─ PowerFlowDiverged
    │  ├─ Infeasible
    │  └─ SolverLimit            stopped with a gap left
    ├─ StoreError (1)            the run store or an output folder
    │  ├─ RunLocked (5)
    │  └─ DiskTrouble         full, or broken
    ├─ ClusterError (1)          workers of a Dask cluster
    └─ MissingExtra (1)          an optional package is not installed

Callers catch the branch they can act on::

    try:
        network = gridtool.load_network("city/")
    except gridtool.InputError as error:
        for issue in error.issues:
            print(issue)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

__all__ = [
    "AnalysisError",
    "ClusterError",
    "DamageReportError",
    "DiskTrouble",
    "GridtoolError",
    "HistoryError",
    "Infeasible",
    "InputError",
    "Issue",
    "JobFileError",
    "MissingExtra",
    "NetworkError",
    "PowerFlowDiverged",
    "ResourcesError",
    "RunLocked",
    "SolverLimit",
    "StoreError",
    "raise_on_errors",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One finding about an input: what is wrong, where, which value, what is accepted, what to do.

    ``row`` is the line number a person sees in the file (the header is row 1), ``field`` the
    column or key, ``ids`` the assets concerned. ``severity`` "error" refuses the input,
    "warning" is printed and the input accepted.
    """

    message: str
    file: str | None = None
    row: int | None = None
    field: str | None = None
    value: str | None = None
    ids: tuple[str, ...] = ()
    accepted: str | None = None
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"

    @property
    def place(self) -> str:
        """File, row and field joined for people, e.g. ``lines.csv, row 7, length_km``."""
        parts = [self.file] if self.file else []
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.field:
            parts.append(self.field)
        return ", ".join(parts)

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        if self.value is not None:
            shown = self.value if len(self.value) <= 80 else self.value[:77] + "..."
            text += f" (value {shown!r})"
        if self.accepted:
            text += f"; accepted: {self.accepted}"
        if self.hint:
            text += f"; {self.hint}"
        return text


class GridtoolError(Exception):
    """Base of every error this package raises on purpose."""

    exit_code: ClassVar[int] = 1


class InputError(GridtoolError):
    """An input was refused; ``issues`` holds every finding, not only the first."""

    exit_code: ClassVar[int] = 3

    def __init__(self, issues: Iterable[Issue] | Issue | str, *, subject: str = "input") -> None:
        if isinstance(issues, str):
            issues = Issue(message=issues)
        self.issues: tuple[Issue, ...] = (issues,) if isinstance(issues, Issue) else tuple(issues)
        self.subject = subject
        super().__init__("\n".join(str(issue) for issue in self.issues))


class NetworkError(InputError):
    """A network package or foreign network file was refused."""


class DamageReportError(InputError):
    """Damage reports were refused."""


class ResourcesError(InputError):
    """Crews, spares or repair settings were refused."""


class HistoryError(InputError):
    """A demand or temperature history was refused."""


class JobFileError(InputError):
    """A job file or scenario was refused."""


class AnalysisError(GridtoolError):
    """The input is sound, but the question has no answer."""

    exit_code: ClassVar[int] = 4


class PowerFlowDiverged(AnalysisError):
    """An AC power flow found no solution."""


class Infeasible(AnalysisError):
    """No plan satisfies the constraints; ``constraints`` names the conflicting ones."""

    def __init__(self, message: str, *, constraints: Sequence[str] = ()) -> None:
        self.constraints = tuple(constraints)
        super().__init__(message)


class SolverLimit(AnalysisError):
    """A solver stopped before it was done; ``gap`` is the relative gap it had left."""

    def __init__(self, message: str, *, gap: float | None = None) -> None:
        self.gap = gap
        super().__init__(message)


class StoreError(GridtoolError):
    """Results could not be stored."""


class RunLocked(StoreError):
    """Another run holds the lock."""

    exit_code: ClassVar[int] = 5


class DiskTrouble(StoreError):
    """The disk of the store's database is full, or does not take what is written."""


class ClusterError(GridtoolError):
    """The cluster cannot be reached, has no workers that fit, or was lost."""


class MissingExtra(GridtoolError):
    """An optional package is needed for what was asked."""

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(
            f"this needs the package {package!r}, which is not installed; "
            f'install it with: pip install "gridtool[{extra}]"'
        )


def raise_on_errors(
    issues: Iterable[Issue], error: type[InputError], *, subject: str = "input"
) -> tuple[Issue, ...]:
    """Raise ``error`` with all issues if one of them is an error, else return the warnings."""
    found = tuple(issues)
    if any(issue.severity == "error" for issue in found):
        raise error(found, subject=subject)
    return found
