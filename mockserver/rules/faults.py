"""Decide which fault rules strike a request. Pure: rules come in with their counters, and go out with new ones.

Rules run in order of creation. The delays of all firing ``delay`` rules add up; the first other rule that fires decides
the fault, and after it only delays are considered. A ``responses`` script counts as the kind of its current item, which
follows from how often it has struck; a ``pass`` is a strike that does nothing and decides nothing. In one rule: match
(``seen`` + 1), ``skip``, ``every``, ``probability``, ``times``; then ``applied`` + 1. A rule that is disabled or past
its ``ttl_ms`` is skipped and counts nothing.

Every rule has its own stream of random numbers, so adding, removing or editing one rule does not change the draws of
another. Nothing is drawn for a probability of 0 or 1.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from random import Random

import msgspec
from msgspec.structs import replace

from mockserver.errors import InvalidInput
from mockserver.model.fault import FaultRule, FaultSpec, When
from mockserver.model.fault_kind import MAX_DELAY_MS, DelayFault, Pass, ResponsesFault, SimpleFault
from mockserver.model.journal import Draw
from mockserver.model.vocabulary import Stage
from mockserver.rules.match import Facts, Matcher, compile_when

__all__ = ["Armed", "Strike", "arm", "can_strike", "check_spec", "note_of", "settled", "strike"]

_MET_BY_PREFLIGHTS = frozenset({"header", "namespace", "outcome", "status"})
_LARGEST_EXPONENT = 700
"""The largest that ``exp`` of a double allows; the delay is limited long before."""


class Armed(msgspec.Struct, frozen=True):
    """A rule in force, with its compiled ``when`` and its stream of draws.

    Args:
        ends: For each item of its script, after how many strikes it is over; empty without a script.
        is_over: Whether its time was up before the clock was moved, perhaps backwards.
    """

    rule: FaultRule
    matcher: Matcher
    random: Random
    ends: tuple[int, ...] = ()
    is_over: bool = False


class Strike(msgspec.Struct, frozen=True):
    """What the rules do to one request at one stage.

    Args:
        rules: All rules, with new counters.
        delay_ms: The sum of the delays that fire.
        fault: The fault that decides, if any; of a script, its current item.
        decided_by: The id of its rule.
        fault_ids: The rules that did something to the request.
        draws: What was drawn, fired or not.
    """

    rules: tuple[Armed, ...]
    delay_ms: int = 0
    fault: SimpleFault | None = None
    decided_by: str | None = None
    fault_ids: tuple[str, ...] = ()
    draws: tuple[Draw, ...] = ()


def check_spec(spec: FaultSpec) -> None:
    """Check a rule.

    Raises:
        InvalidInput: A member is wrong; the pointer leads to it.
    """
    _check_when(spec.when, spec.stage)
    for name, lowest in (("skip", 0), ("every", 1), ("times", 0), ("ttl_ms", 0)):
        value = getattr(spec, name)
        if value is not None and value < lowest:
            raise InvalidInput(f"{name} must be {lowest} or more, not {value}", pointer=f"/{name}")
    if not 0 <= spec.probability <= 1:
        raise InvalidInput(f"probability must be a number from 0 to 1, not {spec.probability}", pointer="/probability")
    if isinstance(spec.fault, Pass):
        raise InvalidInput(
            "pass is only an item of a responses script; to switch a rule off, set enabled to false",
            pointer="/fault/kind",
        )
    if spec.fault.repeat != 1:
        raise InvalidInput(
            "repeat is only for items of a responses script; for a rule use times", pointer="/fault/repeat"
        )
    spec.fault.check("/fault")


def note_of(spec: FaultSpec) -> str | None:
    """Return a note on requests that a rule leaves alone although its conditions allow them; None for none."""
    given = {name for name in When.__struct_fields__ if getattr(spec.when, name) not in (None, ())}
    if not given <= _MET_BY_PREFLIGHTS:
        return None
    return (
        "this rule does not apply to CORS preflights and schema reads; to hit them, name them in when.operation: "
        "preflight, schema"
    )


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
                raise InvalidInput(f"{name} is only known at stage response", pointer=f"/when/{name}")


def arm(rule: FaultRule, seed: str) -> Armed:
    """Put a checked rule in force.

    Args:
        seed: The seed of its stream of random numbers; the same seed gives the same draws.
    """
    script = rule.fault
    repeats = (_repeat(item) for item in script.responses) if isinstance(script, ResponsesFault) else ()
    return Armed(rule, compile_when(rule.when), Random(seed), tuple(accumulate(repeats)))


def _repeat(item: SimpleFault | Pass | str) -> int:
    return 1 if isinstance(item, str) else item.repeat


def _present(armed: Armed) -> SimpleFault | None:
    """Return the fault of a rule if it strikes now; None for a pass."""
    fault, strikes = armed.rule.fault, armed.rule.applied
    if not isinstance(fault, ResponsesFault):
        return None if isinstance(fault, Pass) else fault
    whole = armed.ends[-1]
    if strikes >= whole:
        if fault.then == "pass":
            return None
        strikes = strikes % whole if fault.then == "cycle" else whole - 1
    item = fault.responses[bisect_right(armed.ends, strikes)]
    return None if isinstance(item, (Pass, str)) else item


def strike(rules: Sequence[Armed], stage: Stage, facts: Facts, now_ms: int) -> Strike:
    """Run the rules of one stage over a request.

    Args:
        rules: All rules of the namespace in order of creation.
        facts: What is known of the request at that stage.
        now_ms: The emulated time, for ``ttl_ms``.
    """
    after: list[Armed] = []
    delay_ms = 0.0
    decided: SimpleFault | None = None
    decided_by: str | None = None
    fired_ids: list[str] = []
    draws: list[Draw] = []
    for armed in rules:
        rule = armed.rule
        if rule.stage is not stage or not rule.enabled:
            after.append(armed)
            continue
        fault = _present(armed)
        considered = (
            (decided is None or isinstance(fault, DelayFault))
            and not _is_over(armed, now_ms)
            and armed.matcher.matches(facts)
        )
        if considered:
            rule, fired, draw = _count(rule, armed.random)
            armed = replace(armed, rule=rule)
            if draw is not None:
                draws.append(draw)
            if fired and fault is not None:
                fired_ids.append(rule.id)
                if isinstance(fault, DelayFault):
                    ms, draw = _delay_ms(rule.id, fault, armed.random)
                    delay_ms += ms
                    draws.extend(() if draw is None else (draw,))
                else:
                    decided, decided_by = fault, rule.id
        after.append(armed)
    return Strike(tuple(after), round(delay_ms), decided, decided_by, tuple(fired_ids), tuple(draws))


def can_strike(armed: Armed, now_ms: int) -> bool:
    """Return whether a rule can still strike, if a request comes that it matches."""
    rule, script = armed.rule, armed.rule.fault
    is_spent = rule.times is not None and rule.applied >= rule.times
    is_told = isinstance(script, ResponsesFault) and script.then == "pass" and rule.applied >= armed.ends[-1]
    return rule.enabled and rule.probability > 0 and not is_spent and not is_told and not _is_over(armed, now_ms)


def settled(armed: Armed, now_ms: int) -> Armed:
    """Return a rule to which the passing of time is applied, so that no move of the clock can undo it."""
    return replace(armed, is_over=True) if _is_over(armed, now_ms) else armed


def _is_over(armed: Armed, now_ms: int) -> bool:
    rule = armed.rule
    return armed.is_over or (rule.ttl_ms is not None and now_ms - rule.created_ms >= rule.ttl_ms)


def _count(rule: FaultRule, random: Random) -> tuple[FaultRule, bool, Draw | None]:
    """Count a matching request, and return whether the rule fires."""
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
