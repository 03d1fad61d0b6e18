"""Plans that are drafted from a recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.admin.plans import drafted, judged_by
from mockserver.model.settings import Settings
from mockserver.model.tracking_plan import ExpectedEvent, KeyRule
from mockserver.namespaces import DEFAULT, Namespace
from mockserver.recordings.judged_file import judge_file
from mockserver.recordings.recording import read_recording
from mockserver.rules.tracking_plan.first import first_plan
from mockserver.tracking_plans.reading import parse_plan
from mockserver.tracking_plans.writing import plan_toml
from tests.documents import ROOT
from tests.judged_plans import play, played

RECORDINGS = [
    *sorted((ROOT / "fixtures" / "traffic").glob("*.ndjson")),
    *sorted((ROOT / "fixtures" / "traffic-edge").glob("*-vod*.ndjson")),
    ROOT / "fixtures" / "har" / "charles.har",
]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_a_recording_follows_its_own_plan_and_tries_all_of_it(path: Path) -> None:
    calls = read_recording(str(path)).calls
    namespace = judge_file(calls, Settings(), leave_open=False).peek(DEFAULT)
    plan = drafted(namespace, "a draft")

    read = parse_plan(plan_toml(plan))
    result = judged_by(namespace, read)

    assert read.plan == plan
    assert (result.followed, result.coverage.percent) == (True, 100), result
    assert len(result.sessions) >= 1


def test_a_draft_fixes_what_describes_the_content_and_the_types_of_the_rest() -> None:
    back_end = played(
        "play", "ping", "pauseStart", "play", "sessionEnd",
        params={"media.name": "A clip", "media.sdkVersion": "1.2"},
        customMetadata={"user": "guest"}, qoeData={"media.qoe.bitrate": 4000},
    )  # fmt: skip

    [content] = drafted(Namespace(back_end), "a draft").content

    assert (content.name, content.when.media_id, content.when.content_type) == ("A clip", "clip-1", "vod")
    assert content.sequence == ("sessionStart", "sessionEnd")
    numbers = {event.event_type: (event.exactly, event.at_least) for event in content.events}
    assert numbers == {
        "sessionStart": (1, None), "play": (None, 1), "ping": (None, 1), "pauseStart": (None, 0),
        "sessionEnd": (1, None),
    }  # fmt: skip
    begins: ExpectedEvent = content.events[0]
    assert begins.params["media.name"] == "A clip"
    assert begins.params["media.length"] == 60
    assert begins.params["media.sdkVersion"] == KeyRule(type="string")
    assert begins.params["analytics.reportSuite"] == KeyRule(type="string")
    assert begins.custom_metadata == {"user": KeyRule(type="string")}
    assert begins.qoe_data == {"media.qoe.bitrate": KeyRule(type="integer")}


def test_a_draft_from_several_sessions_demands_what_they_have_in_common() -> None:
    back_end = played("play", "adBreakStart", "adStart", "adComplete", "adBreakComplete", "sessionEnd")
    play(back_end, "play", "adBreakStart", "adStart", "adBreakComplete", "stateStart", params={"media.genre": "News"})
    play(back_end, params={"media.id": "other"})

    first, second = drafted(Namespace(back_end), "a draft").content

    numbers = {event.event_type: (event.exactly, event.at_least) for event in first.events}
    assert numbers["adStart"] == (1, None)
    assert numbers["adComplete"] == numbers["sessionEnd"] == (None, 0)
    assert first.sequence == ("sessionStart", "adBreakStart", "adStart", "adBreakComplete")
    assert first.events[0].params["media.genre"] == KeyRule(required=False, equals="News")
    assert [getattr(one, "at_least", 1) for one in first.states or ()] == [0]
    assert (second.when.media_id, second.name) == ("other", "other")


def test_two_contents_never_have_one_name() -> None:
    back_end = played(params={"media.name": "News"})
    play(back_end, params={"media.name": "News", "media.id": "b"})
    assert [content.name for content in drafted(Namespace(back_end), "t").content] == ["News", "News (2)"]


def test_a_draft_of_a_flawed_recording_allows_its_findings() -> None:
    [content] = drafted(Namespace(played({"eventType": "adStart"})), "a draft").content
    assert "ad.outside-break" in content.allow_findings


def test_there_is_nothing_to_draft_without_sessions() -> None:
    assert first_plan("t", []).content == ()
