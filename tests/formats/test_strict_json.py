"""Strict JSON: what is accepted, and that every refusal says where."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.errors import InputError, NetworkError
from gridtool.formats.strict_json import load_text

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**19), 10**19)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_reads_what_the_standard_library_writes(value):
    text = json.dumps(value)
    assert load_text(text, max_depth=30) == json.loads(text)


REFUSED = {
    "doubled key": ('{\n"a": 1,\n"a": 2}', "appears twice", 2),
    "doubled key, deep": ('[{"b": {"a": 1, "a": 1}}]', "appears twice", 1),
    "NaN": ("[1,\n NaN]", "is not a JSON number", 2),
    "Infinity": ("[-Infinity]", "is not a JSON number", 1),
    "overflow": ("[1e999]", "beyond double precision", 1),
    "negative overflow": ("[-1e999]", "beyond double precision", 1),
    "long integer": ("[" + "9" * 21 + "]", "integer too long", 1),
    "very long integer": ("[" + "9" * 5000 + "]", "integer too long", 1),
    "empty": ("", "is not JSON", 1),
    "two documents": ("[1] [2]", "is not JSON", 1),
    "NUL": ("\x00", "is not JSON", 1),
    "control character in a string": ('["a\nb"]', "is not JSON", 1),
    "cut off": ('{"a": [1,\n2', "is not JSON", 2),
    "cut off in a string": ('{"a": "b', "is not JSON", 1),
    "single quotes": ("{'a': 1}", "is not JSON", 1),
    "comment": ("[1] // one", "is not JSON", 1),
    "trailing comma": ("[1,]", "is not JSON", 1),
    "too deep": ("[" * 100_000, "nested deeper than 12", 1),
    "too deep, objects": ('{"a":\n' * 13 + "1" + "}" * 13, "nested deeper than 12", 13),
    "half a surrogate pair": (r'["\ud800"]', "surrogate", 1),
    "leading zero": ("[010]", "is not JSON", 1),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_with_place(case):
    text, message, row = REFUSED[case]
    with pytest.raises(NetworkError) as caught:
        load_text(text, file="net.json", error=NetworkError)
    issue = caught.value.issues[0]
    assert message in issue.message
    assert issue.place == f"net.json, row {row}"


def test_twenty_digits_twelve_levels_and_whole_pairs_are_accepted():
    assert load_text("9" * 20) == 10**20 - 1
    assert load_text("[" * 12 + "]" * 12)
    assert load_text(r'"\ud83d\ude00"') == "\U0001f600"
    assert load_text('"[[[[[[[[[[[[[[[[ \\" [["') == '[[[[[[[[[[[[[[[[ " [['


def test_all_findings_at_once_up_to_a_limit():
    with pytest.raises(InputError) as caught:
        load_text('[NaN, {"a": 1, "a": 2}, 1e400]')
    assert len(caught.value.issues) == 3
    with pytest.raises(InputError) as caught:
        load_text("[" + ",".join(["NaN"] * 10_000) + "]")
    assert len(caught.value.issues) == 100


def test_an_unterminated_string_of_quotes_takes_one_pass():
    with pytest.raises(InputError):
        load_text('["' + '\\"' * 2_000_000)  # quadratic scanning would take hours
