from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.address import server_address
from mockserver.cli.tail import Message, follow
from mockserver.control import RESET
from mockserver.errors import ControlFailed
from mockserver.model.http import HttpRequest
from mockserver.model.results import ResetCommand
from mockserver.server.runner import ServerThread

if TYPE_CHECKING:
    from tests.cli.conftest import MakeServer
    from tests.server.running import Running


def never(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s")


def messages(
    server: Running, namespace: str = "default", token: str | None = None, wait: Callable[[float], object] = never
) -> closing[Generator[Message, None, None]]:
    return closing(follow(server_address(server.url), namespace, token, wait=wait))


def receive(server: Running, path: str, namespace: str = "default") -> None:
    server.service.namespaces.obtain(namespace).handle(HttpRequest("GET", path, path))


def path_of(message: Message) -> Any:
    assert message.event == "entry"
    return json.loads(message.data)["request"]["path"]


def test_entries_arrive_as_they_are_recorded(server: Running) -> None:
    receive(server, "/before")
    with messages(server) as stream:
        assert next(stream).event == "connected"
        receive(server, "/one")
        receive(server, "/two")
        assert [path_of(next(stream)), path_of(next(stream))] == ["/one", "/two"]


def test_namespace_and_token_are_sent_to_the_server(make_server: MakeServer) -> None:
    server = make_server(admin_token="secret")
    with messages(server, "blue", "secret") as stream:
        assert next(stream).event == "connected"
        receive(server, "/other")
        receive(server, "/mine", "blue")
        assert path_of(next(stream)) == "/mine"


def test_broken_connection_is_made_again_and_nothing_is_missed(make_server: MakeServer, unused_tcp_port: int) -> None:
    server = make_server(port=unused_tcp_port)
    restarted: list[ServerThread] = []

    def restart(seconds: float) -> None:
        receive(server, "/meanwhile")
        server.thread = ServerThread(server.service)
        server.thread.start()
        restarted.append(server.thread)

    with messages(server, wait=restart) as stream:
        assert next(stream).event == "connected"
        receive(server, "/one")
        assert path_of(next(stream)) == "/one"
        server.thread.stop()
        assert [next(stream).event, next(stream).event] == ["lost", "connected"]
        assert path_of(next(stream)) == "/meanwhile"
    assert len(restarted) == 1


def test_server_that_stays_away_is_tried_again_and_again(make_server: MakeServer, unused_tcp_port: int) -> None:
    server = make_server(port=unused_tcp_port)
    waited: list[float] = []
    with messages(server, wait=waited.append) as stream:
        assert next(stream).event == "connected"
        server.thread.stop()
        assert [next(stream).event for _ in range(3)] == ["lost", "lost", "lost"]
    assert waited == [1.0, 1.0]


def test_reset_is_announced_and_the_count_begins_again(server: Running) -> None:
    with messages(server) as stream:
        assert next(stream).event == "connected"
        receive(server, "/one")
        assert next(stream).last_id == "1"
        server.service.control().call(RESET, ResetCommand())
        reset = next(stream)
        assert (reset.event, reset.last_id) == ("reset", "0")
        receive(server, "/two")
        assert next(stream).last_id == "1"


def test_server_that_never_answered_is_not_tried_again(unused_tcp_port: int) -> None:
    stream = follow(server_address(f"http://127.0.0.1:{unused_tcp_port}"), "default", None, wait=never)
    with pytest.raises(ControlFailed, match="cannot reach"):
        next(stream)


def test_refusal_shows_the_message_of_the_server(make_server: MakeServer) -> None:
    stream = follow(server_address(make_server(admin_token="secret").url), "default", "wrong", wait=never)
    with pytest.raises(ControlFailed, match="refuses to stream: an admin token is needed"):
        next(stream)


def test_other_server_is_recognized_as_such(server: Running) -> None:
    stream = follow(server_address(f"{server.url}/elsewhere"), "default", None, wait=never)
    with pytest.raises(ControlFailed, match="it answers 404, so it is not a mockserver"):
        next(stream)
