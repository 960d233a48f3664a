"""What a worker of a Dask cluster keeps of a sweep; imported where ``distributed`` is there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

__all__ = ["KeptInputs", "compute_part"]


class KeptInputs(WorkerPlugin):  # type: ignore[misc, unused-ignore]
    """The inputs of a sweep in a worker, and what is compiled of them before its first part.

    Dask sends it to every worker once, and to those that join or start again later.
    """

    def __init__(self, start: Callable[[Any], Callable[[Any], Any]], inputs: object) -> None:
        self._arguments = (start, inputs)
        self._compute: Callable[[Any], Any] | None = None
        self._alone: Any = None

    def setup(self, worker: Worker) -> None:  # noqa: ARG002 - the interface's
        """In the worker, when it gets the inputs; a lock could not be sent."""
        self._alone = threading.Lock()

    def compute(self, part: object) -> Any:
        """The result of a part; one at a time, since the solver is not made for several."""
        with self._alone:
            if self._compute is None:
                start, inputs = self._arguments
                self._compute = start(inputs)
            return self._compute(part)


def compute_part(key: str, part: object) -> Any:
    """Compute a part in the worker that runs this, with the inputs called ``key``."""
    kept: Any = get_worker().plugins[key]
    return kept.compute(part)
