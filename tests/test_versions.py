"""The versions that are installed: what pyproject.toml asks for, what is locked, and what the package says it is."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
LOCKED = ROOT / ".ci" / "locked"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
SYSTEMS = ("linux", "darwin", "win32")
NEEDED = {
    "run": PYPROJECT["project"]["dependencies"] + PYPROJECT["dependency-groups"]["build"],
    "dev": PYPROJECT["project"]["optional-dependencies"]["dev"],
}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def environment_of(python: str, system: str) -> dict[str, str]:
    """Return what the markers of requirements ask about a Python on a system."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.5",
        "sys_platform": system,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }


def pinned(name: str, python: str, system: str) -> dict[str, str]:
    """Return the locked versions for a Python on a system, by name."""
    environment = environment_of(python, system)
    lines = re.findall(r"^[a-z].*?(?= \\$)", (LOCKED / name).read_text(encoding="utf-8"), re.MULTILINE)
    requirements = [Requirement(line) for line in lines]
    return {
        canonical(each.name): str(each.specifier).removeprefix("==")
        for each in requirements
        if each.marker is None or each.marker.evaluate(environment)
    }


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_asked_for_is_locked_for_every_python(python: str, system: str) -> None:
    run, dev = pinned("run.txt", python, system), pinned("dev.txt", python, system)
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}
    for locked, needed in ((run, NEEDED["run"]), (dev, NEEDED["run"] + NEEDED["dev"])):
        for requirement in map(Requirement, needed):
            if requirement.marker is None or requirement.marker.evaluate(environment_of(python, system)):
                version = locked.get(canonical(requirement.name), "0")
                assert version in requirement.specifier, f"{requirement} is not what is locked: run make lock"


def test_what_the_tests_of_clients_ask_for_is_locked() -> None:
    locked = pinned("clients.txt", "3.14", "linux")
    for requirement in map(Requirement, PYPROJECT["dependency-groups"]["clients"]):
        assert locked.get(canonical(requirement.name), "0") in requirement.specifier, f"{requirement}: run make lock"


def test_every_python_that_is_supported_is_in_the_classifiers() -> None:
    prefix = "Programming Language :: Python :: 3."
    named = [each.removeprefix(prefix) for each in PYPROJECT["project"]["classifiers"] if each.startswith(prefix)]
    assert [f"3.{minor}" for minor in named] == list(PYTHONS)
    assert PYPROJECT["project"]["requires-python"] == f">={PYTHONS[0]}"


def test_locked_versions_have_hashes_and_name_no_place_to_get_them_from() -> None:
    for path in sorted(LOCKED.iterdir()):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"https?:|file:|^-|/", text.replace("make lock", ""), re.MULTILINE) == []
        pins = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
        assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


def test_changelog_begins_with_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\] - (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    (version, date), *older = headings
    assert version == PYPROJECT["project"]["version"]
    assert [
        day for day in (date, *(day for _, day in older)) if not re.fullmatch(r"\d{4}-\d\d-\d\d|unreleased", day)
    ] == []
    assert "unreleased" not in dict(older).values()
