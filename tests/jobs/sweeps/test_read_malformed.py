"""Files of scenarios that are refused, in words; and damaged ones never end in a traceback."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridtool.errors import InputError, JobFileError
from gridtool.jobs.sweeps.read import read_sweep

HEAD = 'format = "gridtool-scenarios"\nformat_version = 1\n'
BASE = '[base]\nnetwork = "toy5"\nas_of = "2027-01-12T08:00+02:00"\n'
ONE = '[[scenario]]\nname = "a"\n'


def _sample(text):
    return HEAD + BASE + f'[[sample]]\nname = "s"\ndraws = 3\n[sample.of]\n{text}\n'


def _grid(text):
    return HEAD + BASE + f'[[grid]]\nname = "g"\n[grid.over]\n{text}\n'


FILES = [
    ("empty", "", "format: is missing"),
    ("a job file", 'format = "gridtool-job"\nformat_version = 1\n' + BASE, "'gridtool-scenarios'"),
    ("later version", HEAD.replace("1", "2") + BASE + ONE, "format_version"),
    ("no base", HEAD + ONE, "add the section [base]"),
    ("scenario as a table", HEAD + BASE + '[scenario]\nname = "a"\n', "a list"),
    ("misspelt section", HEAD + BASE + '[[senario]]\nname = "a"\n', "did you mean 'scenario'?"),
    ("misspelt key", HEAD + BASE + ONE + "crew = 3\n", "did you mean 'crews'?"),
    ("misspelt asset", HEAD + BASE + ONE + 'out = ["nope"]\n', "scenario[1].out: is not an asset"),
    ("unknown state", HEAD + BASE + ONE + 'damage = {A = "ruined"}\n', "scenario[1].damage.A"),
    ("no name", HEAD + BASE + "[[scenario]]\ncrews = 2\n", "scenario[1].name: is missing"),
    ("count as text", HEAD + BASE + ONE + 'crews = "2"\n', "a whole number"),
    ("count as a fraction", HEAD + BASE + ONE + "crews = 2.5\n", "a whole number"),
    ("not finite", HEAD + BASE + ONE + "import_mw = inf\n", "finite number"),
    ("negative days", HEAD + BASE + ONE + "delay_days = -1\n", "at least 0"),
    ("too many draws", _sample("crews = {integers = [1, 2]}").replace("= 3", "= 99999999"), "most"),
    ("grid beyond all", _grid(f"import_mw = {list(range(4000))}\ncrews = {[1] * 4000}"), "at most"),
    ("empty axis", _grid("import_mw = []"), "at least one entry"),
    ("axis as a number", _grid("import_mw = 3"), "a list"),
    ("two kinds", _sample("crews = {integers = [1, 2], values = [1]}"), "2 kinds of distribution"),
    ("descending", _sample("import_mw = {uniform = [2, 1]}"), "ascending"),
    ("three ends", _sample("import_mw = {uniform = [1, 2, 3]}"), "import_mw.uniform"),
    ("beyond what a key accepts", _sample("delay_days = {uniform = [-1, 1]}"), "at least 0"),
    ("fractions of crews", _sample("crews = {normal = [5, 1]}"), "integers or values"),
    ("no spread", _sample("import_mw = {normal = [100, 0]}"), "is not above 0"),
    ("weights beside", _sample("crews = {integers = [1, 2], weights = [1]}"), "belongs to values"),
    ("nothing to choose of", _sample("out = {choose = 1}"), "give among or kinds"),
    ("more than there are", _sample('out = {choose = 99, kinds = ["line"]}'), "to choose of"),
    ("unknown kind", _sample('out = {choose = 1, kinds = ["lines"]}'), "did you mean 'line'?"),
    (
        "state without damage",
        _sample('out = {choose = 1, kinds = ["line"], state = "slight"}'),
        "d",
    ),
    ("no demand", HEAD + '[sweep]\nlevel = "forecast"\n' + BASE + ONE, "a section [demand]"),
]


@pytest.mark.parametrize(("text", "words"), [file[1:] for file in FILES], ids=[f[0] for f in FILES])
def test_it_is_refused_and_says_why(tmp_path, text, words):
    path = tmp_path / "sweep.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(JobFileError) as caught:
        read_sweep(path)
    assert words in str(caught.value)
    assert all(issue.file == "sweep.toml" for issue in caught.value.issues)


WHOLE = (
    HEAD
    + '[sweep]\nlevel = "plan"\nseed = 3\n'
    + BASE
    + 'damage = {reports = ["damage"]}\nresources = {folder = "resources"}\n'
    + ONE
    + "crews = 2\ndelay_days = 1.5\nimport_mw = 40\nspares = {T = 3}\n"
    + '[[grid]]\nname = "g"\n[grid.over]\nimport_mw = [10, 20]\ncrews = [1, 2]\n'
    + '[[sample]]\nname = "s"\ndraws = 9\n[sample.of]\nout = {choose = 1, kinds = ["line"]}\n'
    + "demand_growth_pct = {normal = [0, 5], low = -3, high = 3}\n"
)
TOKENS = (
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    '"',
    "-1",
    "0",
    "1e99",
    "true",
    '"x"',
    "[]",
    "{}",
    "\n",
    ".",
)


@pytest.mark.parametrize(
    "text",
    [
        ONE + "out = [" + ", ".join(f'"X-{k}"' for k in range(50_000)) + "]\n",
        "".join(f'[[scenario]]\nname = "{k}"\nout = ["X-{k}"]\n' for k in range(5_000)),
        '[[sample]]\nname = "s"\ndraws = 1\n[sample.of]\nout = {choose = 1, among = ['
        + ", ".join(f'"X-{k}"' for k in range(50_000))
        + "]}\n",
    ],
    ids=["one scenario", "many scenarios", "one choice"],
)
def test_tens_of_thousands_of_wrong_assets_are_told_in_seconds(tmp_path, text):
    path = tmp_path / "sweep.toml"
    path.write_text(HEAD + BASE.replace("toy5", "rivercity") + text, encoding="utf-8")
    began = time.process_time()
    with pytest.raises(JobFileError) as caught:
        read_sweep(path)
    assert "more findings" in str(caught.value.issues[-1])
    assert time.process_time() - began < 20


PLACES = [
    match.span() for match in re.finditer(r'(?<== )("[^"]*"|[\d.]+|\[[^\]]*\]|\{[^}]*\})', WHOLE)
]
VALUES = (
    *("-1", "0", "1", "2.5", "1e300", "99999999999", "true", '""', '"x"', "[]", "[[]]", "{}"),
    *("[1, 2]", "[2, 1]", '["x"]', '{x = "y"}', "{choose = 1}", "{values = [1]}", "2027-01-12"),
    *("{normal = [0, 1e-9]}", "{uniform = [0, 0]}", "{integers = [1, 1]}", "2027-01-12T08:00:00Z"),
)


@given(
    st.lists(
        st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), st.sampled_from(("", *TOKENS))),
        min_size=1,
        max_size=4,
    )
)
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_damaged_file_is_read_or_refused(tmp_path, cuts):
    text = WHOLE
    for at, length, token in cuts:
        text = text[:at] + token + text[at + length :]
    assert_read_or_refused(tmp_path, text)


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(VALUES)), max_size=3))
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_file_with_other_values_is_read_or_refused(tmp_path, changes):
    text = WHOLE
    for (begin, end), value in sorted(dict(changes).items(), reverse=True):
        text = text[:begin] + value + text[end:]
    assert_read_or_refused(tmp_path, text)


def assert_read_or_refused(folder, text):
    """The file is read, and its scenarios can be made; or it is refused with findings."""
    path = folder / "sweep.toml"
    path.write_text(text, encoding="utf-8")
    refused = None
    try:
        sweep = read_sweep(path)
    except InputError as error:
        refused = error
    if refused is not None:
        assert refused.issues
        return
    scenarios = sweep.context.scenarios
    assert scenarios[0].name == "base"
    assert scenarios[len(scenarios) - 1].name
