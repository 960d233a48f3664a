"""Values to JSON and back, each by a codec that says what it accepts.

A codec is chosen by hand for every field (:mod:`gridtool.forecast.demand.save_records`); no type
is looked up by a name out of a file, so that a file can name nothing but numbers and words.
Numbers are written as ``repr`` has them, the shortest text that reads back to the same float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from gridtool.errors import Issue
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.timegrid import parse_timestamp

__all__ = [
    "Codec",
    "Each",
    "FieldError",
    "Flag",
    "Instant",
    "Keyed",
    "LocalDate",
    "Maybe",
    "OneOf",
    "Pair",
    "Reading",
    "Real",
    "Record",
    "Whole",
    "Words",
    "Zone",
    "refuse",
]

KIND = "kind"
"""Member of an object that says which of several records it is."""
_LONGEST_WORDS = 20_000
_MOST_ITEMS = 100_000


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


@dataclass(frozen=True, slots=True)
class Maybe:
    """``inner``, or null for None."""

    inner: Codec

    def encode(self, value: Any) -> Any:
        """Null for None."""
        return None if value is None else self.inner.encode(value)

    def decode(self, plain: Any, reading: Reading, *, place: str) -> Any:
        """See :class:`Codec`."""
        return None if plain is None else self.inner.decode(plain, reading, place=place)


@dataclass(frozen=True, slots=True)
class Each:
    """A tuple of any length, ``inner`` each."""

    inner: Codec

    def encode(self, value: Any) -> list[Any]:
        """As array."""
        return [self.inner.encode(item) for item in value]

    def decode(self, plain: Any, reading: Reading, *, place: str) -> tuple[Any, ...]:
        """See :class:`Codec`."""
        if not isinstance(plain, list) or len(plain) > _MOST_ITEMS:
            raise refuse("is not a list", reading, place=place, value=plain)
        return tuple(
            self.inner.decode(item, reading, place=f"{place}[{k}]") for k, item in enumerate(plain)
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """Two of ``inner``, the first below the second."""

    inner: Codec

    def encode(self, value: Any) -> list[Any]:
        """As array of two."""
        return [self.inner.encode(item) for item in value]

    def decode(self, plain: Any, reading: Reading, *, place: str) -> tuple[Any, Any]:
        """See :class:`Codec`."""
        if not isinstance(plain, list) or len(plain) != 2:
            raise refuse("is not a pair", reading, place=place, value=plain)
        low, high = (self.inner.decode(item, reading, place=place) for item in plain)
        if low >= high:
            raise refuse("the first must be below the second", reading, place=place, value=plain)
        return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A mapping as an object whose keys are ``key``'s texts, sorted."""

    key: Codec
    value: Codec

    def encode(self, value: Any) -> dict[str, Any]:
        """Sorted by the texts of the keys."""
        items = ((self.key.encode(key), self.value.encode(item)) for key, item in value.items())
        return dict(sorted(items))

    def decode(self, plain: Any, reading: Reading, *, place: str) -> dict[Any, Any]:
        """See :class:`Codec`."""
        if not isinstance(plain, dict) or len(plain) > _MOST_ITEMS:
            raise refuse("is not an object", reading, place=place, value=plain)
        return {
            self.key.decode(key, reading, place=place): self.value.decode(
                item, reading, place=f"{place}.{key}"
            )
            for key, item in plain.items()
        }


@dataclass(frozen=True, slots=True)
class Record:
    """A dataclass, field by field.

    A field that a file does not have takes the dataclass's default where there is one: the file
    is older than the field. A field the file has and the record has not is refused.

    Attributes
    ----------
    check
        Words on what is wrong between the fields, or None.
    """

    made: type[Any]
    codecs: Mapping[str, Codec]
    check: Callable[[Any], str | None] = lambda _value: None

    @property
    def unlisted(self) -> set[str]:
        """Fields of the dataclass that have no codec; such a record cannot be written."""
        return {f.name for f in fields(self.made) if f.init} - set(self.codecs)

    def encode(self, value: Any) -> dict[str, Any]:
        """As object in the order of the codecs.

        Raises
        ------
        TypeError
            If it is of another class, or has a field without a codec: nothing is left out.
        """
        if type(value) is not self.made:
            raise TypeError(f"{type(value).__name__} is not {self.made.__name__}")
        if self.unlisted:
            raise TypeError(f"{self.made.__name__} has fields without a codec: {self.unlisted}")
        return {name: codec.encode(getattr(value, name)) for name, codec in self.codecs.items()}

    def decode(self, plain: Any, reading: Reading, *, place: str) -> Any:
        """See :class:`Codec`."""
        if not isinstance(plain, dict):
            raise refuse("is not an object", reading, place=place, value=plain)
        dot = f"{place}." if place else ""
        issues = [self._unknown(key, reading, place=dot + key) for key in plain]
        found: dict[str, Any] = {}
        defaults = {f.name for f in fields(self.made) if _has_default(f)}
        for name, codec in self.codecs.items():
            try:
                if name in plain:
                    found[name] = codec.decode(plain[name], reading, place=dot + name)
                elif name not in defaults:
                    raise refuse("is missing", reading, place=dot + name)
            except FieldError as error:
                issues += error.issues
        refused = [issue for issue in issues if issue is not None]
        if refused:
            raise FieldError(*refused)
        made = self.made(**found)
        wrong = self.check(made)
        if wrong is not None:
            raise refuse(wrong, reading, place=place)
        return made

    def _unknown(self, key: str, reading: Reading, *, place: str) -> Issue | None:
        if key in self.codecs or key == KIND:
            return None
        return Issue(
            message="is not known to this version",
            file=reading.file,
            field=place[:80],
            hint=did_you_mean(key, self.codecs),
        )


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several records, told apart by the member ``kind``.

    Each is read with lengths of its own.
    """

    kinds: Mapping[str, Record]

    def kind_of(self, value: Any) -> str | None:
        """The word for ``value``; None where no record takes it."""
        return next((k for k, record in self.kinds.items() if type(value) is record.made), None)

    def encode(self, value: Any) -> dict[str, Any]:
        """The record with its kind in front."""
        kind = self.kind_of(value)
        if kind is None:
            raise TypeError(f"{type(value).__name__} has no form in a file")
        return {KIND: kind, **self.kinds[kind].encode(value)}

    def decode(self, plain: Any, reading: Reading, *, place: str) -> Any:
        """See :class:`Codec`."""
        if not isinstance(plain, dict):
            raise refuse("is not an object", reading, place=place, value=plain)
        kind = Words(tuple(self.kinds)).decode(plain.get(KIND), reading, place=f"{place}.{KIND}")
        return self.kinds[kind].decode(plain, Reading(file=reading.file), place=place)


def _has_default(found: Any) -> bool:
    return found.default is not MISSING or found.default_factory is not MISSING
