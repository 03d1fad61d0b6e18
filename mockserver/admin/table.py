"""The function that does the work of each route of the admin API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, TypeVar

from mockserver import control as c
from mockserver.admin import controls, entries, findings, server, sessions, stories
from mockserver.admin.comparison import comparison
from mockserver.admin.imports import import_recording
from mockserver.admin.metrics import metrics
from mockserver.admin.plans import plan
from mockserver.admin.verification import verify
from mockserver.admin.waiting import Pending
from mockserver.control import Route
from mockserver.namespaces import Target

__all__ = ["FUNCTIONS"]

A = TypeVar("A")
R = TypeVar("R")

_Entry = tuple[Route[Any, Any], Callable[..., Any]]


def _does(route: Route[A, R], function: Callable[Concatenate[Target, A, ...], R | Pending[R]]) -> _Entry:
    """Return a row of the table; type checkers see whether the function fits the types of its route."""
    return route, function


FUNCTIONS = dict(
    (
        _does(c.HEALTH, server.health),
        _does(c.READY, server.health),
        _does(c.VERSION, server.show_version),
        _does(c.METRICS, metrics),
        _does(c.OPENAPI, server.openapi),
        _does(c.SUMMARY, findings.summary),
        _does(c.SESSIONS, sessions.sessions),
        _does(c.PUT_SESSION, sessions.put_session),
        _does(c.SESSION, sessions.session),
        _does(c.EXPIRE, sessions.expire_session),
        _does(c.FORGET, sessions.forget_session),
        _does(c.TIMELINE, sessions.timeline),
        _does(c.LANES, sessions.lanes),
        _does(c.COMPARISON, comparison),
        _does(c.SESSION_FINDINGS, findings.session_findings),
        _does(c.REPORT, findings.report),
        _does(c.FINDINGS, findings.findings),
        _does(c.RULE, findings.rule),
        _does(c.EVENTS, entries.events),
        _does(c.COUNT, entries.count),
        _does(c.FIND, entries.find),
        _does(c.WAIT, entries.wait),
        _does(c.EVENT, entries.event),
        _does(c.EXPORT, entries.export),
        _does(c.IMPORT, import_recording),
        _does(c.VERIFY, verify),
        _does(c.PLAN, plan),
        _does(c.ARMED, controls.armed),
        _does(c.FAULTS, controls.faults),
        _does(c.ADD_FAULT, controls.add_fault),
        _does(c.DELETE_FAULTS, controls.delete_faults),
        _does(c.FAULT, controls.fault),
        _does(c.PUT_FAULT, controls.put_fault),
        _does(c.DELETE_FAULT, controls.delete_fault),
        _does(c.STORIES, stories.stories),
        _does(c.STORY, stories.story),
        _does(c.PUT_STORY, stories.put_story),
        _does(c.START_STORY, stories.start_story),
        _does(c.WAIT_STORY, stories.wait_story),
        _does(c.STOP_STORY, stories.stop_story),
        _does(c.SETTINGS, controls.settings),
        _does(c.PATCH_SETTINGS, controls.patch_settings),
        _does(c.CLOCK, controls.clock),
        _does(c.SET_CLOCK, controls.set_clock),
        _does(c.RESET, controls.reset),
        _does(c.NAMESPACES, server.namespaces),
        _does(c.DELETE_NAMESPACE, server.delete_namespace),
        _does(c.PLAYERS, server.players),
        _does(c.ADD_PLAYERS, server.add_players),
        _does(c.STOP_PLAYER, server.stop_player),
        _does(c.STOP_PLAYERS, server.stop_players),
        _does(c.ADDRESSES, server.addresses),
        _does(c.QR_CODE, server.qr_code),
    )
)
"""All but the stream and the certificate of the CA, which need a connection."""
