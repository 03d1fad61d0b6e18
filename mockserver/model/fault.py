"""Fault rules: what goes wrong, when, and how often."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mockserver.model.query import OneOrMany
from mockserver.model.vocabulary import Operation, Outcome, Stage

__all__ = [
    "CloseFault",
    "DelayFault",
    "DribbleFault",
    "DropHeaderFault",
    "DuplicateFault",
    "ExpireFault",
    "Fault",
    "FaultEdit",
    "FaultRule",
    "FaultSpec",
    "ForgetFault",
    "GarbleFault",
    "HangFault",
    "OutcomeFault",
    "Pass",
    "Range",
    "RefuseFault",
    "ResetFault",
    "ResponsesFault",
    "SimpleFault",
    "StatusFault",
    "TruncateFault",
    "When",
]


class Range(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A range of numbers, open at its end; an end that is left out has no limit.

    Args:
        at_least: The lowest number that is meant.
        below: The first one that is not meant any more.
    """

    at_least: float | None = None
    below: float | None = None


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which requests a rule is about: the fields of a query, in terms of the domain. Empty means all of the API.

    Preflights and schema reads match only when ``operation`` names them. ``outcome`` and ``status`` are known at stage
    ``response`` only. What is said of the session is how it stands before this event is processed.

    Args:
        nth_session: The request belongs to the nth session of the namespace, from 1; for a sessionStart, the one it
            would open.
        nth_event: The request is the nth of its event type that came for its session, from 1, whatever became of the
            others. The sessionStart of a session is always its first.
        in_ad: Whether the session is inside an ad, in order of arrival.
        in_break: Whether it is inside an ad break.
        playhead_s: The playhead of the event, in seconds of main content.
        session_age_s: How long ago the session was opened, in seconds of the emulated clock.
        media_id: Content of the session, ``media.id``. A value that ends with ``*`` means all that begin so.
        player_name: Player of the session, ``media.playerName``; ``*`` as above.
        library_version: SDK of the session, ``media.libraryVersion``, for example ``android-media-*``.
        namespace: The namespace, for a rule with which a server starts and which stands in every namespace.
        header: Conditions on headers of the request, each ``<name><op><value>`` with op ``=``, ``!=`` or ``*=``
            (contains); names in any case, one field of several is enough, and a missing one meets only ``!=``.
    """

    session_id: OneOrMany = None
    event_type: OneOrMany = None
    outcome: Outcome | tuple[Outcome, ...] | None = None
    status: int | tuple[int, ...] | None = None
    operation: Operation | tuple[Operation, ...] | None = None
    where: str | tuple[str, ...] = ()
    nth_session: int | tuple[int, ...] | None = None
    nth_event: int | tuple[int, ...] | None = None
    in_ad: bool | None = None
    in_break: bool | None = None
    playhead_s: Range | None = None
    session_age_s: Range | None = None
    media_id: OneOrMany = None
    player_name: OneOrMany = None
    library_version: OneOrMany = None
    namespace: OneOrMany = None
    header: str | tuple[str, ...] = ()


class _Kind(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"
):
    """What every kind of fault has.

    Args:
        repeat: As an item of a ``responses`` script: for how many requests in a row.
    """

    repeat: int = 1


class StatusFault(_Kind, frozen=True, kw_only=True, tag="status"):
    """Answer with a status, 200 to 599.

    Args:
        code: The status.
        body: Text as it is, anything else as JSON; left out, ``{"message": ...}``.
        headers: Header fields to add or replace, for example ``{"Retry-After": 5}``.
    """

    code: int
    body: Any = None
    headers: dict[str, str | int] = {}


class OutcomeFault(_Kind, frozen=True, kw_only=True, tag="outcome"):
    """Answer as if the session were unknown (404) or closed (410). The session itself stays as it is.

    Args:
        outcome: Which of the two; the emulated API picks the status.
    """

    outcome: Literal["unknown_session", "session_closed"]


class ExpireFault(_Kind, frozen=True, kw_only=True, tag="expire"):
    """Close sessions for good, as ``POST /sessions/{sid}/expire`` does.

    At stage ``request`` it happens just before the request is processed, which is then answered as ever (an event: with
    410), at stage ``response`` just after.

    Args:
        sessions: The session of the request, or all of the namespace. A request without a session has none of its own.
    """

    sessions: Literal["own", "all"] = "own"


class ForgetFault(_Kind, frozen=True, kw_only=True, tag="forget"):
    """Forget sessions, as a back end does that was restarted without its memory: their next events answer 404.

    Args:
        sessions: The session of the request, or all of the namespace.
    """

    sessions: Literal["own", "all"] = "own"


class DelayFault(_Kind, frozen=True, kw_only=True, tag="delay"):
    """Wait, in milliseconds of the emulated clock; on a frozen clock it waits for an advance.

    A request that is delayed before the back end sees it is processed as of the moment when the delay is over, also
    when the clock jumps far beyond that.

    Args:
        ms: A fixed delay.
        lower: With ``upper``: uniform from ``lower`` to ``upper``.
        upper: See ``lower``.
        median: With ``sigma``: lognormal with this median and the shape ``sigma``.
        sigma: See ``median``.
    """

    ms: float | None = None
    lower: float | None = None
    upper: float | None = None
    median: float | None = None
    sigma: float | None = None


class DuplicateFault(_Kind, frozen=True, kw_only=True, tag="duplicate"):
    """Let the request arrive twice, as a proxy does that repeats it: it is processed twice and answered once.

    The journal holds both; the client gets the answer to the second, at stage ``response`` that to the first. The other
    one stands in the journal as ``cut``.
    """


class ResetFault(_Kind, frozen=True, kw_only=True, tag="reset"):
    """Reset the connection: the client sees a real RST (ECONNRESET)."""


class CloseFault(_Kind, frozen=True, kw_only=True, tag="close"):
    """Close the connection without an answer: the client sees the end of the stream (FIN)."""


class HangFault(_Kind, frozen=True, kw_only=True, tag="hang"):
    """Never answer and keep the connection open until the client leaves or the server stops."""


class RefuseFault(_Kind, frozen=True, kw_only=True, tag="refuse"):
    """Reset the connection and refuse new ones for a while: the server listens no more (ECONNREFUSED).

    Connections that are open already are reset when the emulated API is used on them; the admin API goes on answering
    there. It concerns all namespaces, which share the port.

    Args:
        duration_ms: For how long, in real milliseconds, so that a frozen clock cannot lock anybody out; at most 10
            minutes.
    """

    duration_ms: int


class TruncateFault(_Kind, frozen=True, kw_only=True, tag="truncate"):
    """Send the beginning of the answer, then close the connection.

    Args:
        after_bytes: How many bytes arrive, counted on the wire from the status line.
    """

    after_bytes: int


class GarbleFault(_Kind, frozen=True, kw_only=True, tag="garble"):
    """Replace the status line of the answer with bytes that are not HTTP."""


class DribbleFault(_Kind, frozen=True, kw_only=True, tag="dribble"):
    """Send the answer in pieces.

    Args:
        chunks: In how many pieces.
        total_ms: How long it takes from the first to the last, in milliseconds of the emulated clock.
    """

    chunks: int
    total_ms: int


class DropHeaderFault(_Kind, frozen=True, kw_only=True, tag="drop_header"):
    """Leave a header field out of the answer, for example ``Location`` or ``Access-Control-Expose-Headers``.

    Without ``Content-Length`` the connection ends with the answer.

    Args:
        name: Its name, in any case; a list drops several.
    """

    name: str | tuple[str, ...]


class Pass(_Kind, frozen=True, kw_only=True, tag="pass"):
    """In a ``responses`` script: nothing happens to this request. The word ``"pass"`` alone says the same.

    The rule counts it as ``applied``, the entry of the request does not name the rule, and later rules are considered.
    """


SimpleFault = (
    StatusFault
    | OutcomeFault
    | ExpireFault
    | ForgetFault
    | DelayFault
    | DuplicateFault
    | ResetFault
    | CloseFault
    | HangFault
    | RefuseFault
    | TruncateFault
    | GarbleFault
    | DribbleFault
    | DropHeaderFault
)


class ResponsesFault(_Kind, frozen=True, kw_only=True, tag="responses"):
    """A script: one item for each request that the rule strikes, in order.

    Args:
        responses: 1 to 1000 faults, or ``"pass"`` for none; ``repeat`` in an item says for how many requests. No script
            stands in a script.
        then: What follows the last item: the ``last`` one for ever, the whole script again (``cycle``), or nothing any
            more (``pass``).
    """

    responses: tuple[SimpleFault | Pass | Literal["pass"], ...]
    then: Literal["last", "cycle", "pass"] = "last"


Fault = SimpleFault | ResponsesFault | Pass
"""Any of them; that a ``pass`` makes sense in a script only, the check of a rule says in words."""


class FaultSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as a user writes it.

    A matching request counts as ``seen``; then ``skip``, ``every``, ``probability`` and ``times`` decide in this order.

    Args:
        fault: What happens.
        when: Which requests it is about.
        stage: ``request``: the back end never processes it. ``response``: it does, and the answer is hit.
        name: A word of your own for lists and reports.
        skip: Let the first n matching requests pass.
        times: Strike at most n times; None for no limit.
        every: Of the matching requests after ``skip``, strike at every nth.
        probability: Strike with this probability, 0 to 1, drawn from the rule's own seeded stream.
        ttl_ms: The rule is in force for that many milliseconds of the emulated clock.
        enabled: Whether it is in force.
    """

    fault: Fault
    when: When = When()
    stage: Stage = Stage.REQUEST
    name: str | None = None
    skip: int = 0
    times: int | None = None
    every: int = 1
    probability: float = 1
    ttl_ms: int | None = None
    enabled: bool = True


class FaultEdit(FaultSpec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule to replace another. What the server answered may be sent back changed: these members are passed over."""

    id: str | msgspec.UnsetType = msgspec.UNSET
    created_ms: int | msgspec.UnsetType = msgspec.UNSET
    seen: int | msgspec.UnsetType = msgspec.UNSET
    applied: int | msgspec.UnsetType = msgspec.UNSET


class FaultRule(FaultSpec, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A rule in force, with its live counters.

    Args:
        id: Made by the server: ``f1``, ``f2`` and so on, in order of creation.
        created_ms: When it was made, on the emulated clock.
        seen: How many requests matched.
        applied: How many were struck.
    """

    id: str
    created_ms: int
    seen: int = 0
    applied: int = 0
