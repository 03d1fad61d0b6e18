"""Check stories."""

from __future__ import annotations

import math
import re

import msgspec

from mockserver.errors import InvalidInput, below, nearest
from mockserver.model.expectation import Expectation
from mockserver.model.results import VerifyCommand
from mockserver.model.settings import Settings
from mockserver.model.story import Story
from mockserver.rules.faults import check_spec
from mockserver.rules.match import check_event_type, compile_query
from mockserver.rules.misfit import misfit
from mockserver.rules.settings import check_settings, setting_fields
from mockserver.rules.verification import count_range, steps

__all__ = ["check_story", "check_story_name"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LONGEST_S = 86400
_WHATS = ("query", "sequence", "no_findings")


def check_story_name(name: str) -> None:
    """Check the name of a story.

    Raises:
        InvalidInput: It is not 1 to 64 small letters, digits and dashes, beginning with a letter or digit.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name[:80]!r} cannot name a story: 1 to 64 small letters, digits and dashes, beginning with a letter or "
            "digit"
        )


def check_story(story: Story) -> None:
    """Check a story.

    Raises:
        InvalidInput: A member is wrong; the pointer leads to it.
    """
    for name in ("silence_s", "watch_s"):
        value = getattr(story, name)
        if not math.isfinite(value) or not 0 < value <= _LONGEST_S:
            raise InvalidInput(f"{name} is a number of seconds, more than 0 and at most {_LONGEST_S}, not {value}",
                               pointer=f"/{name}")  # fmt: skip
    if not story.title.strip():
        raise InvalidInput("a story needs a title", pointer="/title")
    with below("/settings"):
        _check_settings(story)
    for index, spec in enumerate(story.faults):
        with below(f"/faults/{index}"):
            check_spec(spec)
    if not story.expect:
        raise InvalidInput("a story needs at least one expectation, or no player could fail it", pointer="/expect")
    for index, wanted in enumerate(story.expect):
        with below(f"/expect/{index}"):
            _check_expectation(wanted)


def _check_settings(story: Story) -> None:
    known = {field.encode_name: field for field in setting_fields(Settings)}
    for name, value in story.settings.items():
        if name not in known:
            raise InvalidInput(f"there is no setting {name}{nearest(name, known)}", pointer=f"/{name}")
        try:
            msgspec.convert(value, known[name].type)
        except msgspec.ValidationError as error:
            with below(f"/{name}"):
                raise misfit(error, known[name].type, value) from None
    check_settings(msgspec.convert(story.settings, Settings))


def _check_expectation(wanted: Expectation) -> None:
    if not wanted.says.strip():
        raise InvalidInput("says must state the expectation, with the player as its subject", pointer="/says")
    given = [name for name in _WHATS if getattr(wanted, name) not in (None, ())]
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        raise InvalidInput(f"an expectation takes one of query, sequence and no_findings, and this one has {found}")
    if wanted.no_findings:
        _check_no_findings(wanted)
        return
    count_range(
        VerifyCommand(
            query=wanted.query,
            sequence=wanted.sequence,
            exactly=wanted.exactly,
            at_least=wanted.at_least,
            at_most=wanted.at_most,
        )
    )
    if wanted.query is not None:
        with below("/query"):
            compile_query(wanted.query)
    for index, step in enumerate(wanted.sequence or ()):
        with below(f"/sequence/{index}"):
            if isinstance(step, str):
                check_event_type(step, pointer="")
            steps((step,))


def _check_no_findings(wanted: Expectation) -> None:
    from mockserver.rules.diagnose.catalogue import CODES  # imports all rules, so only when needed

    for index, code in enumerate(wanted.no_findings):
        if code not in CODES:
            raise InvalidInput(
                f"no diagnostic has the code {code!r}{nearest(code, CODES)}", pointer=f"/no_findings/{index}"
            )
    for name in ("exactly", "at_least", "at_most"):
        if getattr(wanted, name) is not None:
            raise InvalidInput(f"no_findings takes no {name}", pointer=f"/{name}")
