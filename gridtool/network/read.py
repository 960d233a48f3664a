"""A network package from its folder: ``network.toml`` and one CSV file per table."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from gridtool.errors import InputError, Issue, NetworkError
from gridtool.formats import nearest
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.frames import empty_frame
from gridtool.formats.strict_toml import load
from gridtool.formats.typed import read_table
from gridtool.network.check import check_network
from gridtool.network.manifest import MANIFEST, type_manifest
from gridtool.network.model import CityNetwork, NetworkManifest
from gridtool.network.schema import TABLES
from gridtool.network.structure import check_structure

__all__ = ["is_package", "read_package"]


def is_package(folder: Path) -> bool:
    """Whether ``folder`` holds a network package."""
    return (folder / MANIFEST).is_file()


def read_package(folder: Path | str) -> CityNetwork:
    """The network in ``folder``, checked.

    Raises
    ------
    NetworkError
        With the findings of all files, if one of them is an error: those of form (unknown
        columns, cells of the wrong type, references to ids that are not there), and where
        the form is sound, those of :func:`gridtool.network.check.check_network`.
    """
    folder = Path(folder)
    _require_folder(folder)
    manifest, issues = _read_manifest(folder)
    issues += _find_strangers(folder)
    tables, found = _read_tables(folder)
    issues += found
    if len(tables) == len(TABLES):
        issues += check_structure(tables)
    refuse_on_errors(issues, error=NetworkError, subject=str(folder))
    assert manifest is not None
    network = CityNetwork(
        manifest=manifest, tables=tables, origin=str(folder), sha256=_digest(folder)
    )
    refuse_on_errors(check_network(network), error=NetworkError, subject=str(folder))
    return network


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise NetworkError(
            Issue(message=f"the network package {problem}", file=str(folder)), subject=str(folder)
        )
    if not is_package(folder):
        raise NetworkError(
            Issue(
                message=f"is not a network package: it has no {MANIFEST}",
                file=str(folder),
                hint="the format is described in networks/README.md",
            ),
            subject=str(folder),
        )


def _read_manifest(folder: Path) -> tuple[NetworkManifest | None, list[Issue]]:
    try:
        content = load(folder / MANIFEST)
    except InputError as error:
        return None, list(error.issues)
    return type_manifest(content)


def _find_strangers(folder: Path) -> list[Issue]:
    """CSV files that no table is read from: a misspelt optional table must not be lost."""
    known = [f"{schema.name}.csv" for schema in TABLES]
    issues = []
    for path in sorted(folder.glob("*.csv")):
        if path.name not in known:
            close = nearest(path.name, known)
            issues.append(
                Issue(
                    message="is not a table of a network package",
                    file=path.name,
                    accepted=", ".join(known),
                    hint=f"did you mean {close}?" if close else "put other files into a subfolder",
                )
            )
    return issues


def _read_tables(folder: Path) -> tuple[dict[str, pd.DataFrame], list[Issue]]:
    """Frames of the tables that could be read, and the findings of all of them."""
    tables: dict[str, pd.DataFrame] = {}
    known: dict[str, frozenset[str]] = {}
    issues: list[Issue] = []
    for schema in TABLES:
        path = folder / f"{schema.name}.csv"
        if schema.optional and not path.exists():
            tables[schema.name] = empty_frame(schema)
            continue
        try:
            tables[schema.name], warnings = read_table(
                path, schema, error=NetworkError, known=known
            )
        except InputError as error:
            issues += error.issues
            continue
        issues += warnings
        known[schema.name] = frozenset(map(str, tables[schema.name].index))
    return tables, issues


def _digest(folder: Path) -> str:
    """One hash of the names and contents of the files that were read."""
    digest = hashlib.sha256()
    for name in (MANIFEST, *(f"{schema.name}.csv" for schema in TABLES)):
        path = folder / name
        if path.exists():
            digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
