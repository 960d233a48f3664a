"""Fixtures of the foreign formats."""

import warnings

import pytest


@pytest.fixture(autouse=True)
def _quiet_pandapower():
    """pandapower warns about its own files and tables; what counts is compared by numbers."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pandapower")
        yield
