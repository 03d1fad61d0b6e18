"""Rules about pauses around and inside ads."""

from __future__ import annotations

from typing import Any

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from tests.firings import fired, rules_about, said
from tests.playbacks import AD, BREAK, Event, case_of
from tests.tables import every_case

RULES = rules_about("ad.pause-before-break", "ad.paused")

ERROR, WARNING = Severity.ERROR, Severity.WARNING


def midroll(at_s: float, playhead_s: float, *inside: Event) -> tuple[Event, ...]:
    """Return a break of 15 seconds."""
    pod: dict[str, Any] = {**BREAK, "media.ad.podIndex": int(at_s), "media.ad.podSecond": playhead_s}
    return (
        ("adBreakStart", at_s, playhead_s, pod), ("adStart", at_s + 0.1, playhead_s, AD), *inside,
        ("adComplete", at_s + 15, playhead_s), ("adBreakComplete", at_s + 15.1, playhead_s),
        ("play", at_s + 15.2, playhead_s),
    )  # fmt: skip


def viewing(*pauses_s: float | None, moved_s: float = 0) -> SessionTraffic:
    """Return a session with a mid-roll for each pause, and the pause that many seconds before it."""
    events: list[Event] = [("play", 0, 0)]
    for n, pause_s in enumerate(pauses_s):
        at_s, playhead_s = 20.0 + 40 * n, 20.0 + 20 * n
        if pause_s is not None:
            events.append(("pauseStart", at_s - pause_s, playhead_s - moved_s))
        events += midroll(at_s, playhead_s)
    return case_of(*events, start={"media.length": 600})


def test_a_pause_before_every_break_is_found_once() -> None:
    case = viewing(0.05, 0.5, 0)

    assert [(code, severity) for code, severity, _ in fired(RULES, case)] == [("ad.pause-before-break", WARNING)]
    assert said(RULES, case).startswith(
        "pauseStart was sent right before each of the 3 ad breaks after content; do not report"
    )


@every_case("pauses_s", [(0.05, None), (0.05, 0.51), (0.05,)])
def test_a_pause_before_some_breaks_may_be_the_viewer(pauses_s: tuple[float | None, ...]) -> None:
    assert "ad.pause-before-break" not in [code for code, *_ in fired(RULES, viewing(*pauses_s))]


def test_a_seek_before_every_break_is_not_a_pause() -> None:
    assert "ad.pause-before-break" not in [code for code, *_ in fired(RULES, viewing(0.05, 0.05, moved_s=5))]


def test_an_ad_that_begins_while_paused_is_found() -> None:
    case = viewing(0.05)

    assert [(code, severity) for code, severity, _ in fired(RULES, case)] == [("ad.paused", WARNING)]
    assert said(RULES, case).startswith('1 ad began while the player was paused, ad "ad-1"; do not')


def test_of_several_ads_that_begin_while_paused_the_first_is_named() -> None:
    case = viewing(0.05, 0.5, None)

    assert [(code, severity) for code, severity, _ in fired(RULES, case)] == [("ad.paused", WARNING)]
    assert said(RULES, case).startswith('2 ads began while the player was paused, the first of them ad "ad-1"; do not')


@every_case("play_s", [20.05, 21])
def test_a_play_in_the_break_ends_the_pause(play_s: float) -> None:
    events = [("play", 0, 0), ("pauseStart", 19.9, 20), *midroll(20, 20), ("play", play_s, 20)]

    assert fired(RULES, case_of(*sorted(events, key=lambda event: float(event[1])))) == []


def test_a_pause_that_goes_on_after_the_break_has_its_own_finding() -> None:
    events = [("play", 0, 0), ("pauseStart", 19.95, 20), *midroll(20, 20)[:-1], ("ping", 45, 30), ("ping", 55, 40)]

    assert fired(RULES, case_of(*events)) == []


def test_an_ad_that_is_paused_from_start_to_end_is_an_error() -> None:
    case = case_of(("play", 0, 0), *midroll(20, 20, ("pauseStart", 20.2, 20), ("ping", 30, 20)))

    assert [(code, severity) for code, severity, _ in fired(RULES, case)] == [("ad.paused", ERROR)]
    assert said(RULES, case).startswith(
        '14.8 of the 14.9 s of ad "ad-1" count as paused although the ad completed; do not rep'
    )


@every_case(
    "inside",
    [
        (("pauseStart", 20.2, 20), ("play", 32, 20)),
        (("pauseStart", 25, 20),),
        (("pauseStart", 20.2, 20), ("adSkip", 34, 20)),
    ],
    ids=["goes on", "late", "skipped"],
)
def test_a_viewer_may_pause_an_ad(inside: tuple[Event, ...]) -> None:
    assert fired(RULES, case_of(("play", 0, 0), *midroll(20, 20, *inside))) == []
