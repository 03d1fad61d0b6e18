"""Which events of two sessions correspond."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.model.event import Event, event_of
from mockserver.rules.comparison.alignment import aligned, numbered, single_events

TYPES = st.lists(st.sampled_from(["play", "pauseStart", "adStart", "bufferStart"]), max_size=12)


def events(*words: str) -> list[Event]:
    """Make events; ``adStart a2`` is one with this id."""
    made = []
    for word in words:
        event_type, _, ad = word.partition(" ")
        made.append(event_of({"eventType": event_type, "params": {"media.ad.id": ad} if ad else {}}))
    return made


def told(before: list[Event], after: list[Event]) -> str:
    """Write an alignment: ``=`` for a pair, ``-`` for a missing event and ``+`` for a new one."""
    return "".join("+" if one is None else "-" if other is None else "=" for one, other in aligned(before, after))


def test_events_of_one_type_correspond_in_order() -> None:
    assert told(events("play", "pauseStart", "play"), events("play", "pauseStart", "play")) == "==="
    assert told(events("play", "pauseStart", "play"), events("play")) in ("=--", "--=")
    assert told(events("play"), events("pauseStart", "play")) == "+="


def test_identity_decides_among_events_of_one_type() -> None:
    two, three = events("adStart a1", "adStart a2"), events("adStart a1", "adStart b", "adStart a2")
    assert told(two, three) == "=+="
    assert told(three, two) == "=-="


def test_change_of_every_identity_leaves_the_order() -> None:
    shifted = events("adStart 0", "adComplete", "adStart 1", "adComplete")
    assert told(events("adStart 1", "adComplete", "adStart 2", "adComplete"), shifted) == "===="


def test_end_of_an_ad_belongs_to_its_start() -> None:
    before = events("adStart a1", "adComplete", "adStart a2", "adComplete")
    assert told(before, events("adStart a2", "adComplete")) == "--=="


@given(TYPES, TYPES, st.sampled_from([1, 2, 4, 500]))
@settings(deadline=None)
def test_every_event_occurs_once_and_in_order(before: list[str], after: list[str], window: int) -> None:
    pairs = aligned(events(*before), events(*after), window)
    assert [one for one, _ in pairs if one is not None] == [*range(len(before))]
    assert [other for _, other in pairs if other is not None] == [*range(len(after))]
    assert all(before[one] == after[other] for one, other in pairs if one is not None and other is not None)


@given(TYPES)
@settings(deadline=None)
def test_session_corresponds_to_itself(types: list[str]) -> None:
    assert aligned(events(*types), events(*types)) == [(place, place) for place in range(len(types))]


def test_long_session_that_lacks_some_events_is_aligned_in_seconds() -> None:
    before = events(*["bitrateChange", "play", "error", "play"] * 300)
    after = [event for place, event in enumerate(before) if place % 100 != 50]
    began_s = time.process_time()
    pairs = told(before, after)
    assert time.process_time() - began_s < 5
    assert (pairs.count("="), pairs.count("-"), pairs.count("+")) == (len(after), 12, 0)


def test_names_count_the_events_of_each_type() -> None:
    assert numbered(events("play", "adStart a", "play")) == ["play 1", "adStart 1", "play 2"]


def test_list_of_states_is_a_start_or_end_for_each() -> None:
    states = {"statesStart": [{"media.state.name": "mute"}], "statesEnd": [{"media.state.name": "fullScreen"}, 7]}
    update = event_of({"eventType": "statesUpdate", "params": states})
    told_states = [(one.event_type, one.params["media.state.name"]) for one in single_events([update])]
    assert told_states == [("stateStart", "mute"), ("stateEnd", "fullScreen"), ("stateEnd", None)]
