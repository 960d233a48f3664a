"""Asset ids as people write them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.damage.match import AssetMatcher, fold_id

IDS = ("SS-07/T1", "SS-07/T2", "ТЕЦ-5/Г1", "Кам'янка/T1", "PP-1/G1", "x", "X")


@pytest.mark.parametrize(
    ("text", "asset", "warned"),
    [
        ("SS-07/T1", "SS-07/T1", False),
        ("ss-07/t1", "SS-07/T1", False),
        ("SS\u201307/T1", "SS-07/T1", False),
        ("SS\u221207/T1", "SS-07/T1", False),
        ("Кам\u2019янка/T1", "Кам'янка/T1", False),
        ("Кам\u02bcянка/T1", "Кам'янка/T1", False),
        (unicodedata.normalize("NFD", "ТЕЦ-5/Ґ1".replace("Ґ", "Г")), "ТЕЦ-5/Г1", False),
        ("SS-07/Т1", "SS-07/T1", True),
        ("РР-1/G1", "PP-1/G1", True),
        ("TEЦ-5/Г1", "ТЕЦ-5/Г1", True),
        ("SS-7/T1", None, False),
        ("SS-07", None, False),
        ("", None, False),
    ],
)
def test_variants_of_signs_match_and_look_alikes_match_with_a_warning(text, asset, warned):
    assert AssetMatcher(IDS).match(text) == (asset, warned)


def test_what_could_mean_two_assets_matches_none_but_exactly():
    matcher = AssetMatcher(IDS)
    assert matcher.match("x") == ("x", False)
    assert matcher.match("X") == ("X", False)
    assert AssetMatcher(("TA", "ТA")).match("TА") == (None, False)
    assert AssetMatcher(("a-1", "A-1")).match("a\u20101") == (None, False)


def test_the_hint_knows_left_out_zeros_and_runs_out():
    matcher = AssetMatcher((*IDS, "SS-57/T1"))
    assert matcher.hint("SS-7/T1") == "SS-07/T1"
    assert matcher.hint("SS-07/T11") == "SS-07/T1"
    assert [matcher.hint("SS-07/T3") for _ in range(50)].count(None) == 12


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_folding_is_stable_under_unicode_forms(text):
    folded = fold_id(text)
    assert fold_id(unicodedata.normalize("NFC", text)) == folded
    assert fold_id(f" {text} ") == folded
