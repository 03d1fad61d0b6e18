"""The sessions of a namespace: a page, one session, its events, and what a tester can do with it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import msgspec
from msgspec.structs import astuple, replace

from mockserver.admin.diagnosis import Diagnosis
from mockserver.admin.paging import within_answer
from mockserver.admin.search import Search
from mockserver.control import SessionQuery
from mockserver.emulator.decision import BackEnd
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, NotFound
from mockserver.model.event import Event
from mockserver.model.finding import Finding, Severity
from mockserver.model.journal import Record
from mockserver.model.lanes import Lanes
from mockserver.model.results import Meta, SessionCommand, SessionPage, SessionView, Timeline
from mockserver.model.session import Session
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Outcome, Phase
from mockserver.namespaces import Target
from mockserver.rules.diagnose.run import by_severity, counting
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.lanes import lanes_of
from mockserver.rules.lifecycle import Trigger, deadlines, expire, fire, grace_ms
from mockserver.rules.match import check_page
from mockserver.rules.timeline import Item, items_of, processed, timeline_entry
from mockserver.wire.codec import encode

__all__ = [
    "SessionEntries",
    "expire_session",
    "forget_session",
    "lanes",
    "put_session",
    "session",
    "session_entries",
    "sessions",
    "timeline",
]

_VIEW_BYTES = 600
"""What a session takes in an answer, without the texts about its content."""

_NOT_REFUSED = frozenset({Outcome.OPENED, Outcome.ACCEPTED, Outcome.ANSWERED, Outcome.NOT_PROCESSED})

_SID = re.compile(r"[A-Za-z0-9._~-]{1,128}")


def sessions(target: Target, query: SessionQuery) -> SessionPage:
    """List sessions, newest last."""
    check_page(query.since, query.limit)
    for name, number in (("before", query.before), ("skip", query.skip)):
        if number is not None and number < 0:
            raise InvalidInput(f"{name} must be 0 or more, not {number}", pointer=f"/{name}")
    with target.namespace as emulator:
        known, evicted = tuple(emulator.sessions), emulator.sessions.evicted
        back_end, now_ms = emulator.back_end, emulator.clock.now_ms()
    # Sessions are records that never change, so players need not wait while this looks at all of them.
    search = Search(target.namespace, query)
    matching = search.found([one for one in known if _matches(one, query, back_end, now_ms)])
    chosen = [one for one in matching if one.number > query.since]
    diagnosis = Diagnosis(target.namespace)
    if query.sort != "opened" or query.skip:
        ordered = _ordered(chosen, query.sort, back_end, diagnosis)
        page, following = within_answer(ordered[query.skip : query.skip + query.limit], _shown_bytes), None
    else:
        page, following = _page(chosen, query.limit, query.before)
    with target.namespace as emulator:
        outcomes = {one.sid: _outcomes(emulator, one.sid) for one in page}

    def view(one: Session) -> SessionView:
        known = _view(one, back_end, now_ms, outcomes[one.sid])
        known = _judged(known, diagnosis.own_findings(one.sid), search) if query.findings else known
        return cast(SessionView, msgspec.Raw(encode(known))) if target.as_json else known

    views = [view(one) for one in page]
    return SessionPage(sessions=views, meta=Meta(total=len(matching), evicted=evicted, next=following))


def _page(known: list[Session], limit: int, before: int | None) -> tuple[list[Session], int | None]:
    """Return the sessions on a page, in order of opening, and the number from which the next page continues.

    Args:
        before: Return the last ones below this number; None for the first ones.
    """
    if before is None:
        page = within_answer(known[:limit], _shown_bytes)
        return page, page[-1].number if len(page) < len(known) else None
    older = [one for one in known if one.number < before]
    page = within_answer(older[: -limit - 1 : -1], _shown_bytes)[::-1]
    return page, page[0].number if len(page) < len(older) else None


def _ordered(known: list[Session], order: str, back_end: BackEnd, diagnosis: Diagnosis) -> list[Session]:
    """Return sessions in an order; sessions that are equal in it keep the order in which they were opened."""
    name = order.removeprefix("-")
    worst = Counter[tuple[str | None, Severity]]()
    if name == "findings":
        worst.update((finding.session_id, finding.severity) for finding in counting(diagnosis.findings()))
    phases = list(Phase)

    def closes(one: Session) -> float:
        when = deadlines(one, back_end.limits_of(one))
        return min((at for at in (when.idle_ms, when.stall_ms, when.max_age_ms) if at is not None), default=math.inf)

    keys: dict[str, Callable[[Session], Any]] = {
        "opened": lambda one: one.number,
        "content": lambda one: (one.content.media_name or one.content.media_id or "").casefold(),
        "player": lambda one: (one.content.player_name or "").casefold(),
        "phase": lambda one: phases.index(one.phase),
        "events": lambda one: one.events,
        "findings": lambda one: [worst[one.sid, severity] for severity in Severity],
        "closes": closes,
    }
    return sorted(known, key=keys[name], reverse=order != name)


def _shown_bytes(one: Session) -> int:
    return _VIEW_BYTES + sum(len(text) for text in astuple(one.content) if text is not None)


def _matches(one: Session, query: SessionQuery, back_end: BackEnd, now_ms: int) -> bool:
    if query.phase is None:
        return True
    wanted = (query.phase,) if isinstance(query.phase, Phase) else query.phase
    return expire(one, now_ms, back_end.limits_of(one)).phase in wanted


def _judged(view: SessionView, findings: list[Finding], search: Search) -> SessionView:
    """Add how many findings there are, and which one is to be shown."""
    counts = {severity.value: 0 for severity in Severity} | by_severity(counting(findings))
    shown = search.shown_finding(findings)
    return replace(view, findings=counts, worst=None if shown is None else shown.code)


def session(target: Target, argument: None, sid: str) -> SessionView:
    """Show one session.

    Raises:
        NotFound: There is no such session; the message says why, as far as it is known.
    """
    with target.namespace as emulator:
        if sid in emulator.sessions:
            return _shown(emulator, _known(emulator, sid))
        wiped = emulator.journal.era > 0 or emulator.sessions.evicted > 0
    why = "; this namespace has not issued that id since the server was started"
    if wiped:
        why = "; it never existed here, or it was removed by a reset or to stay within the limits"
    for other in target.namespaces:
        if other is not target.namespace and other.issued(sid):
            why = f"; it belongs to the namespace {other.name!r}"
    raise NotFound(f"there is no session {sid[:100]!r}{why}")


def _known(emulator: Emulator, sid: str) -> Session:
    known = emulator.sessions.get(sid)
    if known is None:
        raise NotFound(f"there is no session {sid[:100]!r}")
    return known


def _shown(emulator: Emulator, known: Session) -> SessionView:
    return _view(known, emulator.back_end, emulator.clock.now_ms(), _outcomes(emulator, known.sid))


def _outcomes(emulator: Emulator, sid: str) -> Counter[Outcome]:
    records = map(emulator.journal.get, emulator.journal.session_seqs(sid))
    return Counter(record.outcome for record in records if record is not None)


def _view(known: Session, back_end: BackEnd, now_ms: int, outcomes: Counter[Outcome]) -> SessionView:
    """Return a session with its timeouts applied up to now."""
    limits = back_end.limits_of(known)
    known = expire(known, now_ms, limits)
    return SessionView(
        session_id=known.sid,
        sid=known.sid,
        seq=known.number,
        dialect=known.dialect or back_end.default_dialect,
        phase=known.phase,
        closed_by=known.closed_by,
        opened_ms=known.opened_ms,
        last_event_ms=known.last_event_ms,
        closed_ms=known.closed_ms,
        age_ms=max(0, now_ms - known.opened_ms),
        events=known.events,
        refused=sum(number for outcome, number in outcomes.items() if outcome not in _NOT_REFUSED),
        struck=outcomes[Outcome.NOT_PROCESSED],
        complete=known.complete,
        downloaded=known.downloaded,
        playhead_s=known.playhead_s,
        content=known.content,
        deadlines=deadlines(known, limits),
        grace_ms=grace_ms(back_end.settings, known.rule),
    )


# Its events


class SessionEntries(NamedTuple):
    """The entries of one session at one time. What takes long is done with them outside the lock of the namespace.

    Args:
        session: The session with its timeouts applied; None if it is not known.
        records: Its entries, oldest first.
        events: Returns the events of an entry.
    """

    session: Session | None
    records: list[tuple[int, Record]]
    settings: Settings
    now_ms: int
    events: Callable[[int, Record], Sequence[Event]]

    def arrived(self) -> list[Item]:
        """Return the events in the order in which they arrived."""
        return [item for seq, record in self.records for item in items_of(record, self.events(seq, record))]

    def processed(self, arrived: Sequence[Item]) -> list[Item]:
        """Return events that arrived in the order in which the back end processes them."""
        return processed(arrived, self.settings, self.session, self.now_ms)


def session_entries(emulator: Emulator, sid: str) -> SessionEntries:
    """Return the entries of a session as they are now."""
    journal, known = emulator.journal, emulator.sessions.get(sid)
    records = [(seq, record) for seq in journal.session_seqs(sid) if (record := journal.get(seq)) is not None]
    session = None if known is None else emulator.refreshed(known)
    return SessionEntries(session, records, emulator.settings, emulator.clock.now_ms(), emulator.events)


def timeline(target: Target, argument: None, sid: str) -> Timeline:
    """Show the events of a session in order of arrival and of processing.

    Raises:
        NotFound: There is neither such a session nor a request that named it.
    """
    with target.namespace as emulator:
        _check_known(emulator, sid)
        entries, complete = session_entries(emulator, sid), emulator.journal.complete_since(0)
    arrived = entries.arrived()
    return Timeline(
        session_id=sid,
        arrival=[timeline_entry(item) for item in arrived],
        processing=[timeline_entry(item) for item in entries.processed([item for item in arrived if item.accepted])],
        journal_complete=complete,
    )


def lanes(target: Target, argument: None, sid: str) -> Lanes:
    """Return what went on in a session, as spans of time.

    Raises:
        NotFound: There is neither such a session nor a request that named it.
    """
    with target.namespace as emulator:
        _check_known(emulator, sid)
        stored, entries = emulator.sessions.get(sid), session_entries(emulator, sid)
        complete, dialects = emulator.journal.complete_since(0), emulator.dialects
    arrived = entries.arrived()
    events = entries.processed([item for item in arrived if item.accepted])
    dialect = stored.dialect if stored is not None else arrived[0].event.dialect if arrived else ""
    words, settings = dialects.named(dialect).words, entries.settings
    traffic = SessionTraffic(stored, arrived, events, settings, settings.thresholds, entries.now_ms, words)
    from_ms, to_ms, drawn = lanes_of(traffic.steps, silence_s=traffic.silence_s)
    return Lanes(session_id=sid, from_ms=from_ms, to_ms=to_ms, lanes=drawn, journal_complete=complete)


def _check_known(emulator: Emulator, sid: str) -> None:
    if sid not in emulator.sessions and not emulator.journal.session_seqs(sid):
        raise NotFound(f"there is no session {sid!r}")


# What a tester can do


def put_session(target: Target, command: SessionCommand) -> SessionView:
    """Open a session without a client, or move a known one to another phase."""
    with target.namespace as emulator:
        return _shown(emulator, _put(emulator, command))


def _put(emulator: Emulator, command: SessionCommand) -> Session:
    now_ms = emulator.clock.now_ms()
    sid = command.sid if command.sid is not None else emulator.new_sid()
    if not _SID.fullmatch(sid):
        raise InvalidInput("sid must be 1 to 128 letters, digits, dots, dashes, tildes and underscores", pointer="/sid")
    known = emulator.sessions.get(sid)
    fresh = emulator.unseen_session(sid, None if known is None else known.number)
    if known is None:
        after = _in_phase(fresh, command.phase, now_ms)
        emulator.add_session(after)
        return after
    after = _in_phase(emulator.refreshed(known), command.phase, now_ms)
    if command.phase is Phase.OPEN or after.phase is not command.phase:
        # Phases change in one direction only, so a session that is to go back starts anew.
        reopened = replace(fresh, content=known.content, events=known.events, rule=known.rule)
        after = _in_phase(reopened, command.phase, now_ms)
    emulator.sessions.save(after)
    return after


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


def expire_session(target: Target, argument: None, sid: str) -> SessionView:
    """Close a session; one that is closed already stays as it is."""
    return _fire(target, sid, Trigger.EXPIRE)


def forget_session(target: Target, argument: None, sid: str) -> SessionView:
    """Forget a session; the admin API still shows it."""
    return _fire(target, sid, Trigger.FORGET)


def _fire(target: Target, sid: str, trigger: Trigger) -> SessionView:
    with target.namespace as emulator:
        return _shown(emulator, emulator.end_session(_known(emulator, sid), trigger))
