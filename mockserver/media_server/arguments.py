"""Arguments as a test gives them, turned into what a control takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.errors import InvalidInput
from mockserver.model.query import DEFAULT_LIMIT, Query
from mockserver.wire.codec import convert, to_builtins

__all__ = ["query_of", "steps_of"]


def query_of(fields: Mapping[str, Any], limit: int = DEFAULT_LIMIT) -> Query:
    """Make a query of keywords.

    Raises:
        InvalidInput: One of them is no field of a query, or cannot be used.
    """
    unknown = [name for name in fields if name not in Query.__struct_fields__]
    if unknown:
        raise InvalidInput(f"a query has no field {unknown[0]}; its fields are {' '.join(Query.__struct_fields__)}")
    query: Query = convert({"limit": limit, **to_builtins(fields)}, Query)
    return query


def steps_of(sequence: Iterable[Any], others: Mapping[str, Any]) -> list[Any]:
    """Check the sequence of a verification, and that nothing else is given.

    Raises:
        InvalidInput: It is no list, or there is something else.
    """
    if isinstance(sequence, (str, Mapping, Query)):
        raise InvalidInput("a sequence is a list of event types or queries", pointer="/sequence")
    if others:
        raise InvalidInput(
            f"{next(iter(others))} does not go with a sequence: put it into the steps, "
            'for example {"event_type": "ping", "status": 204}'
        )
    return list(sequence)
