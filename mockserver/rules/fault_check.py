"""Whether a fault rule can mean anything: said in words, with the place, before it is put in force."""

from __future__ import annotations

import msgspec

from mockserver.errors import InvalidInput
from mockserver.model.fault import (
    CloseFault,
    DelayFault,
    DribbleFault,
    DropHeaderFault,
    DuplicateFault,
    ExpireFault,
    FaultSpec,
    ForgetFault,
    GarbleFault,
    HangFault,
    OutcomeFault,
    Pass,
    RefuseFault,
    ResetFault,
    ResponsesFault,
    SimpleFault,
    StatusFault,
    TruncateFault,
    When,
)
from mockserver.model.vocabulary import Stage
from mockserver.rules.condition import is_token
from mockserver.rules.faults import MAX_DELAY_MS
from mockserver.rules.match import compile_when

__all__ = ["check_spec"]

_WITHOUT_BODY = (204, 205, 304)
_FRAMING = ("content-length", "transfer-encoding", "connection")
_ADDED_LATER = ("date", "connection", "transfer-encoding")
"""What is written when the answer is sent, whatever the back end said."""

_MAX_REFUSE_MS = 10 * 60 * 1000
_MAX_CHUNKS = 1_000
_MAX_ITEMS = 1_000
_MAX_REPEAT = 1_000_000


def check_spec(spec: FaultSpec) -> None:
    """Refuse a rule that cannot mean anything.

    Raises:
        InvalidInput: With the pointer of the member at fault.
    """
    _check_when(spec.when, spec.stage)
    for name, lowest in (("skip", 0), ("every", 1), ("times", 0), ("ttl_ms", 0)):
        value = getattr(spec, name)
        if value is not None:
            _check_number("", name, value, lowest, None)
    if not 0 <= spec.probability <= 1:
        raise InvalidInput(f"probability is a number from 0 to 1, not {spec.probability}", pointer="/probability")
    if isinstance(spec.fault, Pass):
        raise InvalidInput(
            "pass is an item of a responses script; for a rule that does nothing set enabled to false",
            pointer="/fault/kind",
        )
    if spec.fault.repeat != 1:
        raise InvalidInput(
            "repeat counts inside a responses script; a rule of its own takes times instead", pointer="/fault/repeat"
        )
    if isinstance(spec.fault, ResponsesFault):
        _check_script(spec.fault)
    else:
        _check_fault(spec.fault, "/fault")


def _check_when(when: When, stage: Stage) -> None:
    compile_when(when)
    for name in ("nth_session", "nth_event"):
        nth = getattr(when, name)
        for number in (nth,) if isinstance(nth, int) else nth or ():
            if number < 1:
                raise InvalidInput(f"{name} counts from 1, not {number}", pointer=f"/when/{name}")
    if stage is Stage.REQUEST:
        for name in ("outcome", "status"):
            if getattr(when, name) is not None:
                raise InvalidInput(f"{name} is known at stage response only", pointer=f"/when/{name}")


def _check_script(script: ResponsesFault) -> None:
    if not script.responses:
        raise InvalidInput("a script needs one item at least", pointer="/fault/responses")
    if len(script.responses) > _MAX_ITEMS:
        raise InvalidInput(
            f"a script has at most {_MAX_ITEMS} items, not {len(script.responses)}; repeat in an item says for how "
            "many requests it stands",
            pointer="/fault/responses",
        )
    for number, item in enumerate(script.responses):
        if isinstance(item, str):
            continue
        at = f"/fault/responses/{number}"
        _check_number(at, "repeat", item.repeat, 1, _MAX_REPEAT)
        if isinstance(item, ResponsesFault):
            raise InvalidInput("a script cannot stand in a script; write its items here", pointer=at)
        if not isinstance(item, Pass):
            _check_fault(item, at)


def _check_fault(fault: SimpleFault, at: str) -> None:
    match fault:
        case StatusFault():
            _check_status(fault, at)
        case DelayFault():
            _check_delay(fault, at)
        case TruncateFault(after_bytes=after_bytes):
            _check_number(at, "after_bytes", after_bytes, 0, None)
        case DribbleFault(chunks=chunks, total_ms=total_ms):
            _check_number(at, "chunks", chunks, 1, _MAX_CHUNKS)
            _check_number(at, "total_ms", total_ms, 0, MAX_DELAY_MS)
        case RefuseFault(duration_ms=duration_ms):
            _check_number(at, "duration_ms", duration_ms, 1, _MAX_REFUSE_MS)
        case DropHeaderFault(name=name):
            _check_names((name,) if isinstance(name, str) else name, at)
        case (
            OutcomeFault() | ExpireFault() | ForgetFault() | DuplicateFault() | ResetFault() | CloseFault()
            | HangFault() | GarbleFault()
        ):  # fmt: skip
            pass  # whatever can be written of these makes sense


def _check_number(at: str, name: str, value: float, lowest: int, highest: int | None) -> None:
    if highest is None and value < lowest:
        raise InvalidInput(f"{name} must be {lowest} or more, not {value}", pointer=f"{at}/{name}")
    if highest is not None and not lowest <= value <= highest:
        raise InvalidInput(f"{name} must be {lowest} to {highest}, not {value}", pointer=f"{at}/{name}")


def _check_delay(delay: DelayFault, at: str) -> None:
    given = tuple(name for name in ("ms", "lower", "upper", "median", "sigma") if getattr(delay, name) is not None)
    if given not in (("ms",), ("lower", "upper"), ("median", "sigma")):
        raise InvalidInput(
            "a delay takes either ms, or lower and upper, or median and sigma, all in milliseconds but sigma",
            pointer=at,
        )
    for name in given:
        _check_number(at, name, getattr(delay, name), 0, MAX_DELAY_MS)
    if delay.lower is not None and delay.upper is not None and delay.lower > delay.upper:
        raise InvalidInput(f"lower ({delay.lower}) is more than upper ({delay.upper})", pointer=f"{at}/lower")


def _check_status(status: StatusFault, at: str) -> None:
    _check_number(at, "code", status.code, 200, 599)
    if status.code in _WITHOUT_BODY and status.body not in (None, ""):
        raise InvalidInput(f"an answer with status {status.code} has no body", pointer=f"{at}/body")
    if not _is_json(status.body):
        raise InvalidInput("the body must be text or JSON, without lone surrogates", pointer=f"{at}/body")
    for name, value in status.headers.items():
        if not is_token(name) or not _is_field_value(str(value)):
            raise InvalidInput(f"{name!r}: {value!r} is not an HTTP header field", pointer=f"{at}/headers")
        if name.lower() in _FRAMING:
            raise InvalidInput(f"{name} follows from the answer and cannot be set", pointer=f"{at}/headers")


def _is_json(value: object) -> bool:
    """Tell whether a value can be written; one of a Python test may be anything."""
    try:
        msgspec.json.encode(value)
    except OverflowError:
        return True  # an integer beyond 64 bits, which is legal
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _check_names(names: tuple[str, ...], at: str) -> None:
    if not names:
        raise InvalidInput("name one header field at least", pointer=f"{at}/name")
    for name in names:
        if not is_token(name):
            raise InvalidInput(f"{name!r} cannot be the name of an HTTP header field", pointer=f"{at}/name")
        if name.lower() in _ADDED_LATER:
            raise InvalidInput(f"{name} is written when the answer is sent and cannot be dropped", pointer=f"{at}/name")


def _is_field_value(value: str) -> bool:
    return value.isascii() and value.isprintable()
