"""What the rules about ads, chapters, states and fields say of recordings of Adobe's own clients: never an error."""

from __future__ import annotations

import pytest
from firings import fired, fired_in_traffic
from playbacks import TRAFFIC, recorded

from mockserver.model.finding import Severity
from mockserver.rules.diagnose import (
    ads,
    breaks,
    chapters,
    downloads,
    fields,
    identity,
    metadata,
    quality,
    states,
)
from mockserver.rules.diagnose.case import Rule, TrafficRule

RULES: tuple[Rule, ...] = (
    *ads.RULES, *breaks.RULES, *chapters.RULES, *states.RULES, *fields.RULES,
    *quality.RULES, *metadata.RULES, *identity.RULES, *downloads.RULES,
)  # fmt: skip
TRAFFIC_RULES: tuple[TrafficRule, ...] = (
    *states.TRAFFIC_RULES, *quality.TRAFFIC_RULES, *metadata.TRAFFIC_RULES, *identity.TRAFFIC_RULES,
    *downloads.TRAFFIC_RULES,
)  # fmt: skip

# The test apps of MediaSDK JS and Chromecast give bit/s and seconds to the SDK, which passes them on.
UNITS = {("qoe.bitrate-unit", Severity.WARNING), ("qoe.tts-unit", Severity.WARNING)}
# Adobe's sample player measures the time to start in seconds.
SECONDS = {("qoe.tts-unit", Severity.WARNING)}
# The live test app puts a fixed podSecond (12 o'clock) into its break.
FIXED_POD_SECOND = {("ad.pod-second", Severity.WARNING)}
# Placeholders of the test apps, such as v-ShowType.
SHOW_TYPE = {("media.showType", Severity.INFO)}
PLACEHOLDERS = SHOW_TYPE | {("media.date-format", Severity.INFO), ("media.pass-auth", Severity.INFO)}
# Test apps begin chapters a little late; Adobe's sample player counts ad time into offsets.
OFFSET = {("chapter.offset-mismatch", Severity.INFO)}
# The SDK ends an idle session itself and leaves the chapter open.
IDLE = {("chapter.unclosed", Severity.WARNING)}
# The ad in Adobe's sample player runs in four seconds although it says fifteen.
SHORT_AD = {("ad.complete-early", Severity.INFO)}

EXPECTED: dict[str, set[tuple[str, Severity]]] = {
    "adobe-cc-3.0.3-live": set(),
    "adobe-cc-3.0.3-vod": UNITS | PLACEHOLDERS,
    "adobe-js-3.0.1-vod": UNITS | SHOW_TYPE | OFFSET,
    "adobe-js-3.1.0-abandoned": set(),
    "adobe-js-3.1.0-audio": set(),
    "adobe-js-3.1.0-day": set(),
    "adobe-js-3.1.0-idle": IDLE | OFFSET,
    "adobe-js-3.1.0-live": FIXED_POD_SECOND,
    "adobe-js-3.1.0-realclock-live": FIXED_POD_SECOND,
    "adobe-js-3.1.0-realclock-vod": UNITS | SHOW_TYPE | OFFSET,
    "adobe-js-3.1.0-two": set(),
    "adobe-js-3.1.0-vod": UNITS | SHOW_TYPE | OFFSET,
    "adobe-sample-leave": SECONDS,
    "adobe-sample-seek": SECONDS | OFFSET,
    "adobe-sample-watch": SECONDS | OFFSET | SHORT_AD,
}


def test_every_recording_is_judged() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in TRAFFIC.glob("*.ndjson"))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_recordings_give_these_findings_and_no_others(name: str) -> None:
    ground, sids = recorded(name)
    found = {(code, severity) for sid in sids for code, severity, _ in fired(RULES, ground.case(sid))}

    assert found == EXPECTED[name]
    assert fired_in_traffic(TRAFFIC_RULES, ground) == []


def test_no_recording_gives_an_error() -> None:
    assert all(severity is not Severity.ERROR for found in EXPECTED.values() for _, severity in found)


def test_a_code_of_both_kinds_of_rules_has_the_same_texts_in_both() -> None:
    texts = {rule.code: rule._replace(check=None) for rule in RULES}  # type: ignore[arg-type]
    both = [rule for rule in TRAFFIC_RULES if rule.code in texts]

    assert len(both) == 11
    assert all(tuple(rule._replace(check=None)) == tuple(texts[rule.code]) for rule in both)  # type: ignore[arg-type]


def test_every_code_stands_in_one_module_only() -> None:
    codes = [rule.code for rule in RULES]

    assert len(codes) == len(set(codes)) == 65
