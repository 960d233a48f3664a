"""``gridtool demand fit`` saves models, and forecasts take them in place of a fit."""

from __future__ import annotations

import gzip
import json

import pytest
from cli.made_histories import DAYS, TZ, data_of, hour_texts, run, write_made_city, write_rows

from gridtool.network.catalog import load_network

AHEAD = ("--months", 2, "--paths", 20, "--no-calibrate", "--format", "json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The made city's history, its model, and its temperature and load."""
    place = tmp_path_factory.mktemp("model")
    write_made_city(place / "made.csv.gz")
    saved = run("demand", "fit", place / "made.csv.gz", *TZ, *AHEAD, "-o", place / "model.json")
    assert saved.exit_code == 0, saved.output
    (place / "fit.json").write_text(saved.stdout)
    return place


def test_a_saved_model_forecasts_as_the_fitted_one(folder):
    fitted = json.loads((folder / "fit.json").read_text())["data"]
    words = ("demand", "forecast", "--model", folder / "model.json", *AHEAD)
    assert data_of(run(*words))["demand"] == fitted["demand"]
    assert data_of(run(*words, *TZ))["demand"] == fitted["demand"], "the zone is the model's"


def test_the_same_fit_gives_the_same_file(folder, tmp_path):
    words = ("demand", "fit", folder / "made.csv.gz", *TZ, *AHEAD)
    packed, out = tmp_path / "m.json.gz", tmp_path / "tables"
    assert run(*words, "--save", packed, "-o", out).exit_code == 0
    assert gzip.decompress(packed.read_bytes()) == (folder / "model.json").read_bytes()
    assert (out / "demand.csv").exists()


def test_the_model_has_one_name(folder, tmp_path):
    words = ("--save", tmp_path / "a.json", "-o", tmp_path / "b.json")
    result = run("demand", "fit", folder / "made.csv.gz", *TZ, *words)
    assert result.exit_code == 2
    assert "the model has two names" in result.stderr


def test_a_current_model_is_not_to_be_fitted_again(folder):
    words = ("demand", "forecast", folder / "made.csv.gz", "--model", folder / "model.json")
    result = run(*words, *AHEAD)
    assert result.exit_code == 0
    assert "refit" not in result.stderr
    inputs = [entry["path"] for entry in json.loads(result.stdout)["inputs"]]
    assert inputs == [str(folder / "model.json"), str(folder / "made.csv.gz")]


def test_a_revised_history_calls_for_a_refit(folder, tmp_path):
    other = tmp_path / "revised.csv"
    text = gzip.decompress((folder / "made.csv.gz").read_bytes()).decode().splitlines()
    cells = text[100].split(",")
    text[100] = ",".join([cells[0], str(float(cells[1]) + 1.0), *cells[2:]])
    other.write_text("\n".join(text) + "\n")
    result = run("demand", "forecast", other, "--model", folder / "model.json", *AHEAD)
    assert result.exit_code == 0
    assert "model.json: a refit is due: 2025 was revised since the fit" in result.stderr


def test_a_model_stale_beyond_its_reach_is_a_labelled_fallback(folder):
    """Sixteen months of history, forecast from three years later."""
    words = ("demand", "forecast", "--model", folder / "model.json", *AHEAD)
    late = run(*words, "--as-of", "2029-06-01")
    assert late.exit_code == 6
    found = json.loads(late.stdout)["data"]
    assert found["fallback"].startswith("the demand model model.json is stale")
    assert found["verdict"].endswith(f"Fallback: {found['fallback']}.")
    assert "a refit is due" in late.stderr
    soon = run(*words, "--as-of", "2026-07-01")
    assert soon.exit_code == 0
    assert "refit" not in soon.stderr


def test_hindsight_is_told(folder):
    words = ("demand", "forecast", "--model", folder / "model.json", *AHEAD)
    result = run(*words, "--as-of", "2026-03-01")
    assert result.exit_code == 0
    assert "it knows more than was known at the time" in result.stderr


def test_the_shortage_forecast_takes_a_saved_model(folder):
    common = ("forecast", "toy3", "--as-of", "2026-05-06T03:00", "--months", 1, "--samples", 10)
    more = ("--workers", 1, "--no-outlook", "--no-shares", "--format", "json")
    fitted = data_of(run(*common, *more, "--history", folder / "made.csv.gz"))["headline"]
    result = run(*common, *more, "--model", folder / "model.json")
    saved = data_of(result)["headline"]
    assert saved == pytest.approx(fitted, nan_ok=True)
    inputs = {entry["path"] for entry in json.loads(result.stdout)["inputs"]}
    assert str(folder / "model.json") in inputs


def test_the_shortage_forecast_on_a_stale_model_ends_with_6(folder):
    common = ("forecast", "toy3", "--as-of", "2030-01-01", "--months", 1, "--samples", 10)
    result = run(*common, "--model", folder / "model.json", "--workers", 1, "--format", "json")
    assert result.exit_code == 6
    assert "is stale" in json.loads(result.stdout)["data"]["verdict"]


@pytest.mark.parametrize("command", [("forecast", "toy3"), ("demand", "forecast")])
def test_something_must_say_what_demand_is_expected(command):
    result = run(*command)
    assert result.exit_code == 2
    assert "--model is needed" in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "model.json"),
        ("{}", "is not a saved demand model"),
        ('{"format": "gridtool-demand-model", "format_version": 99}', "99"),
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path, text, message):
    (tmp_path / "model.json").write_text(text)
    result = run("demand", "forecast", "--model", tmp_path / "model.json")
    assert result.exit_code == 3, result.output
    assert message in result.stderr


def test_a_job_runs_on_a_saved_model(folder, root, tmp_path):
    job = tmp_path / "job.toml"
    head = 'format = "gridtool-job"\nformat_version = 1\n[job]\nname = "toy"\n'
    tail = "[forecast]\nmonths = 1\nsamples = 10\nworkers = 1\noutlook = 0\nshares = 0\n"
    network = f'network = "{root / "networks" / "toy3"}"\n'
    demand = f'[demand]\nmodel = "{folder / "model.json"}"\n'
    job.write_text(head + network + 'as_of = "2026-05-06T03:00Z"\n' + demand + tail)
    result = run("run", job, "--format", "json")
    assert result.exit_code == 0, result.output
    inputs = {entry["path"].rsplit("/", 1)[-1] for entry in json.loads(result.stdout)["inputs"]}
    assert "model.json" in inputs
    job.write_text(head + network + 'as_of = "2030-05-06T03:00Z"\n' + demand + tail)
    stale = run("run", job, "--format", "json")
    assert stale.exit_code == 6
    assert "is stale" in json.loads(stale.stdout)["data"]["fallback"]


def test_hours_of_an_outage_log_are_guessed_and_shown(folder, tmp_path):
    """A tenth of a day's demand hidden and logged comes back in the unconstrained estimate."""
    text = gzip.decompress((folder / "made.csv.gz").read_bytes()).decode().splitlines()
    row = next(k for k, line in enumerate(text) if line.startswith("2026-03-10T00:00"))
    hidden = 0.0
    for k in range(row + 6, row + 18):
        cells = text[k].split(",")
        hidden += 0.4 * float(cells[1])
        text[k] = ",".join([cells[0], str(0.6 * float(cells[1])), *cells[2:]])
    (tmp_path / "short.csv").write_text("\n".join(text) + "\n")
    outages = tmp_path / "outages.csv"
    outages.write_text("from,to\n2026-03-10T06:00Z,2026-03-10T18:00Z\n")
    words = ("demand", "fit", tmp_path / "short.csv", *TZ, *AHEAD, "--outages", outages)
    result = run(*words)
    found = data_of(result)
    (day,) = [row for row in found["unconstrained_days"] if row["day"] == "2026-03-10"]
    assert day["guessed_hours"] == 12
    assert day["unserved_mwh"] == pytest.approx(hidden, rel=0.25)
    assert found["headline"]["unserved_mwh"] >= day["unserved_mwh"]
    assert sum(row["unserved_mwh"] for row in found["unconstrained"]) == pytest.approx(
        found["headline"]["unserved_mwh"]
    )
    inputs = {entry["path"] for entry in json.loads(result.stdout)["inputs"]}
    assert str(outages) in inputs


def test_a_stated_move_of_the_level_is_in_the_table(folder, tmp_path):
    events = tmp_path / "events.csv"
    events.write_text("kind,from,to,change_pct,note\nlevel,2026-02-01,,-5,gensets\n")
    words = ("demand", "fit", folder / "made.csv.gz", *TZ, *AHEAD, "--events", events)
    (step,) = [row for row in data_of(run(*words))["level_breaks"] if row["stated"]]
    assert step["step_pct"] == pytest.approx(-5.0)
    assert step["at"].startswith("2026-01-31T22:00")


def test_months_of_energy_make_a_model(tmp_path):
    """Monthly totals: a wide model of hours, of which the months themselves are shown."""
    rows = []
    for year in (2022, 2023, 2024, 2025):
        for month in range(1, 13):
            cold = 1.0 + 0.25 * abs(month - 7) / 6
            rows.append(f"{year}-{month:02d},{500_000 * cold:.0f}")
    path = write_rows(tmp_path / "months.csv", rows, header="month,energy_mwh")
    result = run("demand", "fit", path, *TZ, *AHEAD)
    found = data_of(result)
    assert [row["month"] for row in found["demand"]] == ["2026-01", "2026-02"]
    assert found["demand"][0]["energy_p50_mwh"] == pytest.approx(625_000, rel=0.1)
    assert found["history"][0]["months"] == 12


def test_districts_and_classes_add_up_to_the_city(folder, root):
    """Of one path, whose quantiles are its own numbers."""
    words = ("demand", "forecast", "--model", folder / "model.json", *AHEAD)
    more = ("--network", root / "networks" / "rivercity", "--quantiles", "0.5", "--paths", 20)
    result = run(*words, *more)
    found = data_of(result)
    for table in ("demand_districts", "demand_classes"):
        for month in ("2026-05", "2026-06"):
            rows = [row for row in found[table] if row["month"] == month]
            whole = next(row for row in found["demand"] if row["month"] == month)
            total = sum(row["energy_p50_mwh"] for row in rows)
            assert total == pytest.approx(whole["energy_p50_mwh"], rel=2e-3), table
    assert len(found["demand_districts"]) == 2 * 10
    assert "to the network's 1,500 MW" in found["model"]
    peak_mw = load_network(root / "networks" / "rivercity").peak_mw
    own = data_of(run(*words, *more, "--scale", "none"))
    ratio = own["demand"][0]["energy_p50_mwh"] / found["demand"][0]["energy_p50_mwh"]
    reference = json.loads((folder / "fit.json").read_text())["data"]["headline"]
    assert ratio == pytest.approx(reference["reference_peak_mw"] / peak_mw)
    inputs = {entry["path"].rsplit("/", 1)[-1] for entry in json.loads(result.stdout)["inputs"]}
    assert {"model.json", "feeders.csv"} <= inputs


@pytest.fixture(scope="module")
def districts(folder):
    """Half of rivercity's people live in its first district."""
    hours = hour_texts(100)
    days = [f"{hour},{50 + k % 24},{(50 + k % 24) / 9:.4f}" for k, hour in enumerate(hours)]
    rows = [f"{day},{','.join(day.split(',')[2:] * 8)}" for day in days]
    names = ",".join(f"D{k:02d}_mw" for k in range(1, 11))
    return write_rows(folder / "districts.csv", rows, header=f"timestamp_utc,{names}")


def test_a_history_by_district_overrules_the_feeders(folder, districts, root):
    words = ("demand", "forecast", "--model", folder / "model.json", *AHEAD)
    more = ("--network", root / "networks" / "rivercity", "--district-history", districts)
    found = data_of(run(*words, *more))
    first = [row for row in found["demand_districts"] if row["district"] == "D01"]
    city = found["demand"]
    for row, whole in zip(first, city, strict=True):
        assert row["energy_p50_mwh"] == pytest.approx(0.5 * whole["energy_p50_mwh"], rel=0.02)


def test_the_shortage_is_forecast_where_people_are(folder, districts, root):
    """Of a city that lacks supply the crowded district lacks most."""
    network = root / "networks" / "rivercity"
    common = ("forecast", network, "--as-of", "2026-05-06T03:00", "--months", 1, "--samples", 10)
    more = ("--model", folder / "model.json", "--workers", 1, "--no-outlook", "--no-shares")
    words = (*common, *more, "--import-change", "-5000", "--format", "json")
    plain = run(*words)
    moved = run(*words, "--district-history", districts)
    paths = {entry["path"] for entry in json.loads(moved.stdout)["inputs"]}
    assert str(districts) in paths
    share = {}
    for name, result in (("plain", plain), ("moved", moved)):
        rows = {row["district"]: row for row in data_of(result)["shortage"]}
        share[name] = rows["D01"]["eue_mwh"] / rows["*"]["eue_mwh"]
    assert share["plain"] < 0.25
    assert 0.35 < share["moved"] < 0.6


def test_a_history_by_district_needs_a_network_and_its_names(folder, districts, root, tmp_path):
    words = ("demand", "forecast", "--model", folder / "model.json", *AHEAD)
    alone = run(*words, "--district-history", districts)
    assert alone.exit_code == 2
    assert "--district-history needs --network" in alone.stderr
    other = tmp_path / "other.csv"
    other.write_text(districts.read_text().replace("D01_mw", "Atlantis_mw"))
    more = ("--network", root / "networks" / "rivercity", "--district-history", other)
    strange = run(*words, *more)
    assert strange.exit_code == 3
    assert "the network has no such district (value 'Atlantis')" in strange.stderr


def test_a_temperature_that_cannot_be_used_is_a_fallback(tmp_path):
    """The column is there, and empty but for the first days: exit 6, said in the verdict."""
    load, temp = write_made_city(tmp_path / "made.csv.gz")
    rows = [
        f"{hour},{mw:.1f},{t:.1f}" if k < 24 * 40 else f"{hour},{mw:.1f},"
        for k, (hour, mw, t) in enumerate(zip(hour_texts(DAYS), load, temp, strict=True))
    ]
    path = write_rows(tmp_path / "cold.csv", rows, header="timestamp_utc,load_mw,temp_c")
    result = run("demand", "fit", path, *TZ, *AHEAD)
    assert result.exit_code == 6, result.output
    found = json.loads(result.stdout)["data"]
    assert "temperature" in found["fallback"]
    assert found["fallback"] in found["verdict"]


def test_a_fit_is_calibrated_on_its_own_past(folder, tmp_path):
    """Said in the verdict, kept in the file, and used by forecasts from it."""
    words = ("demand", "fit", folder / "made.csv.gz", *TZ, *AHEAD, "--calibrate")
    found = data_of(run(*words, "--save", tmp_path / "model.json"))
    assert "Calibration: over 1 past origin" in found["verdict"]
    again = data_of(run("demand", "forecast", "--model", tmp_path / "model.json", *AHEAD))
    assert again["demand"] == found["demand"]
    plain = json.loads((folder / "fit.json").read_text())["data"]
    assert "Calibration" not in plain["verdict"]
