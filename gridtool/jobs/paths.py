"""Paths in a job file: relative to the file, then to the network's folder. Nothing is expanded."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gridtool.errors import Issue
from gridtool.formats.spelling import did_you_mean

__all__ = ["PathFinder", "expand_reports"]

_REPORT_SUFFIXES = (".csv", ".json", ".yaml", ".yml", ".csv.gz")


class PathFinder:
    """Resolves the paths of one job file and keeps what it could not resolve as issues."""

    def __init__(self, folders: Iterable[Path], *, file: str) -> None:
        self._folders = tuple(folders)
        self._file = file
        self.issues: list[Issue] = []

    def find_file(self, given: str, *, field: str) -> Path | None:
        """The regular file that ``given`` names; None, and an issue, if there is none."""
        return self._find(given, field=field, wanted="a file", accepts=(stat.S_ISREG,))

    def find_folder(self, given: str, *, field: str) -> Path | None:
        """The folder that ``given`` names; None, and an issue, if there is none."""
        return self._find(given, field=field, wanted="a folder", accepts=(stat.S_ISDIR,))

    def find_reports(self, given: str, *, field: str) -> tuple[Path, ...]:
        """The report file, or the report files of the folder, that ``given`` names."""
        kinds = (stat.S_ISREG, stat.S_ISDIR)
        path = self._find(given, field=field, wanted="a file or folder", accepts=kinds)
        if path is None:
            return ()
        found = tuple(expand_reports([path]))
        if not found:
            self._refuse(given, field, "the folder holds no damage reports")
        return found

    def _find(
        self, given: str, *, field: str, wanted: str, accepts: tuple[Callable[[int], bool], ...]
    ) -> Path | None:
        for folder in self._folders:
            mode = _mode(folder / given)
            if mode is None:
                continue
            if any(accept(mode) for accept in accepts):
                return folder / given
            self._refuse(given, field, f"is not {wanted}")
            return None
        self._refuse(given, field, "there is no such file or folder", hint=self._similar(given))
        return None

    def _refuse(self, given: str, field: str, message: str, *, hint: str | None = None) -> None:
        shown = " or ".join(str(folder) for folder in self._folders)
        self.issues.append(
            Issue(
                message=message,
                file=self._file,
                field=field,
                value=given,
                accepted=f"a path relative to {shown}",
                hint=hint,
            )
        )

    def _similar(self, given: str) -> str | None:
        names = [name for folder in self._folders for name in _names_in((folder / given).parent)]
        return did_you_mean(Path(given).name, names)


def expand_reports(paths: Iterable[Path]) -> Iterator[Path]:
    """Each file as it is, each folder as the report files directly in it, by name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                entry for entry in path.iterdir() if entry.name.lower().endswith(_REPORT_SUFFIXES)
            )
        else:
            yield path


def _mode(path: Path) -> int | None:
    """The file mode, following links; None if there is nothing or it cannot be looked at."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return None


def _names_in(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except (OSError, ValueError):
        return []
