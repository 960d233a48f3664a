"""Functions that worker processes of the tests on sweeps compute; a module, so they can be sent."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from store_cases import HOLDER

from gridtool.jobs.sweeps.blocks import BlockRows
from gridtool.jobs.sweeps.folder import hold_folder
from gridtool.jobs.sweeps.parts import encode_rows
from gridtool.jobs.sweeps.run import run_sweep
from gridtool.whatif.executor import ProcessExecutor
from gridtool.whatif.model import SweepRow, SweepScenario
from gridtool.whatif.scenario import Scenario


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


@dataclass(frozen=True)
class MadeScenarios:
    """Scenarios of which only the number is known."""

    count: int

    def __len__(self):
        return self.count

    def __getitem__(self, number):
        return SweepScenario(number=number, name=f"made {number}", scenario=Scenario())

    def __iter__(self):
        return map(self.__getitem__, range(self.count))

    @property
    def losses(self):
        return ()


@dataclass(frozen=True)
class MadeSweep:
    """Rows that are made up of their number. ``deadly`` numbers end their worker each time,
    ``deadly_once`` the first time, which is noted in ``folder``."""

    count: int
    deadly: frozenset = frozenset()
    deadly_once: frozenset = frozenset()
    folder: Path | None = None
    sleep_s: float = 0.0

    @property
    def scenarios(self):
        return MadeScenarios(self.count)


def made_row(number):
    return SweepRow(
        number=number,
        name=f"made {number}",
        unserved_mw=math.sqrt(number),
        samples=3,
        eue_by_sample=tuple(math.sin(number + k) for k in range(3)),
    )


def start_made(sweep):
    def compute(block):
        began = time.perf_counter()
        for number in range(*block):
            if number in sweep.deadly_once and not (sweep.folder / str(number)).exists():
                (sweep.folder / str(number)).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if number in sweep.deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(sweep.sleep_s)
        content = encode_rows([made_row(number) for number in range(*block)])
        return BlockRows(content=content, failed=0, seconds=time.perf_counter() - began)

    return compute


def sweep_made(folder, sweep, *, workers):
    """Run a made sweep in a process of its own, until it is done or ended from outside."""
    executor = ProcessExecutor(start_made, sweep, workers=workers)
    try:
        with hold_folder(folder, facts={"made": 1}, count=sweep.count, holder=HOLDER) as held:
            return run_sweep(held, sweep.scenarios, executor=executor, events=Silent())
    finally:
        executor.close(drop=True)


class Silent:
    """Keeps what a sweep tells."""

    def __init__(self):
        self.words = []
        self.paces = []

    def advanced(self, pace):
        self.paces.append(str(pace))

    def noted(self, words):
        self.words.append(words)


def read_own_mark():
    """A version that only the process of the tests has."""
    return {"mark": "here" if "pytest" not in sys.modules else "of the test"}
