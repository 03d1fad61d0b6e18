"""One table of event types."""

from __future__ import annotations

from typing import get_args

from mockserver.model.event_types import EVENT_TYPES, EVENTS, Family, names
from mockserver.rules.playback_states import ADS, CHAPTER, STATES


def test_custom_metadata_is_documented_for_three_events() -> None:
    assert [name for name, event in EVENTS.items() if event.metadata] == ["sessionStart", "adStart", "chapterStart"]


def test_every_event_type_is_of_one_family_and_its_name_begins_with_it_where_adobe_does_so() -> None:
    assert sorted(name for family in get_args(Family) for name in names(family)) == sorted(EVENT_TYPES)
    named: tuple[Family, ...] = ("ad", "chapter", "state")
    for family in named:
        assert all(name.startswith(family) for name in names(family))


def test_machines_of_playback_are_moved_by_the_events_of_their_family() -> None:
    assert {event_type for row in ADS.values() for event_type in row} == names("ad")
    assert {event_type for row in CHAPTER.values() for event_type in row} == names("chapter")
    assert set(STATES) == names("state") - {"statesUpdate"}
