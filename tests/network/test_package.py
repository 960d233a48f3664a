from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from builders import grid
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.errors import NetworkError
from gridtool.network.catalog import find_network, list_networks, load_network
from gridtool.network.model import CityNetwork
from gridtool.network.read import read_package
from gridtool.network.synthetic import generate_city
from gridtool.network.write import package_files, write_package


def test_what_is_written_reads_back_equal_and_writes_the_same_bytes(tmp_path):
    city = generate_city(substations=12, seed=3, name="twelve")
    write_package(city, tmp_path / "twelve")
    again = read_package(tmp_path / "twelve")
    assert again.manifest == city.manifest
    for name, frame in city.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[name])
    assert package_files(again) == package_files(city)
    assert again.origin == str(tmp_path / "twelve")
    assert len(again.sha256) == 64


def test_the_hash_tells_contents_apart(tmp_path):
    write_package(generate_city(substations=10, seed=1), tmp_path / "a")
    write_package(generate_city(substations=10, seed=2), tmp_path / "b")
    shutil.copytree(tmp_path / "a", tmp_path / "c")
    first, second, copy = (read_package(tmp_path / name).sha256 for name in "abc")
    assert first == copy != second


def test_the_shipped_city_is_what_the_generator_makes(root):
    shipped = read_package(root / "networks" / "rivercity")
    made = generate_city(pf_margin=shipped.manifest.pf_margin)
    assert package_files(shipped) == package_files(made)


def test_a_shipped_network_loads_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_network("rivercity").manifest.id == "rivercity"


def test_a_folder_of_networks_here_comes_before_the_shipped_ones(tmp_path, monkeypatch):
    write_package(generate_city(substations=10, name="mine"), tmp_path / "networks" / "rivercity")
    monkeypatch.chdir(tmp_path)
    assert load_network("rivercity").manifest.id == "mine"
    assert list_networks()["rivercity"].parent.name == "networks"
    assert find_network(tmp_path / "networks" / "rivercity").is_absolute()


def test_an_unknown_name_gets_the_nearest_and_all_there_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NetworkError) as caught:
        load_network("rivrcity")
    (issue,) = caught.value.issues
    assert issue.value == "rivrcity"
    assert "rivercity" in issue.hint
    assert "rivercity" in issue.accepted


def test_the_manifest_stands_for_its_folder_and_other_files_are_refused(root, tmp_path):
    manifest = root / "networks" / "toy3" / "network.toml"
    assert find_network(manifest) == manifest.parent
    (tmp_path / "grid.raw").write_text("0, 100.00")
    with pytest.raises(NetworkError) as caught:
        load_network(tmp_path / "grid.raw")
    assert ".json" in str(caught.value)


NAMES = st.text(
    st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20
)  # one line, nothing invisible


@settings(max_examples=12, deadline=None)
@given(
    names=st.lists(NAMES, min_size=3, max_size=3),
    lengths=st.lists(st.floats(1e-3, 900.0), min_size=3, max_size=3),
    shares=st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3),
)
def test_any_names_and_numbers_survive_the_round_trip(tmp_path_factory, names, lengths, shares):
    network = grid(
        stations={"A": (10, 0), "B": (20, 5), "C": (5, 0)},
        lines=[("L1", "A", "B", 50), ("L2", "B", "C", 50), ("L3", "A", "C", 70)],
        infeeds=[("I", "A", 90)],
        units=[("U", "C", 10)],
    )
    tables = {
        **network.tables,
        "substations": network.substations.assign(name=names),
        "lines": network.lines.assign(length_km=lengths, c_nf_per_km=np.array(shares) * 300),
    }
    folder = tmp_path_factory.mktemp("round") / "trip"
    write_package(CityNetwork(manifest=network.manifest, tables=tables), folder)
    again = read_package(folder)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[name], check_exact=True)
