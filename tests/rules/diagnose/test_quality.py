"""Rules about qoeData."""

from __future__ import annotations

from typing import Any

from mockserver.model.finding import Severity
from mockserver.model.settings import Settings
from mockserver.rules.diagnose.quality import RULES
from tests.firings import Firing, fired, fired_in_traffic, said, start_body
from tests.playbacks import Event, Playground, case_of
from tests.tables import every_case

LENIENT = Settings(docs_lenient=True)


def qoe(**values: Any) -> dict[str, Any]:
    return {f"media.qoe.{name}": value for name, value in values.items()}


def ping(at_s: float, **values: Any) -> Event:
    return ("ping", at_s, at_s, None, qoe(**values))


def change(at_s: float, **values: Any) -> Event:
    return ("bitrateChange", at_s, at_s, None, qoe(**values))


def quality(*events: Event, start: dict[str, Any] | None = None) -> list[Firing]:
    return fired(RULES, case_of(*events, start=start))


def test_good_values_are_fine() -> None:
    good = {"bitrate": 3200, "droppedFrames": 3, "framesPerSecond": 24, "timeToStart": 800}

    assert quality(ping(1, **good), change(9, bitrate=4800), ping(10, **{**good, "droppedFrames": 5})) == []


def test_qoe_keys_in_params_are_found_where_they_are_refused() -> None:
    pings: list[Event] = [("ping", n, n, qoe(bitrate=3200)) for n in (1, 2, 3)]
    case = case_of(*pings)

    assert fired(RULES, case) == [("qoe.in-params", Severity.ERROR, (2, 3, 4))]
    assert said(RULES, case) == (
        '3 ping events were answered 400: "media.qoe.bitrate" is in the params of ping; move it into "qoeData"; '
        "the setting docs_lenient accepts it, because one of Adobe's pages shows it."
    )


def test_qoe_keys_in_params_are_found_where_they_are_accepted() -> None:
    case = case_of(("ping", 1, 1, qoe(bitrate=3200)), settings=LENIENT)

    assert fired(RULES, case) == [("qoe.in-params", Severity.ERROR, (2,))]
    assert said(RULES, case) == "1 event had media.qoe keys in params; move them into qoeData."


def test_short_qoe_keys_are_found_where_they_are_refused() -> None:
    assert quality(("ping", 1, 1, None, {"bitrate": 3200})) == [("qoe.unqualified", Severity.ERROR, (2,))]


def test_short_qoe_keys_are_found_where_they_are_accepted() -> None:
    case = case_of(("ping", 1, 1, None, {"bitrate": 3200}), settings=LENIENT)

    assert fired(RULES, case) == [("qoe.unqualified", Severity.ERROR, (2,))]


def test_an_unknown_qoe_key_is_not_a_short_one() -> None:
    assert quality(("ping", 1, 1, None, {"resolution": 1080})) == []


def test_a_frame_rate_with_a_fraction_is_found() -> None:
    case = case_of(ping(1, framesPerSecond=23.976))

    assert fired(RULES, case) == [("qoe.float", Severity.ERROR, (2,))]
    assert "23.976" in said(RULES, case)


def test_a_refused_error_id_is_not_a_number_with_a_fraction() -> None:
    assert quality(("error", 1, 1, None, {"media.qoe.errorID": 42})) == []


@every_case(
    ("code", "members"),
    [
        ("qoe.in-params", {"params": qoe(bitrate=3200)}),
        ("qoe.unqualified", {"qoeData": {"bitrate": 3200}}),
        ("qoe.float", {"qoeData": qoe(bitrate=3200.5)}),
    ],
)
def test_a_refused_session_start_is_checked_too(code: str, members: dict[str, Any]) -> None:
    ground = Playground()
    ground.post("/api/v1/sessions", start_body(**members))

    assert fired_in_traffic(RULES, ground) == [(code, Severity.ERROR, (1,))]


def test_a_bitrate_in_bits_per_second_is_found_once() -> None:
    case = case_of(ping(1, bitrate=3_200_000), ping(11, bitrate=2_000_000))

    assert fired(RULES, case) == [("qoe.bitrate-unit", Severity.INFO, (2, 3))]
    assert said(RULES, case).startswith(
        "media.qoe.bitrate was 3200000, which looks like bit/s, and so do the values of 1 more event; send kbit/s"
    )


def test_a_bitrate_in_megabits_per_second_is_found() -> None:
    case = case_of(ping(1, bitrate=5))

    assert fired(RULES, case) == [("qoe.bitrate-unit", Severity.INFO, (2,))]
    assert "which looks like Mbit/s" in said(RULES, case)


@every_case("bitrate", [0, 50, 100_000])
def test_a_bitrate_that_can_be_in_kilobits_is_fine(bitrate: int) -> None:
    assert quality(ping(1, bitrate=bitrate)) == []


def test_audio_may_have_a_low_bitrate() -> None:
    assert quality(ping(1, bitrate=32), start={"media.streamType": "audio"}) == []


def test_changes_without_a_bitrate_are_one_finding() -> None:
    case = case_of(("bitrateChange", 1, 1), ("bitrateChange", 2, 2, None, {}), change(3, droppedFrames=1))

    assert fired(RULES, case) == [("qoe.bitrateChange-empty", Severity.WARNING, (2, 3, 4))]
    assert said(RULES, case).startswith("3 bitrateChange events had no bitrate;")


def test_a_bitrate_in_an_older_form_is_not_missing() -> None:
    case = case_of(("bitrateChange", 1, 1, None, {"bitrate": 3200}), settings=LENIENT)

    assert [code for code, _, _ in fired(RULES, case)] == ["qoe.unqualified"]


def test_a_change_to_the_same_bitrate_is_noted() -> None:
    assert quality(ping(1, bitrate=3200), change(9, bitrate=3200), change(19, bitrate=3200)) == [
        ("qoe.bitrateChange-same", Severity.INFO, (3, 4))
    ]


def test_a_bitrate_sent_by_another_event_just_before_is_still_a_change() -> None:
    assert quality(ping(1, bitrate=3200), ping(9, bitrate=4800), change(9.5, bitrate=4800)) == []


def test_a_change_back_is_a_change() -> None:
    assert quality(change(1, bitrate=3200), change(9, bitrate=4800), change(19, bitrate=3200)) == []


def test_dropped_frames_that_decrease_are_found() -> None:
    case = case_of(ping(1, droppedFrames=7), ping(11, droppedFrames=2), ping(21, droppedFrames=3))

    assert fired(RULES, case) == [("qoe.dropped-decreases", Severity.ERROR, (2, 3))]
    assert said(RULES, case).startswith("media.qoe.droppedFrames fell from 7 to 2;")


def test_dropped_frames_that_stay_are_fine() -> None:
    assert quality(ping(1, droppedFrames=7), ping(11, droppedFrames=7)) == []


def test_dropped_frames_of_one_ts_may_come_in_any_order() -> None:
    assert quality(ping(1, droppedFrames=7), ping(1, droppedFrames=2)) == []


def test_dropped_frames_of_a_late_event_are_from_an_earlier_time() -> None:
    late: Event = ping(4, droppedFrames=2)

    assert quality(ping(5, droppedFrames=7), ping(15, droppedFrames=7), ping(25, droppedFrames=8), late) == []


def test_a_time_to_start_that_changes_is_found() -> None:
    case = case_of(ping(1, timeToStart=800), ping(11, timeToStart=800), ping(21, timeToStart=900))

    assert fired(RULES, case) == [("qoe.tts-changes", Severity.WARNING, (2, 4))]
    assert said(RULES, case).startswith("media.qoe.timeToStart was 800 and 900 ms in one session;")


def test_a_time_to_start_that_is_not_known_at_first_is_fine() -> None:
    assert quality(ping(1, timeToStart=0), ping(11, timeToStart=800)) == []


def test_a_time_to_start_in_seconds_is_found() -> None:
    assert quality(ping(1, timeToStart=2), ping(11, timeToStart=2)) == [("qoe.tts-unit", Severity.WARNING, (2, 3))]


@every_case("time_ms", [0, 20])
def test_a_time_to_start_of_zero_or_twenty_milliseconds_is_fine(time_ms: int) -> None:
    assert quality(ping(1, timeToStart=time_ms)) == []


def test_a_number_larger_than_any_float_is_judged_too() -> None:
    assert quality(ping(1, bitrate=10**400), ping(11, bitrate=10**400)) == [("qoe.bitrate-unit", Severity.INFO, (2, 3))]


def test_a_bitrate_that_changes_without_a_bitrate_change_is_found() -> None:
    case = case_of(*(ping(10 * n, bitrate=1000 * n) for n in (1, 2, 3)))

    assert fired(RULES, case) == [("qoe.bitrate-unannounced", Severity.WARNING, (3, 4))]
    assert said(RULES, case).startswith(
        "media.qoe.bitrate changed 2 times without a bitrateChange, first to 2000 with ping; send bitrateChange"
    )


def test_a_bitrate_that_a_neighbour_announces_is_fine() -> None:
    events = [ping(10, bitrate=1000), ping(20, bitrate=2000), change(20.9, bitrate=2000), change(30, bitrate=3000)]

    assert quality(*events, ping(30.5, bitrate=3000), ping(40, bitrate=3000)) == []


def test_one_change_that_nothing_announced_may_be_a_race() -> None:
    assert quality(ping(10, bitrate=1000), ping(20, bitrate=2000), ping(30, bitrate=2000)) == []


def test_figures_that_are_zero_throughout_are_found() -> None:
    nothing = {"bitrate": 0, "framesPerSecond": 0, "timeToStart": 0, "droppedFrames": 0}
    case = case_of(*(ping(10 * n, **nothing) for n in (1, 2, 3)))

    assert fired(RULES, case) == [("qoe.zero", Severity.WARNING, (2, 3, 4))]
    assert said(RULES, case).startswith(
        "media.qoe.bitrate, media.qoe.framesPerSecond and media.qoe.timeToStart were 0 throughout, in 3 events; send"
    )


def test_frames_that_are_zero_throughout_are_a_note_except_for_audio() -> None:
    events = [ping(10 * n, bitrate=128, framesPerSecond=0, droppedFrames=0) for n in (1, 2, 3)]

    assert quality(*events) == [("qoe.zero", Severity.INFO, (2, 3, 4))]
    assert quality(*events, start={"media.streamType": "audio"}) == []


@every_case("last", [0, 3200])
def test_zeros_before_a_figure_is_known_or_in_two_events_are_fine(last: int) -> None:
    events = [ping(10, bitrate=0), ping(20, bitrate=0), *([] if not last else [change(30, bitrate=last)])]

    assert quality(*events) == []
