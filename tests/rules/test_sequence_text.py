"""Why a session is not as expected, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mockserver.admin import entries, sessions
from mockserver.control import SessionQuery
from mockserver.emulator.emulator import Emulator
from mockserver.model.finding import Finding, Severity
from mockserver.model.query import MAX_LIMIT, Query
from mockserver.model.results import SessionCommand
from mockserver.model.settings import Settings
from mockserver.rules.alignment import align
from mockserver.rules.sequence import any_number_of, anything, expected_steps, seen_events
from mockserver.rules.sequence_text import SequenceCase, sequence_text
from tests.factories import T0, answer, batch, emulator, open_session, post, send, target

Golden = Callable[[str, str], None]
Event = tuple[Any, ...]

AD = {"event_type": "adStart", "where": "/params/media.ad.id=a1"}
AD_PARAMS = {"media.ad.length": 15, "media.ad.podPosition": 1, "media.ad.playerName": "p"}


def played(*events: Event, settings: Settings | None = None) -> tuple[Emulator, str]:
    """Report events ``(type, second, members)`` of one session, playhead as the second."""
    back_end = emulator(settings)
    sid = open_session(back_end)
    for event_type, at_s, *members in events:
        send(back_end, sid, event_type, playhead=at_s, ts=T0 + round(at_s * 1000), **(members[0] if members else {}))
    return back_end, sid


def ad(ad_id: str) -> dict[str, Any]:
    return {"params": {"media.ad.id": ad_id, **AD_PARAMS}}


def text(
    back_end: Emulator, sid: str, *sequence: Any, findings: Sequence[Finding] = (), order: str = "processing",
    allow_others: bool = False,
) -> str:  # fmt: skip
    timeline = sessions.timeline(target(back_end), None, sid)
    by_seq = {one.seq: one for one in entries.events(target(back_end), Query(limit=MAX_LIMIT, session_id=sid)).events}
    arrived = seen_events(timeline.arrival, by_seq)
    accepted = seen_events(timeline.processing, by_seq)
    if order == "arrival":
        accepted = [event for event in arrived if event.accepted]
    steps = expected_steps(sequence)
    lines = align(steps, accepted, allow_others=allow_others)
    refused = [event for event in arrived if not event.accepted]
    view = sessions.session(target(back_end), None, sid)
    case = SequenceCase(view, steps, accepted, lines, refused, findings, order, timeline.journal_complete)
    return sequence_text(case) + "\n"


def finding(code: str, severity: Severity, *seqs: int) -> Finding:
    return Finding(
        code=code, severity=severity, message=f"What {code} is about.", consequence=f"What comes of {code}.",
        session_id="s", seqs=seqs, source="a page",
    )  # fmt: skip


PINGS = [("ping", 10 * number) for number in range(1, 5)]


def test_missing_step(golden: Golden) -> None:
    back_end, sid = played(("play", 0), *PINGS, ("sessionComplete", 45))
    golden(
        "sequence/missing.txt",
        text(back_end, sid, "sessionStart", "play", any_number_of("ping"), AD, "sessionComplete"),
    )


def test_missing_step_that_was_refused_shows_the_refused_event(golden: Golden) -> None:
    back_end, sid = played(("play", 0, {"params": 5}), ("ping", 10), ("sessionEnd", 12))
    golden("sequence/refused.txt", text(back_end, sid, "sessionStart", "play", "ping", "sessionEnd"))


def test_extra_event(golden: Golden) -> None:
    back_end, sid = played(("play", 0), ("bufferStart", 0.5), ("play", 1.5), ("ping", 10), ("sessionEnd", 12))
    golden("sequence/extra.txt", text(back_end, sid, "sessionStart", "play", any_number_of("ping"), "sessionEnd"))


def test_wrong_order(golden: Golden) -> None:
    back_end, sid = played(("adStart", 0, ad("a1")), ("play", 1), ("adComplete", 16), ("sessionEnd", 20))
    golden("sequence/order.txt", text(back_end, sid, "sessionStart", "play", AD, "adComplete", "sessionEnd"))


def test_wrong_field(golden: Golden) -> None:
    back_end, sid = played(("play", 0), ("adStart", 10, ad("a2")), ("adComplete", 25), ("sessionEnd", 26))
    golden(
        "sequence/field.txt",
        text(back_end, sid, "sessionStart", "play", any_number_of("ping"), AD, "adComplete", "sessionEnd"),
    )


def test_field_that_keeps_an_event_from_being_one_of_any_number(golden: Golden) -> None:
    back_end, sid = played(("play", 0), ("ping", 10), ("ping", 3), ("sessionEnd", 26))
    golden(
        "sequence/repeated_field.txt",
        text(
            back_end, sid, "sessionStart", "play",
            any_number_of({"event_type": "ping", "where": "/playerTime/playhead>5"}), "sessionEnd", order="arrival",
        ),
    )  # fmt: skip


def test_too_short(golden: Golden) -> None:
    back_end, sid = played(("play", 0))
    golden(
        "sequence/short.txt", text(back_end, sid, "sessionStart", "play", anything(), "sessionComplete", "sessionEnd")
    )


def test_empty_session(golden: Golden) -> None:
    back_end = emulator()
    sid = sessions.put_session(target(back_end), SessionCommand()).session_id
    golden("sequence/empty.txt", text(back_end, sid, "sessionStart", any_number_of("ping"), "sessionEnd"))


def test_long_session_is_shortened(golden: Golden) -> None:
    pings = [("ping", 10 * number) for number in range(1, 101)]
    back_end, sid = played(("play", 0), *pings[:50], ("pauseStart", 505), *pings[50:], ("sessionEnd", 1001))
    golden("sequence/long.txt", text(back_end, sid, "sessionStart", "play", any_number_of("ping"), "sessionEnd"))


def test_long_list_of_unexpected_events_is_shortened(golden: Golden) -> None:
    back_end, sid = played(*[("ping", 10 * number) for number in range(1, 101)])
    golden("sequence/long_unexpected.txt", text(back_end, sid, "sessionStart", "sessionEnd"))


def test_other_events_are_allowed(golden: Golden) -> None:
    back_end, sid = played(("play", 0), *PINGS, ("sessionEnd", 45))
    golden("sequence/others.txt", text(back_end, sid, "play", "pauseStart", "sessionEnd", allow_others=True))


def test_downloaded_content_and_dropped_entries(golden: Golden) -> None:
    back_end = emulator()
    answer(back_end, post("/api/v1/downloaded", batch("play", "ping", "sessionComplete", media__id="offline")))
    (view,) = sessions.sessions(target(back_end), SessionQuery()).sessions
    golden("sequence/downloaded.txt", text(back_end, view.session_id, "sessionStart", "play", "sessionComplete"))
    dropping, sid = played(("play", 0), ("ping", 10), ("sessionEnd", 12), settings=Settings(max_entries=2))
    golden("sequence/dropped.txt", text(dropping, sid, "sessionStart", "play", "ping", "sessionEnd"))


def test_findings_about_what_is_wrong_come_first_among_equals_and_five_are_shown(golden: Golden) -> None:
    back_end, sid = played(("play", 0), ("bufferStart", 0.5), ("ping", 10), ("sessionEnd", 12))
    findings = [
        finding("far.error", Severity.ERROR, 5),
        finding("near.error", Severity.ERROR, 3, 99),
        *(finding(f"warning.{number}", Severity.WARNING, 2) for number in range(5)),
    ]
    golden(
        "sequence/findings.txt",
        text(back_end, sid, "sessionStart", "play", any_number_of("ping"), "sessionEnd", findings=findings),
    )


def test_no_character_of_a_client_breaks_a_line_or_controls_a_terminal() -> None:
    back_end, sid = played(("play", 0), ("adStart", 1, ad("\n\x1b[31m\u2028")), ("a\nb\x1b", 2))
    for line in text(back_end, sid, "sessionStart", {"session_id": "x\ny"}, AD).splitlines():
        assert line.isprintable()
