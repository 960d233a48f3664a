"""Values to JSON and back, each by a codec that says what it accepts.

A codec is chosen by hand for every field (:mod:`gridtool.forecast.demand.saved.records`); no type
is looked up by a name out of a file, so that a file can name nothing but numbers and words.
Numbers are written as ``repr`` has them, the shortest text that reads back to the same float.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from gridtool.errors import Issue
from gridtool.formats.spelling import list_words
from gridtool.timegrid import parse_timestamp

__all__ = [
    "Codec",
    "FieldError",
    "Flag",
    "Instant",
    "LocalDate",
    "Reading",
    "Real",
    "Whole",
    "Words",
    "Zone",
    "refuse",
]

_LONGEST_WORDS = 20_000


class FieldError(Exception):
    """A value out of a file was refused; ``issues`` holds every finding about it."""

    def __init__(self, *issues: Issue) -> None:
        self.issues = issues
        super().__init__("; ".join(str(issue) for issue in issues))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One file being read: its name, and the lengths by name that its arrays have shown."""

    file: str
    lengths: dict[str, tuple[int, str]] = field(default_factory=dict)


class Codec(Protocol):
    """Turns one kind of value into plain JSON values and back."""

    def encode(self, value: Any) -> Any:
        """``value`` as dict, list, str, int, float, bool or None."""
        ...

    def decode(self, plain: Any, reading: Reading, *, place: str) -> Any:
        """The value at ``place`` of the file.

        Raises
        ------
        FieldError
            With every finding.
        """
        ...


def refuse(
    message: str, reading: Reading, *, place: str, value: object = None, accepted: str | None = None
) -> FieldError:
    """The error to raise about the value at ``place``."""
    shown = None if value is None else repr(value)[:80]
    return FieldError(
        Issue(message=message, file=reading.file, field=place, value=shown, accepted=accepted)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """A finite number in [``least``, ``most``]."""

    least: float = -1e300
    most: float = 1e300

    def encode(self, value: Any) -> float:
        """As JSON number with a point."""
        return float(value)

    def decode(self, plain: Any, reading: Reading, *, place: str) -> float:
        """See :class:`Codec`."""
        number = type(plain) in (int, float)
        if number and self.least <= plain <= self.most:
            return float(plain)
        raise refuse(
            "out of range" if number else "is not a number",
            reading,
            place=place,
            value=plain,
            accepted=f"a number from {self.least:g} to {self.most:g}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number in [``least``, ``most``]."""

    least: int = 0
    most: int = 10_000_000

    def encode(self, value: Any) -> int:
        """As JSON number without a point."""
        return int(value)

    def decode(self, plain: Any, reading: Reading, *, place: str) -> int:
        """See :class:`Codec`."""
        whole = type(plain) is int
        if whole and self.least <= plain <= self.most:
            return int(plain)
        raise refuse(
            "out of range" if whole else "is not a whole number",
            reading,
            place=place,
            value=plain,
            accepted=f"a whole number from {self.least} to {self.most}",
        )


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def encode(self, value: Any) -> bool:
        """As JSON has it."""
        return bool(value)

    def decode(self, plain: Any, reading: Reading, *, place: str) -> bool:
        """See :class:`Codec`."""
        if isinstance(plain, bool):
            return plain
        raise refuse("is not true or false", reading, place=place, value=plain)


@dataclass(frozen=True, slots=True)
class Words:
    """Text; one of ``options`` where there are some."""

    options: tuple[str, ...] = ()

    def encode(self, value: Any) -> str:
        """As it is."""
        return str(value)

    def decode(self, plain: Any, reading: Reading, *, place: str) -> str:
        """See :class:`Codec`."""
        if not isinstance(plain, str) or len(plain) > _LONGEST_WORDS:
            raise refuse("is not text", reading, place=place, value=plain)
        if self.options and plain not in self.options:
            raise refuse(
                "is not known",
                reading,
                place=place,
                value=plain,
                accepted=list_words(self.options, limit=30),
            )
        return plain


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment, aware UTC, as ``2026-01-01T00:00:00Z``."""

    def encode(self, value: Any) -> str:
        """In UTC."""
        moment: datetime = value
        return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"

    def decode(self, plain: Any, reading: Reading, *, place: str) -> datetime:
        """See :class:`Codec`."""
        if isinstance(plain, str) and plain.endswith("Z"):
            try:
                return parse_timestamp(plain, zone=ZoneInfo("UTC"))
            except (ValueError, OverflowError):
                pass
        raise refuse(
            "is not a time in UTC",
            reading,
            place=place,
            value=plain,
            accepted="e.g. 2026-01-01T00:00:00Z",
        )


@dataclass(frozen=True, slots=True)
class LocalDate:
    """A date as ``2026-01-01``."""

    def encode(self, value: Any) -> str:
        """ISO 8601."""
        day: date = value
        return day.isoformat()

    def decode(self, plain: Any, reading: Reading, *, place: str) -> date:
        """See :class:`Codec`."""
        try:
            if len(plain) == len("2026-01-01"):
                return date.fromisoformat(plain)
        except (ValueError, TypeError):
            pass
        raise refuse("is not a date", reading, place=place, value=plain, accepted="e.g. 2026-01-01")


@dataclass(frozen=True, slots=True)
class Zone:
    """An IANA time zone by its name."""

    def encode(self, value: Any) -> str:
        """The name."""
        zone: ZoneInfo = value
        return zone.key

    def decode(self, plain: Any, reading: Reading, *, place: str) -> ZoneInfo:
        """See :class:`Codec`."""
        try:
            return ZoneInfo(plain)
        except (ValueError, TypeError, AttributeError, OSError, KeyError):
            raise refuse(
                "is not a time zone known here",
                reading,
                place=place,
                value=plain,
                accepted="e.g. Europe/Kyiv",
            ) from None
