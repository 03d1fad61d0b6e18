"""The admin API on one namespace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from mockserver.admin import controls, entries, findings, sessions
from mockserver.control import Chunks, ExportQuery, SessionQuery
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, NotFound, Refused
from mockserver.model.fault import FaultSpec
from mockserver.model.fault_kind import ResetFault, StatusFault
from mockserver.model.journal import Entry
from mockserver.model.query import Query
from mockserver.model.results import ClockCommand, ResetCommand, SessionCommand, SessionView
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import ClosedBy, Phase
from mockserver.namespaces import Namespaces, Target
from mockserver.wire.codec import decode
from tests.factories import T0, emulator, fault, open_session, send, target
from tests.tables import every_case

RESET = FaultSpec(fault=ResetFault(), times=0)


def put(back_end: Emulator, sid: str | None = None, phase: Phase = Phase.OPEN) -> SessionView:
    return sessions.put_session(target(back_end), SessionCommand(sid=sid, phase=phase))


# Sessions.


def test_sessions_are_listed_newest_last_page_by_page() -> None:
    back_end = emulator()
    sids = [open_session(back_end) for _ in range(5)]
    first = sessions.sessions(target(back_end), SessionQuery(limit=3))
    assert [view.sid for view in first.sessions] == sids[:3]
    assert (first.meta.total, first.meta.next) == (5, 3)
    second = sessions.sessions(target(back_end), SessionQuery(limit=3, since=3))
    assert [view.session_id for view in second.sessions] == sids[3:]
    assert second.meta.next is None


def test_sessions_are_listed_backwards_from_the_newest() -> None:
    back_end = emulator()
    sids = [open_session(back_end) for _ in range(5)]
    last = sessions.sessions(target(back_end), SessionQuery(limit=2, before=6))
    assert ([view.sid for view in last.sessions], last.meta.total, last.meta.next) == (sids[3:], 5, 4)
    middle = sessions.sessions(target(back_end), SessionQuery(limit=2, before=4))
    assert ([view.sid for view in middle.sessions], middle.meta.next) == (sids[1:3], 2)
    first = sessions.sessions(target(back_end), SessionQuery(limit=2, before=2))
    assert ([view.sid for view in first.sessions], first.meta.next) == (sids[:1], None)
    both = sessions.sessions(target(back_end), SessionQuery(since=1, before=4, limit=1))
    assert ([view.sid for view in both.sessions], both.meta.next) == ([sids[2]], 3)
    assert sessions.sessions(target(back_end), SessionQuery(before=0)).sessions == []


@every_case(
    ("q", "found"),
    [("", [1, 2, 3]), ("CLIP", [1, 2]), ("clip-2", [2]), ("the film", [2]), ("chrome", [3]), ("sdk-9", [3]), ("?", [])],
)
def test_sessions_are_found_by_what_people_know_of_them(q: str, found: list[int]) -> None:
    back_end = emulator()
    open_session(back_end, media__id="clip-1")
    open_session(back_end, media__id="Clip-2", media__name="The Film")
    open_session(back_end, media__id="x", media__playerName="Chromecast", media__libraryVersion="sdk-9.1")
    page = sessions.sessions(target(back_end), SessionQuery(q=q, limit=1, before=99))
    assert page.meta.total == len(found)
    assert [view.seq for view in page.sessions] == found[-1:]
    sid = page.sessions[0].sid if found else "nobody"
    assert [view.sid for view in sessions.sessions(target(back_end), SessionQuery(q=sid[3:40].upper())).sessions] == [
        sid
    ] * bool(found)


def test_sessions_are_listed_with_timeouts_applied() -> None:
    back_end = emulator()
    old = open_session(back_end)
    back_end.clock.advance(700_000)
    new = open_session(back_end)
    for phase, sids in (
        (Phase.OPEN, [new]), (Phase.CLOSED, [old]), ((Phase.OPEN, Phase.CLOSED), [old, new]), (Phase.FORGOTTEN, []),
    ):  # fmt: skip
        page = sessions.sessions(target(back_end), SessionQuery(phase=phase))
        assert ([view.sid for view in page.sessions], page.meta.total) == (sids, len(sids))


def test_findings_are_counted_for_the_sessions_of_the_page_only() -> None:
    back_end = emulator()
    sids = [open_session(back_end) for _ in range(3)]
    send(back_end, sids[0], "adStart")
    assert [view.findings for view in sessions.sessions(target(back_end), SessionQuery()).sessions] == [
        None,
        None,
        None,
    ]
    (view,) = sessions.sessions(target(back_end), SessionQuery(findings=True, limit=1)).sessions
    assert view.findings is not None
    assert list(view.findings) == ["error", "warning", "info"]
    assert view.findings["error"] + view.findings["warning"] > 0
    assert len(back_end.caches.findings) == 1
    clean = sessions.sessions(target(back_end), SessionQuery(findings=True, since=1)).sessions[0]
    assert clean.findings is not None
    assert clean.findings["error"] == 0


@every_case(
    "page", [SessionQuery(since=-1), SessionQuery(limit=0), SessionQuery(limit=10_001), SessionQuery(before=-1)]
)
def test_invalid_page_of_sessions_is_refused(page: SessionQuery) -> None:
    with pytest.raises(InvalidInput):
        sessions.sessions(target(emulator()), page)


def test_session_is_shown_as_it_is_now_with_its_deadlines() -> None:
    back_end = emulator()
    sid = open_session(back_end, playhead=3, media__name="A clip")
    view = sessions.session(target(back_end), None, sid)
    assert (view.seq, view.phase, view.closed_by, view.age_ms, view.events) == (1, Phase.OPEN, None, 0, 1)
    assert (view.playhead_s, view.content.media_id, view.content.media_name) == (3, "clip-1", "A clip")
    assert view.deadlines.idle_ms == T0 + 605_000
    back_end.clock.advance(700_000)
    view = sessions.session(target(back_end), None, sid)
    assert (view.phase, view.closed_by, view.closed_ms, view.age_ms) == (
        Phase.CLOSED, ClosedBy.IDLE, T0 + 605_000, 700_000,
    )  # fmt: skip


def test_age_is_never_negative() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    controls.set_clock(target(back_end), ClockCommand(action="set", at_ms=5))
    assert sessions.session(target(back_end), None, sid).age_ms == 0


def test_expired_session_answers_410_and_a_forgotten_one_404_but_stays_visible() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    view = sessions.expire_session(target(back_end), None, sid)
    assert (view.phase, view.closed_by, send(back_end, sid)) == (Phase.CLOSED, ClosedBy.EXPIRED, 410)
    assert sessions.expire_session(target(back_end), None, sid) == replace(view, refused=1)
    assert (sessions.forget_session(target(back_end), None, sid).phase, send(back_end, sid)) == (Phase.FORGOTTEN, 404)
    assert sessions.session(target(back_end), None, sid).closed_by is ClosedBy.EXPIRED


def test_what_a_fault_ended_is_counted_apart_from_what_was_refused() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    assert (send(back_end, sid), send(back_end, sid, "nonsense")) == (204, 400)
    fault(back_end, StatusFault(code=500), times=1)
    assert send(back_end, sid) == 500
    sessions.expire_session(target(back_end), None, sid)
    assert send(back_end, sid) == 410
    view = sessions.session(target(back_end), None, sid)
    assert (view.events, view.refused, view.struck) == (2, 2, 1)


def test_expiring_a_session_that_timed_out_keeps_the_reason() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    back_end.clock.advance(700_000)
    assert sessions.expire_session(target(back_end), None, sid).closed_by is ClosedBy.IDLE


def test_unknown_session_is_not_found() -> None:
    for ask in (sessions.session, sessions.expire_session, sessions.forget_session):
        with pytest.raises(NotFound, match="'nope'"):
            ask(target(emulator()), None, "nope")
    with pytest.raises(NotFound):
        sessions.timeline(target(emulator()), None, "nope")


def test_session_is_opened_without_a_client_with_a_given_or_a_fresh_id() -> None:
    back_end = emulator()
    assert put(back_end, "my-session.1").sid == "my-session.1"
    assert send(back_end, "my-session.1") == 204
    fresh = put(back_end)
    assert (len(fresh.sid), fresh.seq, fresh.events) == (64, 2, 0)
    assert send(back_end, fresh.sid) == 204


@every_case("sid", ["", "a/b", "ä", "x" * 129, "a b"])
def test_session_id_that_fits_in_no_path_is_refused(sid: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        put(emulator(), sid)
    assert refused.value.pointer == "/sid"


@every_case("before", list(Phase))
@every_case("after", list(Phase))
def test_session_can_be_brought_from_any_phase_into_any_other(before: Phase, after: Phase) -> None:
    back_end = emulator()
    assert put(back_end, "s", before).phase is before
    view = put(back_end, "s", after)
    assert view.phase is after
    assert view.seq == 1
    assert view.complete is (after is Phase.COMPLETED or (before is Phase.COMPLETED and after is not Phase.OPEN))
    statuses = {Phase.OPEN: 204, Phase.COMPLETED: 204, Phase.CLOSED: 410, Phase.FORGOTTEN: 404}
    assert send(back_end, "s") == statuses[after]


def test_reopened_session_lives_from_now_on() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    back_end.clock.advance(700_000)
    view = put(back_end, sid)
    assert (view.phase, view.opened_ms, view.events, view.content.media_id) == (
        Phase.OPEN, T0 + 700_000, 1, "clip-1",
    )  # fmt: skip
    back_end.clock.advance(600_000)
    assert send(back_end, sid) == 204


# Journal.


def test_entry_is_asked_for_by_a_number() -> None:
    back_end = emulator()
    open_session(back_end)
    assert entries.event(target(back_end), None, "1").seq == 1
    for seq in ("x", "-1", "1.0", "٣", "9" * 30, ""):
        with pytest.raises(InvalidInput, match="seq must be a number"):
            entries.event(target(back_end), None, seq)
    with pytest.raises(NotFound):
        entries.event(target(back_end), None, "2")


def exporting(back_end: Emulator) -> Chunks:
    return entries.export(target(back_end), ExportQuery())


def exported(back_end: Emulator) -> list[Entry]:
    text = b"".join(exporting(back_end))
    assert text.endswith(b"\n") or not text
    return [decode(line, Entry) for line in text.splitlines()]


def test_export_writes_each_entry_on_its_own_line() -> None:
    back_end = emulator()
    for _ in range(1_203):
        send(back_end, "x")
    assert [entry.seq for entry in exported(back_end)] == list(range(1, 1_204))
    assert exported(back_end)[:1] == entries.events(target(back_end), Query(limit=1)).events
    assert exported(emulator()) == []


def test_export_ends_where_the_journal_ended_when_it_was_asked_for() -> None:
    back_end = emulator()
    send(back_end, "x")
    lines = exporting(back_end)
    send(back_end, "x")
    assert len(b"".join(lines).splitlines()) == 1


def test_export_ends_when_the_journal_is_reset_meanwhile() -> None:
    back_end = emulator()
    for _ in range(1_200):
        send(back_end, "x")
    lines = iter(exporting(back_end))
    assert 0 < len(next(lines).splitlines()) < 1_200
    back_end.reset(("journal",))
    send(back_end, "x")
    assert list(lines) == []


# Faults.


def test_fault_rules_are_listed_shown_replaced_and_removed() -> None:
    back_end = emulator()
    back_end.clock.advance(5)
    rule = controls.add_fault(target(back_end), RESET)
    assert (rule.id, rule.created_ms) == ("f1", T0 + 5)
    send(back_end, "x")
    page = controls.faults(target(back_end), None)
    assert ([(known.seen, known.applied) for known in page.faults], page.meta.total) == ([(1, 0)], 1)
    assert controls.fault(target(back_end), None, "f1") == page.faults[0]
    assert controls.put_fault(target(back_end), FaultSpec(fault=StatusFault(code=503)), "f1").seen == 0
    assert send(back_end, "x") == 503
    controls.delete_fault(target(back_end), None, "f1")
    assert send(back_end, "x") == 404
    controls.add_fault(target(back_end), RESET)
    controls.delete_faults(target(back_end), None)
    assert controls.faults(target(back_end), None).faults == []


def test_fault_rules_beyond_the_limit_are_refused() -> None:
    back_end = emulator(Settings(max_faults=1))
    controls.add_fault(target(back_end), RESET)
    with pytest.raises(Refused):
        controls.add_fault(target(back_end), RESET)


# Settings.


def test_patch_changes_some_settings_and_leaves_the_others() -> None:
    back_end = emulator(Settings(stall_timeout_s=5))
    changed = controls.patch_settings(
        target(back_end),
        {"idle_timeout_s": None, "cors.max_age": 5, "session_rules": [{"where": ["/a=1"], "max_age_s": 1}]},
    )
    assert (changed.idle_timeout_s, changed.stall_timeout_s, changed.cors_max_age_s) == (None, 5, 5)
    assert controls.settings(target(back_end), None) == changed == back_end.settings
    assert controls.patch_settings(target(back_end), {}) == changed


@every_case(
    ("changes", "pointer"),
    [
        ({"bogus": 1}, ""),
        ({"idle_timeout_s": "5"}, "/idle_timeout_s"),
        ({"cors.max_age": 1.5}, "/cors.max_age"),
        ({"cors_max_age_s": 5}, ""),
        ({"after_end": 500}, "/after_end"),
        ({"idle_timeout_s": 1, "max_age_s": -1}, "/max_age_s"),
        ({"session_rules": [{"where": ["x"]}]}, "/session_rules/0/where"),
    ],
)
def test_patch_with_a_mistake_changes_nothing_and_names_the_place(changes: dict[str, Any], pointer: str) -> None:
    back_end = emulator()
    with pytest.raises(InvalidInput) as refused:
        controls.patch_settings(target(back_end), changes)
    assert refused.value.pointer == pointer
    assert back_end.settings == Settings()


# Clock and reset.


def test_clock_is_read_and_moved() -> None:
    back_end = emulator()

    def moved(action: Any, **argument: Any) -> tuple[int, bool, float]:
        reading = controls.set_clock(target(back_end), ClockCommand(action=action, **argument))
        assert reading == controls.clock(target(back_end), None)
        return reading.now_ms - T0, reading.frozen, reading.rate

    assert moved("freeze") == (0, True, 1)
    assert moved("advance", ms=500) == (500, True, 1)
    assert moved("rate", rate=60) == (500, True, 60)
    assert moved("set", at_ms=T0 - 9) == (-9, True, 60)
    assert moved("resume") == (-9, False, 60)
    assert moved("follow_ts") == (-9, False, 60)
    assert back_end.clock.following
    assert moved("reset") == (0, False, 1)
    assert moved("advance", ms=0) == (0, False, 1)


@every_case(
    ("command", "pointer"),
    [
        (ClockCommand(action="advance"), "/ms"),
        (ClockCommand(action="set"), "/at_ms"),
        (ClockCommand(action="rate"), "/rate"),
        (ClockCommand(action="freeze", ms=5), "/ms"),
        (ClockCommand(action="advance", ms=1, at_ms=5), "/at_ms"),
        (ClockCommand(action="advance", ms=-1), "/ms"),
        (ClockCommand(action="advance", ms=10**20), "/ms"),
        (ClockCommand(action="set", at_ms=-1), "/at_ms"),
        (ClockCommand(action="rate", rate=0), "/rate"),
    ],
)
def test_clock_command_that_cannot_be_used_is_refused_with_the_place(command: ClockCommand, pointer: str) -> None:
    back_end = emulator()
    with pytest.raises(InvalidInput) as refused:
        controls.set_clock(target(back_end), command)
    assert refused.value.pointer == pointer
    assert back_end.clock.now_ms() == T0


def test_clock_that_is_set_back_reopens_no_session_that_nobody_had_read() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    controls.set_clock(target(back_end), ClockCommand(action="advance", ms=700_000))
    controls.set_clock(target(back_end), ClockCommand(action="set", at_ms=T0))
    assert sessions.session(target(back_end), None, sid).phase is Phase.CLOSED


def test_reset_answers_with_the_fresh_summary() -> None:
    back_end = emulator()
    open_session(back_end)
    partly = controls.reset(target(back_end), ResetCommand(only=("journal",)))
    assert (partly.requests, partly.sessions) == (0, {"open": 1})
    wholly = controls.reset(target(back_end), ResetCommand())
    assert json.loads(json.dumps(wholly.sessions)) == {}
    assert wholly == findings.summary(target(back_end), None)


def test_missing_session_is_refused_with_the_reason() -> None:
    server = Namespaces(lambda name: emulator(name=name))
    here = server.obtain("here")
    with server.obtain("there") as back_end:
        sid = open_session(back_end)
    with pytest.raises(NotFound, match="it belongs to the namespace 'there'"):
        sessions.session(Target(server, here), None, sid)
    with pytest.raises(NotFound, match="has not issued that id since the server was started"):
        sessions.session(Target(server, here), None, "nobody")
    here.reset(["journal", "sessions"])
    with pytest.raises(NotFound, match="it was removed by a reset"):
        sessions.session(Target(server, here), None, "nobody")
