"""A forecast that is stopped is that of the samples it had: the same as one asked with so many."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from forecast.test_shortage import UNITS, Shape, damaged, one_bus

from gridtool.forecast import premises
from gridtool.forecast.model import ForecastConfig
from gridtool.forecast.shortage import Stopped, forecast_shortage


class After:
    """Says stop once so many samples are done."""

    def __init__(self, samples):
        self.left = samples

    def advance(self, done):
        self.left -= done

    def __call__(self):
        return self.left <= 0


def forecast(*, stop=None, **config):
    network = one_bus(UNITS, infeeds=(("I", 5.0),))
    return forecast_shortage(
        damaged(network),
        None,
        Shape(peak_mw=network.peak_mw, spread=0.1),
        config=ForecastConfig(
            **{"months": 1, "outlook_samples": 15, "share_samples": 20, "workers": 1} | config
        ),
        seed=3,
        progress=None if stop is None else stop.advance,
        stop=stop,
    )


def flatten(result):
    """Every value of a forecast, as text or bytes."""
    return {
        field.name: value.to_csv() if isinstance(value, pd.DataFrame) else value
        for field in dataclasses.fields(result)
        if field.name not in ("grid", "kept")
        for value in [getattr(result, field.name)]
    }


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(premises, "CHUNK_SAMPLES", 10)


@pytest.mark.parametrize("samples", [10, 15, 20, 30])
def test_it_equals_the_forecast_of_the_samples_done(samples):
    """Also before, at and after the ends of the outlook's and the shares' samples."""
    stopped = forecast(samples=45, keep_samples=25, stop=After(samples))
    assert stopped.samples == stopped.config.samples == samples
    asked = forecast(samples=samples, keep_samples=25)
    assert flatten(stopped) == flatten(asked)
    for field in dataclasses.fields(asked.kept):
        one, other = (getattr(each.kept, field.name) for each in (stopped, asked))
        if isinstance(other, np.ndarray):
            assert one.tobytes() == other.tobytes(), field.name


def test_with_workers_it_is_a_forecast_of_whole_chunks(monkeypatch):
    monkeypatch.setattr(premises, "POOL_FROM_HOURS", 0)
    stopped = forecast(samples=100, workers=2, stop=After(25))
    assert 25 <= stopped.samples < 100
    asked = forecast(samples=stopped.samples, workers=2)
    assert flatten(stopped) == flatten(asked)


def test_without_an_end_it_is_the_whole_forecast():
    assert flatten(forecast(samples=30, stop=After(1000))) == flatten(forecast(samples=30))


def test_too_few_samples_are_no_forecast():
    with pytest.raises(Stopped, match="after 0 samples"):
        forecast(samples=30, stop=After(0))
