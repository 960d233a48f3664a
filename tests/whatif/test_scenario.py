from __future__ import annotations

import pytest
from restoration.cases import crew, damaged, resources, star

from gridtool.errors import JobFileError
from gridtool.whatif.change import change_resources, change_state
from gridtool.whatif.scenario import Scenario, describe_scenario

STATE = damaged(star(30, 20, 10), {"L1": 0.0, "S2/B": 0.0, "S2/F0": 0.0}, spares={"L1": ("T",)})


def test_out_destroys_and_back_repairs():
    changed = change_state(STATE, Scenario(out=("L3",), back=("L1",)))
    assert set(changed.damage) == {"L3", "S2/B", "S2/F0"}
    assert changed.damage["L3"].capacity_share == 0.0
    assert changed.damage["L3"].state.value == "complete"
    assert changed.capacity_share == {"S2/B": 0.0, "L3": 0.0, "S2/F0": 0.0}
    assert changed.as_of == STATE.as_of


def test_a_substation_back_brings_back_all_that_is_damaged_in_it():
    assert set(change_state(STATE, Scenario(back=("S2",))).damage) == {"L1"}


def test_destroying_what_is_damaged_keeps_what_its_repair_needs():
    partly = damaged(star(30), {"IF": 0.6}, spares={"IF": ("bushing",)})
    changed = change_state(partly, Scenario(out=("IF",)))
    assert changed.damage["IF"].capacity_share == 0.0
    assert changed.damage["IF"].spares == ("bushing",)
    assert changed.damage["IF"].estimate is None


def test_all_wrong_assets_are_named_at_once():
    with pytest.raises(JobFileError) as caught:
        change_state(STATE, Scenario(out=("S9", "L1"), back=("L3", "L1", "S22")))
    text = str(caught.value)
    assert "'S9'" in text
    assert "--back: is not damaged: there is nothing to bring back (value 'L3')" in text
    assert "is both out and back (value 'L1')" in text
    assert "did you mean 'S2'?" in text
    assert len(caught.value.issues) == 4


def test_the_import_is_limited_in_every_month():
    changed = change_state(STATE, Scenario(import_mw=40.0)).network.import_allocation
    assert list(changed.index) == list(range(1, 13))
    assert set(changed.to_numpy().ravel()) == {40.0}


@pytest.mark.parametrize(
    ("number", "ids"),
    [
        (1, ["A"]),
        (2, ["A", "B"]),
        (5, ["A", "B", "A#2", "B#2", "A#3"]),
        (None, ["A", "B"]),
    ],
)
def test_crews_are_copied_in_turn(number, ids):
    given = resources(crew("A", skills=("line",)), crew("B", skills=("plant",)), stock={"T": 1})
    found = change_resources(given, Scenario(crews=number), state=STATE)
    assert [one.id for one in found.crews] == ids
    assert found.stock == {"T": 1}
    assert {one.skills for one in found.crews if one.id.startswith("A")} == {("line",)}


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        (Scenario(), "nothing changed"),
        (Scenario(out=("A", "B")), "A, B out"),
        (Scenario(import_mw=250.5, crews=1), "at most 250.5 MW imported and 1 crew"),
        (
            Scenario(out=("A",), back=("B",), crews=3),
            "A out, B back and 3 crews",
        ),
    ],
)
def test_scenarios_in_words(scenario, text):
    assert describe_scenario(scenario) == text
    assert scenario.is_empty == (text == "nothing changed")
