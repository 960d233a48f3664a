"""Who is told how a run ended: a command of this machine, an address on the web, both or none.

Commands and addresses come from options and the environment only: no input file can name one. A
notification that fails is a warning and is written down; it never fails the run.
"""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from gridtool.errors import GridtoolError, InputError, Issue
from gridtool.jobs.notify_hook import HOOK_S, run_hook
from gridtool.jobs.notify_payload import Notice
from gridtool.jobs.notify_webhook import Delivery, post_webhook
from gridtool.jobs.secrets import hide_secrets, remember_secrets, show_address
from gridtool.jobs.store.lock import this_process
from gridtool.jobs.store.model import RunRecord
from gridtool.jobs.store.open import StoreAddress, open_store

__all__ = [
    "Delivery",
    "Targets",
    "describe_targets",
    "note_deliveries",
    "notify",
    "resolve_targets",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Whom to tell; both are kept out of its text.

    ``hook`` is a command and its arguments, run without a shell; ``webhook`` an address.
    """

    hook: tuple[str, ...] = field(default=(), repr=False)
    webhook: str = field(default="", repr=False)


def resolve_targets(*, hook: str | None, webhook: str | None) -> Targets:
    """The targets of ``--hook`` and ``--webhook``; empty texts are none.

    Raises
    ------
    InputError
        If one cannot be used; its text is not repeated, as it may hold a secret.
    """
    remember_secrets(webhook=webhook, environ={})
    command, issues = _split_hook(hook or "")
    wrong = _check_webhook(webhook) if webhook else ""
    if wrong:
        accepted = "https://HOST/PATH"
        issues.append(Issue(message=wrong, field="--webhook", accepted=accepted))
    if issues:
        raise InputError(issues, subject="notifications")
    return Targets(hook=command, webhook=webhook or "")


def notify(
    notice: Notice,
    targets: Targets,
    *,
    budget_s: float = 60.0,
    stop: Callable[[], int] = lambda: 0,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> tuple[Delivery, ...]:
    """Tell the targets, the hook first; what fails is told in the deliveries, not raised.

    Parameters
    ----------
    budget_s
        Seconds for all of it. After an interruption there are few.
    stop
        Gives the number of a signal that came, else 0: then nothing more is tried.
    """
    body, end = notice.to_json(), monotonic() + budget_s
    deliveries = []
    if targets.hook:
        limit = budget_s / 2 if targets.webhook else budget_s
        deliveries.append(run_hook(targets.hook, body, limit_s=min(limit, HOOK_S), stop=stop))
    if targets.webhook:
        delivery = post_webhook(
            targets.webhook,
            body,
            key=notice.run,
            agent=f"gridtool/{notice.gridtool_version}",
            budget_s=max(end - monotonic(), 0.0),
            stop=stop,
            sleep=sleep,
            monotonic=monotonic,
        )
        deliveries.append(delivery)
    return tuple(deliveries)


def note_deliveries(
    address: StoreAddress, record: RunRecord, deliveries: tuple[Delivery, ...], *, now: datetime
) -> str:
    """Write down with a run how its notifications went.

    Returns
    -------
    A warning in words if they cannot be written down; empty if they were.
    """
    if not deliveries:
        return ""
    try:
        with open_store(address, holder=this_process(record.job, now=now), now=now) as store:
            for entry in deliveries:
                store.rows.add_note(record, kind=entry.target, words=entry.words, now=now)
    except GridtoolError as problem:
        return hide_secrets(f"how notifications went was not written down: {problem}")
    return ""


def _split_hook(given: str) -> tuple[tuple[str, ...], list[Issue]]:
    accepted = "a command and its arguments, quoted as in a shell; no shell runs it"
    try:
        command = tuple(shlex.split(given))
    except ValueError as problem:
        message = f"is not a command: {problem}".lower()
        return (), [Issue(message=message, field="--hook", accepted=accepted)]
    if command and shutil.which(command[0]) is None:
        message = "names no command that can be run"
        return (), [Issue(message=message, field="--hook", accepted=accepted)]
    return command, []


def _check_webhook(address: str) -> str:
    """What is wrong with an address, in words that do not repeat it."""
    if any(char.isspace() or not char.isprintable() for char in address):
        return "holds blanks or control characters"
    try:
        split = urlsplit(address)
        host, _ = split.hostname, split.port
    except ValueError:
        return "is not an address"
    if split.scheme not in {"http", "https"}:
        return "is not an address of http or https"
    return "" if host else "names no host"


def describe_targets(targets: Targets) -> str:
    """Whom, for people: the command's name and the address's host."""
    words = [f"the command {targets.hook[0]}"] if targets.hook else []
    words += [show_address(targets.webhook)] if targets.webhook else []
    return " and ".join(words) or "nobody"
