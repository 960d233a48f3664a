"""``gridtool demand plot``: files, the terminal, and what is refused."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from gridtool.cli.demand_plot import plot
from gridtool.errors import HistoryError, InputError
from gridtool.forecast.demand.choose import fit_history
from gridtool.forecast.demand.saved.write import write_model
from gridtool.forecast.history.read import read_demand_history


@pytest.fixture(scope="module")
def history_file(root):
    return root / "forecasts" / "history" / "rivercity_hourly.csv.gz"


@pytest.fixture(scope="module")
def model_file(history_file, tmp_path_factory):
    history = read_demand_history(history_file, zone=ZoneInfo("Europe/Kyiv"))
    path = tmp_path_factory.mktemp("model") / "demand.json.gz"
    write_model(fit_history(history), path, history=history, gridtool_version="0.1.0")
    return path


def call(*words):
    result = CliRunner().invoke(plot, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_saved_model_is_drawn_alone_in_its_own_zone(model_file, tmp_path):
    out = tmp_path / "ahead.svg"
    result = call("--model", model_file, "--months", 2, "--paths", 40, "-o", out)
    assert result.exit_code == 0
    assert "The model:" in result.stdout
    assert f"written to {out}" in result.stderr
    drawing = out.read_text(encoding="utf-8")
    assert "week beginning, local date" in drawing
    assert "level [% of the last year" in drawing
    again = tmp_path / "again.svg"
    call("--model", model_file, "--months", 2, "--paths", 40, "-o", again)
    assert again.read_bytes() == out.read_bytes()


def test_a_history_is_drawn_with_all_its_charts(history_file, tmp_path):
    out = tmp_path / "city.html"
    result = call(history_file, "--tz", "Europe/Kyiv", "--months", 2, "--paths", 40, "-o", out)
    assert result.exit_code == 0
    page = out.read_text(encoding="utf-8")
    for words in ("mean temperature of the day", "hour of the week, local time", "served"):
        assert words in page
    assert "of the hours came to lie" not in page  # no backtest was asked for


def test_one_chart_can_be_asked_for(model_file, tmp_path):
    out = tmp_path / "level.svg"
    call("--model", model_file, "--chart", "level", "--months", 1, "--paths", 20, "-o", out)
    drawing = out.read_text(encoding="utf-8")
    assert "level [% of the last year" in drawing
    assert "week beginning" not in drawing


def test_without_a_file_two_small_charts_are_printed(history_file, model_file):
    result = call(history_file, "--model", model_file, "--months", 3, "--paths", 40)
    assert result.exit_code == 0
    assert "Weekly mean demand, " in result.stdout
    months = re.findall(r"^ +(\d{4}-\d\d) [ |=-]+$", result.stdout, re.MULTILINE)
    assert months == ["2027-01", "2027-02", "2027-03"]


def test_the_months_are_those_after_the_history(model_file):
    """January 2027 begins where the history ends."""
    result = call("--model", model_file, "--months", 1, "--paths", 20)
    assert "2027-01 " in result.stdout


def test_a_chart_that_cannot_be_drawn_is_refused(model_file, tmp_path):
    with pytest.raises(InputError, match="nothing to draw for temperature"):
        call(
            "--model", model_file, "--chart", "temperature", "--months", 1, "-o", tmp_path / "x.svg"
        )
    assert not list(tmp_path.iterdir())


def test_another_format_is_refused_before_the_work(tmp_path):
    with pytest.raises(InputError, match="charts have no such format"):
        call(tmp_path / "none.csv", "-o", tmp_path / "chart.bmp")


def test_a_damaged_model_is_refused(tmp_path):
    path = tmp_path / "model.json"
    path.write_text('{"format": "gridtool-demand-model"}', encoding="utf-8")
    with pytest.raises(HistoryError, match="format_version"):
        call("--model", path)


def test_nothing_given_is_a_usage_error():
    assert call().exit_code == 2
