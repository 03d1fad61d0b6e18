"""Public bug reports, played: the findings that each must have, and those that it must not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mockserver.model.finding import Finding, Severity
from tests.cases import case_names, played
from tests.tables import every_case

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR


class Expected(NamedTuple):
    """What a case shows.

    Args:
        shown: Codes that must be found, with their severity.
        silent: Codes that must not be found, not even as something that follows from another finding.
        worst: Nothing worse may be found, besides what is ``shown``.
        says: Texts that must stand in the messages.
        statuses: All statuses there are.
        report: Metrics of the report of the first session, by their names.
    """

    shown: Mapping[str, Severity] = {}
    silent: tuple[str, ...] = ()
    worst: Severity = ERROR
    says: tuple[str, ...] = ()
    statuses: frozenset[int] = frozenset({201, 204})
    report: Mapping[str, Any] = {}


def only(worst: Severity, **members: Any) -> Expected:
    """Whether nothing worse than this is found, besides what is shown."""
    return Expected(worst=worst, **members)


EXPECTED: dict[str, Expected] = {
    "02-playhead-only-on-events": only(
        INFO,
        shown={"playhead.frozen": ERROR},
        report={"stall_events": 1, "content_time_spent_s": 0, "unique_time_played_s": 0},
    ),
    "03-old-heartbeat-client": only(
        INFO, shown={"http.heartbeat-protocol": ERROR}, silent=("http.refused",), statuses=frozenset({404})
    ),
    "04-client-made-session-id": only(
        INFO,
        shown={"session.unknown-id": ERROR},
        silent=("session.post-after-gone",),
        says=("Location",),
        statuses=frozenset({404}),
    ),
    "06-stall-between-ads": only(
        INFO, shown={"ad.gap": WARNING}, silent=("playhead.frozen",), report={"stall_events": 0}
    ),
    "07-resume-start-playhead-zero": only(INFO, silent=("session.resume-false-positive",)),
    "08-pod-position-constant": only(INFO, shown={"ad.pod-position": WARNING}),
    "09-out-of-order-ad-calls": only(INFO, report={"ad_count": 1}),
    "10-chapter-seek-midroll": only(
        WARNING, silent=("chapter.offset-mismatch", "play.missing-after-break", "chapter.close-without-start")
    ),
    "11-mute-state": only(INFO),
    "12-live-progress-markers": only(
        INFO, shown={"media.length-live": WARNING}, silent=("media.length-invalid",), says=("from 0",)
    ),
    "13-play-twice": only(INFO, shown={"play.duplicate": INFO}, report={"content_time_spent_s": 22}),
    "14-ads-no-break-start": only(
        INFO,
        shown={"http.refused": ERROR, "ad.outside-break": ERROR, "ad.break-complete-without-start": WARNING},
        statuses=frozenset({201, 204, 400}),
        report={"ad_count": 0, "content_time_spent_s": 42.25},
    ),
    "15-preroll-never-play": only(
        INFO,
        shown={"play.missing-start": ERROR, "play.missing-after-preroll": WARNING, "session.no-play": WARNING},
        report={"content_starts": False, "drops_before_start": True},
    ),
    "16-last-ad-no-complete": only(INFO, shown={"ad.not-closed": WARNING}, report={"ad_count": 2}),
    "17-pings-after-destroy": only(
        INFO,
        shown={"session.event-after-end": ERROR, "ping.during-complete": INFO},
        statuses=frozenset({201, 204, 410}),
    ),
    "19-float-length-playhead": only(
        INFO, shown={"ts.not-integer": ERROR}, statuses=frozenset({201, 204, 400}), says=("1.767270020E12",)
    ),
    "20-live-playhead-over-day": only(INFO, shown={"playhead.live-range": ERROR}),
    "21-ecid-missing": only(INFO, shown={"id.ecid-missing": WARNING}),
    "22-length-in-ms": only(INFO, shown={"media.length-ms": ERROR}, report={"progress_10": False}),
    "23-length-of-preroll": only(INFO, shown={"media.length-is-ad": WARNING, "session.end-at-end": WARNING}),
    "24-chapter-params-missing": only(
        INFO,
        shown={"http.refused": ERROR, "chapter.close-without-start": ERROR},
        says=("media.chapter.index", "media.chapter.length", "media.chapter.offset"),
        statuses=frozenset({201, 204, 400}),
    ),
    "25-no-end-on-destroy": only(INFO, shown={"session.no-close": WARNING}, says=("ten minutes late",)),
    "28-playhead-nan": only(
        INFO,
        shown={"playhead.string": ERROR, "http.refused": ERROR},
        says=("null", "NaN"),
        statuses=frozenset({201, 400}),
    ),
    "29-fps-float-aep-ios": only(
        INFO,
        shown={"qoe.float": ERROR, "session.event-before-sid": ERROR},
        says=("23.5", "29.97"),
        statuses=frozenset({400}),
    ),
    "30-docs-2026-samples": only(
        INFO,
        shown={"qoe.in-params": ERROR, "http.refused": ERROR},
        says=("qoeData", "docs_lenient"),
        statuses=frozenset({201, 204, 400}),
    ),
    "31-edge-xdm-body": only(
        INFO,
        # The first request is one of the Media Edge API at its own path, and is judged as such.
        shown={"http.edge-body": ERROR, "event.http-names": ERROR, "media.streamType": WARNING},
        silent=("params.unknown", "http.refused"),
        statuses=frozenset({200, 201, 400}),
    ),
    "32-beacon-text-plain": only(INFO, shown={"http.content-type": WARNING}),
    "33-downloaded-batch": only(
        WARNING,
        shown={"downloaded.old-endpoint": INFO, "downloaded.no-flag": ERROR},
        statuses=frozenset({201, 400}),
    ),
    "34-custom-metadata-types": only(
        INFO,
        shown={"meta.not-string": ERROR, "meta.key-chars": ERROR},
        says=("seasonNumber", "isKids", "user", "genre", "page name", "a/b"),
        statuses=frozenset({400}),
    ),
    "35-roku-lowercase-headers": only(INFO),
    "36-day-old-session": only(
        INFO,
        shown={"session.max-age": ERROR, "session.post-after-gone": ERROR, "ping.gap": ERROR},
        statuses=frozenset({201, 204, 410}),
    ),
    "37-pause-then-410": only(
        WARNING,
        shown={"ping.near-timeout": ERROR, "ping.stops-in-pause": WARNING, "session.post-after-gone": ERROR},
        statuses=frozenset({201, 204, 410}),
    ),
    "38-pause-31-min-with-pings": only(
        INFO,
        shown={"session.playhead-idle": ERROR, "session.post-after-gone": ERROR},
        statuses=frozenset({201, 204, 410}),
    ),
    "39-reset-identities-stops": only(INFO, shown={"session.no-close": WARNING}, says=("kept",)),
    "43-federated-and-privacy": Expected(
        {"params.unknown": ERROR}, says=("media.fed",), statuses=frozenset({201, 400})
    ),
    "44-sessionstart-missing-keys": only(
        WARNING,
        shown={"http.refused": ERROR},
        says=("media.channel", "media.playerName", "analytics.trackingServer"),
        statuses=frozenset({201, 400}),
    ),
    "45-path-typos": only(
        INFO,
        shown={
            "path.docs-typo": ERROR,
            "session.sid-decorated": ERROR,
            "session.event-before-sid": ERROR,
            "http.method": ERROR,
            "path.case": ERROR,
            "path.prefix": ERROR,
            "path.unknown": ERROR,
        },
        says=("path_prefixes", "/API/V1", "/events"),
        statuses=frozenset({201, 204, 404, 405}),
    ),
    "46-ts-in-seconds-ios": only(INFO, shown={"ts.seconds": ERROR}),
    "47-error-id-number": only(
        INFO, shown={"http.refused": ERROR}, says=("media.qoe.errorID",), statuses=frozenset({201, 204, 400})
    ),
    "48-error-without-id": only(INFO, shown={"error.no-id": WARNING}, says=("2 errors",)),
    "49-chapter-offset-ms": only(INFO, shown={"chapter.offset-mismatch": INFO}, says=("0.12", "300")),
    "50-live-local-time": only(INFO, shown={"playhead.live-timezone": INFO}),
    "51-pod-second-is-duration": only(
        INFO, shown={"ad.pod-second": WARNING, "ad.length-zero": INFO, "ad.id-placeholder": WARNING}
    ),
    "52-pause-after-ended": only(INFO, shown={"session.event-after-complete": WARNING}),
    "56-vod-as-live-quality": only(
        INFO,
        shown={"meta.not-string": ERROR, "http.refused": ERROR},
        says=("null",),
        statuses=frozenset({201, 204, 400}),
    ),
    "58-timer-not-firing": only(INFO, shown={"ping.gap": ERROR}, report={"content_time_spent_s": 300}),
    "59-pings-only-vod-loop": only(INFO, shown={"session.event-after-complete": WARNING}),
    "60-roku-form-content-type": only(INFO, shown={"http.content-type": WARNING}),
    "62-bitrate-not-reported": only(
        INFO, shown={"qoe.bitrateChange-empty": WARNING, "qoe.bitrate-unit": INFO}, says=("contradict",)
    ),
    "63-v-resume-first-play-300": only(INFO, silent=("session.resume-false-positive",)),
    "64-v-live-markers-as-adobe-says": only(INFO, silent=("media.length-invalid", "media.length-live")),
    "65-v-frozen-then-moves": only(INFO, shown={"playhead.frozen": ERROR}, report={"stall_events": 1}),
    "66-v-leave-in-second-preroll-ad": only(
        INFO,
        shown={"ad.break-unclosed": WARNING, "ad.gap": WARNING, "session.no-play": WARNING},
        report={"content_starts": False},
    ),
    "67-v-single-unknown-sid": only(INFO, shown={"session.unknown-id": ERROR}, statuses=frozenset({404})),
    "68-pause-before-midroll": only(INFO, shown={"ad.paused": WARNING}),
    "69-seek-event-names": only(
        INFO,
        shown={"event.http-names": ERROR, "http.refused": ERROR},
        says=("seekStart", "pauseStart", "bufferComplete"),
        statuses=frozenset({201, 204, 400}),
    ),
    "70-pause-inside-ad": only(
        INFO, shown={"play.before-preroll": WARNING}, silent=("ad.paused",), report={"ad_count": 1}
    ),
    "whole/ad-outside": only(WARNING, shown={"ad.outside-break": ERROR}, report={"stall_events": 0}),
    "whole/clock-jump": only(
        INFO, shown={"ts.clock-set": ERROR}, silent=("ping.near-timeout", "playhead.jump-without-seek")
    ),
    "whole/length-minutes": only(INFO, shown={"media.length-too-small": ERROR}, silent=("playhead.ms",)),
    "whole/live-midroll-noplay": only(INFO),
    "whole/pause-before-break": only(
        WARNING,
        shown={"play.missing-after-break": ERROR},
        report={"content_time_spent_s": 34.9, "total_pause_duration_s": 564.901},
    ),
    "whole/refused-adstart": only(
        INFO,
        shown={"http.refused": ERROR, "ad.complete-without-start": ERROR},
        statuses=frozenset({201, 204, 400}),
    ),
    "whole/speed15": only(INFO, report={"unique_time_played_s": 4945}),
    "whole/vast-error-then-midroll": only(
        INFO, shown={"ad.break-unclosed": ERROR}, silent=("ad.break-nested", "ad.break-empty")
    ),
}


def test_every_case_has_what_it_must_show() -> None:
    assert set(case_names()) == set(EXPECTED)


@every_case("name", EXPECTED)
def test_a_case_shows_what_is_wrong_and_nothing_else(name: str) -> None:
    case, expected = played(name), EXPECTED[name]
    found = case.findings()

    assert {(code, severity.value) for code, severity in expected.shown.items()} <= {
        (finding.code, finding.severity.value) for finding in found
    }, listed(found)
    assert not [finding.code for finding in found if finding.code in expected.silent], listed(found)
    unexpected = [
        finding
        for finding in found
        if finding.severity.rank < expected.worst.rank and finding.code not in expected.shown
    ]
    assert not unexpected, listed(unexpected)
    written = "\n".join(f"{finding.message} {finding.consequence}" for finding in found)
    assert [text for text in expected.says if text not in written] == [], written
    assert set(case.statuses) == expected.statuses
    if expected.report:
        report = case.report()
        assert {metric: getattr(report, metric) for metric in expected.report} == expected.report


def listed(found: list[Finding]) -> str:
    return "\n".join(f"{one.severity.value} {one.code}: {one.message}" for one in found)
