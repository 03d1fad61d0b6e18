"""What a simulated player sends, and how it meets failures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver import ControlFailed, InvalidInput, MockServer
from mockserver.dialects.collection.dialect import COLLECTION
from mockserver.dialects.edge.dialect import EDGE
from mockserver.model.finding import Severity
from mockserver.simulation.content import CONTENTS, make_content
from mockserver.simulation.flaw import FLAWS, apply_flaw
from mockserver.simulation.player import Sent, SimulatedPlayer, Voice, start_of
from mockserver.simulation.script import Beat, write_script
from tests.tables import every_case

START_MS = 1_760_000_000_000
REFUSED = {
    "unknown-key": {"adStart"},
    "downloaded-live": {"sessionStart"},
    "goes-on-after-the-end": {"ping"},  # which opens a new session, where the rest is accepted
}


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


def play(
    url: str, beats: list[Beat], speed: float | None = None, voice: Voice = COLLECTION
) -> tuple[list[Sent], list[float]]:
    sent: list[Sent] = []
    pauses: list[float] = []
    SimulatedPlayer(url, voice, pauses.append).play(beats, start_ms=START_MS, speed=speed, sent=sent.append)
    return sent, pauses


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("seed", range(3))
def test_everything_a_careful_player_sends_is_accepted(server: MockServer, seed: int, kind: str) -> None:
    beats = write_script(make_content(seed, kind=kind), seed)

    sent, _ = play(server.url, beats)

    assert [one.status for one in sent] == [201, *[204] * (len(beats) - 1)]
    assert server.count(outcome="accepted") == len(beats) - 1


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_careful_player_of_the_other_api_is_accepted_and_found_without_mistakes(
    server: MockServer, kind: str
) -> None:
    beats = write_script(make_content(1, kind=kind), 1)
    server.clock.follow_ts()

    sent, _ = play(server.url, beats, voice=EDGE)

    assert [one.status for one in sent] == [200, *[204] * (len(beats) - 1)]
    assert [session.dialect for session in server.sessions()] == ["edge"]
    found = {finding.code for finding in server.findings() if finding.severity != Severity.INFO}
    assert found - {"ts.skew"} == set()


def test_a_dead_session_of_the_other_api_is_opened_again(server: MockServer) -> None:
    server.faults.add(fault={"kind": "expire"}, when={"event_type": "ping", "nth_event": 2}, times=1)
    play(server.url, write_script(make_content(1), 1), voice=EDGE)
    assert len(server.sessions()) == 2


@pytest.mark.parametrize("name", sorted(FLAWS))
def test_the_api_accepts_nearly_all_that_a_broken_player_sends(server: MockServer, name: str) -> None:
    beats = apply_flaw(name, write_script(make_content(1), 1))

    sent, _ = play(server.url, beats)

    refused = {one.beat.event_type for one in sent if one.status not in (201, 204)}
    assert refused == REFUSED.get(name, set())


@every_case("name", sorted(FLAWS))
def test_every_flaw_changes_the_script_and_says_what_it_does(name: str) -> None:
    beats = write_script(make_content(1), 1)

    assert apply_flaw(name, beats) != beats
    assert FLAWS[name].__doc__


def test_a_dead_session_is_opened_again(server: MockServer) -> None:
    server.faults.add(when={"event_type": "pauseStart"}, fault={"kind": "status", "code": 410}, times=1)

    sent, _ = play(server.url, write_script(make_content(1), 1))

    assert [one.beat.event_type for one in sent if one.status in (410, 201)] == [
        "sessionStart",
        "pauseStart",
        "sessionStart",
    ]
    assert len(server.sessions()) == 2


def test_a_failed_event_is_lost_and_the_player_continues(server: MockServer) -> None:
    server.faults.add(when={"event_type": "ping"}, fault={"kind": "reset"}, times=1)
    server.faults.add(when={"event_type": "ping"}, fault={"kind": "status", "code": 500}, times=1)

    sent, _ = play(server.url, write_script(make_content(1), 1))

    statuses = [one.status for one in sent]
    assert statuses.count(None) == 1
    assert statuses.count(500) == 1
    assert statuses[-1] == 204


def test_the_script_is_played_at_the_speed_that_is_asked_for(server: MockServer) -> None:
    beats = write_script(make_content(1), 1)

    _, pauses = play(server.url, beats, speed=10)

    assert sum(pauses) == pytest.approx(beats[-1].at_ms / 10_000)


def test_a_missing_server_is_named() -> None:
    with pytest.raises(ControlFailed, match=r"127\.0\.0\.1:9"):
        play("http://127.0.0.1:9", write_script(make_content(1), 1))


def test_an_address_without_scheme_is_refused() -> None:
    with pytest.raises(InvalidInput, match="write it like"):
        play("127.0.0.1:8089", [])


@every_case(
    ("speed", "rate", "behind_s"),
    [(None, 1, 100), (None, 0, 100), (1, 1, 0), (0.5, 1, 0), (10, 1, 90), (10, 0, 100), (10, 5, 50), (10, 20, 0)],
)
def test_a_session_begins_so_that_it_ends_now_and_its_ts_are_never_ahead_of_the_clock(
    speed: float | None, rate: float, behind_s: float
) -> None:
    beats = [Beat(0, "sessionStart", 0), Beat(100_000, "sessionEnd", 0)]

    assert start_of(beats, START_MS, speed=speed, rate=rate) == START_MS - behind_s * 1000


def test_a_player_that_is_stopped_sends_nothing_more(server: MockServer) -> None:
    player = SimulatedPlayer(server.url, COLLECTION)
    sent: list[Sent] = []

    def stop(one: Sent) -> None:
        sent.append(one)
        player.stop()

    player.play(write_script(make_content(1), 1), start_ms=START_MS, speed=None, sent=stop)

    assert len(sent) == len(server.events()) == 1


def test_a_player_whose_session_is_refused_waits_for_nothing(server: MockServer) -> None:
    server.faults.add(when={"event_type": "sessionStart"}, fault={"kind": "status", "code": 500})

    sent, pauses = play(server.url, write_script(make_content(1), 1), speed=1)

    assert ([one.status for one in sent], pauses) == ([500], [])
