"""The operation of every control route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from mockserver import control as c
from mockserver.control import Route
from mockserver.emulator.pending import Pending
from mockserver.model.results import ResetCommand
from mockserver.namespaces import Namespaces
from mockserver.operations import judgement as j
from mockserver.operations import namespace as n
from mockserver.operations import players as p
from mockserver.operations import reach
from mockserver.operations import server as s
from mockserver.operations import sessions as listed
from mockserver.operations import stories as st
from mockserver.operations.export import export

__all__ = ["LocalControl", "perform"]

A = TypeVar("A")
R = TypeVar("R")

_ON_NAMESPACE: dict[Route[Any, Any], Callable[..., Any]] = {
    c.SUMMARY: j.summary,
    c.SESSIONS: listed.sessions,
    c.PUT_SESSION: n.put_session,
    c.SESSION: n.session,
    c.EXPIRE: n.expire_session,
    c.FORGET: n.forget_session,
    c.TIMELINE: n.timeline,
    c.LANES: j.lanes,
    c.SESSION_FINDINGS: j.session_findings,
    c.REPORT: j.report,
    c.FINDINGS: j.findings,
    c.EVENTS: n.events,
    c.COUNT: n.count,
    c.FIND: n.find,
    c.WAIT: n.wait,
    c.EVENT: n.event,
    c.VERIFY: n.verify,
    c.FAULTS: n.faults,
    c.ADD_FAULT: n.add_fault,
    c.DELETE_FAULTS: n.delete_faults,
    c.FAULT: n.fault,
    c.PUT_FAULT: n.put_fault,
    c.DELETE_FAULT: n.delete_fault,
    c.STORIES: st.stories,
    c.STORY: st.story,
    c.PUT_STORY: st.put_story,
    c.START_STORY: st.start_story,
    c.WAIT_STORY: st.wait_story,
    c.STOP_STORY: st.stop_story,
    c.SETTINGS: n.settings,
    c.PATCH_SETTINGS: n.patch_settings,
    c.CLOCK: n.clock,
    c.SET_CLOCK: n.set_clock,
    c.RESET: n.reset,
}

_ON_SERVER: dict[Route[Any, Any], Callable[..., Any]] = {
    c.HEALTH: s.health,
    c.READY: s.health,
    c.VERSION: s.show_version,
    c.METRICS: s.metrics,
    c.OPENAPI: s.openapi,
    c.NAMESPACES: s.namespaces,
    c.DELETE_NAMESPACE: s.delete_namespace,
}

_ON_ONE_OF_ALL: dict[Route[Any, Any], Callable[..., Any]] = {
    c.PLAYERS: p.players,
    c.ADD_PLAYERS: p.add_players,
    c.STOP_PLAYER: p.stop_player,
    c.STOP_PLAYERS: p.stop_players,
    c.ADDRESSES: reach.addresses,
    c.QR_CODE: reach.qr_code,
    c.EXPORT: export,
}


def perform(namespaces: Namespaces, name: str, route: Route[A, R], argument: A, /, **path: str) -> R | Pending[R]:
    """Do what a route asks for.

    Args:
        namespaces: All namespaces of the server.
        name: The namespace that is asked.
        route: What for; not the stream nor the CA, which are the server's own.
        argument: The query or the body.
        **path: The parts of the path.

    Returns:
        The answer, or, where it may have to be waited for, how to wait.

    Raises:
        MockserverError: The operation refused.
    """
    operation = _ON_SERVER.get(route)
    if operation is not None:
        return cast("R | Pending[R]", operation(namespaces, argument, **path))
    if route.changes:
        namespaces.check_room(name)
    emulator = namespaces.peek(name)
    on_one = _ON_ONE_OF_ALL.get(route)
    if on_one is not None:
        answer = cast("R | Pending[R]", on_one(namespaces, name, argument, **path))
    else:
        if isinstance(argument, ResetCommand) and argument.only is None:
            namespaces.players.clear(name)  # before, so that nothing of theirs comes after
        answer = cast("R | Pending[R]", _ON_NAMESPACE[route](emulator, argument, **path))
    if route.changes:
        # Only now: a change that was refused makes no namespace.
        namespaces.obtain(name)
    return answer


class LocalControl:
    """The control of a server in the same process.

    Args:
        namespaces: All namespaces of the server.
        name: The namespace that is asked.
    """

    def __init__(self, namespaces: Namespaces, name: str) -> None:
        self._namespaces = namespaces
        self._name = name

    def call(self, route: Route[A, R], argument: A, **path: str) -> R:
        """Ask, and block while the answer has to be waited for; see :class:`~mockserver.control.Control`."""
        answer = perform(self._namespaces, self._name, route, argument, **path)
        return answer.block() if isinstance(answer, Pending) else answer
