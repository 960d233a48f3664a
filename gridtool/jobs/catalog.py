"""Job files by name or path: an explicit path, then ``./forecasts``, then the packaged copies."""

from __future__ import annotations

from pathlib import Path

from gridtool.errors import Issue, JobFileError
from gridtool.formats.spelling import did_you_mean, list_words

__all__ = ["find_job", "list_jobs"]


def list_jobs() -> dict[str, Path]:
    """Job files that can be named, by name; ``./forecasts`` comes first."""
    found: dict[str, Path] = {}
    for shelf in _shelves():
        for path in sorted(shelf.glob("*.toml")):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def find_job(name_or_path: str | Path) -> Path:
    """The file that ``name_or_path`` means: a path, a name, or ``forecasts/<name>.toml``.

    Raises
    ------
    JobFileError
        If there is none, with the nearest name and the names there are.
    """
    path = Path(name_or_path)
    if path.exists():
        return path
    shipped = path.parent in {Path(), Path("forecasts")} and path.suffix in {"", ".toml"}
    known = list_jobs()
    if shipped and path.stem in known:
        return known[path.stem]
    raise JobFileError(
        Issue(
            message="there is no such job file",
            file=str(name_or_path),
            accepted=f"a path, or one of: {list_words(known)}",
            hint=did_you_mean(path.stem, known),
        ),
        subject=str(name_or_path),
    )


def _shelves() -> list[Path]:
    package = Path(__file__).resolve().parent.parent
    places = (Path("forecasts"), package / "_forecasts", package.parent / "forecasts")
    return [place for place in places if place.is_dir()]
