from __future__ import annotations

import signal
import threading

import pytest

from gridtool.forecast.simulate.workers import signals_held


@pytest.fixture
def terminated():
    """Numbers of the SIGTERMs that got through."""
    numbers = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGTERM, before)


def test_a_signal_waits_for_the_end_and_is_then_delivered(terminated):
    with signals_held():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert terminated == []
    assert terminated == [signal.SIGTERM]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_the_signals_are_given_back_after_an_error(terminated):
    with pytest.raises(KeyError), signals_held():
        raise KeyError
    signal.raise_signal(signal.SIGTERM)
    assert terminated == [signal.SIGTERM]


def test_outside_the_main_thread_nothing_changes(terminated):
    def work():
        with signals_held():
            pass

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    signal.raise_signal(signal.SIGTERM)
    assert terminated == [signal.SIGTERM]
