"""pandapower's own loaders, which run what a file names, are kept out of the package."""

import ast
import re
import shutil
import subprocess
import sys

import pytest

LOADERS = re.compile(
    r"\b(from_json|from_json_string|from_json_dict|from_excel|from_pickle|from_sqlite"
    r"|from_postgresql|from_dict_of_dfs|PPJSONDecoder|read_pickle|to_pickle|unpickle|pickle"
    r"|marshal|shelve|eval|exec)\b"
)
PLANTED = {
    "called": "import pandapower\n\npandapower.from_json('x')\n",
    "renamed": "import pandapower as pp\n\npp.from_excel('x')\n",
    "imported": "from pandapower import from_pickle\n\nfrom_pickle('x')\n",
    "module": "from pandapower.file_io import from_sqlite\n\nfrom_sqlite('x')\n",
    "decoder": "from pandapower.io_utils import PPJSONDecoder\n\nPPJSONDecoder()\n",
    "pickle": "import pickle\n\npickle.loads(b'')\n",
    "pandas": "import pandas as pd\n\npd.read_pickle('x')\n",
}


def names_used(source):
    """Identifiers in the code itself; words in comments and texts do not count."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield from node.name.split(".")


def test_no_module_names_a_loader(root):
    found = [
        (path.relative_to(root).as_posix(), name)
        for path in sorted((root / "gridtool").rglob("*.py"))
        for name in names_used(path.read_text(encoding="utf-8"))
        if LOADERS.fullmatch(name)
    ]
    assert found == []


def test_the_search_finds_what_is_planted():
    for source in PLANTED.values():
        assert any(LOADERS.fullmatch(name) for name in names_used(source))


@pytest.mark.parametrize("case", PLANTED)
def test_the_linter_finds_what_is_planted(case, root, tmp_path):
    folder = tmp_path / "gridtool"
    folder.mkdir()
    shutil.copy(root / "pyproject.toml", tmp_path)
    (folder / "planted.py").write_text(PLANTED[case])
    run = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "TID251" in run.stdout
