"""The catalogue: all rules in one table."""

from __future__ import annotations

from mockserver.rules.diagnose import (
    ads,
    breaks,
    cadence,
    chapters,
    downloads,
    errors,
    fields,
    identity,
    leaps,
    metadata,
    movement,
    order,
    pauses,
    pings,
    playback,
    playhead,
    quality,
    requests,
    session,
    standstill,
    states,
    visits,
)
from mockserver.rules.diagnose.case import Rule, TrafficRule

__all__ = ["CODES", "RULES", "TRAFFIC_RULES"]

RULES: tuple[Rule, ...] = (
    *session.RULES,
    *order.RULES,
    *cadence.RULES,
    *pings.RULES,
    *playhead.RULES,
    *standstill.RULES,
    *leaps.RULES,
    *movement.RULES,
    *playback.RULES,
    *pauses.RULES,
    *errors.RULES,
    *breaks.RULES,
    *ads.RULES,
    *chapters.RULES,
    *states.RULES,
    *fields.RULES,
    *identity.RULES,
    *downloads.RULES,
    *quality.RULES,
    *metadata.RULES,
    *requests.RULES,
)
"""Rules about one session."""

TRAFFIC_RULES: tuple[TrafficRule, ...] = (
    *visits.RULES,
    *order.TRAFFIC_RULES,
    *playhead.TRAFFIC_RULES,
    *playback.TRAFFIC_RULES,
    *states.TRAFFIC_RULES,
    *identity.TRAFFIC_RULES,
    *downloads.TRAFFIC_RULES,
    *quality.TRAFFIC_RULES,
    *metadata.TRAFFIC_RULES,
    *requests.TRAFFIC_RULES,
)
"""Rules about all traffic of a namespace. A rule about refused bodies stands in both, since a refused sessionStart has
no session."""

CODES: tuple[str, ...] = tuple(dict.fromkeys([*(rule.code for rule in RULES), *(rule.code for rule in TRAFFIC_RULES)]))
"""All codes, in order of the catalogue."""
