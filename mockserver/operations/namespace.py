"""The operations on one namespace."""

from __future__ import annotations

import re

from msgspec.structs import replace

from mockserver.clock import Clock
from mockserver.control import SettingsPatch
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.inquiry import Inquiry
from mockserver.emulator.pending import Pending
from mockserver.emulator.verifier import Verifier
from mockserver.errors import InvalidInput, NotFound
from mockserver.model import results as r
from mockserver.model.arrival import Opening
from mockserver.model.fault import FaultRule, FaultSpec
from mockserver.model.journal import Entry
from mockserver.model.query import Query
from mockserver.model.session import Content, Session
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Phase
from mockserver.operations.judgement import summary
from mockserver.rules.lifecycle import Trigger, deadlines, fire, open_session
from mockserver.wire.codec import convert, to_builtins

__all__ = [
    "add_fault",
    "clock",
    "count",
    "delete_fault",
    "delete_faults",
    "event",
    "events",
    "expire_session",
    "fault",
    "faults",
    "find",
    "forget_session",
    "patch_settings",
    "put_fault",
    "put_session",
    "reset",
    "session",
    "session_view",
    "set_clock",
    "settings",
    "timeline",
    "verify",
    "wait",
]

_SID = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_CLOCK_ARGUMENTS = {"advance": "ms", "set": "at_ms", "rate": "rate"}
_PARTS = ("journal", "sessions", "faults", "clock", "settings")


# Sessions


def session(emulator: Emulator, argument: None, sid: str) -> r.SessionView:
    """Show one session."""
    with emulator.lock:
        return session_view(emulator, _session(emulator, sid))


def timeline(emulator: Emulator, argument: None, sid: str) -> r.Timeline:
    """Show the events of a session in both orders."""
    return Inquiry(emulator).timeline(sid)


def put_session(emulator: Emulator, command: r.SessionCommand) -> r.SessionView:
    """Open a session without a client, or bring a known one into another phase."""
    with emulator.lock:
        now_ms = emulator.clock.now_ms()
        sid = command.sid if command.sid is not None else emulator.new_sid()
        if not _SID.fullmatch(sid):
            raise InvalidInput(
                "sid must be 1 to 128 letters, digits, dots, dashes, tildes and underscores", pointer="/sid"
            )
        known = emulator.sessions.get(sid)
        number = known.number if known else emulator.sessions.opened + 1
        fresh = open_session(
            sid, number, Opening(Content(), events=0), playhead_s=0, now_ms=now_ms, rule=None, downloaded=False
        )
        if known is None:
            emulator.sessions.add(_in_phase(fresh, command.phase, now_ms), emulator.refreshed)
        else:
            reopened = replace(fresh, content=known.content, events=known.events, rule=known.rule)
            after = _in_phase(emulator.refreshed(known), command.phase, now_ms)
            if command.phase is Phase.OPEN or after.phase is not command.phase:
                after = _in_phase(reopened, command.phase, now_ms)  # what happens to sessions leads only one way
            emulator.sessions.save(after)
        return session(emulator, None, sid)


def _in_phase(known: Session, phase: Phase, now_ms: int) -> Session:
    match phase:
        case Phase.OPEN:
            return known
        case Phase.COMPLETED:
            return replace(fire(known, Trigger.COMPLETE, now_ms), complete=True)
        case Phase.CLOSED:
            return fire(known, Trigger.EXPIRE, now_ms)
        case Phase.FORGOTTEN:
            return fire(known, Trigger.FORGET, now_ms)


def expire_session(emulator: Emulator, argument: None, sid: str) -> r.SessionView:
    """Close a session; one that is closed already stays as it is."""
    return _fire(emulator, sid, Trigger.EXPIRE)


def forget_session(emulator: Emulator, argument: None, sid: str) -> r.SessionView:
    """Forget a session; it stays visible here."""
    return _fire(emulator, sid, Trigger.FORGET)


def _fire(emulator: Emulator, sid: str, trigger: Trigger) -> r.SessionView:
    with emulator.lock:
        known = emulator.refreshed(_session(emulator, sid))
        emulator.sessions.save(fire(known, trigger, emulator.clock.now_ms()))
        return session(emulator, None, sid)


def _session(emulator: Emulator, sid: str) -> Session:
    known = emulator.sessions.get(sid)
    if known is None:
        raise NotFound(f"there is no session {sid[:100]!r}")
    return known


def session_view(emulator: Emulator, known: Session) -> r.SessionView:
    """Return a session as time has left it."""
    now_ms = emulator.clock.now_ms()
    known = emulator.refreshed(known)
    return r.SessionView(
        session_id=known.sid,
        sid=known.sid,
        seq=known.number,
        phase=known.phase,
        closed_by=known.closed_by,
        opened_ms=known.opened_ms,
        last_event_ms=known.last_event_ms,
        closed_ms=known.closed_ms,
        age_ms=max(0, now_ms - known.opened_ms),
        events=known.events,
        complete=known.complete,
        downloaded=known.downloaded,
        playhead_s=known.playhead_s,
        content=known.content,
        deadlines=deadlines(known, emulator.limits_of(known)),
    )


# Journal


def events(emulator: Emulator, query: Query) -> r.EventPage:
    """List entries."""
    return Inquiry(emulator).page(query)


def event(emulator: Emulator, argument: None, seq: str) -> Entry:
    """Show one entry."""
    if not (seq.isascii() and seq.isdigit() and len(seq) < 19):
        raise InvalidInput(f"seq is a number, not {seq[:50]!r}")
    return Inquiry(emulator).entry(int(seq))


def count(emulator: Emulator, command: r.WaitCommand) -> Pending[r.CountResult]:
    """Count entries."""
    return Inquiry(emulator).count(command)


def find(emulator: Emulator, command: r.WaitCommand) -> Pending[r.EventPage]:
    """Find entries."""
    return Inquiry(emulator).find(command)


def wait(emulator: Emulator, command: r.WaitCommand) -> Pending[r.WaitResult]:
    """Wait for entries."""
    return Inquiry(emulator).wait(command)


def verify(emulator: Emulator, command: r.VerifyCommand) -> Pending[r.Verification]:
    """Verify entries."""
    return Verifier(emulator).verify(command)


# Faults


def faults(emulator: Emulator, argument: None) -> r.FaultPage:
    """List fault rules."""
    with emulator.lock:
        rules = emulator.faults.rules
        return r.FaultPage(faults=list(rules), meta=r.Meta(total=len(rules)))


def fault(emulator: Emulator, argument: None, fault_id: str) -> FaultRule:
    """Show one fault rule."""
    with emulator.lock:
        return emulator.faults.get(fault_id)


def add_fault(emulator: Emulator, spec: FaultSpec) -> FaultRule:
    """Add a fault rule."""
    with emulator.lock:
        return emulator.faults.add(spec, emulator.clock.now_ms())


def put_fault(emulator: Emulator, spec: FaultSpec, fault_id: str) -> FaultRule:
    """Replace a fault rule."""
    with emulator.lock:
        return emulator.faults.put(fault_id, spec, emulator.clock.now_ms())


def delete_fault(emulator: Emulator, argument: None, fault_id: str) -> None:
    """Remove a fault rule."""
    with emulator.lock:
        emulator.faults.remove(fault_id)


def delete_faults(emulator: Emulator, argument: None) -> None:
    """Remove all fault rules."""
    with emulator.lock:
        emulator.faults.clear()


# Settings, clock, reset


def settings(emulator: Emulator, argument: None) -> Settings:
    """Show the settings."""
    return emulator.settings


def patch_settings(emulator: Emulator, changes: SettingsPatch) -> Settings:
    """Change some settings; all of them or, when one is wrong, none."""
    with emulator.lock:
        emulator.configure(convert({**to_builtins(emulator.settings), **changes}, Settings))
        return emulator.settings


def clock(emulator: Emulator, argument: None) -> r.ClockReading:
    """Read the clock."""
    return r.ClockReading(**emulator.clock.state()._asdict())


def set_clock(emulator: Emulator, command: r.ClockCommand) -> r.ClockReading:
    """Move or stop the clock. What time has done so far is saved first: nothing un-happens.

    A request that was held back and is due now has been processed when the answer is given, so that a test can ask for
    it at once, and the next move of the clock finds nothing late.
    """
    needed = _CLOCK_ARGUMENTS.get(command.action)
    for name in ("ms", "at_ms", "rate"):
        given = getattr(command, name) is not None
        if given != (name == needed):
            raise InvalidInput(f"{command.action} {'takes no' if given else 'needs'} {name}", pointer=f"/{name}")
    with emulator.lock:
        emulator.settle()
        _move(emulator.clock, command)
        emulator.catch_up()
        return clock(emulator, None)


def _move(hands: Clock, command: r.ClockCommand) -> None:
    match command.action:
        case "freeze":
            hands.freeze()
        case "resume":
            hands.resume()
        case "advance":
            hands.advance(command.ms or 0)
        case "set":
            hands.set(command.at_ms or 0)
        case "rate":
            hands.set_rate(command.rate or 0)
        case "follow_ts":
            hands.follow_ts()
        case "reset":
            hands.reset()


def reset(emulator: Emulator, command: r.ResetCommand) -> r.Summary:
    """Go back to the state after the start, wholly or in part."""
    emulator.reset(_PARTS if command.only is None else command.only)
    return summary(emulator, None)
