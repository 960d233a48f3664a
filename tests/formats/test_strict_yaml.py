"""YAML without aliases, tags, repeated keys and surprises of type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import InputError
from gridtool.formats.strict_yaml import LineMapping, load, load_text


def test_scalars_stay_as_written():
    text = "- {a: 010, b: no, c: 12:30, d: 1_000, e: 1e3, f: 2027-01-12, g: ~, h: , i: 'null'}\n"
    assert load(text) == [
        {"a": "010", "b": "no", "c": "12:30", "d": "1_000", "e": "1e3", "f": "2027-01-12",
         "g": "", "h": "", "i": "null"}
    ]  # fmt: skip


def test_mappings_know_their_line():
    found = load("- a: 1\n  b: [x, y]\n\n- a: 2\n")
    assert [item.row for item in found if isinstance(item, LineMapping)] == [1, 4]
    assert found[0]["b"] == ["x", "y"]


BOMB = "a: &a [x,x,x,x]\n" + "".join(
    f"{b}: &{b} [*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        (BOMB, 1, "anchor or alias"),
        ("a: *x", 1, "anchor or alias"),
        ("a: 1\na: 2\n", 2, "key 'a' twice"),
        ("- !!python/object/apply:os.system [ls]", 1, "tag"),
        ("a: !!int 3", 1, "tag"),
        ("--- 1\n--- 2\n", 2, "more than one document"),
        ("[" * 3000, 1, "nested deeper than 12"),
        ("a: {b: [", 1, "not YAML"),
        ("? [a]\n: b", 1, "as a key"),
        ('"\\u0000"', 1, "U+0000"),
        ('- "\\u202e"', 1, "U+202E"),
        ('"\\U00110000"', None, "not YAML"),
        ("a: b: c", 1, "not YAML"),
        ("\ta: 1", 1, "not YAML"),
        ("%YAML 99999999999999999999.1\n--- a", None, "not YAML"),
        ("x" * 2_000_001, None, "more than 2000000"),
    ],
)
def test_what_yaml_would_take_is_refused(text, row, message):
    with pytest.raises(InputError) as caught:
        load_text(text, file="r.yaml")
    assert message in str(caught.value)
    assert caught.value.issues[0].file == "r.yaml"
    assert row is None or caught.value.issues[0].row == row


@given(st.text(max_size=200))
def test_any_text_is_yaml_or_refused(text):
    try:
        load(text)
    except InputError:
        return
