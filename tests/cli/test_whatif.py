from __future__ import annotations

import pytest
from click.testing import CliRunner

from gridtool.cli import cli


@pytest.fixture
def toy(root):
    folder = root / "networks" / "toy3"
    return [
        str(folder),
        *("--damage", str(folder / "damage")),
        *("--as-of", "2027-01-12T06:00Z"),
    ]


def run(*arguments):
    return CliRunner().invoke(cli, ["whatif", *map(str, arguments)])


def test_a_line_back_by_hand(toy, root):
    """toy3: with L-AB back 20 MW are unserved (case 2) instead of 40 (case 5).

    The unit alone takes the crew 1 h of way and 6 h of work: 20 MW x 7 h = 140 MWh. As it is
    320 MWh are not served in 11 h: 180 less.
    """
    result = run(*toy, "--resources", root / "networks" / "toy3" / "resources", "--back", "L-AB")
    assert result.exit_code == 0, result.stderr
    text = " ".join(result.stdout.split())
    assert "20.0 MW less unserved now (20.0 instead of 40.0 MW)" in text
    assert "180 MWh less not served at the reference demand until 2027-01-12" in text


def test_out_takes_assets_and_the_folder_is_o(toy, tmp_path):
    folder = tmp_path / "answer"
    result = run(*toy, "--out", "IF-A", "-o", folder)
    assert result.exit_code == 0, result.stderr
    assert "60.0 MW more unserved now (100.0 instead of 40.0 MW)" in " ".join(result.stdout.split())
    assert (folder / "difference.csv").is_file()
    assert (folder / "difference_districts.csv").is_file()


def test_several_assets_in_one_option(toy):
    one = run(*toy, "--back", "L-AB,G-C")
    other = run(*toy, "--back", "L-AB", "--back", "G-C")
    assert one.exit_code == 0, one.stderr
    assert one.stdout == other.stdout
    assert "40.0 MW less unserved now" in " ".join(one.stdout.split())


def test_unknown_assets_are_named_with_the_nearest(toy):
    result = run(*toy, "--out", "L-CB", "--back", "L-BC")
    assert result.exit_code == 3
    assert "'L-CB'" in result.stderr
    assert "did you mean" in result.stderr
    assert "is not damaged" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "say what changes"),
        (("--crews", "3"), "--crews needs --resources"),
        (("--crews", "0"), "is not in the range"),
        (("--import", "-1"), "is not in the range"),
        (("--import", "nan"), "is not a finite number"),
        (("--import", "1e400"), "is not"),
        (("--out", " , "), "say what changes"),
    ],
)
def test_wrong_use_ends_with_2(toy, arguments, text):
    result = run(*toy, *arguments)
    assert result.exit_code == 2
    assert text in result.stderr


def test_a_threshold_on_the_difference(toy):
    assert run(*toy, "--out", "IF-A", "--fail-on", "unserved_diff_mw>50").exit_code == 10
