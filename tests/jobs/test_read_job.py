from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from gridtool.errors import JobFileError
from gridtool.jobs.read import read_job
from gridtool.restoration.model import ColdLoad, PlanConfig

HEAD = 'format = "gridtool-job"\nformat_version = 1\n'
JOB = '[job]\nname = "a"\nnetwork = "rivercity"\nas_of = "2027-01-12T08:00"\n'


@pytest.fixture
def write(tmp_path):
    (tmp_path / "damage.csv").write_text("x")
    (tmp_path / "history.csv").write_text("x")
    (tmp_path / "crews").mkdir()

    def write_job(text):
        path = tmp_path / "job.toml"
        path.write_text(text)
        return path

    return write_job


def messages(path):
    with pytest.raises(JobFileError) as caught:
        read_job(path)
    return [str(issue) for issue in caught.value.issues]


def test_a_minimal_job_takes_the_defaults(write):
    job = read_job(write(HEAD + JOB))
    assert job.name == "a"
    assert job.network.name == "rivercity"
    assert job.seed == 1
    assert job.reports == ()
    assert job.resources is job.demand is None
    assert (job.forecast.months, job.forecast.samples) == (6, 1000)


def test_a_local_time_is_in_the_zone_of_the_network(write):
    expected = datetime(2027, 1, 12, 6, tzinfo=UTC)
    assert read_job(write(HEAD + JOB)).as_of == expected
    for form in ("2027-01-12T08:00:00", "2027-01-12T06:00:00Z", "2027-01-12 08:00:00+02:00"):
        text = JOB.replace('"2027-01-12T08:00"', form)
        assert read_job(write(HEAD + text)).as_of == expected, form
    date_only = read_job(write(HEAD + JOB.replace('"2027-01-12T08:00"', "2027-01-12")))
    assert date_only.as_of == datetime(2027, 1, 11, 22, tzinfo=UTC)


def test_paths_are_relative_to_the_job_file(write, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    text = (
        '[damage]\nreports = ["damage.csv"]\n[resources]\nfolder = "crews"\n'
        '[demand]\nhistory = "history.csv"\nscale = 0.5\ncolumns = {load_kw = "Total"}\n'
    )
    job = read_job(write(HEAD + JOB + text))
    assert job.reports == (tmp_path / "damage.csv",)
    assert job.resources == tmp_path / "crews"
    assert job.demand.history == tmp_path / "history.csv"
    assert job.demand.scale == 0.5
    assert job.demand.options.columns == {"load_kw": "Total"}
    assert job.path in job.inputs
    assert tmp_path / "history.csv" in job.inputs


def test_plan_settings_are_read(write):
    plan = read_job(
        write(
            HEAD + JOB + "[plan]\nevaluations = 50\nhorizon_days = 90\n"
            'deadline = "2027-02-01"\nweights = {hospital = 5, household = 0.5}\n'
            'protected_weight = 2\ndurations = "equipment"\ncold_load = 1.8\n'
            "time_limit_s = 30\nbound = true\nac = true\n"
        )
    ).plan
    assert plan == PlanConfig(
        evaluations=50,
        horizon_days=90,
        deadline=datetime(2027, 1, 31, 22, tzinfo=UTC),
        class_weights={"hospital": 5.0, "household": 0.5},
        protected_weight=2.0,
        durations="equipment",
        cold_load=ColdLoad(factor=1.8),
        time_limit_s=30.0,
        bound=True,
        ac=True,
    )


def test_without_plan_settings_nothing_is_weighted_and_nothing_limited(write):
    assert read_job(write(HEAD + JOB)).plan == PlanConfig(evaluations=2000)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("weights = {hospitals = 5}", "plan.weights.hospitals: is not a customer class"),
        ("weights = {hospital = -1}", "plan.weights.hospital: is out of range"),
        ("weights = 3", "plan.weights: has a value that is not accepted"),
        ('deadline = "soon"', "plan.deadline: "),
        ("deadline = 2027-01-12", "plan.deadline: is not after job.as_of"),
        ("deadline = 5", "plan.deadline: has a value that is not accepted"),
        ('durations = "guess"', "accepted: 'hazus' or 'equipment'"),
        ("protected_weight = -1", "plan.protected_weight: is out of range"),
        ("time_limit_s = 0", "plan.time_limit_s: is out of range"),
        ("cold_load = 0.5", "plan.cold_load: is out of range"),
        ('bound = "yes"', "plan.bound: has a value that is not accepted"),
        ("horizon_days = 0", "plan.horizon_days: is out of range"),
    ],
)
def test_a_faulty_plan_setting_is_one_finding(write, line, words):
    (found,) = messages(write(HEAD + JOB + "[plan]\n" + line + "\n"))
    assert words in found


def test_an_unknown_class_is_answered_with_the_nearest(write):
    (found,) = messages(write(HEAD + JOB + "[plan]\nweights = {hospitals = 5}\n"))
    assert "did you mean 'hospital'?" in found


def test_a_folder_stands_for_the_reports_in_it(write, tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    for name in ("b.csv", "a.json", "notes.md"):
        (folder / name).write_text("x")
    job = read_job(write(HEAD + JOB + '[damage]\nreports = ["reports"]\n'))
    assert job.reports == (folder / "a.json", folder / "b.csv")


def test_all_findings_come_at_once_with_key_value_and_nearest(write):
    found = messages(
        write(
            HEAD + '[job]\nnetwork = 5\nsed = 1\n[damage]\nreports = []\nquarantine = "yes"\n'
            '[demand]\nhistory = "h.csv"\nscale = -1\nclock = "x"\n'
            '[forecast]\nsamples = 1\nmonths = "6"\n[resource]\nfolder = "x"\n'
        )
    )
    expected = [
        "job.toml, job.name: is missing; it is the name of the job, for people",
        (
            "job.toml, job.network: has a value that is not accepted (value '5'); "
            'accepted: text in quotes: "..."'
        ),
        (
            "job.toml, job.sed: is not a known key; accepted: name, network, as_of, seed; "
            "did you mean 'seed'?"
        ),
        (
            "job.toml, damage.reports: has a value that is not accepted (value '[]'); "
            "accepted: at least one entry"
        ),
        (
            "job.toml, damage.quarantine: has a value that is not accepted (value 'yes'); "
            "accepted: true or false"
        ),
        (
            "job.toml, demand.clock: has a value that is not accepted (value 'x'); "
            "accepted: 'auto', 'utc', 'local' or 'standard'"
        ),
        "job.toml, demand.scale: is out of range (value '-1'); accepted: above 0.0, or 'peak'",
        "job.toml, forecast.samples: is out of range (value '1'); accepted: at least 2",
        (
            "job.toml, forecast.months: has a value that is not accepted (value '6'); "
            "accepted: a whole number"
        ),
    ]
    for line in expected:
        assert line in found
    assert any("resource: is not a known key" in line and "'resources'" in line for line in found)
    assert len(found) == len(expected) + 1


def test_all_paths_are_checked_at_once(write):
    found = messages(
        write(
            HEAD + JOB.replace("rivercity", "rivercty").replace("08:00", "28:00") + "[damage]\n"
            'reports = ["damag.csv", "$HOME/x.csv", "~/x.csv"]\n'
            '[resources]\nfolder = "damage.csv"\n'
            '[demand]\nhistory = "crews"\ntimezone = "Kyiv"\n'
        )
    )
    assert len(found) == 8
    text = "\n".join(found)
    assert "job.network: there is no such network (value 'rivercty')" in text
    assert "did you mean rivercity?" in text
    assert "did you mean 'damage.csv'?" in text
    assert "(value '$HOME/x.csv')" in text
    assert "resources.folder: is not a folder (value 'damage.csv')" in text
    assert "demand.history: is not a file (value 'crews')" in text
    assert "demand.timezone: is not a time zone (value 'Kyiv')" in text
    assert "job.as_of: " in text


@pytest.mark.parametrize("kind", ["pipe", "device", "broken link", "null byte", "endless name"])
def test_only_regular_files_are_read(write, tmp_path, kind):
    given = "odd.csv"
    if kind == "pipe":
        os.mkfifo(tmp_path / given)
    elif kind == "device":
        given = "/dev/zero"
    elif kind == "broken link":
        (tmp_path / given).symlink_to(tmp_path / "nowhere")
    elif kind == "null byte":
        given = "a\\u0000b"
    else:
        given = "x" * 5000
    found = messages(write(HEAD + JOB + f'[damage]\nreports = ["{given}"]\n'))
    assert len(found) == 1


def test_an_unknown_job_is_answered_with_the_nearest(tmp_path, monkeypatch):
    (tmp_path / "forecasts").mkdir()
    (tmp_path / "forecasts" / "weekly.toml").write_text(HEAD + JOB)
    monkeypatch.chdir(tmp_path)
    assert read_job("weekly").name == "a"
    assert messages("weakly") == [
        message for message in messages("weakly") if "did you mean 'weekly'?" in message
    ]
    assert "there is no such job file" in messages("elsewhere/weekly.toml")[0]


def test_all_that_is_said_beside_a_history_is_read(write, tmp_path):
    for name in ("model.json", "days.csv", "outages.csv", "events.csv", "districts.csv"):
        (tmp_path / name).write_text("x")
    text = (
        '[demand]\nhistory = "history.csv"\nmodel = "model.json"\nclock = "standard"\n'
        'hour_ending = true\nsheet = "Load"\ncountry = "US-NY"\nspecial_days = "days.csv"\n'
        'outages = "outages.csv"\nevents = "events.csv"\nmodel_kind = "days"\n'
        'district_history = "districts.csv"\n'
    )
    job = read_job(write(HEAD + JOB + text))
    options = job.demand.options
    assert (options.clock, options.hour_ending, options.sheet) == ("standard", True, "Load")
    assert (options.country, options.model_kind) == ("US-NY", "days")
    assert job.demand.saved == tmp_path / "model.json"
    assert options.outages == tmp_path / "outages.csv"
    names = [path.name for path in job.inputs[2:]]
    assert names == [
        "model.json",
        "history.csv",
        "outages.csv",
        "days.csv",
        "events.csv",
        "districts.csv",
    ]


def test_a_model_needs_no_history_but_one_of_them_is_needed(write, tmp_path):
    (tmp_path / "model.json").write_text("x")
    job = read_job(write(HEAD + JOB + '[demand]\nmodel = "model.json"\n'))
    assert job.demand.history is None
    (found,) = messages(write(HEAD + JOB + '[demand]\ncountry = "UA"\n'))
    assert found == "job.toml, demand.history: is missing; so is demand.model"


@pytest.mark.parametrize(
    "key", ["history", "model", "special_days", "outages", "events", "district_history"]
)
def test_files_of_the_demand_must_be_there(write, key):
    other = "" if key == "history" else 'history = "history.csv"\n'
    found = messages(write(HEAD + JOB + f'[demand]\n{other}{key} = "histry.csv"\n'))
    assert len(found) == 1
    assert f"demand.{key}: there is no such file or folder (value 'histry.csv')" in found[0]
    assert "did you mean 'history.csv'?" in found[0]
