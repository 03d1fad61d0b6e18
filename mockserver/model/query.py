"""Which entries to find: one query for lists, counts, waits and verifications."""

from __future__ import annotations

import msgspec
from msgspec.structs import force_setattr

from mockserver.model.vocabulary import Operation, Outcome

__all__ = ["DEFAULT_LIMIT", "MAX_LIMIT", "OneOrMany", "Query", "list_alone"]

DEFAULT_LIMIT = 1_000
MAX_LIMIT = 10_000

OneOrMany = str | tuple[str, ...] | None


def list_alone(record: msgspec.Struct, *names: str) -> None:
    """Make members of a new record tuples that were given one value alone.

    So whoever reads the record, also as JSON in an answer, meets lists only.

    Args:
        record: A record in its ``__post_init__``.
        names: The members that may be one value, many, or None.
    """
    for name in names:
        value = getattr(record, name)
        if value is not None and not isinstance(value, tuple):
            force_setattr(record, name, tuple(value) if isinstance(value, list) else (value,))


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Conditions on an entry; all must hold, and a list means any of its values. One value alone is a list of one.

    Args:
        session_id: The session id in the path or, for a sessionStart, the one it was given; with ``*`` at the end, its
            beginning.
        event_type: One of Adobe's event types, even of rejected events. To find a wrong one that a player sent, use
            ``where``: ``/eventType=pnig``.
        outcome: What became of the request.
        status: The status of the answer.
        fault_id: A fault rule that struck the request.
        operation: What the request asked for.
        where: Conditions on the event, each ``<JSON pointer><op><value>`` with op ``=``, ``!=``, ``>``, ``<`` or
            ``*=`` (contains). The pointer is resolved in the body as it was sent, then in the event in the shape of the
            Media Collection API. A key in place of the pointer, as in ``media.ad.id=ad-1`` and ``playhead>30``, is
            looked for in ``params``, ``playerTime``, ``qoeData`` and ``customMetadata``. The value is read as JSON or,
            if it is not JSON, as text.
        since: Only entries with a greater ``seq``.
        limit: Most entries in one answer, 1 to 10,000; does not change counts.
    """

    session_id: OneOrMany = None
    event_type: OneOrMany = None
    outcome: Outcome | tuple[Outcome, ...] | None = None
    status: int | tuple[int, ...] | None = None
    fault_id: OneOrMany = None
    operation: Operation | tuple[Operation, ...] | None = None
    where: str | tuple[str, ...] = ()
    since: int = 0
    limit: int = DEFAULT_LIMIT

    def __post_init__(self) -> None:
        list_alone(self, "session_id", "event_type", "outcome", "status", "fault_id", "operation", "where")
