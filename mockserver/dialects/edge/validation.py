"""Which events are valid, and every reason why one is not: jsonschema-rs decides, jsonschema explains."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema_rs

from mockserver.dialects.edge.keys import EVENTS
from mockserver.dialects.edge.normal import timestamp_ms
from mockserver.dialects.edge.schemas import build_schema
from mockserver.model.journal import Violation

__all__ = ["Validators", "validators"]


class Validators:
    """The compiled schemas of all event types under one choice of settings.

    Args:
        integers: Whether numbers have to be whole.
        start_timestamp: Whether sessionStart needs a timestamp.
        in_batch: Whether they check entries of downloaded content.

    Attributes:
        event_types: All event types.
    """

    def __init__(self, *, integers: bool, start_timestamp: bool, in_batch: bool = False) -> None:
        self.event_types = tuple(EVENTS)
        self._time = "mediaEventTimestamp" if in_batch else "timestamp"
        self._schemas = {
            name: build_schema(name, integers=integers, start_timestamp=start_timestamp, in_batch=in_batch)
            for name in EVENTS
        }
        self._checks: dict[str, Callable[[Any], bool]] = {
            name: jsonschema_rs.Draft202012Validator(schema, validate_formats=False).is_valid
            for name, schema in self._schemas.items()
        }

    def is_valid(self, event_type: str, xdm: Any) -> bool:
        """Return whether ``xdm`` is a valid event of this type.

        Args:
            event_type: The event type, one of :attr:`event_types`.
            xdm: A decoded JSON value.
        """
        try:
            valid = self._checks[event_type](xdm)
        except (TypeError, ValueError, RecursionError):
            return False
        return valid and (self._time not in xdm or timestamp_ms(xdm[self._time]) is not None)

    def schema(self, event_type: str) -> dict[str, Any] | None:
        """Return the schema of an event type; None if there is none. Do not change it."""
        return self._schemas.get(event_type)

    def explain(self, event_type: str, xdm: Any, base: str) -> tuple[Violation, ...]:
        """Return every reason why ``xdm`` is not a valid event; empty if and only if it is valid.

        Args:
            event_type: As for :meth:`is_valid`.
            xdm: A decoded JSON value.
            base: JSON pointer to it inside the body.
        """
        if self.is_valid(event_type, xdm):
            return ()
        from mockserver.dialects.edge.explain import explain

        try:
            violations = explain(self._schemas[event_type], xdm, event_type, base)
        except RecursionError:
            violations = ()
        return violations or (Violation(base, "schema", f"This is not a valid {event_type} event."),)


validators = cache(Validators)
"""Returns the validators of some settings, compiled once per process; arguments as of :class:`Validators`."""
