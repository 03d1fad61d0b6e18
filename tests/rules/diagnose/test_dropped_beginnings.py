"""Sessions whose first events were dropped: no player is accused of lacking events that it may have sent."""

from __future__ import annotations

import pytest

from mockserver.admin.sessions import put_session
from mockserver.model.finding import Severity
from mockserver.model.results import SessionCommand
from mockserver.rules.diagnose.run import diagnose_session
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from tests.factories import target
from tests.playbacks import AD, BREAK, Event, Playground, case_of, recorded

PREROLL: tuple[Event, ...] = (
    ("adBreakStart", 0, 0, BREAK),
    ("adStart", 0, 0, AD),
    ("adComplete", 15, 0),
    ("adBreakComplete", 15, 0),
    ("play", 15, 0),
)


def without_first(case: SessionTraffic, dropped: int) -> SessionTraffic:
    """Return what is left of a session when the first requests about it are dropped."""
    arrived = case.arrived[dropped:]
    left = {item.seq for item in arrived}
    processed = [step.item for step in case.steps if step.seq in left]
    return SessionTraffic(
        case.stored, arrived, processed, case.settings, case.thresholds, case.now_ms, case.words
    )  # fmt: skip


def codes(case: SessionTraffic) -> set[str]:
    return {found.code for found in diagnose_session(case) if found.severity is not Severity.INFO}


@pytest.mark.parametrize(
    "name", ["adobe-cc-3.0.3-vod", "adobe-js-3.1.0-realclock-vod", "adobe-sample-seek", "adobe-sample-watch"]
)
def test_a_recorded_session_without_its_beginning_has_no_new_mistakes(name: str) -> None:
    ground, sids = recorded(name)
    ground.now_ms += 3_600_000
    for case in map(ground.case, sids):
        whole = codes(case)
        more = {n: found for n in range(1, len(case.arrived)) if (found := codes(without_first(case, n)) - whole)}
        assert more == {}


def test_mistakes_after_the_next_break_are_found_as_ever() -> None:
    midroll = tuple((name, at_s + 60, 45, *params) for name, at_s, _, *params in PREROLL)
    mistake: Event = ("adStart", 90, 60, {**AD, "media.ad.id": "late"})
    case = without_first(case_of(*PREROLL, ("ping", 25, 10), *midroll, ("ping", 85, 55), mistake), 3)

    (found,) = (found for found in diagnose_session(case) if found.code == "ad.outside-break")
    assert found.seqs == (case.arrived[-1].seq,)


def test_a_session_that_never_had_a_beginning_is_judged_by_what_came() -> None:
    ground = Playground()
    put_session(target(ground.emulator), SessionCommand(sid="own"))
    for at_s in (0, 10, 20, 30):
        player_time = {"playhead": at_s, "ts": ground.now_ms + at_s * 1000}
        ground.post("/api/v1/sessions/own/events", {"eventType": "ping", "playerTime": player_time})

    assert "play.missing-start" in codes(ground.case("own"))
