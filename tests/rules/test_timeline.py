"""The events of a session in both orders."""

from __future__ import annotations

from typing import Any

from mockserver.model.event import event_of, events_of
from mockserver.model.http import HttpResponse
from mockserver.model.journal import Record
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.rules.timeline import Item, items_of, processed, timeline_entry
from tests.factories import T0, batch, event


def record(operation: Operation = Operation.EVENT, *, at_ms: int = T0, answered: bool = True) -> Record:
    response = HttpResponse(204) if answered else None
    outcome = Outcome.ACCEPTED if answered else Outcome.NOT_PROCESSED
    return Record(
        at_ms, operation, "s1", "ping", outcome, "POST", "/x", (), b"", response, Delivery.SENT
    )  # fmt: skip


def item(document: Any, seq: int = 1) -> Item:
    (found,) = items_of(record(), events_of(Operation.EVENT, document, seq=seq))
    return found


def test_single_event_is_one_item_and_a_batch_one_for_each_event() -> None:
    document = batch("play", "sessionEnd")
    items = items_of(record(Operation.DOWNLOAD), events_of(Operation.DOWNLOAD, document, seq=5))
    assert [(each.seq, each.index, each.event_type) for each in items] == [
        (5, 0, "sessionStart"), (5, 1, "play"), (5, 2, "sessionEnd"),
    ]  # fmt: skip
    assert [each.event.sent for each in items] == document
    assert item(event("play", playhead=1.5)).index is None


def test_only_events_have_a_place_in_a_timeline() -> None:
    assert items_of(record(Operation.PREFLIGHT), [event_of(None)]) == []
    assert items_of(record(Operation.OTHER), [event_of(event())]) == []


def test_ts_and_playhead_are_read_only_if_their_types_are_right() -> None:
    odd: list[Any] = [None, [], "x", {}, {"playerTime": []}, {"playerTime": {"ts": "1", "playhead": "2"}}]
    assert {(item(document).ts_ms, item(document).playhead_s) for document in odd} == {(None, None)}
    assert item({"playerTime": {"ts": True, "playhead": False}}).ts_ms is None
    assert item({"playerTime": {"ts": 1.5, "playhead": 2}}).playhead_s == 2
    assert item({"eventType": 5}).event_type is None


def test_item_matches_as_its_record_does() -> None:
    facts = item(event("play")).facts()
    assert (facts.event_type, facts.status, facts.outcome, facts.session_id) == ("play", 204, Outcome.ACCEPTED, "s1")
    assert item([1]).facts().event_type == "ping", "what the reader made of it, if the body says nothing"
    assert items_of(record(answered=False), [event_of(event())])[0].status is None


def test_events_are_processed_in_order_of_their_ts() -> None:
    items = [item(event("ping", ts=T0 + 20), 1), item(event("play", ts=T0 + 10), 2)]
    found = processed(items, Settings(), None, T0)
    assert [each.seq for each in found] == [2, 1]
    assert [each.provisional for each in processed(items, Settings(), None, T0)] == [False, False], "it is closed"


def test_batch_keeps_its_own_order_whatever_its_ts() -> None:
    document = [event("sessionStart", ts=T0 + 9), event("play", ts=T0 + 5), event("ping", ts=T0 + 1)]
    items = items_of(record(Operation.DOWNLOAD), events_of(Operation.DOWNLOAD, document))
    assert processed(items, Settings(), None, T0) == items


def test_item_is_shown_with_its_place_and_answer() -> None:
    entry = timeline_entry(item(event("play", playhead=3, ts=T0 + 7), 9))
    assert (entry.seq, entry.index, entry.at_ms, entry.event_type) == (9, None, T0, "play")
    assert (entry.ts_ms, entry.playhead_s, entry.outcome, entry.status) == (T0 + 7, 3, Outcome.ACCEPTED, 204)
