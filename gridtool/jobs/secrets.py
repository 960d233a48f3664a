"""Secrets kept out of all that is written.

Nothing here may print a secret in the first place: addresses are shown without what is secret in
them. This is the second line: whatever text came from elsewhere (a driver, a hook, an exception)
passes :func:`hide_secrets` before it is printed, logged or kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

__all__ = ["HIDDEN", "find_secrets", "hide_secrets", "remember_secrets", "show_address"]

HIDDEN = "***"
SHORTEST = 4
"""Shorter texts are not hidden: they would be found in every other word."""
_SEGMENT = 8
"""Parts of a webhook's path from this length on are hidden also by themselves."""

_NAMES = re.compile(r"PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY", re.IGNORECASE)
_STORE, _WEBHOOK, _HOOK = "GRIDTOOL_STORE", "GRIDTOOL_WEBHOOK", "GRIDTOOL_HOOK"

_known: tuple[str, ...] = ()


def remember_secrets(
    *, store: str | None = None, webhook: str | None = None, environ: Mapping[str, str]
) -> None:
    """From now on hide what is secret in these, in this process.

    Parameters
    ----------
    store, webhook
        Addresses given on the command line.
    environ
        The environment: besides the addresses in it, every variable whose name speaks of a
        password, token or key.
    """
    global _known  # noqa: PLW0603 - what a process knows of its secrets is one thing
    found = find_secrets(store=store, webhook=webhook, environ=environ)
    _known = tuple(sorted({*_known, *found}, key=lambda text: (-len(text), text)))


def find_secrets(
    *, store: str | None = None, webhook: str | None = None, environ: Mapping[str, str]
) -> frozenset[str]:
    """What is secret in addresses and environment; parameters as :func:`remember_secrets`.

    Of the address of a store: its password, and what its query says. Of a webhook: all but its
    host. Of a hook: the command as a whole. Of any other variable that holds an address: the
    password.
    """
    parts: list[str] = []
    for address in (store, environ.get(_STORE)):
        parts += _of_store(_split(address))
    for address in (webhook, environ.get(_WEBHOOK)):
        parts += _of_webhook(_split(address))
    for name, value in environ.items():
        if _NAMES.search(name) or name == _HOOK:
            parts.append(value)
        elif "://" in value:
            parts.append(_split(value).password or "")
    return frozenset(form for part in parts for form in _spellings(part) if len(form) >= SHORTEST)


def hide_secrets(text: str) -> str:
    """``text`` with every secret that this process was told of replaced by ``***``."""
    for secret in _known:
        text = text.replace(secret, HIDDEN)
    return text


def show_address(address: str) -> str:
    """Scheme and host of an address, for people: ``https://hooks.example.org/***``."""
    split = _split(address)
    port = f":{split.port}" if split.port else ""
    host = split.hostname or HIDDEN
    return f"{split.scheme}://{f'[{host}]' if ':' in host else host}{port}/{HIDDEN}"


def _split(address: str | None) -> SplitResult:
    try:
        split = urlsplit(address or "")
        _ = split.port  # raises if it is none
    except ValueError:
        return urlsplit("")
    return split


def _of_store(split: SplitResult) -> Iterable[str]:
    yield split.password or ""
    yield from (value for _, value in parse_qsl(split.query))


def _of_webhook(split: SplitResult) -> Iterator[str]:
    yield from (split.username or "", split.password or "", split.query, split.fragment)
    path = split.path.strip("/")
    yield from (split.path if path else "", path)
    yield from (part for part in path.split("/") if len(part) >= _SEGMENT)
    yield from (value for _, value in parse_qsl(split.query))


def _spellings(secret: str) -> set[str]:
    """A secret as it is given, and as addresses and messages may spell it."""
    plain = unquote(secret)
    return {secret, plain, quote(plain, safe=""), quote(plain), repr(plain)[1:-1]}
