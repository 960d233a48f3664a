"""A real Dask scheduler and workers, as processes of their own, on loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

TESTS = Path(__file__).parent
STARTUP_S = 60.0


class Cluster:
    """``address`` of the scheduler; workers are added, killed and counted."""

    def __init__(self, folder):
        self.folder = folder
        self.workers = []
        self._stack = ExitStack()
        self.scheduler, self.address = None, ""

    def start(self, workers):
        self.scheduler = self._launch(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter"
        )
        self.address = self._read("scheduler", r"Scheduler at:\s+(tcp://\S+)")
        self.add_workers(workers)

    def add_workers(self, count, *, nanny=False):
        """With a nanny a worker that dies is started again."""
        first = len(self.workers)
        options = ("--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        options += ("--nanny" if nanny else "--no-nanny", "--local-directory", str(self.folder))
        for number in range(first, first + count):
            self.workers.append(self._launch(f"worker{number}", self.address, *options))
        for number in range(first, first + count):
            self._read(f"worker{number}", r"Registered to:\s+(tcp://\S+)")

    def kill_worker(self, number):
        self.workers[number].send_signal(signal.SIGKILL)
        self.workers[number].wait()

    def kill_scheduler(self):
        self.scheduler.send_signal(signal.SIGKILL)
        self.scheduler.wait()

    def stop(self):
        for child in (*self.workers, self.scheduler):
            if child is not None and child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)  # with what a nanny has started
                child.wait()
        self._stack.close()

    def _launch(self, name, *arguments):
        command = name.rstrip("0123456789")
        log = self._stack.enter_context((self.folder / f"{name}.log").open("w"))
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + command, *arguments],
            env=environment(),
            stdout=log,
            stderr=log,
            cwd=self.folder,
            start_new_session=True,
        )

    def _read(self, name, pattern):
        """Wait for a line of a log."""
        end = time.monotonic() + STARTUP_S
        while time.monotonic() < end:
            found = re.search(pattern, (self.folder / f"{name}.log").read_text())
            if found:
                return found[1]
            time.sleep(0.05)
        raise AssertionError((self.folder / f"{name}.log").read_text())


def environment():
    """Of scheduler, workers and clients: a task may cost one worker and is then tried once more."""
    return {
        **os.environ,
        "PYTHONPATH": str(TESTS),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",
    }


@contextmanager
def cluster_of(folder, *, workers):
    cluster = Cluster(folder)
    try:
        cluster.start(workers)
        yield cluster
    finally:
        cluster.stop()
