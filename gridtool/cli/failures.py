"""From exceptions to one message on stderr and an exit code. Nothing else catches them all."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from gridtool.cli.exits import ExitCode
from gridtool.errors import GridtoolError, InputError
from gridtool.jobs.secrets import HIDDEN, hide_secrets, remember_secrets

__all__ = ["describe_error", "report_failures"]

_PASSWORD = re.compile(r"(\w+://[^\s/:@]*:)[^\s@]+@")
"""Of an address, wherever one is repeated: among unexpected arguments, say."""


@contextmanager
def report_failures(*, debug: bool = False) -> Iterator[None]:
    """Turn what the body raises into a message on stderr and ``SystemExit`` with its code.

    Usage errors and exits of click pass through: click words them. With ``debug`` the trace of
    an unexpected error is saved to a file, whose path is printed.
    """
    try:
        yield
    except click.ClickException as error:
        # click declares the message final; whatever it repeats of the command line may be secret
        error.__dict__["message"] = _hide(error.message)
        raise
    except (click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        _leave_interrupted()
    except GridtoolError as error:
        _leave_if_signalled(error)
        click.echo(_hide(describe_error(error)), err=True)
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        _leave_closed_pipe()
    except Exception as error:  # noqa: BLE001 - the one place where nothing may get through
        _leave_if_signalled(error)
        click.echo(_describe_unexpected(error, debug=debug), err=True)
        raise SystemExit(ExitCode.UNEXPECTED) from None


def _leave_if_signalled(error: BaseException) -> None:
    """Leave as a signal has it where ``error`` is what a library made of that.

    A compiled module, interrupted while it is imported, raises ImportError because of it.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            _leave_interrupted()
        if isinstance(cause, SystemExit) and cause.code == ExitCode.TERMINATED:
            raise SystemExit(ExitCode.TERMINATED) from None
        cause = cause.__cause__ or cause.__context__


def _leave_interrupted() -> NoReturn:
    click.echo("interrupted", err=True)
    raise SystemExit(ExitCode.INTERRUPTED) from None


def describe_error(error: GridtoolError) -> str:
    """The message of a foreseen error: its subject and all findings, one on a line."""
    if not isinstance(error, InputError):
        return f"error: {error}"
    wrong = [issue for issue in error.issues if issue.severity == "error"]
    count = f"{len(wrong)} finding{'s' if len(wrong) != 1 else ''}"
    lines = [f"error: {error.subject} refused, {count}:"]
    lines += [f"  {issue}" for issue in wrong]
    lines += [f"  warning: {issue}" for issue in error.issues if issue.severity == "warning"]
    return "\n".join(lines)


def _describe_unexpected(error: Exception, *, debug: bool) -> str:
    text = _hide(f"unexpected error: {type(error).__name__}: {error}")
    if not debug:
        return f"{text}\nrun again as 'gridtool --debug ...' to save a trace for a bug report"
    with tempfile.NamedTemporaryFile(
        "w", prefix="gridtool-trace-", suffix=".txt", encoding="utf-8", delete=False
    ) as trace:
        trace.write(_hide("".join(traceback.format_exception(error))))
    return f"{text}\ntrace saved to {trace.name}"


def _hide(text: str) -> str:
    """``text`` without secrets: those of the environment, and passwords in addresses."""
    remember_secrets(environ=os.environ)
    return _PASSWORD.sub(rf"\g<1>{HIDDEN}@", hide_secrets(text))


def _leave_closed_pipe() -> NoReturn:
    """Leave quietly when the reader of stdout has gone: it had enough (``gridtool ... | head``)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(ExitCode.OK)
