"""Fault rules: what goes wrong, when, and how often."""

from __future__ import annotations

from typing import Any

import msgspec

from mockserver.model.query import OneOrMany
from mockserver.model.vocabulary import Operation, Outcome, Stage

__all__ = [
    "CloseFault",
    "DelayFault",
    "Fault",
    "FaultRule",
    "FaultSpec",
    "HangFault",
    "ResetFault",
    "StatusFault",
    "When",
]


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which requests a rule is about: the fields of a query, in terms of the domain. Empty means all of the API.

    Preflights and schema reads match only when ``operation`` names them. ``outcome`` and ``status`` are known at stage
    ``response`` only.

    Args:
        nth_session: The request belongs to the nth session of the namespace, from 1; for a sessionStart, the one it
            would open.
        in_ad: Whether the session is inside an ad, in order of arrival, before this event is processed.
    """

    session_id: OneOrMany = None
    event_type: OneOrMany = None
    outcome: Outcome | tuple[Outcome, ...] | None = None
    status: int | tuple[int, ...] | None = None
    operation: Operation | tuple[Operation, ...] | None = None
    where: str | tuple[str, ...] = ()
    nth_session: int | tuple[int, ...] | None = None
    in_ad: bool | None = None


class StatusFault(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="status"
):
    """Answer with a status, 200 to 599.

    Args:
        code: The status.
        body: Text as it is, anything else as JSON; left out, ``{"message": ...}``.
        headers: Header fields to add or replace, for example ``{"Retry-After": "5"}``.
    """

    code: int
    body: Any = None
    headers: dict[str, str] = {}


class DelayFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="delay"):
    """Wait, in milliseconds of the emulated clock; on a frozen clock it waits for an advance.

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


class ResetFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="reset"):
    """Reset the connection: the client sees a real RST (ECONNRESET)."""


class CloseFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="close"):
    """Close the connection without an answer: the client sees the end of the stream (FIN)."""


class HangFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="hang"):
    """Never answer and keep the connection open until the client leaves or the server stops."""


Fault = StatusFault | DelayFault | ResetFault | CloseFault | HangFault


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
        ttl_ms: The rule is over that many milliseconds of the emulated clock after it was made.
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
