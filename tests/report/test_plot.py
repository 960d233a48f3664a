"""Charts: values in the specification, words in the titles, and files that need nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from gridtool.errors import InputError
from gridtool.forecast.demand.choose import fit_history
from gridtool.forecast.demand.model import Calibration, LevelBreak, Unconstrained
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History
from gridtool.report.charts import rows_of, stack, wrap_lines
from gridtool.report.charts_demand import chart_ahead, chart_cover, chart_history
from gridtool.report.plot import FORMATS, render_chart, write_chart
from gridtool.report.plot_demand import CHARTS, DemandDrawn, draw_demand
from gridtool.report.plot_text import draw_ahead, draw_weeks
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
PIT = pd.DataFrame(
    {
        "method": "model",
        "from_pct": np.arange(10) * 10.0,
        "to_pct": np.arange(1, 11) * 10.0,
        "share": [0.2, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.1, 0.1, 0.2],
    }
)


def title_of(spec):
    return " ".join(spec["title"]["text"]).replace("\u00a0", " ")


def values_of(spec, field):
    """All values of ``field`` in the data of a chart."""
    return [row[field] for rows in spec["datasets"].values() for row in rows if field in row]


def rows_with(spec, field):
    return [row for rows in spec["datasets"].values() for row in rows if field in row]


@pytest.fixture(scope="module")
def drawn():
    load, temp = make_history(start=START, end=END, special_days=(), seed=3)
    served = load.copy()
    short = slice(9000, 9048)
    served[short] *= 0.6
    guessed = np.zeros(len(load), dtype=bool)
    guessed[short] = True
    history = History(start=START, load_mw=served, temp_c=temp, zone=KYIV)
    model = fit_history(history)
    grid = TimeGrid(END, 24 * 90, KYIV)
    moved = LevelBreak(at=START + timedelta(days=300), step=-0.08, step_se=0.01, stated=False)
    return DemandDrawn(
        model=model,
        paths=model.simulate(60, grid=grid, seed=1),
        grid=grid,
        history=history,
        demand=Unconstrained(
            load_mw=load, guessed=guessed, measured=np.zeros_like(guessed), breaks=(moved,)
        ),
        pit=PIT,
    )


@pytest.fixture(scope="module")
def specs(drawn):
    return draw_demand(drawn)


def test_all_charts_are_drawn_in_order(specs):
    assert tuple(specs) == CHARTS
    for name, spec in specs.items():
        assert spec["$schema"].endswith("v6.4.1.json"), name
        titles = json.dumps(spec)
        assert "[MW]" in titles or "[%" in titles, f"{name} has no unit on an axis"
        assert re.search(r"\d", title_of(spec)), f"{name} says no number"


def test_the_history_says_what_was_not_served(specs, drawn):
    lost = float(np.nansum(drawn.demand.load_mw - drawn.history.load_mw))
    assert f"{lost / 1000:.0f} GWh wanted but not served" in title_of(specs["history"])
    assert "48 hours are estimates" in title_of(specs["history"])
    shown = [hours for hours in values_of(specs["history"], "guessed_hours") if hours]
    assert sum(shown) == 2 * 48  # once in the days, once in the ticks
    assert values_of(specs["history"], "label")[-1] == "-7.7 %"  # exp(-0.08) - 1


def test_the_fan_holds_the_paths_quantiles(specs, drawn):
    week = drawn.paths[:, :168].mean(axis=1)
    assert values_of(specs["ahead"], "p50")[0] == pytest.approx(np.median(week), rel=1e-5)
    assert values_of(specs["ahead"], "p10")[0] == pytest.approx(np.quantile(week, 0.1), rel=1e-5)
    peak = drawn.paths[:, :168].max(axis=1)
    assert values_of(specs["peaks"], "p90")[0] == pytest.approx(np.quantile(peak, 0.9), rel=1e-5)
    assert values_of(specs["ahead"], "date")[0] == "2026-01-01T00:00Z"  # the local day, as UTC
    assert "a year before" in title_of(specs["ahead"])


def test_past_years_are_scaled_as_the_paths(drawn):
    scaled = fit_history(drawn.history, peak_mw=100.0)
    paths = scaled.simulate(20, grid=drawn.grid, seed=1)
    spec = draw_demand(
        DemandDrawn(model=scaled, paths=paths, grid=drawn.grid, history=drawn.history)
    )["ahead"]
    past = values_of(spec, "value_mw")
    assert past
    assert max(past) < 100.0
    assert np.mean(past) == pytest.approx(np.mean(values_of(spec, "p50")), rel=0.2)


def test_the_response_tells_the_made_city_s_heating(specs):
    """The made city adds 16 MW for each degree of its heating, half of it seen on average."""
    words = title_of(specs["temperature"])
    slope = float(re.search(r"each degree colder adds (\d+) MW", words).group(1))
    assert 8 <= slope <= 18


def test_the_cover_says_when_intervals_were_too_narrow(specs):
    assert "60 % of the hours came to lie within the middle 80 %" in title_of(specs["cover"])
    assert "too narrow" in title_of(specs["cover"])
    even = PIT.assign(share=0.1)
    assert "could be taken as they are" in title_of(chart_cover(even))


def test_without_a_history_there_are_the_months_ahead_and_the_level(drawn):
    found = draw_demand(DemandDrawn(model=drawn.model, paths=drawn.paths, grid=drawn.grid))
    assert set(found) == {"ahead", "peaks", "level"}


def test_the_level_ahead_is_as_wide_as_the_paths_are_calibrated(drawn, specs):
    wide = replace(drawn.model, calibration=Calibration(level_scale=2.0, origins=5))
    spec = draw_demand(DemandDrawn(model=wide, paths=drawn.paths, grid=drawn.grid))["level"]

    widest = [
        max(np.log(row["high_pct"] / row["low_pct"]) for row in rows_with(chart, "high_pct"))
        for chart in (specs["level"], spec)
    ]
    assert widest[1] / widest[0] == pytest.approx(2.0, rel=1e-3)


def test_another_history_than_the_model_s_is_not_laid_over_its_curve(drawn):
    later = replace(
        drawn.history,
        start=drawn.history.start + timedelta(hours=24),
        load_mw=drawn.history.load_mw[24:],
        temp_c=drawn.history.temp_c[24:],
    )
    found = draw_demand(
        DemandDrawn(model=drawn.model, paths=drawn.paths, grid=drawn.grid, history=later)
    )
    assert "temperature" not in found
    assert "week" in found


def test_a_whole_history_says_so(drawn):
    history = drawn.history
    found = draw_demand(
        DemandDrawn(model=drawn.model, paths=drawn.paths, grid=drawn.grid, history=history)
    )
    assert "no hours known or found to be short" in title_of(found["history"])


@pytest.mark.parametrize("suffix", [".svg", ".html"])
def test_the_same_chart_gives_the_same_bytes(specs, suffix):
    both = stack([specs["ahead"], specs["cover"]])
    assert render_chart(both, suffix) == render_chart(both, suffix)


def test_a_page_holds_all_it_needs(specs):
    """No tag that fetches, and a policy that forbids the page every request."""
    page = render_chart(stack(list(specs.values())), ".html").decode()
    head, _, rest = page.partition('<script type="module">')
    assert page.count("<script") == 1
    assert page.count("</script") == 1
    assert not re.search(r"""(src|href)\s*=\s*["']""", head)
    assert "default-src 'none'" in head
    assert "connect-src" not in head
    assert "img-src data:" in head
    assert not re.search(r"""^\s*import\s.*from\s*["']http""", rest, re.MULTILINE)
    assert '"#chart"' in rest
    assert title_of(specs["history"]) in page.replace("\u00a0", " ")


def test_marks_that_would_end_the_script_are_escaped():
    levels = {key: [1.0] for key in ("p10", "p25", "p50", "p75", "p90")}
    spec = chart_ahead(pd.DataFrame({"date": [pd.Timestamp("2026-01-05")], **levels}))
    spec["title"]["text"] = ["</script><b>"]
    page = render_chart(spec, ".html").decode()
    assert page.count("</script") == 1
    assert "<title>&lt;/script&gt;&lt;b&gt;</title>" in page


@pytest.mark.parametrize(
    ("suffix", "magic"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<svg")]
)
def test_every_format_is_what_it_says(specs, tmp_path, suffix, magic):
    path = tmp_path / f"chart{suffix}"
    write_chart(specs["cover"], path)
    assert path.read_bytes().startswith(magic)


def test_another_ending_is_refused(specs, tmp_path):
    with pytest.raises(InputError, match=r"\.html, \.svg, \.png, \.pdf"):
        write_chart(specs["cover"], tmp_path / "chart.gif")
    assert set(FORMATS) == {".html", ".svg", ".png", ".pdf"}


def test_svg_text_is_text_and_draws_no_times_of_the_viewer(specs):
    drawing = render_chart(specs["level"], ".svg").decode()
    assert "level [% of the last year's]" in drawing.replace("&#39;", "'")
    assert "NaN" not in drawing


def test_numbers_are_never_parted_from_their_units():
    lines = wrap_lines("in 8 of 10 futures 16 683 to 17 823 MW known to ±3.6 % at 12 °C", 20)
    for line in lines:
        assert len(line) <= 20
        assert not re.match(r"(683|823|MW|%|°C)", line)
    assert " ".join(lines).replace("\u00a0", " ").startswith("in 8 of 10 futures 16 683 to")


def test_rows_are_plain_and_rounded():
    frame = pd.DataFrame({"date": [pd.Timestamp("2026-01-05")], "x": [1 / 3], "n": [np.nan]})
    assert rows_of(frame).to_dict()["values"] == [
        {"date": "2026-01-05T00:00Z", "x": 0.333333, "n": None}
    ]


def test_nothing_cannot_be_stacked():
    with pytest.raises(ValueError, match="nothing to draw"):
        stack([])


def test_the_terminal_shows_months_and_weeks(drawn):
    ahead = draw_ahead(drawn.paths, grid=drawn.grid)
    lines = ahead.text.splitlines()
    assert len(lines) == len(drawn.grid.months) + 1
    for line in lines[:-2]:  # the last month has but the hours that the clock moved
        assert line.count("|") == 2  # the middle of the mean and that of the peak
        assert len(line) <= 70
    frame = pd.DataFrame(
        {
            "date": pd.date_range("2026-01-05", periods=21, freq="D"),
            "served_mw": np.repeat([100.0, 200.0, np.nan], 7),
        }
    )
    weeks = draw_weeks(frame)
    assert len(weeks.text) == 3
    assert weeks.text[1:] == "█·"
    assert "100 to 200 MW" in weeks.title
    assert draw_weeks(frame.assign(served_mw=np.nan)) is None


def test_a_history_by_day_with_no_loss_has_one_colour():
    frame = pd.DataFrame(
        {
            "date": pd.date_range("2026-01-05", periods=3, freq="D"),
            "days": 1,
            "served_mw": [1.0, 2.0, 3.0],
            "wanted_mw": [1.0, 2.0, 3.0],
            "guessed_hours": 0,
            "missing_hours": 0,
            "unserved_mwh": 0.0,
        }
    )
    assert values_of(chart_history(frame), "key") == ["served"]
