"""When to send the requests of a recording: at the recorded times, or one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from mockserver.cli.in_flight import InFlight
from mockserver.errors import InvalidInput
from mockserver.recordings.call import RecordedCall

__all__ = ["as_sent", "one_by_one", "parsed_speed", "pauses", "recorded_pace"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def parsed_speed(text: str) -> float:
    """Parse ``--speed``; infinity means without waiting.

    Raises:
        InvalidInput: It is neither a number above 0 nor ``max``.
    """
    try:
        speed = float("inf" if text == "max" else text)
    except ValueError:
        speed = 0
    if not speed > 0:
        raise InvalidInput(f"--speed must be a number more than 0, or max; not {text!r}")
    return speed


def as_sent(calls: list[RecordedCall], name: str) -> list[RecordedCall]:
    """Return the requests in the order in which they were sent.

    The entries of a journal are sorted by when the server received them: before those that overtook them during a
    delay. A request that a ``duplicate`` fault made the server process twice is sent once.

    Args:
        calls: The requests of a file.
        name: The name of the file in messages.

    Raises:
        InvalidInput: A request cannot be sent.
    """
    for call in calls:
        if call.is_bare:
            raise InvalidInput(
                f"{name}:{call.line}: a bare event does not say when it was sent and how it was answered; replay a "
                "journal, or what a proxy recorded"
            )
        if not _TOKEN.fullmatch(call.method):
            raise InvalidInput(f"{name}:{call.line}: {call.method[:50]!r} is not a method")
        for field, value in call.headers:
            if not _TOKEN.fullmatch(field) or any(character in value for character in "\r\n\0"):
                raise InvalidInput(f"{name}:{call.line}: {field[:50]!r} is not a header field that can be sent")
    copies = {_copy_of(*pair) for pair in pairwise(calls)}
    return _as_received([call for call in calls if call.line not in copies])


def _as_received(calls: list[RecordedCall]) -> list[RecordedCall]:
    """Sort the entries of a journal by when they were received.

    A file may contain several journals, one after the other; each is sorted on its own.
    """
    journal, last_seq = 0, 0
    places: dict[int, tuple[int, int]] = {}
    for call in calls:
        seq = 0 if call.entry is None else call.entry.seq
        received = seq if call.entry is None else call.entry.received or seq
        if seq <= last_seq:
            journal += 1
        last_seq = seq
        places[call.line] = (journal, received)
    return sorted(calls, key=lambda call: places[call.line])


def _copy_of(first: RecordedCall, second: RecordedCall) -> int | None:
    """Return the line of the request, of two, that is the copy made by a ``duplicate`` fault; None if neither is.

    Original and copy are adjacent, were processed in the same millisecond and name the same rule, and the answer to the
    copy was withheld. A request that a client repeats right after such a fault is not a copy: the rule either did not
    apply to it, or did the same to it.
    """
    if (first.at_ms, first.method, first.path, first.headers, first.body) != (
        second.at_ms, second.method, second.path, second.headers, second.body,
    ):  # fmt: skip
        return None
    if first.entry is None or second.entry is None:
        return None
    before, after = set(first.entry.fault_ids), set(second.entry.fault_ids)
    if not before & after:
        return None
    cut_first, cut_second = (call.ending == "broken" and call.answer is not None for call in (first, second))
    if cut_first and (not cut_second or before < after):
        return first.line
    return second.line if cut_second and (not cut_first or after < before) else None


def pauses(calls: Iterable[RecordedCall], speed: float, monotonic_s: Callable[[], float]) -> Iterator[float]:
    """Yield how long to wait before each request, in seconds, taking into account the time that sending took.

    Where the clock of a recording was set back, the replay continues without waiting.
    """
    began_s, due_s, last_s = monotonic_s(), 0.0, None
    for call in calls:
        due_s += 0 if last_s is None else max(0.0, call.at_s - last_s) / speed
        last_s = call.at_s
        yield max(0.0, began_s + due_s - monotonic_s())


async def recorded_pace(
    calls: Iterable[RecordedCall], in_flight: InFlight, speed: float, monotonic_s: Callable[[], float]
) -> None:
    """Send each request at its time, whether or not earlier ones have been answered.

    A request that needs a session id waits for the answer with the id, and the rest of the recording waits with it: no
    request is sent before an earlier one.
    """
    calls = tuple(calls)
    for call, pause_s in zip(calls, pauses(calls, speed, monotonic_s), strict=True):
        await in_flight.wait(lambda: False, pause_s)
        await _wait_for_id(call, in_flight)
        await in_flight.make_room()
        await in_flight.send(call)
    await in_flight.finish()


async def one_by_one(calls: Iterable[RecordedCall], in_flight: InFlight) -> None:
    """Send each request when the one before it has been answered.

    Neither a journal nor a recording says which requests overlapped. A request whose client left without an answer did
    not delay the next one, so the replay does not wait for it either.
    """
    for call in calls:
        await _wait_for_id(call, in_flight)
        await in_flight.make_room()
        flight = await in_flight.send(call)
        if flight.is_expected:
            await in_flight.wait(lambda: flight.is_over)  # noqa: B023 - called before the loop goes on
    await in_flight.finish()


async def _wait_for_id(call: RecordedCall, in_flight: InFlight) -> None:
    await in_flight.wait(lambda: not in_flight.must_wait(call))
