"""Closed sets of words, spelled as they appear in JSON."""

from __future__ import annotations

from enum import Enum

__all__ = ["ClosedBy", "Delivery", "Operation", "Outcome", "Phase", "Stage"]


class Operation(str, Enum):
    """What a request asked for, by its method and path."""

    START = "start"
    EVENT = "event"
    DOWNLOAD = "download"
    SCHEMA = "schema"
    PREFLIGHT = "preflight"
    OTHER = "other"


class Outcome(str, Enum):
    """What became of a request.

    ``not_processed``: a fault ended it before the emulated back end saw it. ``answered``: a preflight or a schema read.
    """

    OPENED = "opened"
    ACCEPTED = "accepted"
    INVALID = "invalid"
    UNKNOWN_SESSION = "unknown_session"
    SESSION_CLOSED = "session_closed"
    NO_ROUTE = "no_route"
    NOT_PROCESSED = "not_processed"
    ANSWERED = "answered"


class Phase(str, Enum):
    """The phase of a session. ``completed`` still accepts events; ``closed`` answers 410, ``forgotten`` 404."""

    OPEN = "open"
    COMPLETED = "completed"
    CLOSED = "closed"
    FORGOTTEN = "forgotten"


class ClosedBy(str, Enum):
    """Why a session closed."""

    SESSION_END = "session_end"
    IDLE = "idle"
    STALL = "stall"
    MAX_AGE = "max_age"
    EXPIRED = "expired"
    COMPLETE = "complete"


class Delivery(str, Enum):
    """What became of the answer.

    ``sent``: handed to the network whole. ``cut``: a fault withheld it or cut it off. ``client_gone``: the client had
    disconnected. ``pending``: not sent yet.
    """

    SENT = "sent"
    CUT = "cut"
    CLIENT_GONE = "client_gone"
    PENDING = "pending"


class Stage(str, Enum):
    """When a fault strikes: before the back end processes the request, or afterwards, on its answer."""

    REQUEST = "request"
    RESPONSE = "response"
