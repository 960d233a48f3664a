"""MATPOWER's case format read as data: assignments of numbers and texts, never statements.

A case file is a program. This reads the part of the language that data needs and refuses every
other statement by its line: nothing is computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.ids import unsafe_character

__all__ = ["MatpowerTable", "MatpowerText", "parse_matpower"]

_MOST_ROWS = 200_000
_MOST_COLUMNS = 60
_FUNCTION = re.compile(r"function\s+(?:mpc|\[\s*mpc\s*\])\s*=\s*(\w{1,64})\s*;?", re.ASCII)
_ASSIGNMENT = re.compile(r"mpc\.(\w{1,64})\s*=\s*(.*)", re.DOTALL | re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_LINE_END = re.compile(r"\r\n|\r|\n")
_NOTHING = 1e-30
"""Smaller numbers are 0: no quantity is that small, and solvers stop at underflow."""
_CONSTANTS = {"inf": float("inf"), "+inf": float("inf"), "-inf": float("-inf")}
_STRING = re.compile(r"'(?:[^'\n]|'')*'|\"[^\"\n]*\"")
_CLOSED_BY = {"[": "]", "{": "}"}
_ONLY = "mpc.NAME = [numbers]; mpc.NAME = number; mpc.NAME = 'text'; mpc.NAME = {texts}; comments"


@dataclass(slots=True)
class MatpowerTable:
    """A matrix: rows of numbers, the line each stands in, and names from ``%column_names%``."""

    rows: list[list[float]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    column_names: tuple[str, ...] = ()


@dataclass(slots=True)
class MatpowerText:
    """Everything a case file assigns: matrices, single values, and lists of texts."""

    name: str = ""
    tables: dict[str, MatpowerTable] = field(default_factory=dict)
    values: dict[str, float | str] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Open:
    """A matrix or cell array that is still open."""

    name: str
    bracket: str
    table: MatpowerTable
    texts: list[str]


def parse_matpower(text: str, findings: Findings) -> MatpowerText:
    """What ``text`` assigns; every line that is not data is an error in ``findings``."""
    parsed = MatpowerText()
    parser = _Parser(parsed, findings)
    number = 0
    for number, line in enumerate(_LINE_END.split(text), start=1):
        parser.read_line(line, number)
    parser.finish(number)
    return parsed


class _Parser:
    def __init__(self, parsed: MatpowerText, findings: Findings) -> None:
        self.parsed = parsed
        self.findings = findings
        self.open: _Open | None = None
        self.column_names: tuple[str, ...] = ()
        self.continued = ""

    def read_line(self, line: str, number: int) -> None:
        stripped = line.strip()
        if stripped.startswith("%column_names%"):
            self.column_names = tuple(stripped[len("%column_names%") :].split()[:_MOST_COLUMNS])
        elif stripped in ("%{", "%}"):
            self.refuse("block comments are not read", number, stripped, "% at each line")
        else:
            self.continued += _without_comment(line).strip()
            if self.continued.endswith("..."):
                self.continued = self.continued[:-3] + " "
                return
            code, self.continued = self.continued, ""
            if code:
                self.read_code(code, number)

    def finish(self, number: int) -> None:
        if self.continued:
            self.refuse("is continued after the end of the file", number, None, "a whole statement")
        if self.open is not None:
            self.refuse(f"mpc.{self.open.name} is not closed", number, None, "];")

    def refuse(self, message: str, row: int, value: str | None, accepted: str) -> None:
        self.findings.error(message, row=row, value=value, accepted=accepted)

    def read_code(self, code: str, number: int) -> None:
        if self.open is not None:
            self.read_inside(code, number)
            return
        function = _FUNCTION.fullmatch(code)
        assignment = _ASSIGNMENT.fullmatch(code)
        if function and not self.parsed.name:
            self.parsed.name = function.group(1)
        elif assignment:
            self.read_assignment(assignment.group(1), assignment.group(2), number)
        elif code.rstrip(";") not in ("end", "return", "endfunction", ""):
            self.refuse("is a statement, not data", number, code, _ONLY)

    def read_assignment(self, name: str, given: str, number: int) -> None:
        if name in self.parsed.tables | self.parsed.values | self.parsed.texts:
            self.refuse(f"mpc.{name} is assigned twice", number, name, "each name once")
        if given[:1] in _CLOSED_BY:
            table = MatpowerTable(column_names=self.column_names)
            self.open = _Open(name, given[0], table, [])
            self.column_names = ()
            self.read_inside(given[1:].strip(), number)
            return
        value = given.removesuffix(";").strip()
        if _STRING.fullmatch(value):
            self.parsed.values[name] = value[1:-1]
        else:
            parsed = _read_number(value)
            if parsed is None:
                self.refuse(f"mpc.{name} is not data", number, given, _ONLY)
            else:
                self.parsed.values[name] = parsed

    def read_inside(self, code: str, number: int) -> None:
        """A line, or the rest of one, inside an open matrix or cell array."""
        assert self.open is not None
        if self.open.bracket == "{":
            code = self.take_texts(code, number)
        end = code.find(_CLOSED_BY[self.open.bracket])
        inside, after = (code, "") if end < 0 else (code[:end], code[end + 1 :])
        if self.open.bracket == "[":
            for row in inside.split(";"):
                self.read_row(row, number)
        elif inside.strip(" \t;,"):
            self.refuse(f"mpc.{self.open.name} is not a list of texts", number, inside, _ONLY)
        if end >= 0:
            self.close()
            if after.strip(" \t;"):
                self.refuse("is a statement, not data", number, after.strip(), _ONLY)

    def take_texts(self, code: str, number: int) -> str:
        """Keep the quoted texts of ``code`` and return what is around them."""
        assert self.open is not None
        for match in _STRING.finditer(code):
            quoted = match.group()[1:-1].replace("''", "'")
            unsafe = unsafe_character(quoted)
            if unsafe:
                self.refuse("has an invisible or control character", number, unsafe, "plain text")
            self.open.texts.append(quoted[:256])
        around = _STRING.sub(" ", code)
        end = around.find("}")
        inside = around if end < 0 else around[:end]
        numbers = inside.replace(";", " ").replace(",", " ").split()
        if all(_read_number(word) is not None for word in numbers):
            return " " if end < 0 else around[end:]
        return around

    def read_row(self, row: str, number: int) -> None:
        assert self.open is not None
        words = row.replace(",", " ").split()
        if not words:
            return
        values = [_read_number(word) for word in words]
        for word, value in zip(words, values, strict=True):
            if value is None:
                self.refuse(
                    f"mpc.{self.open.name} has what is not a number",
                    number,
                    word,
                    "numbers, nothing to compute",
                )
        table = self.open.table
        if len(words) > _MOST_COLUMNS or len(table.rows) >= _MOST_ROWS:
            if len(table.rows) <= _MOST_ROWS:
                self.refuse(
                    f"mpc.{self.open.name} is too large",
                    number,
                    None,
                    f"up to {_MOST_COLUMNS} columns and {_MOST_ROWS} rows",
                )
            return
        if table.rows and len(table.rows[0]) != len(words):
            self.refuse(
                f"mpc.{self.open.name} has {len(words)} values",
                number,
                row.strip(),
                f"{len(table.rows[0])}, as in its first row",
            )
            return
        table.rows.append([0.0 if value is None else value for value in values])
        table.lines.append(number)

    def close(self) -> None:
        assert self.open is not None
        if self.open.bracket == "[":
            self.parsed.tables[self.open.name] = self.open.table
        else:
            self.parsed.texts[self.open.name] = self.open.texts
        self.open = None


def _read_number(word: str) -> float | None:
    """A finite number or an infinity; None for anything else, NaN and overflow included."""
    if _NUMBER.fullmatch(word):
        value = float(word)
        if abs(value) < _NOTHING:
            return 0.0
        return value if abs(value) < 1e300 else None
    return _CONSTANTS.get(word.lower())


def _without_comment(line: str) -> str:
    """``line`` up to a ``%`` that does not stand in a quoted text."""
    if "%" not in line:
        return line
    for start, end in _outside_texts(line):
        position = line.find("%", start, end)
        if position >= 0:
            return line[:position]
    return line


def _outside_texts(line: str) -> Iterator[tuple[int, int]]:
    position = 0
    for match in _STRING.finditer(line):
        yield position, match.start()
        position = match.end()
    yield position, len(line)
