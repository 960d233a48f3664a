"""A run that has its row: computed in its own folder, published, written down however it ended."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gridtool.errors import GridtoolError, JobFileError, StoreError
from gridtool.jobs.runs.explain import explain
from gridtool.jobs.runs.files import RESULT
from gridtool.jobs.runs.identity import AskedRun
from gridtool.jobs.runs.inputs import lay_out
from gridtool.jobs.runs.ladder import Landing, climb_down
from gridtool.jobs.runs.last_good import age_good_inputs, find_last_good, list_good_inputs
from gridtool.jobs.runs.manifest import describe_run
from gridtool.jobs.runs.model import (
    ChainAnswer,
    ChainEnded,
    ChainEvents,
    ChainLimits,
    ChainRequest,
    RunOutcome,
)
from gridtool.jobs.runs.options import RunTools, RunWish
from gridtool.jobs.runs.strict import refuse_warned
from gridtool.jobs.runs.thresholds import choose_exit_code, find_crossed
from gridtool.jobs.secrets import hide_secrets
from gridtool.jobs.store.finish import fail_run, finish_run
from gridtool.jobs.store.model import Closing, Quality, RunRecord, RunState
from gridtool.jobs.store.open import Store
from gridtool.jobs.wait_inputs import age_inputs

__all__ = ["Execution"]

UNEXPECTED = 1
"""Exit code, as gridtool.cli.exits documents it."""
WORK = "work"
"""Folder of the store in which inputs lie while a run is computed."""
MOST_FINDINGS = 3
"""Of a refused input, in the row; standard error has all of them."""
_QUALITY: Mapping[str, Quality] = {
    "full": "full",
    "fewer samples": "fewer_samples",
    "last good inputs": "last_good_inputs",
}


class Execution:
    """A run that has its row, in a store that is held: computed, published, written down."""

    def __init__(
        self, store: Store, run: RunRecord, *, asked: AskedRun, wish: RunWish, tools: RunTools
    ) -> None:
        self._store, self._run = store, run
        self._asked, self._wish, self._tools = asked, wish, tools
        self._began = tools.monotonic()
        files = [(file.role.partition("/")[0], file.path) for file in asked.found.files]
        self._ages = age_inputs(files, now=run.started_at)

    def execute(self) -> RunOutcome:
        """Compute, publish, write down."""
        try:
            with _open_work(self._store.folder) as folder:
                landing = self._compute(folder)
        except ChainEnded as end:
            return self._end_early(end)
        except GridtoolError as error:
            return self._fail(error)
        except BaseException as error:
            self._write_failure(f"unexpected error: {type(error).__name__}", exit_code=UNEXPECTED)
            raise
        return self._publish(landing)

    def _compute(self, folder: Path) -> Landing:
        root = folder / "run"
        lay_out(self._asked.found.files, root)
        self._request = ChainRequest(
            settings=self._asked.found.settings,
            root=root,
            as_of=self._run.as_of,
            generated_at=self._run.started_at,
            gridtool_version=self._tools.gridtool_version,
            remarks=(
                *self._wish.remarks,
                *self._tools.remark(self._store, self._run.job),
            ),
        )
        if self._wish.strict:
            refuse_warned(self._request.remarks)  # of any rung, so that none is tried
        return climb_down(
            self._refuse_or_compute,
            self._request,
            limits=self._limits(),
            events=self._tools.events,
            last_good=lambda: find_last_good(
                self._store, self._request, job=self._run.job, root=folder / "last_good"
            ),
            clock=self._tools.monotonic,
        )

    def _refuse_or_compute(
        self, request: ChainRequest, limits: ChainLimits, events: ChainEvents
    ) -> ChainAnswer:
        """The answer, unless files of the job itself were not found or warnings are errors."""
        missing = self._asked.found.issues
        if missing and request.root == self._request.root:
            raise JobFileError(missing, subject=str(self._asked.path))
        answer = self._tools.chain(request, limits, events)
        if self._wish.strict:
            refuse_warned(answer.warnings)
        return answer

    def _limits(self) -> ChainLimits:
        wished = self._wish.deadline_s
        return ChainLimits(
            deadline_s=self._asked.deadline_s if wished is None else wished,
            stop=self._tools.stop,
            workers=self._asked.workers,
        )

    def _publish(self, landing: Landing) -> RunOutcome:
        answer, degraded = landing.answer, landing.request.degraded
        if landing.stale_from:
            self._ages = age_good_inputs(self._store, landing.stale_from, now=self._run.started_at)
        crossed, unknown = find_crossed(
            self._wish.fail_on,
            figures={**self._ages, **answer.headline},
            content=answer.files.get(RESULT),
        )
        said = [degraded and f"degraded: {degraded}", answer.fallback]
        said += [f"threshold crossed: {text}" for text in crossed]
        said += [f"--fail-on knows no value {name!r}" for name in unknown]
        weak = bool(degraded or answer.fallback)
        code = choose_exit_code(crossed=crossed, unknown=unknown, weak=weak)
        closing = self._close(
            "done",
            exit_code=code,
            message="; ".join(filter(None, said)),
            quality=_QUALITY[landing.rung],
            headline=self._figures(answer),
        )
        return self._finish(
            landing.request,
            answer,
            closing=closing,
            crossed=crossed,
            stale_from=landing.stale_from,
        )

    def _end_early(self, end: ChainEnded) -> RunOutcome:
        """Keep what there was when a signal ended the computation, or say why there is nothing."""
        signalled = end.signal_number != 0
        code = 128 + end.signal_number if signalled else UNEXPECTED
        if end.answer is None or not signalled:
            message = _explain(end)
            self._write_failure(
                message, exit_code=code, state="interrupted" if signalled else "failed"
            )
            return self._outcome(code, message)
        request = replace(self._request, samples=0, degraded=end.answer.degraded)
        closing = self._close(
            "interrupted",
            exit_code=code,
            message=f"{end}; {end.answer.degraded}",
            headline=self._figures(end.answer),
        )
        return self._finish(request, end.answer, closing=closing)

    def _finish(
        self,
        request: ChainRequest,
        answer: ChainAnswer,
        *,
        closing: Closing,
        crossed: tuple[str, ...] = (),
        stale_from: str = "",
    ) -> RunOutcome:
        own = self._asked.identity.inputs
        facts = describe_run(
            request,
            answer,
            inputs=list_good_inputs(self._store, stale_from) if stale_from else own,
            network_version=self._asked.identity.network_version,
            seed=self._asked.identity.seed,
            stale_from=stale_from,
        )
        record = finish_run(
            self._store, self._run, closing=closing, files=answer.files, facts=facts
        )
        self._run = record
        outcome = self._outcome(closing.exit_code or 0, closing.message)
        return replace(
            outcome, answer=answer, crossed=crossed, folder=self._store.folder / record.folder
        )

    def _figures(self, answer: ChainAnswer) -> dict[str, float]:
        """For the row and metrics; how old inputs are is no part of what is published."""
        finite = {name: value for name, value in answer.headline.items() if math.isfinite(value)}
        return {**finite, **self._ages}

    def _fail(self, error: GridtoolError) -> RunOutcome:
        message = _explain(error)
        self._write_failure(message, exit_code=error.exit_code)
        outcome = self._outcome(error.exit_code, message)
        return replace(outcome, error=error)

    def _write_failure(self, message: str, *, exit_code: int, state: RunState = "failed") -> None:
        closing = self._close(state, exit_code=exit_code, message=message)
        self._run = fail_run(self._store, self._run, closing=closing)

    def _close(
        self,
        state: RunState,
        *,
        exit_code: int,
        message: str,
        quality: Quality = "full",
        headline: Mapping[str, float] | None = None,
    ) -> Closing:
        return Closing(
            state=state,
            finished_at=self._tools.clock(),
            duration_s=round(self._tools.monotonic() - self._began, 3),
            exit_code=exit_code,
            message=hide_secrets(message),
            quality=quality,
            headline=headline or {},
        )

    def _outcome(self, exit_code: int, message: str) -> RunOutcome:
        return RunOutcome(
            run_id=self._run.id,
            exit_code=exit_code,
            message=message,
            warnings=self._tools.after(self._store, self._run),
            record=self._run,
        )


@contextmanager
def _open_work(store: Path) -> Iterator[Path]:
    """A folder for the inputs while the run is computed, removed afterwards.

    The store is held: what lies there already was left by a run that was killed.
    """
    folder = store / WORK
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as problem:
        raise StoreError(f"cannot make {folder}: {problem.strerror}") from problem
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _explain(error: Exception) -> str:
    """What an exception says, and why what was tried instead did not hold either."""
    return "; ".join([explain(error, most=MOST_FINDINGS), *getattr(error, "__notes__", ())])
