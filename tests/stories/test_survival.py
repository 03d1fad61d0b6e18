"""Each story tells good players from bad ones: a careful one passes, and one with recorded bad habits fails."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from mockserver.model.story import StoryView
from mockserver.stories.book import StoryBook
from tests.devices import CLIP, Device, Habits, Network
from tests.tables import every_case

GOOD = Habits()
ON_THE_WEB = Habits(web=True)

JS = Habits(
    start_waits_s=(0.5, 0.5), start_timeout_s=5, asks_once=(), renews=(), patient=False, gives_up_after=None,
    resumes="nothing",
)  # fmt: skip
"""Adobe MediaSDK JS: sessionStart three times on ticks of 500 ms, and no look at the status of an event."""

JS_ON_THE_WEB = Habits(
    web=True, start_waits_s=(0.5, 0.5), start_timeout_s=5, asks_once=(), renews=(), patient=False, gives_up_after=None
)
STUCK = Habits(start_waits_s=(), start_timeout_s=5, renews=(), gives_up_after=None)
"""Adobe MediaSDK JS after a timeout: nothing more is sent."""

CHROMECAST = Habits(start_waits_s=(0, 0), start_timeout_s=5, asks_once=(), renews=(), gives_up_after=None)
"""Adobe's library for Chromecast, and for Android: the same sessionStart again after 5 s."""

ANDROID = Habits(takes=tuple(range(200, 300)), renews=(), gives_up_after=None)
"""AEP Media for Android: any status from 200 to 299 is a session."""

ONCE = Habits(start_waits_s=(), start_timeout_s=60, renews=(), patient=False, gives_up_after=None)
"""A client written by hand: one sessionStart, and no look at anything."""

ONCE_ON_THE_WEB = Habits(web=True, start_waits_s=(), start_timeout_s=60, renews=())

THEO = Habits(start_waits_s=(), start_timeout_s=60, renewals=1_000, renews_at_end=True, resumes="nothing")
"""A THEOplayer connector: a new session for every 404 and 410, and the event that met it sent there."""

RENEWS_AT_500 = Habits(renews=(404, 410, 500), renewals=1_000, resumes="nothing")
"""Nobody was recorded doing this: a new session for every failure."""

RENEWS_UNANSWERED = Habits(renews=(0, 404, 410), renewals=1_000, resumes="nothing")
"""Nobody was recorded doing this: a new session for every event whose answer did not come."""

REPEATS = Habits(repeats=3)
"""Nobody was recorded doing this: whatever was not answered in time is sent again, and again."""

IOS = Habits(start_waits_s=(60, 60), start_timeout_s=5, asks_once=(200, 400, 404, 410, 500), renews=())
"""AEP Media for iOS: what failed for want of a connection is tried again after a minute."""

NEVER_GIVES_UP = Habits(asks_once=(201,))
"""Nobody was recorded doing this: every refusal is met with another sessionStart."""

ALLOY = Habits(
    start_waits_s=(), start_timeout_s=10_000, renews=(), gives_up_after=None, pings_stop=True, pings_after_end=3
)  # fmt: skip
"""Adobe's Web SDK, alloy 2.33.1: no look at the time, no other session, and pings that wait for a success."""

BURSTS = Habits(burst_ts=True)
"""Adobe MediaSDK JS and Chromecast: one ts for events that happen at nearly the same time."""


BOOK = StoryBook()


class Cast(NamedTuple):
    """Who plays a story: one that has to pass, others that have to fail."""

    good: Habits
    bad: dict[str, Habits]


CASTS = {
    "day-old-session": Cast(GOOD, {"js": JS}),
    "dead-after-pause": Cast(GOOD, {"js": JS, "resume-missing": THEO}),
    "duplicate-delivery": Cast(GOOD, {"theo": THEO}),
    "every-event-410": Cast(GOOD, {"theo": THEO, "js": JS}),
    "expire-mid-roll": Cast(GOOD, {"js": JS, "theo": THEO}),
    "flap-500": Cast(GOOD, {"renews-at-500": RENEWS_AT_500}),
    "gateway-garbage": Cast(GOOD, {"once": ONCE, "theo": THEO}),
    "gone-then-new-session": Cast(GOOD, {"js": JS, "once": ONCE}),
    "half-answers": Cast(GOOD, {"renews-unanswered": RENEWS_UNANSWERED}),
    "hidden-location": Cast(ON_THE_WEB, {"js": JS_ON_THE_WEB}),
    "lost-complete": Cast(GOOD, {"alloy": ALLOY}),
    "lost-heartbeat": Cast(GOOD, {"alloy": ALLOY}),
    "lost-session-answer": Cast(GOOD, {"once": ONCE, "theo": THEO}),
    "no-location": Cast(GOOD, {"js": JS}),
    "ok-without-created": Cast(GOOD, {"android": ANDROID}),
    "outage-window": Cast(GOOD, {"js": JS, "once": ONCE}),
    "preflight-blocked": Cast(ON_THE_WEB, {"once": ONCE_ON_THE_WEB}),
    "rate-limited": Cast(GOOD, {"js": JS}),
    "reordered-network": Cast(GOOD, {"bursts": BURSTS}),
    "server-restart": Cast(GOOD, {"js": JS, "once": ONCE}),
    "session-start-207": Cast(GOOD, {"alloy": ALLOY, "once": ONCE}),
    "session-start-400": Cast(GOOD, {"never-gives-up": NEVER_GIVES_UP}),
    "session-start-500": Cast(GOOD, {"once": ONCE}),
    "session-start-503": Cast(GOOD, {"js": JS, "once": ONCE}),
    "slow-session-start": Cast(GOOD, {"js": STUCK, "chromecast": CHROMECAST}),
    "unanswered-start": Cast(GOOD, {"alloy": ALLOY, "once": ONCE}),
    "timeout-on-events": Cast(GOOD, {"repeats": REPEATS, "renews-unanswered": RENEWS_UNANSWERED}),
}


ABOUT_LOCATION = ("hidden-location", "no-location", "ok-without-created")
"""Stories about a header field that only the Media Collection API has."""

ON_EDGE = [name for name in CASTS if name not in ABOUT_LOCATION]


def on_edge(habits: Habits) -> Habits:
    """Return the same habits of a player of the Media Edge API."""
    asks_once = tuple(status for status in habits.asks_once if status != 201)
    takes = (200, *(status for status in habits.takes if status != 201))
    return replace(habits, edge=True, asks_once=asks_once, takes=takes)


def told(name: str, habits: Habits) -> StoryView:
    network = Network(BOOK)
    network.start(name)
    Device(network, habits).play()
    return network.judged(name)


def test_every_story_has_a_player_that_passes_and_one_that_fails() -> None:
    assert sorted(CASTS) == list(BOOK.known())
    assert all(cast.bad for cast in CASTS.values())


@every_case("name", CASTS)
def test_careful_player_passes(name: str) -> None:
    view = told(name, CASTS[name].good)

    assert view.verdict == "passed", [one for one in view.expectations if not one.met]


@every_case(("name", "who"), [(name, who) for name, cast in CASTS.items() for who in cast.bad])
def test_player_with_bad_habits_fails(name: str, who: str) -> None:
    view = told(name, CASTS[name].bad[who])

    assert view.verdict == "failed"
    assert all(rule.applied for rule in view.faults), "it must fail over what it does, not over what did not happen"


@every_case("habits", [GOOD, on_edge(GOOD)], ids=["collection", "edge"])
def test_player_without_a_story_is_accepted_by_its_api_alone(habits: Habits) -> None:
    network = Network(BOOK)
    Device(network, habits).play()

    (session,) = network.emulator.sessions
    assert (session.dialect or "collection") == ("edge" if habits.edge else "collection")
    assert session.events == len(CLIP) + 1
    assert session.complete


@every_case("name", ON_EDGE)
def test_careful_player_of_the_media_edge_api_passes(name: str) -> None:
    view = told(name, on_edge(CASTS[name].good))

    assert view.verdict == "passed", [one for one in view.expectations if not one.met]


@every_case(("name", "who"), [(name, who) for name in ON_EDGE for who in CASTS[name].bad])
def test_player_of_the_media_edge_api_with_bad_habits_fails(name: str, who: str) -> None:
    view = told(name, on_edge(CASTS[name].bad[who]))

    assert view.verdict == "failed"
    assert all(rule.applied for rule in view.faults), "it must fail over what it does, not over what did not happen"


@every_case(
    ("name", "habits"),
    [
        ("session-start-400", JS),
        ("session-start-400", CHROMECAST),
        ("session-start-500", JS),
        ("preflight-blocked", JS_ON_THE_WEB),
        ("flap-500", JS),
        ("half-answers", JS),
        ("timeout-on-events", JS),
        ("duplicate-delivery", JS),
        ("outage-window", IOS),
        ("lost-session-answer", IOS),
        ("gateway-garbage", IOS),
    ],
)
def test_habits_of_real_players_that_do_no_harm_pass(name: str, habits: Habits) -> None:
    view = told(name, habits)

    assert view.verdict == "passed", [one for one in view.expectations if not one.met]


@every_case("name", CASTS)
def test_player_that_never_connects_fails(name: str) -> None:
    network = Network(BOOK)
    network.start(name)

    assert network.judged(name).verdict == "failed"
