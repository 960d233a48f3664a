"""Files of scenarios: what they mean, and everything that is wrong with them at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gridtool.damage.model import DamageState
from gridtool.errors import JobFileError
from gridtool.jobs.sweeps.read import read_sweep
from gridtool.whatif.evaluate import evaluate
from gridtool.whatif.scenario import Scenario

HEAD = 'format = "gridtool-scenarios"\nformat_version = 1\n'
TOY = """
[base]
network = "toy5"
as_of = "2027-01-12T08:00+02:00"
damage = {reports = ["damage"]}
resources = {folder = "resources"}
"""


def write(folder, text, *, head=HEAD, base=TOY, name="sweep.toml"):
    path = folder / name
    path.write_text(head + base + text, encoding="utf-8")
    return path


def issues_of(path, **given):
    with pytest.raises(JobFileError) as caught:
        read_sweep(path, **given)
    return {(issue.field, issue.message) for issue in caught.value.issues}


def test_every_key_of_a_scenario(tmp_path):
    path = write(
        tmp_path,
        """
[[scenario]]
name = "all"
out = ["L-A-B", "L-A-B"]
delay_days = 2
crews = 3
spares = {"T" = 4}
arrivals_later_days = 0.5
mobile_units = 0
import_mw = 40
import_change_mw = -5.5
demand_growth_pct = 5
""".replace("L-A-B", _asset(tmp_path, "lines")),
    )
    sweep = read_sweep(path)
    line = _asset(tmp_path, "lines")
    assert sweep.context.level == "plan"  # no demand in the base
    assert [one.name for one in sweep.context.scenarios] == ["base", "all"]
    assert sweep.context.scenarios[1].scenario == Scenario(
        out=(line,),
        delay_h=48.0,
        crews=3,
        stock=(("T", 4),),
        arrivals_later_h=12.0,
        mobile_units=0,
        import_mw=40.0,
        import_change_mw=-5.5,
        demand_growth=0.05,
    )
    assert sweep.context.state.as_of == datetime(2027, 1, 12, 6, tzinfo=UTC)
    assert "counted from the ratings" in " ".join(str(issue) for issue in sweep.warnings)
    assert sweep.context.resources is not None
    assert sweep.inputs[0] == path


def _asset(_folder, table, at=0):
    from gridtool.network.catalog import load_network

    return str(load_network("toy5").tables[table].index[at])


def test_damage_back_and_delays_name_assets(tmp_path):
    damaged = next(
        iter(read_sweep(write(tmp_path, '[[scenario]]\nname = "a"\n')).context.state.damage)
    )
    line = _asset(tmp_path, "lines", 1)
    sweep = read_sweep(
        write(
            tmp_path,
            f"""
[[scenario]]
name = "a"
damage = {{"{line}" = "moderate"}}
[[scenario]]
name = "b"
back = ["{damaged}"]
[[scenario]]
name = "c"
delays = {{"{damaged}" = 1.5}}
""",
        )
    )
    one, two, three = (sweep.context.scenarios[k].scenario for k in (1, 2, 3))
    assert one.damaged == ((line, DamageState.MODERATE),)
    assert two.back == (damaged,)
    assert three.delays == ((damaged, 36.0),)


def test_grids_and_samples(tmp_path):
    sweep = read_sweep(
        write(
            tmp_path,
            """
[[grid]]
name = "g"
crews = 2
[grid.over]
import_mw = [20, 40.5]
out = [[], ["LINE"]]
[[sample]]
name = "s"
draws = 500
seed = 3
[sample.of]
out = {choose = 1, kinds = ["line"]}
import_mw = {uniform = [10, 20]}
demand_growth_pct = {normal = [0, 5], low = -2, high = 3}
crews = {integers = [1, 3]}
mobile_units = {values = [0, 2], weights = [1, 3]}
delay_days = {triangular = [0, 1, 4]}
""".replace("LINE", _asset(tmp_path, "lines")),
        ),
        level="plan",
        seed=9,
    )
    space = sweep.context.scenarios
    assert len(space) == 1 + 4 + 500
    assert sweep.context.seed == 9
    assert space[2].name == f"g: import_mw = 20, out = {_asset(tmp_path, 'lines')}"
    assert space[3].scenario == Scenario(crews=2, import_mw=40.5)
    drawn = [space[k].scenario for k in range(5, 505)]
    assert space[5].name == "s #1"
    assert all(10 <= one.import_mw <= 20 for one in drawn)
    assert all(-0.02 <= one.demand_growth <= 0.03 for one in drawn)
    assert {one.crews for one in drawn} == {1, 2, 3}
    assert {one.mobile_units for one in drawn} == {0, 2}
    assert all(0 <= one.delay_h <= 96 for one in drawn)
    lines = set(sweep.context.state.network.lines.index)
    assert {one.out[0] for one in drawn} == lines


def test_all_that_is_wrong_with_the_form_is_told_at_once(tmp_path):
    found = issues_of(
        write(
            tmp_path,
            """
[sweep]
level = "asess"
[[scenario]]
crews = 0
outt = ["A"]
[[grid]]
name = "g"
[[sample]]
name = "s"
draws = 0
of = {crews = {integers = [1, 2]}}
""",
        )
    )
    assert ("sweep.level", "has a value that is not accepted") in found
    found = issues_of(
        write(
            tmp_path,
            """
[[scenario]]
crews = 0
outt = ["A"]
[[grid]]
name = "g"
[[sample]]
name = "s"
draws = 0
of = {crews = {integers = [1, 2]}}
""",
        )
    )
    assert found == {
        ("scenario[1].name", "is missing"),
        ("scenario[1].crews", "is out of range"),
        ("scenario[1].outt", "is not a known key"),
        ("grid[1].over", "is missing"),
        ("sample[1].draws", "is out of range"),
    }


def test_all_that_is_wrong_with_values_is_told_at_once(tmp_path):
    found = issues_of(
        write(
            tmp_path,
            """
[[scenario]]
name = "base"
[[scenario]]
name = "x"
[[grid]]
name = "x"
crews = 2
[grid.over]
crews = [1]
cruise = [1]
import_mw = [10, -1, "much"]
[[sample]]
name = "s"
draws = 5
[sample.of]
out = {choose = 3}
damage = {choose = 1, among = ["nothing"], state = "complete"}
import_mw = {uniform = [20, 10]}
crews = {uniform = [1, 3]}
mobile_units = {integers = [1, 3], values = [1]}
demand_growth_pct = {normal = [2000, 1]}
delay_days = {}
back = {choose = 1, among = ["nothing"]}
weather_year = {values = [2024], weights = [1, 2]}
arrivals_later_days = {uniform = [0, 9999]}
import_change_mw = {normal = [0, -1]}
further_damage_rate = {triangular = [0, 1]}
""",
        )
    )
    assert {field for field, _ in found} == {
        "scenario[1].name",
        "scenario[2].name",
        "grid[1].name",
        "grid[1].over.crews",
        "grid[1].over.cruise",
        "grid[1].over.import_mw[2]",
        "grid[1].over.import_mw[3]",
        "sample[1].of.out",
        "sample[1].of.damage.among",
        "sample[1].of.import_mw.uniform",
        "sample[1].of.crews",
        "sample[1].of.mobile_units",
        "sample[1].of.demand_growth_pct.normal",
        "sample[1].of.delay_days",
        "sample[1].of.back",
        "sample[1].of.weather_year.weights",
        "sample[1].of.arrivals_later_days.uniform",
        "sample[1].of.import_change_mw.normal",
        "sample[1].of.further_damage_rate.triangular",
    }


def test_what_the_base_does_not_have_is_told_at_once(tmp_path):
    bare = '[base]\nnetwork = "toy5"\nas_of = "2027-01-12T08:00+02:00"\n'
    text = """
[sweep]
level = "plan"
[[scenario]]
name = "a"
out = ["nowhere"]
crews = 3
[[scenario]]
name = "b"
back = ["LINE"]
weather_year = 2020
""".replace("LINE", _asset(tmp_path, "lines"))
    found = issues_of(write(tmp_path, text, base=bare))
    assert found == {
        ("scenario[1].out", "is not an asset of the network"),
        ("scenario[1].crews", "needs the crews and spares that there are"),
        ("scenario[2].back", "is not damaged: there is nothing to bring back"),
        ("scenario[2].weather_year", "says nothing at the level plan"),
    }
    assert issues_of(write(tmp_path, text, base=bare), level="forecast") == {
        ("sweep.level", "needs the demand of the months ahead, which the base does not give")
    }


def test_a_wrong_section_hides_no_other(tmp_path):
    text = (
        '[sweep]\nlevel = "asess"\n[[scenario]]\nname = "a"\ncrews = -1\nout = ["nope"]\n'
        '[[sample]]\nname = "s"\ndraws = 3\n[sample.of]\nout = {choose = 99, kinds = ["line"]}\n'
    )
    found = {field for field, _ in issues_of(write(tmp_path, text))}
    assert found == {"sweep.level", "scenario[1].crews"}
    text = text.replace("asess", "assess").replace("crews = -1\n", "")
    found = {field for field, _ in issues_of(write(tmp_path, text))}
    assert found == {"scenario[1].out", "sample[1].of.out.choose"}


@pytest.mark.parametrize(
    ("base", "field"),
    [
        ("[base]\n", "base.network"),
        ('[base]\njob = "nothing.toml"\n', None),
        ('[base]\njob = "rivercity"\nnetwork = "toy5"\n', "base.network"),
        ('[base]\nnetwork = "toy55"\n', "base.network"),
        ('[base]\nnetwork = "toy5"\ndamage = {reports = ["none"]}\n', "base.damage.reports"),
        ('[base]\nnetwork = "toy5"\nplan = {evaluations = 0}\n', "base.plan.evaluations"),
        ('[base]\nnetwork = "toy5"\nas_of = "soon"\n', "base.as_of"),
        ("", "base"),
    ],
)
def test_a_wrong_base_is_refused_in_its_words(tmp_path, base, field):
    found = issues_of(write(tmp_path, '[[scenario]]\nname = "a"\n', base=base))
    assert [place for place, _ in found] == [field]


def test_a_file_without_scenarios_is_refused(tmp_path):
    assert issues_of(write(tmp_path, "")) == {(None, "the file states no scenario")}


def test_what_decides_the_rows_is_in_the_identity_and_places_are_not(tmp_path):
    path = write(tmp_path, '[[scenario]]\nname = "a"\ncrews = 2\n')
    one = read_sweep(path)
    (tmp_path / "elsewhere").mkdir()
    moved = write(tmp_path / "elsewhere", '[[scenario]]\nname = "a"\ncrews = 2\n')
    assert read_sweep(moved).identity == one.identity
    assert str(tmp_path) not in str(one.identity)
    assert read_sweep(path, seed=5).identity != one.identity
    assert read_sweep(path, level="assess").identity != one.identity
    assert read_sweep(path, as_of="2027-01-13T08:00").identity != one.identity
    other = write(tmp_path, '[[scenario]]\nname = "a"\ncrews = 3\n')
    assert read_sweep(other).identity != one.identity


def test_rows_of_a_file_say_done(tmp_path):
    path = write(tmp_path, '[[scenario]]\nname = "slow"\ndelay_days = 3\n')
    context = read_sweep(path).context
    base, slow = (evaluate(context, one) for one in context.scenarios)
    assert (base.status, slow.status) == ("done", "done")
    assert slow.last_repair_h >= base.last_repair_h
    assert slow.ens_mwh > base.ens_mwh


@pytest.mark.parametrize(
    ("name", "level", "count"),
    [("rivercity", "forecast", 19), ("rivercity_losses", "assess", 2001)],
)
def test_the_shipped_files_are_read_without_a_warning(root, name, level, count):
    sweep = read_sweep(Path(root) / "forecasts" / "scenarios" / f"{name}.toml")
    assert sweep.context.level == level
    assert len(sweep.context.scenarios) == count
    assert sweep.warnings == () or level == "forecast"
