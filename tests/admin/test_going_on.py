"""Findings and reports of a session that goes on: computed from what was known before, equal to computing all anew."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.admin.diagnosis import Diagnosis
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.settings import Settings
from mockserver.rules.diagnose.run import diagnose_session
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.timeline import Item, Sorting, sorting
from mockserver.store.caches import Caches
from tests.playbacks import AD, BREAK, CHAPTER, START_MS, START_PARAMS, Playground

PARAMS = {
    "adBreakStart": BREAK,
    "adStart": AD,
    "chapterStart": CHAPTER,
    "stateStart": {"media.state.name": "mute"},
    "stateEnd": {"media.state.name": "mute"},
    "statesUpdate": {"statesStart": [{"media.state.name": "mute"}]},
}
TYPES = [name for name in EVENT_TYPES if name != "sessionStart"]
QOE = st.none() | st.dictionaries(
    st.sampled_from(["media.qoe.bitrate", "media.qoe.droppedFrames", "media.qoe.timeToStart", "bitrate"]),
    st.sampled_from([0, 1, 800, 4_000, 5_000_000]),
    max_size=3,
)
EVENTS = st.tuples(
    st.sampled_from(["ping", "ping", "play", "pauseStart", "nonsense", *TYPES]),
    st.sampled_from([0, 0.001, 1, 5, 10, 10, 10.2, 70, 590]),  # seconds since the last one arrived
    st.sampled_from([0, 0, 0, -0.2, -3, -12, 40, -1_758_240_000]),  # seconds by which ts differs from then
    st.sampled_from([0, 5, 10, 30, 55, 60, 86_390, 50_000]) | st.floats(0, 90),
    QOE,
    st.booleans(),  # whether somebody looks afterwards
)


class Viewing:
    """A session that is looked at as it goes on."""

    def __init__(self, settings: Settings, *, live: bool) -> None:
        self.ground = Playground(settings)
        params = {
            **START_PARAMS,
            "media.contentType": "live" if live else "vod",
            "media.length": 86_400 if live else 60,
        }
        body = {"eventType": "sessionStart", "playerTime": {"ts": START_MS, "playhead": 0}, "params": params}
        self.sid = self.ground.post("/api/v1/sessions", body).record.session_id or ""

    def post(self, name: str, later_s: float, off_s: float, playhead_s: float, qoe: dict[str, int] | None) -> None:
        """Send the next event."""
        self.ground.now_ms += round(later_s * 1000)
        time = {"playhead": playhead_s, "ts": self.ground.now_ms + round(off_s * 1000)}
        body: dict[str, Any] = {"eventType": name, "playerTime": time}
        if name in PARAMS:
            body["params"] = PARAMS[name]
        if qoe is not None:
            body["qoeData"] = qoe
        self.ground.post(f"/api/v1/sessions/{self.sid}/events", body)

    def look(self) -> tuple[object, ...]:
        """Return all that is computed of the session."""
        diagnosis = Diagnosis(self.ground.namespace)
        return diagnosis.findings(), diagnosis.report(self.sid)

    def look_anew(self) -> tuple[object, ...]:
        """Return the same without anything known."""
        known, self.ground.emulator.caches = self.ground.emulator.caches, Caches()
        try:
            return self.look()
        finally:
            self.ground.emulator.caches = known


def seen(
    case: SessionTraffic, arrived: Sequence[Item], known: Sorting, before: SessionTraffic | None
) -> SessionTraffic:
    """Return a session of which only some events have arrived, with everything that rules see computed."""
    order = known.order(case.stored, case.now_ms)
    traffic = SessionTraffic(
        case.stored, arrived, order, case.settings, case.thresholds, case.now_ms, case.words, before
    )
    diagnose_session(traffic)
    return traffic


SEEN = [
    name
    for name, value in vars(SessionTraffic).items()
    if isinstance(value, cached_property) and name != "deduplicated"
]
"""What rules see of a session beside its events."""


@settings(max_examples=settings().max_examples // 2)
@given(
    events=st.lists(EVENTS, min_size=1, max_size=30),
    ties=st.sampled_from(["semantic", "arrival"]),
    live=st.booleans(),
)
def test_answer_about_a_session_does_not_depend_on_earlier_reads(
    events: list[tuple[str, float, float, float, dict[str, int] | None, bool]], ties: Any, live: bool
) -> None:
    viewing = Viewing(Settings(ties=ties, docs_lenient=True), live=live)
    for name, later_s, off_s, playhead_s, qoe, is_looked_at in events:
        viewing.post(name, later_s, off_s, playhead_s, qoe)
        if is_looked_at:
            assert viewing.look() == viewing.look_anew()
    viewing.post("ping", 6, 0, 30, None)
    case = viewing.ground.case(viewing.sid)
    before: SessionTraffic | None = None
    known: Sorting | None = None
    for end in [n for n, (*_, is_looked_at) in enumerate(events, 2) if is_looked_at]:
        arrived = case.arrived[:end]
        known = sorting([item for item in arrived if item.accepted], case.settings, known)
        before = seen(case, arrived, known, before)
        anew = seen(case, arrived, sorting(known.arrived, case.settings), None)
        assert [name for name in SEEN if getattr(before, name) != getattr(anew, name)] == []
        assert before.steps == anew.steps

    assert viewing.look() == viewing.look_anew()
