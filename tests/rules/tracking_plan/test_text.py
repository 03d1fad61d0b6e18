"""The result of a plan as text for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from mockserver.admin.plans import drafted, judged_by
from mockserver.model.settings import Settings
from mockserver.namespaces import DEFAULT, Namespace
from mockserver.recordings.judged_file import judge_file
from mockserver.recordings.recording import read_recording
from mockserver.rules.tracking_plan.text import plan_text
from mockserver.simulation.content import make_content
from mockserver.simulation.flaw import FLAWS, apply_flaw
from mockserver.simulation.script import write_script
from mockserver.tracking_plans.reading import read_plan
from mockserver.tracking_plans.writing import plan_toml
from mockserver.wire.codec import encode
from tests.documents import ROOT
from tests.factories import emulator, event, post, post_event, response
from tests.judged_plans import judged, played, with_content
from tests.scripts import received

PLANS = ROOT / "fixtures" / "plans"
TRAFFIC = ROOT / "fixtures" / "traffic"
RECORDED = ("adobe-js-3.1.0-vod", "adobe-js-3.0.1-vod", "adobe-cc-3.0.3-vod", "adobe-js-3.1.0-live")


def test_what_a_plan_says_of_every_known_mistake(golden: Callable[[str, str], None]) -> None:
    plan = read_plan(PLANS / "player.toml")
    careful = write_script(make_content(7), 7)
    results = {"(none)": judged_by(Namespace(received(careful)), plan)}
    results.update((name, judged_by(Namespace(received(apply_flaw(name, careful))), plan)) for name in FLAWS)

    golden(
        "plans/flaws.txt", "\n".join(f"flaw {name}\n{plan_text(one, 'player.toml')}\n" for name, one in results.items())
    )
    assert results["(none)"].followed
    followed = [name for name, result in results.items() if result.followed]
    assert len(results) - len(followed) > 20
    pretty = msgspec.json.format(encode(results["break-never-closed"]), indent=2).decode()
    golden("plans/break-never-closed.json", f"{pretty}\n")


def test_a_draft_judges_other_recordings(golden: Callable[[str, str], None]) -> None:
    namespaces = {
        name: judge_file(read_recording(str(TRAFFIC / f"{name}.ndjson")).calls, Settings(), leave_open=False).peek(
            DEFAULT
        )
        for name in RECORDED
    }
    golden("../plans/adobe-js.toml", plan_toml(drafted(namespaces[RECORDED[0]], "What Adobe's SDK reports")))
    plan = read_plan(PLANS / "adobe-js.toml")

    texts = [f"{name}\n{plan_text(judged_by(one, plan), 'adobe-js.toml')}\n" for name, one in namespaces.items()]

    golden("plans/recordings.txt", "\n".join(texts))


def test_text_stays_on_one_line_whatever_a_player_sent() -> None:
    plan = with_content('events = [{ event_type = "play", params."x\\ny" = "a" }]\nchapters = []')
    bad = "\x1b[31m\n\u202e" + "x" * 500
    start = {"eventType": "chapterStart", "params": {"media.chapter.friendlyName": bad}}
    params = {"media.chapter.index": 1, "media.chapter.offset": 0, "media.chapter.length": 9}
    start["params"] = {**params, "media.chapter.friendlyName": bad}

    text = plan_text(judged(plan, played("play", start, params={"media.id": bad})))

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 800


def test_text_says_that_requests_were_dropped() -> None:
    back_end = emulator(Settings(max_entries=10))
    response(back_end, post("/api/v1/sessions", event("sessionStart")))
    for _ in range(20):
        response(back_end, post_event("unknown", event()))
    text = plan_text(judged('title = "t"\ncontent = [{ name = "all" }]', back_end))
    assert "(older requests were dropped to stay within the limits" in text.splitlines()[1]
