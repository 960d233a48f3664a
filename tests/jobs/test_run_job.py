"""The chain of a job on a toy whose answers are worked by hand in its README."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime

import numpy as np
import pytest

from gridtool.errors import HistoryError, InputError, JobFileError
from gridtool.jobs.read import read_job
from gridtool.jobs.run import run_job
from gridtool.restoration.schedule.execute import COMPLETIONS

TOY_JOB = """
format = "gridtool-job"
format_version = 1
[job]
name = "toy"
network = "{network}"
as_of = "2027-01-12T06:00Z"
[damage]
reports = ["damage"]
"""
RESOURCES = '[resources]\nfolder = "resources"\n'
DEMAND = '[demand]\nhistory = "mine.csv"\n[forecast]\nmonths = 1\nsamples = 10\nworkers = 1\n'


@pytest.fixture
def job_of(root, tmp_path):
    def write(text=""):
        path = tmp_path / "job.toml"
        path.write_text(TOY_JOB.format(network=root / "networks" / "toy3") + text)
        return read_job(path)

    return write


def test_without_resources_and_demand_there_is_the_state_only(job_of):
    result = run_job(job_of())
    assert set(result.state.damage) == {"L-AB", "G-C"}
    assert result.plan is None
    assert result.completions is None
    assert result.forecast is None
    served, unserved = result.assessment.served_mw, result.assessment.unserved_mw
    assert served + unserved == pytest.approx(100.0)
    assert unserved > 0


def test_with_crews_there_is_a_plan_that_brings_all_back(job_of):
    result = run_job(job_of(RESOURCES))
    assert len(result.plan.jobs) == 2
    assert result.plan.curve["unserved_mw"].iloc[-1] == pytest.approx(0.0, abs=1e-6)
    assert result.completions.finish_h.shape == (COMPLETIONS, 2)
    assert result.plan.stopped == ""
    first = result.plan.curve.iloc[0]
    dispatched = result.assessment.unserved_mw - result.assessment.ac.shed_added_mw
    assert first["unserved_mw"] == pytest.approx(dispatched), "plans are valued by DC dispatch"


def test_the_time_limit_of_the_job_cuts_the_plan(job_of):
    result = run_job(job_of(RESOURCES + "[plan]\ntime_limit_s = 1e-9\n"))
    assert result.plan.stopped == "time limit"
    assert len(result.plan.jobs) == 2


def test_an_interrupted_plan_ends_the_chain(job_of, tmp_path):
    """The history is read, but nothing is simulated with it."""
    hours = np.arange("2026-01-01", "2027-01-12", dtype="datetime64[h]")
    rows = [f"{hour}:00Z,{500 + i % 24}" for i, hour in enumerate(hours)]
    (tmp_path / "mine.csv").write_text("timestamp_utc,load_mw\n" + "\n".join(rows))
    job = job_of(RESOURCES + DEMAND)
    result = run_job(job, watch=lambda: nullcontext(lambda: True))
    assert result.plan.stopped == "interrupted"
    assert len(result.plan.jobs) == 2
    assert result.forecast is None
    assert run_job(job).forecast is not None


def test_declared_stages_are_planned_and_those_of_sound_assets_told(job_of, tmp_path):
    folder = tmp_path / "team"
    folder.mkdir()
    (folder / "crews.csv").write_text("id,skills,substation\nC1,line plant,A\n")
    (folder / "repairs.csv").write_text(
        "asset,stage,capacity_after_pct,low_h,likely_h,high_h\n"
        "L-AB,temporary,40,2,3,4\nL-AC,permanent,,2,3,4\n"
    )
    result = run_job(job_of('[resources]\nfolder = "team"\n'))
    assert sorted(result.plan.order) == ["G-C", "L-AB", "L-AB:temporary"]
    told = [issue for issue in result.warnings if issue.file == "repairs.csv"]
    assert [(issue.severity, issue.ids) for issue in told] == [("warning", ("L-AC",))]


def test_a_users_own_history_is_one_line(job_of, tmp_path):
    """A year of flat demand, scaled to the peak: nothing is short once the repairs are done."""
    hours = np.arange("2026-01-01", "2027-01-12", dtype="datetime64[h]")
    rows = [f"{hour}:00Z,{500 + 20 * np.sin(i / 24 * 6.283)}" for i, hour in enumerate(hours)]
    (tmp_path / "mine.csv").write_text("when_utc,Load MW\n" + "\n".join(rows))
    line = DEMAND.replace(
        '"mine.csv"\n', '"mine.csv"\ncolumns = {timestamp_utc = "when_utc", load_mw = "Load MW"}\n'
    )
    stages = []

    class Stage:
        def __enter__(self):
            return stages.append

        def __exit__(self, *_):
            return False

    def open_stage(words, steps):
        stages.append((words, steps))
        return Stage()

    result = run_job(job_of(RESOURCES + line), stages=open_stage)
    assert result.forecast.samples == 10
    assert result.forecast.as_of == datetime(2027, 1, 12, 6, tzinfo=UTC)
    assert [stage[0] for stage in stages if isinstance(stage, tuple)] == [
        "reading toy3",
        "assessing what is out",
        "planning the repairs",
        "simulating the shortage",
    ]
    assert sum(stage for stage in stages if isinstance(stage, int)) == 10


def test_the_history_is_looked_for_before_anything_runs(job_of):
    with pytest.raises(JobFileError, match=r"mine\.csv"):
        job_of(DEMAND)


def test_a_history_of_days_shapes_its_hours_and_a_factor_scales_it(job_of, tmp_path):
    """Two years of days of 12 GWh: half of 500 MW on average, and the plan's city sees it."""
    days = np.arange("2025-01-01", "2027-01-01", dtype="datetime64[D]")
    rows = [f"{day},{12000 + 600 * np.sin(k / 58.1)}" for k, day in enumerate(days)]
    (tmp_path / "days.csv").write_text("date,energy_mwh\n" + "\n".join(rows) + "\n")
    text = DEMAND.replace("mine.csv", "days.csv")
    result = run_job(job_of(text.replace('"days.csv"\n', '"days.csv"\nscale = 0.2\n')))
    demand = result.forecast.demand_description
    assert "day" in demand
    assert "scaled from a peak" not in demand
    assert result.forecast.samples == 10
    assert result.fallback == ""


def test_an_outage_log_is_joined_to_the_history(job_of, tmp_path):
    """Rows that do not parse are refused with the file's name and row."""
    hours = np.arange("2026-01-01", "2027-01-12", dtype="datetime64[h]")
    rows = [f"{hour}:00Z,{500 + 9 * (i % 24)}" for i, hour in enumerate(hours)]
    (tmp_path / "mine.csv").write_text("timestamp_utc,load_mw\n" + "\n".join(rows) + "\n")
    (tmp_path / "log.csv").write_text("from,to\n2026-03-01T00:00Z,whenever\n")
    text = DEMAND.replace('"mine.csv"\n', '"mine.csv"\noutages = "log.csv"\n')
    with pytest.raises(HistoryError, match=r"log\.csv, row 2"):
        run_job(job_of(text))
    (tmp_path / "log.csv").write_text("from,to\n2026-03-01T00:00Z,2026-03-02T00:00Z\n")
    assert run_job(job_of(text)).forecast is not None


def test_holidays_without_a_country_of_that_name_are_refused(job_of, tmp_path):
    hours = np.arange("2026-01-01", "2027-01-12", dtype="datetime64[h]")
    rows = [f"{hour}:00Z,{500 + 9 * (i % 24)}" for i, hour in enumerate(hours)]
    (tmp_path / "mine.csv").write_text("timestamp_utc,load_mw\n" + "\n".join(rows) + "\n")
    text = DEMAND.replace('"mine.csv"\n', '"mine.csv"\ncountry = "Atlantis"\n')
    with pytest.raises(InputError, match="no holidays are known for this country"):
        run_job(job_of(text))
