from __future__ import annotations

from mockserver.dialects.collection.keys import EVENTS, QOE_KEYS, UNQUALIFIED_QOE, WRONG_EVENT_TYPES
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.event_types import EVENTS as TABLE

_DOCUMENTED_REQUIRED = {
    "sessionStart": {
        "analytics.trackingServer",
        "analytics.reportSuite",
        "visitor.marketingCloudOrgId",
        "media.id",
        "media.length",
        "media.contentType",
        "media.playerName",
        "media.channel",
    },
    "adBreakStart": {"media.ad.podIndex", "media.ad.podSecond"},
    "adStart": {"media.ad.id", "media.ad.length", "media.ad.podPosition", "media.ad.playerName"},
    "chapterStart": {"media.chapter.index", "media.chapter.offset", "media.chapter.length"},
    "stateStart": {"media.state.name"},
    "stateEnd": {"media.state.name"},
}


def test_every_event_type_has_its_keys_in_the_order_of_the_vocabulary() -> None:
    assert tuple(EVENTS) == EVENT_TYPES


def test_exactly_the_documented_keys_are_required() -> None:
    for event_type in EVENT_TYPES:
        required = {key.name for key in EVENTS[event_type].params if key.required}

        assert required == _DOCUMENTED_REQUIRED.get(event_type, set()), event_type


def test_no_event_names_a_key_twice() -> None:
    for event_type in EVENT_TYPES:
        names = [key.name for key in EVENTS[event_type].params]

        assert len(names) == len(set(names)), event_type


def test_keys_of_params_are_there_where_the_table_of_event_types_says_so() -> None:
    for event_type in EVENT_TYPES:
        keys = EVENTS[event_type]
        params = "required" if keys.needs_params else "optional" if keys.params else "none"
        assert TABLE[event_type].params == params, event_type


def test_params_are_needed_where_a_key_of_them_is() -> None:
    assert {name for name, keys in EVENTS.items() if keys.needs_params} == {*_DOCUMENTED_REQUIRED, "statesUpdate"}


def test_short_qoe_names_stand_for_keys_that_exist() -> None:
    assert set(UNQUALIFIED_QOE.values()) <= {key.name for key in QOE_KEYS}


def test_wrong_event_types_lead_to_event_types() -> None:
    assert {right for right, _ in WRONG_EVENT_TYPES.values()} <= set(EVENT_TYPES)


def test_wrong_event_types_are_not_event_types_in_another_case() -> None:
    assert not {name.lower() for name in EVENT_TYPES} & set(WRONG_EVENT_TYPES)
