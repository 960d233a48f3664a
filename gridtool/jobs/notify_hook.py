"""A message given to a command of this machine, on its standard input."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from gridtool.jobs.notify_webhook import Delivery
from gridtool.jobs.secrets import hide_secrets

__all__ = ["HOOK_S", "run_hook"]

HOOK_S = 30.0
"""A command that takes longer is ended."""
_KEPT = 500
"""Characters kept of what the command says."""
_GRACE_S = 0.5
_NAP_S = 0.05
_OWN = ("GRIDTOOL_STORE", "GRIDTOOL_WEBHOOK", "GRIDTOOL_HOOK")
"""Not for others: they may hold secrets."""


def run_hook(
    command: tuple[str, ...],
    body: bytes,
    *,
    limit_s: float = HOOK_S,
    stop: Callable[[], int] = lambda: 0,
) -> Delivery:
    """Run ``command`` without a shell, with the message on its standard input.

    What it prints appears nowhere but, shortened, in the words of a delivery that failed. When
    its time is up, or ``stop`` gives the number of a signal, it is ended with all it began.
    """
    name = os.path.basename(command[0])  # noqa: PTH119 - a word, not a path
    try:
        with tempfile.TemporaryFile() as message:
            message.write(body)
            message.seek(0)
            code, said = _run(command, message, limit_s=limit_s, stop=stop)
    except (OSError, ValueError) as problem:
        words = getattr(problem, "strerror", None) or type(problem).__name__
        return _failed(f"the command {name} could not be run: {words}")
    if code == 0:
        words = f"delivered to the command {name}"
        return Delivery(target="hook", delivered=True, attempts=1, words=words)
    if code is None:
        why = "was ended by a signal" if stop() else f"was ended after {limit_s:.0f} s"
    else:
        why = f"ended with code {code}" if code > 0 else f"was ended by signal {-code}"
    return _failed(f"the command {name} {why}" + (f": {said}" if said else ""))


def _failed(words: str) -> Delivery:
    return Delivery(target="hook", delivered=False, attempts=1, words=hide_secrets(words))


def _run(
    command: tuple[str, ...], message: IO[bytes], *, limit_s: float, stop: Callable[[], int]
) -> tuple[int | None, str]:
    """The exit code, None where it was ended; and the end of what it said."""
    child = subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
        command,
        stdin=message,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if name not in _OWN},
    )
    said: deque[int] = deque(maxlen=4 * _KEPT)
    listener = threading.Thread(target=_listen, args=(child, said), daemon=True)
    listener.start()
    end = time.monotonic() + limit_s
    while child.poll() is None and time.monotonic() < end and not stop():
        time.sleep(_NAP_S)
    code = child.poll()
    if code is None:
        _end_group(child)
    listener.join(_GRACE_S)
    words = " ".join(bytes(said.copy()).decode("utf-8", "replace").split())
    return code, hide_secrets(words)[-_KEPT:]  # in this order: half a secret is not found


def _listen(child: subprocess.Popen[bytes], said: deque[int]) -> None:
    """Keep the last bytes: a command may say as much as it likes."""
    assert child.stdout is not None
    with suppress(OSError, ValueError), child.stdout as stream:
        while chunk := stream.read1(4096):  # type: ignore[attr-defined] # a BufferedReader
            said.extend(chunk)


def _end_group(child: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE_S)
