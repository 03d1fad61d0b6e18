"""Arguments as a test gives them, turned into what a control takes."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.errors import BlockingCallInLoop, InvalidInput
from mockserver.model import results as r
from mockserver.model.query import DEFAULT_LIMIT, Query
from mockserver.wire.codec import convert, to_builtins

__all__ = ["known_codes", "query_of", "refuse_in_loop", "steps_of", "timeout_ms_of"]


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


def timeout_ms_of(timeout_s: float) -> int:
    """Turn a timeout into milliseconds.

    Raises:
        InvalidInput: It is not 0 to 60 seconds.
    """
    if not 0 <= timeout_s <= r.MAX_TIMEOUT_MS / 1000:
        raise InvalidInput(
            f"timeout_s must be 0 to {r.MAX_TIMEOUT_MS // 1000} seconds, not {timeout_s:g}", pointer="/timeout_s"
        )
    return round(timeout_s * 1000)


def known_codes(codes: str | Iterable[str]) -> frozenset[str]:
    """Return codes of rules, one or several.

    Raises:
        InvalidInput: One of them is the code of no rule.
    """
    from mockserver.rules.diagnose.catalogue import CODES  # only who judges traffic pays for it

    wanted = frozenset((codes,) if isinstance(codes, str) else codes)
    for code in sorted(wanted - frozenset(CODES)):
        near = difflib.get_close_matches(code, CODES, n=1)
        hint = f"did you mean {near[0]!r}? See" if near else "see"
        raise InvalidInput(f"there is no rule {code!r}; {hint} docs/diagnostics.md", pointer="/ignore")
    return wanted


def refuse_in_loop(call: str, instead: str) -> None:
    """Refuse a blocking call while a loop is running in this thread.

    Args:
        instead: The method to await instead.

    Raises:
        BlockingCallInLoop: One is running.
    """
    __tracebackhide__ = True
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise BlockingCallInLoop(
        f"{call} would block the running loop, and the client under test with it: await {instead}()"
    )
