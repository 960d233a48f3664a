"""A network package to its folder, the same bytes for the same network."""

from __future__ import annotations

from pathlib import Path

from gridtool.formats.publish import publish_folder
from gridtool.formats.write import csv_text
from gridtool.network.manifest import MANIFEST, manifest_text
from gridtool.network.model import CityNetwork
from gridtool.network.schema import TABLES

__all__ = ["package_files", "write_package"]


def package_files(network: CityNetwork) -> dict[str, bytes]:
    """Contents of the package's files by name; empty optional tables are left out."""
    files = {MANIFEST: manifest_text(network.manifest).encode()}
    for schema in TABLES:
        frame = network.tables[schema.name]
        if len(frame) or not schema.optional:
            files[f"{schema.name}.csv"] = csv_text(frame).encode()
    return files


def write_package(network: CityNetwork, folder: Path | str) -> None:
    """Write ``network`` to ``folder``, whole or not at all.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    publish_folder(folder, package_files(network), listing=False)
