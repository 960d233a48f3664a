from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from gridtool.forecast.simulate.workers import signals_held


@pytest.fixture
def terminated():
    """Numbers of the SIGTERMs that got through."""
    numbers = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGTERM, before)


def work_interrupted(reached, *, thread=None):
    with signals_held():
        signal.pthread_kill(thread or threading.main_thread().ident, signal.SIGINT)
        time.sleep(0.2)  # until the other thread has been given it
        reached.append("the end")


def test_signals_wait_for_the_end_and_are_then_delivered(terminated):
    with signals_held():
        signal.raise_signal(signal.SIGTERM)
        assert terminated == []
    assert terminated == [signal.SIGTERM]
    reached = []
    with pytest.raises(KeyboardInterrupt):
        work_interrupted(reached)
    assert reached == ["the end"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_given_to_another_thread_waits_too():
    """As with a progress bar, whose thread does not block Ctrl-C."""
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    reached = []
    try:
        with pytest.raises(KeyboardInterrupt):
            work_interrupted(reached, thread=other.ident)
    finally:
        over.set()
        other.join()
    assert reached == ["the end"]


def test_started_processes_do_not_hear_of_interrupts():
    ask = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    with signals_held():
        asked = subprocess.Popen([sys.executable, "-c", ask], stdout=subprocess.PIPE, text=True)
    assert asked.communicate()[0].strip() == "True"


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
