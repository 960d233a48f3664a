"""Exit codes, and what each one means to a script."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["MEANING", "ExitCode"]


class ExitCode(IntEnum):
    """How a command ended. The README's table is tested against this and the error classes."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    INVALID_INPUT = 3
    NO_SOLUTION = 4
    LOCKED = 5
    FALLBACK = 6
    THRESHOLD = 10
    INTERRUPTED = 130
    TERMINATED = 143


MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.UNEXPECTED: "unexpected error",
    ExitCode.USAGE: "the command line was not understood",
    ExitCode.INVALID_INPUT: "an input was refused; every finding is on stderr",
    ExitCode.NO_SOLUTION: "the input is sound but has no answer (diverged, infeasible)",
    ExitCode.LOCKED: "another run holds the lock",
    ExitCode.FALLBACK: "finished on a labelled fallback",
    ExitCode.THRESHOLD: "a --fail-on threshold was crossed",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
    ExitCode.TERMINATED: "terminated (SIGTERM)",
}
