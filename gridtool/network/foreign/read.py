"""Foreign network files by suffix: read without running, importing or opening anything else."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from gridtool.errors import Issue, NetworkError
from gridtool.formats.text import read_bytes
from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.matpower_case import read_case
from gridtool.network.foreign.matpower_convert import convert_matpower
from gridtool.network.foreign.matpower_text import parse_matpower
from gridtool.network.foreign.pandapower_convert import convert_pandapower
from gridtool.network.foreign.pandapower_json import parse_pandapower_json
from gridtool.network.model import CityNetwork


class _Reader(Protocol):
    def __call__(
        self, content: bytes, findings: Findings, *, ignore_extras: bool
    ) -> CityNetwork: ...


__all__ = ["FOREIGN_SUFFIXES", "network_from_bytes", "read_foreign"]


def read_foreign(path: Path | str, *, ignore_extras: bool = False) -> CityNetwork:
    """The network of a pandapower ``.json`` or ``.xlsx`` or a MATPOWER ``.m`` file.

    Parameters
    ----------
    ignore_extras
        Accept a pandapower file with controllers, solver options, or elements that have no
        counterpart here (named in the assumptions); its power flow is then another one.

    Raises
    ------
    NetworkError
        With all findings about the file.
    """
    path = Path(path)
    content = read_bytes(path, error=NetworkError)
    network = network_from_bytes(content, path.name, ignore_extras=ignore_extras)
    return replace(network, origin=str(path))


def network_from_bytes(content: bytes, file: str, *, ignore_extras: bool = False) -> CityNetwork:
    """As :func:`read_foreign`, of a file's ``content``; touches nothing else."""
    suffix = Path(file).suffix.lower()
    if suffix not in FOREIGN_SUFFIXES:
        raise NetworkError(
            Issue(
                message="is not a format known here",
                file=file,
                value=suffix,
                accepted=", ".join(FOREIGN_SUFFIXES),
            )
        )
    network = FOREIGN_SUFFIXES[suffix](content, Findings(file), ignore_extras=ignore_extras)
    return replace(network, sha256=hashlib.sha256(content).hexdigest())


def _read_json(content: bytes, findings: Findings, *, ignore_extras: bool) -> CityNetwork:
    source = parse_pandapower_json(_utf8(content, findings), findings, ignore_extras=ignore_extras)
    return convert_pandapower(source, findings)


def _read_excel(content: bytes, findings: Findings, *, ignore_extras: bool) -> CityNetwork:
    from gridtool.network.foreign.pandapower_excel import parse_pandapower_excel

    source = parse_pandapower_excel(content, findings, ignore_extras=ignore_extras)
    return convert_pandapower(source, findings)


def _read_matpower(content: bytes, findings: Findings, *, ignore_extras: bool) -> CityNetwork:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # any bytes; outside ASCII only comments and names
        findings.assume("not UTF-8 text, read as Latin-1: names may be wrong, numbers are not")
    case = read_case(parse_matpower(text, findings), findings, ignore_extras=ignore_extras)
    return convert_matpower(case, findings)


def _utf8(content: bytes, findings: Findings) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise NetworkError(
            Issue(
                message=f"is not UTF-8 text at byte {problem.start}",
                file=findings.file,
                accepted="UTF-8, with or without byte order mark",
            )
        ) from None


FOREIGN_SUFFIXES: dict[str, _Reader] = {
    ".json": _read_json,
    ".m": _read_matpower,
    ".xlsx": _read_excel,
}
"""Readers by suffix."""
