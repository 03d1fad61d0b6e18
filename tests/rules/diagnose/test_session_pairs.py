"""Rules about several sessions of one viewer."""

from __future__ import annotations

from typing import Any

from mockserver.model.finding import Severity
from mockserver.model.settings import Settings
from mockserver.rules.diagnose.session_pairs import RULES
from tests.firings import traffic_of
from tests.playbacks import START_MS, START_PARAMS, Playground

PLAYED = (("play", 1, 0), ("ping", 10, 9), ("ping", 20, 19))


def fired(ground: Playground) -> dict[str, tuple[Severity, tuple[int, ...], str | None]]:
    found = {}
    for rule in RULES:
        for hit in rule.in_traffic(traffic_of(ground)):
            assert hit.message.endswith(".")
            assert "\n" not in hit.message
            found[rule.code] = (hit.severity or rule.severity, hit.seqs, hit.session_id)
    return found


def start_again(ground: Playground, at_s: float, playhead: float = 0, **params: Any) -> str:
    """Open another session at a second of the first one's time."""
    ts_ms = START_MS + round(at_s * 1000)
    ground.now_ms = max(ground.now_ms, ts_ms)
    body = {
        "eventType": "sessionStart",
        "playerTime": {"playhead": playhead, "ts": ts_ms},
        "params": {**START_PARAMS, **{key.replace("_", "."): value for key, value in params.items()}},
    }
    return ground.post("/api/v1/sessions", body).record.session_id or ""


def send(ground: Playground, sid: str, event_type: str, at_s: float, playhead: float) -> None:
    ts_ms = START_MS + round(at_s * 1000)
    ground.now_ms = max(ground.now_ms, ts_ms)
    body = {"eventType": event_type, "playerTime": {"playhead": playhead, "ts": ts_ms}}
    ground.post(f"/api/v1/sessions/{sid}/events", body)


def test_a_session_start_that_is_sent_again_leaves_an_orphan() -> None:
    ground = Playground()
    first = ground.play()
    start_again(ground, 0)

    assert fired(ground)["session.duplicate-start"] == (Severity.WARNING, (1, 2), first)


def test_another_visit_of_the_same_content_is_not_a_duplicate() -> None:
    ground = Playground()
    ground.play(*PLAYED, ("sessionEnd", 21, 20))
    start_again(ground, 300)

    assert "session.duplicate-start" not in fired(ground)


def test_a_new_session_when_the_app_comes_back_splits_the_time() -> None:
    ground = Playground()
    ground.play(*PLAYED)
    new = start_again(ground, 40, 20)
    send(ground, new, "play", 41, 20)

    assert fired(ground)["session.restart-on-foreground"] == (Severity.WARNING, (4, 5), new)


def test_the_next_programme_is_another_viewing_if_the_player_ended_the_last_one() -> None:
    live = {"media.contentType": "live", "media.length": 86_400}
    played = (("play", 1, 40_000), ("ping", 10, 40_009))
    for end in ((), (("sessionEnd", 11, 40_010),)):
        ground = Playground()
        ground.play(*played, *end, start=live)
        send(ground, start_again(ground, 13, 40_012, media_contentType="live"), "play", 14, 40_013)

        assert ("session.restart-on-foreground" in fired(ground)) is (end == ())


def test_a_placeholder_for_an_id_does_not_make_two_sessions_the_same_content() -> None:
    for media_id in ("clip-7", "undefined", "N/A"):
        ground = Playground()
        ground.play(*PLAYED, start={"media.id": media_id})
        send(ground, start_again(ground, 40, 20, media_id=media_id), "play", 41, 20)

        assert ("session.restart-on-foreground" in fired(ground)) is (media_id == "clip-7")


def test_a_session_that_says_it_is_resumed_splits_nothing() -> None:
    ground = Playground()
    ground.play(*PLAYED)
    send(ground, start_again(ground, 40, 20, media_resume=True), "play", 41, 20)

    assert "session.restart-on-foreground" not in fired(ground)


def test_content_that_is_continued_after_a_timeout_is_resumed() -> None:
    ground = Playground()
    ground.play(*PLAYED)
    new = start_again(ground, 900)
    send(ground, new, "play", 901, 20)

    assert fired(ground)["session.resume-missing"] == (Severity.WARNING, (5,), new)


def test_a_session_that_was_opened_before_the_other_one_timed_out_resumes_nothing() -> None:
    ground = Playground()
    ground.play()
    new = start_again(ground, 0.005)
    for n in range(70):
        send(ground, new, "ping" if n else "play", 1 + 10 * n, 5 + 10 * n)

    assert "session.resume-missing" not in fired(ground)


def test_the_javascript_sdk_is_forgiven_its_resume() -> None:
    ground = Playground()
    ground.play(*PLAYED)
    new = start_again(ground, 900, media_libraryVersion="js-3.1.0")
    send(ground, new, "play", 901, 20)

    assert "session.resume-missing" not in fired(ground)


def test_refused_events_are_sent_again_in_a_new_session() -> None:
    ground = Playground(Settings(idle_timeout_s=30))
    old = ground.play(*PLAYED)
    send(ground, old, "ping", 70, 60)
    new = start_again(ground, 71)
    send(ground, new, "ping", 70, 60)

    assert fired(ground)["session.late-recovery"] == (Severity.WARNING, (6, 7), new)


def test_events_of_a_new_session_with_a_new_ts_are_not_a_recovery() -> None:
    ground = Playground(Settings(idle_timeout_s=30))
    old = ground.play(*PLAYED)
    send(ground, old, "ping", 70, 60)
    send(ground, start_again(ground, 71), "ping", 72, 60)

    assert "session.late-recovery" not in fired(ground)


def test_two_players_of_one_visitor_run_at_once() -> None:
    ground = Playground()
    first = ground.play(*PLAYED)
    other = start_again(ground, 25, media_id="another")
    send(ground, first, "ping", 30, 29)

    assert fired(ground)["session.multi-player"] == (Severity.INFO, (1, 5), other)


def test_two_players_on_a_clock_that_stands_still_run_at_once() -> None:
    ground = Playground()
    first = ground.play(("play", 0, 0))
    other = start_again(ground, 0, media_id="another")
    assert "session.multi-player" not in fired(ground), "the first one sent nothing more"

    send(ground, first, "ping", 0, 0)
    assert fired(ground)["session.multi-player"] == (Severity.INFO, (1, 3), other)


def test_one_player_after_another_is_one_player() -> None:
    ground = Playground()
    ground.play(*PLAYED)
    start_again(ground, 25, media_id="another")

    assert "session.multi-player" not in fired(ground)


def test_a_session_for_every_gone_event_is_a_storm() -> None:
    ground = Playground()
    seqs = []
    for second in range(3):
        sid = start_again(ground, second)
        seqs.append(ground.emulator.journal.last_seq)
        ground.emulator.sessions.clear()
        send(ground, sid, "ping", second + 0.5, 0)

    assert fired(ground)["http.session-storm"][:2] == (Severity.ERROR, tuple(seqs))


def test_sessions_that_nothing_provoked_are_not_a_storm() -> None:
    ground = Playground()
    for second in range(5):
        start_again(ground, second)

    assert "http.session-storm" not in fired(ground)


def two_trackers(*, apart_s: float = 0.5, playhead_s: float = 0, **params: Any) -> tuple[Playground, str]:
    """Report one viewing in two sessions; the second may be at another place."""
    ground = Playground()
    first = ground.play()
    second = start_again(ground, apart_s, **params)
    for n in range(8):
        for sid, later_s, there_s in ((first, 0.0, 0.0), (second, 0.02, playhead_s)):
            send(ground, sid, "ping" if n else "play", 1 + 10 * n + later_s, 10 * n + there_s)
    return ground, second


def test_two_trackers_for_one_viewing_are_one_finding() -> None:
    ground, second = two_trackers()

    assert fired(ground) == {"session.doubled": (Severity.ERROR, (1, 2), second)}


def test_two_players_of_one_viewer_at_different_places_are_two_viewings() -> None:
    assert set(fired(two_trackers(playhead_s=20)[0])) == {"session.multi-player"} | {"session.duplicate-start"}


def test_two_players_with_different_content_are_two_viewings() -> None:
    assert set(fired(two_trackers(media_id="clip-8")[0])) == {"session.multi-player"}


def test_two_viewers_are_two_viewings() -> None:
    ground, _ = two_trackers(visitor_marketingCloudUserId="98765432109876543210987654321098765432")

    assert fired(ground) == {}


def gone_on(after_s: float, playhead_s: float, **params: Any) -> set[str]:
    """End a session at 19 s, and open another one at another time and playhead."""
    ground = Playground()
    ground.play(*PLAYED, ("sessionEnd", 21, 19))
    send(ground, start_again(ground, 21 + after_s, **params), "play", 22 + after_s, playhead_s)
    return set(fired(ground))


def test_a_viewing_that_goes_on_after_its_session_end_is_resumed() -> None:
    assert gone_on(3600, 20) == {"session.resume-missing"}


def test_content_that_begins_anew_or_elsewhere_or_is_marked_needs_no_resume() -> None:
    assert gone_on(3600, 0) == gone_on(3600, 40) == gone_on(3600, 20, media_resume=True) == set()
