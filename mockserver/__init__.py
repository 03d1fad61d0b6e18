"""An emulator of Adobe's Media Collection API and Media Edge API for tests of video players.

The names below are loaded when they are first used, so that importing the package, as the pytest plugin does in every
run, costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.errors import (
        BlockingCallInLoop,
        ControlFailed,
        Forbidden,
        InvalidInput,
        MockserverError,
        NotFound,
        Refused,
        ServerFailed,
        VerificationFailed,
    )
    from mockserver.media_server import FaultHandle, MediaServer, MockServer, SessionHandle, StoryHandle, connect
    from mockserver.model.fault import FaultSpec
    from mockserver.model.finding import Finding, Severity
    from mockserver.model.journal import Entry
    from mockserver.model.plan_result import PlanResult
    from mockserver.model.query import Query
    from mockserver.model.report import SessionReport
    from mockserver.model.settings import SessionRule, Settings
    from mockserver.model.story import Story
    from mockserver.model.tracking_plan import TrackingPlan
    from mockserver.rules.sequence import any_number_of, anything
    from mockserver.server.options import ServerOptions
    from mockserver.server.service import SERVICE, build_app

__all__ = [
    "SERVICE",
    "BlockingCallInLoop",
    "ControlFailed",
    "Entry",
    "FaultHandle",
    "FaultSpec",
    "Finding",
    "Forbidden",
    "InvalidInput",
    "MediaServer",
    "MockServer",
    "MockserverError",
    "NotFound",
    "PlanResult",
    "Query",
    "Refused",
    "ServerFailed",
    "ServerOptions",
    "SessionHandle",
    "SessionReport",
    "SessionRule",
    "Settings",
    "Severity",
    "Story",
    "StoryHandle",
    "TrackingPlan",
    "VerificationFailed",
    "any_number_of",
    "anything",
    "build_app",
    "connect",
]

_HOMES = {
    "BlockingCallInLoop": "errors",
    "ControlFailed": "errors",
    "Entry": "model.journal",
    "FaultHandle": "media_server",
    "FaultSpec": "model.fault",
    "Finding": "model.finding",
    "Forbidden": "errors",
    "InvalidInput": "errors",
    "MediaServer": "media_server",
    "MockServer": "media_server",
    "MockserverError": "errors",
    "NotFound": "errors",
    "PlanResult": "model.plan_result",
    "Query": "model.query",
    "Refused": "errors",
    "SERVICE": "server.service",
    "ServerFailed": "errors",
    "ServerOptions": "server.options",
    "SessionHandle": "media_server",
    "SessionReport": "model.report",
    "SessionRule": "model.settings",
    "Settings": "model.settings",
    "Severity": "model.finding",
    "Story": "model.story",
    "StoryHandle": "media_server",
    "TrackingPlan": "model.tracking_plan",
    "VerificationFailed": "errors",
    "any_number_of": "rules.sequence",
    "anything": "rules.sequence",
    "build_app": "server.service",
    "connect": "media_server",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
