"""Process the traffic of a file in a separate emulator, without sockets and on a clock that follows the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from msgspec.structs import replace

from mockserver.clock import MAX_TIME_MS, Clock, RealTime
from mockserver.dialects.registry import DIALECTS
from mockserver.emulator.emulator import Emulator
from mockserver.model.arrival import Arrival
from mockserver.model.http import HttpRequest, HttpResponse, RawHeaders, RequestProblem
from mockserver.model.journal import Entry, Forwarded, ForwardedAnswer, Record
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Operation, Outcome, Phase
from mockserver.namespaces import Namespaces
from mockserver.recordings.call import RecordedCall, bytes_of
from mockserver.rules.lifecycle import Trigger, deadlines
from mockserver.wire.codec import NotJson, parse_body

__all__ = ["judge_file"]

_SID = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_TOO_LARGE = 413
_ACCEPTED = (200, 204)
_REDIRECTED = 300
_NO_LIMIT = 2**62
_ENDS = {Outcome.SESSION_CLOSED: Trigger.EXPIRE, Outcome.UNKNOWN_SESSION: Trigger.FORGET}
_DELIVERIES: dict[str | None, Delivery] = {"unanswered": Delivery.CLIENT_GONE}


class _Replayed(Emulator):
    """An emulator that gives sessions their ids from the file, and records faults as the file has them."""

    recorded_sid: str | None = None
    entry: Entry | None = None
    """The journal entry of the next request."""
    delivery: Delivery | None = None
    """How its answer ended, if the file says so."""

    def keep(self, record: Record) -> tuple[int, Record]:
        """Keep a record, with the faults and the answer from the file."""
        entry = self.entry
        if entry is not None and entry.fault_ids:
            record = replace(record, fault_ids=entry.fault_ids, draws=entry.draws, response=_response(entry))
        if self.delivery is not None:
            record = replace(record, delivery=self.delivery)
        return super().keep(record)

    def agrees(self, call: RecordedCall, request: HttpRequest, arrival: Arrival) -> bool:
        """Return whether the emulated back end could have given the answer in the file.

        A session that had ended on the recorded server is ended here too. It is not known whether a request without
        an answer arrived; it counts as processed, unless the connection failed.
        """
        if call.status is None:
            return call.ending != "broken"
        if call.status < _REDIRECTED or self.would_answer(request, arrival).status == call.status:
            return True
        session = self.sessions.get(arrival.session_id or "")
        if session is None or arrival.operation is not Operation.EVENT:
            return False
        interpreter = self.back_end.interpreter(arrival)
        for outcome, trigger in _ENDS.items():
            if interpreter.turned_away(outcome, arrival, session.sid).status == call.status:
                self.end_session(session, trigger)
                return self.would_answer(request, arrival).status == call.status
        return False

    def answered_elsewhere(self, call: RecordedCall, request: HttpRequest, arrival: Arrival) -> Record:
        """Return the record of a request whose answer the emulated back end would not give, or that had none."""
        response, delivery = call.response, Delivery.SENT
        if response is None:
            response = None if call.status is None else HttpResponse(call.status)
            delivery = Delivery.SENT if response is not None else Delivery.CUT
        record = Record(
            self.clock.now_ms(), arrival.operation, arrival.session_id, arrival.event_type, Outcome.NOT_PROCESSED,
            request.method, request.target, request.headers, request.body, response, delivery, arrival.violations,
        )  # fmt: skip
        return record.rare(dialect=arrival.dialect) if arrival.dialect else record

    def new_sid(self) -> str:
        """Return the id from the file if there is one and it is not in use."""
        sid = self.recorded_sid
        return super().new_sid() if sid is None or self.owns(sid) else sid


def judge_file(
    calls: Sequence[RecordedCall], settings: Settings, *, leave_open: bool, seeded_ids: bool = True
) -> Namespaces:
    """Process the requests of a file in an emulator, one after the other.

    Entries of a journal, and events with ``at_ms``, arrive when they say. For all others the clock follows the ``ts``
    of accepted events. Faults recorded in a journal strike again; a session whose sessionStart is not in the file is
    opened without one when an event of it was accepted, and counts it among its events.

    Args:
        calls: The requests of the file; the nth becomes entry n of the journal.
        settings: How the emulator behaves; it keeps everything, whatever their limits.
        seeded_ids: Whether a session whose id is not in the file gets the same id every time.
        leave_open: Leave sessions open that nothing has closed; otherwise the clock moves on until they are closed.

    Returns:
        The emulator, as the only namespace.
    """
    unlimited = replace(
        settings, max_entries=max(settings.max_entries, len(calls)), max_journal_bytes=_NO_LIMIT,
        max_sessions=max(settings.max_sessions, len(calls)), max_server_bytes=_NO_LIMIT,
    )  # fmt: skip
    start_ms = _start_ms(calls)
    clock = Clock(RealTime(lambda: start_ms, lambda: 0))
    emulator = _Replayed(unlimited, seeded_ids=seeded_ids, clock=clock)
    namespaces = Namespaces(lambda name: emulator)
    if all(call.at_ms is None for call in calls):
        clock.follow_ts()
    started = {call.sid for call in calls if call.opens}
    for call in calls:
        if call.at_ms is not None:
            if call.at_ms < clock.now_ms():
                emulator.settle()  # timeouts up to now are final
            clock.set(min(max(call.at_ms, 0), MAX_TIME_MS))
        _prepare(emulator, call, started)
        _process(emulator, call)
    if not leave_open:
        _close_all(emulator)
    return namespaces


def _start_ms(calls: Sequence[RecordedCall]) -> int:
    """Return when the clock begins: at the first arrival, or at the first ``ts`` that can be read."""
    for call in calls:
        at_ms = call.at_ms if call.at_ms is not None else _ts_ms(call)
        if at_ms is not None and 0 <= at_ms <= MAX_TIME_MS:
            return at_ms
    return 0


def _ts_ms(call: RecordedCall) -> int | None:
    try:
        document = parse_body(call.body, len(call.body))
    except NotJson:
        return None
    events = DIALECTS.events(DIALECTS.at(call.api_path).name, Operation.DOWNLOAD, document)
    return next((event.ts_ms for event in events), None)


def _prepare(emulator: Emulator, call: RecordedCall, started: set[str | None]) -> None:
    """Bring the session of an event into the phase in which the recorded server knew it."""
    sid, entry = call.sid, call.entry
    if sid is None or call.opens:
        return
    accepted = call.status in _ACCEPTED if entry is None else entry.outcome is Outcome.ACCEPTED
    known = emulator.sessions.get(sid)
    if known is None:
        if accepted and sid not in started and _SID.fullmatch(sid):
            # That it was accepted proves that a sessionStart was, before the recording began.
            dialect = DIALECTS.name_at(call.api_path)
            emulator.add_session(replace(emulator.unseen_session(sid), events=1, dialect=dialect))
    elif entry is not None and entry.outcome is Outcome.SESSION_CLOSED:
        emulator.end_session(known, Trigger.EXPIRE)
    elif entry is not None and entry.outcome is Outcome.UNKNOWN_SESSION:
        emulator.end_session(known, Trigger.FORGET)


def _process(emulator: _Replayed, call: RecordedCall) -> None:
    headers, entry = _raw(call.headers), call.entry
    if entry is not None and entry.outcome is Outcome.NOT_PROCESSED:
        emulator.journal.append(_unprocessed(entry, headers, call))
        return
    emulator.recorded_sid, emulator.entry = call.sid if call.opens else None, entry
    problem: RequestProblem | None = "too_large" if call.status == _TOO_LARGE else None
    request = HttpRequest(call.method, call.api_path, call.target, headers, call.body, problem)
    arrival = emulator.read_request(request)
    if entry is None and not emulator.agrees(call, request, arrival):
        emulator.journal.append(emulator.answered_elsewhere(call, request, arrival))
        return
    emulator.delivery = _DELIVERIES.get(call.ending) if entry is None else entry.delivery
    emulator.handle(request, arrival)
    if entry is not None and entry.forwarded is not None:
        emulator.journal.forwarded(emulator.journal.last_seq, _forwarded(entry.forwarded))


@lru_cache(maxsize=1024)  # most requests of a client have the same
def _raw(headers: tuple[tuple[str, str], ...]) -> RawHeaders:
    return tuple((name.encode("latin-1", "replace"), _value(value)) for name, value in headers)


def _value(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _unprocessed(entry: Entry, headers: RawHeaders, call: RecordedCall) -> Record:
    """Return the record of a request that a fault ended before the back end saw it."""
    record = Record(
        entry.at_ms, entry.operation, entry.session_id, entry.event_type, entry.outcome, entry.request.method,
        entry.request.path, headers, call.body, _response(entry), entry.delivery, entry.violations, entry.fault_ids,
        entry.draws,
    )  # fmt: skip
    dialect = DIALECTS.name_at(call.api_path)
    return record.rare(dialect=dialect) if dialect else record


def _forwarded(answer: ForwardedAnswer) -> Forwarded:
    response = answer.response
    if response is None:
        return Forwarded(None, answer.failure)
    body = bytes_of(response, "/forwarded/response/body")
    return Forwarded(HttpResponse(response.status, tuple(response.headers), body))


def _response(entry: Entry) -> HttpResponse | None:
    answer = entry.response
    return None if answer is None else HttpResponse(answer.status, tuple(answer.headers), answer.body.encode())


def _close_all(emulator: Emulator) -> None:
    """Move the clock on until every session is closed by the first of its timeouts."""
    at_ms = emulator.clock.now_ms()
    for session in emulator.sessions:
        known = emulator.refreshed(session)
        if known.phase in (Phase.OPEN, Phase.COMPLETED):
            ends = deadlines(known, emulator.limits_of(known))
            at_ms = max(at_ms, min((end for end in (ends.idle_ms, ends.stall_ms, ends.max_age_ms) if end), default=0))
    emulator.settle()
    emulator.clock.set(min(at_ms + 1, MAX_TIME_MS))
