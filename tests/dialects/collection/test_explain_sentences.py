from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

from mockserver.dialects.collection.validation import Validators
from mockserver.model.journal import Violation
from tests.factories import start
from tests.tables import every_case

_EVENT_FILES = sorted((Path(__file__).parents[3] / "fixtures" / "events").glob("*.json"))
_STRICT = Validators()
_TIME = {"playhead": 0, "ts": 1}
_start = partial(start, ts=1)
_AD = {"media.ad.id": "a", "media.ad.length": 15, "media.ad.podPosition": 1, "media.ad.playerName": "p"}


def _event(event_type: object, **members: Any) -> dict[str, Any]:
    return {"eventType": event_type, "playerTime": _TIME, **members}


def _ad(params: dict[str, Any]) -> dict[str, Any]:
    return _event("adStart", params={**_AD, **params})


_SENTENCES: list[tuple[dict[str, Any], str, str]] = [
    # A value of the wrong type.
    (
        _start(media__length="60"),
        "/params/media.length",
        '"media.length" is the string "60"; send a number (60, without quotes), the length of the content in seconds, '
        "86400 for live.",
    ),
    (
        _start(media__length=None),
        "/params/media.length",
        '"media.length" is null; send a number, the length of the content in seconds, 86400 for live '
        "(JSON.stringify writes NaN and Infinity as null).",
    ),
    (
        _start(media__pass__auth=True),
        "/params/media.pass.auth",
        '"media.pass.auth" is the boolean true; send a string ("true", with quotes), "true" once the viewer is '
        "authorized.",
    ),
    (
        _start(visitor__customerIDs=[1, {"id": "x"}]),
        "/params/visitor.customerIDs",
        '"visitor.customerIDs" is the array [1, {...}]; send an object, your own ids of the viewer, '
        '{"name": {"id": "...", "authState": 1}}.',
    ),
    (
        _start(visitor__customerIDs={"crm": "user-1"}),
        "/params/visitor.customerIDs/crm",
        '"crm" is the string "user-1"; send an object, {"id": "...", "authState": 1}.',
    ),
    (
        _start(visitor__aamLocationHint="6"),
        "/params/visitor.aamLocationHint",
        '"visitor.aamLocationHint" is the string "6"; send an integer or null (6, without quotes), the Audience '
        "Manager region.",
    ),
    (
        _event("ping", playerTime={"playhead": 1, "ts": "1760000000"}),
        "/playerTime/ts",
        '"ts" is the string "1760000000"; send Date.now(), an integer in milliseconds since 1970.',
    ),
    (
        _event("ping", playerTime={"playhead": 1, "ts": 1.5}),
        "/playerTime/ts",
        '"ts" is the number 1.5; send Date.now(), an integer in milliseconds since 1970.',
    ),
    (
        _event("ping", playerTime={"playhead": None, "ts": 1}),
        "/playerTime/playhead",
        '"playhead" is null; send a number, the position in the main content in seconds '
        "(JSON.stringify writes NaN and Infinity as null).",
    ),
    (
        _event("ping", qoeData={"media.qoe.framesPerSecond": 23.976}),
        "/qoeData/media.qoe.framesPerSecond",
        '"media.qoe.framesPerSecond" is the number 23.976; send an integer (24, without a fraction), the frame rate, '
        "rounded.",
    ),
    (_event("ping", params=None), "/params", '"params" is null; leave it out, or send {}.'),
    (
        _event("ping", customMetadata={"showSeriesId": 1234}),
        "/customMetadata/showSeriesId",
        '"showSeriesId" is the number 1234; send a string ("1234", with quotes).',
    ),
    (
        _event("statesUpdate", params={"statesStart": [{"media.state.name": "a"}, "mute"]}),
        "/params/statesStart/1",
        'Entry 1 of "statesStart" is the string "mute"; send an object, {"media.state.name": "mute"}.',
    ),
    (_event(7), "/eventType", '"eventType" is the number 7; send a string, the name of the event.'),
    # A key that does not belong where it is.
    (
        _ad({"media.ad.lenght": 15}),
        "/params/media.ad.lenght",
        '"media.ad.lenght" is not a key of the params of adStart; rename it to "media.ad.length" if that is meant.',
    ),
    (
        _ad({"media.name": "x"}),
        "/params/media.name",
        '"media.name" is a key of sessionStart, not of adStart; send "media.ad.name".',
    ),
    (
        _ad({"media.ad.podIndex": 1}),
        "/params/media.ad.podIndex",
        '"media.ad.podIndex" is a key of adBreakStart, not of adStart; remove it.',
    ),
    (
        _event("ping", params={"media.qoe.bitrate": 1}),
        "/params/media.qoe.bitrate",
        '"media.qoe.bitrate" is in the params of ping; move it into "qoeData".',
    ),
    (
        _event("ping", qoeData={"bitrate": 1}),
        "/qoeData/bitrate",
        '"bitrate" is not a key of "qoeData"; rename it to "media.qoe.bitrate".',
    ),
    (
        _event("ping", qoeData={"media.errorId": "e"}),
        "/qoeData/media.errorId",
        '"media.errorId" is not a key of "qoeData"; rename it to "media.qoe.errorID" if that is meant.',
    ),
    (
        _event("ping", params={"shade": 1}),
        "/params/shade",
        '"shade" cannot be sent here, because ping has no params; remove it.',
    ),
    (
        _start(shade=1),
        "/params/shade",
        '"shade" is not a key of the params of sessionStart; remove it, or send it as text in "customMetadata".',
    ),
    (_event("ping", playhead=3), "/playhead", '"playhead" is in the event itself; move it into "playerTime".'),
    (
        {**_ad({}), "media.ad.name": "x"},
        "/media.ad.name",
        '"media.ad.name" is in the event itself; move it into "params".',
    ),
    (
        _ad({"customMetadata": {}}),
        "/params/customMetadata",
        '"customMetadata" is in the params of adStart; move it to the top level of the event.',
    ),
    (
        _event("ping", customMetadata={"my-key": "v"}),
        "/customMetadata/my-key",
        'The key "my-key" of "customMetadata" may only have letters, digits, "_" and "."; rename it, for example to '
        '"my_key".',
    ),
    (
        _event("ping", customMetadata={"": "v"}),
        "/customMetadata/",
        'A key of "customMetadata" is empty; give it a name, which may only have letters, digits, "_" and ".".',
    ),
    (
        _event("ping", customMetadata={"key\n": "v"}),
        "/customMetadata/key\n",
        'The key "key\\n" of "customMetadata" ends in a line break; remove the break, since a key may only have '
        'letters, digits, "_" and ".".',
    ),
    # A key that is missing.
    (
        {"eventType": "ping"},
        "/playerTime",
        '"playerTime" is missing; add {"playhead": <seconds>, "ts": <Date.now()>}.',
    ),
    ({"playerTime": _TIME}, "/eventType", '"eventType" is missing; add the name of the event, such as "play".'),
    (
        _event("ping", playerTime={"playhead": 1}),
        "/playerTime/ts",
        '"ts" is missing; add an integer, the time of the event in milliseconds since 1970, as Date.now() gives it.',
    ),
    (
        _event("stateStart", params={}),
        "/params/media.state.name",
        '"media.state.name" is missing; add a string, the name of the player state, such as "mute" or "fullScreen".',
    ),
    (
        _event("chapterStart"),
        "/params",
        '"params" is missing; chapterStart needs it, with "media.chapter.index", "media.chapter.offset", '
        '"media.chapter.length".',
    ),
    (
        _event("statesUpdate", params={}),
        "/params",
        '"params" has neither "statesStart" nor "statesEnd"; add "statesStart" or "statesEnd", or both.',
    ),
]


@every_case(("event", "path", "sentence"), _SENTENCES)
def test_a_mistake_is_explained_with_what_to_change(event: dict[str, Any], path: str, sentence: str) -> None:
    assert [(each.path, each.detail) for each in _STRICT.explain(None, event)] == [(path, sentence)]


@every_case(
    ("name", "advice"),
    [
        ("pause", 'send "pauseStart" when playback pauses.'),
        ("resume", 'send "play" when playback goes on.'),
        ("bufferComplete", 'send "play" when playback goes on after buffering.'),
        ("bufferEnd", 'send "play" when playback goes on after buffering.'),
        ("seekStart", 'send "pauseStart" when a seek starts.'),
        ("SeekStart", 'send "pauseStart" when a seek starts.'),
        ("seekComplete", 'send "play" when playback goes on after a seek.'),
        ("heartbeat", 'send "ping" to keep the session alive.'),
        ("keep-alive", 'send "ping" to keep the session alive.'),
        ("contentComplete", 'send "sessionComplete" when the content has played to its end.'),
        ("mute", 'send "stateStart" with "media.state.name" in params.'),
        ("media.adStart", 'send "adStart", without a prefix.'),
        ("media.bufferComplete", 'send "play" when playback goes on after buffering.'),
        ("adbreakstart", 'send "adBreakStart", spelled exactly like that.'),
        ("pause_start", 'send "pauseStart", spelled exactly like that.'),
        ("chapterStrat", 'send "chapterStart" if that is meant.'),
    ],
)
def test_a_wrong_event_name_leads_to_the_right_one(name: str, advice: str) -> None:
    assert _STRICT.explain(name, _event(name)) == (
        Violation("/eventType", "enum", f'"{name}" is not an event type; {advice}'),
    )


def test_an_event_name_like_no_other_leads_to_the_list() -> None:
    [violation] = _STRICT.explain(None, _event("zzz"))

    assert violation.detail.startswith('"zzz" is not an event type; send one of sessionStart, play, ping, ')
    assert violation.detail.endswith(", sessionEnd, statesUpdate.")


def test_an_event_type_that_is_switched_off_is_explained() -> None:
    [violation] = Validators(states_update=False).explain(None, _event("statesUpdate"))

    assert (
        violation.detail == '"statesUpdate" is switched off on this server; send "stateStart" and "stateEnd" instead.'
    )


def test_an_unexpected_event_type_is_explained() -> None:
    [violation] = _STRICT.explain("play", _event("ping"))

    assert violation.detail == '"eventType" is "ping"; only "play" is allowed here.'


def test_sentences_name_nothing_internal() -> None:
    events = [event for event, _, _ in _SENTENCES]
    for path in _EVENT_FILES:
        events += [case["event"] for case in json.loads(path.read_bytes())["cases"]]
    internal = re.compile(
        r"[Ss]chema|additionalProp|patternProp|definition|\$ref|regex|valid|keyword|profile|sdk-union|lenient|enum\b"
        r"|\b(None|True|False|dict|str|int|float|NoneType)\b|[Pp]ython|[Dd]raft"
    )
    sentences = [each.detail for event in events for each in _STRICT.explain(None, event)]

    assert len(sentences) > 80
    for sentence in sentences:
        unquoted = re.sub(r'"[^"]*"', "", sentence)
        assert not internal.search(unquoted), sentence


def test_every_sentence_is_one_sentence() -> None:
    for event, _, _ in _SENTENCES:
        for violation in _STRICT.explain(None, event):
            unquoted = re.sub(r'"[^"]*"', "", violation.detail)
            assert violation.detail.endswith(".")
            assert ". " not in unquoted
            assert "\n" not in violation.detail


@every_case(
    ("name", "meant"),
    [
        ("media.ad.title", "media.ad.name"),
        ("media.ad.duration", "media.ad.length"),
        ("media.ad.position", "media.ad.podPosition"),
        ("media.ad.podPositon", "media.ad.podPosition"),
        ("media.adLength", "media.ad.length"),
        ("media.ad.foo", None),
        ("media.ad.width", None),
    ],
)
def test_a_key_is_suggested_only_if_it_ends_alike_or_means_the_same(name: str, meant: str | None) -> None:
    (violation,) = _STRICT.explain(None, _ad({**_AD, name: "x"}))
    advice = f'rename it to "{meant}" if that is meant' if meant else "remove it, or send it as text in"
    assert advice in violation.detail
