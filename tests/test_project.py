"""What holds for the project as a whole: its metadata, its shape and its house rules."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.resources
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import grimp
import pytest

from tests.plugin.conftest import LIGHT

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mockserver"
DISTRIBUTION = importlib.metadata.distribution("media-collection-mockserver")

LONGEST_MODULE = 600
NAMES_THAT_SAY_NOTHING = {"common", "helper", "helpers", "misc", "util", "utils"}


def source_files() -> list[Path]:
    return sorted(path for folder in (PACKAGE, ROOT / "tests") for path in folder.rglob("*.py"))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def trees() -> dict[Path, ast.Module]:
    """Return what is in the package, read once."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}


@cache
def nodes() -> list[tuple[Path, ast.AST]]:
    """Return everything in the package, each with its file."""
    return [(path, node) for path, tree in trees().items() for node in ast.walk(tree)]


def says_only_what_it_is_for(tree: ast.Module) -> bool:
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in tree.body)


def imported_packages() -> Iterator[str]:
    for _, node in nodes():
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def required(condition: Callable[[str], bool]) -> set[str]:
    """Return the import names of the requirements whose marker meets the condition."""
    names = set()
    for requirement in DISTRIBUTION.requires or ():
        specifier, _, marker = requirement.partition(";")
        match = re.match(r"[\w.-]+", specifier)
        assert match, requirement
        if condition(marker):
            names.add(match[0].lower().replace("-", "_"))
    return names


def test_script_calls_a_function_that_exists() -> None:
    (script,) = DISTRIBUTION.entry_points.select(group="console_scripts")
    assert (script.name, script.value) == ("mockserver", "mockserver.cli:main")
    assert callable(script.load())


def test_pytest_finds_the_plugin_by_itself() -> None:
    (plugin,) = DISTRIBUTION.entry_points.select(group="pytest11")
    assert (plugin.name, plugin.value) == ("mockserver", "mockserver.pytest_plugin")
    assert plugin.load().__name__ == "mockserver.pytest_plugin"


def test_type_checkers_of_users_see_the_annotations() -> None:
    assert importlib.resources.files("mockserver").joinpath("py.typed").is_file()


def test_files_of_the_page_are_in_the_package_and_no_ignore_rule_keeps_them_out_of_it() -> None:
    page = importlib.resources.files("mockserver.server") / "ui"
    assert page.joinpath("index.html").is_file()
    built = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'packages = ["mockserver"]' in built
    on_disk = [path.relative_to(ROOT).as_posix() for path in (PACKAGE / "server" / "ui").rglob("*") if path.is_file()]
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip("/") for line in ignored if line and not line.startswith("#")]
    assert [path for path in on_disk for pattern in patterns if PurePosixPath(path).match(pattern)] == []
    assert [path for path in on_disk for part in path.split("/")[:-1] if part in patterns] == []


def test_every_import_is_a_declared_dependency_and_every_dependency_is_used() -> None:
    third_party = set(imported_packages()) - {"mockserver", "__future__"}
    third_party -= set(sys.stdlib_module_names) | {"tomllib"}  # standard library from 3.11 on
    always = required(lambda marker: "extra" not in marker)
    of_users = required(lambda marker: "extra" in marker and "dev" not in marker)
    assert third_party - always - of_users == set()
    assert always - third_party == set()


def test_private_names_are_those_of_their_own_file() -> None:
    """Where there is no other way, ``getattr`` asks a library for one, and a test says what degrades without it."""
    documented = {"_asdict", "_replace", "_value_"}
    own = {(path, name) for path in trees() for name in documented}
    for path, node in nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add((path, node.name))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            own.add((path, node.attr))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add((path, node.id))
    foreign = []
    for path, node in nodes():
        if isinstance(node, ast.Attribute) and re.match("_(?!_)", node.attr) and (path, node.attr) not in own:
            foreign.append(f"{shown(path)}:{node.lineno} {node.attr}")
        elif isinstance(node, ast.ImportFrom) and re.search(r"\b_(?!_)", ast.unparse(node)):
            foreign.append(f"{shown(path)}:{node.lineno} {node.module}")
    assert foreign == []


def test_every_module_names_what_it_exports() -> None:
    silent = []
    for path, tree in trees().items():
        targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
        targets += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
        if not says_only_what_it_is_for(tree) and not any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in targets
        ):
            silent.append(shown(path))
    assert silent == []


def test_every_exported_name_exists() -> None:
    missing = []
    for path in PACKAGE.rglob("*.py"):
        module = importlib.import_module(module_name(path))
        missing += [f"{module.__name__}.{name}" for name in getattr(module, "__all__", ()) if not hasattr(module, name)]
    assert missing == []


def test_no_two_files_need_each_other_not_even_for_their_types() -> None:
    imports = grimp.build_graph("mockserver", exclude_type_checking_imports=False, cache_dir=None)
    circles = []
    for module in sorted(imports.modules):
        for imported in imports.find_modules_directly_imported_by(module):
            way_back = imports.find_shortest_chain(imported, module)
            if way_back and module == min(way_back):
                circles.append(" -> ".join((module, *way_back)))
    assert circles == []


def test_no_file_is_longer_than_one_can_read_in_a_sitting() -> None:
    lines = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in source_files()}
    assert {path: count for path, count in lines.items() if count > LONGEST_MODULE} == {}


def test_every_file_is_named_for_something_of_the_domain() -> None:
    names = {shown(path): {path.stem.removeprefix("test_"), path.parent.name} for path in source_files()}
    assert {path for path, parts in names.items() if parts & NAMES_THAT_SAY_NOTHING} == set()


def test_folders_of_tests_are_not_packages() -> None:
    assert [shown(path) for path in (ROOT / "tests").rglob("__init__.py")] == []


GOLDEN_TEST = """
def test_text(golden):
    golden("report/text.txt", "one\\nthree\\n")
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with our conftest, a test that compares with a golden file, and no golden file yet."""
    conftest = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    pytester.makeconftest(conftest.replace('pytest_plugins = ["pytester"]', ""))
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(GOLDEN_TEST)
    return pytester


def test_golden_file_that_is_missing_fails_the_test(project: pytest.Pytester) -> None:
    project.runpytest_inprocess(*LIGHT).assert_outcomes(failed=1)


def test_golden_file_that_differs_is_shown_as_a_diff_with_the_command_that_rewrites_it(
    project: pytest.Pytester,
) -> None:
    path = project.path / "fixtures" / "golden" / "report" / "text.txt"
    path.parent.mkdir(parents=True)
    path.write_text("one\ntwo\n", encoding="utf-8")
    result = project.runpytest_inprocess(*LIGHT)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["--- fixtures/golden/report/text.txt", "-two", "+three", "*make golden*"])


def test_golden_file_is_rewritten_on_request_and_then_matches(project: pytest.Pytester) -> None:
    project.runpytest_inprocess(*LIGHT, "--rewrite-golden").assert_outcomes(passed=1)
    project.runpytest_inprocess(*LIGHT).assert_outcomes(passed=1)
    assert (project.path / "fixtures" / "golden" / "report" / "text.txt").read_bytes() == b"one\nthree\n"


def test_no_two_public_classes_have_one_name() -> None:
    """The folders of the dialects hold the same parts of different APIs, so a name may recur from one to the other."""
    found: dict[str, list[str]] = {}
    for path, tree in trees().items():
        module = module_name(path)
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(module)
    shared = {name: sorted(modules) for name, modules in found.items() if len(modules) > 1}
    folders = {name: [module.rsplit(".", 2)[:-1] for module in modules] for name, modules in shared.items()}
    own = [["mockserver.dialects", "collection"], ["mockserver.dialects", "edge"]]
    assert {name: modules for name, modules in shared.items() if folders[name] != own} == {}
