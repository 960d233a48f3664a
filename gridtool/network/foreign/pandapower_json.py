"""pandapower's JSON, read without rebuilding any object that the file names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gridtool.errors import InputError, NetworkError
from gridtool.formats.strict_json import load_text
from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.pandapower_members import check_parameters, role_of, tell_members
from gridtool.network.foreign.pandapower_tables import PandapowerNetwork, RawTable, type_tables

__all__ = ["parse_pandapower_json"]

_ROOT = ("pandapower.auxiliary", "pandapowerNet")
_MAY_NAME_TYPES = re.compile(r"_module|_class|\\u00[5-7]", re.IGNORECASE)
_TABLE = ("pandas.core.frame", "DataFrame")


def parse_pandapower_json(
    text: str, findings: Findings, *, ignore_extras: bool = False
) -> PandapowerNetwork:
    """The typed tables of a network written by ``pandapower.to_json``.

    Raises
    ------
    NetworkError
        With all findings if the text is not such a file, names any stored type besides the
        network and its tables, or has elements without a counterpart here.
    """
    document = load_text(text, file=findings.file, error=NetworkError)
    members = _members(document, findings)
    tables: list[RawTable] = []
    filled: list[str] = []
    parameters: dict[str, object] = {}
    for name, member in members.items():
        role = role_of(name)
        if role == "kept":
            table = _table(name, member, findings)
            if table is not None:
                tables.append(table)
            continue
        if not (role == "extra" and ignore_extras):
            _refuse_stored_types(name, member, findings)
        if not isinstance(member, dict | list):
            parameters[name] = member
        if role != "dropped" and _has_content(member, name, findings):
            filled.append(name)
    tell_members(filled, findings, ignore_extras=ignore_extras)
    name, f_hz, sn_mva = check_parameters(parameters, findings)
    if "bus" not in members:
        findings.error("the file has no bus table", hint="is it a pandapower network?")
    typed = type_tables(tables, findings)
    return PandapowerNetwork(name=name, f_hz=f_hz, sn_mva=sn_mva, tables=typed)


def _members(document: object, findings: Findings) -> Mapping[str, object]:
    if isinstance(document, dict) and _stored_type(document) == _ROOT:
        members = document.get("_object")
        if isinstance(members, dict):
            return members
    findings.error(
        "is not a pandapower network",
        accepted='an object with "_module": "pandapower.auxiliary", "_class": "pandapowerNet"',
        hint="write it with pandapower.to_json, without encryption",
    )
    findings.raise_errors()
    raise AssertionError  # raise_errors has raised


def _stored_type(member: object) -> tuple[object, object] | None:
    """Module and class of an object stored in the file, or None for plain JSON."""
    if isinstance(member, dict) and ("_module" in member or "_class" in member):
        return member.get("_module"), member.get("_class")
    return None


def _table(name: str, member: object, findings: Findings) -> RawTable | None:
    if _stored_type(member) != _TABLE:
        findings.error(
            "is not a table", field=name, value=_type_words(member), accepted="a stored DataFrame"
        )
        return None
    assert isinstance(member, dict)
    if (
        member.get("orient") != "split"
        or member.get("is_multiindex")
        or member.get("is_multicolumn")
    ):
        findings.error(
            "table written in another layout",
            field=name,
            value=member.get("orient"),
            accepted='"orient": "split" with plain row numbers',
        )
        return None
    content = _table_content(name, member, findings)
    if content is None:
        return None
    _refuse_stored_types(name, member, findings)
    return _split_table(name, content, findings)


def _split_table(name: str, content: Mapping[str, Any], findings: Findings) -> RawTable | None:
    columns, index, cells = (content.get(part) for part in ("columns", "index", "data"))
    if not (isinstance(columns, list) and isinstance(index, list) and isinstance(cells, list)):
        findings.error("is not a table with columns, index and data", field=name)
    elif not all(isinstance(column, str) for column in columns):
        findings.error("has columns without a name in text", field=name)
    elif not all(isinstance(row, list) for row in cells):
        findings.error("has rows that are not lists of cells", field=name)
    else:
        return RawTable(name=name, columns=tuple(columns), index=index, cells=cells)
    return None


def _table_content(
    name: str, member: Mapping[str, object], findings: Findings
) -> dict[str, Any] | None:
    """The table's own JSON, which pandapower stores as a text."""
    content = member.get("_object")
    if isinstance(content, str):
        try:
            content = load_text(content, file=f"{findings.file}, table {name}", error=NetworkError)
        except NetworkError as refused:
            findings.errors.extend(refused.issues)
            return None
    if not isinstance(content, dict):
        findings.error("is not a table with columns, index and data", field=name)
        return None
    return content


def _refuse_stored_types(name: str, member: object, findings: Findings) -> None:
    for stored in _stored_types(member):
        if stored != _TABLE:
            module, kind = stored
            findings.error(
                "stores an object that would have to be built by running code",
                field=name,
                value=f"{module}.{kind}",
                accepted="tables of numbers and text only",
                hint="remove it before writing the file",
            )


def _stored_types(member: object) -> Iterator[tuple[object, object]]:
    """Types named anywhere inside ``member``, also in the JSON texts of its tables."""
    waiting = [member]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            stored = _stored_type(value)
            if stored is not None:
                yield stored
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and _MAY_NAME_TYPES.search(value):
            yield from _types_in_text(value)


def _types_in_text(text: str) -> Iterator[tuple[object, object]]:
    try:
        inner = load_text(text)
    except InputError:
        return
    if isinstance(inner, dict | list):
        yield from _stored_types(inner)


def _has_content(member: object, name: str, findings: Findings) -> bool:
    """Whether a member that is not read holds anything."""
    if _stored_type(member) != _TABLE:
        return bool(member)
    assert isinstance(member, dict)
    content = _table_content(name, member, findings)
    return bool(content and content.get("data"))


def _type_words(member: object) -> str:
    stored = _stored_type(member)
    if stored is None:
        return type(member).__name__
    return f"{stored[0]}.{stored[1]}"
