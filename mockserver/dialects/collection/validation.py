"""Which events are valid, decided in about a microsecond, and every reason why one is not.

jsonschema-rs decides, jsonschema explains. Both read the same schemas, the ones that are served; the second is imported
only when something has been rejected.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema_rs

from mockserver.dialects.collection.schemas import build_schema, build_shared_schema
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.journal import Violation

__all__ = ["Validators", "validators"]


class Validators:
    """The compiled schemas of all event types under one choice of settings.

    Args:
        profile: ``sdk-union`` or ``open``, see :class:`~mockserver.model.settings.Settings`.
        docs_lenient: Accept the QoE forms of older documentation.
        states_update: Accept the event type statesUpdate.

    Raises:
        InvalidInput: The profile does not exist.

    Attributes:
        event_types: The event types that can be valid, in the order of the vocabulary.
    """

    def __init__(self, profile: str = "sdk-union", docs_lenient: bool = False, states_update: bool = True) -> None:
        self._shared = build_shared_schema(profile=profile, docs_lenient=docs_lenient, states_update=states_update)
        self._schemas: dict[str, dict[str, Any]] = {
            name: build_schema(name, profile=profile, docs_lenient=docs_lenient, states_update=states_update)
            for name in EVENT_TYPES
            if states_update or name != "statesUpdate"
        }
        self.event_types: tuple[str, ...] = tuple(self._schemas)
        self._checks: dict[str, tuple[str, Callable[[Any], bool]]] = {
            name: (name, jsonschema_rs.Draft4Validator(schema, validate_formats=False).is_valid)
            for name, schema in self._schemas.items()
        }

    def is_valid(self, event_type: str, document: object) -> bool:
        """Return whether a document is a valid event of this type.

        Args:
            event_type: The type whose schema is meant; the ``eventType`` of the document has to be the same.
            document: A decoded JSON value.

        Returns:
            False also for a type that does not exist, and for a value that no JSON text can produce.
        """
        try:
            return self._checks[event_type][1](document)
        except (KeyError, TypeError, ValueError, RecursionError):
            # TypeError: the caller passed on an eventType that is a list or an object.
            return False

    def valid_type(self, document: Any) -> str | None:
        """Return the type of a valid event, one and the same text for all events of the type; None if it is not valid.

        Args:
            document: A decoded JSON value.
        """
        try:
            event_type, is_valid = self._checks[document["eventType"]]
            return event_type if is_valid(document) else None
        except (
            KeyError,
            TypeError,
            ValueError,
            RecursionError,
        ):  # not an object, no type, or a type that is not a string
            return None

    def schema(self, event_type: str) -> dict[str, Any] | None:
        """Return the very schema that validates this event type; None when there is no such type. Do not change it."""
        return self._schemas.get(event_type)

    def explain(self, event_type: str | None, document: object, base: str = "") -> tuple[Violation, ...]:
        """Return every reason why a document is not a valid event.

        Args:
            event_type: The type whose schema is meant; None to take the ``eventType`` of the document.
            document: A decoded JSON value.
            base: JSON pointer to the document inside the body, such as ``/3`` in a batch.

        Returns:
            The violations in document order, at most 100; empty if and only if the document is valid.
        """
        from mockserver.dialects.collection.explain import explain, unexplained

        if event_type is None and isinstance(document, dict):
            event_type = document.get("eventType")
        known = event_type if isinstance(event_type, str) and event_type in self._schemas else None
        if known is not None and self.is_valid(known, document):
            return ()
        schema = self._shared if known is None else self._schemas[known]
        try:
            violations = explain(schema, document, event_type=known, event_types=self.event_types, base=base)
        except RecursionError:
            violations = ()
        return violations or (unexplained(known, base),)


validators = cache(Validators)
"""Returns the validators of some settings, compiled once per process; arguments as of :class:`Validators`."""
