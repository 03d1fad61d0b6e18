"""Rules about customMetadata and params: keys and values that are refused, ignored, or overwrite something."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.event_types import EVENTS
from mockserver.model.finding import Severity
from mockserver.rules.diagnose.refusals import Refusal, refused_at
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import QOE_NUMBERS, QOE_SHORT_NAMES, SessionTraffic
from mockserver.rules.diagnose.wording import counted, listed, quoted, seqs_of
from mockserver.rules.playback import Step

__all__ = ["RULES"]

_WITH_METADATA = tuple(name for name, event in EVENTS.items() if event.metadata)
_RESERVED = ("media.", "a.")
_PARAMLESS = frozenset(name for name, event in EVENTS.items() if event.params == "none" and name != "ping")
"""Events that take no params. ping takes none either, but has a rule of its own."""


def _wrong_event(session: SessionTraffic) -> Iterator[Hit]:
    for event_type, steps in session.by_type.items():
        with_metadata = [] if event_type in _WITH_METADATA else [step for step in steps if step.meta]
        if with_metadata:
            yield Hit(
                seqs_of(*with_metadata),
                f"{counted(len(with_metadata), event_type)} had customMetadata, which is ignored there; send it with "
                "sessionStart, adStart or chapterStart.",
            )


def _reserved_prefix(session: SessionTraffic) -> Iterator[Hit]:
    found: dict[str, list[Step]] = {}
    for step in session.of(*_WITH_METADATA):
        for key in step.meta:
            if key.startswith(_RESERVED):
                found.setdefault(key, []).append(step)
    if found:
        yield Hit(
            seqs_of(*(step for steps in found.values() for step in steps)),
            f"customMetadata has {listed([quoted(key) for key in found])}, reserved by Adobe; rename the keys so that "
            'they begin with neither "media." nor "a.".',
        )


def _is_key(refusal: Refusal) -> bool:
    return refusal.rule == "additionalProperties"


def _has_other_rule(refusal: Refusal) -> bool:
    """Return whether a rule other than params.unknown covers an unknown key."""
    block, name = (*refusal.path, "", "")[:2]
    return (
        block == "customMetadata"
        or (block == "params" and (name in QOE_NUMBERS or name == "visitor.customerIDs"))
        or (block == "params" and refusal.item.event_type in (*_PARAMLESS, "ping"))
        or (block == "qoeData" and name in QOE_SHORT_NAMES)
    )


def _unknown(refusal: Refusal) -> bool:
    return _is_key(refusal) and not _has_other_rule(refusal)


def _is_of_paramless(refusal: Refusal) -> bool:
    is_param = _is_key(refusal) and refusal.path[:1] == ("params",)
    return is_param and refusal.item.event_type in _PARAMLESS and refusal.path[-1] not in QOE_NUMBERS


def _on_paramless(session: SessionTraffic) -> Iterator[Hit]:
    for step in session.of(*_PARAMLESS):
        names = [name for name in step.params if name not in QOE_NUMBERS]
        if names:
            yield Hit(
                seqs_of(step),
                f"{step.event_type} has {listed([quoted(name) for name in names])} in its params; leave params out, "
                "because this event has none.",
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "meta.wrong-event",
        Severity.WARNING,
        "customMetadata on an event other than sessionStart, adStart and chapterStart",
        "It is ignored.",
        "Adobe, Custom metadata; THEOplayer's connector sends it with adBreakStart",
        _wrong_event,
        "empty customMetadata",
    ),
    Rule(
        "meta.reserved-prefix",
        Severity.WARNING,
        "a key of customMetadata that begins with media. or a.",
        "It overwrites a standard field in Analytics.",
        "Adobe, Custom metadata",
        _reserved_prefix,
    ),
    Rule(
        "meta.not-string",
        Severity.ERROR,
        "a value of customMetadata that is not a string",
        "400: the event is lost.",
        "Adobe, Validating event requests; recordings of a CBS client that sent a number",
        claims=refused_at("customMetadata", rule="type"),
    ),
    Rule(
        "meta.key-chars",
        Severity.ERROR,
        "a key of customMetadata with characters other than letters, digits, underscores and dots",
        "400: the event is lost.",
        "Adobe, Validating event requests",
        claims=refused_at("customMetadata", rule="additionalProperties"),
        dialects=("collection",),
    ),
    Rule(
        "params.unknown",
        Severity.ERROR,
        "a key that the event type does not have",
        "400: the event is lost.",
        "Adobe, Validating event requests",
        claims=_unknown,
        tolerance="unknown keys that the setting schema_profile=open accepts",
        dialects=("collection",),
    ),
    Rule(
        "params.on-paramless",
        Severity.INFO,
        "params of an event that has none, such as play; an error if it was answered 400",
        "400 and the event is lost, or the params are ignored.",
        "Adobe, Events; Adobe's sample sends empty params there",
        claims=_is_of_paramless,
        tolerance="empty params",
        check=_on_paramless,
        dialects=("collection",),
    ),
)
