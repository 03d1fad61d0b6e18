"""The regular expressions of tracking plans, none of which can be slow.

Python's own take exponential time for some texts, and a plan can come over HTTP. Those of jsonschema-rs, which checks
the events of players anyway, take linear time if they have no look-around and no back-references.
"""

from __future__ import annotations

from collections.abc import Callable

from mockserver.errors import InvalidInput

__all__ = ["compile_pattern"]

_LONGEST = 1_000
"""Most characters of a pattern."""


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether a pattern matches a whole text.

    Raises:
        InvalidInput: It is not a regular expression, or has look-around or back-references.
    """
    from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError  # imported only for such a plan

    if len(pattern) > _LONGEST:
        raise InvalidInput(f"a pattern has at most {_LONGEST} characters, not {len(pattern)}")
    try:
        Draft202012Validator({"pattern": pattern}, pattern_options=RegexOptions())  # it must not end our group below
        whole = Draft202012Validator({"pattern": f"^(?:{pattern})$"}, pattern_options=RegexOptions())
    except ValidationError:
        raise InvalidInput(
            f"{pattern!r} is not a regular expression for a plan; look-around and back-references are not allowed"
        ) from None
    return whole.is_valid
