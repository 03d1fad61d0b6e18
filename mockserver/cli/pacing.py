"""When the requests of a recording are sent: at the recorded times, or one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mockserver.cli.in_flight import InFlight
from mockserver.cli.recording import RecordedCall
from mockserver.errors import InvalidInput

__all__ = ["one_by_one", "pauses", "recorded_pace", "speed_of"]


def speed_of(text: str) -> float:
    """Read a factor; infinity for no waiting.

    Raises:
        InvalidInput: It is neither a number more than 0 nor ``max``.
    """
    try:
        speed = float("inf" if text == "max" else text)
    except ValueError:
        speed = 0
    if not speed > 0:
        raise InvalidInput(f"--speed must be a number more than 0, or max; not {text!r}")
    return speed


def pauses(calls: Iterable[RecordedCall], speed: float, monotonic_s: Callable[[], float]) -> Iterator[float]:
    """Give for each request how long to wait before it, in seconds, whatever time the others took.

    A recording whose clock was set back goes on from there without waiting.
    """
    began_s, due_s, last_s = monotonic_s(), 0.0, None
    for call in calls:
        due_s += 0 if last_s is None else max(0.0, call.at_s - last_s) / speed
        last_s = call.at_s
        yield max(0.0, began_s + due_s - monotonic_s())


async def recorded_pace(
    calls: Iterable[RecordedCall], in_flight: InFlight, speed: float, monotonic_s: Callable[[], float]
) -> None:
    """Send each request when its time has come, whether or not earlier ones have their answers.

    Only what needs a session id waits for the answer that brings it, and the rest of the recording with it: no request
    overtakes another on its way out.
    """
    calls = tuple(calls)
    for call, pause_s in zip(calls, pauses(calls, speed, monotonic_s), strict=True):
        await in_flight.wait(lambda: False, pause_s)
        await _wait_for_id(call, in_flight)
        await in_flight.make_room()
        await in_flight.send(call)
    await in_flight.finish()


async def one_by_one(calls: Iterable[RecordedCall], in_flight: InFlight) -> None:
    """Send each request when the one before it has its answer.

    Which requests overlapped, neither a journal nor a recording says; but a request whose client left without an answer
    held up nobody, and is not waited for here either.
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
