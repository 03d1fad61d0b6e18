"""Servers on real sockets, with and without TLS."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import trustme

from mockserver.clock import Clock
from mockserver.dialects.base import Dialects
from mockserver.dialects.registry import DIALECTS
from mockserver.model.fault import FaultSpec
from mockserver.model.settings import Settings
from mockserver.server.options import ServerOptions
from mockserver.server.service import Service
from mockserver.wire.codec import decode
from tests.server.running import Running

Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start servers: ``start(Settings(...), faults=[{...}], clock=..., admin_token=...)``.

    All are stopped at the end; none may have had an internal error or leave a thread behind.
    """
    running: list[Running] = []
    before = threading.enumerate()

    def begin(
        settings: Settings | None = None,
        *,
        faults: tuple[dict[str, Any], ...] = (),
        clock: Clock | None = None,
        trust: ssl.SSLContext | None = None,
        dialects: Dialects = DIALECTS,
        **options: Any,
    ) -> Running:
        specs = [decode(json.dumps(fault), FaultSpec) for fault in faults]
        service = Service(settings, ServerOptions(**options), faults=specs, clock=clock, dialects=dialects)
        running.append(Running(service, trust))
        return running[-1]

    yield begin
    for server in running:
        server.stop()
        assert server.service.internal_errors == []
    left = [thread for thread in threading.enumerate() if thread.name == "mockserver" and thread not in before]
    assert not left


@pytest.fixture
def server(start: Start) -> Running:
    """A server with default options and settings."""
    return start()


@pytest.fixture
def clock() -> Clock:
    """A clock that is frozen at 2025-10-09 08:53:20 UTC."""
    standing = Clock()
    standing.freeze()
    standing.set(1_760_000_000_000)
    return standing


class Certified(NamedTuple):
    """A certificate for this machine, and a context that trusts its CA."""

    cert: str
    key: str
    trust: ssl.SSLContext


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """One certificate for all tests to which it makes no difference which one it is."""
    folder = tmp_path_factory.mktemp("certified")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode("ascii"))
    return Certified(str(folder / "cert.pem"), str(folder / "key.pem"), trust)


SCHEMES = ("http", "https")
StartWith = Callable[[str], Running]


@pytest.fixture
def start_with(request: pytest.FixtureRequest, start: Start, clock: Clock) -> StartWith:
    """Start servers with or without TLS on one clock, which is frozen."""

    def begin(scheme: str) -> Running:
        if scheme == "http":
            return start(clock=clock)
        certified: Certified = request.getfixturevalue("certified")
        return start(clock=clock, trust=certified.trust, tls_cert=certified.cert, tls_key=certified.key)

    return begin


@pytest.fixture(params=SCHEMES)
def each_scheme(request: pytest.FixtureRequest, start_with: StartWith) -> Running:
    """A server whose clock is frozen, once without TLS and once with it."""
    return start_with(request.param)
