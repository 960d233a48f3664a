"""JSON read strictly: nothing is guessed, nothing doubled is dropped, every refusal has a place.

The parser of the standard library accepts more than the standard does (``NaN``, ``1e999``, doubled
keys) and recurses without a limit of its own; here the text is measured first and parsed then.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

from gridtool.errors import InputError, Issue

__all__ = ["load_text"]

_MAX_INTEGER_DIGITS = 20
_SHOWN = 60
_MOST_FINDINGS = 100
# The closing quote is optional so that an unterminated string costs one pass, not one per quote.
_STRUCTURE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def load_text(
    text: str, *, file: str | None = None, max_depth: int = 12, error: type[InputError] = InputError
) -> object:
    """Parse one JSON document.

    Parameters
    ----------
    text
        The document, without a byte order mark.
    file
        Name shown in findings.
    max_depth
        Deepest nesting of arrays and objects; counted before the recursive parser sees the text.
    error
        Class to raise.

    Returns
    -------
    object
        ``dict``, ``list``, ``str``, ``int``, ``float``, ``bool`` or ``None``; floats are finite.

    Raises
    ------
    InputError
        Or the given subclass: not JSON, too deep, doubled keys, ``NaN``, ``Infinity``, a number
        beyond double precision, an integer of more than 20 digits, a lone surrogate.
    """
    deep = _first_too_deep(text, max_depth)
    if deep is not None:
        raise error(
            Issue(
                message=f"nested deeper than {max_depth} levels",
                file=file,
                row=_line(text, deep),
                accepted=f"at most {max_depth} levels of arrays and objects",
            )
        )
    findings = _Findings(text, file)
    try:
        document = _decoder(findings).decode(text)
    except json.JSONDecodeError as failure:
        raise error(
            Issue(
                message=f"is not JSON: {failure.msg.lower()} at column {failure.colno}",
                file=file,
                row=failure.lineno,
                value=_around(text, failure.pos),
                hint="save the file again from the program that wrote it",
            )
        ) from None
    if _SURROGATE.search(text):
        findings.check_encodable(document)
    if findings.issues:
        raise error(findings.issues)
    return document


class _Findings:
    """What the decoder's hooks object to, with the line where the text first has it."""

    def __init__(self, text: str, file: str | None) -> None:
        self.text = text
        self.file = file
        self.issues: list[Issue] = []

    def report(self, message: str, value: str, accepted: str) -> None:
        if len(self.issues) >= _MOST_FINDINGS:
            return
        position = self.text.find(value)
        row = _line(self.text, position) if position >= 0 else None
        self.issues.append(
            Issue(message=message, file=self.file, row=row, value=value, accepted=accepted)
        )

    def unique(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    self.report("the key appears twice in one object", key, "each key once")
                seen.add(key)
        return members

    def constant(self, word: str) -> None:
        self.report("is not a JSON number", word, "finite numbers, null for a missing one")

    def whole(self, digits: str) -> int:
        if len(digits.lstrip("-")) > _MAX_INTEGER_DIGITS:
            self.report("integer too long", digits, f"at most {_MAX_INTEGER_DIGITS} digits")
            return 0
        return int(digits)

    def real(self, digits: str) -> float:
        number = float(digits)
        if math.isinf(number):
            self.report("number beyond double precision", digits, "magnitudes below 1.8e308")
            return 0.0
        return number

    def check_encodable(self, document: object) -> None:
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except UnicodeEncodeError as failure:
            escape = f"\\u{ord(failure.object[failure.start]):04x}"
            self.report("half a surrogate pair", escape, "whole Unicode characters")


def _first_too_deep(text: str, max_depth: int) -> int | None:
    depth = 0
    for position, mark in _brackets(text):
        if mark in "[{":
            depth += 1
            if depth > max_depth:
                return position
        else:
            depth -= 1
    return None


def _brackets(text: str) -> Iterator[tuple[int, str]]:
    """Brackets outside strings, with their positions."""
    for match in _STRUCTURE.finditer(text):
        mark = match.group()
        if mark[0] != '"':
            yield match.start(), mark


def _decoder(findings: _Findings) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=findings.unique,
        parse_constant=findings.constant,
        parse_int=findings.whole,
        parse_float=findings.real,
    )


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _around(text: str, position: int) -> str:
    return text[max(0, position - _SHOWN // 2) : position + _SHOWN // 2]
