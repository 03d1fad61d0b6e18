"""What a list of requests shows besides the requests."""

from __future__ import annotations

from mockserver.admin import entries
from mockserver.control import EventQuery
from mockserver.model.journal import Surroundings
from tests.factories import emulator, open_session, post, send, target


def test_entries_say_what_changed_since_the_one_before_of_their_session() -> None:
    back_end = emulator()
    sid = open_session(back_end, media__name="Film", media__playerName="tv")
    other = open_session(back_end)
    back_end.clock.advance(1_500)
    send(back_end, sid, "adStart", playhead=10.25)
    back_end.handle(post("/api/v1/nothing", {}))
    send(back_end, other, "ping")
    page = entries.events(target(back_end), EventQuery(surroundings=True))
    first, _, third, fourth, _ = [entry.surroundings for entry in page.events]
    assert first is not None
    assert (first.content, first.player, first.gap_ms, first.moved_s) == ("Film", "tv", None, None)
    assert third is not None
    assert (third.gap_ms, third.moved_s, third.findings["ad.outside-break"].value) == (1_500, 10.25, "error")
    assert fourth == Surroundings()
    assert entries.events(target(back_end), EventQuery()).events[0].surroundings is None
