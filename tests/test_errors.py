import pytest

from gridtool.errors import InputError, Issue, NetworkError, RunLocked, raise_on_errors


def test_an_issue_says_what_where_which_value_and_what_to_do():
    issue = Issue(
        message="length is negative",
        file="lines.csv",
        row=7,
        field="length_km",
        value="-1",
        accepted="above 0",
        hint="give the route length",
    )
    assert str(issue) == (
        "lines.csv, row 7, length_km: length is negative (value '-1'); accepted: above 0; "
        "give the route length"
    )


def test_a_long_value_is_cut():
    assert "..." in str(Issue(message="odd", value="x" * 500))


def test_all_issues_are_raised_at_once_and_warnings_alone_are_returned():
    warning = Issue(message="odd", severity="warning")
    assert raise_on_errors([warning], NetworkError) == (warning,)
    with pytest.raises(NetworkError) as caught:
        raise_on_errors([warning, Issue(message="bad")], NetworkError)
    assert len(caught.value.issues) == 2
    assert isinstance(caught.value, InputError)


def test_exit_codes_follow_the_tree():
    assert (InputError("x").exit_code, NetworkError("x").exit_code, RunLocked.exit_code) == (
        3,
        3,
        5,
    )
