"""Past runs computed again from their manifests, byte for byte."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pandas as pd
import pytest
from run_cases import compute_chain, run, tools, write_history, write_job

from gridtool.errors import StoreError
from gridtool.jobs.runs import compute
from gridtool.jobs.runs.compute import Silent
from gridtool.jobs.runs.model import ChainLimits
from gridtool.jobs.runs.rerun import rerun_run
from gridtool.jobs.runs.settings_dump import Overrides
from gridtool.jobs.store.objects import object_path
from gridtool.jobs.store.open import read_store, resolve_store

FURTHER = "\n[further_damage]\nrate_per_month = 2.0\nbatch = [0.5, 0.5]\nkinds = {line = 1}\n"
SLIP = "slip_weeks = 1.5\nimport_change_mw = -5.0\n"
PLAN = "[plan]\nevaluations = 30\n"


def variants():
    """Twenty jobs: other seeds, times, samples, months, plans, scenarios and histories."""
    yield from ({"overrides": Overrides(seed=seed)} for seed in range(1, 6))
    for hour in (3, 5, 9):
        yield {"overrides": Overrides(as_of=datetime(2027, 1, 12, hour, 17, tzinfo=UTC))}
    yield {"overrides": Overrides(samples=5)}
    yield {"overrides": Overrides(samples=40, months=2)}
    yield {"overrides": Overrides(evaluations=1)}
    yield {"slot": datetime(2027, 1, 12, 4, tzinfo=UTC)}
    yield {
        "force": True,
        "remarks": ("history was late", "toy drifts: 2 of 10 = too few <in> 90 %"),
    }
    yield {"more": FURTHER}
    yield {"more": SLIP}
    yield {"plan": PLAN + 'deadline = "2027-01-14"\nweights = {hospital = 5}\ncold_load = 1.3\n'}
    yield {"plan": PLAN + 'durations = "equipment"\nbound = true\n'}
    yield {"demand": 'scale = 0.19\ncountry = "UA"\n'}
    yield {"level": 530.0}
    yield {"force": True}


@pytest.fixture(scope="module")
def past(tmp_path_factory, root):
    """A store with the twenty runs, and where their jobs were: the jobs are gone."""
    folder = tmp_path_factory.mktemp("past")
    address = resolve_store(str(folder / "store"), environ={})
    outcomes = []
    shutil.copytree(root / "networks" / "toy3", folder / "networks" / "toy3")
    for number, changes in enumerate(variants()):
        wish = dict(changes)
        place = folder / f"jobs{number}"
        path = write_job(place, folder, more=wish.pop("more", ""))
        text = path.read_text()
        text = text.replace(PLAN, wish.pop("plan", PLAN))
        text = text.replace('"mine.csv"\n', '"mine.csv"\n' + wish.pop("demand", ""))
        path.write_text(text)
        write_history(place / "mine.csv", level=wish.pop("level", 500.0))
        outcomes.append(run(path, address, given=tools(compute_chain), **wish))
        shutil.rmtree(place)
    shutil.rmtree(folder / "networks")
    return address, outcomes


def test_twenty_of_twenty_are_identical(past):
    """Also though the clock has gone on, and files and network are no longer there."""
    address, outcomes = past
    store = read_store(address)
    assert [outcome.exit_code for outcome in outcomes] == [0] * 20
    identities = {outcome.record.identity for outcome in outcomes}
    assert len(identities) == 18, "two are the first once more, forced"
    found = [rerun_run(store, outcome.run_id, chain=compute_chain) for outcome in outcomes]
    assert [again.differing for again in found] == [()] * 20
    assert all(again.identical and len(again.same) > 40 for again in found)
    assert [again.reasons for again in found] == [()] * 20


def test_the_runs_are_not_the_same(past):
    """Twenty times the same bytes would say nothing. Not seen in them are: a slot, if the job
    states the time; that a run was forced; a search of one evaluation, if the first plan is best.
    """
    _, outcomes = past
    texts = {(outcome.folder / "result.json").read_bytes() for outcome in outcomes}
    assert len(texts) == 17


def test_no_path_of_the_machine_is_published(past, tmp_path):
    _, outcomes = past
    for outcome in outcomes:
        for path in outcome.folder.rglob("*"):
            if path.is_file() and path.name != "manifest.json":
                content = path.read_bytes()
                for word in (b"/tmp", b"gridtool-", str(tmp_path.parent).encode()):
                    assert word not in content.replace(b"gridtool-kept", b""), path.name


def test_neither_hashing_nor_time_zone_nor_language_nor_place_decides_a_byte(past, tmp_path):
    """Computed again by another process under other conditions."""
    address, outcomes = past
    code = (
        "from gridtool.jobs.runs.compute import compute_chain\n"
        "from gridtool.jobs.runs.rerun import rerun_run\n"
        "from gridtool.jobs.store.open import read_store, resolve_store\n"
        f"store = read_store(resolve_store({str(address.folder)!r}, environ={{}}))\n"
        f"found = rerun_run(store, {outcomes[13].run_id!r}, chain=compute_chain)\n"
        "print(found.differing, found.damaged, found.reasons)\n"
    )
    conditions = {
        "PYTHONHASHSEED": "77",
        "TZ": "Asia/Kathmandu",
        "LC_ALL": "C",
        "COLUMNS": "37",
        "FORCE_COLOR": "1",
        "SOURCE_DATE_EPOCH": "4102444800",
        "TMPDIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **conditions},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "() () ()\n"


def test_workers_change_no_byte(past):
    address, outcomes = past
    again = rerun_run(
        read_store(address),
        outcomes[0].run_id,
        chain=compute_chain,
        limits=ChainLimits(workers=3),
    )
    assert again.identical


def test_what_differs_is_named(past):
    address, outcomes = past

    def other(request, limits, events):
        answer = compute_chain(request, limits, events)
        files = {name: content for name, content in answer.files.items() if "parquet" not in name}
        return replace(answer, files={**files, "report.txt": b"other", "new.txt": b"new"})

    again = rerun_run(read_store(address), outcomes[0].run_id, chain=other, gridtool_version="1.1")
    assert not again.identical
    assert "report.txt differs" in again.differing
    assert "new.txt is made now, and was not published" in again.differing
    assert "tables/out_now.parquet was published, and is not made now" in again.differing
    assert again.reasons == ("the run was made by gridtool 1.0, this is 1.1",)


def test_an_input_that_is_gone_or_damaged_is_named(past):
    address, outcomes = past
    store = read_store(address)
    entry = next(e for e in outcomes[-2].record.inputs if e.role.startswith("history/"))
    lying = object_path(store.folder, entry.sha256)
    kept = lying.read_bytes()
    run_id = next(o.run_id for o in outcomes if entry in o.record.inputs)
    report = next(o.folder for o in outcomes if o.run_id == run_id) / "report.txt"
    published = report.read_bytes()
    try:
        report.write_text("changed")
        again = rerun_run(store, run_id, chain=compute_chain)
        assert (again.differing, again.damaged) == ((), ("report.txt is not what was published",))
        assert not again.identical
        lying.write_bytes(b"something else")
        with pytest.raises(StoreError, match="damaged"):
            rerun_run(store, run_id, chain=compute_chain)
        lying.unlink()
        with pytest.raises(StoreError, match="no longer has the input"):
            rerun_run(store, run_id, chain=compute_chain)
    finally:
        lying.write_bytes(kept)
        report.write_bytes(published)


def test_tables_are_the_same_as_csv_json_and_parquet(past):
    _, outcomes = past
    folder = outcomes[0].folder
    names = {path.stem for path in (folder / "tables").iterdir()}
    assert {"out_now", "shortage_monthly", "restoration_plan"} & names
    said = json.loads((folder / "result.json").read_text())["data"]
    for name in names:
        frame = pd.read_parquet(folder / "tables" / f"{name}.parquet")
        text = pd.read_csv(
            io.StringIO((folder / "tables" / f"{name}.csv").read_text()),
            float_precision="round_trip",
        )
        assert list(frame.columns) == list(text.columns)
        assert len(frame) == len(text) == len(said[name])
        for column in frame.select_dtypes("number").columns:
            pd.testing.assert_series_equal(
                frame[column], text[column], check_dtype=False, check_exact=True
            )


class Signalled(Silent):
    """A signal comes as the stage begins whose words begin so."""

    def __init__(self, words):
        self._words, self.number = words, 0

    def stage(self, words, steps):  # noqa: ARG002 - as the chain calls it
        self.number = 15 if words.startswith(self._words) else self.number


def test_an_interrupted_run_is_the_plan_and_can_be_repeated(tmp_path, root, sqlite_address):
    """The forecast is stopped: what is published is what a run without a forecast gives."""
    path = write_job(tmp_path / "job", root)

    events = Signalled("simulating")
    given = tools(compute_chain, stop=lambda: events.number, events=events)
    outcome = run(path, sqlite_address, given=given)
    assert outcome.exit_code == 143
    assert outcome.record.state == "interrupted"
    said = json.loads((outcome.folder / "result.json").read_text())["data"]
    assert said["verdict"].startswith("DEGRADED: interrupted: no forecast.")
    assert "restoration_plan" in said
    assert not any(name.startswith("shortage") for name in said)
    again = rerun_run(read_store(sqlite_address), outcome.run_id, chain=compute_chain)
    assert again.identical


def test_a_signal_while_the_plan_is_searched_keeps_the_best_plan(tmp_path, root, sqlite_address):
    path = write_job(tmp_path / "job", root)
    events = Signalled("planning")
    given = tools(compute_chain, stop=lambda: events.number, events=events)
    outcome = run(path, sqlite_address, given=given)
    assert outcome.exit_code == 143
    said = json.loads((outcome.folder / "result.json").read_text())["data"]
    assert said["stopped"] == "interrupted"
    assert len(said["restoration_plan"]) == 2
    again = rerun_run(read_store(sqlite_address), outcome.run_id, chain=compute_chain)
    assert "a clock or a signal had cut the search for the plan" in again.reasons


def test_a_deadline_makes_fewer_samples_that_can_be_repeated(
    tmp_path, root, sqlite_address, monkeypatch
):
    """The deadline of a minute has passed once the first chunk of 600 futures is done."""
    elapsed = [0.0]
    monkeypatch.setattr(compute, "time", SimpleNamespace(monotonic=lambda: elapsed[0]))

    class Slow(Silent):
        def advance(self, done):
            elapsed[0] += done

    path = write_job(tmp_path / "job", root)
    given = tools(compute_chain, events=Slow())
    outcome = run(
        path, sqlite_address, given=given, overrides=Overrides(samples=600), deadline_s=60.0
    )
    assert outcome.exit_code == 6
    assert outcome.record.quality == "fewer_samples"
    assert 60 <= outcome.answer.samples < 600
    label = f"fewer samples: {outcome.answer.samples} of 600"
    assert label in outcome.message
    assert f"DEGRADED: {label}" in (outcome.folder / "report.txt").read_text()
    again = rerun_run(read_store(sqlite_address), outcome.run_id, chain=compute_chain)
    assert again.differing == ()


def test_no_forecast_in_time_is_the_plan(tmp_path, root, sqlite_address, monkeypatch):
    elapsed = [0.0]
    monkeypatch.setattr(compute, "time", SimpleNamespace(monotonic=lambda: elapsed[0]))

    class Slow(Silent):
        def stage(self, words, steps):  # noqa: ARG002 - as the chain calls it
            elapsed[0] += 100 if words.startswith("simulating") else 0

    path = write_job(tmp_path / "job", root)
    outcome = run(path, sqlite_address, given=tools(compute_chain, events=Slow()), deadline_s=60.0)
    assert outcome.exit_code == 6
    assert outcome.answer.samples == 0
    assert (outcome.folder / "tables" / "restoration_plan.csv").exists()
    assert outcome.message == f"degraded: {compute.NO_TIME}"
    label = f"DEGRADED: {compute.NO_TIME}."
    assert (outcome.folder / "report.txt").read_text(encoding="utf-8").startswith(label)
    again = rerun_run(read_store(sqlite_address), outcome.run_id, chain=compute_chain)
    assert again.differing == ()
