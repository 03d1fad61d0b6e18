"""The progress of a story, its verdict, and both as text. Pure: requests and the time come in, views come out.

A story waits for the first request of a player. It is over after ``silence_s`` without a request; ``watch_s`` after
that first request; or two seconds after a player ended its newest session and sent nothing more. Later requests do not
count. Schema reads, and requests that are neither POST nor preflight, may come from people, so they do not count as
requests of a player. Preflights count, or a page that gives up when one fails would never be judged.

If a fault struck the request that ends the session, it is not the end: the player may send it again.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from mockserver.model.expectation import ExpectationView
from mockserver.model.fault import FaultRule, FaultSpec
from mockserver.model.journal import Record
from mockserver.model.story import Story, StoryState, StoryView, Verdict
from mockserver.model.vocabulary import Delivery, Operation, Outcome

__all__ = [
    "StoryProgress",
    "judged_now",
    "named_rules",
    "no_player_came",
    "over_at_ms",
    "progress_after",
    "remaining_ms",
    "state_of",
    "story_text",
    "strikes_view",
    "verdict_of",
]

_AFTER_END_MS = 2_000
"""How long a player must be silent after it ended its session: SDKs send sessionComplete and then sessionEnd."""

_ENDS = ("sessionEnd", "sessionComplete")


class StoryProgress(msgspec.Struct, frozen=True):
    """The progress of a story, from the requests so far.

    Args:
        newest_sid: The newest session.
        first_ms: When the first request of a player came, on the emulated clock.
        last_ms: When the last one came.
        ended: Whether the player ended the newest session.
        until: The ``seq`` of the last entry that counts; None while the story is not over.
    """

    newest_sid: str | None = None
    first_ms: int | None = None
    last_ms: int | None = None
    ended: bool = False
    until: int | None = None


def progress_after(progress: StoryProgress, story: Story, seq: int, record: Record) -> StoryProgress:
    """Return the progress after one more recorded request."""
    if progress.until is not None or not _is_from_player(record):
        return progress
    over_ms = over_at_ms(progress, story)
    if over_ms is not None and record.at_ms >= over_ms:
        return replace(progress, until=seq - 1)
    if record.operation is Operation.PREFLIGHT:
        first_ms = record.at_ms if progress.first_ms is None else progress.first_ms
        return replace(progress, first_ms=first_ms, last_ms=record.at_ms)
    starts = record.operation is Operation.START
    opened = starts and record.outcome is Outcome.OPENED
    answered = record.delivery is Delivery.SENT and record.response is not None and record.response.status < 400
    ends = answered and record.event_type in _ENDS and record.session_id == progress.newest_sid
    return StoryProgress(
        newest_sid=record.session_id if opened else progress.newest_sid,
        first_ms=record.at_ms if progress.first_ms is None else progress.first_ms,
        last_ms=record.at_ms,
        ended=not starts and (ends or (progress.ended and answered)),
    )


def _is_from_player(record: Record) -> bool:
    if record.operation is Operation.PREFLIGHT:
        return True
    return record.method == "POST" and record.operation is not Operation.SCHEMA


def over_at_ms(progress: StoryProgress, story: Story) -> int | None:
    """Return when the story is over without further requests, on the emulated clock; None before the first request."""
    if progress.first_ms is None or progress.last_ms is None:
        return None
    silent_ms = progress.last_ms + round(story.silence_s * 1000)
    watched_ms = progress.first_ms + round(story.watch_s * 1000)
    return min(silent_ms, watched_ms, progress.last_ms + _AFTER_END_MS if progress.ended else silent_ms)


def state_of(progress: StoryProgress, story: Story, now_ms: int) -> StoryState:
    """Return the state of a story that was started."""
    over_ms = over_at_ms(progress, story)
    if progress.until is not None or (over_ms is not None and now_ms >= over_ms):
        return "over"
    return "waiting" if over_ms is None else "running"


def remaining_ms(progress: StoryProgress, story: Story, now_ms: int) -> int | None:
    """Return how long a silence ends the story; None before the first request and at the end."""
    over_ms = over_at_ms(progress, story)
    return None if over_ms is None or state_of(progress, story, now_ms) == "over" else over_ms - now_ms


def named_rules(name: str, faults: Iterable[FaultSpec], opened: int) -> list[FaultSpec]:
    """Return the rules of a story as they are put in force.

    Args:
        name: The name of the story; it becomes part of the names of its rules.
        opened: How many sessions the namespace has opened so far; ``nth_session`` counts from there.
    """
    return [_named_rule(name, spec, opened) for spec in faults]


def _named_rule(name: str, spec: FaultSpec, opened: int) -> FaultSpec:
    nth = spec.when.nth_session
    if isinstance(nth, int):
        nth += opened
    elif nth is not None:
        nth = tuple(number + opened for number in nth)
    own = f": {spec.name}" if spec.name else ""
    return replace(spec, name=f"story {name}{own}", when=replace(spec.when, nth_session=nth))


def strikes_view(story: Story, rules: Sequence[FaultRule | None]) -> ExpectationView | None:
    """Return whether the faults of a story struck, so that it happened at all; None if no rule has to strike.

    A rule that is disabled, has a ``probability`` or may strike 0 times does not have to strike.

    Args:
        rules: The rules in order, with their counters; None for one that was removed.
    """
    idle, must = [], False
    for spec, rule in zip(story.faults, rules, strict=True):
        if not spec.enabled or spec.probability != 1 or spec.times == 0:
            continue
        must = True
        called = spec.name or spec.fault.__struct_config__.tag
        if rule is None:
            idle.append(f"rule {called} was removed")
        elif rule.applied == 0:
            idle.append(f"rule {called} never fired (seen {rule.seen})")
    if not must:
        return None
    message = f"the story did not happen: {'; '.join(idle)}" if idle else "verified: every fault fired"
    return ExpectationView(
        says="The player reaches the faults of the story.", met=not idle, final=not idle, message=message
    )


def no_player_came() -> ExpectationView:
    """Return the failed expectation of a story that was stopped before a player came."""
    return ExpectationView(
        says="A player plays while the story runs.", met=False, final=True, message="no player sent a request"
    )


def verdict_of(expectations: Iterable[ExpectationView]) -> Verdict | None:
    """Return the verdict; None while it is still open."""
    views = tuple(expectations)
    if any(view.final and not view.met for view in views):
        return "failed"
    return "passed" if all(view.final for view in views) else None


def judged_now(view: StoryView) -> StoryView:
    """Judge a story as if it were over now. Without a request of a player it has failed."""
    views = (*view.expectations, no_player_came()) if view.state in ("idle", "waiting") else view.expectations
    views = tuple(replace(one, final=True) for one in views)
    return replace(view, expectations=views, verdict=verdict_of(views))


def story_text(view: StoryView, width: int = 110) -> str:
    """Write a story: what a good player does, each expectation with ``ok``, ``FAILED`` or ``open``, and the verdict.

    To write a story that is not over as if it were, pass it through :func:`judged_now` first.

    Args:
        view: The story.
        width: How many columns the description of a good player may have.
    """
    lines = [f"story {view.name}: {_one_line(view.story.title)}"]
    lines += textwrap.wrap(
        f"a good player: {_one_line(view.story.player)}", width, initial_indent="  ", subsequent_indent="    "
    )
    for expectation in view.expectations:
        lines += _expectation(expectation)
    return "\n".join([*lines, _verdict(view)])


def _expectation(view: ExpectationView) -> list[str]:
    word = "ok" if view.met else "FAILED" if view.final else "open"
    reason = view.message.splitlines()
    if view.met:
        reason = reason[:1]
    return [f"  {word:<6}  {_one_line(view.says)}", *(f"            {line}" for line in reason)]


def _verdict(view: StoryView) -> str:
    if view.verdict is not None:
        failed = sum(not one.met and one.final for one in view.expectations)
        counted = f", {failed} of {len(view.expectations)} expectations failed" if failed else ""
        return f"verdict: {view.verdict}{counted}"
    match view.state:
        case "idle":
            return "not started"
        case "waiting":
            return "no verdict yet: waiting for the first request"
        case _:
            left = "" if view.remaining_ms is None else f"; it ends after {view.remaining_ms / 1000:g} s of silence"
            return f"no verdict yet{left}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
