"""A process that is sent a signal at a moment of its own telling, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

__all__ = ["stop_process"]


def stop_process(command, *, cwd, env, phase, delay_s, sent=signal.SIGTERM, stream="stdout"):
    """Start ``command``, send it ``sent`` once ``delay_s`` have passed since it said ``phase``.

    Parameters
    ----------
    phase
        Found in a line of ``stream``; from then on the time counts.

    Returns
    -------
    Its exit code, the seconds that it took to end, what it said on both streams, and the names of
    processes that it left.
    """
    with subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        start_new_session=True,
    ) as running:
        said = []
        for line in getattr(running, stream):
            said.append(line)
            if phase in line:
                break
        time.sleep(delay_s)
        began = time.monotonic()
        if sent == signal.SIGINT:  # as a terminal does it
            os.killpg(running.pid, sent)
        else:
            running.send_signal(sent)
        try:
            rest = dict(zip(("stdout", "stderr"), running.communicate(timeout=60), strict=True))
            took_s = time.monotonic() - began
            left = list_group(running.pid)
        finally:
            kill_group(running.pid)
    rest[stream] = "".join(said) + rest[stream]
    return {"code": running.returncode, "took_s": round(took_s, 3), "left": left, **rest}


def kill_group(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def list_group(group):
    """Processes that outlive the run by more than a moment."""
    deadline = time.monotonic() + 1.0
    while (found := find_group(group)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def find_group(group):
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text().rpartition(")")
        except OSError:
            continue
        state, _, its_group = rest.split()[:3]
        if int(its_group) == group and state not in "ZX":
            found.append(name)
    return found
