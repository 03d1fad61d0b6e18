"""Which settings are refused, and which place the message names."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mockserver.errors import InvalidInput
from mockserver.model.finding import Thresholds
from mockserver.model.settings import SessionRule, Settings
from mockserver.rules.settings import check_settings
from tests.tables import every_case


@every_case(
    "members",
    [
        {},
        {"idle_timeout_s": None, "stall_timeout_s": None, "max_age_s": None, "retention_s": None},
        {"idle_timeout_s": 0, "retention_s": 0.001, "grace_s": 0},
        {"reorder_window_n": 0, "reorder_window_s": 0},
        {"path_prefixes": ("/va", "/a/b-c/~d.e_f")},
        {"session_rules": (SessionRule(where=("/params/media.id=x",), idle_timeout_s=None, max_age_s=5),)},
        {"cors_max_age_s": 600},
        {"max_age_s": 0.5},
    ],
)
def test_settings_that_make_sense_pass(members: dict[str, Any]) -> None:
    check_settings(Settings(**members))


@every_case(
    ("members", "pointer"),
    [
        ({"idle_timeout_s": -1}, "/idle_timeout_s"),
        ({"stall_timeout_s": float("nan")}, "/stall_timeout_s"),
        ({"max_age_s": float("inf")}, "/max_age_s"),
        ({"retention_s": 1e12}, "/retention_s"),
        ({"grace_s": -0.1}, "/grace_s"),
        ({"reorder_window_s": -5}, "/reorder_window_s"),
        ({"reorder_window_n": -1}, "/reorder_window_n"),
        ({"cors_max_age_s": -1}, "/cors.max_age"),
        ({"max_entries": 0}, "/max_entries"),
        ({"max_waiters": -3}, "/max_waiters"),
        ({"max_body_bytes": 0}, "/max_body_bytes"),
        ({"path_prefixes": ("/va", "va")}, "/path_prefixes/1"),
        ({"path_prefixes": ("/va/",)}, "/path_prefixes/0"),
        ({"path_prefixes": ("/",)}, "/path_prefixes/0"),
        ({"path_prefixes": ("/api",)}, "/path_prefixes/0"),
        ({"path_prefixes": ("/__admin/x",)}, "/path_prefixes/0"),
        ({"idle_timeout_s": "5"}, "/idle_timeout_s"),
        ({"reorder_window_s": None}, "/reorder_window_s"),
        ({"max_entries": "9"}, "/max_entries"),
        ({"cors_max_age_s": 1.5}, "/cors.max_age"),
        ({"after_end": 500}, "/after_end"),
        ({"path_prefixes": (5,)}, "/path_prefixes"),
        ({"thresholds": replace(Thresholds(), ping_gap_s="1")}, "/thresholds/ping_gap_s"),
        ({"session_rules": (replace(SessionRule(where=()), where=5),)}, "/session_rules/0/where"),
        ({"session_rules": (replace(SessionRule(where=("/a=1",)), max_age_s="x"),)}, "/session_rules/0/max_age_s"),
        ({"session_rules": (SessionRule(where=()),)}, "/session_rules/0/where"),
        ({"session_rules": (SessionRule(where=("media.id",)),)}, "/session_rules/0/where"),
        (
            {"session_rules": (SessionRule(where=("/a=1",)), SessionRule(where=("/a=1",), max_age_s=-1))},
            "/session_rules/1/max_age_s",
        ),
    ],
)
def test_meaningless_settings_are_refused_with_the_place(members: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_settings(Settings(**members))
    assert refused.value.pointer == pointer
