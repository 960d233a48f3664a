"""A message posted to an address, again and again until it is taken or time is up."""

from __future__ import annotations

import base64
import http.client
import queue
import secrets
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.error import URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import (
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from gridtool.jobs.secrets import hide_secrets, show_address

__all__ = ["Delivery", "post_webhook"]

ATTEMPTS = 5
FIRST_WAIT_S = 1.0
"""After the first failure; it doubles with each further one, and half of it is left to chance, so
that many machines that failed together do not come back together."""
ANSWER_S = 15.0
_NAP_S = 0.1
_CHANCE = secrets.SystemRandom()
_TOO_MANY, _LATER = 429, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a notification went.

    ``words`` say it without any secret.
    """

    target: Literal["hook", "webhook"]
    delivered: bool
    attempts: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What came back: a status, or why there is none; how long the server asks to wait."""

    status: int = 0
    trouble: str = ""
    wait_s: float = 0.0

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def final(self) -> bool:
        """Whether trying again is of no use."""
        return 0 < self.status < _LATER and self.status != _TOO_MANY

    def __str__(self) -> str:
        if self.trouble:
            return self.trouble
        moved = "; redirects are not followed" if 300 <= self.status < 400 else ""
        return f"it answered {self.status}{moved}"


def post_webhook(
    address: str,
    body: bytes,
    *,
    key: str,
    agent: str,
    budget_s: float,
    stop: Callable[[], int] = lambda: 0,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    draw: Callable[[], float] = _CHANCE.random,
) -> Delivery:
    """Post JSON; tried again after 429, 5xx and where no answer came, not after other answers.

    Parameters
    ----------
    key
        Sent as ``Idempotency-Key``: the same with each attempt.
    agent
        Sent as ``User-Agent``.
    budget_s
        Seconds for all attempts and the waits between them.
    stop
        Gives the number of a signal that came, else 0: it ends the waiting.
    draw
        Gives a number from 0 to 1, for the waits.
    """
    request, answer = _make_request(address, body, key=key, agent=agent), _Answer()
    end = monotonic() + budget_s
    for attempt in range(1, ATTEMPTS + 1):
        limit_s = min(ANSWER_S, end - monotonic())
        if limit_s <= 0 or stop():
            return _told(address, answer, attempts=attempt - 1)
        answer = _post_bounded(request, limit_s=limit_s, stop=stop)
        if answer.taken or answer.final:
            return _told(address, answer, attempts=attempt)
        wait = FIRST_WAIT_S * 2 ** (attempt - 1) * (0.5 + 0.5 * draw())
        wake = monotonic() + max(wait, answer.wait_s)
        if attempt == ATTEMPTS or wake >= end:
            return _told(address, answer, attempts=attempt)
        while (left := wake - monotonic()) > 0 and not stop():
            sleep(min(left, _NAP_S))
    raise AssertionError("unreachable")


def _told(address: str, answer: _Answer, *, attempts: int) -> Delivery:
    place = show_address(address)
    tries = f"{attempts} attempt{'s' if attempts != 1 else ''}"
    if answer.taken:
        words = f"delivered to {place} after {tries}"
    else:
        why = str(answer) if answer.status or answer.trouble else "there was no time for it"
        words = f"not delivered to {place} after {tries}: {why}"
    return Delivery(
        target="webhook",
        delivered=answer.taken,
        attempts=attempts,
        words=hide_secrets(words),
    )


def _make_request(address: str, body: bytes, *, key: str, agent: str) -> Request:
    """The request; a name and password in the address become a header, as they must."""
    split = urlsplit(address)
    place = split.netloc.rpartition("@")[2]
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": key,
        "User-Agent": agent,
    }
    if split.username is not None:
        pair = f"{unquote(split.username)}:{unquote(split.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    bare = urlunsplit((split.scheme, place, split.path or "/", split.query, ""))
    return Request(bare, data=body, headers=headers, method="POST")  # noqa: S310 - checked: http(s)


def _post_bounded(request: Request, *, limit_s: float, stop: Callable[[], int]) -> _Answer:
    """The answer within the limit, also of a server that sends a byte now and then.

    The waits of a socket are per read, and names are looked up without any: a thread does both
    and is left behind if it does not end in time.
    """
    box: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
    ask = threading.Thread(target=lambda: box.put(_post(request, limit_s=limit_s)), daemon=True)
    ask.start()
    end = time.monotonic() + limit_s
    while (left := end - time.monotonic()) > 0 and not stop():
        try:
            return box.get(timeout=min(left, _NAP_S))
        except queue.Empty:
            continue
    return _Answer(trouble=f"no answer within {limit_s:.0f} s" if not stop() else "interrupted")


def _post(request: Request, *, limit_s: float) -> _Answer:
    try:
        with _make_opener().open(request, timeout=limit_s) as response:
            return _Answer(status=response.status, wait_s=_read_wait(response.headers))
    except (OSError, ValueError, http.client.HTTPException) as problem:
        return _Answer(trouble=_reason(problem))


def _make_opener() -> OpenerDirector:
    """Posts by http and https, through a proxy if the environment names one; follows nothing."""
    opener = OpenerDirector()
    for handler in (ProxyHandler(), UnknownHandler(), HTTPHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    return opener


def _read_wait(headers: http.client.HTTPMessage) -> float:
    """Seconds of ``Retry-After``; a date in it is not heeded."""
    said = (headers.get("Retry-After") or "").strip()
    return float(said) if said.isascii() and said.isdecimal() and len(said) < 6 else 0.0


def _reason(problem: BaseException) -> str:
    """Why there is no answer, in words of the system, which repeat no address."""
    cause = problem.reason if isinstance(problem, URLError) else problem
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {cause.verify_message}"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower() if cause.strerror.isascii() else cause.strerror
    return f"no answer that could be read ({type(cause).__name__})"
