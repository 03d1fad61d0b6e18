"""Events of the Media Edge API in the normal shape, and the way back."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.edge.keys import BLOCKS
from mockserver.dialects.edge.normal import WORDS, iso_of, normal_of, timestamp_ms, wire_of
from mockserver.model.event_types import EVENT_TYPES
from mockserver.pointer import steps_of
from tests.edge_events import body
from tests.factories import T0, event, start
from tests.tables import every_case

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["events", "xdm", "mediaCollection", "qoeDataDetails", "statesStart", "customMetadata", "name"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_nothing_that_is_sent_raises(document: Any) -> None:
    normal_of(document)


def test_every_key_has_its_counterpart() -> None:
    media = {block.name: {key.name: 2 if key.type == "integer" else key.name for key in block.keys} for block in BLOCKS}
    normal = normal_of(body("adStart", sid=None, playhead=0, at_s=0, **media))
    for block in BLOCKS:
        for key in block.keys:
            expected = 2 * key.per_unit if key.type == "integer" else key.name
            assert normal[block.part][key.normal] == expected
    assert normal["eventType"] == "adStart"


def test_time_to_start_is_in_milliseconds_and_the_time_since_1970() -> None:
    normal = normal_of(body("ping", playhead=7, at_s=1.5, qoeDataDetails={"timeToStart": 2}))
    assert normal["playerTime"] == {"ts": T0 + 1500, "playhead": 7}
    assert normal["qoeData"] == {"media.qoe.timeToStart": 2000}
    assert WORDS.units == {"/qoeData/media.qoe.timeToStart": "s"}


def test_states_and_metadata_have_the_normal_form() -> None:
    normal = normal_of(body("statesUpdate", customMetadata=[{"name": "a", "value": "b"}]))
    assert normal["params"] == {"statesStart": [{"media.state.name": "mute"}]}
    assert normal["customMetadata"] == {"a": "b"}


@every_case("event_type", EVENT_TYPES)
def test_way_back_leads_to_the_same_event(event_type: str) -> None:
    sent = start(media__length=60) if event_type == "sessionStart" else event(event_type, playhead=3, ts=T0 + 7)
    if event_type == "error":
        sent["qoeData"] = {"media.qoe.errorID": "e", "media.qoe.errorSource": "player"}
    back = normal_of(wire_of(sent, None if event_type == "sessionStart" else "a" * 64))
    assert back["playerTime"] == sent["playerTime"]
    kept = {
        name: value for name, value in sent.get("params", {}).items() if not name.startswith(("analytics", "visitor"))
    }
    if event_type in ("stateStart", "stateEnd"):
        assert back["eventType"] == "statesUpdate"
        assert list(back["params"].values()) == [[{"media.state.name": "mute"}]]
    else:
        assert (back["eventType"], back.get("params", {})) == (event_type, kept)


@given(st.integers(min_value=0, max_value=4_000_000_000_000))
def test_times_are_written_as_they_are_read(ts_ms: int) -> None:
    assert timestamp_ms(iso_of(ts_ms)) == ts_ms


@every_case("block", BLOCKS, ids=lambda block: block.name)
def test_pointers_of_the_normal_shape_lead_to_the_wire(block: Any) -> None:
    for key in block.keys:
        place = WORDS.place(f"/{block.part}/{key.normal}")
        media: dict[str, Any] = {block.name: {key.name: 5}}
        at: Any = body("adStart", **media)
        for step in steps_of(place):
            at = at[int(step)] if isinstance(at, list) else at[step]
        assert at == 5
