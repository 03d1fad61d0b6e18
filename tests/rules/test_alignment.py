"""Expected and seen, aligned: the verdict is that of a regular expression, the lines lose nothing."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.model.event import event_of
from mockserver.model.journal import Entry, RecordedRequest
from mockserver.model.results import TimelineEntry
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.rules.alignment import Mark, align, as_expected
from mockserver.rules.sequence import Seen, any_number_of, anything, expected_steps, seen_events
from tests.tables import every_case

NAMES = {"p": "play", "i": "ping", "a": "adStart"}
REQUEST = RecordedRequest(method="POST", path="/", headers=[], body="", body_encoding="utf-8")


def entry(seq: int, event_type: str | None, event: Any) -> Entry:
    operation = Operation.DOWNLOAD if isinstance(event, list) else Operation.EVENT
    return Entry(
        seq=seq, at_ms=0, operation=operation, session_id="s", event_type=event_type, event=event,
        outcome=Outcome.ACCEPTED, violations=(), fault_ids=(), draws=(), request=REQUEST, response=None,
        delivery=Delivery.SENT,
    )  # fmt: skip


def shown(seq: int, event_type: str, index: int | None = None) -> TimelineEntry:
    return TimelineEntry(
        seq=seq, index=index, at_ms=0, event_type=event_type, ts_ms=seq, playhead_s=0, outcome=Outcome.ACCEPTED,
        status=204,
    )  # fmt: skip


def seen(letters: str) -> list[Seen]:
    """Make events of letters; the body says whether the letter was large."""
    events = []
    for seq, letter in enumerate(letters, 1):
        name = NAMES[letter.lower()]
        events.append(Seen(shown(seq, name), event_of(body := {"large": letter.isupper()}), entry(seq, name, body)))
    return events


def step(token: str) -> Any:
    """Make a step of a token of a regular expression: ``p``, ``P``, ``p*`` or ``.*``."""
    if token == ".*":
        return anything()
    letter = token[0]
    query = {"event_type": NAMES[letter.lower()], "where": f"/large={'true' if letter.isupper() else 'false'}"}
    return any_number_of(query) if token.endswith("*") else query


def marks(tokens: list[str], letters: str, **how: bool) -> list[str]:
    lines = align(expected_steps([step(token) for token in tokens]), seen(letters), **how)
    expected = ["" if line.step is None else tokens[line.step] for line in lines]
    found = ["" if line.seen is None else letters[line.seen] for line in lines]
    return [f"{line.mark.value} {step}:{seen}" for line, step, seen in zip(lines, expected, found, strict=True)]


@every_case(
    ("tokens", "letters", "lines"),
    [
        (["p", "i"], "pi", ["fits p:p", "fits i:i"]),
        (["p", "i", "a"], "pa", ["fits p:p", "missing i:", "fits a:a"]),
        (["p", "a"], "pia", ["fits p:p", "unexpected :i", "fits a:a"]),
        (["p", "A"], "pa", ["fits p:p", "different A:a"]),
        (["p", "i"], "ip", ["missing p:", "fits i:i", "unexpected :p"]),
        (["p"], "", ["missing p:"]),
        (["p", "i*", "a"], "pa", ["fits p:p", "fits a:a"]),
        (["p", "i*", "a"], "piia", ["fits p:p", "fits i*:i", "fits i*:i", "fits a:a"]),
        (["p", "i*"], "pIi", ["fits p:p", "unexpected :I", "fits i*:i"]),
        (["p", ".*", "a"], "piiaia", ["fits p:p", "fits .*:i", "fits .*:i", "fits .*:a", "fits .*:i", "fits a:a"]),
        (["i*", "i"], "ii", ["fits i*:i", "fits i:i"]),
    ],
)
def test_lines_say_what_fits_and_what_does_not(tokens: list[str], letters: str, lines: list[str]) -> None:
    assert marks(tokens, letters) == lines


@every_case(
    ("tokens", "letters", "lines"),
    [
        (["p", "a"], "ipiai", ["other :i", "fits p:p", "other :i", "fits a:a", "other :i"]),
        (["a", "p"], "pa", ["missing a:", "fits p:p", "other :a"]),
        (["p", "A"], "pia", ["fits p:p", "other :i", "different A:a"]),
    ],
)
def test_other_events_may_be_allowed(tokens: list[str], letters: str, lines: list[str]) -> None:
    assert marks(tokens, letters, allow_others=True) == lines


TOKENS = st.lists(st.sampled_from(["p", "P", "i", "I", "a", "p*", "i*", "I*", ".*"]), min_size=1, max_size=6)
LETTERS = st.text("pPiIa", max_size=8)


@given(TOKENS, LETTERS)
def test_verdict_is_that_of_a_regular_expression(tokens: list[str], letters: str) -> None:
    lines = align(expected_steps([step(token) for token in tokens]), seen(letters))
    assert as_expected(lines) == (re.fullmatch("".join(tokens), letters) is not None)


@given(TOKENS, LETTERS)
def test_verdict_with_others_is_that_of_a_subsequence(tokens: list[str], letters: str) -> None:
    lines = align(expected_steps([step(token) for token in tokens]), seen(letters), allow_others=True)
    needed = [token for token in tokens if "*" not in token]
    assert as_expected(lines) == (re.search(".*".join(needed), letters) is not None)


@given(TOKENS, LETTERS, st.booleans())
def test_every_event_and_every_required_step_has_a_line(tokens: list[str], letters: str, allow_others: bool) -> None:
    steps = expected_steps([step(token) for token in tokens])
    lines = align(steps, seen(letters), allow_others=allow_others)
    assert [line.seen for line in lines if line.seen is not None] == list(range(len(letters)))
    numbers = [line.step for line in lines if line.step is not None]
    assert numbers == sorted(numbers)
    for number, token in enumerate(tokens):
        assert "*" in token or numbers.count(number) == 1
    for line in lines:
        fits = (
            line.step is not None and line.seen is not None and steps[line.step].fits(seen(letters)[line.seen].facts())
        )
        assert fits == (line.mark is Mark.FITS)


def test_event_of_a_batch_is_found_and_a_dropped_entry_is_left_out() -> None:
    timeline = [shown(2, "play", 0), shown(2, "ping", 1), shown(3, "ping")]
    events = seen_events(timeline, {2: entry(2, None, [{"eventType": "play"}, {"eventType": "ping"}])})
    assert [event.event.sent for event in events] == [{"eventType": "play"}, {"eventType": "ping"}]
    assert [event.facts().event_type for event in events] == ["play", "ping"]
