from __future__ import annotations

import io
import json
import logging
import threading

from mockserver.cli.request_log import RequestLog, json_line, log_to
from mockserver.model.http import HttpRequest
from mockserver.server.service import Service
from tests.factories import inside, post


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class GoneTerminal(Terminal):
    def write(self, text: str) -> int:
        raise OSError("gone")


def get(path: str) -> HttpRequest:
    return HttpRequest("GET", path, path)


def test_requests_of_all_namespaces_even_new_ones_are_written() -> None:
    stream = Terminal()
    log = RequestLog.for_terminal(stream)
    assert log is not None
    service = Service(made=log.watch)
    service.namespaces.default.handle(get("/one"))
    service.namespaces.obtain("blue").handle(get("/two"))
    inside(service.namespaces.default).reset(["journal"])
    service.namespaces.default.handle(get("/three"))
    log.close()
    one, two, three = stream.getvalue().splitlines()
    assert "GET /one " in one
    assert "GET /two " in two
    assert two.endswith("[blue]")
    assert "GET /three " in three


def test_nothing_is_written_without_a_terminal() -> None:
    assert RequestLog.for_terminal(io.StringIO()) is None


def test_closed_terminal_ends_the_log_but_not_the_server() -> None:
    log = RequestLog(GoneTerminal())
    service = Service(made=log.watch)
    service.namespaces.default.handle(get("/one"))
    service.namespaces.default.handle(get("/two"))
    log.close()
    assert len(inside(service.namespaces.default).journal) == 2


class PausedTerminal(Terminal):
    """A terminal that accepts no output until it is resumed."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.goes_on = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        self.goes_on.wait(10)
        return super().write(text)


def test_requests_that_a_paused_terminal_cannot_take_are_counted_and_not_kept() -> None:
    stream = PausedTerminal()
    log = RequestLog(stream, max_waiting=2)
    service = Service(made=log.watch)
    service.namespaces.default.handle(get("/being-written"))
    assert stream.reached.wait(10)
    for name in ("first", "second", "lost", "lost-too", "lost-as-well"):
        service.namespaces.default.handle(get(f"/{name}"))
    stream.goes_on.set()
    log.close()
    written, first, second, told = stream.getvalue().splitlines()
    assert "GET /being-written " in written
    assert "GET /first " in first
    assert "GET /second " in second
    assert told == "... 3 requests not shown"


def test_json_lines_say_what_a_search_in_logs_needs_and_keep_every_text_in_one_line() -> None:
    stream = io.StringIO()
    log = RequestLog(stream, json_line)
    service = Service(made=log.watch, settings=None)
    service.namespaces.default.handle(get("/one\n"))
    service.namespaces.obtain("blue").handle(post("/api/v1/sessions", {"eventType": "ping"}))
    service.namespaces.default.handle(post("/api/v1/sessions", 5))
    log.close()
    one, two, three = map(json.loads, stream.getvalue().splitlines())
    assert one["time"].endswith("Z")
    assert (one["level"], one["event"], one["namespace"], one["seq"]) == ("info", "request", "default", 1)
    assert (one["method"], one["path"], one["status"], one["outcome"]) == ("GET", "/one\n", 404, "no_route")
    assert (two["namespace"], two["status"], two["violations"] != []) == ("blue", 400, True)
    assert three["violations"] == ["The event is the number 5; send one JSON object per event."]


def test_notices_are_text_or_json_with_their_level_and_exceptions() -> None:
    text, lines = io.StringIO(), io.StringIO()
    try:
        for stream, as_json in ((text, False), (lines, True)):
            notices = log_to(stream, as_json=as_json)
            notices.info("%s", "reloaded 100%s")
            notices.warning("take care")
            try:
                raise ValueError("broken")
            except ValueError:
                notices.exception("internal error")
    finally:
        logging.getLogger("mockserver").handlers.clear()
        logging.getLogger("mockserver").propagate = True
    assert text.getvalue().startswith("reloaded 100%s\nwarning: take care\nerror: internal error\nTraceback ")
    reloaded, warning, error = map(json.loads, lines.getvalue().splitlines())
    assert (reloaded["level"], reloaded["message"]) == ("info", "reloaded 100%s")
    assert (warning["level"], warning["event"]) == ("warning", "notice")
    assert "ValueError: broken" in error["exception"]
