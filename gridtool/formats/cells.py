"""One cell of text to one typed value, by its column's declaration. Nothing is guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridtool.formats.schema import Column
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.timegrid import parse_timestamp

__all__ = ["CellError", "CellParser", "make_parser", "parse_cell", "parse_number"]

CellParser = Callable[[str], Any]

_PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"([+-]?\d{1,3})((?:[ \u00a0\u202f\u2009]\d{3})+)([.,]\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d{1,3})?", re.ASCII)
_ENGLISH_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_LIST_SEPARATORS = re.compile(r"[\s|]+")
_GUARDED = re.compile("'+[=+\\-@\uff1d\uff0b\uff0d\uff20]")
_TRUE = frozenset({"true", "yes", "1", "так", "істина"})
_FALSE = frozenset({"false", "no", "0", "ні", "хибність"})
_LONGEST_NUMBER = 64
_TIME_FORMS = "2027-01-12 14:30, 2027-01-12T14:30+02:00 or 12.01.2027 14:30"


class CellError(ValueError):
    """A cell that cannot be what its column declares; ``accepted`` and ``hint`` help."""

    def __init__(
        self, message: str, *, accepted: str | None = None, hint: str | None = None
    ) -> None:
        self.accepted = accepted
        self.hint = hint
        super().__init__(message)


def parse_cell(
    column: Column, text: str, *, zone: ZoneInfo | None = None, comma_separates: bool = False
) -> Any:
    """The value of a filled cell; an empty one gives the column's default.

    Parameters
    ----------
    zone
        Zone of times without an offset; None refuses them.
    comma_separates
        True where the file is separated by commas: a comma inside a (then quoted) number is a
        decimal sign only where it cannot be an English thousands separator.

    Raises
    ------
    CellError
        If the text is not what the column declares.
    """
    return make_parser(column, zone=zone, comma_separates=comma_separates)(text)


def make_parser(
    column: Column, *, zone: ZoneInfo | None = None, comma_separates: bool = False
) -> CellParser:
    """A function that parses the cells of ``column``; see :func:`parse_cell`."""
    parse = _kind_parser(column, zone=zone, comma_separates=comma_separates)
    limited = any(limit is not None for limit in (column.minimum, column.maximum, column.above))

    def parse_text(text: str) -> Any:
        text = text.strip()
        if not text:
            if column.required:
                raise CellError("is empty", accepted=column.meaning)
            return column.default
        value = parse(text)
        if limited:
            _check_limits(column, value)
        return value

    return parse_text


def _kind_parser(column: Column, *, zone: ZoneInfo | None, comma_separates: bool) -> CellParser:
    parsers: dict[str, CellParser] = {
        "float": lambda text: parse_number(text, comma_separates=comma_separates),
        "int": _parse_whole,
        "bool": _parse_bool,
        "choice": lambda text: _parse_choice(text, column.choices),
        "timestamp": lambda text: _parse_time(text, zone),
        "list": lambda text: tuple(_split_list(_unguard(text))),
        "id": _parse_id,
        "text": _unguard,
    }
    return parsers[column.kind]


def _unguard(text: str) -> str:
    """Text without the apostrophe that keeps a spreadsheet from running it as a formula."""
    return text[1:] if _GUARDED.match(text) else text


def _split_list(text: str) -> list[str]:
    return [word for word in _LIST_SEPARATORS.split(text) if word]


def _parse_id(text: str) -> str:
    found = _unguard(text)
    if "\n" in found or "\t" in found or "\r" in found:
        raise CellError("has a line end or tab inside", accepted="an id on one line")
    if len(found) > 120:
        raise CellError("is too long for an id", accepted="up to 120 characters")
    return found


def parse_number(text: str, *, comma_separates: bool = False) -> float:
    """A finite number with decimal point or comma; NBSP, thin space or space group thousands.

    Raises
    ------
    CellError
        If it is not a number, not finite, or could be read in two ways.
    """
    text = text.strip().replace("\u2212", "-")
    grouped = _GROUPED.fullmatch(text)
    if grouped:
        whole, groups, fraction = grouped.groups()
        text = whole + re.sub(r"\D", "", groups) + (fraction or "")
    if comma_separates and _ENGLISH_THOUSANDS.fullmatch(text):
        raise CellError(
            "can be read in two ways: decimal comma or thousands",
            accepted="a number without thousands separators, decimal point",
        )
    if _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if len(text) > _LONGEST_NUMBER or not _PLAIN_NUMBER.fullmatch(text):
        raise CellError("is not a number", accepted=_number_forms(text))
    value = float(text)
    if not math.isfinite(value):
        raise CellError("is not a finite number", accepted="a finite number")
    return value


def _number_forms(text: str) -> str:
    if text.casefold().lstrip("+-") in {"nan", "inf", "infinity", "na", "n/a", "null", "-"}:
        return "a finite number; leave the cell empty if the column may be empty"
    return "a number such as 12.5 or 12,5"


def _parse_whole(text: str) -> int:
    grouped = _GROUPED.fullmatch(text)
    if grouped and not grouped[3]:
        text = grouped[1] + re.sub(r"\D", "", grouped[2])
    if not _WHOLE.fullmatch(text):
        raise CellError("is not a whole number", accepted="a whole number such as 12")
    return int(text)


def _parse_bool(text: str) -> bool:
    word = text.casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise CellError("is neither true nor false", accepted="true, false, yes, no, 1, 0, так, ні")


def _parse_choice(text: str, choices: tuple[str, ...]) -> str:
    for choice in choices:
        if choice.casefold() == text.casefold():
            return choice
    raise CellError(
        "is not one of the accepted words",
        accepted=list_words(choices),
        hint=did_you_mean(text, choices),
    )


def _parse_time(text: str, zone: ZoneInfo | None) -> datetime:
    if zone is None and not re.search(r"(?:Z|[+-]\d\d:?\d\d)$", text):
        raise CellError("has no offset from UTC", accepted="2027-01-12T14:30+02:00")
    try:
        moment = parse_timestamp(text, zone=zone or ZoneInfo("UTC"))
    except (ValueError, OverflowError) as problem:
        skipped = "clock skips" in str(problem)
        message = "does not exist: the clock skips it" if skipped else "is not a date and time"
        raise CellError(message, accepted=_TIME_FORMS) from None
    if not 1900 <= moment.year <= 2200:
        raise CellError("has an unlikely year", accepted="1900 to 2200")
    return moment


def _check_limits(column: Column, value: Any) -> None:
    if column.above is not None and value <= column.above:
        raise CellError("is too small", accepted=f"above {column.above:g}{_unit(column)}")
    if column.minimum is not None and value < column.minimum:
        raise CellError("is too small", accepted=f"at least {column.minimum:g}{_unit(column)}")
    if column.maximum is not None and value > column.maximum:
        raise CellError("is too large", accepted=f"at most {column.maximum:g}{_unit(column)}")


def _unit(column: Column) -> str:
    return f" {column.unit}" if column.unit else ""
