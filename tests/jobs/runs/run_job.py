"""``python run_job.py JOB STORE SAMPLES``: a kept run, as ``gridtool job run`` does it.

Says ``stage <words>`` for each stage as it begins, ``kept`` when there is a plan, and at last the
outcome as JSON.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from gridtool.cli.failures import report_failures
from gridtool.cli.stopping import leave_at_once, watch_signals


def main(job, folder, samples):
    def leave(number, _frame):
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    print("stage importing", flush=True)
    from gridtool.jobs.runs.compute import compute_chain
    from gridtool.jobs.runs.execute import execute_run
    from gridtool.jobs.runs.options import RunTools, RunWish
    from gridtool.jobs.runs.settings_dump import Overrides
    from gridtool.jobs.runs.supervise import supervised
    from gridtool.jobs.store.open import resolve_store

    class Told:
        def stage(self, words, _steps):
            print("stage", words, flush=True)

        def advance(self, done):
            pass

        def keep(self, _answer):
            print("kept", flush=True)

    with watch_signals() as stop:
        print("stage opening the store", flush=True)
        tools = RunTools(
            chain=supervised(compute_chain),
            gridtool_version="test",
            stop=lambda: stop.signal_number,
            events=Told(),
        )
        wish = RunWish(overrides=Overrides(samples=int(samples), evaluations=2000), force=True)
        outcome = execute_run(job, resolve_store(folder, environ={}), wish=wish, tools=tools)
        print(json.dumps({"run": outcome.run_id, "message": outcome.message}), flush=True)
    raise SystemExit(outcome.exit_code)


if __name__ == "__main__":
    try:
        with report_failures():
            main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    except SystemExit as end:
        leave_at_once(end.code)
