"""Players for stories: a careful one, and others with recorded habits. They move their clock themselves.

A device plays one clip with a mid-roll and a pause, and sends one request at a time. The network carries out answer
plans without sockets: a request times out if its answer would come too late on the emulated clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from mockserver.admin.stories import stop_story
from mockserver.clock import Clock, RealTime
from mockserver.dialects.collection.dialect import COLLECTION
from mockserver.dialects.edge.dialect import EDGE
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.held_requests import HeldRequest
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.fault_kind import GarbleFault, HangFault, RefuseFault, TruncateFault
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.story import StoryView
from mockserver.model.vocabulary import Delivery
from mockserver.simulation.player import Voice
from mockserver.stories.book import StoryBook
from tests.factories import T0, target
from tests.playbacks import AD, BREAK, START_PARAMS

__all__ = ["CLIP", "Device", "Habits", "Network"]

CLIP: tuple[tuple[float, str, float], ...] = (
    (0.01, "play", 0),
    (10, "ping", 10),
    (20, "ping", 20),
    (25, "adBreakStart", 25),
    (25.001, "adStart", 25),
    (35, "ping", 25),
    (40, "adComplete", 25),
    (40.001, "adBreakComplete", 25),
    (40.002, "play", 25),
    (50, "ping", 35),
    (55, "pauseStart", 40),
    (65, "ping", 40),
    (70, "play", 40),
    (80, "ping", 50),
    (90, "sessionComplete", 60),
)
"""Second, event type and playhead of what a device reports after its sessionStart."""

_PARAMS: dict[str, dict[str, Any]] = {"adBreakStart": {**BREAK, "media.ad.podSecond": 25}, "adStart": AD}
_LAST = ("sessionEnd", "sessionComplete")


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How a device deals with what goes wrong; by default as a good player does.

    Args:
        edge: Whether it reports to the Media Edge API, which creates a session with 200.
        web: Whether it is a web page, which sends preflights and sees only the header fields exposed to it.
        start_waits_s: How long it waits before each further sessionStart for the same session.
        start_timeout_s: How long it waits for the answer to one.
        asks_once: Statuses after which it does not repeat the sessionStart.
        takes: Statuses that it accepts as a created session.
        renews: Statuses of an event after which it opens another session; 0 stands for no answer.
        renewals: How many sessions in a row it opens while no event is accepted.
        renews_at_end: Whether it also does so for the event that ends a session.
        resumes: What it reports first in another session: with ``full`` an open break, its ad and whether content
            plays; with ``nothing`` only the event that failed.
        patient: Whether it sends an event again when Retry-After says so.
        gives_up_after: How many refused events in a row make it silent; None for no limit.
        repeats: How many times it sends an event again that got no answer.
        pings_stop: Whether it stops pinging after a ping that failed, until it reports another event.
        pings_after_end: How many pings it sends after a sessionComplete that failed.
        burst_ts: Whether events that happen at nearly the same time get the same ts.
    """

    edge: bool = False
    web: bool = False
    start_waits_s: tuple[float, ...] = (1, 2, 4, 8, 16)
    start_timeout_s: float = 30
    asks_once: tuple[int, ...] = (201, 400)
    takes: tuple[int, ...] = (201,)
    renews: tuple[int, ...] = (404, 410)
    renewals: int = 2
    renews_at_end: bool = False
    resumes: Literal["full", "nothing"] = "full"
    patient: bool = True
    gives_up_after: int | None = 3
    repeats: int = 0
    pings_stop: bool = False
    pings_after_end: int = 0
    burst_ts: bool = False


@dataclass
class _Session:
    """What a device knows of its session."""

    sid: str | None = None
    refused: int = 0
    renewed: int = 0
    silent: bool = False
    pings_stopped: bool = False
    doing: dict[str, tuple[str, float]] = field(default_factory=dict)


class Network:
    """An emulator behind a network, and the time.

    Args:
        book: The stories that it can run.
    """

    def __init__(self, book: StoryBook) -> None:
        self.now_ms = T0
        clock = Clock(RealTime(lambda: self.now_ms, lambda: self.now_ms * 1_000_000))
        self.emulator = Emulator(clock=clock, stories=book)
        self._refused_until_ms = 0

    def start(self, story: str) -> None:
        """Start a story."""
        self.emulator.stories.start(story)

    def judged(self, story: str) -> StoryView:
        """Let enough time pass for any story to be over, stop it, and return how it turned out."""
        self.now_ms += 200_000
        return stop_story(target(self.emulator), None, story)

    def send(
        self, method: str, path: str, body: bytes, headers: dict[str, str], timeout_s: float
    ) -> HttpResponse | None:
        """Send a request and wait for its answer; return None if no usable one came in time."""
        if self.now_ms < self._refused_until_ms:
            return None
        given_up_ms = self.now_ms + round(timeout_s * 1000)
        fields = tuple((name.encode(), value.encode()) for name, value in headers.items())
        plan = self.emulator.handle(HttpRequest(method, path.partition("?")[0], path, fields, body))
        if isinstance(plan, HeldRequest):
            self.now_ms = max(self.now_ms, plan.due_ms)
            resumed = self.emulator.resume(plan)
            assert resumed is not None
            plan = resumed
        answer, delivery = self._carried_out(plan, given_up_ms)
        if self.now_ms > given_up_ms:
            self.now_ms, answer, delivery = given_up_ms, None, Delivery.CLIENT_GONE
        if delivery is not plan.record.delivery:
            self.emulator.delivered(plan, delivery)
        return answer

    def _carried_out(self, plan: AnswerPlan, given_up_ms: int) -> tuple[HttpResponse | None, Delivery]:
        self.now_ms = max(self.now_ms, plan.until_ms or 0)
        match plan.fault:
            case HangFault():
                self.now_ms = given_up_ms + 1
            case RefuseFault(duration_ms=duration_ms):
                self._refused_until_ms = self.now_ms + duration_ms
            case TruncateFault() | GarbleFault():
                pass
            case _ if plan.response is not None:
                return plan.response, Delivery.SENT
            case _:
                pass
        return None, Delivery.CUT


class Device:
    """A player.

    Args:
        network: How it reaches the server.
        habits: What it does when something goes wrong.
    """

    def __init__(self, network: Network, habits: Habits) -> None:
        self._network = network
        self._habits = habits
        self._dialect: Voice = EDGE if habits.edge else COLLECTION
        self._session = _Session()
        self._last_ts = 0

    def play(self) -> None:
        """Play the clip from the beginning to the end."""
        began_ms = self._network.now_ms
        self._open(self._ts(began_ms), 0)
        for second, event_type, playhead_s in CLIP:
            at_ms = began_ms + round(second * 1000)
            self._network.now_ms = max(self._network.now_ms, at_ms)
            if self._session.sid is not None and not self._session.silent and not self._leaves_out(event_type):
                self._report(event_type, self._ts(at_ms), playhead_s)
            self._follow(event_type, playhead_s)
        for _ in range(self._habits.pings_after_end if self._session.refused and self._session.sid else 0):
            self._network.now_ms += 10_000
            self._event("ping", self._ts(self._network.now_ms), playhead_s)

    def _leaves_out(self, event_type: str) -> bool:
        """Return whether a ping is left out because the one before failed."""
        if event_type != "ping":
            self._session.pings_stopped = False
        return self._session.pings_stopped

    def _ts(self, at_ms: int) -> int:
        if self._habits.burst_ts:
            return at_ms // 100 * 100
        self._last_ts = max(at_ms, self._last_ts + 1)
        return self._last_ts

    def _open(self, ts: int, playhead_s: float, *, resumed: bool = False) -> None:
        habits = self._habits
        params = {**START_PARAMS, **({"media.resume": True} if resumed else {})}
        self._session.sid = None
        for wait_s in (0, *habits.start_waits_s):
            self._network.now_ms += round(wait_s * 1000)
            answer = self._post("sessionStart", ts, playhead_s, params, habits.start_timeout_s)
            sid = None if answer is None else self._session_in(answer)
            if answer is not None and answer.status in habits.takes and sid is not None:
                self._session.sid = sid
                return
            if answer is not None and answer.status in habits.asks_once:
                return

    def _report(self, event_type: str, ts: int, playhead_s: float) -> None:
        session, habits = self._session, self._habits
        answer = self._event(event_type, ts, playhead_s)
        for _ in range(habits.repeats if answer is None else 0):
            answer = self._event(event_type, ts, playhead_s)
        if answer is not None and answer.status == 429 and habits.patient:
            self._network.now_ms += int(self._field(answer, "Retry-After") or 0) * 1000
            answer = self._event(event_type, ts, playhead_s)
        if answer is not None and answer.status == 204:
            session.refused = session.renewed = 0
            return
        session.refused += 1
        session.pings_stopped = habits.pings_stop and event_type == "ping"
        last = event_type in _LAST
        status = 0 if answer is None else answer.status
        if status in habits.renews and (not last or habits.renews_at_end):
            self._renew(event_type, playhead_s)
        elif habits.gives_up_after is not None and session.refused >= habits.gives_up_after:
            session.silent = status in habits.renews

    def _renew(self, event_type: str, playhead_s: float) -> None:
        session, habits = self._session, self._habits
        if session.renewed >= habits.renewals:
            session.silent = True
            return
        session.renewed += 1
        self._open(self._ts(self._network.now_ms), playhead_s, resumed=habits.resumes == "full")
        if session.sid is None:
            return
        if habits.resumes == "full":
            for begun, begun_s in tuple(session.doing.values()):
                if begun != event_type and not session.silent:
                    self._report(begun, self._ts(self._network.now_ms), begun_s)
            if not session.silent:
                self._report(event_type, self._ts(self._network.now_ms), playhead_s)
        else:
            self._event(event_type, self._ts(self._network.now_ms), playhead_s)

    def _follow(self, event_type: str, playhead_s: float) -> None:
        """Remember what another session would have to report: an open break, its ad, and whether content plays."""
        doing = self._session.doing
        match event_type:
            case "adBreakStart" | "adStart":
                doing[event_type] = (event_type, playhead_s)
            case "adComplete":
                doing.pop("adStart", None)
            case "adBreakComplete":
                doing.pop("adBreakStart", None)
            case "play" | "pauseStart":
                doing["main"] = (event_type, playhead_s)
            case _:
                pass

    def _event(self, event_type: str, ts: int, playhead_s: float) -> HttpResponse | None:
        assert self._session.sid is not None
        return self._post(event_type, ts, playhead_s, _PARAMS.get(event_type), 5)

    def _post(
        self, event_type: str, ts: int, playhead_s: float, params: dict[str, Any] | None, timeout_s: float
    ) -> HttpResponse | None:
        event: dict[str, Any] = {"eventType": event_type, "playerTime": {"playhead": playhead_s, "ts": ts}}
        if params is not None:
            event["params"] = params
        path, body = self._dialect.written(event, self._session.sid)
        headers = {"Content-Type": "application/json", **({"Origin": "https://tv.example"} if self._habits.web else {})}
        if self._habits.web:
            asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
            allowed = self._network.send("OPTIONS", path, b"", {**headers, **asked}, 5)
            if allowed is None or not 200 <= allowed.status < 300:
                return None
        return self._network.send("POST", path, body, headers, timeout_s)

    def _session_in(self, answer: HttpResponse) -> str | None:
        """Return the session that an answer names, whatever its status."""
        if self._habits.edge:
            return self._dialect.opened_by(answer)
        location = self._field(answer, "Location")
        return None if location is None else location.rpartition("/")[2]

    def _field(self, answer: HttpResponse, name: str) -> str | None:
        fields = {key.lower(): value for key, value in answer.headers}
        exposed = fields.get("access-control-expose-headers", "").lower()
        hidden = self._habits.web and name.lower() not in exposed
        return None if hidden else fields.get(name.lower())
