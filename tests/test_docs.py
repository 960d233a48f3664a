"""The documents say what the code does."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from importlib import metadata

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gridtool.cli import COMMANDS, cli
from gridtool.jobs.settings import list_keys
from gridtool.network.catalog import list_networks
from gridtool.network.schema import TABLES


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text(encoding="utf-8")


def command_lines(text):
    """``gridtool ...`` lines of the code blocks, continuation lines joined."""
    blocks = re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            found = re.search(r"(?:^|&& |\$ |/bin/)(gridtool( .*)?)$", line.split(" #")[0].rstrip())
            if found:
                yield found.group(1)


def find_command(words):
    """The command that ``words`` call, and the words left for it."""
    command, left = cli, list(words)
    while isinstance(command, click.Group):
        context = click.Context(command)
        assert left, "a command is named"
        child = command.get_command(context, left[0])
        assert child is not None, f"there is no command {left[0]}"
        command, left = child, left[1:]
    return command, left


def test_every_command_is_documented(readme):
    for name in COMMANDS:
        assert f"`gridtool {name}" in readme, f"README.md does not name gridtool {name}"


def test_every_command_line_of_the_documents_parses(root):
    lines = [
        (path.name, line)
        for path in [
            root / "README.md",
            *root.glob("networks/**/*.md"),
            *root.glob("forecasts/**/*.md"),
        ]
        for line in command_lines(path.read_text(encoding="utf-8"))
    ]
    assert len(lines) >= 8
    for name, line in lines:
        words = shlex.split(line.split(" > ")[0].split(" | ")[0])[1:]
        if words and words[0].startswith("-"):
            continue
        command, left = find_command(words)
        if left and left[0] in {"-h", "--help"}:
            continue
        # Below the group: a command keeps the help options of the first context it meets.
        parent = click.Context(cli, **cli.context_settings)
        command.make_context(f"{name}: {line}", left, parent=parent)


def test_commands_named_in_sentences_and_tables_are_there(root):
    """``gridtool job diff`` as code within a line: at least its command, and options of it."""
    named = 0
    for path in (root / "README.md", *root.glob("forecasts/**/*.md")):
        for span in re.findall(r"`gridtool ([a-z][^`]*)`", path.read_text(encoding="utf-8")):
            words = span.split()
            depth = 1 + isinstance(find_command_or_group(words[:1]), click.Group)
            if len(words) < depth:
                continue  # a group alone
            command = find_command_or_group(words[:depth])
            known = {name for option in command.params for name in option.opts}
            options = {word for word in words if word.startswith("--")}
            assert options <= known, f"{path.name}: `gridtool {span}`"
            named += 1
    assert named > 40


def find_command_or_group(words):
    """The command or group that all of ``words`` call."""
    found = cli
    for word in words:
        found = found.get_command(click.Context(found), word.rstrip(","))
        assert found is not None, f"there is no command {' '.join(words)}"
    return found


def test_the_table_of_job_keys_is_the_schema(root):
    text = (root / "forecasts" / "README.md").read_text(encoding="utf-8")
    block = text.split("<!-- keys")[1].split("<!-- end of keys -->")[0]
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in block.splitlines()
        if line.startswith("|") and "---" not in line
    ][1:]
    assert rows == [list(row.values()) for row in list_keys()]


def test_the_network_document_has_every_column(root):
    text = (root / "networks" / "README.md").read_text(encoding="utf-8")
    for schema in TABLES:
        assert f"{schema.name}.csv" in text, f"networks/README.md lacks {schema.name}.csv"
        for column in schema.columns:
            assert f"`{column.name}`" in text, f"networks/README.md lacks {column.name}"


def test_shipped_files_are_listed(root, readme):
    jobs = (root / "forecasts" / "README.md").read_text(encoding="utf-8")
    for path in root.glob("forecasts/*.toml"):
        assert f"`{path.name}`" in jobs
    for name in list_networks():
        assert f"`{name}`" in readme, f"README.md does not name the network {name}"


def test_the_version_is_stated_once(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    package = (root / "gridtool" / "__init__.py").read_text(encoding="utf-8")
    assert f'__version__ = "{project["version"]}"' in package
    assert f"## [{project['version']}]" in (root / "CHANGELOG.md").read_text()


def test_constraints_are_names_and_versions_and_satisfy_the_project(root):
    lines = (root / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", x) for x in lines if x[0] != "#")
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(entry for extra in extras.values() for entry in extra)]
    for requirement in wanted:
        name = re.match(r"[A-Za-z0-9._-]+", requirement).group().lower()
        if name == project["name"]:
            named = re.search(r"\[(.*)\]", requirement).group(1).split(",")
            assert set(named) <= set(extras), f"{requirement} names an extra that there is not"
            continue
        assert name in pins, f"constraints.txt lacks {name}"
        for sign, limit in re.findall(r"(>=|<|==)([0-9.]+)", requirement):
            have = tuple(map(int, pins[name].split(".")[:3]))
            bound = tuple(map(int, limit.split(".")))
            assert {
                ">=": have >= bound,
                "<": have < bound,
                "==": have == bound,
            }[sign], f"{name} {pins[name]} against {requirement}"


def test_constraints_name_all_that_is_installed_with_the_project(root):
    """Whatever a requirement draws in is pinned too: tomorrow's tests have today's packages."""
    lines = (root / "constraints.txt").read_text().splitlines()
    pins = {line.partition("==")[0] for line in lines}
    todo, reached = [("gridtool", {"dev"})], set()
    while todo:
        name, extras = todo.pop()
        for text in metadata.requires(name) or ():
            needed = Requirement(text)
            marker = needed.marker
            wanted = (canonicalize_name(needed.name), frozenset(needed.extras))
            if wanted in reached:
                continue
            if not marker or any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
                reached.add(wanted)
                todo.append((wanted[0], set(wanted[1])))
    missing = {name for name, _ in reached} - pins - {"gridtool"}
    assert not missing, f"constraints.txt lacks {sorted(missing)}"


def test_the_test_command_is_found_by_the_ci_script(root, readme):
    script = (root / ".ci" / "run").read_text()
    found = re.search(r"sed -n '(/<!--.*?/,/.*?/)p'", script)
    assert found
    block = re.search(r"<!-- the test command -->\n```sh\n(.*?)\n```", readme, flags=re.DOTALL)
    assert block.group(1).startswith("python3.11 -m venv .venv && .venv/bin/pip install ")
    assert block.group(1).endswith("pytest -n 2")
    assert "\n" not in block.group(1)
    subprocess.run(["bash", "-n", str(root / ".ci" / "run")], check=True)


def test_relative_links_lead_somewhere(root):
    for path in [root / "README.md", *root.glob("networks/*.md"), *root.glob("forecasts/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_links_into_documents_lead_to_a_heading(root, readme):
    for target, anchor in re.findall(r"\]\(([^)#]+)#([^)]+)\)", readme):
        text = (root / target).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_nothing_of_a_machine_is_committed(root):
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a checkout")
    for name in listed.stdout.splitlines():
        if name.endswith((".gz", ".xlsx")):
            continue
        text = (root / name).read_text(encoding="utf-8", errors="replace")
        assert not re.search(r"/(home|root|Users|work|opt)/[a-z]", text), f"{name} names a path"
