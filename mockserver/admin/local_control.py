"""The admin API in the process of the server: calls the function of a route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from mockserver.admin.waiting import Pending
from mockserver.control import Route
from mockserver.namespaces import Namespaces, Target

__all__ = ["LocalControl", "functions", "perform"]

A = TypeVar("A")
R = TypeVar("R")


@cache
def functions() -> Mapping[Route[Any, Any], Callable[..., Any]]:
    """Return the function of every route; see :data:`mockserver.admin.table.FUNCTIONS`.

    They import half of the package, including all rules, so the first call takes as long as starting a server.
    """
    from mockserver.admin.table import FUNCTIONS

    return FUNCTIONS


def perform(
    namespaces: Namespaces, name: str, route: Route[A, R], argument: A, as_json: bool = False, /, **path: str
) -> R | Pending[R]:
    """Call the function of a route.

    Args:
        namespaces: All namespaces of the server.
        name: The namespace to use.
        route: The route; not the stream or the CA, which the server answers itself.
        argument: The query or the body.
        as_json: See :class:`~mockserver.namespaces.Target`.
        **path: The parts of the path.

    Returns:
        The answer, or how to wait for it.

    Raises:
        MockserverError: The function refuses.
    """
    if route.changes:
        namespaces.check_room(name, "admin")
    target = Target(namespaces, namespaces.peek(name), as_json)
    answer = cast("R | Pending[R]", functions()[route](target, argument, **path))
    if route.changes:
        # Only now, so that a refused change creates no namespace.
        namespaces.obtain(name, "admin")
        namespaces.keep_limits()
    return answer


class LocalControl:
    """The control of a server in the same process.

    Args:
        namespaces: All namespaces of the server.
        name: The namespace to use.
    """

    def __init__(self, namespaces: Namespaces, name: str) -> None:
        self._namespaces = namespaces
        self._name = name

    def call(self, route: Route[A, R], argument: A, **path: str) -> R:
        """Call a route, and block until the answer is there; see :class:`~mockserver.control.Control`."""
        answer = perform(self._namespaces, self._name, route, argument, **path)
        return answer.block() if isinstance(answer, Pending) else answer
