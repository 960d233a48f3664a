"""Asset ids for foreign elements: their own name where it serves, else kind and number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

__all__ = ["IdBook", "unsafe_character"]

_CLEAN = re.compile(r"(?=[^\W_])[\w.:#+/-]{1,64}")
_LETTER = re.compile(r"[^\W\d_]")
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def unsafe_character(text: str) -> str | None:
    """The first control, invisible or direction-changing character, as ``U+202E``; or None."""
    match = _UNSAFE.search(text)
    return f"U+{ord(match.group()):04X}" if match else None


class IdBook:
    """Ids unique over all tables of a network.

    ``elements`` are ``(kind, number, name)`` of everything that will get an id. A name becomes
    the id if it is unique among all names, has a letter and no character that CSV files,
    spreadsheets or lists of ids give a meaning; otherwise the id is ``kind-number``.
    """

    def __init__(self, elements: Iterable[tuple[str, int, str | None]]) -> None:
        listed = list(elements)
        names = Counter(name for _, _, name in listed if name)
        plain = {f"{kind}-{number}" for kind, number, _ in listed}
        self._ids: dict[tuple[str, int], str] = {}
        self._taken: set[str] = set()
        for kind, number, name in listed:
            serves = name and names[name] == 1 and _is_clean(name) and name not in plain
            self._ids[kind, number] = name if name and serves else f"{kind}-{number}"
        self._taken.update(self._ids.values())

    def __getitem__(self, element: tuple[str, int]) -> str:
        return self._ids[element]

    def derive(self, wanted: str) -> str:
        """A new id: ``wanted``, or ``wanted~2`` and so on where it is taken."""
        found, number = wanted, 1
        while found in self._taken:
            number += 1
            found = f"{wanted}~{number}"
        self._taken.add(found)
        return found


def _is_clean(name: str) -> bool:
    return bool(_CLEAN.fullmatch(name) and _LETTER.search(name))
