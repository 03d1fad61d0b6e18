"""Rules about error events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.model.finding import Severity
from mockserver.model.vocabulary import ClosedBy
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import counted, listed, quoted, seqs_of
from mockserver.rules.playback import Step

__all__ = ["RULES"]

_SOURCES = ("player", "external")
_ID_KEYS = ("media.qoe.errorID", "media.errorId")
_SOURCE_KEYS = ("media.qoe.errorSource", "media.errorSource")
_PARAMS_KEYS = ("media.errorId", "media.errorSource")


def _fatal_no_end(session: SessionTraffic) -> Iterator[Hit]:
    if session.closed_by is not ClosedBy.IDLE or not session.steps:
        return
    last = session.steps[-1]
    if last.event_type == "error":
        yield Hit(
            seqs_of(last),
            "Nothing was sent after the error until the session timed out; send sessionEnd after an error that ends "
            "playback.",
        )


def _given(step: Step, keys: tuple[str, ...]) -> Any:
    return next((found[key] for key in keys for found in (step.qoe, step.params) if key in found), None)


def _no_id(session: SessionTraffic) -> Iterator[Hit]:
    bare = [step for step in session.of("error") if _given(step, _ID_KEYS) in (None, "")]
    if bare:
        yield Hit(
            seqs_of(*bare),
            f"{counted(len(bare), 'error')} had no id; send media.qoe.errorID in qoeData.",
        )


def _bad_source(session: SessionTraffic) -> Iterator[Hit]:
    wrong = [
        step
        for step in session.of("error")
        if _given(step, _SOURCE_KEYS) not in _SOURCES and _given(step, _ID_KEYS) not in (None, "")
    ]
    if wrong:
        seen = listed(sorted({quoted(_given(step, _SOURCE_KEYS)) for step in wrong})).replace("null", "none")
        yield Hit(
            seqs_of(*wrong),
            f"{counted(len(wrong), 'error')} had the source {seen}; send player or external as media.qoe.errorSource "
            "in qoeData.",
        )


def _in_params(session: SessionTraffic) -> Iterator[Hit]:
    wrong = [step for step in session.of("error") if any(key in step.params for key in _PARAMS_KEYS)]
    if wrong:
        keys = [key for key in _PARAMS_KEYS if key in wrong[0].params]
        yield Hit(
            seqs_of(*wrong),
            f"An error event had {listed(keys)} in params; send media.qoe.errorID and media.qoe.errorSource in "
            "qoeData.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "error.fatal-no-end",
        Severity.WARNING,
        "error is the last event before the session times out",
        "The report is ten minutes late.",
        "Adobe, Events: Error",
        _fatal_no_end,
    ),
    Rule(
        "error.no-id",
        Severity.WARNING,
        "an error without an id",
        "The error is counted, but missing from the reports of error ids.",
        "Adobe, Media Collection API: parameters; recordings of CBS clients, which send a bare error",
        _no_id,
    ),
    Rule(
        "error.bad-source",
        Severity.WARNING,
        "an error with an id whose source is neither player nor external",
        "The error is counted, but missing from both reports of error ids.",
        "Adobe, Media Collection API: parameters",
        _bad_source,
        "errors without an id, which is error.no-id",
    ),
    Rule(
        "error.in-params",
        Severity.WARNING,
        "an error with media.errorId or media.errorSource in params",
        "Poorly documented: one of Adobe's pages has the keys there, but no known client sends them there.",
        "Adobe, Events: Error (params); Media Collection API: parameters (qoeData)",
        _in_params,
        dialects=("collection",),
    ),
)
