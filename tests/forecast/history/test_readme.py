"""What ``forecasts/history/README.md`` says of a user's own file holds."""

import re

import pytest

from gridtool.forecast.history.columns import find_columns
from gridtool.forecast.history.made import MadeCity
from gridtool.forecast.history.rules import LARGEST_MW


@pytest.fixture
def text(root):
    return (root / "forecasts" / "history" / "README.md").read_text(encoding="utf-8")


def names_of(text, row):
    line = next(line for line in text.splitlines() if line.startswith(f"| {row} |"))
    return re.findall(r"`([a-z_]+)`", line.split("|")[2])


def test_every_name_it_lists_is_recognised(text):
    times = [name for name in names_of(text, "time") if not name.startswith("_")]
    loads = [name for name in names_of(text, "demand") if not name.startswith("_")]
    temps = [name for name in names_of(text, "temperature") if not name.startswith("_")]
    assert len(times) >= 4
    for time in times:
        for suffix in ("", "_utc", "_local"):
            for load in loads:
                for unit in ("", "_mw", "_kw", "_gw"):
                    header = (time + suffix, load + unit, temps[0] + "_f")
                    match, issues = find_columns(header, named={}, file="f")
                    assert not issues, header
                    assert (match.time, match.load.name, *match.temps) == header
                    assert match.clock == (suffix[1:] or "auto")
                    assert match.load.mw_per_unit == {"_kw": 1e-3, "_gw": 1e3}.get(unit, 1.0)
                    assert match.fahrenheit


def test_its_numbers_are_those_of_the_code(text):
    city = MadeCity()
    assert f"{LARGEST_MW:,.0f} MW".replace(",", " ") in text
    for number in (
        f"{city.mean_temp_c} °C",
        f"±{city.season_temp_c} °C",
        f"±{city.day_temp_c} °C",
        f"{city.weather_days} days",
        f"{city.weather_sigma_c} °C",
        f"{city.heating_mw_per_c:.0f} MW for each degree below {city.heating_below_c:.0f} °C",
        f"{city.cooling_mw_per_c:.0f} MW for each degree above {city.cooling_above_c:.0f} °C",
        f"{100 * city.growth_per_year:.1f} % a year",
        f"noise of {city.noise_pct} %",
    ):
        assert number in " ".join(text.split()), number
