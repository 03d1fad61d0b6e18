"""Compares a recorded answer with the present one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec

from mockserver.cli.flight import Answer
from mockserver.errors import InvalidInput
from mockserver.recordings.call import Ending, RecordedAnswer, RecordedCall
from mockserver.rules.answers import differing_fields, differing_values
from mockserver.wire.codec import decode

__all__ = ["Deviation", "compare"]

_LONGEST_VALUE = 100
_ENDINGS: dict[Ending, str] = {
    "answered": "a complete answer",
    "broken": "a connection that was reset, closed or cut short",
    "unanswered": "no answer while the client waited",
}


class Deviation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference from the recording.

    Args:
        of: The part that differs.
        at: The header field, or the JSON pointer into the body; empty for the whole body.
        recorded: The recorded value; None if there is none.
        now: The present value; None if there is none.
    """

    of: Literal["status", "ending", "header", "body"]
    at: str = ""
    recorded: Any
    now: Any

    def __str__(self) -> str:
        match self.of:
            case "status":
                return f"recorded {_status(self.recorded)}, now {_status(self.now)}"
            case "ending":
                return f"recorded {self.recorded}, now {self.now}"
            case "header":
                return f"{self.at} recorded, missing now" if self.recorded else f"{self.at} not recorded, present now"
            case "body":
                place = f"body {self.at}".rstrip()
                return f"{place}: recorded {_shown(self.recorded)}, now {_shown(self.now)}"


def compare(
    call: RecordedCall, answer: Answer, translated: Callable[[str], str], *, status_only: bool = False
) -> tuple[Deviation, ...]:
    """Compare an answer with the recorded one, as far as the recording goes.

    A recording without headers and bodies has only the status. If the recorded client left before the answer, no answer
    now counts as the same.

    Args:
        call: The recorded request and its answer.
        answer: The present answer.
        translated: Replaces recorded session ids by those of the server.
        status_only: Compare only the status.

    Returns:
        The differences. Another status or ending is the only one: everything else follows from it.
    """
    if call.ending == answer.ending == "unanswered":
        return ()
    if call.status != answer.status:
        return (Deviation(of="status", recorded=call.status, now=answer.status),)
    if status_only:
        return ()
    if answer.status is None and call.ending not in (None, answer.ending):
        return (Deviation(of="ending", recorded=_ENDINGS[call.ending], now=_ENDINGS[answer.ending]),)
    if answer.status is None or call.answer is None:
        return ()
    return (*_headers(call.answer, answer), *_bodies(call.answer.body, answer.body, translated))


def _headers(recorded: RecordedAnswer, answer: Answer) -> Iterator[Deviation]:
    for name, was_there in differing_fields(recorded.headers, (name for name, _ in answer.headers)):
        yield Deviation(of="header", at=name.title(), recorded=was_there, now=not was_there)


def _bodies(recorded: bytes, now: bytes, translated: Callable[[str], str]) -> Iterator[Deviation]:
    try:
        expected = translated(recorded.decode()).encode()
    except UnicodeDecodeError:
        expected = recorded
    if expected == now:
        return
    try:
        for at, before, after in differing_values(decode(expected, Any), decode(now, Any)):
            yield Deviation(of="body", at=at, recorded=before, now=after)
    except InvalidInput:
        yield Deviation(of="body", recorded=_text(expected), now=_text(now))


def _status(status: int | None) -> str:
    return "no answer" if status is None else str(status)


def _text(body: bytes) -> str:
    return body.decode(errors="backslashreplace")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
