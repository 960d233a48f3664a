"""The rules of the ledger, one by one, and that order never matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtool.damage.ledger import DamageLedger, state_as_of
from gridtool.damage.model import DamageReport, DamageState, Estimate3
from gridtool.errors import DamageReportError

START = datetime(2027, 1, 12, tzinfo=UTC)
LATER = START + timedelta(days=30)


def hour(count):
    return START + timedelta(hours=count)


def rules(state):
    return [(conflict.rule, conflict.kept, conflict.dropped) for conflict in state.conflicts]


def test_a_report_counts_from_when_it_was_recorded(network, report):
    reports = [report(occurred_at=1, reported_at=3, recorded_at=6)]
    assert [bool(state_as_of(network, reports, hour(t)).damage) for t in (0, 2, 4, 5.99, 6)] == [
        False,
        False,
        False,
        False,
        True,
    ]


def test_the_same_report_twice_counts_once_and_since_its_first_copy(network, report):
    reports = [report(recorded_at=5, file="b", row=9), report(recorded_at=2, file="a", row=1)]
    state = state_as_of(network, reports, hour(3))
    assert rules(state) == []
    state = state_as_of(network, reports, LATER)
    assert rules(state) == [
        ("duplicate", "EOC/1 of 2027-01-12T01:00Z", ("EOC/1 of 2027-01-12T01:00Z",))
    ]
    assert state.damage["SS-01/T1"].reports == ("EOC/1",)


def test_a_revision_replaces_what_its_source_said(network, report):
    reports = [report(), report(state="extensive", reported_at=5)]
    assert state_as_of(network, reports, hour(2)).damage["SS-01/T1"].state == "moderate"
    state = state_as_of(network, reports, LATER)
    assert state.damage["SS-01/T1"].state == "extensive"
    assert rules(state) == [
        ("revised", "EOC/1 of 2027-01-12T05:00Z", ("EOC/1 of 2027-01-12T01:00Z",))
    ]


def test_a_revision_may_be_milder_and_may_move_to_another_asset(network, report):
    reports = [report(state="complete"), report(asset="SS-02/T1", state="slight", reported_at=5)]
    state = state_as_of(network, reports, LATER)
    assert list(state.damage) == ["SS-02/T1"]
    assert "no longer about SS-01/T1" in state.conflicts[0].message


def test_two_contents_of_one_report_at_one_time_contradict(network, report):
    reports = [report(state="slight"), report(state="complete")]
    state = state_as_of(network, reports, LATER)
    assert state.damage["SS-01/T1"].state == "complete"
    assert [conflict.rule for conflict in state.conflicts] == ["contradiction"]


def test_the_newest_event_gives_the_state(network, report):
    reports = [
        report("1", state="complete", occurred_at=0, reported_at=1),
        report("2", state="slight", occurred_at=10, reported_at=11),
    ]
    state = state_as_of(network, reports, LATER)
    assert state.damage["SS-01/T1"].state == "slight"
    assert rules(state) == [
        ("superseded", "EOC/2 of 2027-01-12T11:00Z", ("EOC/1 of 2027-01-12T01:00Z",))
    ]


def test_a_report_of_none_says_that_the_asset_works_again(network, report):
    reports = [report("1", state="complete"), report("2", state="none", occurred_at=20,
                                                     reported_at=20)]  # fmt: skip
    assert state_as_of(network, reports, hour(19)).capacity_share == {"SS-01/T1": 0.0}
    state = state_as_of(network, reports, LATER)
    assert state.damage == {}
    assert state.capacity_share == {}


def test_one_event_with_two_states_is_a_contradiction_and_the_worst_counts(network, report):
    reports = [
        report("1", state="moderate", source="EOC"),
        report("7", state="extensive", source="crew", reported_at=2),
        report("8", state="none", source="caller", reported_at=9),
    ]
    state = state_as_of(network, reports, LATER)
    assert state.damage["SS-01/T1"].state == "extensive"
    [(rule, kept, dropped)] = rules(state)
    assert (rule, kept) == ("contradiction", "crew/7 of 2027-01-12T02:00Z")
    assert dropped == ("EOC/1 of 2027-01-12T01:00Z", "caller/8 of 2027-01-12T09:00Z")


def test_the_worst_case_goes_by_capacity_left_then_by_state(network, report):
    reports = [
        report("1", state="extensive", remaining_capacity=0.5),
        report("2", state="moderate", remaining_capacity=0.4),
    ]
    entry = state_as_of(network, reports, LATER).damage["SS-01/T1"]
    assert (entry.state, entry.capacity_share) == ("moderate", 0.4)


def test_a_late_report_of_an_older_event_does_not_override(network, report):
    reports = [
        report("1", state="none", occurred_at=10, reported_at=11),
        report("2", state="complete", occurred_at=5, reported_at=30),
    ]
    state = state_as_of(network, reports, LATER)
    assert state.damage == {}
    assert rules(state) == [("late", "EOC/1 of 2027-01-12T11:00Z", ("EOC/2 of 2027-01-13T06:00Z",))]


def test_reports_that_agree_support_each_other_and_are_no_conflict(network, report):
    estimate = Estimate3(low_h=5, likely_h=8, high_h=20)
    reports = [
        report("1", estimate=estimate, skills=("substation",), spares=("transformer_40mva",)),
        report("2", source="drone", occurred_at=3, reported_at=4, skills=("plant",)),
    ]
    state = state_as_of(network, reports, LATER)
    entry = state.damage["SS-01/T1"]
    assert state.conflicts == ()
    assert entry.reports == ("drone/2", "EOC/1")
    assert entry.estimate == estimate
    assert entry.skills == ("plant",)
    assert entry.spares == ("transformer_40mva",)
    assert entry.occurred_at == hour(3)


def test_nothing_is_taken_from_a_damage_that_was_repaired_in_between(network, report):
    reports = [
        report("1", spares=("transformer_40mva",)),
        report("2", state="none", occurred_at=5, reported_at=5),
        report("3", occurred_at=9, reported_at=9),
    ]
    entry = state_as_of(network, reports, LATER).damage["SS-01/T1"]
    assert (entry.spares, entry.reports) == ((), ("EOC/3",))


def test_a_none_at_the_moment_of_a_damage_ends_it(network, report):
    reports = [
        report("1", spares=("breaker_110",), occurred_at=5, reported_at=6),
        report("2", state="none", occurred_at=5, reported_at=6),
        report("3", occurred_at=9, reported_at=9),
    ]
    assert state_as_of(network, reports, LATER).damage["SS-01/T1"].spares == ()


def test_a_contradicted_none_does_not_cut_off_earlier_support(network, report):
    reports = [
        report("1", spares=("breaker_110",)),
        report("2", state="none", occurred_at=5, reported_at=6),
        report("3", occurred_at=5, reported_at=6),
    ]
    assert state_as_of(network, reports, LATER).damage["SS-01/T1"].spares == ("breaker_110",)


def test_what_the_counting_report_leaves_empty_comes_from_the_newest_support(network, report):
    reports = [
        report("1", spares=("old",), occurred_at=0),
        report("2", spares=("new",), occurred_at=2, reported_at=2),
        report("3", occurred_at=4, reported_at=4),
    ]
    entry = state_as_of(network, reports, LATER).damage["SS-01/T1"]
    assert entry.spares == ("new",)
    assert entry.reports == ("EOC/3", "EOC/2", "EOC/1")


def test_late_goes_by_when_reports_were_received(network, report):
    reports = [
        report("1", state="none", occurred_at=10, reported_at=11, recorded_at=40),
        report("2", state="complete", occurred_at=5, reported_at=30, recorded_at=31),
    ]
    state = state_as_of(network, reports, LATER)
    assert [conflict.rule for conflict in state.conflicts] == ["superseded"]


def test_the_same_words_about_another_event_are_no_duplicate(network, report):
    reports = [report(occurred_at=0), report(occurred_at=0.5)]
    state = state_as_of(network, reports, LATER)
    assert [conflict.rule for conflict in state.conflicts] == ["contradiction"]


def test_the_same_words_said_again_later_are_a_revision(network, report):
    reports = [report(reported_at=1, recorded_at=9), report(reported_at=5, recorded_at=5)]
    state = state_as_of(network, reports, LATER)
    assert [conflict.rule for conflict in state.conflicts] == ["revised"]
    assert state.damage["SS-01/T1"].reported_at == hour(5)


def test_slight_damage_of_a_line_is_known_but_costs_nothing(network, report):
    state = state_as_of(network, [report(asset="L-SS-01-SS-02-1", state="slight")], LATER)
    assert state.damage["L-SS-01-SS-02-1"].capacity_share == 1.0
    assert state.capacity_share == {}


def test_a_report_on_an_asset_the_network_lacks_is_refused(network, report):
    with pytest.raises(DamageReportError, match=r"did you mean 'SS-01/T1'"):
        state_as_of(network, [report(asset="SS-1/T1")], START)


def test_the_log_says_what_became_of_every_report(network, report):
    ledger = DamageLedger(
        [
            report("1", state="moderate"),
            report("1", state="complete", reported_at=2),
            report("2", state="complete", source="drone", reported_at=3, row=1),
            report("2", state="complete", source="drone", reported_at=3, row=2),
            report("3", state="slight", source="caller", reported_at=4),
            report("4", state="slight", occurred_at=-9, reported_at=5),
            report("5", state="slight", occurred_at=-9, reported_at=0),
            report("6", state="none", occurred_at=50, reported_at=50),
        ]
    )
    log = ledger.entries(hour(10), network)
    found = {(row.report_id, row.reported_at.hour, row.row): row.status for row in log.itertuples()}
    assert found == {
        ("1", 1, 0): "revised",
        ("1", 2, 0): "agrees",
        ("2", 3, 1): "counts",
        ("2", 3, 2): "duplicate",
        ("3", 4, 0): "contradiction",
        ("4", 5, 0): "late",
        ("5", 0, 0): "superseded",
        ("6", 2, 0): "not known",
    }
    assert set(ledger.entries()["status"]) == {""}
    assert log["occurred_at"].is_monotonic_increasing


HOURS = st.integers(0, 4)
REPORTS = st.lists(
    st.builds(
        lambda number, asset, state, left, times, file: DamageReport(
            report_id=str(number[0]), source="AB"[number[1]], asset=asset,
            state=DamageState(state), remaining_capacity=left,
            occurred_at=hour(times[0]), reported_at=hour(times[0] + times[1]),
            recorded_at=hour(times[0] + times[1] + times[2]), file=file, row=number[0],
            spares=(file,) if left else (),
        ),
        st.tuples(HOURS, st.integers(0, 1)),
        st.sampled_from(["SS-01/T1", "L-SS-01-SS-02-1"]),
        st.sampled_from(list(DamageState)),
        st.sampled_from([None, 0.0, 0.5]),
        st.tuples(HOURS, HOURS, HOURS),
        st.sampled_from(["a.csv", "b.csv"]),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(reports=REPORTS, order=st.randoms(use_true_random=False), t=st.integers(0, 14))
def test_the_order_of_reports_never_matters(network, reports, order, t):
    shuffled = list(reports)
    order.shuffle(shuffled)
    one, two = (DamageLedger(given).as_of(hour(t), network) for given in (reports, shuffled))
    assert one.damage == two.damage
    assert one.capacity_share == two.capacity_share
    assert one.conflicts == two.conflicts


@settings(max_examples=200, deadline=None)
@given(reports=REPORTS, t=st.integers(0, 14))
def test_every_report_has_one_fate_and_applying_twice_is_applying_once(network, reports, t):
    ledger = DamageLedger(reports)
    state = ledger.as_of(hour(t), network)
    log = ledger.entries(hour(t), network)
    assert len(log) == len(reports)
    known = log[log["status"] != "not known"]
    assert (known["recorded_at"] <= hour(t)).all()
    counting = known[known["status"] == "counts"]
    assert counting["asset"].is_unique
    assert set(state.damage) == set(counting.loc[counting["state"] != "none", "asset"])
    twice = DamageLedger([*reports, *reports]).as_of(hour(t), network)
    assert (twice.damage, twice.capacity_share) == (state.damage, state.capacity_share)
    dropped = sum(len(conflict.dropped) for conflict in state.conflicts)
    assert dropped == (~known["status"].isin(["counts", "agrees"])).sum()
