"""What a run falls back on: every failure on every rung, each answer labelled with its cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from jobs.runs import chain_cases as chains
from jobs.runs.chain_cases import PARTIAL, ask

from gridtool.errors import Infeasible, InputError, Issue, StoreError
from gridtool.jobs.runs.ladder import LastGood, climb_down, describe_fewer
from gridtool.jobs.runs.model import ChainAnswer, ChainEnded, ChainLimits

MEMORY = ChainEnded("memory", "killed by the system")
DIED = ChainEnded("died", "died of SIGSEGV")
REFUSED = InputError([Issue(message="row 7: unknown asset"), Issue(message="row 9: another")])
SIGNAL = ChainEnded("signal", "ended by SIGTERM", answer=PARTIAL, signal_number=15)


class Chain:
    """Gives or raises what is listed, and notes what it was asked."""

    def __init__(self, *results, takes_s=0.0):
        self.results = list(results)
        self.asked, self.limits = [], []
        self.now, self.takes_s = 0.0, takes_s

    def __call__(self, request, limits, _events):
        self.asked.append(request)
        self.limits.append(limits)
        self.now += self.takes_s
        result = self.results.pop(0)
        if isinstance(result, BaseException):
            raise result
        return result(request) if callable(result) else result


def answer(request, *, samples=None, wanted=1000, degraded=None):
    samples = samples or request.samples or 1000
    label = request.degraded if degraded is None else degraded
    return ChainAnswer(files={}, headline={}, samples=samples, wanted=wanted, degraded=label)


def no_last_good():
    return None


def climb(chain, *, good=no_last_good, request=None, **limits):
    return climb_down(
        chain,
        request or ask("/new"),
        limits=ChainLimits(**limits),
        events=chains.Events(),
        last_good=good,
        clock=lambda: chain.now,
    )


def good(*, samples=500):
    then = datetime(2027, 1, 11, 8, tzinfo=ZoneInfo("Europe/Kyiv"))
    return LastGood(run_id="R7", as_of=then, request=ask("/old", samples=samples))


def test_the_full_rung_needs_nothing_else():
    def never():
        raise AssertionError

    request = ask("/new")
    landing = climb(Chain(answer), good=never, request=request)
    assert (landing.rung, landing.request, landing.failures) == ("full", request, ())
    assert landing.request.degraded == landing.stale_from == ""


def test_a_forecast_that_the_deadline_cut_is_labelled_and_can_be_asked_for_again():
    label = describe_fewer(300, 1000)
    landing = climb(Chain(lambda request: answer(request, samples=300, degraded=label)))
    assert landing.rung == "fewer samples"
    assert (landing.request.samples, landing.request.degraded) == (300, label)
    assert "300 of 1000" in label


def test_fewer_samples_because_they_were_wanted_are_no_fallback():
    landing = climb(Chain(lambda request: answer(request, samples=100, wanted=1000)))
    assert landing.rung == "full", "until reached its error: the chain did not label it"


@pytest.mark.parametrize("failure", [MEMORY, DIED])
@pytest.mark.parametrize(("wanted", "fewer"), [(None, 250), (200, 50), (100_000, 250), (4, 2)])
def test_what_was_too_big_is_tried_with_fewer_samples_and_one_worker(failure, wanted, fewer):
    chain = Chain(failure, answer)
    landing = climb(chain, request=ask("/new", samples=wanted), workers=4)
    assert [request.samples for request in chain.asked] == [wanted, fewer]
    assert [limits.workers for limits in chain.limits] == [4, 1]
    assert landing.rung == "fewer samples"
    assert landing.answer.samples == landing.request.samples == fewer
    assert str(failure) in landing.request.degraded
    assert landing.answer.degraded == landing.request.degraded
    assert [(each.rung, each.reason) for each in landing.failures] == [("full", failure.reason)]


def test_a_run_of_the_fewest_samples_is_not_tried_with_fewer():
    chain = Chain(MEMORY)
    with pytest.raises(ChainEnded):
        climb(chain, request=ask("/new", samples=2))
    assert len(chain.asked) == 1


@pytest.mark.parametrize(
    ("failure", "reason", "words"),
    [
        (REFUSED, "input", "row 7: unknown asset"),
        (Infeasible("no crew can do it"), "analysis", "no crew can do it"),
        (KeyError("/tmp/secret"), "unexpected", "KeyError"),
    ],
)
def test_what_has_no_answer_goes_on_with_the_last_good_inputs(failure, reason, words):
    chain = Chain(failure, answer)
    landing = climb(chain, good=good)
    assert (landing.rung, landing.stale_from) == ("last good inputs", "R7")
    assert [str(request.root) for request in chain.asked] == ["/new", "/old"]
    assert landing.request.samples == 500
    assert landing.request.degraded.startswith(
        "stale: the inputs of run R7, as of 2027-01-11 06:00 UTC, with its 500 samples, not 1000, "
        "because the new ones failed ("
    )
    assert words in landing.request.degraded
    assert "secret" not in landing.request.degraded
    assert "another" not in landing.request.degraded, "one finding is enough of a label"
    assert ("and 1 more finding)" in landing.request.degraded) == (failure is REFUSED)
    assert [each.reason for each in landing.failures] == [reason]


def test_as_many_samples_as_wanted_are_not_worth_a_word():
    landing = climb(Chain(REFUSED, answer), good=lambda: good(samples=1000))
    assert "06:00 UTC, because the new ones failed" in landing.request.degraded


def test_after_fewer_samples_come_the_last_good_inputs():
    chain = Chain(MEMORY, DIED, answer)
    landing = climb(chain, good=good)
    assert landing.rung == "last good inputs"
    assert [each.rung for each in landing.failures] == ["full", "fewer samples"]


def test_state_and_plan_of_the_new_inputs_are_better_than_a_forecast_of_old_ones():
    chain = Chain(replace_answer(MEMORY, PARTIAL), replace_answer(MEMORY, None))
    landing = climb(chain, good=good)
    assert landing.rung == "fewer samples"
    assert (landing.answer, landing.request.samples) == (PARTIAL, 0)
    assert landing.request.degraded == PARTIAL.degraded


def replace_answer(end, partial):
    return ChainEnded(end.reason, str(end), answer=partial)


def test_without_a_rung_that_holds_it_is_the_first_failure_that_is_told():
    chain = Chain(REFUSED, Infeasible("nor these"))
    with pytest.raises(InputError) as caught:
        climb(chain, good=good)
    assert caught.value is REFUSED
    assert "last good inputs: nor these" in caught.value.__notes__


@pytest.mark.parametrize("before", [(), (MEMORY,), (REFUSED,)])
def test_a_signal_is_nothing_to_fall_back_from(before):
    chain = Chain(*before, SIGNAL)
    with pytest.raises(ChainEnded) as caught:
        climb(chain, good=good)
    assert caught.value.answer == PARTIAL
    assert len(chain.asked) == len(before) + 1


@pytest.mark.parametrize("error", [StoreError("disk full"), KeyboardInterrupt(), SystemExit(143)])
def test_nor_is_trouble_of_the_store_or_an_end(error):
    chain = Chain(error, answer)
    with pytest.raises(type(error)):
        climb(chain, good=good)
    assert len(chain.asked) == 1


def test_the_deadline_is_that_of_all_rungs_together():
    chain = Chain(MEMORY, MEMORY, answer, takes_s=40.0)
    landing = climb(chain, good=good, deadline_s=100.0)
    assert [limits.deadline_s for limits in chain.limits] == [100.0, 60.0, 20.0]
    assert landing.rung == "last good inputs"


def test_without_time_no_further_rung_is_tried():
    chain = Chain(ChainEnded("deadline", "late"), answer, takes_s=99.0)
    with pytest.raises(ChainEnded, match="late"):
        climb(chain, good=good, deadline_s=100.0)
    assert len(chain.asked) == 1


def test_a_deadline_that_left_only_the_plan_gives_the_plan():
    end = ChainEnded("deadline", "late", answer=replace(PARTIAL))
    landing = climb(Chain(end, takes_s=100.0), good=good, deadline_s=100.0)
    assert (landing.rung, landing.request.samples) == ("fewer samples", 0)
