"""Compiled streams give the numbers of NumPy's Philox, bit for bit."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.forecast.stream_kernel import (
    STREAM_WORDS,
    as_word,
    fill_uniforms,
    make_block,
    next_uniform,
    start_stream,
    uniform,
)
from gridtool.forecast.streams import FRESH, component_number, open_stream

WORDS = st.integers(min_value=0, max_value=(1 << 64) - 1)

WITHOUT_JIT = """
import warnings
warnings.simplefilter("error")
import numpy as np
from gridtool.forecast.stream_kernel import *
keys = [(0, 0, 0), (2**64 - 1, 2**64 - 1, 2**64 - 1), (7, 3 + 2**40, 0xFEDCBA9876543210)]
for key in keys:
    words = [as_word(number) for number in key]
    out = np.empty(7)
    fill_uniforms(*words, out)
    stream = np.zeros(STREAM_WORDS, np.uint64)
    start_stream(stream, *words)
    assert [next_uniform(stream) for _ in range(7)] == list(out)
    assert [uniform(*words, k) for k in range(7)] == list(out)
    print(*[value.hex() for value in out])
"""


@settings(max_examples=200, deadline=None)
@given(seed=WORDS, sample=WORDS, component=WORDS, count=st.integers(1, 40))
def test_equals_the_streams_of_numpy(seed, sample, component, count):
    expected = open_stream(seed, sample, component=component).random(count)
    key = (as_word(seed), as_word(sample), as_word(component))
    filled = np.empty(count)
    fill_uniforms(*key, filled)
    stream = np.zeros(STREAM_WORDS, np.uint64)
    start_stream(stream, *key)
    in_order = [next_uniform(stream) for _ in range(count)]
    assert filled.tolist() == expected.tolist()
    assert in_order == expected.tolist()
    assert uniform(*key, count - 1) == expected[-1]


def test_takes_samples_drawn_anew_and_named_components():
    component = component_number("unit 400/1")
    expected = open_stream(42, 17 + FRESH, component=component).random(1000)
    ours = uniform(as_word(42), as_word(17 + FRESH), as_word(component), 999)
    assert ours == expected[999]


@pytest.mark.parametrize("number", [-1, 1 << 64, (1 << 70) + 5])
def test_seeds_of_any_size_wrap_as_in_open_stream(number):
    expected = open_stream(number, 0, component=1).random()
    assert uniform(as_word(number), as_word(0), as_word(1), 0) == expected


def test_known_answer_of_the_authors():
    """Random123's known-answer vector of Philox4x64-10 with counter and key all zero.

    The counter is raised before a block, so block 2**64 - 1 has counter 0.
    """
    words = make_block(as_word(0), as_word(0), as_word(0), as_word(-1))
    assert [int(word) for word in words] == [
        0x16554D9ECA36314C,
        0xDB20FE9D672D0FDC,
        0xD7E772CEE186176B,
        0x7E68B68AEC7BA23B,
    ]


def test_is_the_same_without_compilation():
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_JIT],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    keys = [(0, 0, 0), (2**64 - 1,) * 3, (7, 3 + FRESH, 0xFEDCBA9876543210)]
    expected = [
        " ".join(x.hex() for x in open_stream(s, n, component=c).random(7)) for s, n, c in keys
    ]
    assert ran.stdout.split("\n")[:3] == expected
