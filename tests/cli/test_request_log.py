from __future__ import annotations

import io

from mockserver.cli.request_log import RequestLog
from mockserver.model.http import HttpRequest
from mockserver.server.site import Site


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class GoneTerminal(Terminal):
    def write(self, text: str) -> int:
        raise OSError("gone")


def get(path: str) -> HttpRequest:
    return HttpRequest("GET", path, path)


def test_requests_of_all_namespaces_are_written_those_of_new_ones_too() -> None:
    stream = Terminal()
    log = RequestLog.for_terminal(stream)
    assert log is not None
    site = Site(made=log.watch)
    site.namespaces.default.handle(get("/one"))
    site.namespaces.obtain("blue").handle(get("/two"))
    site.namespaces.default.reset(["journal"])
    site.namespaces.default.handle(get("/three"))
    log.close()
    one, two, three = stream.getvalue().splitlines()
    assert "GET /one " in one
    assert "GET /two " in two
    assert two.endswith("[blue]")
    assert "GET /three " in three


def test_nothing_is_written_where_nobody_watches() -> None:
    assert RequestLog.for_terminal(io.StringIO()) is None


def test_terminal_that_is_gone_ends_the_log_and_not_the_server() -> None:
    log = RequestLog(GoneTerminal())
    site = Site(made=log.watch)
    site.namespaces.default.handle(get("/one"))
    site.namespaces.default.handle(get("/two"))
    log.close()
    assert len(site.namespaces.default.journal) == 2
