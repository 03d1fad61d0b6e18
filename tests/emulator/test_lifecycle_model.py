"""The emulator against a model of the lifecycle that is written down a second time, as plainly as possible."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from mockserver.admin.controls import set_clock
from mockserver.admin.sessions import expire_session, forget_session, put_session
from mockserver.model.results import ClockCommand, SessionCommand
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Phase
from tests.factories import T0, emulator, open_session, phase, send, target

IDLE_MS, STALL_MS, AGE_MS, RETENTION_MS, WINDOW_MS = 60_000, 100_000, 300_000, 200_000, 5_000

SETTINGS = Settings(
    idle_timeout_s=IDLE_MS / 1000,
    stall_timeout_s=STALL_MS / 1000,
    max_age_s=AGE_MS / 1000,
    retention_s=RETENTION_MS / 1000,
    reorder_window_s=WINDOW_MS / 1000,
    reorder_window_n=3,
)


class Lifecycle(RuleBasedStateMachine):
    """Sessions that are opened, used, ended, expired and forgotten while time passes and is set back."""

    sids = Bundle("sids")

    def __init__(self) -> None:
        super().__init__()
        self.back_end = emulator(SETTINGS)
        self.now = T0
        self.model: dict[str, dict[str, Any]] = {}

    # The model: a session is a dictionary, and time is looked at whenever something happens.

    def tick(self) -> None:
        for known in self.model.values():
            if known["state"] in ("open", "completed"):
                deadlines = [known["last"] + IDLE_MS, known["moved"] + STALL_MS, known["opened"] + AGE_MS]
                if min(deadlines) < self.now:
                    known.update(state="closed", closed=min(deadlines), end_ts=None)
            if known["state"] == "closed" and self.now > known["closed"] + RETENTION_MS:
                known["state"] = "forgotten"

    def expected(self, sid: str, event_type: str, ts: int, playhead: float) -> int:
        known = self.model[sid]
        if known["state"] == "forgotten":
            return 404
        if known["state"] == "closed":
            in_window = known["end_ts"] is not None and self.now - known["closed"] <= WINDOW_MS
            if in_window and ts <= known["end_ts"] and event_type != "sessionEnd" and known["late"] < 3:
                known["late"] += 1
                return 204
            return 410
        known["last"] = self.now
        if playhead != known["playhead"]:
            known.update(playhead=playhead, moved=self.now)
        if event_type == "sessionComplete":
            known["state"] = "completed"
        if event_type == "sessionEnd":
            known.update(state="closed", closed=self.now, end_ts=ts)
        return 204

    # What happens.

    @rule(target=sids, playhead=st.sampled_from([0, 5]))
    def open(self, playhead: float) -> str:
        self.tick()
        sid = open_session(self.back_end, playhead=playhead, ts=self.now)
        self.model[sid] = {
            "state": "open", "opened": self.now, "last": self.now, "moved": self.now, "playhead": playhead, "late": 0,
        }  # fmt: skip
        return sid

    @rule(
        sid=sids,
        event_type=st.sampled_from(["ping", "ping", "ping", "play", "sessionComplete", "sessionEnd"]),
        playhead=st.sampled_from([0, 5, 5.5]),
        lag=st.sampled_from([0, 0, 1, 4_000]),
    )
    def send(self, sid: str, event_type: str, playhead: float, lag: int) -> None:
        self.tick()
        ts = self.now - lag
        assert send(self.back_end, sid, event_type, ts=ts, playhead=playhead) == self.expected(
            sid, event_type, ts, playhead
        )

    @rule(sid=sids)
    def send_nonsense(self, sid: str) -> None:
        self.tick()
        assert send(self.back_end, sid, "nonsense", ts=self.now) == 400

    @rule(ms=st.sampled_from([1, 1_000, 4_999, 30_000, 59_999, 60_000, 60_001, 100_000, 200_000]))
    def advance(self, ms: int) -> None:
        self.tick()
        self.now += ms
        set_clock(target(self.back_end), ClockCommand(action="advance", ms=ms))
        self.tick()

    @rule(ms=st.sampled_from([1, 10_000, 10**7]))
    def set_back(self, ms: int) -> None:
        self.tick()
        self.now -= ms
        set_clock(target(self.back_end), ClockCommand(action="set", at_ms=self.now))

    @rule(sid=sids)
    def expire(self, sid: str) -> None:
        self.tick()
        known = self.model[sid]
        if known["state"] in ("open", "completed"):
            known.update(state="closed", closed=self.now, end_ts=None)
        expire_session(target(self.back_end), None, sid)

    @rule(sid=sids)
    def forget(self, sid: str) -> None:
        self.tick()
        self.model[sid]["state"] = "forgotten"
        forget_session(target(self.back_end), None, sid)

    @rule(sid=sids)
    def reopen(self, sid: str) -> None:
        self.tick()
        self.model[sid].update(state="open", opened=self.now, last=self.now, moved=self.now, playhead=0, late=0)
        put_session(target(self.back_end), SessionCommand(sid=sid, phase=Phase.OPEN))

    @invariant()
    def phases_agree(self) -> None:
        self.tick()
        for sid, known in self.model.items():
            assert phase(self.back_end, sid).value == known["state"]


TestLifecycle = Lifecycle.TestCase
