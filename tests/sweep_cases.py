"""Functions that worker processes of the tests on sweeps compute; a module, so they can be sent."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def start_squares(_inputs):
    return lambda part: part * part


def start_pid(_inputs):
    return lambda _part: os.getpid()


def start_counted(folder):
    """Notes each start in a file of the folder; gives the number of the part."""
    (Path(folder) / f"start-{os.getpid()}").touch()
    return lambda part: part


def start_deadly(deadly):
    """Ends its process, as the system does that has no memory left, for the parts of ``deadly``."""

    def compute(part):
        if part in deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return part

    return compute


def start_dead(_inputs):
    os._exit(1)


def start_wrong(_inputs):
    raise ValueError("no such inputs")


def start_raising(_inputs):
    def compute(part):
        raise ZeroDivisionError(f"part {part}")

    return compute


def start_sleeping(_inputs):
    def compute(part):
        time.sleep(part)
        return part

    return compute
