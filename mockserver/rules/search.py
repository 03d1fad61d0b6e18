"""One search for the lists of the page and of the admin API: words, filters and conditions, all of which must be met.

``clip-7`` is text, found wherever a list or a body shows it. ``finding:ad severity:error`` are filters, and
``media.ad.id=ad-1`` is a condition as in queries. A minus before any of them excludes what it finds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from mockserver.errors import InvalidInput, nearest
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.finding import Finding, Severity
from mockserver.model.session import Content
from mockserver.model.vocabulary import Outcome, Phase
from mockserver.rules.condition import Condition, holds, parse_condition
from mockserver.rules.match import Facts

__all__ = ["FILTERS", "Request", "Term", "found_in_findings", "found_in_request", "found_in_session", "parse_search"]

_MAX_LENGTH = 1_000
_MAX_TERMS = 32
"""Each is checked for every entry."""

_PART_OF_SID = 8

_WORD = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+')
_FILTER = re.compile(r"([A-Za-z]+):(.+)", re.DOTALL)
_CONDITION = re.compile(r"(?:/|[A-Za-z_][\w.-]*(?:!=|\*=|=|>|<))")
_STATUS = re.compile(r"[1-5](?:xx|[0-9]{2})")

FILTERS: Mapping[str, str] = MappingProxyType(
    {
        "session": "the session id begins with this",
        "content": "the name or id of the content contains this",
        "player": "the name or library version of the player contains this",
        "event": "the event type begins with this",
        "finding": "the code of a finding begins with this: a code, or a family such as ad",
        "severity": "the severity of a finding, or of the one that finding: names: error, warning, info",
        "status": "the status of the answer: 404, or 4xx for all of its hundred",
        "outcome": "the outcome of the request begins with this",
        "fault": "the fault rule that hit the request has this id",
        "phase": "the phase of the session",
        "body": "the body contains this",
    }
)
"""The filters, and what each looks at."""


class Term(NamedTuple):
    """One word of a search.

    Args:
        name: The filter; ``text`` for plain words, ``where`` for a condition.
        value: What to look for, case-folded.
        excludes: Whether to leave out what has it.
        severities: For ``finding``: how bad that finding is.
        condition: For ``where``.
        needles: For text and bodies: the ways in which a body can have it.
    """

    name: str
    value: str
    excludes: bool = False
    severities: frozenset[Severity] = frozenset(Severity)
    condition: Condition | None = None
    needles: tuple[bytes, ...] = ()

    @property
    def about_findings(self) -> bool:
        """Whether it can be about a finding, which takes long to know."""
        return self.name == "finding" or (
            self.name == "text" and any(self.value in word for word in _words_of_findings())
        )

    @property
    def about_requests(self) -> bool:
        """Whether it looks at more than the session."""
        return self.name in _OF_REQUESTS


class Request(NamedTuple):
    """What a search looks at in a request: the facts, the raw body, and what is known of its session and findings."""

    facts: Facts
    body: bytes
    content: Content
    phase: Phase | None
    findings: Sequence[Finding]


def parse_search(text: str, finding: str = "", min_severity: Severity | None = None) -> tuple[Term, ...]:
    """Read a search.

    Args:
        text: The words.
        finding: The beginning of a code that a finding must also have.
        min_severity: How bad a finding must also be; with ``finding``, one of those.

    Raises:
        InvalidInput: A filter or its value does not exist, a condition cannot be read, or there are too many words.
    """
    if len(text) > _MAX_LENGTH:
        raise InvalidInput(f"a search has at most {_MAX_LENGTH} characters, not {len(text)}", pointer="/q")
    words = _WORD.findall(text)
    if len(words) > _MAX_TERMS:
        raise InvalidInput(f"a search has at most {_MAX_TERMS} words, not {len(words)}", pointer="/q")
    terms = _joined([_term(word) for word in words if word != "-"])
    if finding or min_severity is not None:
        worst = Severity.INFO if min_severity is None else min_severity
        so_bad = frozenset(severity for severity in Severity if severity.rank <= worst.rank)
        terms.append(Term("finding", finding.casefold(), severities=so_bad))
    return tuple(terms)


def _joined(terms: list[Term]) -> list[Term]:
    """Make ``finding:`` and ``severity:`` ask for one finding that has both the code and the severity."""
    so_bad = [term for term in terms if term.name == "finding" and not (term.value or term.excludes)]
    coded = [term for term in terms if term.name == "finding" and term.value and not term.excludes]
    if not (so_bad and coded):
        return terms
    severities = frozenset.intersection(*(term.severities for term in so_bad))
    others = [term for term in terms if term not in so_bad and term not in coded]
    return [*others, *(term._replace(severities=severities) for term in coded)]


def _term(word: str) -> Term:
    excludes = word.startswith("-") and len(word) > 1
    word = word[1:] if excludes else word
    if _CONDITION.match(word) and not (word.startswith("/") and not re.search("[=<>]", word)):
        return Term("where", word, excludes, condition=_condition(word))
    named = _FILTER.fullmatch(word)
    if named is not None and named[1].lower() in FILTERS:
        return _filter(named[1].lower(), _unquoted(named[2]).casefold(), excludes)
    if named is not None and (meant := nearest(named[1], FILTERS)):
        raise InvalidInput(
            f'there is no filter "{named[1]}"{meant} To look for the text, put it in quotes: "{word}"',
            pointer="/q",
        )
    value = _unquoted(word).casefold()
    return Term("text", value, excludes, needles=_needles(value))


def _filter(name: str, value: str, excludes: bool) -> Term:
    if name == "status" and not _STATUS.fullmatch(value):
        raise InvalidInput(f"status:{value} is not a status: write three digits, or 4xx for 400 to 499", pointer="/q")
    if name == "severity":
        value = value.removesuffix("s")  # as the page counts them
    known = _KNOWN.get(name, ())
    if known and not any(word.casefold().startswith(value) for word in known):
        words = nearest(value, known) or f"; use one of {', '.join(known)}"
        raise InvalidInput(f"{name}:{value} matches nothing{words}", pointer="/q")
    if name == "severity":
        meant = frozenset(severity for severity in Severity if severity.value.startswith(value))
        return Term("finding", "", excludes, meant)
    return Term(name, value, excludes, needles=_needles(value) if name == "body" else ())


def _condition(word: str) -> Condition:
    try:
        return parse_condition(word)
    except InvalidInput as error:
        raise InvalidInput(str(error), pointer="/q") from None


@cache
def _words_of_findings() -> tuple[str, ...]:
    """Return the words that a list can show of a finding: codes and severities."""
    from mockserver.rules.diagnose.catalogue import CODES  # imports all rules, so only when needed

    return (*sorted(CODES), *(severity.value for severity in Severity))


_KNOWN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "severity": tuple(severity.value for severity in Severity),
        "phase": tuple(phase.value for phase in Phase),
        "outcome": tuple(outcome.value for outcome in Outcome),
        "event": EVENT_TYPES,
    }
)


def _unquoted(word: str) -> str:
    return re.sub(r'"((?:[^"\\]|\\.)*)"?', lambda found: found[1].replace('\\"', '"'), word)


def _needles(value: str) -> tuple[bytes, ...]:
    """Return the ways to write a text in JSON, in lower case."""
    plain = json.dumps(value, ensure_ascii=False)[1:-1].encode("utf-8", "replace")
    return tuple(dict.fromkeys((plain, json.dumps(value)[1:-1].encode())))


def found_in_session(term: Term, sid: str, content: Content, phase: Phase | None, findings: Iterable[Finding]) -> bool:
    """Return whether a session itself has what a term is about, whatever its requests have.

    ``excludes`` is not applied.
    """
    match term.name:
        case "session":
            return sid.casefold().startswith(term.value)
        case "content":
            return _shown((content.media_name, content.media_id), term.value)
        case "player":
            return _shown((content.player_name, content.library_version), term.value)
        case "phase":
            return phase is not None and phase.value.startswith(term.value)
        case "finding":
            return found_in_findings(term, findings)
        case "text":
            texts = (content.media_name, content.media_id, content.player_name, content.library_version)
            return (
                _is_part_of(sid.casefold(), term.value)
                or _shown(texts, term.value)
                or any(_mentions(finding, term.value) for finding in findings)
            )
        case _:
            return False


def found_in_findings(term: Term, findings: Iterable[Finding]) -> bool:
    """Return whether one of some findings is what a ``finding`` term asks for."""
    return any(finding.severity in term.severities and finding.code.startswith(term.value) for finding in findings)


def found_in_request(term: Term, request: Request) -> bool:
    """Return whether a request, or its session, has what a term is about; ``excludes`` is not applied."""
    of_its_own = _OF_REQUESTS.get(term.name)
    if of_its_own is not None and of_its_own(term, request):
        return True
    sid = request.facts.session_id or ""
    return found_in_session(term, sid, request.content, request.phase, request.findings)


def _has_status(term: Term, request: Request) -> bool:
    status = str(request.facts.status or "")
    return status[:1] == term.value[:1] if term.value.endswith("xx") else status == term.value


def _has_text(term: Term, request: Request) -> bool:
    event_type = (request.facts.event_type or "").casefold()
    return term.value in event_type or _in_body(term, request)


def _in_body(term: Term, request: Request) -> bool:
    body = request.body.lower()  # of ASCII only; other letters are compared as they were sent
    return any(needle in body for needle in term.needles)


def _meets(term: Term, request: Request) -> bool:
    assert term.condition is not None
    document, normal = request.facts.documents()
    return holds(term.condition, document, normal)


_OF_REQUESTS: Mapping[str, Callable[[Term, Request], bool]] = MappingProxyType(
    {
        "event": lambda term, request: (request.facts.event_type or "").casefold().startswith(term.value),
        "status": _has_status,
        "outcome": lambda term, request: (
            request.facts.outcome is not None and request.facts.outcome.value.startswith(term.value)
        ),
        "fault": lambda term, request: term.value in request.facts.fault_ids,
        "body": _in_body,
        "text": _has_text,
        "where": _meets,
    }
)
"""The terms that look at a request, not only at its session."""


def _is_part_of(sid: str, value: str) -> bool:
    """Return whether a text stands for a session id: it is its beginning, or a part too long to be a word."""
    return sid.startswith(value) or (len(value) >= _PART_OF_SID and value in sid)


def _shown(texts: Iterable[str | None], value: str) -> bool:
    return any(text is not None and value in text.casefold() for text in texts)


def _mentions(finding: Finding, value: str) -> bool:
    return value in finding.code or value == finding.severity.value
