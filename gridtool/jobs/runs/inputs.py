"""The input files of a job: found, read once, and laid out anew for whoever computes."""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from gridtool.errors import InputError, Issue, StoreError
from gridtool.formats.strict_toml import load
from gridtool.jobs.paths import PathFinder
from gridtool.jobs.read import find_network_path, list_folders
from gridtool.jobs.read_demand import FILES
from gridtool.jobs.runs.settings_dump import dump_settings
from gridtool.jobs.settings import JobSettings
from gridtool.jobs.store.model import RunInput
from gridtool.jobs.store.objects import keep_object, read_object
from gridtool.network.manifest import MANIFEST

__all__ = ["FoundInputs", "InputFile", "fetch_inputs", "find_inputs", "keep_inputs", "lay_out"]

PLACE = "inputs"
"""Folder, within the root of a computation, in which its inputs lie."""

MOST_BYTES = 256 << 20
"""A larger file is no input: every reader refuses it, and its content is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """An input as it was read.

    ``role`` is its part in the job and its name: ``network/lines.csv``, ``history/mine.csv``. The
    words before the slash are one of ``network``, ``reports``, ``resources``, ``history``,
    ``model``, ``outages``, ``special_days``, ``events`` and ``district_history``. It is also
    where the file lies below ``inputs`` while a run is computed.
    """

    role: str
    path: Path
    content: bytes

    @property
    def described(self) -> RunInput:
        """As it is written down."""
        return RunInput(
            role=self.role,
            path=str(self.path.absolute()),
            sha256=hashlib.sha256(self.content).hexdigest(),
            size=len(self.content),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundInputs:
    """What a job reads.

    Attributes
    ----------
    settings
        The job's settings as plain JSON, with paths below :data:`PLACE`.
    network
        Where the network lies, None if it was not found.
    network_version
        As its manifest states it; empty for a foreign file.
    issues
        Files that are missing or cannot be read.
    """

    files: tuple[InputFile, ...]
    settings: Mapping[str, Any]
    network: Path | None
    network_version: str
    issues: tuple[Issue, ...]

    @property
    def described(self) -> tuple[RunInput, ...]:
        """As they are written down."""
        return tuple(file.described for file in self.files)


def find_inputs(settings: JobSettings, path: Path) -> FoundInputs:
    """Find and read the files that ``settings`` in a job file at ``path`` name.

    What is missing or cannot be read is told by the issues and left out.
    """
    network, issues = find_network_path(settings.job.network, path)
    finder = PathFinder(list_folders(network, path), file=path.name)
    shelf = _Shelf(file=path.name)
    places: dict[str, str | list[str]] = {"job.network": shelf.place_network(network)}
    if settings.damage is not None:
        groups = [
            finder.find_reports(given, field="damage.reports") for given in settings.damage.reports
        ]
        places["damage.reports"] = [
            shelf.place("reports", report, field="damage.reports")
            for group in groups
            for report in group
        ] or [f"{PLACE}/reports"]
    if settings.resources is not None:
        folder = finder.find_folder(settings.resources.folder, field="resources.folder")
        places["resources.folder"] = shelf.place_tables("resources", folder)
    for key in ("history", "model", *FILES):
        given = getattr(settings.demand, key, None)
        if given is not None:
            field = f"demand.{key}"
            found = finder.find_file(given, field=field)
            places[field] = (
                f"{PLACE}/{key}/{_name(given)}"
                if found is None
                else shelf.place(key, found, field=field)
            )
    return FoundInputs(
        files=tuple(shelf.files),
        settings=dump_settings(settings, places=places),
        network=network,
        network_version=_read_version(network),
        issues=(*issues, *finder.issues, *shelf.issues),
    )


class _Shelf:
    """Gathers files, and gives each the place that it will have below the root."""

    def __init__(self, *, file: str) -> None:
        self._file = file
        self._roles: set[str] = set()
        self.files: list[InputFile] = []
        self.issues: list[Issue] = []

    def place(self, kind: str, path: Path, *, field: str) -> str:
        """Take the file in; files of one name in different folders get numbers."""
        role, number = f"{kind}/{path.name}", 2
        while role in self._roles:
            role, number = f"{kind}/{number}/{path.name}", number + 1
        self._roles.add(role)
        try:
            content = _read_content(path)
        except OSError as problem:
            message = f"cannot be read: {problem.strerror}"
            self.issues.append(
                Issue(message=message, file=self._file, field=field, value=str(path))
            )
        else:
            self.files.append(InputFile(role=role, path=path, content=content))
        return f"{PLACE}/{role}"

    def place_network(self, path: Path | None) -> str:
        """Take in the network's file, or manifest and tables."""
        if path is not None and path.is_file():
            return self.place("network", path, field="job.network")
        return self.place_tables("network", path, more=(MANIFEST,))

    def place_tables(self, kind: str, folder: Path | None, *, more: Iterable[str] = ()) -> str:
        """Take in the tables directly in a folder, and the files called ``more`` that are there."""
        if folder is not None:
            beside = [folder / name for name in more]
            for path in sorted([*folder.glob("*.csv"), *beside]):
                if path.is_file():
                    self.place(kind, path, field=kind)
        return f"{PLACE}/{kind}"


def keep_inputs(folder: Path, files: Iterable[InputFile]) -> None:
    """Keep the contents in the store at ``folder``, each once.

    Raises
    ------
    StoreError
        If one cannot be written.
    """
    for file in files:
        keep_object(folder, file.content)


def fetch_inputs(folder: Path, described: Iterable[RunInput]) -> tuple[InputFile, ...]:
    """The inputs of an earlier run, from the store at ``folder``.

    Raises
    ------
    StoreError
        If one is no longer there, or damaged.
    """
    return tuple(
        InputFile(role=entry.role, path=Path(entry.path), content=read_object(folder, entry.sha256))
        for entry in described
    )


def lay_out(files: Iterable[InputFile], root: Path) -> None:
    """Write ``files`` below ``root``, each in its place.

    Raises
    ------
    StoreError
        If one cannot be written, or a place would lie elsewhere.
    """
    for file in files:
        pure = PurePosixPath(file.role)
        if pure.is_absolute() or ".." in pure.parts:
            raise StoreError(f"{file.role!r} cannot be the place of an input")
        path = root / PLACE / pure
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        except OSError as problem:
            raise StoreError(f"cannot write {path}: {problem.strerror}") from problem
    for name in ("network", "resources", "reports"):  # a folder without tables is a folder too
        (root / PLACE / name).mkdir(parents=True, exist_ok=True)


def _read_content(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MOST_BYTES >> 20} MB")
    return path.read_bytes()


def _name(given: str) -> str:
    return re.split(r"[/\\]", given)[-1] or "file"


def _read_version(network: Path | None) -> str:
    if network is None or not network.is_dir():
        return ""
    try:
        return str(load(network / MANIFEST).get("version", ""))
    except (InputError, OSError):
        return ""  # the network's reader refuses the manifest, with reasons
