"""Clients that trust the CA of a server, and what they see."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest

from mockserver.errors import ServerFailed
from mockserver.server.options import ServerOptions
from mockserver.server.service import Service
from tests.server.running import Running
from tests.waiting import GUARD_S


def ca_of(server: Running) -> str:
    assert server.service.authority is not None
    return server.service.authority.ca_pem


def trusting(server: Running) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca_of(server))


def connected(server: Running, trust: ssl.SSLContext, host: str = "localhost") -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=GUARD_S)
    try:
        return trust.wrap_socket(plain, server_hostname=host)
    except ssl.SSLError:
        plain.close()
        raise


def certificate_of(server: Running, host: str = "127.0.0.1") -> dict[str, Any]:
    """Return what a client sees that verifies the server."""
    with connected(server, trusting(server), host) as secure:
        seen = secure.getpeercert()
    assert seen is not None
    return seen


def failure_of(**options: Any) -> str:
    with pytest.raises(ServerFailed) as caught:
        Service(options=ServerOptions(**options))
    return str(caught.value)
