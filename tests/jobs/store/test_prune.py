from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_cases import HOLDER, NOW

from gridtool.errors import StoreError
from gridtool.jobs.store import recover
from gridtool.jobs.store.finish import fail_run, finish_run
from gridtool.jobs.store.folder import check_files, job_folder, list_published
from gridtool.jobs.store.model import Closing, RunInput, RunRecord
from gridtool.jobs.store.objects import keep_object, object_path, read_object
from gridtool.jobs.store.open import open_store, read_store
from gridtool.jobs.store.prune import PruneRule, choose_prunable, prune_runs


def opened(address):
    return open_store(address, holder=HOLDER, now=NOW)


def fill(store, identity, *, count, job="night", state="done", quality="full"):
    """Runs a day apart, the last at NOW; each reads a content of its own and one of all."""
    made = []
    for place in range(count):
        moment = NOW - timedelta(days=count - 1 - place)
        contents = (f"{job} {place}".encode(), b"network")
        inputs = tuple(
            RunInput(role=f"{number}", path="x", sha256=keep_object(store.folder, content), size=1)
            for number, content in enumerate(contents)
        )
        asked = identity(job=job, seed=place, inputs=inputs)
        run = store.rows.begin(asked, holder=HOLDER, now=moment)
        closing = Closing(state=state, quality=quality, finished_at=moment)
        if state == "done":
            run = finish_run(store, run, closing=closing, files={"a.csv": b"1"}, facts={})
        else:
            run = fail_run(store, run, closing=closing)
        made.append(run)
    return made


class Rows:
    """Rows in memory."""

    def __init__(self, runs):
        self.runs = runs

    def list_runs(self, *, job):
        return tuple(run for run in reversed(self.runs) if job in (None, run.job))


def run_of(number, *, job="a", state="done", quality="full", days=0):
    began = NOW - timedelta(days=days)
    return RunRecord(
        number=number, id=str(number), job=job, slot=None, revision=1, identity="", state=state,
        quality=quality, as_of=NOW, started_at=began,
    )  # fmt: skip


RUNS = st.lists(
    st.builds(
        lambda job, state, quality, days: (job, state, quality, days),
        st.sampled_from("ab"),
        st.sampled_from(["done", "failed", "interrupted", "running"]),
        st.sampled_from(["full", "fewer_samples"]),
        st.integers(-5, 50),
    ),
    max_size=25,
)


@given(RUNS, st.none() | st.integers(0, 8), st.none() | st.integers(0, 40))
@settings(max_examples=100)
def test_what_is_chosen_is_neither_young_nor_among_the_last_nor_the_latest_good(given_, last, days):
    runs = [
        run_of(number, job=job, state=state, quality=quality, days=age)
        for number, (job, state, quality, age) in enumerate(given_)
    ]
    keep_for = None if days is None else timedelta(days=days)
    chosen = choose_prunable(Rows(runs), PruneRule(keep_last=last, keep_for=keep_for), now=NOW)
    assert [run.number for run in chosen] == sorted(run.number for run in chosen)
    if last is None and days is None:
        assert chosen == ()
        return
    for run in runs:
        later = [other for other in runs if other.job == run.job and other.number > run.number]
        kept = (
            not later
            or run.state == "running"
            or (last is not None and len(later) < last)
            or (days is not None and NOW - run.started_at <= keep_for)
            or (
                run.state == "done"
                and not any(o.state == "done" and o.degraded == run.degraded for o in later)
            )
        )
        assert (run in chosen) is not kept


def test_pruned_runs_are_gone_with_what_only_they_read(address, identity):
    with opened(address) as store:
        runs = fill(store, identity, count=6)
        failed = fill(store, identity, count=3, job="day", state="failed")
        rule = PruneRule(keep_last=2, keep_for=timedelta(days=2, hours=1))
        chosen = choose_prunable(store.rows, rule, now=NOW)
        assert chosen == tuple(runs[:3])
        assert choose_prunable(store.rows, rule, now=NOW, job="day") == ()
        pruned = prune_runs(store, chosen)
        assert pruned.runs == tuple(runs[:3])
        assert pruned.objects == 3
        assert list_published(store.folder).keys() == {run.id for run in runs[3:]}
        assert store.rows.list_runs() == (*failed[::-1], *runs[:2:-1])
        assert read_object(store.folder, runs[5].inputs[0].sha256) == b"night 5"
        assert read_object(store.folder, runs[0].inputs[1].sha256) == b"network"
        assert not object_path(store.folder, runs[0].inputs[0].sha256).exists()
        latest = job_folder(store.folder, "night") / "latest"
        assert latest.resolve().name == runs[-1].id
    with opened(address) as store:
        assert store.warnings == ()


def test_what_a_fallen_back_run_rests_on_is_kept(sqlite_address, identity):
    with opened(sqlite_address) as store:
        good, *_ = fill(store, identity, count=3)
        run = store.rows.begin(identity(seed=99), holder=HOLDER, now=NOW)
        closing = Closing(quality="last_good_inputs", finished_at=NOW)
        facts = {"inputs": [{"sha256": entry.sha256} for entry in good.inputs]}
        finish_run(store, run, closing=closing, files={}, facts=facts)
        assert prune_runs(store, [good]).objects == 0
        assert read_object(store.folder, good.inputs[0].sha256) == b"night 0"


class Killed(BaseException):
    """What no handler of errors catches, as a kill."""


@pytest.mark.parametrize("at", range(1, 9))
def test_a_prune_that_is_killed_is_brought_to_its_end(sqlite_address, identity, monkeypatch, at):
    with opened(sqlite_address) as store:
        runs = fill(store, identity, count=4)
    steps = iter(range(1, 100))

    def killed_at(step):
        def wrapped(*given, **named):
            if next(steps) == at:
                raise Killed
            return step(*given, **named)

        return wrapped

    with monkeypatch.context() as patched, opened(sqlite_address) as store:
        for module, name in [(recover, "remove_run"), (type(store.rows), "remove")]:
            patched.setattr(module, name, killed_at(getattr(module, name)))
        patched.setattr("pathlib.Path.rename", killed_at(__import__("pathlib").Path.rename))
        try:
            prune_runs(store, runs[:3])
        except Killed:
            pass
        else:
            assert at > 7
    assert [run.id for run in read_store(sqlite_address).rows.list_runs()] == [runs[3].id]
    with pytest.raises(StoreError, match="no run"):
        read_store(sqlite_address).rows.get(runs[0].id)
    with opened(sqlite_address) as store:
        assert store.warnings == ()
        assert list_published(store.folder).keys() == {runs[3].id}
        assert check_files(store.folder / runs[3].folder) == ()
        assert store.rows.list_runs(states=("removing",)) == ()
        assert prune_runs(store, []).objects == (3 if at <= 7 else 0)


def test_what_cannot_be_removed_is_said_and_stops_nothing(sqlite_address, identity, monkeypatch):
    with opened(sqlite_address) as store:
        runs = fill(store, identity, count=2)
        store.rows.mark_removing(runs[:1])

    def refuse(*_):
        raise StoreError("cannot remove it: Permission denied")

    monkeypatch.setattr(recover, "remove_run", refuse)
    with opened(sqlite_address) as store:
        (warning,) = store.warnings
        assert "Permission denied: the run is out of the history" in warning
        assert store.rows.list_runs() == (runs[1],)
