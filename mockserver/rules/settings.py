"""Check settings."""

from __future__ import annotations

import math
import re
from functools import cache

import msgspec
from msgspec import structs

from mockserver.errors import InvalidInput, below
from mockserver.model.settings import SessionRule, Settings
from mockserver.rules.match import conditions
from mockserver.rules.misfit import misfit

__all__ = ["check_settings", "setting_fields"]

_LIFETIMES = ("idle_timeout_s", "stall_timeout_s", "max_age_s", "retention_s")
_LONGEST_S = 10 * 365 * 86400
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_RESERVED_PREFIXES = ("/api", "/ns", "/__admin")


def check_settings(settings: Settings) -> None:
    """Check settings.

    Raises:
        InvalidInput: A member is wrong; the pointer leads to it.
    """
    _check_types(settings, "")
    _check_types(settings.thresholds, "/thresholds")
    for name in (
        *_LIFETIMES, "grace_s", "reorder_window_s", "credit_tail_s", "edge_ping_s", "edge_ad_ping_s",
        "header_timeout_s",
    ):  # fmt: skip
        _check_seconds(getattr(settings, name), name)
    _check_seconds(settings.cors_max_age_s, "cors.max_age")
    for name in settings.__struct_fields__:
        if name.startswith("max_") and name != "max_age_s" and getattr(settings, name) < 1:
            raise InvalidInput(f"{name} must be 1 or more, not {getattr(settings, name)}", pointer=f"/{name}")
    if settings.reorder_window_n < 0:
        raise InvalidInput("reorder_window_n must be 0 or more", pointer="/reorder_window_n")
    for name in settings.thresholds.__struct_fields__:
        value = getattr(settings.thresholds, name)
        if not math.isfinite(value) or value < 0:
            raise InvalidInput(f"{name} must be 0 or more, not {value}", pointer=f"/thresholds/{name}")
    for index, prefix in enumerate(settings.path_prefixes):
        if not _PREFIX.fullmatch(prefix) or prefix.startswith(_RESERVED_PREFIXES):
            raise InvalidInput(
                f"{prefix!r} is not a path prefix: write it like /va, not beginning with "
                f"{' '.join(_RESERVED_PREFIXES)}",
                pointer=f"/path_prefixes/{index}",
            )
    for index, rule in enumerate(settings.session_rules):
        _check_rule(rule, f"/session_rules/{index}")


@cache
def setting_fields(kind: type[msgspec.Struct]) -> tuple[structs.FieldInfo, ...]:
    """Return the members of a record with their types; cached, because reading annotations is slow."""
    return structs.fields(kind)


def _check_types(record: msgspec.Struct, pointer: str) -> None:
    """Check the types of members: in Python a record can be made with values of any type."""
    for field in setting_fields(type(record)):
        value = getattr(record, field.name)
        try:
            if value is not msgspec.UNSET:
                msgspec.convert(value, field.type)
        except msgspec.ValidationError as error:
            wrong = misfit(error, field.type, value)
            raise InvalidInput(f"{field.name}: {wrong}", pointer=f"{pointer}/{field.encode_name}") from None


def _check_rule(rule: SessionRule, pointer: str) -> None:
    _check_types(rule, pointer)
    if not rule.where:
        raise InvalidInput("a session rule needs at least one condition", pointer=f"{pointer}/where")
    with below(pointer):
        conditions(rule.where)
    for name in _LIFETIMES:
        value = getattr(rule, name)
        if isinstance(value, (int, float)):
            _check_seconds(value, f"{pointer.removeprefix('/')}/{name}")


def _check_seconds(value: float | None, name: str) -> None:
    if value is not None and (not math.isfinite(value) or not 0 <= value <= _LONGEST_S):
        raise InvalidInput(
            f"{name.rsplit('/', 1)[-1]} must be a number of seconds from 0 to {_LONGEST_S}, or null for no limit; "
            f"not {value}",
            pointer=f"/{name}",
        )
