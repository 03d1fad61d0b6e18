"""One table says what an event does to playback, and everything that uses it agrees."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from mockserver.admin.local_control import LocalControl
from mockserver.control import FINDINGS, LANES, REPORT, FindingQuery
from mockserver.emulator.emulator import Emulator
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import ResetFault
from mockserver.model.lanes import Span
from mockserver.namespaces import Namespaces
from mockserver.rules.playback import Scope, Step, trace
from mockserver.rules.playback_states import ADS, CHAPTER, IRREGULAR, PLAYER, Player
from tests.factories import T0, emulator, open_session, send
from tests.playbacks import accepted_items
from tests.tables import every_case

EVENTS = (
    "play", "pauseStart", "bufferStart", "ping", "adBreakStart", "adBreakComplete", "adStart", "adComplete", "adSkip",
    "chapterStart", "chapterComplete", "chapterSkip",
)  # fmt: skip
STEP_S = 10
NEVER = 1_000_000


class Told(NamedTuple):
    """What fault rules said before each event, and the trace, the lanes and the ad time of the report afterwards."""

    by_faults: list[tuple[bool, bool]]
    steps: list[Step]
    spans: dict[str, list[Span]]
    outside: set[int]
    ads_s: float
    paused_s: float


def told(event_types: list[str]) -> Told:
    """Send events ten seconds apart, with a moving playhead, and collect every view of the playback."""
    back_end = emulator()
    control = LocalControl(Namespaces(lambda name: back_end), "default")
    sid = open_session(back_end)
    rules = [
        back_end.faults.add(FaultSpec(fault=ResetFault(), when=when, every=NEVER), 0).id
        for when in (When(in_ad=True), When(in_break=True))
    ]
    by_faults = []
    for n, event_type in enumerate(event_types, 1):
        back_end.clock.advance(1000 * STEP_S)
        before = _counts(back_end, rules)
        assert send(back_end, sid, event_type, playhead=n * STEP_S, ts=T0 + 1000 * STEP_S * n) == 204
        in_ad, in_break = (after - was for was, after in zip(before, _counts(back_end, rules), strict=True))
        by_faults.append((bool(in_ad), bool(in_break)))
    steps = trace(accepted_items(back_end, sid))
    spans: dict[str, list[Span]] = {}
    for lane in control.call(LANES, None, sid=sid).lanes:
        spans.setdefault(lane.name, []).extend(lane.spans)
    found = control.call(FINDINGS, FindingQuery()).findings
    outside = {seq for finding in found if finding.code == "ad.outside-break" for seq in finding.seqs}
    report = control.call(REPORT, None, sid=sid)
    return Told(
        by_faults, steps, spans, outside, report.media_time_spent_s - report.content_time_spent_s,
        report.total_pause_duration_s,
    )  # fmt: skip


def _counts(back_end: Emulator, rules: list[str]) -> list[int]:
    return [back_end.faults.get(rule).seen for rule in rules]


def at(spans: list[Span], ts_ms: int) -> list[str]:
    """Return what a lane shows at an instant."""
    return [span.kind for span in spans if span.from_ms <= ts_ms < span.to_ms]


@given(st.lists(st.sampled_from(EVENTS), max_size=14))
def test_faults_findings_report_and_lanes_agree_at_every_event(event_types: list[str]) -> None:
    seen = told(event_types)
    ads_s = paused_s = 0
    for (step, later), (in_ad, in_break) in zip(pairwise(seen.steps), seen.by_faults, strict=True):
        state, between_ms = step.after, (step.ts_ms + later.ts_ms) // 2
        assert (state.scope is Scope.AD, state.scope is not Scope.MAIN) == (in_ad, in_break)
        assert (state.ad is not None, state.ad_break is not None) == (in_ad, in_break)
        assert (bool(at(seen.spans.get("ad", []), between_ms)), bool(at(seen.spans.get("break", []), between_ms))) == (
            in_ad, in_break,
        )  # fmt: skip
        (shown,) = at(seen.spans["playback"], between_ms)
        assert (shown == "gap") == (in_break and not in_ad)
        if shown != "gap":
            playing = "ad" if in_ad else "main"
            assert shown in (playing if state.player is Player.PLAYING else state.player.value, "stalled")
        ads_s += STEP_S * (shown == "ad")
        paused_s += STEP_S * (shown == "paused")
        is_ad_event = later.event_type in ("adStart", "adComplete", "adSkip")
        assert (later.seq in seen.outside) == (is_ad_event and not in_break)
    assert (seen.ads_s, seen.paused_s) == (ads_s, paused_s)


@every_case(
    ("event_types", "in_ad", "in_break"),
    [
        ("adStart", False, False),
        ("adBreakStart adStart adBreakStart", False, True),
        ("adBreakStart adStart adStart", True, True),
        ("adBreakStart adBreakComplete adStart", False, False),
    ],
)
def test_fault_rules_see_ads_as_the_back_end_does(event_types: str, in_ad: bool, in_break: bool) -> None:
    assert told([*event_types.split(), "ping"]).by_faults[-1] == (in_ad, in_break)


def test_every_state_of_the_tables_can_be_reached_and_left() -> None:
    assert {after for row in ADS.values() for after in row.values()} == set(ADS)
    assert {after for row in CHAPTER.values() for after in row.values()} == set(CHAPTER)
    assert all(any(after != state for after in row.values()) for state, row in ADS.items())


def test_every_irregular_event_is_a_move_or_about_playback() -> None:
    for state, event_type in IRREGULAR:
        row = CHAPTER[state] if isinstance(state, bool) else ADS[state]
        assert event_type in row or event_type in PLAYER or event_type == "ping"
