"""Recordings of unmodified clients get the answers that were recorded.

Where the recorder failed on purpose, a fault rule or a setting fails the same way. Where it answered otherwise than
Adobe's documents say, the table says what is answered instead, and why.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from mockserver.emulator.emulator import Emulator
from mockserver.model.fault import FaultSpec
from mockserver.model.http import HttpRequest
from mockserver.model.settings import Settings
from mockserver.wire.codec import convert
from tests.factories import hand_clock, response
from tests.tables import every_case

TRAFFIC = sorted((Path(__file__).parents[3] / "fixtures" / "traffic-edge").glob("*.ndjson"))
_SID = re.compile(r'"sessionId":\s*"([0-9a-f]{64})"')


class Made(NamedTuple):
    """How a recording is made to happen again.

    Args:
        faults: What the recorder did on purpose.
        settings: How it behaved.
        otherwise: The status instead of the recorded one, by the place of the request, from 0.
        because: Why.
    """

    faults: tuple[dict[str, Any], ...] = ()
    settings: Settings = Settings()
    otherwise: dict[int, int] = {}  # noqa: RUF012
    because: str = ""


def once(event_type: str, skip: int = 0, times: int | None = 1, **fault: Any) -> tuple[dict[str, Any], ...]:
    return ({"when": {"event_type": event_type}, "fault": fault, "skip": skip, "times": times},)


_UNEXPECTED = {
    "type": "https://ns.adobe.com/aep/errors/EXEG-0001-500", "status": 500, "title": "Unexpected error", "report": {},
}  # fmt: skip
_GONE: dict[str, Any] = {"kind": "outcome", "outcome": "unknown_session"}
MADE: dict[str, Made] = {
    "fault-event-200-empty": Made(once("play", kind="status", code=200, body="")),
    "fault-event-207": Made(once("play", kind="status", code=207)),
    "fault-events-404-from-3": Made(({"when": {"operation": "event"}, "fault": _GONE, "skip": 2},)),
    "fault-ping-404-closed-mid": Made(once("ping", skip=2, **_GONE)),
    "fault-ping-429-retry-after": Made(once("ping", kind="status", code=429, headers={"Retry-After": "2"})),
    "fault-ping-500-once": Made(once("ping", kind="status", code=500, body=_UNEXPECTED)),
    "fault-ping-reset-once": Made(once("ping", kind="reset")),
    "fault-start-200-no-session": Made(
        once("sessionStart", kind="status", code=200, body={"requestId": "x", "handle": []})
    ),
    "fault-start-400-datastream": Made(settings=Settings(edge_datastreams=("another",))),
    "fault-start-500": Made(once("sessionStart", kind="status", code=500)),
    "fault-start-503-once": Made(once("sessionStart", kind="status", code=503)),
    "fault-start-hang": Made(once("sessionStart", kind="hang")),
    "fault-start-reset": Made(once("sessionStart", kind="reset")),
    "fraction": Made(
        settings=Settings(edge_integers="lenient"),
        otherwise={4: 400},
        because="the recorder took a playhead of -3; Adobe's servers refuse what is outside of 0 to 86400",
    ),
    "sendevent": Made(otherwise={10: 204}, because="Adobe's page on collect has an answer without body"),
    "tracker-vod": Made(
        otherwise={3: 400},
        because="the recorder took an ad of 10.5 s; Adobe's specification says integer, and it refuses fractions "
        "elsewhere; edge_integers lenient takes it",
    ),
}


def _case(path: Path) -> str:
    return path.stem.partition("-2.33.1-")[2] or path.stem


@every_case("path", TRAFFIC, ids=_case)
def test_recorded_requests_get_the_recorded_answers(path: Path) -> None:
    made = MADE.get(_case(path), Made())
    emulator = Emulator(made.settings, clock=hand_clock(), faults=[convert(fault, FaultSpec) for fault in made.faults])
    ids: dict[str, str] = {}
    wrong = []
    for index, line in enumerate(map(json.loads, path.read_text(encoding="utf-8").splitlines())):
        body = line["body"]
        for theirs, ours in ids.items():
            body = body.replace(theirs, ours)
        headers = tuple((name.encode(), value.encode()) for name, value in line["headers"].items())
        target = line["path"]
        request = HttpRequest(line["method"], target.partition("?")[0], target, headers, body.encode())
        plan = emulator.handle(request)
        answer = getattr(plan, "response", None)
        status, text = (0, "") if answer is None else (answer.status, answer.body.decode())
        recorded = line.get("answer") or ""
        if (theirs_sid := _SID.search(recorded)) and (ours_sid := _SID.search(text)):
            ids[theirs_sid[1]] = ours_sid[1]
            text = text.replace(ours_sid[1], theirs_sid[1])
        expected = made.otherwise.get(index, line.get("status"))
        if status != expected or (index not in made.otherwise and _comparable(text) != _comparable(recorded)):
            wrong.append((index, target, expected, status, _comparable(text), _comparable(recorded)))
    assert wrong == []


def _comparable(text: str) -> Any:
    """Read an answer without what is ours alone, and without ids and values that the recorder made up."""
    if not text or text.startswith("("):
        return None
    document = json.loads(text)
    document.pop("violations", None)
    for part in (document, document.get("report", {})):
        part.pop("requestId", None)
    if "detail" in document:
        document["detail"] = re.sub(r"'[^']*'", "'...'", document["detail"])
    if "handle" in document:
        sessions = [handle for handle in document["handle"] if handle["type"] == "media-analytics:new-session"]
        document["handle"] = [sessions, sorted(handle["type"] for handle in document["handle"])]
    return document


def test_every_exception_belongs_to_a_recording_and_says_why() -> None:
    assert MADE.keys() <= {_case(path) for path in TRAFFIC}
    assert all(bool(made.otherwise) is bool(made.because) for made in MADE.values())


def test_fractions_are_refused_unless_a_setting_takes_them() -> None:
    (path,) = (path for path in TRAFFIC if _case(path) == "fraction")
    line = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    target = line["path"]
    request = HttpRequest("POST", target.partition("?")[0], target, (), line["body"].encode())
    answer = response(Emulator(clock=hand_clock()), request)
    assert answer.status == 207
    (error,) = json.loads(answer.body)["errors"]
    assert [detail["name"] for detail in error["report"]["details"]] == ["$.xdm.mediaCollection.sessionDetails.length"]
