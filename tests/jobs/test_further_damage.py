"""Further damage as it is stated, and what is refused."""

from __future__ import annotations

import pytest

from gridtool.errors import JobFileError
from gridtool.jobs.further_damage import expose_assets, read_further_damage
from gridtool.jobs.model import StatedDamage
from gridtool.jobs.read import read_job
from gridtool.network.catalog import load_network

HEAD = 'format = "gridtool-further-damage"\nformat_version = 1\n[further_damage]\n'


@pytest.fixture
def write(tmp_path):
    def write_file(text):
        path = tmp_path / "more.toml"
        path.write_text(text)
        return path

    return write_file


def messages(path):
    with pytest.raises(JobFileError) as caught:
        read_further_damage(path)
    return [str(issue) for issue in caught.value.issues]


def stated(**changes):
    given = {"rate_per_month": 1.0, "batch": (1.0,), "states": {"complete": 1.0}}
    return StatedDamage(**given | {"kinds": {}, "exposure": {}} | changes)


def test_a_statement_is_read_as_written(write):
    text = "rate_per_month = 2.5\nbatch = [0.5, 0.5]\nkinds = {line = 1.0}\n"
    found = read_further_damage(write(HEAD + text))
    assert (found.rate_per_month, found.batch) == (2.5, (0.5, 0.5))
    assert dict(found.states) == {"extensive": 1.0}
    assert dict(found.kinds) == {"line": 1.0}


def test_probabilities_and_words_are_checked_all_at_once(write):
    text = (
        "rate_per_month = 1.0\nbatch = [0.5, 0.4]\nstates = {none = 0.5, sligt = 0.4}\n"
        "kinds = {transformr = 1.0}\n"
    )
    found = " | ".join(messages(write(HEAD + text)))
    for words in (
        "further_damage.batch: the probabilities add up to 0.9",
        "further_damage.states: the probabilities add up to 0.9",
        "further_damage.states.none: is not a damage state",
        "did you mean slight",
        "further_damage.kinds.transformr: is not a kind of asset",
        "did you mean transformer",
    ):
        assert words in found.replace("'", ""), (words, found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rate_per_month = -1.0\nkinds = {line = 1.0}", "at least 0"),
        ("rate_per_month = nan\nkinds = {line = 1.0}", "rate_per_month"),
        ("rate_per_month = 1.0\nbatch = [1.5]\nkinds = {line = 1.0}", "at most 1"),
        ("rate_per_month = 1.0\nkinds = {line = 0.0}", "above 0"),
        ("rate_per_month = 1.0", "of no asset"),
        ("rate = 1.0", "did you mean"),
        ("kinds = {line = 1.0}", "is missing"),
    ],
)
def test_what_is_out_of_range_is_refused(write, text, words):
    assert words in " ".join(messages(write(HEAD + text)))


def test_the_head_is_asked_for(write):
    found = messages(write("[further_damage]\nrate_per_month = 1.0\nkinds = {line = 1.0}\n"))
    assert 'begins with format = "gridtool-further-damage"' in " ".join(found)


def test_assets_are_weighed_by_id_before_their_kind():
    network = load_network("toy3")
    lines = {asset for asset, ref in network.assets.items() if ref.kind == "line"}
    found = expose_assets(
        stated(kinds={"line": 2.0}, exposure={"L-AB": 5.0, "G-C": 1.0}), network, file="x"
    )
    assert dict(found.exposure) == dict.fromkeys(lines, 2.0) | {"L-AB": 5.0, "G-C": 1.0}


def test_unknown_assets_and_batches_without_enough_assets_are_refused():
    network = load_network("toy3")
    with pytest.raises(JobFileError, match="did you mean"):
        expose_assets(stated(exposure={"L-BA": 1.0}), network, file="x")
    with pytest.raises(JobFileError, match="may damage 3 assets, but only 1 may be"):
        expose_assets(stated(batch=(0.0, 0.5, 0.5), exposure={"G-C": 1.0}), network, file="x")


def test_the_shipped_scenario_is_sound(root):
    job = read_job(root / "forecasts" / "rivercity_further_damage.toml")
    network = load_network(job.network)
    found = expose_assets(job.further_damage, network, file="x")
    assert found.rate_per_month == 2.0
    assert {network.assets[asset].kind for asset in found.exposure} == {
        "transformer",
        "line",
        "unit",
    }
