"""Saved models: exact, canonical, and refused in words when they are damaged."""

from __future__ import annotations

import dataclasses
import gzip
import json
import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.errors import HistoryError, StoreError
from gridtool.forecast.demand.choose import fit_history
from gridtool.forecast.demand.model import SpecialDays, SpecialPeriod
from gridtool.forecast.demand.periods.shape import HourShape
from gridtool.forecast.demand.saved import periods as save_periods
from gridtool.forecast.demand.saved import records as save_records
from gridtool.forecast.demand.saved.arrays import Reals, Wholes
from gridtool.forecast.demand.saved.codecs import FieldError, Instant, Reading
from gridtool.forecast.demand.saved.composed import OneOf, Record
from gridtool.forecast.demand.saved.mark import mark_history
from gridtool.forecast.demand.saved.read_model import parse_model, read_model
from gridtool.forecast.demand.saved.write import SavedModel, model_text, write_model
from gridtool.forecast.history.made import make_history
from gridtool.forecast.history.model import History, PeriodHistory
from gridtool.timegrid import TimeGrid

KYIV = ZoneInfo("Europe/Kyiv")
START, END = datetime(2023, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
GRID = TimeGrid(END, 24 * 40, KYIV)
OF_FILE = {"origin": "/somewhere/city.csv", "sha256": "ab" * 32}
DAYS = SpecialDays(
    kind_of={date(2024, 1, 1): "holiday", date(2024, 5, 5): "Великдень"},
    periods=(SpecialPeriod(kind="curfew", first=date(2024, 6, 1), last=date(2024, 6, 9)),),
    like={date(2025, 3, 8): 0},
    names={date(2024, 1, 1): "Новий рік\u200f"},  # a mark that cannot be seen
    notes=("moving feasts by the Julian calendar",),
)


def made(*, end=END, start=START, temperature=True, seed=3):
    load, temp = make_history(start=start, end=end, special_days=(), seed=seed)
    load[100:103] = np.nan
    temp[50:60] = np.nan
    return History(
        start=start,
        load_mw=load,
        temp_c=temp if temperature else None,
        zone=KYIV,
        **OF_FILE,
    )


def young():
    """Five months of load, two years of temperature."""
    history = made(start=datetime(2024, 1, 1, tzinfo=UTC))
    load = history.load_mw.copy()
    load[: 580 * 24] = np.nan
    return dataclasses.replace(history, load_mw=load)


def records_in(value, seen):
    """All records that are reached from a codec."""
    if isinstance(value, Record):
        if value in seen:
            return
        seen.append(value)
        for codec in value.codecs.values():
            records_in(codec, seen)
    elif isinstance(value, OneOf):
        for record in value.kinds.values():
            records_in(record, seen)
    elif dataclasses.is_dataclass(value):
        for member in dataclasses.fields(value):
            records_in(getattr(value, member.name), seen)


def energy(step):
    """The made city's energy by local day or month."""
    history = made()
    load = np.where(np.isnan(history.load_mw), 800.0, history.load_mw)
    stamps = pd.date_range(START, periods=history.hours, freq="h").tz_convert(KYIV)
    local = stamps.tz_localize(None)
    key = local.to_period("M" if step == "month" else "D")
    whole = slice(1, -1)  # the first and the last are cut by the zone
    first = np.flatnonzero(key != np.roll(key, 1))[1:]
    edges = stamps[first].tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[s]")
    sums = pd.Series(load).groupby(key).sum().to_numpy()[whole]
    means = pd.Series(history.temp_c).groupby(key).mean().to_numpy()[whole]
    assert len(sums) == len(edges) - 1
    return PeriodHistory(
        step=step, edges=edges, energy_mwh=sums, temp_c=means, zone=KYIV, **OF_FILE
    )


def by_year():
    """Three yearly totals."""
    edges = np.array([f"{year}-12-31T22:00:00" for year in range(2021, 2025)], "datetime64[s]")
    totals = np.array([7.0e6, 7.2e6, 7.3e6])
    return PeriodHistory(
        step="year", edges=edges, energy_mwh=totals, temp_c=None, zone=KYIV, **OF_FILE
    )


HISTORIES = {
    "days": lambda: energy("day"),
    "months": lambda: energy("month"),
    "years": by_year,
    "weather": made,
    "short": young,
    "no weather": lambda: made(temperature=False),
}


def test_a_shape_learned_from_hours_is_kept():
    """Hours that cannot be fitted shape their days."""
    shape = HourShape.of(None, zone=KYIV, special_days=DAYS)
    learned = np.linspace(-0.1, 0.1, 72).reshape(3, 24)
    given = dataclasses.replace(shape, learned=learned)
    plain = json.loads(json.dumps(save_periods.HOUR_SHAPE.encode(given)))
    back = save_periods.HOUR_SHAPE.decode(plain, Reading(file="x"), place="shape")
    assert back.learned.tobytes() == learned.tobytes()
    assert list(back.mix) == list(given.mix)  # the order in which the classes are added up


@pytest.fixture(scope="module", params=sorted(HISTORIES))
def fitted(request):
    history = HISTORIES[request.param]()
    return history, fit_history(history, special_days=DAYS)


@pytest.fixture(scope="module")
def text():
    """A small saved model: a short history."""
    history = HISTORIES["short"]()
    model = fit_history(history)
    mark = mark_history(history)
    return model_text(SavedModel(model=model, mark=mark, gridtool_version="0.1.0"))


@pytest.fixture
def written(fitted, tmp_path):
    history, model = fitted
    path = tmp_path / "model.json"
    write_model(model, path, history=history, gridtool_version="0.1.0")
    return path


def test_paths_after_reading_are_byte_for_byte_those_of_the_model(fitted, written):
    _, model = fitted
    saved = read_model(written)
    for seed, first in ((1, 0), (2, 7)):
        own = model.simulate(4, grid=GRID, seed=seed, first=first)
        assert saved.simulate(4, grid=GRID, seed=seed, first=first).tobytes() == own.tobytes()
        assert saved.prepare(GRID).draw(4, seed=seed, first=first).tobytes() == own.tobytes()
    assert saved.notes(GRID) == model.notes(GRID)
    assert saved.reference_peak_mw == model.reference_peak_mw
    assert saved.weaker == model.weaker
    assert saved.description == f"{model.description}; read from a file"


def test_a_model_is_written_twice_and_again_after_reading_with_the_same_bytes(fitted, written):
    history, model = fitted
    again, packed = written.with_name("again.json"), written.with_name("again.json.gz")
    write_model(model, again, history=history, gridtool_version="0.1.0")
    assert again.read_bytes() == written.read_bytes()
    write_model(read_model(written), again)
    assert again.read_bytes() == written.read_bytes()
    write_model(read_model(written), packed)
    first = packed.read_bytes()
    write_model(read_model(packed), packed)
    assert packed.read_bytes() == first
    assert gzip.decompress(first) == written.read_bytes()
    assert len(first) < 0.6 * len(written.read_bytes())


def test_a_file_says_what_it_is_and_of_which_history(fitted, written):
    history, _ = fitted
    head = json.loads(written.read_text(encoding="ascii"))
    assert head["format"] == "gridtool-demand-model"
    assert head["format_version"] == 1
    assert head["gridtool_version"] == "0.1.0"
    mark = head["history"]
    assert mark["sha256"] == "ab" * 32
    assert mark["origin"] == "city.csv"  # no folders of the machine it was made on
    assert mark["start"] == history.start.isoformat().replace("+00:00", "Z")
    assert mark["end"] == history.end.isoformat().replace("+00:00", "Z")
    energy_mwh = history.load_mw if isinstance(history, History) else history.energy_mwh
    assert sum(year["known"] for year in mark["years"]) == np.isfinite(energy_mwh).sum()
    assert math.isclose(sum(year["energy_mwh"] for year in mark["years"]), np.nansum(energy_mwh))
    assert read_model(written).mark == mark_history(history)


def test_scaling_a_saved_model_is_fitting_it_to_that_peak(written, fitted):
    history, _ = fitted
    scaled = read_model(written).scaled_to(300.0)
    fresh = fit_history(history, special_days=DAYS, peak_mw=300.0)
    own = fresh.simulate(3, grid=GRID, seed=1)
    assert scaled.simulate(3, grid=GRID, seed=1).tobytes() == own.tobytes()
    assert "to the network's 300 MW" in scaled.description
    copy = written.with_name("scaled.json")
    write_model(scaled, copy)
    assert read_model(copy).description == scaled.description


def test_every_field_of_every_record_has_a_codec():
    """A new field of a model must be given a line in save_records."""
    seen = []
    records_in(save_records.MODEL, seen)
    records_in(save_records.HISTORY_MARK, seen)
    assert len(seen) >= 9
    for record in seen:
        assert not record.unlisted, record.made
        assert set(record.codecs) <= {f.name for f in dataclasses.fields(record.made)}


def test_a_record_with_a_field_that_has_no_codec_is_not_written():
    @dataclasses.dataclass(frozen=True)
    class Grown:
        old: float
        new: float = 0.0

    record = Record(Grown, {"old": save_records.Real()})
    with pytest.raises(TypeError, match=r"without a codec: \{'new'\}"):
        record.encode(Grown(old=1.0))


def test_a_field_younger_than_the_file_takes_its_default_and_others_may_not_miss(text):
    document = json.loads(text)
    del document["model"]["weaker"]
    assert parse_model(json.dumps(document), name="m.json").weaker is None
    del document["model"]["band"]
    with pytest.raises(HistoryError, match=r"m.json, model.band: is missing"):
        parse_model(json.dumps(document), name="m.json")


def test_a_model_of_another_kind_is_not_saved(tmp_path):
    class Own:
        description = "made by hand"

    with pytest.raises(StoreError, match="Own has no form in a file"):
        write_model(Own(), tmp_path / "own.json")
    assert not list(tmp_path.iterdir())


def change(document, place, value):
    *way, last = place
    for step in way:
        document = document[step]
    document[last] = value


MODEL = "model"
DAMAGE = {
    "newer": (("format_version",), 2, "newer gridtool"),
    "version": (("format_version",), "one", "not a whole number"),
    "foreign": (("format",), "other", "not a saved demand model"),
    "kind": ((MODEL, "kind"), "neural", "is not known"),
    "nothing": ((MODEL,), None, "not an object"),
    "unknown field": ((MODEL, "surprise"), 1, "not known to this version"),
    "unknown member": (("code",), "import os", "not known to this version"),
    "text for number": ((MODEL, "factor"), "1.0", "is not a number"),
    "flag for number": ((MODEL, "factor"), True, "is not a number"),
    "zero": ((MODEL, "factor"), 0, "out of range"),
    "huge": ((MODEL, "level", "mean"), 1e9, "out of range"),
    "negative": ((MODEL, "level", "variance"), -0.1, "out of range"),
    "null": ((MODEL, "residual_days", "values", "values", 5), None, r"values\[5\]: is not acc"),
    "word": ((MODEL, "regression", "calendar", "values", 5), "x", r"calendar\[5\]"),
    "hot": ((MODEL, "weather", "temp_c", 7), 451.0, r"temp_c\[7\].*accepted: numbers from -120"),
    "shape": ((MODEL, "regression", "calendar", "shape"), [24, 999], "is not an array"),
    "flat": ((MODEL, "regression", "calendar"), [1.0], "has 1 dimensions"),
    "length": ((MODEL, "residual_days", "day_of_year"), [1, 2], "has 2 entries where"),
    "far week": ((MODEL, "residual_days", "starts"), [100_000], "begins on day 100000"),
    "no week": ((MODEL, "residual_days", "starts"), [], "no week"),
    "band": ((MODEL, "band"), [7.0, 5.0], "first must be below"),
    "memories": ((MODEL, "regression", "terms", "memories_h"), [1, 24], "there are 2 memories"),
    "harmonics": ((MODEL, "regression", "terms", "harmonics"), 3, "draws no paths"),
    "kinds": (
        (MODEL, "regression", "special_days", "kind_of"),
        {"2024-01-01": "holiday"},
        "draws no paths",
    ),
    "date": ((MODEL, "regression", "special_days", "kind_of"), {"1.1.24": "x"}, "is not a date"),
    "time": ((MODEL, "end"), "2026-01-01", "is not a time in UTC"),
    "year": ((MODEL, "end"), "9999-12-31T23:00:00Z", "is not a time in UTC"),
    "zone": ((MODEL, "weather", "zone"), "../../etc/passwd", "is not a time zone"),
    "mark": (("history", "years"), {}, "history.years: is not a list"),
}


@pytest.mark.parametrize("name", sorted(DAMAGE))
def test_a_damaged_file_is_refused_with_its_field(text, name):
    place, value, words = DAMAGE[name]
    document = json.loads(text)
    change(document, place, value)
    with pytest.raises(HistoryError, match=words) as caught:
        parse_model(json.dumps(document), name="m.json")
    issue = caught.value.issues[0]
    assert issue.file == "m.json"
    assert issue.field
    assert caught.value.exit_code == 3


def test_all_findings_come_at_once(text):
    document = json.loads(text)
    change(document, (MODEL, "factor"), "x")
    change(document, (MODEL, "level", "mean"), None)
    change(document, ("gridtool_version",), 1)
    with pytest.raises(HistoryError) as caught:
        parse_model(json.dumps(document), name="m.json")
    fields = {issue.field for issue in caught.value.issues}
    assert fields == {"model.factor", "model.level.mean", "gridtool_version"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\x80\x04K\x01.", b"\x1f\x8b\x08\x00", b'{"format": NaN}'],
)
def test_files_that_are_no_models_are_refused(tmp_path, content):
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(HistoryError):
        read_model(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(HistoryError, match="no such file"):
        read_model(tmp_path / "none.json")


def places(plain, way=()):
    """Ways to every member of a document, and to some entries of its arrays."""
    yield way
    if isinstance(plain, dict):
        for key, value in plain.items():
            yield from places(value, (*way, key))
    elif isinstance(plain, list):
        for position in {0, len(plain) // 2, len(plain) - 1} if plain else ():
            yield from places(plain[position], (*way, position))


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**19), 10**19),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.lists(st.integers(-5, 5), max_size=3),
    st.just({"shape": [2, 2], "values": [0.0, 1.0, 2.0, 3.0]}),
    st.just({"shape": [0, 24], "values": []}),
)


@settings(max_examples=60, deadline=None)
@given(draw=st.data(), odd=ODD, delete=st.booleans())
def test_a_mutated_file_is_refused_or_draws_finite_paths(text, draw, odd, delete):
    """No mutation of any member ends in anything but a model that works or a HistoryError."""
    document = json.loads(text)
    way = draw.draw(st.sampled_from([way for way in places(document) if way]))
    if delete:
        parent = document
        for step in way[:-1]:
            parent = parent[step]
        del parent[way[-1]]
    else:
        change(document, way, odd)
    try:
        saved = parse_model(json.dumps(document), name="m.json")
        paths = saved.simulate(2, grid=TimeGrid(END, 24 * 20, KYIV), seed=1)
    except HistoryError:
        return  # anything else is a traceback
    assert np.isfinite(paths).all()


@settings(max_examples=30, deadline=None)
@given(draw=st.data())
def test_a_torn_file_is_refused(text, draw):
    cut = draw.draw(st.integers(0, len(text) - 2))
    with pytest.raises(HistoryError):
        parse_model(text[:cut], name="m.json")


REAL = st.floats(-1e300, 1e300) | st.just(math.nan)


@given(numbers=st.lists(REAL, max_size=12), rows=st.integers(1, 3))
def test_arrays_come_back_bit_for_bit(numbers, rows):
    array = np.array(numbers[: len(numbers) // rows * rows]).reshape(rows, -1)
    codec = Reals(shape=("a", "b"), gaps=True)
    back = codec.decode(
        json.loads(json.dumps(codec.encode(array))), Reading(file="x"), place="array"
    )
    assert back.shape == array.shape
    canonical = np.where(np.isnan(array), np.nan, array)
    assert back.tobytes() == canonical.tobytes()  # the sign of a zero included


def test_whole_numbers_come_back_and_infinite_ones_are_not_written():
    codec, array = Wholes(shape=("n",)), np.array([3, 0, 7])
    back = codec.decode(json.loads(json.dumps(codec.encode(array))), Reading(file="x"), place="a")
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)
    with pytest.raises(FieldError, match=r"a\[1\]: is not accepted"):
        codec.decode([1, 2.5], Reading(file="x"), place="a")
    with pytest.raises(ValueError, match="infinite"):
        Reals(shape=("n",)).encode(np.array([np.inf]))


@given(seconds=st.integers(-(2**31), 2**32))
def test_instants_come_back(seconds):
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert Instant().decode(Instant().encode(moment), Reading(file="x"), place="t") == moment
