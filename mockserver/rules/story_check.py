"""Check stories."""

from __future__ import annotations

import math
import re

import msgspec

from mockserver.errors import InvalidInput, below, nearest
from mockserver.model.settings import Settings
from mockserver.model.story import Story
from mockserver.rules.expectation import check_expectation
from mockserver.rules.faults import check_spec
from mockserver.rules.misfit import misfit
from mockserver.rules.settings import check_settings, setting_fields
from mockserver.rules.tracking_plan.compiled import compile_contents

__all__ = ["check_story", "check_story_name"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LONGEST_S = 86400


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
            raise InvalidInput(f"{name} must be a number of seconds, more than 0 and at most {_LONGEST_S}, not {value}",
                               pointer=f"/{name}")  # fmt: skip
    if not story.title.strip():
        raise InvalidInput("a story needs a title", pointer="/title")
    with below("/settings"):
        _check_settings(story)
    for index, spec in enumerate(story.faults):
        with below(f"/faults/{index}"):
            check_spec(spec)
    if not story.expect and not story.content:
        raise InvalidInput("a story needs at least one expectation, or no player could fail it", pointer="/expect")
    for index, wanted in enumerate(story.expect):
        with below(f"/expect/{index}"):
            check_expectation(wanted)
    compile_contents(story.content)


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
