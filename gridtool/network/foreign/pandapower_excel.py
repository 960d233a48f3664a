"""pandapower's Excel files: one sheet a table, read by the same rules as its JSON."""

from __future__ import annotations

from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.pandapower_members import check_parameters, role_of, tell_members
from gridtool.network.foreign.pandapower_tables import PandapowerNetwork, RawTable, type_tables
from gridtool.network.foreign.workbook import Sheet, read_workbook

__all__ = ["parse_pandapower_excel"]


def parse_pandapower_excel(
    content: bytes, findings: Findings, *, ignore_extras: bool = False
) -> PandapowerNetwork:
    """The typed tables of a network written by ``pandapower.to_excel``.

    Raises
    ------
    NetworkError
        With all findings if the file is no such workbook or has elements without a counterpart
        here.
    """
    sheets = read_workbook(content, findings)
    tables: list[RawTable] = []
    filled: list[str] = []
    for name, rows in sheets.items():
        role = role_of(name)
        table = _table(name, rows, findings) if role == "kept" else None
        if table is not None:
            tables.append(table)
        elif role not in ("kept", "dropped") and len(rows) > 1:
            filled.append(name)
    tell_members(filled, findings, ignore_extras=ignore_extras)
    name, f_hz, sn_mva = check_parameters(_parameters(sheets.get("parameters", [])), findings)
    if "bus" not in sheets:
        findings.error("the file has no sheet 'bus'", hint="is it a pandapower network?")
    typed = type_tables(tables, findings)
    return PandapowerNetwork(name=name, f_hz=f_hz, sn_mva=sn_mva, tables=typed)


def _table(name: str, rows: Sheet, findings: Findings) -> RawTable | None:
    """A sheet with the column names in its first row and the row numbers in its first column."""
    if not rows:
        return None
    header = _trimmed(rows[0])
    if not all(isinstance(column, str) for column in header[1:]):
        findings.error(
            "has a column without a name",
            row=1,
            field=f"sheet {name}",
            accepted="column names in the first row, row numbers in the first column",
        )
        return None
    width = max(len(header), 1)
    body = [
        (*row, *(None,) * (width - len(row)))
        for row in rows[1:]
        if any(cell is not None for cell in row)
    ]
    for row in body:
        if any(cell is not None for cell in row[width:]):
            findings.error("has cells beyond the last column", field=f"sheet {name}")
            return None
    return RawTable(
        name=name,
        columns=tuple(str(column) for column in header[1:]),
        index=[row[0] for row in body],
        cells=[row[1:width] for row in body],
    )


def _trimmed(row: tuple[object, ...]) -> tuple[object, ...]:
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _parameters(rows: Sheet) -> dict[str, object]:
    """Name, frequency and the like: names in the first row, or in the first column as before."""
    if len(rows) >= 2 and len(rows[0]) > 2:
        return {str(key): value for key, value in zip(rows[0], rows[1], strict=False) if key}
    return {str(row[0]): row[1] for row in rows if len(row) > 1 and row[0]}
