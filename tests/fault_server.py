"""Runs jobs in processes of their own that fail or are killed; a line of JSON asks for each.

A process is forked from this one, in which everything is imported: it costs a few milliseconds,
and dies as any other does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def serve(job):
    """A server for the job file."""
    server = subprocess.Popen(
        [sys.executable, __file__, str(job)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )

    def ask(**wanted):
        """``environ`` names the store, ``seed`` the run; ``faults`` or ``kill_after_s``."""
        server.stdin.write(json.dumps(wanted).encode() + b"\n")
        server.stdin.flush()
        line = server.stdout.readline()
        assert line, "the server has died"
        return json.loads(line)

    try:
        yield ask
    finally:
        server.stdin.close()
        server.wait(20)
        server.stdout.close()


def main(job):
    from fault_layer import Faults, install
    from run_cases import run

    from gridtool.jobs.runs.settings_dump import Overrides
    from gridtool.jobs.store.open import resolve_store

    def work(wanted, answer):
        address = resolve_store(None, environ=wanted["environ"])
        faults = Faults(**wanted.get("faults", {}), within=str(address.folder))
        kept = install(faults)
        os.write(answer, b"begun\n")
        overrides, force = Overrides(seed=wanted["seed"]), wanted.get("force", False)
        said = _try(lambda: run(job, address, overrides=overrides, force=force))
        text = json.dumps({**said, "steps": faults.steps, "sqlite": bool(kept)})
        os.write(answer, text.encode())

    with tempfile.TemporaryDirectory() as folder:  # what is read lazily is in memory then
        run(job, resolve_store(folder, environ={}))
    for line in sys.stdin:
        wanted = json.loads(line)
        print(json.dumps(_fork(work, wanted)), flush=True)


def _try(work):
    from gridtool.errors import GridtoolError

    try:
        outcome = work()
    except GridtoolError as error:
        return {"error": type(error).__name__, "message": str(error), "code": error.exit_code}
    except BaseException as error:  # noqa: BLE001 - told to the test, which expects none
        import traceback

        return {"error": "unexpected", "message": repr(error), "trace": traceback.format_exc()}
    return {
        "error": "" if outcome.exit_code == 0 else type(outcome.error).__name__,
        "run": outcome.run_id,
        "code": outcome.exit_code,
        "message": outcome.message,
        "repeated": outcome.repeated,
    }


def _fork(work, wanted):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            work(wanted, writing)
        except BaseException as error:  # noqa: BLE001 - no child may go on as a server
            sys.stderr.write(f"{error!r}\n")
        finally:
            os._exit(0)
    os.close(writing)
    if "kill_after_s" in wanted:
        with os.fdopen(os.dup(reading), "rb", buffering=0) as begun:
            begun.read(6)
        time.sleep(wanted["kill_after_s"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    said = said.removeprefix(b"begun\n")
    return {"killed": os.WIFSIGNALED(status), **(json.loads(said) if said else {})}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main(sys.argv[1])
