"""Networks by name or path: an explicit path, then ``./networks``, then the packaged copies."""

from __future__ import annotations

from pathlib import Path

from gridtool.errors import Issue, NetworkError
from gridtool.formats import nearest
from gridtool.network.manifest import MANIFEST
from gridtool.network.model import CityNetwork
from gridtool.network.read import is_package, read_package

__all__ = ["find_network", "list_networks", "load_network"]

_FOREIGN = (".json", ".xlsx", ".m")


def list_networks() -> dict[str, Path]:
    """Folders of the networks that can be named, by name; ``./networks`` comes first."""
    found: dict[str, Path] = {}
    for shelf in _shelves():
        for folder in sorted(shelf.iterdir()):
            if is_package(folder):
                found.setdefault(folder.name, folder)
    return dict(sorted(found.items()))


def find_network(name_or_path: str | Path) -> Path:
    """The folder or file that ``name_or_path`` means.

    Raises
    ------
    NetworkError
        If there is none, with the nearest name and the names there are.
    """
    path = Path(name_or_path)
    name = str(name_or_path)
    if path.name == MANIFEST and path.is_file():
        return path.parent
    if path.exists() and (path.is_file() or is_package(path)):
        return path
    known = list_networks()
    if name in known:
        return known[name]
    if path.exists():
        return path  # the reader says what is wrong with it
    close = nearest(name, list(known))
    raise NetworkError(
        Issue(
            message="there is no such network",
            field="network",
            value=name,
            accepted=f"a folder, a file ({', '.join(_FOREIGN)}), or one of: {', '.join(known)}",
            hint=f"did you mean {close}?" if close else None,
        ),
        subject=name,
    )


def load_network(name_or_path: str | Path, *, ignore_extras: bool = False) -> CityNetwork:
    """The network called ``name_or_path``: a shipped one, a package folder or a foreign file.

    Parameters
    ----------
    ignore_extras
        Leave out parts of a foreign file that gridtool does not know, instead of refusing it.

    Raises
    ------
    NetworkError
        If there is no such network or it is refused, with every finding.
    """
    path = find_network(name_or_path)
    if path.is_file():
        from gridtool.network.foreign import read_foreign

        return read_foreign(path, ignore_extras=ignore_extras)
    return read_package(path)


def _shelves() -> list[Path]:
    package = Path(__file__).resolve().parent.parent
    places = (Path("networks"), package / "_networks", package.parent / "networks")
    return [place for place in places if place.is_dir()]
