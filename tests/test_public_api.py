"""The names that users import, and what importing them costs."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mockserver
from mockserver import errors
from tests.documents import PAGES

NAMES = {
    "SERVICE",
    "BlockingCallInLoop",
    "ControlFailed",
    "Entry",
    "FaultHandle",
    "FaultSpec",
    "Finding",
    "Forbidden",
    "InvalidInput",
    "MediaServer",
    "MockServer",
    "MockserverError",
    "NotFound",
    "PlanResult",
    "Query",
    "Refused",
    "ServerFailed",
    "ServerOptions",
    "SessionHandle",
    "SessionReport",
    "SessionRule",
    "Settings",
    "Severity",
    "Story",
    "StoryHandle",
    "TrackingPlan",
    "VerificationFailed",
    "any_number_of",
    "anything",
    "build_app",
    "connect",
}
"""Adding one is a promise, removing one breaks somebody's tests."""


def test_public_names_are_these() -> None:
    assert set(mockserver.__all__) == NAMES
    assert len(mockserver.__all__) == len(NAMES)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_public_name_can_be_imported(name: str) -> None:
    assert getattr(importlib.import_module("mockserver"), name) is not None


def test_everything_that_can_be_raised_can_be_caught_by_its_public_name() -> None:
    assert {getattr(mockserver, name) for name in errors.__all__} == {getattr(errors, name) for name in errors.__all__}


def test_type_checkers_see_the_same_names_as_the_interpreter() -> None:
    tree = ast.parse(Path(mockserver.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen.keys() == NAMES
    for name, module in seen.items():
        assert getattr(importlib.import_module(str(module)), name) is getattr(mockserver, name)


def test_names_are_listed_for_whoever_explores() -> None:
    assert dir(mockserver) == sorted(NAMES)


def test_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'mockserver' has no attribute 'MocServer'$"):
        _ = mockserver.MocServer
    assert not hasattr(mockserver, "utils")


def test_documents_import_only_what_there_is() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    imported = re.findall(r"^from (mockserver[\w.]*) import ([\w, ]+)$", text, re.MULTILINE)
    assert imported
    for module, names in imported:
        for name in re.split(r",\s*", names):
            assert hasattr(importlib.import_module(module), name), f"from {module} import {name}"


def loaded_by(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(*sorted(sys.modules))"
    return set(subprocess.check_output([sys.executable, "-I", "-c", script], text=True, timeout=30).split())


HEAVY = {"aiohttp", "asyncio", "faker", "jsonschema", "jsonschema_rs", "msgspec"}


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert loaded_by("import mockserver") & HEAVY == set()


def test_errors_can_be_imported_without_a_server() -> None:
    assert loaded_by("from mockserver import VerificationFailed, NotFound") & HEAVY == set()


def test_server_elsewhere_is_used_without_what_a_server_needs() -> None:
    loaded = loaded_by("from mockserver import connect; connect('http://localhost')")
    assert loaded & HEAVY == {"asyncio", "msgspec"}
