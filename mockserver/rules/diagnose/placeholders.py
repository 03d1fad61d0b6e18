"""Words that stand where a value should be: what programs write for nothing, and people for the time being."""

from __future__ import annotations

__all__ = ["is_nothing", "is_unknown"]

_NOTHING = frozenset(
    {
        "", "n/a", "na", "none", "nan", "null", "nil", "undefined", "(null)", "[object object]",
        "%5bobject%20object%5d", "{}", "[]", "<null>", "optional(nil)", "todo", "tbd", "placeholder", "changeme",
    }
)  # fmt: skip
_UNKNOWN = _NOTHING | {"unknown", "unnamed", "default", "test", "-"}


def is_nothing(value: object) -> bool:
    """Tell whether a value is a word for nothing, in any case of letters."""
    return isinstance(value, str) and value.strip().lower() in _NOTHING


def is_unknown(value: object) -> bool:
    """Tell whether a value is a word for nothing, or for something that nobody named."""
    return isinstance(value, str) and value.strip().lower() in _UNKNOWN
