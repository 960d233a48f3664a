"""Reading a pandapower file, against pandapower's own loader (which only loads it)."""

from time import perf_counter

import pandapower as pp
import pandapower.networks as shipped
import pytest

from gridtool.network.foreign import read_foreign

CASES = {"case118": 5.0, "mv_oberrhein": 3.0, "case9241pegase": 0.2}


def best_of(times, call):
    spent = []
    for _ in range(times):
        start = perf_counter()
        call()
        spent.append(perf_counter() - start)
    return min(spent)


@pytest.mark.benchmark
@pytest.mark.parametrize("name", CASES)
def test_reading_pandapower_json(name, tmp_path):
    path = tmp_path / "net.json"
    pp.to_json(getattr(shipped, name)(), str(path))
    ours = best_of(3, lambda: read_foreign(path))
    theirs = best_of(3, lambda: pp.from_json(str(path)))  # noqa: TID251 - a file written here
    size = path.stat().st_size / 1e3
    print(
        f"\n{name}, {size:.0f} kB: read, checked and converted in {ours:.3f} s; "
        f"pandapower's loader {theirs:.3f} s; ratio {theirs / ours:.1f}"
    )
    assert theirs / ours > CASES[name]
    assert ours < 3.0
