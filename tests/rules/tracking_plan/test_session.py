"""One session, judged by the content of a plan that it belongs to."""

from __future__ import annotations

from typing import Any

from mockserver.model.plan_result import CheckKind
from tests.judged_plans import checks_of, judged, missed, played, with_content
from tests.tables import every_case

Events = tuple[Any, ...]
AD: dict[str, Any] = {"eventType": "adStart"}
SESSION: Events = ("play", "adBreakStart", "adStart", "adComplete", "adBreakComplete", "ping", "ping", "sessionEnd")


def ad(**params: Any) -> dict[str, Any]:
    named = {f"media.ad.{name}": value for name, value in params.items()}
    return {"eventType": "adStart", "params": {"media.ad.id": "a", "media.ad.length": 15, "media.ad.podPosition": 1,
                                               "media.ad.playerName": "p", **named}}  # fmt: skip


def chapter(name: str) -> dict[str, Any]:
    params = {"media.chapter.index": 1, "media.chapter.offset": 0, "media.chapter.length": 9}
    return {"eventType": "chapterStart", "params": {**params, "media.chapter.friendlyName": name}}


def state(name: str) -> dict[str, Any]:
    return {"eventType": "stateStart", "params": {"media.state.name": name}}


RECEIVED = (
    "received: ping x2, sessionStart x1, play x1, adBreakStart x1, adStart x1, adComplete x1, adBreakComplete x1, "
    "sessionEnd x1"
)


@every_case(
    ("kind", "body", "events", "expected"),
    [
        ("event", 'events = [{ event_type = "ping" }]', SESSION, []),
        ("event", 'events = [{ event_type = "ping", exactly = 2 }]', SESSION, []),
        ("event", 'events = [{ event_type = "ping", at_most = 1 }]', SESSION, [("ping: at most 1", "found 2")]),
        ("event", 'events = [{ event_type = "adSkip", at_least = 0 }]', SESSION, []),
        ("event", 'events = [{ event_type = "adSkip" }]', SESSION, [("adSkip: at least 1", f"found 0; {RECEIVED}")]),
        (
            "event",
            'events = [{ event_type = "adStart", where = "/params/media.ad.id=a9" }]',
            SESSION,
            [("adStart /params/media.ad.id=a9: at least 1", "found 0")],
        ),
        ("sequence", 'sequence = ["sessionStart", "play", "adStart", "sessionEnd"]', SESSION, []),
        ("sequence", 'sequence = ["sessionStart", "play", "*", "sessionEnd"]\nallow_others = false', SESSION, []),
        (
            "sequence",
            'sequence = ["sessionStart", "play", "ping*", "sessionEnd"]\nallow_others = false',
            ("play", "ping", "ping", "sessionEnd"),
            [],
        ),
        (
            "sequence",
            'sequence = ["sessionStart", "play", "sessionEnd"]\nallow_others = false',
            ("play", "ping", "sessionEnd"),
            [("sequence sessionStart -> play -> sessionEnd", "ping #3 is unexpected")],
        ),
        (
            "sequence",
            'sequence = ["sessionStart", "adBreakStart", "play", "sessionComplete"]',
            SESSION,
            [
                (
                    "sequence sessionStart -> adBreakStart -> play -> sessionComplete",
                    "adBreakStart is in another place, #3 after sessionStart #1; "
                    "sessionComplete is missing after play #2",
                )
            ],
        ),
        ("state", 'states = ["MUTE"]', (state("mute"),), []),
        ("state", 'states = ["fullScreen"]', (), [('state "fullscreen": at least 1', "found 0")]),
        (
            "state",
            'states = ["fullScreen"]',
            (state("fulScreen"),),
            [('state "fullscreen": at least 1', "found 0, but there is fulscreen")],
        ),
        ("state", 'states = [{ name = "mute", at_least = 0 }]', (), []),
        ("unplanned", 'states = ["mute"]', (state("mute"), state("pip")), [("no other states", "pip in #3")]),
        ("unplanned", "states = []", (), []),
        ("chapter", 'chapters = ["One", "Two"]', (chapter("One"),), [('chapter "Two": at least 1', "found 0")]),
        (
            "unplanned",
            'chapters = ["One"]',
            (chapter("One"), chapter("Two"), {"eventType": "chapterStart"}),
            [("no other chapters", "Two in #3; (without a name) in #4")],
        ),
        ("never", 'never = ["error", "adSkip"]', SESSION, []),
        ("never", 'never = ["ping"]', SESSION, [("never ping", "found 2")]),
        (
            "never",
            'never = [{ event_type = "adStart", where = "/params/media.ad.length>10" }]',
            (ad(length=10), ad(length=11)),
            [("never event_type=adStart /params/media.ad.length>10", "found 1")],
        ),
        (
            "unplanned",
            'unplanned_events = "miss"\nevents = [{ event_type = "sessionStart" }, { event_type = "ping" }]',
            ("ping", "play", "play"),
            [("no other events", "play in #3, #4")],
        ),
        (
            "unplanned",
            'events = [{ event_type = "adStart", unplanned_keys = "miss", params."media.ad.id" = {} }]',
            SESSION,
            [
                (
                    "adStart: no other keys",
                    "params media.ad.length in #4; params media.ad.podPosition in #4; params media.ad.playerName in #4",
                )
            ],
        ),
        (
            "finding",
            'allow_findings = ["id.ecid-missing", "session.no-play"]',
            (),
            [("no warning media.streamType", 'media.streamType is missing; send "video" or "audio".')],
        ),
    ],
)  # fmt: skip
def test_misses_are_reported_with_what_was_seen(
    kind: CheckKind, body: str, events: Events, expected: list[tuple[str, str]]
) -> None:
    result = judged(with_content(body), played(*events))

    assert missed(result, kind) == expected
    assert checks_of(result, kind)


@every_case(
    ("rule", "sent", "expected"),
    [
        ("{}", {}, None),
        ('{ type = "integer" }', {}, None),
        ('{ type = "string" }', {}, ("string", "is 15 in #2")),
        ("15", {}, None),
        ("16", {}, ("16", "is 15 in #2")),
        ("{ one_of = [10, 20] }", {}, ("one of 10, 20", "is 15 in #2")),
        ("{ at_least = 15, at_most = 20 }", {}, None),
        ("{ at_least = 16 }", {}, ("at least 16", "is 15 in #2")),
        ("{ at_most = 14.5 }", {}, ("at most 14.5", "is 15 in #2")),
        ('{ pattern = "[0-9]+" }', {}, ("matching [0-9]+", "is 15 in #2")),
        ("{ forbidden = true }", {}, ("not there", "is present (15) in #2")),
        ("{ required = false, at_least = 1 }", {}, None),
    ],
)
def test_a_rule_of_a_key_looks_at_its_value(rule: str, sent: dict[str, Any], expected: tuple[str, str] | None) -> None:
    plan = with_content(f'events = [{{ event_type = "adStart", params."media.ad.length" = {rule} }}]')

    found = missed(judged(plan, played(ad(**sent))), "key")

    assert found == ([] if expected is None else [(f"adStart params media.ad.length: {expected[0]}", expected[1])])


@every_case(
    ("key", "expected"),
    [
        ('params."media.ad.advertiser" = {}', "is missing in #2"),
        ('params."media.ad.podPositon" = {}', "is missing, but there is media.ad.podPosition in #2"),
        ('params.campaign = {}', "is missing, but it is in customMetadata in #2"),
        ('customMetadata.campaign = { pattern = "[a-z]+-2[0-9]" }', 'is "spring-19" in #2'),
        ('qoeData."media.qoe.bitrate" = { at_least = 100 }', "is 50 in #2"),
        ("playerTime.playhead = 5", "is 1 in #2"),
    ],
)  # fmt: skip
def test_keys_are_looked_for_in_their_part_of_an_event(key: str, expected: str) -> None:
    document = {**ad(), "customMetadata": {"campaign": "spring-19"}, "qoeData": {"media.qoe.bitrate": 50}}
    plan = with_content(f'events = [{{ event_type = "adStart", {key} }}]')

    assert [seen for _, seen in missed(judged(plan, played(document)), "key")] == [expected]


def test_a_key_that_is_wrong_in_many_events_is_one_miss_with_every_value() -> None:
    plan = with_content('events = [{ event_type = "adStart", params."media.ad.length" = 15 }]')
    result = judged(plan, played(*(ad(length=length) for length in (15, 10, 11, 10, 12, 13, 14))))

    [(_, seen)] = missed(result, "key")
    assert seen == "is 10 in #3, #5; is 11 in #4; is 12 in #6; 2 other values are wrong too"
    assert checks_of(result, "key")[0].seqs == (3, 5, 4, 6, 7, 8)


def test_keys_of_a_missing_event_are_not_separate_checks() -> None:
    plan = with_content('events = [{ event_type = "adSkip", at_least = 0, params."media.ad.id" = {} }]')
    assert checks_of(judged(plan, played()), "key") == []


def test_the_nearest_event_is_shown_with_its_differences() -> None:
    plan = with_content('events = [{ event_type = "adStart", where = "/params/media.ad.id=a9" }]')

    [check] = checks_of(judged(plan, played(ad(id="a1"), ad(id="a9", title="x"))), "event")

    shown = [(one.text, [(gap.field, gap.actual) for gap in one.differences]) for one in check.nearest]
    assert shown == [
        ("#2 adStart +1.000 s (204)", [("/params/media.ad.id", "a1")]),
        ("#3 adStart +2.000 s (400)", [("outcome", "invalid")]),
    ]


def test_a_misspelled_event_type_is_the_nearest_event() -> None:
    plan = with_content('events = [{ event_type = "adSkip" }]')
    [check] = checks_of(judged(plan, played({"eventType": "adskip"})), "event")
    assert [one.text for one in check.nearest] == ["#2 adskip +1.000 s (400)"]


def test_a_refused_event_that_must_never_come_is_a_miss() -> None:
    result = judged(with_content('never = ["adStart"]'), played(ad(title="x")))
    assert missed(result, "never") == [("never adStart", "found 1")]


def test_findings_of_one_rule_are_one_miss() -> None:
    result = judged(with_content('allow_findings = ["ad.not-closed"]'), played(ad(id="a1"), ad(id="a2")))

    [check] = [check for check in checks_of(result, "finding") if check.code == "ad.outside-break"]
    assert check.seen.endswith("(And 1 more of this rule.)")
    assert check.seqs == (2, 3)


def test_findings_are_allowed_for_the_content_or_for_the_whole_plan() -> None:
    back_end = played("play", "ping", "sessionEnd")
    back_end.clock.advance(1_000_000)
    codes = {check.code for check in checks_of(judged(with_content(""), back_end), "finding") if not check.met}
    allowed = ", ".join(f'"{code}"' for code in codes)

    assert codes
    assert missed(judged(with_content(f"allow_findings = [{allowed}]"), back_end), "finding") == []
    whole = f'title = "t"\nallow_findings = [{allowed}]\ncontent = [{{ name = "all" }}]'
    assert missed(judged(whole, back_end), "finding") == []


def test_a_check_knows_the_line_of_the_plan() -> None:
    plan = with_content('[[content.events]]\nevent_type = "sessionStart"\nparams."media.id" = "other"')
    [check] = checks_of(judged(plan, played()), "key")
    assert (check.line, check.pointer) == (6, "/content/0/events/0/params/media.id")
