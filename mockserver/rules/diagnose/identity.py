"""Rules about the ids of the viewer and the organization, and about placeholders sent as an id or a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.refusals import refused_at
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import listed, quoted, seqs_of
from mockserver.rules.playback import Step

__all__ = ["RULES", "is_nothing", "is_unknown"]

_NOTHING = frozenset(
    {
        "", "n/a", "na", "none", "nan", "null", "nil", "undefined", "(null)", "[object object]",
        "%5bobject%20object%5d", "{}", "[]", "<null>", "optional(nil)", "todo", "tbd", "placeholder", "changeme",
    }
)  # fmt: skip
_UNKNOWN = _NOTHING | {"unknown", "unnamed", "default", "test", "-"}


def is_nothing(value: object) -> bool:
    """Return whether a value is a word for "nothing", in upper or lower case."""
    return isinstance(value, str) and value.strip().lower() in _NOTHING


def is_unknown(value: object) -> bool:
    """Return whether a value is a word for "nothing" or for "unknown"."""
    return isinstance(value, str) and value.strip().lower() in _UNKNOWN


_ECID = re.compile(r"[0-9]{38}")
_ORG = re.compile(r"[^@\s]+@AdobeOrg")
_AUTH_STATES = (0, 1, 2)


_IDENTIFYING = ("sessionStart", "adBreakStart", "adStart", "chapterStart")
_WITH_OWN_RULE = frozenset(
    {
        "media.id", "media.channel", "media.playerName", "media.ad.id", "media.pass.auth", "media.contentType",
        "media.streamType", "visitor.marketingCloudUserId", "visitor.marketingCloudOrgId",
    }
)  # fmt: skip
_NO_IDS = frozenset(
    {"media.adLoad", "media.dayPart", "media.feed", "media.genre", "media.rating", "media.streamFormat"}
)
"""Keys for which "none" may be a real value."""


def _ecid(session: SessionTraffic) -> str:
    return str(session.params.get("visitor.marketingCloudUserId") or "").strip()


def _ecid_missing(session: SessionTraffic) -> Iterator[Hit]:
    if session.start is not None and not _ecid(session) and not session.params.get("appInstallationId"):
        yield Hit(
            seqs_of(session.start),
            "sessionStart has neither visitor.marketingCloudUserId nor appInstallationId; send the Experience Cloud id "
            "that the other Adobe libraries of the app use.",
        )


def _ecid_placeholder(session: SessionTraffic) -> Iterator[Hit]:
    ecid = _ecid(session)
    if ecid and not _ECID.fullmatch(ecid):
        yield Hit(
            seqs_of(session.start),
            f"visitor.marketingCloudUserId is {quoted(ecid)}; send an Experience Cloud id of 38 digits, or leave it "
            "out.",
        )


def _placeholder(session: SessionTraffic) -> Iterator[Hit]:
    found: dict[str, tuple[object, list[Step]]] = {}
    for event_type in _IDENTIFYING:
        for step in session.by_type.get(event_type, ()):
            for key, value in _named(step.params):
                if is_nothing(value) and str(value).strip():
                    found.setdefault(key, (value, []))[1].append(step)
    if found:
        yield Hit(
            seqs_of(*(step for _, steps in found.values() for step in steps)),
            f"{listed([f'{key} is {quoted(value)}' for key, (value, _) in found.items()])}; send the value, or leave "
            "the key out.",
        )


def _named(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Return the keys that no other rule covers, with their values; those of customer ids too."""
    for key, value in params.items():
        if key == "visitor.customerIDs" and isinstance(value, Mapping):
            yield from ((f"the customer id {quoted(name)}", each.get("id")) for name, each in value.items() if each)
        elif key not in _WITH_OWN_RULE and key not in _NO_IDS:
            yield key, value


def _org_format(session: SessionTraffic) -> Iterator[Hit]:
    org = session.params.get("visitor.marketingCloudOrgId")
    if session.start is not None and not _ORG.fullmatch(str(org)):
        yield Hit(
            seqs_of(session.start),
            f'visitor.marketingCloudOrgId is {quoted(org)}; send the organization id with "@AdobeOrg" at its end.',
        )


def _wrong_auth_state(session: SessionTraffic) -> Iterator[Hit]:
    ids: Any = session.params.get("visitor.customerIDs")
    for name, entry in ids.items() if isinstance(ids, Mapping) else ():
        if isinstance(entry, Mapping) and entry.get("authState") not in _AUTH_STATES:
            yield Hit(
                seqs_of(session.start),
                f"authState of the customer id {quoted(name)} is {quoted(entry.get('authState'))}; send 0, 1 or 2.",
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "id.ecid-missing",
        Severity.WARNING,
        "a sessionStart with neither marketingCloudUserId nor appInstallationId",
        "The session is not attributed to the visitor's other visits.",
        "Adobe, Request parameters",
        _ecid_missing,
        dialects=("collection",),
    ),
    Rule(
        "id.ecid-placeholder",
        Severity.WARNING,
        "a marketingCloudUserId that does not have 38 digits",
        "The session is attributed to other visitors, or to nobody.",
        'Adobe, Experience Cloud id service; THEOplayer\'s connector sends "N/A"',
        _ecid_placeholder,
        dialects=("collection",),
    ),
    Rule(
        "id.placeholder",
        Severity.WARNING,
        "None, NaN, N/A, null, undefined, [object Object] or the like for any other value of a sessionStart, "
        "adBreakStart, adStart or chapterStart",
        "The dimension is meaningless, or groups unrelated values.",
        "our reading: programs write these words where a value is missing",
        _placeholder,
        "an empty value, which is the same as none; unknown, which people write on purpose",
    ),
    Rule(
        "id.org-format",
        Severity.WARNING,
        "an organization id that does not end in @AdobeOrg",
        "The session is not attributed to the visitor's other visits.",
        "our reading: all organization ids in Adobe's documentation and recordings have this form",
        _org_format,
        dialects=("collection",),
    ),
    Rule(
        "id.customerIDs-shape",
        Severity.ERROR,
        "visitor.customerIDs is not an object of objects with id and authState 0, 1 or 2",
        "400, or the ids are ignored.",
        "Adobe, Request parameters",
        claims=refused_at("params", "visitor.customerIDs"),
        check=_wrong_auth_state,
        dialects=("collection",),
    ),
)
