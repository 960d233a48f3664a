"""Runs of the whole chain, scored; what drifts is said in the next one's report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from run_cases import Clock, compute_chain, run, tools, write_job
from store_cases import HOLDER, NOW

from gridtool.jobs.review.diff import diff_runs
from gridtool.jobs.review.diff_report import report_diff
from gridtool.jobs.runs.settings_dump import Overrides
from gridtool.jobs.scoring.drift import drift_words
from gridtool.jobs.scoring.files import KEEP_SAMPLES, read_kept, read_kept_facts
from gridtool.jobs.scoring.score import score_runs
from gridtool.jobs.scoring.truth import read_truth
from gridtool.jobs.store.open import open_store, read_store
from gridtool.network.catalog import load_network

FIRST = datetime(2026, 11, 2, 6, tzinfo=UTC)
RUNS = 3
SAMPLES = Overrides(samples=100)


def write_years(path, *, after=None, factor=1.0):
    """Two years of hours of 500 MW, more or less by the day; ``factor`` times as much later."""
    rng = np.random.default_rng(6)
    hours = np.arange("2024-11-01", "2026-12-20", dtype="datetime64[h]")
    year = 2 * np.pi * np.arange(len(hours)) / 8766
    day = np.repeat(rng.normal(0, 10, len(hours) // 24), 24)
    load = 500 + 20 * np.sin(np.arange(len(hours)) / 3.8) + day
    if after is not None:
        load = np.where(hours >= np.datetime64(f"{after:%Y-%m-%dT%H}"), factor * load, load)
    rows = zip(hours, load, 8 + 10 * np.cos(year) + rng.normal(0, 2, len(hours)), strict=True)
    lines = [f"{hour}:00Z,{mw:.3f},{degrees:.1f}" for hour, mw, degrees in rows]
    path.write_text("timestamp_utc,load_mw,temp_c\n" + "\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, request):
    """A job of the toy city, with its history."""
    folder = tmp_path_factory.mktemp("job")
    write_years(folder / "mine.csv")
    write_job(folder, request.config.rootpath, as_of="")
    return folder


def test_a_model_that_drifts_is_named_in_the_next_report(folder, sqlite_address, request):
    given = tools(compute_chain, clock=Clock(FIRST), remark=drift_words)
    path = folder / "job.toml"
    for week in range(RUNS):
        slot = FIRST + week * timedelta(days=7)
        done = run(path, sqlite_address, given=given, slot=slot, overrides=SAMPLES)
        assert done.exit_code == 0
    write_years(folder / "later.csv", after=FIRST, factor=1.3)
    network = load_network(request.config.rootpath / "networks" / "toy3")
    truth = read_truth(folder / "later.csv", zone=network.manifest.zone, now=NOW)
    with open_store(sqlite_address, holder=HOLDER, now=NOW) as store:
        outcome = score_runs(store, truth=truth, now=NOW)
    assert len(outcome.scored) == RUNS
    energy = [s.figures for s in outcome.scored[0].scores if s.quantity == "energy"]
    assert energy[0]["bias_pct"] == pytest.approx(100 * (1 / 1.3 - 1), abs=2)

    slot = FIRST + RUNS * timedelta(days=7)
    last = run(path, sqlite_address, given=given, slot=slot, overrides=SAMPLES)
    report = " ".join((last.folder / "report.txt").read_text().split())
    result = (last.folder / "result.json").read_text()
    words = "the demand model drifts: it was too low by 2"
    assert words in result
    assert words in report
    before = read_store(sqlite_address).rows.list_runs()[1]
    assert "drifts" not in (sqlite_address.folder / before.folder / "result.json").read_text()
    # Nor is a remark a change of what the forecast was made from.
    diff = diff_runs(read_store(sqlite_address), before.id, last.run_id)
    assert {change.topic for change in diff.causes} <= {"demand", "model", "repairs", "damage"}
    assert report_diff(diff).verdict


def test_the_kept_samples_are_those_of_the_published_tables(folder, sqlite_address, request):
    done = run(folder / "job.toml", sqlite_address, chain=compute_chain, slot=FIRST)
    facts = read_kept_facts(done.folder)
    kept = read_kept(done.folder, facts)
    assert facts.samples == 12 < KEEP_SAMPLES
    assert facts.known_until == FIRST
    assert facts.grid.start == FIRST
    headline = done.answer.headline
    assert kept.day_eue_mwh.sum(axis=1).mean() == pytest.approx(headline["eue_mwh"], rel=1e-5)
    # The highest hour of the last twelve months that were known becomes the network's peak.
    rows = [row.split(",") for row in (folder / "mine.csv").read_text().split()[1:]]
    year = [float(row[1]) for row in rows if "2025-11-02T06" <= row[0] < "2026-11-02T06"]
    network = load_network(request.config.rootpath / "networks" / "toy3")
    assert facts.scale * max(year) == pytest.approx(network.peak_mw, rel=1e-3)
