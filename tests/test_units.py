import doctest

import pytest

import gridtool.units
from gridtool.units import Estimate, decimals_for, format_quantity


def test_examples_in_docstrings():
    assert doctest.testmod(gridtool.units).failed == 0


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [(1.2345, 0.034, "1.23 ± 0.03"), (0.0, 0.0, "0.00 ± 0.00"), (float("nan"), 1.0, "-")],
)
def test_an_estimate_shows_what_its_error_allows(value, error, text):
    assert str(Estimate(value, error)) == text


def test_a_tiny_negative_is_not_minus_zero():
    assert format_quantity(-1e-9) == "0.0"
    assert decimals_for(float("nan")) == 2
