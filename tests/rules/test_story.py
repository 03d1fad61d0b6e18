"""The progress of a story, and its verdict."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mockserver.model.expectation import Expectation, ExpectationView
from mockserver.model.fault import FaultRule, FaultSpec, When
from mockserver.model.fault_kind import HangFault, StatusFault
from mockserver.model.finding import Finding, Severity
from mockserver.model.http import HttpResponse
from mockserver.model.journal import Record
from mockserver.model.query import Query
from mockserver.model.results import Verification
from mockserver.model.story import StoryView
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.rules.expectation import count_view, findings_view
from mockserver.rules.story import (
    StoryProgress,
    judged_now,
    named_rules,
    progress_after,
    remaining_ms,
    state_of,
    strikes_view,
    verdict_of,
)
from mockserver.rules.verification import CountRange
from tests.factories import story
from tests.tables import every_case

TOLD = story(silence_s=10, watch_s=30)
PINGS = Expectation(says="It pings.", query=Query(event_type="ping"))


def record(
    at_s: float,
    event_type: str | None = "ping",
    *,
    sid: str | None = "a",
    operation: Operation = Operation.EVENT,
    outcome: Outcome = Outcome.ACCEPTED,
    status: int | None = 204,
    delivery: Delivery = Delivery.SENT,
    method: str = "POST",
) -> Record:
    response = None if status is None else HttpResponse(status)
    return Record(
        round(at_s * 1000), operation, sid, event_type, outcome, method, "/", (), b"", response, delivery
    )  # fmt: skip


def opening(at_s: float, sid: str = "a", **members: Any) -> Record:
    usual: dict[str, Any] = {"operation": Operation.START, "outcome": Outcome.OPENED, "status": 201}
    return record(at_s, "sessionStart", sid=sid, **{**usual, **members})


def after(*records: Record, begun: StoryProgress | None = None) -> StoryProgress:
    progress = begun or StoryProgress()
    for seq, one in enumerate(records, 1):
        progress = progress_after(progress, TOLD, seq, one)
    return progress


def at(progress: StoryProgress, second: float) -> tuple[str, int | None]:
    return state_of(progress, TOLD, round(second * 1000)), remaining_ms(progress, TOLD, round(second * 1000))


# Progress


def test_story_waits_for_a_player_for_any_time() -> None:
    assert at(StoryProgress(), 0) == at(StoryProgress(), 10_000) == ("waiting", None)


@every_case(
    "request_",
    [
        record(1, None, operation=Operation.SCHEMA, method="GET"),
        record(1, None, operation=Operation.OTHER, method="GET", outcome=Outcome.NO_ROUTE),
    ],
)
def test_requests_of_browsers_and_people_do_not_count_as_a_player(request_: Record) -> None:
    assert after(request_) == StoryProgress()


@every_case(
    "request_",
    [
        opening(1),
        record(1, outcome=Outcome.UNKNOWN_SESSION, status=404),
        record(1, None, sid=None, operation=Operation.OTHER, outcome=Outcome.NO_ROUTE, status=404),
        record(1, outcome=Outcome.NOT_PROCESSED, status=None),
        record(1, None, sid=None, operation=Operation.PREFLIGHT, method="OPTIONS", status=403),
    ],
)
def test_any_post_of_a_player_or_its_preflight_begins_the_story(request_: Record) -> None:
    assert at(after(request_), 2) == ("running", 9_000)


def test_preflight_does_not_undo_the_end_of_a_session() -> None:
    ended = after(opening(0), record(1, "sessionEnd"))
    asked = after(opening(0), record(1, "sessionEnd"), record(2, None, operation=Operation.PREFLIGHT, method="OPTIONS"))
    assert at(ended, 2) == ("running", 1_000)
    assert at(asked, 2) == ("running", 2_000)


def test_story_ends_when_the_player_has_been_silent() -> None:
    progress = after(opening(0), record(8))
    assert at(progress, 17.999) == ("running", 1)
    assert at(progress, 18) == ("over", None)


def test_story_ends_after_its_longest_time() -> None:
    progress = after(opening(0), *(record(second) for second in range(5, 30, 5)))
    assert at(progress, 29) == ("running", 1_000)
    assert at(progress, 30) == ("over", None)


def test_requests_after_the_end_of_a_story_do_not_count() -> None:
    progress = after(opening(0), record(10.5), record(11), opening(12, "b"))
    assert progress.until == 1
    assert at(progress, 12) == ("over", None)


def test_story_ends_two_seconds_after_the_player_ended_the_newest_session() -> None:
    for last in ("sessionEnd", "sessionComplete"):
        progress = after(opening(0), record(5, last))
        assert at(progress, 6.999) == ("running", 1)
        assert at(progress, 7) == ("over", None)
    both = after(opening(0), record(5, "sessionComplete"), record(6.5, "sessionEnd"))
    assert at(both, 7) == ("running", 1_500)


def test_end_of_a_session_that_was_open_before_counts_if_it_is_the_newest() -> None:
    assert at(after(record(1, "sessionEnd"), begun=StoryProgress(newest_sid="a")), 3)[0] == "over"
    assert at(after(record(1, "sessionEnd"), begun=StoryProgress(newest_sid="b")), 3)[0] == "running"


@every_case(
    "next_",
    [
        opening(6, "b"),
        opening(6, "b", outcome=Outcome.NOT_PROCESSED, status=500),
        record(6, outcome=Outcome.SESSION_CLOSED, status=410),
    ],
)
def test_player_that_goes_on_after_the_end_of_its_session_is_waited_for(next_: Record) -> None:
    assert at(after(opening(0), record(5, "sessionEnd"), next_), 9)[0] == "running"


@every_case(
    "end",
    [
        record(5, "sessionEnd", outcome=Outcome.NOT_PROCESSED, status=503),
        record(5, "sessionEnd", outcome=Outcome.NOT_PROCESSED, status=None),
        record(5, "sessionEnd", delivery=Delivery.PENDING),
        record(5, "sessionEnd", sid="older"),
    ],
)
def test_end_that_the_player_may_have_to_repeat_is_not_the_end(end: Record) -> None:
    assert at(after(opening(0), end), 9) == ("running", 6_000)


def test_clock_that_is_set_back_does_not_end_a_story() -> None:
    assert at(after(opening(100), record(50)), 51) == ("running", 9_000)


# Its rules


def test_rules_are_named_after_the_story_and_count_sessions_from_its_beginning() -> None:
    specs = (
        FaultSpec(fault=HangFault(), when=When(nth_session=1)),
        FaultSpec(fault=HangFault(), name="outage", when=When(nth_session=(1, 3))),
        FaultSpec(fault=HangFault()),
    )
    named = named_rules("flap", specs, opened=4)
    assert [(one.name, one.when.nth_session) for one in named] == [
        ("story flap", (5,)),
        ("story flap: outage", (5, 7)),
        ("story flap", None),
    ]


def rule(spec: FaultSpec, *, seen: int = 0, applied: int = 0) -> FaultRule:
    return FaultRule(fault=spec.fault, name=spec.name, id="f1", created_ms=0, seen=seen, applied=applied)


ERROR = FaultSpec(fault=StatusFault(code=500), name="outage")


def test_story_whose_rules_all_fired_happened() -> None:
    view = strikes_view(story(faults=(ERROR, ERROR)), [rule(ERROR, applied=1), rule(ERROR, seen=3, applied=2)])
    assert view is not None
    assert (view.met, view.final) == (True, True)


def test_story_did_not_happen_while_a_rule_never_fired() -> None:
    hang = FaultSpec(fault=HangFault())
    view = strikes_view(story(faults=(ERROR, hang, ERROR)), [rule(ERROR, seen=3), None, rule(ERROR, applied=1)])
    assert view is not None
    assert (view.met, view.final) == (False, False)
    assert view.message == "the story did not happen: rule outage never fired (seen 3); rule hang was removed"


@every_case("members", [{"enabled": False}, {"probability": 0.5}, {"times": 0}])
def test_rule_that_need_not_fire_does_not_matter(members: dict[str, Any]) -> None:
    spec = FaultSpec(fault=HangFault(), **members)
    assert strikes_view(story(faults=(spec,)), [rule(spec)]) is None


# Expectations


def verification(verified: bool, *, complete: bool = True) -> Verification:
    message = ("verified" if verified else "not verified") + ": expected something, found it"
    return Verification(
        verified=verified, message=message, matched=[], near_misses=[], journal_complete=complete
    )  # fmt: skip


@every_case(
    ("numbers", "count", "met", "final"),
    [
        (CountRange(2), 1, False, False),
        (CountRange(2), 2, True, True),
        (CountRange(None, 2), 2, True, False),
        (CountRange(None, 2), 3, False, True),
        (CountRange(2, 2), 1, False, False),
        (CountRange(2, 2), 2, True, False),
        (CountRange(2, 2), 3, False, True),
        (CountRange(0, 0), 0, True, False),
    ],
)
def test_count_is_final_once_no_later_request_can_change_it(
    numbers: CountRange, count: int, met: bool, final: bool
) -> None:
    view = count_view(PINGS, numbers, verification(met), count)
    assert (view.says, view.met, view.final) == ("It pings.", met, final)
    assert view.message == verification(met).message


def test_count_that_dropped_entries_may_exceed_is_not_met() -> None:
    view = count_view(PINGS, CountRange(None, 2), verification(True, complete=False), 1)
    assert (view.met, view.final) == (False, True)
    assert view.message == (
        "not verified, since dropped entries could have matched: expected something, found it"
    )  # fmt: skip
    assert count_view(PINGS, CountRange(1), verification(True, complete=False), 1).met


def finding(code: str, *seqs: int) -> Finding:
    return Finding(
        code=code, severity=Severity.ERROR, message="It is.", consequence="Bad.", session_id="a", seqs=seqs, source="s"
    )  # fmt: skip


def test_only_findings_about_requests_during_the_story_count() -> None:
    wanted = Expectation(says="No gaps.", no_findings=("ping.gap", "ping.none"))
    others = [finding("ping.gap", 4, 6), finding("ping.gap", 7, 9), finding("ping.gap"), finding("other", 6)]
    clean = findings_view(wanted, others, 4, 8, journal_complete=True)
    assert (clean.met, clean.final) == (True, False)
    assert clean.message == "verified: expected no ping.gap, ping.none, found 0"
    found = findings_view(wanted, [*others, finding("ping.gap", 5, 8)], 4, 8, journal_complete=False)
    assert (found.met, found.final) == (False, True)
    assert found.message.splitlines() == [
        "not verified: 1 finding:",
        "  error   ping.gap a #5 #8: It is.",
    ]


# Verdict


def expectation(met: bool, final: bool) -> ExpectationView:
    return ExpectationView(says="It does.", met=met, final=final, message="")


def test_verdict_is_given_as_soon_as_it_is_certain() -> None:
    done, holds, missing, spoilt = (
        expectation(met, final) for met, final in ((True, True), (True, False), (False, False), (False, True))
    )
    assert verdict_of([done, done]) == "passed"
    assert verdict_of([done, holds]) is verdict_of([done, missing]) is None
    assert verdict_of([missing, spoilt]) == verdict_of([done, spoilt]) == "failed"


def view(state: Any, *expectations: ExpectationView) -> StoryView:
    return StoryView(name="n", origin="o", story=TOLD, state=state, expectations=expectations)


def test_story_that_is_judged_now_is_judged_as_it_is() -> None:
    assert judged_now(view("running", expectation(True, False))).verdict == "passed"
    failed = judged_now(view("running", expectation(True, False), expectation(False, False)))
    assert failed.verdict == "failed"
    assert all(one.final for one in failed.expectations)
    early = replace(view("running", expectation(False, False), expectation(False, True)), verdict="failed")
    assert [one.final for one in judged_now(early).expectations] == [True, True]
    over = replace(view("over", expectation(True, True)), verdict="passed")
    assert judged_now(over) == over


def test_story_without_a_player_is_failed() -> None:
    failed = judged_now(view("waiting", expectation(True, False)))
    assert failed.verdict == "failed"
    assert failed.expectations[-1].message == "no player sent a request"
