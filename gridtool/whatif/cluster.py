"""Parts computed by the workers of a Dask cluster, which may come and go."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, TypeVar

import numpy as np

from gridtool.errors import ClusterError, GridtoolError, MissingExtra
from gridtool.whatif.executor import WorkerLost

__all__ = ["ClusterExecutor"]

Inputs = TypeVar("Inputs")
Part = TypeVar("Part")
Result = TypeVar("Result")

CONNECT_S = 10.0
AHEAD = 2
"""Parts handed out per worker: one to compute, one that is already there."""


class ClusterExecutor:
    """Workers of a Dask cluster, through the executor interface of ``distributed``.

    The inputs are sent once to each worker, and to those that join later, as a worker plugin. A
    worker computes one part at a time, whatever its threads: the solver is not made for several.
    When a worker dies Dask gives its parts to others, as often as the scheduler's
    ``distributed.scheduler.allowed-failures`` says (1 is right here); then the future raises
    :class:`WorkerLost`.

    Parameters
    ----------
    start, inputs
        As of :class:`gridtool.whatif.executor.ProcessExecutor`. Workers need the same version of
        this package.
    address
        Of the scheduler: ``tcp://host:8786``.
    versions
        What else must be the same on all workers, name to version, beside Python's and NumPy's.
        Workers call ``read_versions`` to compare, a function of a module.

    Raises
    ------
    MissingExtra
        Without the package ``distributed``.
    ClusterError
        If no scheduler answers, no worker is there, or workers have other versions.
    """

    def __init__(
        self,
        start: Callable[[Inputs], Callable[[Part], Result]],
        inputs: Inputs,
        *,
        address: str,
        read_versions: Callable[[], Mapping[str, str]] = dict,
        connect_s: float = CONNECT_S,
    ) -> None:
        try:
            import distributed

            from gridtool.whatif.cluster_worker import KeptInputs, compute_part
        except ImportError:
            raise MissingExtra("distributed", extra="cluster") from None
        # What goes wrong is raised in words; its log would print the trace of a lost connection.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        self._address = address
        self._key = f"gridtool-sweep-{secrets.token_hex(8)}"
        self._closed = False
        try:
            connect: Any = distributed.Client  # half of it is untyped
            self._client = connect(address, timeout=connect_s, set_as_default=False)
        except (OSError, TimeoutError, ValueError, ImportError) as problem:
            raise ClusterError(f"no Dask scheduler answers at {address}: {problem}") from problem
        try:
            self._check_workers(read_versions, wait_s=connect_s)
            self._client.register_plugin(KeptInputs(start, inputs), name=self._key)
            self._executor = self._client.get_executor(pure=False)
        except BaseException:
            self._client.close()
            raise
        self._compute_part = compute_part
        self._slots = self._count_slots()
        self._since_count = 0

    def _check_workers(
        self, read_versions: Callable[[], Mapping[str, str]], *, wait_s: float
    ) -> None:
        try:
            self._client.wait_for_workers(1, timeout=wait_s)
        except TimeoutError:
            raise ClusterError(f"the Dask scheduler at {self._address} has no workers") from None
        own = _describe_versions(read_versions)
        try:
            found = self._client.run(_describe_versions, read_versions)
        except ImportError as problem:
            raise ClusterError(
                f"the workers of {self._address} do not have this program: {problem}; "
                f"install gridtool {own.get('gridtool', '')} on them"
            ) from None
        for worker, theirs in sorted(found.items()):
            other = {name for name in own if theirs.get(name) != own[name]}
            if other:
                words = ", ".join(
                    f"{name} {theirs.get(name, 'missing')} instead of {own[name]}"
                    for name in sorted(other)
                )
                raise ClusterError(f"the worker {worker} would give other results: {words}")

    @property
    def slots(self) -> int:
        """Two parts for each worker there is; counted again after so many parts."""
        self._since_count += 1
        if self._since_count > self._slots:
            self._slots = self._count_slots()
            self._since_count = 0
        return self._slots

    def _count_slots(self) -> int:
        """At least two: a cluster without workers may get some, and until then the parts wait."""
        try:
            return AHEAD * max(len(self._client.nthreads()), 1)
        except (OSError, RuntimeError, CancelledError) as problem:
            raise self._lost() from problem

    def submit(self, part: Any, /) -> Future[Any]:
        """Have a part computed by any worker."""
        future: Future[Any] = Future()
        try:
            asked = self._executor.submit(self._compute_part, self._key, part)
        except (OSError, RuntimeError) as problem:
            raise self._lost() from problem
        asked.add_done_callback(lambda done: self._pass_on(done, future))
        return future

    def _pass_on(self, done: Future[Any], future: Future[Any]) -> None:
        """Give what Dask answered as an executor of this package answers it."""
        from distributed.scheduler import KilledWorker

        try:
            answer = done.result()
        except CancelledError:
            if self._closed:
                future.cancel()
                future.set_running_or_notify_cancel()
            else:
                future.set_exception(self._lost())
        except KilledWorker:
            future.set_exception(WorkerLost("workers ended before one gave a result"))
        except Exception as problem:  # noqa: BLE001 - whatever a worker raised is the part's
            words = f"{type(problem).__name__}: {problem}"
            future.set_exception(GridtoolError(f"a worker of the sweep failed: {words}"))
        else:
            future.set_result(answer)

    def _lost(self) -> ClusterError:
        return ClusterError(f"the Dask scheduler at {self._address} was lost; what is done is kept")

    def withdraw(self) -> None:
        """Do nothing: a client does not know which parts workers have begun."""

    def close(self, *, drop: bool) -> None:
        """Leave the cluster as it was found; without ``drop`` when it has done what it has."""
        self._closed = True
        with suppress(OSError, RuntimeError, TimeoutError, CancelledError):
            self._executor.shutdown(wait=not drop)
        if self._client.status == "running":
            with suppress(OSError, RuntimeError, TimeoutError, CancelledError):
                self._client.unregister_worker_plugin(self._key)
        with suppress(OSError, RuntimeError, TimeoutError, CancelledError):
            self._client.close(timeout=2)


def _describe_versions(read_versions: Callable[[], Mapping[str, str]]) -> dict[str, str]:
    return {
        "Python": ".".join(map(str, sys.version_info[:2])),
        "NumPy": np.__version__,
        **read_versions(),
    }
