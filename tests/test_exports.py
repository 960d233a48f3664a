"""What the package says it exports, it exports; and everything public is said."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import click
import pytest

import gridtool

NAMES = sorted(
    name
    for _, name, _ in pkgutil.walk_packages(gridtool.__path__, "gridtool.")
    if not name.startswith(("gridtool._networks", "gridtool._forecasts", "gridtool.__main__"))
    and not name.endswith(".migrations.env")  # alembic alone can run it
)


def public_definitions(module):
    """Top-level public functions and classes written in the module."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    }


def test_the_facade_is_complete_and_sorted():
    assert gridtool.__all__ == sorted(gridtool.__all__)
    for name in gridtool.__all__:
        assert getattr(gridtool, name) is not None
    assert set(gridtool._HOMES) <= set(gridtool.__all__)
    assert set(dir(gridtool)) == {*gridtool.__all__, "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'asess'"):
        _ = gridtool.asess


def test_the_facade_is_what_type_checkers_see():
    tree = ast.parse(Path(gridtool.__file__).read_text(encoding="utf-8"))
    seen = {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == gridtool._HOMES


@pytest.mark.parametrize("name", NAMES)
def test_all_is_what_is_public(name):
    module = importlib.import_module(name)
    public = public_definitions(module)
    if not hasattr(module, "__all__"):
        assert not public, f"{name} has no __all__"
        return
    assert len(set(module.__all__)) == len(module.__all__), f"{name}.__all__ repeats a name"
    for exported in module.__all__:
        assert hasattr(module, exported), f"{name}.__all__ names {exported}"
    public = {n for n in public if not isinstance(getattr(module, n), click.Command)}
    assert public <= set(module.__all__), f"{name} does not export {public - set(module.__all__)}"
