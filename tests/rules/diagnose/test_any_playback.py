"""The rules about time, playhead and playback, on any traffic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mockserver.model.event_types import EVENT_TYPES
from mockserver.rules.diagnose import errors, movement, order, pings, playback, playhead, ts
from mockserver.rules.diagnose.rule import Rule
from tests.firings import fired
from tests.playbacks import AD, BREAK, CHAPTER, Playground, case_of

RULES: tuple[Rule, ...] = (
    *ts.RULES, *order.RULES, *pings.RULES, *playhead.RULES, *movement.RULES, *playback.RULES,
    *errors.RULES,
)  # fmt: skip


def test_requests_that_name_no_session_say_nothing_about_playback() -> None:
    ground = Playground()
    ground.post("/api/v1/sessions/none/events", {"eventType": "ping", "playerTime": {"playhead": 1, "ts": 1e3}})
    ground.post("/api/v1/sessions/none/events", {"eventType": "play", "playerTime": {"playhead": 1, "ts": 10**12}})

    assert [code for code, *_ in fired(RULES, ground.case("none"))] == ["ts.not-integer"]


PARAMS = {
    "adBreakStart": BREAK,
    "adStart": AD,
    "chapterStart": CHAPTER,
    "stateStart": {"media.state.name": "mute"},
    "stateEnd": {"media.state.name": "mute"},
}
EVENTS = st.tuples(
    st.sampled_from([name for name in EVENT_TYPES if name not in ("sessionStart", "statesUpdate")]),
    st.sampled_from([-1_758_240_000, -20, 0, 0.001, 5, 10, 10.4, 30, 300, 900]) | st.floats(0, 900),
    st.sampled_from([-1, 0, 5, 10, 30, 300, 10_000, 86_400, 10**400]) | st.floats(0, 900),
)


@given(events=st.lists(EVENTS, max_size=30), live=st.booleans())
def test_every_finding_about_any_traffic_is_a_sentence_about_its_events(
    events: list[tuple[str, float, float]], live: bool
) -> None:
    case = case_of(
        *((name, at_s, playhead_s, PARAMS.get(name)) for name, at_s, playhead_s in events),
        start={"media.contentType": "live", "media.length": 86_400} if live else None,
    )
    seqs = {item.seq for item in case.arrived}

    assert all(set(named) <= seqs for _, _, named in fired(RULES, case))
