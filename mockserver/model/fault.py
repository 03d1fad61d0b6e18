"""Fault rules: when something goes wrong, and how often. What goes wrong is in :mod:`mockserver.model.fault_kind`."""

from __future__ import annotations

import msgspec

from mockserver.model.fault_kind import Fault
from mockserver.model.query import OneOrMany, list_alone
from mockserver.model.vocabulary import Operation, Outcome, Stage

__all__ = ["FaultEdit", "FaultRule", "FaultSpec", "Range", "When"]


class Range(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A range of numbers; a bound that is left out sets no limit.

    Args:
        at_least: The lowest number in the range.
        below: The upper bound, which is itself outside the range.
    """

    at_least: float | None = None
    below: float | None = None

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return (self.at_least is None or value >= self.at_least) and (self.below is None or value < self.below)

    def __str__(self) -> str:
        ends = (("at least", self.at_least), ("below", self.below))
        return " and ".join(f"{word} {number:g}" for word, number in ends if number is not None) or "a number"


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which requests a rule is about; all conditions must hold, and a list means any of its values.

    One value alone is a list of one. Empty means every request to the API.

    Preflights and schema reads match only when ``operation`` names them, so a rule without conditions leaves them
    alone. ``outcome`` and ``status`` are known at stage ``response`` only. Conditions on the session look at its state
    before this event is processed.

    Args:
        nth_session: The number of the session in its namespace, from 1; for a sessionStart, of the one it would open.
        nth_event: The request is the nth of its event type for its session, from 1; rejected events count too. The
            sessionStart of a session is always its first.
        in_ad: Whether the session is inside an ad, in order of arrival.
        in_break: Whether it is inside an ad break.
        playhead_s: The playhead of the event, in seconds of main content.
        session_age_s: How long ago the session was opened, in seconds of the emulated clock.
        media_id: Content of the session, ``media.id``. A value that ends with ``*`` matches all that begin like it.
        player_name: Player of the session, ``media.playerName``; ``*`` as above.
        library_version: SDK of the session, ``media.libraryVersion``, for example ``android-media-*``.
        namespace: The namespace, for a rule that the server starts with and that is in every namespace.
        header: Conditions on headers of the request, each ``<name><op><value>`` with op ``=``, ``!=`` or ``*=``
            (contains). The case of names does not matter; of a repeated field one value is enough; a missing field
            meets only ``!=``.
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

    def __post_init__(self) -> None:
        list_alone(
            self, "session_id", "event_type", "outcome", "status", "operation", "where", "nth_session", "nth_event",
            "media_id", "player_name", "library_version", "namespace", "header",
        )  # fmt: skip


class FaultSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as a user writes it.

    A matching request counts as ``seen``; then ``skip``, ``every``, ``probability`` and ``times`` decide in this order.

    Args:
        fault: What happens.
        when: Which requests it is about.
        stage: ``request``: the fault strikes before the back end sees the request. ``response``: the back end processes
            the request, and the fault strikes its answer.
        name: A name of your own, for lists and reports.
        skip: Let the first n matching requests pass.
        times: Strike at most n times; None for no limit.
        every: Of the matching requests after ``skip``, strike every nth.
        probability: Strike with this probability, 0 to 1, drawn from the rule's own seeded stream.
        ttl_ms: The rule is in force for this many milliseconds of the emulated clock.
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


class FaultEdit(FaultSpec, frozen=True, kw_only=True):
    """A rule to replace another. You may send back a changed answer of the server: these members are ignored."""

    id: str | msgspec.UnsetType = msgspec.UNSET
    created_ms: int | msgspec.UnsetType = msgspec.UNSET
    seen: int | msgspec.UnsetType = msgspec.UNSET
    applied: int | msgspec.UnsetType = msgspec.UNSET
    note: str | msgspec.UnsetType = msgspec.UNSET


class FaultRule(FaultSpec, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A rule in force, with its counters.

    Args:
        id: Given by the server: ``f1``, ``f2`` and so on, in order of creation.
        created_ms: When it was added, on the emulated clock.
        seen: How many requests matched.
        applied: How many were struck.
        note: What the rule does not do although you may expect it; left out when there is nothing to say.
    """

    id: str
    created_ms: int
    seen: int = 0
    applied: int = 0
    note: str | msgspec.UnsetType = msgspec.UNSET
