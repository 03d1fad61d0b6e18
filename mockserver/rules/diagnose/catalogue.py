"""The catalogue: all rules in one table."""

from __future__ import annotations

from mockserver.rules.diagnose import (
    addressing,
    ads,
    breaks,
    cadence,
    chapters,
    clocks,
    declared,
    doubled,
    downloads,
    edge,
    errors,
    fields,
    gone,
    identity,
    interruptions,
    leaps,
    metadata,
    movement,
    order,
    pauses,
    pings,
    playback,
    playhead,
    quality,
    renamed,
    requests,
    session,
    standstill,
    states,
    storms,
    visits,
)
from mockserver.rules.diagnose.case import Rule, TrafficRule
from mockserver.rules.diagnose.refused import general_rules

__all__ = ["CODES", "RULES", "TRAFFIC_RULES"]

_REFUSED, _ALL_REFUSED = general_rules(
    (
        *order.BODY_RULES,
        *pings.BODY_RULES,
        *playhead.BODY_RULES,
        *playback.BODY_RULES,
        *identity.BODY_RULES,
        *downloads.BODY_RULES,
        *quality.BODY_RULES,
        *metadata.BODY_RULES,
        *requests.BODY_RULES,
        *addressing.BODY_RULES,
        *edge.BODY_RULES,
    )
)

RULES: tuple[Rule, ...] = (
    *session.RULES,
    *gone.RULES,
    *order.RULES,
    *doubled.RULES,
    *clocks.RULES,
    *cadence.RULES,
    *pings.RULES,
    *storms.RULES,
    *playhead.RULES,
    *standstill.RULES,
    *leaps.RULES,
    *movement.RULES,
    *playback.RULES,
    *pauses.RULES,
    *errors.RULES,
    *breaks.RULES,
    *ads.RULES,
    *interruptions.RULES,
    *chapters.RULES,
    *states.RULES,
    *fields.RULES,
    *declared.RULES,
    *identity.RULES,
    *downloads.RULES,
    *quality.RULES,
    *metadata.RULES,
    *requests.RULES,
    *renamed.RULES,
    *addressing.RULES,
    *edge.RULES,
    _REFUSED,
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
    *pings.TRAFFIC_RULES,
    *requests.TRAFFIC_RULES,
    *renamed.TRAFFIC_RULES,
    *addressing.TRAFFIC_RULES,
    *edge.TRAFFIC_RULES,
    _ALL_REFUSED,
)
"""Rules about all traffic of a namespace. A rule about refused bodies stands in both, since a refused sessionStart has
no session."""

CODES: tuple[str, ...] = tuple(dict.fromkeys([*(rule.code for rule in RULES), *(rule.code for rule in TRAFFIC_RULES)]))
"""All codes, in order of the catalogue."""
