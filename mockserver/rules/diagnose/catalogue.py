"""The catalogue: all rules in one table."""

from __future__ import annotations

from mockserver.rules.diagnose import (
    addressing,
    ads,
    breaks,
    chapters,
    downloads,
    edge,
    errors,
    events,
    fidelity,
    http,
    identity,
    media,
    metadata,
    movement,
    order,
    pings,
    playback,
    playhead,
    quality,
    session,
    session_pairs,
    states,
    ts,
)
from mockserver.rules.diagnose.rule import Rule

__all__ = ["CODES", "RULES"]

_SPECIFIC: tuple[Rule, ...] = (
    *session.RULES,
    *session_pairs.RULES,
    *ts.RULES,
    *order.RULES,
    *pings.RULES,
    *playhead.RULES,
    *movement.RULES,
    *playback.RULES,
    *errors.RULES,
    *events.RULES,
    *breaks.RULES,
    *ads.RULES,
    *chapters.RULES,
    *states.RULES,
    *media.RULES,
    *identity.RULES,
    *downloads.RULES,
    *quality.RULES,
    *metadata.RULES,
    *http.RULES,
    *addressing.RULES,
    *edge.RULES,
    *fidelity.RULES,
)

RULES: tuple[Rule, ...] = (*_SPECIFIC, http.refused_rule(_SPECIFIC))
"""All rules."""

CODES: tuple[str, ...] = tuple(rule.code for rule in RULES)
"""All codes, in the order of the catalogue."""
