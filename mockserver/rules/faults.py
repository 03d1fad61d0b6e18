"""Which fault rules strike a request. Pure: the counters of a rule come in with it and go out counted up.

Rules run in order of creation. Every firing ``delay`` adds up; the first firing other fault decides, and rules of other
kinds after it are not considered. In a rule: match (``seen`` + 1), ``skip``, ``every``, ``probability``, ``times``;
then ``applied`` + 1. A rule that is switched off or over its ``ttl_ms`` is passed over and sees nothing.

Every rule draws from a stream of its own, so that adding, removing or editing one rule does not change the draws of
another. Nothing is drawn for a probability of 0 or 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

import msgspec
from msgspec.structs import replace

from mockserver.errors import InvalidInput
from mockserver.model.fault import DelayFault, Fault, FaultRule, FaultSpec, StatusFault, When
from mockserver.model.journal import Draw
from mockserver.model.vocabulary import Stage
from mockserver.rules.match import Facts, Matcher, compile_when

__all__ = ["Armed", "Strike", "arm", "check_spec", "strike"]

MAX_DELAY_MS = 24 * 3600 * 1000
_WITHOUT_BODY = (204, 205, 304)
_LARGEST_EXPONENT = 700
"""Of what a double can hold; the delay is cut off long before."""


class Armed(msgspec.Struct, frozen=True):
    """A rule in force, with its compiled ``when`` and its stream of draws."""

    rule: FaultRule
    matcher: Matcher
    random: Random


class Strike(msgspec.Struct, frozen=True):
    """What the rules do to one request at one stage.

    Args:
        rules: All rules, counted up.
        delay_ms: The sum of the firing delays.
        fault: The fault that decides, if any.
        decided_by: Its rule.
        fault_ids: The rules that fired.
        draws: What was drawn, fired or not.
    """

    rules: tuple[Armed, ...]
    delay_ms: int = 0
    fault: Fault | None = None
    decided_by: str | None = None
    fault_ids: tuple[str, ...] = ()
    draws: tuple[Draw, ...] = ()


def check_spec(spec: FaultSpec) -> None:
    """Refuse a rule that cannot mean anything.

    Raises:
        InvalidInput: With the pointer of the member at fault.
    """
    _check_when(spec.when, spec.stage)
    for name, lowest in (("skip", 0), ("every", 1), ("times", 0), ("ttl_ms", 0)):
        value = getattr(spec, name)
        if value is not None and value < lowest:
            raise InvalidInput(f"{name} must be {lowest} or more, not {value}", pointer=f"/{name}")
    if not 0 <= spec.probability <= 1:
        raise InvalidInput(f"probability is a number from 0 to 1, not {spec.probability}", pointer="/probability")
    if isinstance(spec.fault, DelayFault):
        _check_delay(spec.fault)
    if isinstance(spec.fault, StatusFault):
        _check_status(spec.fault)


def _check_when(when: When, stage: Stage) -> None:
    compile_when(when)
    nth = when.nth_session
    for number in (nth,) if isinstance(nth, int) else nth or ():
        if number < 1:
            raise InvalidInput(f"nth_session counts from 1, not {number}", pointer="/when/nth_session")
    if stage is Stage.REQUEST:
        for name in ("outcome", "status"):
            if getattr(when, name) is not None:
                raise InvalidInput(f"{name} is known at stage response only", pointer=f"/when/{name}")


def _check_delay(delay: DelayFault) -> None:
    given = tuple(name for name in ("ms", "lower", "upper", "median", "sigma") if getattr(delay, name) is not None)
    if given not in (("ms",), ("lower", "upper"), ("median", "sigma")):
        raise InvalidInput(
            "a delay takes either ms, or lower and upper, or median and sigma, all in milliseconds but sigma",
            pointer="/fault",
        )
    for name in given:
        value = getattr(delay, name)
        if not 0 <= value <= MAX_DELAY_MS:
            raise InvalidInput(f"{name} must be 0 to {MAX_DELAY_MS}, not {value}", pointer=f"/fault/{name}")
    if delay.lower is not None and delay.upper is not None and delay.lower > delay.upper:
        raise InvalidInput(f"lower ({delay.lower}) is more than upper ({delay.upper})", pointer="/fault/lower")


def _check_status(status: StatusFault) -> None:
    if not 200 <= status.code <= 599:
        raise InvalidInput(f"code must be 200 to 599, not {status.code}", pointer="/fault/code")
    if status.code in _WITHOUT_BODY and status.body not in (None, ""):
        raise InvalidInput(f"an answer with status {status.code} has no body", pointer="/fault/body")
    for name, value in status.headers.items():
        if not _is_token(name) or not _is_field_value(value):
            raise InvalidInput(f"{name!r}: {value!r} is not an HTTP header field", pointer="/fault/headers")
        if name.lower() in ("content-length", "transfer-encoding", "connection"):
            raise InvalidInput(f"{name} follows from the answer and cannot be set", pointer="/fault/headers")


def _is_token(name: str) -> bool:
    return bool(name) and name.isascii() and all(sign.isalnum() or sign in "!#$%&'*+-.^_`|~" for sign in name)


def _is_field_value(value: str) -> bool:
    return value.isascii() and value.isprintable()


def arm(rule: FaultRule, seed: str) -> Armed:
    """Put a checked rule in force.

    Args:
        seed: What the rule's stream of draws is made from; the same seed gives the same draws.
    """
    return Armed(rule, compile_when(rule.when), Random(seed))


def strike(rules: Sequence[Armed], stage: Stage, facts: Facts, now_ms: int) -> Strike:
    """Run the rules of one stage over a request.

    Args:
        rules: All rules of the namespace in order of creation.
        facts: What is known of the request at that stage.
        now_ms: The emulated time, for ``ttl_ms``.
    """
    after: list[Armed] = []
    delay_ms = 0.0
    decided: FaultRule | None = None
    fired_ids: list[str] = []
    draws: list[Draw] = []
    for armed in rules:
        rule = armed.rule
        is_delay = isinstance(rule.fault, DelayFault)
        considered = (
            rule.stage is stage
            and (is_delay or decided is None)
            and rule.enabled
            and not _is_over(rule, now_ms)
            and armed.matcher.matches(facts)
        )
        if considered:
            rule, fired, draw = _count(rule, armed.random)
            armed = replace(armed, rule=rule)
            if draw is not None:
                draws.append(draw)
            if fired:
                fired_ids.append(rule.id)
                if isinstance(rule.fault, DelayFault):
                    ms, draw = _delay_ms(rule.id, rule.fault, armed.random)
                    delay_ms += ms
                    draws.extend(() if draw is None else (draw,))
                else:
                    decided = rule
        after.append(armed)
    return Strike(
        tuple(after),
        round(delay_ms),
        None if decided is None else decided.fault,
        None if decided is None else decided.id,
        tuple(fired_ids),
        tuple(draws),
    )


def _is_over(rule: FaultRule, now_ms: int) -> bool:
    return rule.ttl_ms is not None and now_ms - rule.created_ms > rule.ttl_ms


def _count(rule: FaultRule, random: Random) -> tuple[FaultRule, bool, Draw | None]:
    """Count a matching request and tell whether the rule fires."""
    seen = rule.seen + 1
    turn = seen - rule.skip
    if turn <= 0 or turn % rule.every:
        return replace(rule, seen=seen), False, None
    draw = None
    fires = rule.probability > 0
    if 0 < rule.probability < 1:
        value = random.random()
        fires = value < rule.probability
        draw = Draw(rule.id, value, fires)
    if rule.times is not None and rule.applied >= rule.times:
        fires = False
        draw = None if draw is None else replace(draw, fired=False)
    return replace(rule, seen=seen, applied=rule.applied + fires), fires, draw


def _delay_ms(fault_id: str, delay: DelayFault, random: Random) -> tuple[float, Draw | None]:
    if delay.ms is not None:
        return delay.ms, None
    if delay.lower is not None and delay.upper is not None:
        ms = random.uniform(delay.lower, delay.upper)
    else:
        exponent = min((delay.sigma or 0) * random.gauss(0, 1), _LARGEST_EXPONENT)
        ms = min((delay.median or 0) * math.exp(exponent), MAX_DELAY_MS)
    return ms, Draw(fault_id, ms, True)
