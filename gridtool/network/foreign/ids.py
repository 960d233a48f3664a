"""Asset ids for foreign elements: their own name where it serves, else kind and number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

__all__ = ["IdBook", "is_clean", "unsafe_character"]

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
        given = {(kind, number): name for kind, number, name in elements}
        names = Counter(given.values())
        named = {
            element: name
            for element, name in given.items()
            if name and names[name] == 1 and is_clean(name)
        }
        while True:  # a name must not be the number of an element without one
            plain = {f"{kind}-{n}" for kind, n in given if (kind, n) not in named}
            hiding = [element for element, name in named.items() if name in plain]
            if not hiding:
                break
            for element in hiding:
                del named[element]
        self._ids = {element: named.get(element, f"{element[0]}-{element[1]}") for element in given}
        self._taken = set(self._ids.values())

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


def is_clean(name: str) -> bool:
    """Whether a name can be an id: it has a letter and nothing that files give a meaning."""
    return bool(_CLEAN.fullmatch(name) and _LETTER.search(name))
