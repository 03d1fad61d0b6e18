"""The catalogue: all rules in one table."""

from __future__ import annotations

from mockserver.rules.diagnose import requests, session, visits
from mockserver.rules.diagnose.case import Rule, TrafficRule

__all__ = ["CODES", "RULES", "TRAFFIC_RULES"]

RULES: tuple[Rule, ...] = (*session.RULES, *requests.RULES)
"""Rules about one session."""

TRAFFIC_RULES: tuple[TrafficRule, ...] = (*visits.RULES, *requests.TRAFFIC_RULES)
"""Rules about all traffic of a namespace."""

CODES: tuple[str, ...] = tuple(dict.fromkeys(rule.code for rule in (*RULES, *TRAFFIC_RULES)))
"""All codes, in order of the catalogue."""
