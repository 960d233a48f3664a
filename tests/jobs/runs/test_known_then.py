"""Numbers of a kept run: those of ``gridtool run``, and of what was known at its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from run_cases import compute_chain, run, tools, write_job

from gridtool.formats.write import csv_text
from gridtool.jobs.read import read_job
from gridtool.jobs.report import report_job
from gridtool.jobs.run import run_job
from gridtool.jobs.runs.settings_dump import Overrides
from gridtool.report.envelope import drop_infinite

AS_OF = datetime(2027, 1, 12, 6, tzinfo=UTC)
DELAY = timedelta(days=3)


def tables_of(outcome):
    assert outcome.exit_code == 0, outcome.message
    return {path.name: path.read_bytes() for path in (outcome.folder / "tables").iterdir()}


def write_metered(path, *, until, revised=None):
    """Hours that are metered three days late, and a revision of the last of them."""
    hours = np.arange("2026-01-01", until, dtype="datetime64[h]").tolist()
    rows = [
        f"{hour:%Y-%m-%dT%H:%MZ},{500 + 20 * np.sin(k / 3.8) + k % 7:.3f},"
        f"{hour + timedelta(hours=1) + DELAY:%Y-%m-%dT%H:%MZ}"
        for k, hour in enumerate(hours)
    ]
    if revised is not None:
        rows += [f"{hour:%Y-%m-%dT%H:%MZ},900,{revised:%Y-%m-%dT%H:%MZ}" for hour in hours[-2000:]]
    path.write_text("timestamp_utc,load_mw,available_at\n" + "\n".join(rows) + "\n")


def test_a_kept_run_has_the_numbers_of_a_plain_one(tmp_path, root, sqlite_address):
    path = write_job(tmp_path / "job", root)
    outcome = run(path, sqlite_address, given=tools(compute_chain))
    plain = report_job(run_job(read_job(path)))
    published = tables_of(outcome)
    assert {name for name in published if name.endswith(".csv")} == {
        f"{table.name}.csv" for table in plain.tables
    }
    for table in plain.tables:
        expected = csv_text(drop_infinite(table.frame)).encode()
        assert published[f"{table.name}.csv"] == expected, table.name
    for name, value in plain.headline.items():
        if np.isfinite(value):
            assert outcome.record.headline[name] == value


def test_what_becomes_known_later_changes_no_number_of_an_earlier_time(
    tmp_path, root, sqlite_address
):
    """More hours, and revisions of old ones, that were available after the run's time only."""
    path = write_job(tmp_path / "job", root)
    history = path.parent / "mine.csv"
    write_metered(history, until="2027-01-09T06")
    then = run(path, sqlite_address, given=tools(compute_chain))
    later = AS_OF + timedelta(days=7)
    write_metered(history, until="2027-01-16", revised=later)
    again = run(path, sqlite_address, given=tools(compute_chain))
    assert again.record.identity != then.record.identity, "the file is another one"
    assert tables_of(again) == tables_of(then)
    told = Overrides(as_of=later + timedelta(hours=1))
    now = run(path, sqlite_address, given=tools(compute_chain), overrides=told)
    assert tables_of(now) != tables_of(then)


@pytest.mark.parametrize("days", [2, 3])
def test_nothing_is_known_before_it_is_available(days, tmp_path, root, sqlite_address):
    path = write_job(tmp_path / "job", root)
    write_metered(path.parent / "mine.csv", until="2027-01-09T06")
    told = Overrides(as_of=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days))
    outcome = run(path, sqlite_address, given=tools(compute_chain), overrides=told)
    assert outcome.exit_code == 3
    assert "mine.csv" in str(outcome.error)
    assert "no row was available by 2026-01-0" in str(outcome.error)
