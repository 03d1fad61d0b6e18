"""The catalogue as a whole: its texts, and its findings in recordings of Adobe's own clients."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from mockserver.admin.diagnosis import Diagnosis
from mockserver.model.finding import Severity
from mockserver.rules.diagnose.catalogue import CODES, RULES
from tests.playbacks import TRAFFIC, recorded
from tests.tables import every_case

KEY_PREFIXES = ("a.", "media.qoe.")
DOCUMENT = Path(__file__).parents[3] / "docs" / "diagnostics.md"


# The texts


def test_codes_are_all_codes_in_order() -> None:
    assert len(CODES) == len(set(CODES))
    assert list(CODES) == [rule.code for rule in RULES]


def test_rules_of_one_family_share_a_name() -> None:
    assert {rule.code.partition(".")[0] for rule in RULES} == {
        "ad", "buffer", "chapter", "downloaded", "edge", "error", "event", "fidelity", "http", "id", "media", "meta",
        "order", "params", "path", "pause", "ping", "play", "playhead", "qoe", "seek", "session", "state", "ts",
    }  # fmt: skip


def test_texts_are_a_clause_a_sentence_and_a_source() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[a-z]+\.[A-Za-z-]+", rule.code), rule
        for text in (rule.trigger, rule.consequence, rule.source, rule.tolerance):
            assert text == " ".join(text.split()), rule
            assert "|" not in text, rule
        assert rule.trigger, rule
        assert not rule.trigger.endswith((".", ",", ";", ":")) or rule.trigger.split()[-1] in KEY_PREFIXES, rule
        assert rule.consequence.endswith("."), rule
        assert rule.consequence[0].isupper() or not rule.consequence[0].isalpha(), rule
        assert rule.source[-1] not in ".,;:", rule
        assert not rule.tolerance.endswith((",", ";", ":")), rule


def test_every_code_is_documented() -> None:
    documented = DOCUMENT.read_text(encoding="utf-8")
    assert [code for code in CODES if f"| `{code}` |" not in documented] == []


# The recordings. Only the one whose clock leaps has errors, and every finding has its reason.

Found = set[tuple[str, Severity]]

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR

# Adobe's SDKs send several events with one ts, though Adobe's page forbids it.
BURSTS = {("ts.equal", INFO)}
# A seek right after a resume: play and pauseStart in one tick of the clock.
TIE = {("ts.equal", WARNING)}
# Pings every 10 s in ads, the default since MediaSDK JS 3.0.1, and no ping in ads shorter than that.
ADS = {("ping.ad-gap", INFO)}
# The SDK sends seeks as pauseStart and play.
SEEK = {("seek.as-pause", INFO)}
# The ad was announced more than 250 ms after sessionStart, so that a play went out 1 ms before adBreakStart.
RACE = {("play.before-preroll", INFO)}
# The video element of Adobe's sample player fires pause before ended.
PAUSE_AT_END = {("pause.at-end", INFO)}
# The test apps of MediaSDK JS and Chromecast give bit/s and seconds to the SDK, which passes them on.
UNITS = {("qoe.bitrate-unit", INFO), ("qoe.tts-unit", WARNING)}
# Adobe's sample player measures the time to start in seconds.
SECONDS = {("qoe.tts-unit", WARNING)}
# The live test app puts a fixed podSecond (12 o'clock) into its break.
FIXED_POD_SECOND = {("ad.pod-second", WARNING)}
# Placeholders of the test apps, such as v-ShowType.
SHOW_TYPE = {("media.showType", INFO)}
PLACEHOLDERS = SHOW_TYPE | {("media.date-format", INFO), ("media.pass-auth", INFO)}
# Test apps begin chapters a little late; Adobe's sample player counts ad time into offsets.
OFFSET = {("chapter.offset-mismatch", INFO)}
# The ad in Adobe's sample player runs in four seconds although it says fifteen.
SHORT_AD = {("ad.complete-early", INFO)}
# MediaSDK JS 3.0.1 sent no Content-Type of JSON; 3.1.0 does.
TEXT = {("http.content-type", WARNING)}
# Test apps that complete the content soon after it began.
CUT_SHORT = {("session.complete-early", WARNING)}
# Two players on one page, which is what was to be recorded.
TWO_PLAYERS = {("session.multi-player", INFO)}
# The SDK ends a session after half an hour of pause by itself, and leaves the chapter open.
IDLE = {("chapter.unclosed", WARNING)}
# A test app that counts a live playhead from 0, on a clock that leaps by 15 minutes without a ping: both sessions had
# timed out when it went on, so that the SDK posted to sessions that were gone, and the second one never got a play.
LEAPS = {
    ("ping.near-timeout", ERROR),
    ("session.post-after-gone", ERROR),
    ("session.gone", INFO),
    ("session.no-close", WARNING),
    ("session.no-play", WARNING),
    ("playhead.live-zero", INFO),
}

EXPECTED: dict[str, Found] = {
    "adobe-cc-3.0.3-live": BURSTS,
    "adobe-cc-3.0.3-vod": BURSTS | TIE | ADS | UNITS | PLACEHOLDERS,
    "adobe-js-3.0.1-vod": BURSTS | ADS | SEEK | UNITS | SHOW_TYPE | OFFSET | TEXT,
    "adobe-js-3.1.0-abandoned": set(),
    "adobe-js-3.1.0-audio": CUT_SHORT,
    "adobe-js-3.1.0-day": LEAPS,
    "adobe-js-3.1.0-idle": BURSTS | OFFSET | IDLE | CUT_SHORT,
    "adobe-js-3.1.0-live": BURSTS | FIXED_POD_SECOND,
    "adobe-js-3.1.0-realclock-live": BURSTS | FIXED_POD_SECOND,
    "adobe-js-3.1.0-realclock-vod": BURSTS | ADS | SEEK | RACE | UNITS | SHOW_TYPE | OFFSET,
    "adobe-js-3.1.0-two": CUT_SHORT | TWO_PLAYERS,
    "adobe-js-3.1.0-vod": BURSTS | ADS | SEEK | UNITS | SHOW_TYPE | OFFSET,
    "adobe-sample-leave": BURSTS | SECONDS,
    "adobe-sample-seek": BURSTS | PAUSE_AT_END | SECONDS | OFFSET,
    "adobe-sample-watch": BURSTS | ADS | PAUSE_AT_END | SECONDS | OFFSET | SHORT_AD,
}


def test_every_recording_is_judged() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in TRAFFIC.glob("*.ndjson"))


@every_case("name", sorted(EXPECTED))
def test_recordings_give_these_findings_and_no_others(name: str) -> None:
    ground, _ = recorded(name)
    assert {(finding.code, finding.severity) for finding in Diagnosis(ground.namespace).findings()} == EXPECTED[name]


def test_only_the_leaping_clock_gives_errors_two_for_each_of_its_sessions() -> None:
    assert [name for name, found in EXPECTED.items() if ERROR in {severity for _, severity in found}] == [
        "adobe-js-3.1.0-day"
    ]
    ground, sids = recorded("adobe-js-3.1.0-day")
    errors = [finding for finding in Diagnosis(ground.namespace).findings() if finding.severity is ERROR]
    assert Counter((finding.session_id, finding.code) for finding in errors) == {
        (sid, code): 1 for sid in sids for code in ("ping.near-timeout", "session.post-after-gone")
    }
