"""What is expected of players, by stories and tracking plans, and whether it is met."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from mockserver.model.query import Query

__all__ = ["Expectation", "ExpectationView"]


class Expectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that a good player does or does not do.

    Give exactly one of ``query``, ``sequence`` and ``no_findings``. In a story only requests since its start count.

    Args:
        says: The expectation in one sentence, with the player as its subject.
        query: Which entries to count; without a number ``at_least`` is 1.
        sequence: Steps that must follow each other in one session; see ``POST /__admin/verify``. A text is short for an
            event type.
        exactly: Exactly this many entries, or sessions with that sequence.
        at_least: This many or more.
        at_most: This many or fewer.
        order: The order of the events of a session; see ``POST /__admin/verify``.
        no_findings: Codes of findings that must not occur.
    """

    says: str
    query: Query | None = None
    sequence: tuple[Query | str, ...] | None = None
    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    order: Literal["processing", "arrival"] = "processing"
    no_findings: tuple[str, ...] = ()

    def spelled_out(self) -> Expectation:
        """Return the same with every step of the sequence as a query."""
        if self.sequence is None:
            return self
        steps = tuple(Query(event_type=step) if isinstance(step, str) else step for step in self.sequence)
        return replace(self, sequence=steps)


class ExpectationView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an expectation is met.

    Args:
        met: Whether the requests so far meet it.
        final: Whether no later request can change that.
        message: The reason, in the words of a verification.
    """

    says: str
    met: bool
    final: bool
    message: str
