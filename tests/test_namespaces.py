"""Namespaces: their names, when they come to be, and that nothing is shared."""

from __future__ import annotations

import gc
import threading

import pytest
from msgspec.structs import replace

from mockserver.admin.diagnosis import Diagnosis
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.held_requests import HeldRequest
from mockserver.errors import InvalidInput, NotFound, Refused
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.fault import FaultSpec
from mockserver.model.settings import Settings
from mockserver.namespaces import DEFAULT, Destination, Namespace, Namespaces, destination
from mockserver.wire.codec import convert
from tests.factories import emulator, inside, open_session, post
from tests.tables import every_case


def namespaces(settings: Settings | None = None) -> Namespaces:
    return Namespaces(lambda name: emulator(settings, name=name))


def names(known: Namespaces) -> list[str]:
    return [back_end.name for back_end in known]


# Addresses.


@every_case(
    ("path", "host", "expected"),
    [
        ("/api/v1/sessions", "127.0.0.1:8089", Destination(None, "/api/v1/sessions")),
        ("/api/v1/sessions", "localhost:8089", Destination(None, "/api/v1/sessions")),
        ("/api/v1/sessions", "", Destination(None, "/api/v1/sessions")),
        ("/ns/a/api/v1/sessions", "localhost", Destination("a", "/api/v1/sessions")),
        ("/ns/a/__admin/events", "localhost", Destination("a", "/__admin/events")),
        ("/ns/a", "localhost", Destination("a", "/")),
        ("/ns/a/", "localhost", Destination("a", "/")),
        ("/ns/default/api", "localhost", Destination("default", "/api")),
        ("/x", "team-7.localhost:8089", Destination("team-7", "/x")),
        ("/x", "team-7.LOCALHOST", Destination("team-7", "/x")),
        ("/x", "a.b.localhost", Destination("a.b", "/x")),
        ("/ns/path/x", "host.localhost:1", Destination("path", "/x")),
        ("/x", "a.localhost.example.com", Destination(None, "/x")),
        ("/nsx/a", "localhost", Destination(None, "/nsx/a")),
    ],
)
def test_request_names_a_namespace_by_path_before_host(path: str, host: str, expected: Destination) -> None:
    assert destination(path, host) == expected


@every_case(
    ("path", "host"),
    [
        ("/ns//api/v1/sessions", "localhost"),
        ("/ns/", "localhost"),
        ("/ns/-a/x", "localhost"),
        ("/ns/a%20b/x", "localhost"),
        (f"/ns/{'a' * 65}/x", "localhost"),
        ("/ns/é/x", "localhost"),
        ("/ns/a\n/x", "localhost"),
        ("/x", "-a.localhost"),
        ("/x", f"{'a' * 65}.localhost"),
    ],
)
def test_request_with_an_invalid_namespace_is_recognised(path: str, host: str) -> None:
    assert not destination(path, host).valid


# Coming and going.


def test_default_namespace_is_always_there_and_listed_first() -> None:
    known = namespaces()
    known.obtain("b")
    known.obtain("a")
    assert names(known) == [DEFAULT, "b", "a"]
    assert known.obtain(DEFAULT) is known.peek(DEFAULT) is known.default
    assert len(known) == 3


@every_case("name", ["a", "A9", "0", "a.b_c-d", "x" * 64])
def test_names_of_letters_digits_dots_dashes_and_underscores_are_possible(name: str) -> None:
    assert namespaces().obtain(name).name == name


@every_case("name", ["", ".a", "-a", "_a", "a b", "a/b", "ä", "a\n", "x" * 65])
def test_other_names_are_refused_for_looking_and_for_making(name: str) -> None:
    known = namespaces()
    with pytest.raises(InvalidInput, match="cannot name a namespace"):
        known.obtain(name)
    with pytest.raises(InvalidInput, match="cannot name a namespace"):
        known.peek(name)


def test_looking_at_an_unknown_namespace_shows_an_empty_one_and_creates_nothing() -> None:
    known = namespaces()
    assert len(inside(known.peek("a")).journal) == 0
    assert names(known) == [DEFAULT]


def test_unborn_namespace_that_somebody_still_holds_becomes_the_namespace() -> None:
    known = namespaces()
    waited_on = known.peek("a")
    assert known.peek("a") is waited_on
    assert known.obtain("a") is waited_on
    assert known.obtain("a") is waited_on


def test_unborn_namespace_that_nobody_holds_is_forgotten() -> None:
    made: list[str] = []

    def make(name: str) -> Emulator:
        made.append(name)
        return emulator(name=name)

    known = Namespaces(make)
    known.peek("a")
    gc.collect()
    known.peek("a")
    assert made == [DEFAULT, "a", "a"]


def test_namespace_made_during_a_read_is_the_one_that_is_read() -> None:
    known = namespaces()

    class MadeInBetween(dict[str, Namespace]):
        def get(self, name: str, default: object = None) -> Namespace | None:  # type: ignore[override]
            found = super().get(name)
            if found is None:
                known._known = dict(self)
                known.obtain(name)
            return found

    known._known = MadeInBetween(known._known)
    assert known.peek("a") is known.obtain("a")


def test_limit_counts_the_default_namespace_and_evicts_nothing() -> None:
    known = namespaces(Settings(max_namespaces=2))
    known.obtain("a")
    with pytest.raises(Refused, match="max_namespaces"):
        known.obtain("b")
    assert names(known) == [DEFAULT, "a"]
    known.obtain("a")
    known.peek("b")
    known.drop("a")
    known.obtain("b")


def test_dropped_namespace_comes_back_empty() -> None:
    known = namespaces()
    open_session(inside(known.obtain("a")))
    known.drop("a")
    assert names(known) == [DEFAULT]
    assert len(inside(known.obtain("a")).journal) == 0


def test_unknown_namespace_and_the_default_one_cannot_be_dropped() -> None:
    known = namespaces()
    known.peek("a")
    with pytest.raises(NotFound, match="'a'"):
        known.drop("a")
    with pytest.raises(InvalidInput, match="reset it instead") as refused:
        known.drop(DEFAULT)
    assert refused.value.status_hint == 409


# Whose session is it?


def test_session_id_without_a_prefix_leads_to_the_namespace_that_issued_it() -> None:
    known = namespaces()
    ours, theirs = known.obtain("a"), known.obtain("b")
    sids = {back_end.name: open_session(inside(back_end)) for back_end in (known.default, ours, theirs)}
    assert len(set(sids.values())) == 3
    assert {name: known.for_session(sid).name for name, sid in sids.items()} == {name: name for name in sids}


def test_unknown_session_id_leads_to_the_default_namespace() -> None:
    known = namespaces()
    assert known.for_session("f" * 64) is known.default
    known.obtain("a")
    assert known.for_session("f" * 64) is known.default


def test_namespaces_share_neither_sessions_nor_clock_nor_settings() -> None:
    known = namespaces()
    ours, theirs = inside(known.obtain("a")), inside(known.obtain("b"))
    open_session(ours)
    ours.clock.advance(1_000)
    ours.configure(Settings(idle_timeout_s=1))
    assert (len(theirs.journal), len(theirs.sessions)) == (0, 0)
    assert theirs.clock.now_ms() == ours.clock.now_ms() - 1_000
    assert theirs.settings == Settings()


def test_only_one_thread_is_inside_at_a_time_and_it_may_enter_again() -> None:
    namespace, entered = namespaces().default, threading.Event()

    def enter() -> None:
        with namespace:
            entered.set()

    other = threading.Thread(target=enter)
    with namespace as emulator, namespace as again:
        other.start()
        assert again is emulator
        assert not entered.wait(0.05)
    other.join(10)
    assert entered.is_set()


# Who gives way


def crowded(most: int = 20) -> Namespaces:
    known = namespaces(Settings(max_namespaces=most))
    count = 0
    while len(known) < most:
        known.obtain(f"n{count}", "admin")
        count += 1
    return known


def test_admin_api_gets_a_namespace_when_players_made_all_others() -> None:
    known = crowded()
    for number in range(19):
        open_session(inside(known.obtain(f"n{number}")))
    inside(known.obtain("n3")).clock.advance(1)
    open_session(inside(known.obtain("n3")))
    known.obtain("mine", "admin")
    assert (len(known), known.evicted, known.get("n0"), "n3" in names(known)) == (20, 1, None, True)


def test_namespace_that_the_admin_api_asked_for_is_not_dropped_for_another() -> None:
    known = crowded()
    for number in range(19):
        known.peek(f"n{number}")
    before = names(known)
    with pytest.raises(Refused, match="max_namespaces"):
        known.obtain("mine", "admin")
    assert (names(known), known.evicted) == (before, 0)


def test_room_is_kept_for_the_admin_api_and_for_players_other_than_foreign_pages() -> None:
    known = namespaces(Settings(max_namespaces=20))
    for number in range(9):
        known.obtain(f"page{number}", "page")
    with pytest.raises(Refused):
        known.obtain("page9", "page")
    for number in range(8):
        known.obtain(f"player{number}")
    with pytest.raises(Refused):
        known.obtain("player8")
    known.obtain("a", "admin")
    known.obtain("b", "admin")
    assert (len(known), known.evicted) == (20, 0)


def test_dropped_namespace_has_left_the_budget() -> None:
    known = crowded()
    for number in range(19):
        open_session(inside(known.obtain(f"n{number}")))
    before = known.budget.granted_bytes
    known.obtain("mine", "admin")
    assert known.budget.granted_bytes == before  # one came, one went


def test_journals_of_all_namespaces_keep_within_one_budget() -> None:
    known = namespaces(Settings(max_server_bytes=2_000_000))
    for turn in range(200):
        known.obtain("small").handle(post("/nowhere", "x" * 100))
        for name in ("a", "b", "c"):
            known.obtain(name).handle(post("/nowhere", "x" * (50_000 if turn else 10)))
    journals = [inside(namespace).journal for namespace in known]
    assert 1_000_000 < sum(journal.size_bytes for journal in journals) <= 2_000_000
    small = inside(known.obtain("small")).journal
    assert (len(small), small.evicted) == (200, 0)
    assert all(journal.last_seq == len(journal) + journal.evicted for journal in journals)
    assert all(inside(known.obtain(name)).journal.evicted for name in ("a", "b", "c"))


def test_caches_are_dropped_before_journals_shrink() -> None:
    known = namespaces(Settings(max_server_bytes=2_000_000))
    judged = known.obtain("judged")
    back_end = inside(judged)
    sids = [open_session(back_end) for _ in range(20)]
    diagnosis = Diagnosis(judged)
    found = diagnosis.findings()
    for sid in sids:
        diagnosis.report(sid)
    entries, granted = len(back_end.journal), known.budget.granted_bytes
    assert back_end.caches.size_bytes > 200_000
    assert granted > back_end.caches.size_bytes + back_end.journal.size_bytes
    for number in range(400):
        known.obtain(f"other-{number % 10}").handle(post("/nowhere", "x" * 10_000))
    assert back_end.caches.size_bytes == 0
    assert back_end.take_leftovers() == []
    assert (len(back_end.journal), back_end.journal.evicted) == (entries, 0)
    assert diagnosis.findings() == found


def test_remembered_headers_are_counted_and_dropped() -> None:
    known = namespaces(Settings(max_server_bytes=1_000_000, max_entries=5))
    noisy = known.obtain("noisy")
    for number in range(40):
        noisy.handle(replace(post("/nowhere"), headers=((b"X-Long", b"%d" % number + b"y" * 10_000),)))
    journal = inside(noisy).journal
    assert journal.known_bytes > 300_000
    assert known.budget.granted_bytes > journal.known_bytes + journal.size_bytes
    for number in range(400):
        known.obtain(f"other-{number % 10}").handle(post("/nowhere", "x" * 10_000))
    assert journal.known_bytes == 0
    assert len(journal) == 5


def test_requests_that_are_held_back_take_no_more_than_half_of_the_budget() -> None:
    rule = convert({"fault": {"kind": "delay", "ms": 1_000}, "stage": "request"}, FaultSpec)
    known = Namespaces(lambda name: emulator(Settings(max_server_bytes=2_000_000), name=name, faults=[rule]))
    held = [known.default.handle(post("/api/v1/sessions", "x" * 100_000)) for _ in range(20)]
    back_end = inside(known.default)
    waiting = sum(isinstance(one, HeldRequest) for one in held)
    assert 5 < waiting <= 10
    assert back_end.held_requests.size_bytes == waiting * 100_002  # with their quotes
    assert [one.record.response.status for one in held if isinstance(one, AnswerPlan) and one.record.response] == [
        429
    ] * (20 - waiting)
    known.default.clock.advance(1_000)
    back_end.catch_up()
    assert back_end.held_requests.size_bytes == 0
