"""The wheel carries its networks and jobs, and runs the main job from an empty directory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile

import pytest


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder), str(root)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    (path,) = folder.glob("gridtool-*.whl")
    return path


@pytest.fixture(scope="module")
def program(root, wheel, tmp_path_factory):
    """``gridtool`` of a fresh environment: the wheel, and the packages of this one."""
    home = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    subprocess.run(
        [*install, "--no-index", "--quiet", "--disable-pip-version-check", str(wheel)], check=True
    )
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site,) = home.glob("lib/python*/site-packages")
    (site / "packages_of_the_tests.pth").write_text("\n".join(sorted(paths)))
    keep_compiled(root / "gridtool", site / "gridtool")
    return home / "bin" / "gridtool"


def keep_compiled(checkout, installed):
    """Give the installed package the loops that the checkout has compiled, if it has.

    numba takes them for its own where a source file has the size and the time of the other.
    """
    for source in checkout.rglob("*.py"):
        target = installed / source.relative_to(checkout)
        assert target.read_bytes() == source.read_bytes(), f"the wheel has another {source.name}"
        shutil.copystat(source, target)
    for compiled in checkout.rglob("__pycache__/*.nb[ic]"):
        target = installed / compiled.relative_to(checkout)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(compiled, target)


def run(program, *arguments, cwd):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GRIDTOOL_")}
    return subprocess.run(
        [str(program), *arguments],
        cwd=cwd,
        env=environment | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_wheel_holds_data_and_no_tests(wheel, root):
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in [*root.glob("networks/**/*"), *root.glob("forecasts/**/*")]:
        if path.is_file():
            relative = path.relative_to(root).as_posix()
            top, _, rest = relative.partition("/")
            assert f"gridtool/_{top}/{rest}" in names, f"{relative} is not in the wheel"
    assert "gridtool/py.typed" in names
    assert not any(
        part in {"tests", "__pycache__"} for name in names for part in name.split("/")
    ), "the wheel carries tests or caches"
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_main_job_runs_from_an_empty_directory(program, tmp_path):
    where = run(program, "doctor", "--format", "json", cwd=tmp_path)
    assert where.returncode == 0, where.stdout + where.stderr
    arguments = ("--samples", "20", "--evaluations", "100", "--out", "results")
    finished = run(program, "run", "forecasts/rivercity.toml", *arguments, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert "Rivercity" in finished.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["results"]
    envelope = json.loads((tmp_path / "results" / "result.json").read_text())
    read = [entry["path"] for entry in envelope["inputs"]]
    assert all("/site-packages/gridtool/_" in path for path in read), read
