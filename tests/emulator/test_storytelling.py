"""Telling a story in a namespace: its rules and settings come and go, and its verdict."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mockserver.admin.stories import stop_story, stories
from mockserver.admin.stories import story as story_view
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, NotFound, Refused
from mockserver.model.expectation import Expectation
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import HangFault, StatusFault
from mockserver.model.query import Query
from mockserver.model.settings import Settings
from mockserver.model.story import Story, StoryView
from mockserver.stories.book import BUILT_IN, Known, StoryBook
from mockserver.wire.codec import to_builtins
from tests.factories import emulator, event, fault, open_session, post, response, send, story, target
from tests.tables import every_case

PING_500 = FaultSpec(fault=StatusFault(code=500), when=When(event_type="ping"), times=1)
TWO_PINGS = Expectation(says="It pings on.", query=Query(event_type="ping", status=204), at_least=2)
ONE_SESSION = Expectation(says="It opens one session.", query=Query(event_type="sessionStart"), at_most=1)
FLAP = story(TWO_PINGS, ONE_SESSION, faults=(PING_500,), silence_s=10, watch_s=60)
QUIET = story(ONE_SESSION, title="Quiet")


@pytest.fixture
def back_end() -> Emulator:
    return telling(flap=FLAP, quiet=QUIET)


def telling(settings: Settings | None = None, **stories: Story) -> Emulator:
    """Make an emulator in which these stories are built in."""
    return emulator(settings, stories=StoryBook(built_in={name: Known(one, BUILT_IN) for name, one in stories.items()}))


def started(back_end: Emulator, name: str) -> StoryView:
    back_end.stories.start(name)
    return seen(back_end, name)


def seen(back_end: Emulator, name: str) -> StoryView:
    return story_view(target(back_end), None, name)


def stopped(back_end: Emulator, name: str) -> StoryView:
    return stop_story(target(back_end), None, name)


def state_of(back_end: Emulator) -> tuple[Any, ...]:
    rules = [rule.id for rule in back_end.faults.rules]
    return rules, to_builtins(back_end.settings), back_end.stories.run, dict(back_end.stories.brought)


# Start and stop


def test_start_puts_its_rules_and_settings_in_force_and_stop_takes_them_back() -> None:
    back_end = telling(bound=story(settings={"idle_timeout_s": 60, "cors.max_age": 5}, faults=(PING_500, PING_500)))
    mine = fault(back_end, HangFault(), times=0)
    before = back_end.settings
    view = started(back_end, "bound")
    assert (view.state, view.verdict, view.since, view.started_ms) == ("waiting", None, 0, back_end.clock.now_ms())
    assert (back_end.settings.idle_timeout_s, back_end.settings.cors_max_age_s) == (60, 5)
    assert [(rule.id, rule.name) for rule in back_end.faults.rules] == [
        (mine.id, None), ("f2", "story bound"), ("f3", "story bound"),
    ]  # fmt: skip
    stopped(back_end, "bound")
    assert back_end.settings == before
    assert [rule.id for rule in back_end.faults.rules] == [mine.id]


def test_stop_leaves_settings_that_were_changed_meanwhile_and_rules_that_were_added() -> None:
    back_end = telling(bound=story(settings={"idle_timeout_s": 60, "max_age_s": 90}, faults=(PING_500,)))
    back_end.stories.start("bound")
    back_end.faults.remove("f1")
    mine = fault(back_end, HangFault(), times=0)
    back_end.configure(Settings(idle_timeout_s=5, max_age_s=90, stall_timeout_s=7))
    stopped(back_end, "bound")
    assert back_end.settings == Settings(idle_timeout_s=5, stall_timeout_s=7)
    assert [rule.id for rule in back_end.faults.rules] == [mine.id]


def test_start_stops_the_story_that_runs() -> None:
    back_end = telling(
        one=story(settings={"idle_timeout_s": 60}, faults=(PING_500,)), two=story(settings={"max_age_s": 90})
    )
    back_end.stories.start("one")
    back_end.stories.start("two")
    assert seen(back_end, "one").state == "idle"
    assert back_end.settings == Settings(max_age_s=90)
    assert back_end.faults.rules == ()
    assert len(back_end.subscribers) == 1
    stopped(back_end, "two")
    assert back_end.settings == Settings()
    assert len(back_end.subscribers) == 0


def test_story_that_is_started_again_begins_afresh(back_end: Emulator) -> None:
    started(back_end, "flap")
    sid = open_session(back_end)
    assert [send(back_end, sid), send(back_end, sid)] == [500, 204]
    view = started(back_end, "flap")
    assert (view.state, view.since, view.faults[0].applied) == ("waiting", 3, 0)
    assert [send(back_end, sid), send(back_end, sid)] == [500, 204]


def test_nth_session_counts_from_the_beginning_of_the_story() -> None:
    second = FaultSpec(fault=StatusFault(code=500), when=When(operation="start", nth_session=2))  # type: ignore[arg-type]
    back_end = telling(second=story(faults=(second,)))
    open_session(back_end)
    back_end.stories.start("second")
    opened = [response(back_end, post("/api/v1/sessions", event("sessionStart"))).status for _ in range(3)]
    assert opened == [201, 500, 500]  # the second one was never opened, so the next is the second again


@every_case(
    ("bad", "error"),
    [
        (story(settings={"idle_timeout_s": -1}), InvalidInput),
        (story(faults=(PING_500, FaultSpec(fault=HangFault(), every=0))), InvalidInput),
        (story(settings={"idle_timeout_s": 1}, faults=(PING_500, PING_500, PING_500)), Refused),
    ],
)
def test_story_that_cannot_be_started_changes_nothing(bad: Story, error: type[Exception]) -> None:
    back_end = telling(Settings(max_faults=2), flap=FLAP, bad=bad)
    back_end.stories.start("flap")
    send(back_end, open_session(back_end))
    before = state_of(back_end)
    with pytest.raises(error):
        back_end.stories.start("bad")
    with pytest.raises(NotFound, match="did you mean flap"):
        back_end.stories.start("flop")
    assert state_of(back_end) == before
    assert seen(back_end, "flap").faults[0].applied == 1


def test_stopping_what_does_not_run_changes_nothing(back_end: Emulator) -> None:
    back_end.stories.start("flap")
    before = state_of(back_end)
    assert stopped(back_end, "quiet").state == "idle"
    with pytest.raises(NotFound):
        stopped(back_end, "flop")
    assert state_of(back_end) == before
    first = stopped(back_end, "flap")
    assert stopped(back_end, "flap") == first


# Verdict


def test_verdict_is_passed_as_soon_as_nothing_can_change_it() -> None:
    back_end = telling(flap=story(TWO_PINGS, faults=(PING_500,)))
    back_end.stories.start("flap")
    sid = open_session(back_end)
    verdicts = []
    for _ in range(3):
        send(back_end, sid)
        verdicts.append(seen(back_end, "flap").verdict)
    assert verdicts == [None, None, "passed"]
    assert seen(back_end, "flap").state == "running"


def test_verdict_is_failed_as_soon_as_nothing_can_change_it(back_end: Emulator) -> None:
    back_end.stories.start("flap")
    open_session(back_end)
    assert seen(back_end, "flap").verdict is None
    open_session(back_end)
    view = seen(back_end, "flap")
    assert (view.state, view.verdict) == ("running", "failed")
    assert [(one.met, one.final) for one in view.expectations] == [(False, False), (False, True), (False, False)]


def test_verdict_waits_for_the_end_where_more_requests_can_change_it(back_end: Emulator) -> None:
    back_end.stories.start("flap")
    sid = open_session(back_end)
    for _ in range(3):
        send(back_end, sid)
    assert (seen(back_end, "flap").verdict, seen(back_end, "flap").remaining_ms) == (None, 10_000)
    back_end.clock.advance(10_000)
    view = seen(back_end, "flap")
    assert (view.state, view.verdict, view.remaining_ms) == ("over", "passed", None)
    assert all(one.met and one.final for one in view.expectations)


def test_story_that_did_not_happen_is_failed(back_end: Emulator) -> None:
    back_end.stories.start("flap")
    sid = open_session(back_end)
    for event_type in ("play", "pauseStart"):
        send(back_end, sid, event_type)
    back_end.clock.advance(10_000)
    view = seen(back_end, "flap")
    assert view.verdict == "failed"
    assert view.expectations[-1].message == "the story did not happen: rule status never fired (seen 0)"


def test_what_came_before_the_story_or_after_its_end_does_not_count(back_end: Emulator) -> None:
    sid = open_session(back_end)
    for _ in range(2):
        send(back_end, sid)
    back_end.stories.start("flap")
    assert send(back_end, sid) == 500
    assert send(back_end, sid) == 204
    back_end.clock.advance(10_000)
    assert send(back_end, sid) == 204
    view = seen(back_end, "flap")
    assert (view.state, view.verdict) == ("over", "failed")
    assert "found 1" in view.expectations[0].message


def test_verdict_of_a_finished_story_never_changes(back_end: Emulator) -> None:
    back_end.stories.start("flap")
    sid = open_session(back_end)
    for _ in range(3):
        send(back_end, sid)
    back_end.clock.advance(10_000)
    final = seen(back_end, "flap")
    open_session(back_end)
    back_end.clock.set(final.started_ms or 0)
    assert seen(back_end, "flap") == final
    assert stopped(back_end, "flap") == final
    assert back_end.stories.view("flap", back_end.stories.get("flap")).verdict == "passed"


def test_stopped_story_is_judged_as_it_is(back_end: Emulator) -> None:
    back_end.stories.start("flap")
    sid = open_session(back_end)
    for _ in range(3):
        send(back_end, sid)
    view = stopped(back_end, "flap")
    assert (view.state, view.verdict, view.faults[0].seen) == ("over", "passed", 3)
    open_session(back_end)
    assert seen(back_end, "flap") == view


def test_story_that_is_stopped_before_a_player_connected_is_failed(back_end: Emulator) -> None:
    back_end.stories.start("quiet")
    view = stopped(back_end, "quiet")
    assert view.verdict == "failed"
    assert view.expectations[-1].message == "no player sent a request"


def test_sequence_is_looked_for_from_the_beginning_of_the_story_on() -> None:
    plays = Expectation(says="It resumes.", sequence=("pauseStart", "play"))
    back_end = telling(plays=story(plays))
    sid = open_session(back_end)
    send(back_end, sid, "pauseStart")
    back_end.stories.start("plays")
    send(back_end, sid, "play")
    assert not seen(back_end, "plays").expectations[0].met
    send(back_end, sid, "pauseStart")
    send(back_end, sid, "play", ts=1_760_000_000_001)
    view = seen(back_end, "plays")
    assert (view.expectations[0].met, view.verdict) == (True, "passed")


def test_finding_fails_the_story_at_once() -> None:
    clean = Expectation(says="Its ads stand in a break.", no_findings=("ad.outside-break",))
    back_end = telling(clean=story(clean))
    sid = open_session(back_end)
    send(back_end, sid, "adStart")
    codes = seen_codes(back_end)
    assert "ad.outside-break" in codes, codes
    back_end.stories.start("clean")
    send(back_end, sid, "play")
    assert seen(back_end, "clean").verdict is None
    send(back_end, sid, "adStart")
    view = seen(back_end, "clean")
    assert view.verdict == "failed", view.expectations
    assert "ad.outside-break" in view.expectations[0].message


def seen_codes(back_end: Emulator) -> set[str]:
    from mockserver.admin.diagnosis import Diagnosis
    from mockserver.namespaces import Namespace

    return {finding.code for finding in Diagnosis(Namespace(back_end)).findings()}


def test_dropped_entries_make_at_most_impossible_to_prove() -> None:
    back_end = telling(Settings(max_entries=2), quiet=QUIET)
    back_end.stories.start("quiet")
    sid = open_session(back_end)
    for _ in range(3):
        send(back_end, sid)
    view = seen(back_end, "quiet")
    assert view.verdict == "failed"
    assert "dropped entries could have matched" in view.expectations[0].message


def test_dropped_entries_make_no_findings_impossible_to_prove() -> None:
    clean = Expectation(says="Its ads stand in a break.", no_findings=("ad.outside-break",))
    back_end = telling(Settings(max_entries=2), clean=story(clean))
    send(back_end, open_session(back_end))
    back_end.stories.start("clean")
    sid = open_session(back_end)
    send(back_end, sid, "play")
    assert [one.met for one in seen(back_end, "clean").expectations] == [True]
    send(back_end, sid)
    view = seen(back_end, "clean")
    assert view.verdict == "failed"
    assert view.expectations[0].message == (
        "not verified, since dropped entries could have findings: expected no ad.outside-break, found 0"
    )


# Reset


@pytest.mark.parametrize("part", ["faults", "sessions"])
def test_reset_of_what_the_story_needs_ends_it(back_end: Emulator, part: str) -> None:
    back_end.stories.put("bound", story(settings={"idle_timeout_s": 60}, faults=(PING_500,)))
    back_end.stories.start("bound")
    back_end.reset([part])
    assert seen(back_end, "bound").state == "idle"
    assert back_end.settings == Settings()
    assert (back_end.faults.rules, len(back_end.subscribers)) == ((), 0)


def test_story_waits_for_a_player_again_after_a_reset_of_the_journal(back_end: Emulator) -> None:
    back_end.stories.start("flap")
    sid = open_session(back_end)
    for _ in range(2):
        send(back_end, sid)
    back_end.reset(["journal"])
    assert (seen(back_end, "flap").state, seen(back_end, "flap").since) == ("waiting", 0)
    send(back_end, sid)
    view = seen(back_end, "flap")
    assert (view.state, view.faults[0].applied) == ("running", 1)
    assert "found 1" in view.expectations[0].message


def test_settings_that_were_reset_are_not_given_back() -> None:
    back_end = telling(Settings(idle_timeout_s=60), bound=story(settings={"idle_timeout_s": 60}))
    back_end.configure(Settings(idle_timeout_s=5))
    back_end.stories.start("bound")
    back_end.reset(["settings"])
    stopped(back_end, "bound")
    assert back_end.settings == Settings(idle_timeout_s=60)


def test_reset_of_everything_forgets_added_stories(back_end: Emulator) -> None:
    back_end.stories.put("mine", FLAP)
    back_end.stories.start("mine")
    back_end.reset(["journal", "sessions", "faults", "clock"])
    assert list(back_end.stories.known()) == ["flap", "mine", "quiet"]
    back_end.reset(["journal", "sessions", "faults", "clock", "settings"])
    assert list(back_end.stories.known()) == ["flap", "quiet"]


# Threads


def test_requests_and_queries_of_many_threads_do_not_disturb_each_other(back_end: Emulator) -> None:
    back_end.stories.start("flap")
    sid = open_session(back_end)
    errors: list[Exception] = []

    def work(ask: Any) -> None:
        try:
            for _ in range(30):
                ask()
        except Exception as error:  # noqa: BLE001 - it is asserted that there is none
            errors.append(error)

    asked = target(back_end)
    asks = [
        lambda: send(asked.namespace, sid),
        lambda: story_view(asked, None, "flap"),
        lambda: stories(asked, None),
    ]
    threads = [threading.Thread(target=work, args=(ask,)) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert stopped(back_end, "flap").verdict == "passed"
