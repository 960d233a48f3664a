"""Runs listed, shown and pruned as they are in the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from scored_runs import keep_run
from store_cases import HOLDER, NOW

from gridtool.errors import StoreError
from gridtool.jobs.review.listing import report_list, report_run, state_words
from gridtool.jobs.review.past import find_run
from gridtool.jobs.review.pruning import report_prune
from gridtool.jobs.store.finish import fail_run
from gridtool.jobs.store.model import Closing, RunIdentity
from gridtool.jobs.store.open import open_store
from gridtool.jobs.store.prune import PruneRule, choose_prunable, prune_runs
from gridtool.report.terminal_text import print_text

FILES = {"report.txt": b"fine\n", "tables/a.csv": b"x\n1\n"}
DAY = timedelta(days=1)
EUE = {"eue_mwh": 12.5}


@pytest.fixture
def store(address):
    with open_store(address, holder=HOLDER, now=NOW) as store:
        keep_run(store, as_of=NOW, files=FILES, headline={"eue_mwh": 12.0, "hours_off_p90": 3.5})
        keep_run(store, as_of=NOW + DAY, files=FILES, quality="fewer_samples", headline=EUE)
        failed = RunIdentity(
            job="night", slot=NOW + 2 * DAY, as_of=NOW, seed=1, program_version="1",
            network_version="2", settings={}, inputs=(),
        )  # fmt: skip
        run = store.rows.begin(failed, holder=HOLDER, now=NOW + 2 * DAY)
        closing = Closing(
            finished_at=NOW + 2 * DAY, state="failed", exit_code=3, message="a.csv: row 3"
        )
        fail_run(store, run, closing=closing)
        keep_run(store, as_of=NOW, files=FILES, job="other")
        yield store


def test_the_list_has_every_run_the_newest_first(store):
    result = report_list(store)
    frame = result.tables[0].frame
    assert list(frame["number"]) == [4, 3, 2, 1]
    assert list(frame["state"]) == ["done", "failed", "done, degraded: fewer samples", "done"]
    assert frame["eue_mwh"].iloc[3] == 12.0
    assert list(frame["exit_code"]) == [0, 3, 0, 0]
    assert result.verdict == "4 runs of 2 jobs."
    assert "fewer samples" in print_text(result)
    night = report_list(store, job="night")
    assert night.verdict == "3 runs of night."
    assert report_list(store, states=("failed",)).verdict == "1 run."
    assert report_list(store, job="none").verdict == "There are no such runs."
    assert list(report_list(store, limit=2).tables[0].frame["number"]) == [4, 3]


def test_a_run_is_shown_with_its_files_and_whether_they_are_whole(store):
    (run,) = store.rows.list_runs(job="other")
    store.rows.add_note(run, kind="webhook", words="delivered", now=NOW)
    result = report_run(store, "latest", job="other")
    tables = {table.name: table.frame for table in result.tables}
    assert list(tables["files"]["name"]) == ["report.txt", "tables/a.csv"]
    assert list(tables["notes"]["words"]) == ["delivered"]
    assert result.verdict == f"Run {run.id} of other is done. Its files are as published."
    assert run.identity in print_text(result)
    (store.folder / run.folder / "report.txt").write_bytes(b"changed\n")
    result = report_run(store, run.id)
    assert "not what was published" in result.verdict
    assert result.warnings
    failed = report_run(store, "3")
    assert failed.verdict.endswith("of night failed: a.csv: row 3.")
    with pytest.raises(StoreError, match="no run"):
        report_run(store, "nothing")
    with pytest.raises(StoreError, match="no run is done yet"):
        report_run(store, "latest", job="none")


def test_a_prune_says_what_it_would_remove_and_what_it_did(store):
    def choose(**rule):
        return choose_prunable(store.rows, PruneRule(**rule), now=NOW + 9 * DAY)

    assert report_prune(choose(), None).verdict == "Nothing to remove: every run is kept."
    keep_run(store, as_of=NOW + 5 * DAY, files=FILES)
    chosen = choose(keep_last=1)
    would = report_prune(chosen, None)
    removed = list(would.tables[0].frame["number"])
    assert would.verdict == f"{len(removed)} runs would be removed; nothing was done."
    assert len(store.rows.list_runs()) == 5
    did = report_prune(chosen, prune_runs(store, chosen))
    assert did.verdict == "2 runs removed, and 0 inputs that no other run read."
    assert removed == [1, 3]
    assert {run.number for run in store.rows.list_runs()} == {2, 4, 5}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "done"),
        ({"exit_code": 10}, "done"),
        ({"exit_code": 6}, "done, degraded: weaker demand model"),
        ({"exit_code": 6, "quality": "last_good_inputs"}, "done, degraded: stale inputs"),
        ({"exit_code": 6, "quality": "fewer_samples"}, "done, degraded: fewer samples"),
        (
            {"exit_code": 6, "quality": "fewer_samples", "headline": {}},
            "done, degraded: no forecast",
        ),
        ({"state": "interrupted", "exit_code": 143}, "interrupted"),
    ],
)
def test_whatever_is_weaker_is_said_of_a_run(store, changes, words):
    (run,) = store.rows.list_runs(job="other")
    assert state_words(replace(run, **({"headline": EUE} | changes))) == words


def test_runs_are_found_by_number_first_and_by_the_beginning_of_their_id(store):
    assert find_run(store, "3").number == 3
    with pytest.raises(StoreError, match="several runs '20'"):
        find_run(store, "20")
    (other,) = store.rows.list_runs(job="other")
    assert find_run(store, other.id[:-1]) == other
    with pytest.raises(StoreError, match="no run '5'"):
        find_run(store, "5")


def test_times_and_durations_say_their_unit(store):
    assert "as of [UTC]" in print_text(report_list(store))
    shown = print_text(report_run(store, "3"))
    assert "Run" in shown
    assert " failed: a.csv: row 3." in shown
    assert "2027-01-12 06:00:00 UTC" in shown
    (run,) = store.rows.list_runs(job="other")
    assert f"{run.duration_s:.1f} s" in print_text(report_run(store, run.id))
