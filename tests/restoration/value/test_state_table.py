from __future__ import annotations

import numpy as np

from gridtool.restoration.value.state_table import (
    FREE,
    enter,
    grow_table,
    look_up,
    make_table,
    to_words,
)


def test_a_table_keeps_what_a_dictionary_keeps():
    rng = np.random.default_rng(1)
    table, count, kept = make_table(width=3, levels=2, room=8), 0, {}
    for _ in range(600):
        mask = int(rng.integers(0, 400)) << int(rng.integers(0, 150))
        value = rng.random(2)
        if count == len(table[1]):
            table = grow_table(table, count=count)
        count = enter(table, to_words(mask, 3), value, count)
        kept[mask] = value
    assert count == len(kept)
    for mask, value in kept.items():
        assert (table[2][look_up(table, to_words(mask, 3))] == value).all()
    for mask in range(1 << 160, (1 << 160) + 300):
        assert look_up(table, to_words(mask, 3)) == FREE


def test_words_are_the_bits_of_the_mask():
    words = to_words(1 << 70 | 5, 2)
    assert words.tolist() == [5, 1 << 6]
