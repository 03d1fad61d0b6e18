"""What the rules about time, playhead and playback say of recordings of Adobe's own clients, and of anything."""

from __future__ import annotations

import pytest
from firings import fired
from hypothesis import given
from hypothesis import strategies as st
from playbacks import AD, BREAK, CHAPTER, TRAFFIC, Playground, case_of, recorded

from mockserver.model.finding import Severity
from mockserver.model.vocabulary import EVENT_TYPES
from mockserver.rules.diagnose import cadence, errors, movement, order, pauses, pings, playback, playhead
from mockserver.rules.diagnose.case import Rule

RULES: tuple[Rule, ...] = (
    *order.RULES, *cadence.RULES, *pings.RULES, *playhead.RULES, *movement.RULES, *playback.RULES, *pauses.RULES,
    *errors.RULES,
)  # fmt: skip

# Adobe's SDKs send several events with one ts, though Adobe's page forbids it.
BURSTS = {("ts.equal", Severity.INFO)}
# A seek right after a resume: play and pauseStart in one tick of the clock.
TIE = {("ts.equal", Severity.WARNING)}
# Pings every 10 s in ads, the default since MediaSDK JS 3.0.1, and no ping in ads shorter than that.
ADS = {("ping.ad-gap", Severity.INFO)}
# The SDK sends seeks as pauseStart and play.
SEEK = {("seek.as-pause", Severity.INFO)}
# The ad was announced more than 250 ms after sessionStart, so that a play went out 1 ms before adBreakStart.
RACE = {("play.before-preroll", Severity.INFO)}
# The video element of Adobe's sample player fires pause before ended.
PAUSE_AT_END = {("pause.at-end", Severity.INFO)}
# A test app that counts a live playhead from 0, on a clock that leaps by 15 minutes without a ping.
FAKE_CLOCK = {("playhead.live-zero", Severity.INFO), ("ping.near-timeout", Severity.ERROR)}

EXPECTED: dict[str, set[tuple[str, Severity]]] = {
    "adobe-cc-3.0.3-live": BURSTS,
    "adobe-cc-3.0.3-vod": BURSTS | TIE | ADS,
    "adobe-js-3.0.1-vod": BURSTS | ADS | SEEK,
    "adobe-js-3.1.0-abandoned": set(),
    "adobe-js-3.1.0-audio": set(),
    "adobe-js-3.1.0-day": FAKE_CLOCK,
    "adobe-js-3.1.0-idle": BURSTS,
    "adobe-js-3.1.0-live": BURSTS,
    "adobe-js-3.1.0-realclock-live": BURSTS,
    "adobe-js-3.1.0-realclock-vod": BURSTS | ADS | SEEK | RACE,
    "adobe-js-3.1.0-two": set(),
    "adobe-js-3.1.0-vod": BURSTS | ADS | SEEK,
    "adobe-sample-leave": BURSTS,
    "adobe-sample-seek": BURSTS | PAUSE_AT_END,
    "adobe-sample-watch": BURSTS | ADS | PAUSE_AT_END,
}


def test_every_recording_is_judged() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in TRAFFIC.glob("*.ndjson"))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_recordings_give_these_findings_and_no_others(name: str) -> None:
    ground, sids = recorded(name)
    found = {(code, severity) for sid in sids for code, severity, _ in fired(RULES, ground.case(sid))}

    assert found == EXPECTED[name]


def test_only_the_leaping_clock_gives_errors_one_for_each_of_its_sessions() -> None:
    """The recording of a day leaps by 15 minutes, so that both of its sessions had timed out when it went on."""
    ground, sids = recorded("adobe-js-3.1.0-day")
    found = [firing for sid in sids for firing in fired(RULES, ground.case(sid)) if firing[1] is Severity.ERROR]

    assert found == [
        ("ping.near-timeout", Severity.ERROR, (3, 4)),
        ("ping.near-timeout", Severity.ERROR, (100, 101)),
    ]
    assert [name for name, codes in EXPECTED.items() if Severity.ERROR in {severity for _, severity in codes}] == [
        "adobe-js-3.1.0-day"
    ]


def test_every_rule_is_told_apart_and_described() -> None:
    codes = [rule.code for rule in RULES]

    assert len(codes) == len(set(codes)) == 45
    assert all(rule.trigger and rule.consequence.endswith(".") and rule.source for rule in RULES)


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
def test_whatever_comes_every_finding_is_a_sentence_about_events_of_the_session(
    events: list[tuple[str, float, float]], live: bool
) -> None:
    case = case_of(
        *((name, at_s, playhead_s, PARAMS.get(name)) for name, at_s, playhead_s in events),
        start={"media.contentType": "live", "media.length": 86_400} if live else None,
    )
    seqs = {item.seq for item in case.arrived}

    assert all(set(named) <= seqs for _, _, named in fired(RULES, case))
