from __future__ import annotations

import shutil

import pandas as pd
import pytest

from gridtool.errors import NetworkError
from gridtool.network.catalog import find_network, list_networks, load_network
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
