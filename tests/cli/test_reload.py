from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from mockserver.cli.configuration import configure
from mockserver.cli.flags import serve_flags
from mockserver.cli.reload import ConfigurationFiles, FileWatch, StoryLook
from mockserver.cli.story_files import StoryFiles
from mockserver.errors import InvalidInput
from mockserver.model.fault import FaultSpec
from mockserver.model.fault_kind import StatusFault
from mockserver.model.settings import Settings
from mockserver.server.service import Service
from mockserver.stories.book import StoryBook
from tests.factories import inside, post
from tests.tables import every_case

RULE = '[[faults]]\nfault.kind = "status"\nfault.code = {code}\n'
STORY = """\
title = "{}"
symptom = "s"
description = "d"
player = "p"
[[expect]]
says = "It pings."
query.event_type = "ping"
"""


class Reloaded:
    """A server whose configuration comes from a folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "mockserver.toml"
        self._written = 0
        read = partial(configure, serve_flags(), {}, {}, folder, "7")
        configuration = read()
        self.service = Service(configuration.settings, configuration.options, faults=configuration.faults)
        self.files = ConfigurationFiles(configuration, read, self.service.restart_with)

    def write(self, text: str) -> list[str]:
        """Write the file, look once, and return what was reported."""
        self._written += 1
        self.path.write_text(text + "\n" * self._written, encoding="utf-8")  # another size, whatever the clock says
        return self.look()

    def look(self) -> list[str]:
        told: list[str] = []
        self.files.look(told.append)
        return told

    def codes(self, namespace: str = "default") -> list[object]:
        rules = inside(self.service.namespaces.obtain(namespace)).faults.rules
        return [getattr(rule.fault, "code", rule.fault) for rule in rules]


@pytest.fixture
def reloaded(tmp_path: Path) -> Callable[[str], Reloaded]:
    def make(text: str) -> Reloaded:
        (tmp_path / "mockserver.toml").write_text(text, encoding="utf-8")
        return Reloaded(tmp_path)

    return make


def test_settings_and_rules_of_a_changed_file_are_in_force_in_every_namespace(
    reloaded: Callable[[str], Reloaded],
) -> None:
    server = reloaded("idle_timeout = 5\n" + RULE.format(code=500))
    server.service.namespaces.obtain("blue")
    assert server.look() == []
    told = server.write("idle_timeout = 9\n" + RULE.format(code=500) + RULE.format(code=503))
    assert told == [f"reloaded {server.path}: idle_timeout_s, 2 fault rules"]
    for name in ("default", "blue", "made-later"):
        assert inside(server.service.namespaces.obtain(name)).settings.idle_timeout_s == 9
        assert server.codes(name) == [500, 503]
    assert server.look() == []


def test_changes_made_by_a_tester_meanwhile_stay(reloaded: Callable[[str], Reloaded]) -> None:
    server = reloaded("idle_timeout = 5\ngrace = 1\n" + RULE.format(code=500) + RULE.format(code=501))
    emulator = inside(server.service.namespaces.default)
    emulator.configure(replace(emulator.settings, idle_timeout_s=77))
    emulator.faults.put("f2", FaultSpec(fault=StatusFault(code=599)), 0)
    emulator.faults.add(FaultSpec(fault=StatusFault(code=500)), 0)
    server.write("idle_timeout = 5\ngrace = 2\n" + RULE.format(code=502))
    assert (emulator.settings.idle_timeout_s, emulator.settings.grace_s) == (77, 2)
    assert server.codes() == [599, 500, 502]
    emulator.reset(["settings", "faults"])
    assert (emulator.settings.idle_timeout_s, server.codes()) == (5, [502])


def test_rule_that_stays_in_the_file_keeps_its_counters(reloaded: Callable[[str], Reloaded]) -> None:
    server = reloaded(RULE.format(code=500))
    before = inside(server.service.namespaces.default).faults.armed[0]
    server.write(RULE.format(code=500) + RULE.format(code=503))
    assert inside(server.service.namespaces.default).faults.armed[0] is before


def test_unusable_file_is_reported_once_and_changes_nothing(reloaded: Callable[[str], Reloaded]) -> None:
    server = reloaded("idle_timeout = 5\n")
    told = server.write("idle_timeout = 'x'\n")
    assert told == [f"{server.path}:1: idle_timeout must be a number, or none, not 'x'; keeping the previous version"]
    assert server.look() == []
    assert inside(server.service.namespaces.default).settings.idle_timeout_s == 5
    assert server.write("idle_timeout = 6\n") == [f"reloaded {server.path}: idle_timeout_s"]


@every_case(
    ("settings", "rule"),
    [
        (Settings(idle_timeout_s=-1), FaultSpec(fault=StatusFault(code=503))),
        (Settings(idle_timeout_s=9), FaultSpec(fault=StatusFault(code=503), probability=2)),
    ],
    ids=["settings", "rule"],
)
def test_what_cannot_be_used_changes_no_namespace_and_none_that_is_made_later(
    reloaded: Callable[[str], Reloaded], settings: Settings, rule: FaultSpec
) -> None:
    server = reloaded("idle_timeout = 5\n" + RULE.format(code=500))
    server.service.namespaces.obtain("blue")
    with pytest.raises(InvalidInput):
        server.service.restart_with(settings, [FaultSpec(fault=StatusFault(code=501)), rule])
    for name in ("default", "blue", "made-later"):
        assert inside(server.service.namespaces.obtain(name)).settings.idle_timeout_s == 5
        assert server.codes(name) == [500]


def test_namespace_that_a_test_waits_for_before_its_first_request_starts_with_the_changed_file(
    reloaded: Callable[[str], Reloaded],
) -> None:
    server = reloaded("idle_timeout = 5\n")
    awaited = server.service.namespaces.peek("blue")
    server.write("idle_timeout = 9\n" + RULE.format(code=503))
    assert server.service.namespaces.obtain("blue") is awaited
    assert (awaited.settings.idle_timeout_s, server.codes("blue")) == (9, [503])


def test_namespaces_shrink_to_a_smaller_budget_of_the_changed_file(reloaded: Callable[[str], Reloaded]) -> None:
    server = reloaded("max_server_bytes = 4000000\n")
    namespaces = server.service.namespaces
    for _ in range(4):
        namespaces.default.handle(post("/nowhere", body=b"x" * 500_000))
    assert namespaces.budget.granted_bytes > 1_000_000
    server.write("max_server_bytes = 1000000\n")
    assert namespaces.budget.granted_bytes <= 1_000_000
    assert inside(namespaces.default).journal.size_bytes <= 1_000_000


def test_changes_that_need_a_restart_are_named(reloaded: Callable[[str], Reloaded]) -> None:
    server = reloaded("port = 1\n")
    told = server.write("port = 2\nidle_timeout = 6\nready_json = true\n")
    assert told == [
        f"reloaded {server.path}: idle_timeout_s",
        f"{server.path}: ready_json, port will change when the server is started again",
    ]


def test_watch_looks_until_its_block_ends(tmp_path: Path) -> None:
    story = tmp_path / "one.toml"
    story.write_text(STORY.format("1"), encoding="utf-8")
    book, told, news = StoryBook(), [], threading.Event()
    files = StoryFiles([tmp_path], book.check_free)
    book.replace(files.known())

    def tell(text: str) -> None:
        told.append(text)
        news.set()

    def save(text: str) -> None:
        """Write the file at once, so that nobody reads half of it."""
        new = tmp_path / "new"
        new.write_text(text, encoding="utf-8")
        new.replace(story)

    with FileWatch([StoryLook(files, book)], tell, every_s=0.005):
        save(STORY.format("22"))
        assert news.wait(30)
        news.clear()
        save("title = 3")
        assert news.wait(30)

    assert told[0] == "reloaded one"
    assert told[1].endswith("; keeping the previous version")
    assert book.get("one").story.title == "22"
