"""Everything found wrong or assumed while a foreign file is read, collected and raised at once."""

from __future__ import annotations

from collections.abc import Sequence

from gridtool.errors import Issue, NetworkError

__all__ = ["Findings", "listed"]

_MOST_ERRORS = 500


def listed(words: Sequence[str], *, most: int = 5) -> str:
    """The first words, and how many more there are.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    shown = ", ".join(words[:most])
    rest = len(words) - most
    return f"{shown} and {rest} more" if rest > 0 else shown


class Findings:
    """Errors, warnings and assumptions about one file.

    Errors refuse the file. Warnings and assumptions travel with the network, in words.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.errors: list[Issue] = []
        self.assumptions: list[str] = []
        self._by_reason: dict[str, list[str]] = {}

    def error(
        self,
        message: str,
        *,
        field: str | None = None,
        row: int | None = None,
        value: object = None,
        accepted: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Note an error at ``field`` (``table[row].column``) or text line ``row``."""
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append(
                Issue(
                    message=message,
                    file=self.file,
                    row=row,
                    field=field,
                    value=None if value is None else str(value),
                    accepted=accepted,
                    hint=hint,
                )
            )

    def assume(self, text: str) -> None:
        """Note an assumption about the file as a whole."""
        self.assumptions.append(text)

    def assume_for(self, asset: str, reason: str) -> None:
        """Note an assumption about one asset; equal reasons are told together."""
        self._by_reason.setdefault(reason, []).append(asset)

    def told(self) -> tuple[str, ...]:
        """All assumptions in words: warnings first, those about assets grouped by reason."""
        grouped = (f"{reason}: {listed(assets)}" for reason, assets in self._by_reason.items())
        told = (*self.assumptions, *grouped)
        return tuple(sorted(told, key=lambda words: not words.startswith("warning")))

    def raise_errors(self) -> None:
        """Refuse the file if there is an error.

        Raises
        ------
        NetworkError
            With every error found so far.
        """
        if self.errors:
            raise NetworkError(self.errors, subject=self.file)
