"""Rules of diagnostics applied to sessions and traffic, for the tests of these rules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mockserver.model.finding import Severity, Thresholds
from mockserver.rules.diagnose.catalogue import RULES
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.traffic import Traffic
from tests.playbacks import START_MS, START_PARAMS, Event, Playground, body_of

__all__ = [
    "Firing",
    "batch",
    "downloaded",
    "fired",
    "fired_in_traffic",
    "rules_about",
    "said",
    "start_body",
    "traffic_of",
]

Firing = tuple[str, Severity, tuple[int, ...]]
"""Code, severity and journal entries of one finding."""

_NEXT_SENTENCE = re.compile(r"[.!?]\s+[A-Z]")


def rules_about(*codes: str) -> list[Rule]:
    """Return the rules with these codes, in order of the catalogue."""
    found = [rule for rule in RULES if rule.code in codes]
    assert len(found) == len(codes), codes
    return found


def fired(rules: Iterable[Rule], case: SessionTraffic) -> list[Firing]:
    """Return what rules find in a session; each message must be one sentence."""
    return [_firing(rule, hit) for rule in rules for hit in rule.in_session(case)]


def fired_in_traffic(rules: Iterable[Rule], ground: Playground) -> list[Firing]:
    """Return what rules find in all traffic."""
    traffic = traffic_of(ground)
    return [_firing(rule, hit) for rule in rules for hit in rule.in_traffic(traffic)]


def said(rules: Iterable[Rule], case: SessionTraffic) -> str:
    """Return the message of the only finding in a session."""
    (message,) = (hit.message for rule in rules for hit in rule.in_session(case))
    return message


def traffic_of(ground: Playground) -> Traffic:
    """Return what rules about all traffic see."""
    journal = ground.emulator.journal
    records = [(seq, record) for seq in range(1, journal.last_seq + 1) if (record := journal.get(seq)) is not None]
    cases = {session.sid: ground.case(session.sid) for session in ground.emulator.sessions}
    emulator = ground.emulator
    return Traffic(
        records,
        cases,
        emulator.read,
        emulator.events,
        Thresholds(),
        ground.now_ms,
        lambda name: emulator.dialects.named(name).words,
    )


def downloaded(*events: Event, path: str = "/api/v1/downloaded", **start: Any) -> SessionTraffic:
    """Return what rules see of a batch of downloaded content; ``start`` are more params of its sessionStart."""
    ground = Playground()
    plan = ground.post(path, batch(*events, **start))
    assert plan.record.session_id is not None, plan.response
    return ground.case(plan.record.session_id)


def batch(*events: Event, **start: Any) -> list[dict[str, Any]]:
    """Return a batch of downloaded content; ``start`` are more params of its sessionStart."""
    first = start_body(params={f"media.{name}": value for name, value in start.items()})
    return [first, *(body_of(*event) for event in events)]


def start_body(**members: Any) -> dict[str, Any]:
    """Return a sessionStart with some more params, or with other members: ``params={...}``, ``qoeData={...}``."""
    body = {"eventType": "sessionStart", "playerTime": {"playhead": 0, "ts": START_MS}, **members}
    return {**body, "params": {**START_PARAMS, **members.get("params", {})}}


def _firing(rule: Rule, hit: Hit) -> Firing:
    assert hit.message.endswith("."), hit.message
    assert not _NEXT_SENTENCE.search(hit.message), hit.message
    assert "\n" not in hit.message
    assert hit.seqs == tuple(sorted(set(hit.seqs))) != ()
    return rule.code, hit.severity or rule.severity, hit.seqs
