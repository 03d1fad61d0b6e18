"""The source of ``diagnose`` and ``report``: a running server, or recorded traffic in a file."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from mockserver.cli.flags import add_file
from mockserver.cli.remote import REMOTE, add_remote_arguments, refuse, remote_server
from mockserver.control import EVENTS, FINDINGS, NAMESPACES, FindingQuery, PageQuery
from mockserver.errors import InvalidInput, MockserverError, known_name, nearest
from mockserver.media_server import MediaServer
from mockserver.model.finding import Finding
from mockserver.model.query import MAX_LIMIT, Query
from mockserver.model.settings import Settings
from mockserver.namespaces import DEFAULT, Namespace, destination

if TYPE_CHECKING:
    from mockserver.recordings.recording import Recording

__all__ = [
    "SOURCES",
    "JudgedRecording",
    "Source",
    "add_source_arguments",
    "add_source_options",
    "file_settings",
    "is_address",
    "opened_recording",
    "opened_source",
]

SOURCES = """\
SOURCE is one of
  http://127.0.0.1:8089    a running server, or its admin API if that has its own address
  journal.ndjson           an exported journal (--export-on-exit, or /__admin/export)
  page.har                 an HTTP archive of a browser or proxy; other traffic than media reports is skipped
  recording.ndjson         requests recorded by a proxy, one per line: {"t": seconds, "method": ..., "path": ...,
                           "headers": {...}, "body": "...", "status": ...}
  events.ndjson            one event per line, as the player sent it; a sessionStart begins the next session.
                           {"at_ms": milliseconds, "event": {...}} says when it arrived, otherwise its ts does
  -                        any such file on stdin
A file is run through an emulator with the default settings, or those of --config, at the times of the journal or of
the events. After the last line the clock moves on until the timeouts have closed every session; with --open, sessions
that nothing closed stay open.
"""
"""Help text of both commands."""


class Source(NamedTuple):
    """Traffic that can be judged.

    Args:
        name: Its name in messages.
        server: The server that judges it.
        lines: The place in the file of every journal entry; None for a running server.
        unit: What these places count: lines of a file, or entries of an HTTP archive.
    """

    name: str
    server: MediaServer
    lines: Mapping[int, int] | None
    unit: str = "line"

    @property
    def requests(self) -> int:
        """The number of requests."""
        return self.server.control.call(EVENTS, Query(limit=1)).meta.total

    @property
    def journal_complete(self) -> bool:
        """Whether nothing was dropped that could have findings."""
        return self.server.control.call(FINDINGS, FindingQuery(limit=1)).journal_complete

    def session_ids(self, only: str | None = None) -> list[str]:
        """Return the ids of the sessions.

        Args:
            only: Return this one alone; None for all.

        Raises:
            InvalidInput: There is no session, or not this one.
        """
        known = [session.session_id for session in self.server.sessions()]
        if not known:
            raise InvalidInput(f"{self.name} has no session")
        if only is not None and only not in known:
            raise InvalidInput(f"{self.name} has no session {only[:100]!r}{nearest(only, known)}")
        return known if only is None else [only]

    def findings(self) -> list[Finding]:
        """Return all findings, worst first."""
        found: list[Finding] = []
        since: int | None = 0
        while since is not None:
            page = self.server.control.call(FINDINGS, FindingQuery(since=since, limit=MAX_LIMIT))
            found += page.findings
            since = page.meta.next
        return found


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add SOURCE and its options to a parser."""
    add_file(parser, "source", metavar="SOURCE", help="a server, a file, or - for stdin; see below")
    add_source_options(parser)


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a source to a parser."""
    server = parser.add_argument_group("servers")
    server.add_argument("--namespace", metavar="NAME", help="read this namespace")
    add_remote_arguments(server)
    file = parser.add_argument_group("files")
    add_file(file, "--config", metavar="FILE", help="emulate with the settings of this mockserver.toml")
    file.add_argument("--open", action="store_true", help="keep sessions open that nothing closed")


_LIKE_ADDRESS = re.compile(r"localhost$|[\w.-]+:\d+(/|$)")


@contextmanager
def opened_source(arguments: argparse.Namespace, name: str | None = None) -> Iterator[Source]:
    """Open the source that the arguments name.

    Args:
        arguments: The arguments of :func:`add_source_options`.
        name: The source; None for the one of :func:`add_source_arguments`.

    Raises:
        InvalidInput: The source cannot be used; also when the server fails within the block.
    """
    try:
        name = arguments.source if name is None else name
        yield (_server if is_address(name) else _file)(arguments, name)
    except InvalidInput:
        raise
    except MockserverError as error:
        raise InvalidInput(str(error)) from None


def is_address(name: str) -> bool:
    """Return whether a source is a running server."""
    return name.lower().startswith(("http://", "https://"))


def _server(arguments: argparse.Namespace, name: str) -> Source:
    refuse(arguments, ("config", "open"), "is for files; a server has its own settings and clock")
    server = remote_server(name, arguments, None if arguments.namespace == DEFAULT else arguments.namespace)
    where = urlsplit(server.url)
    namespace = destination(where.path, where.netloc).namespace or DEFAULT
    page = server.control.call(NAMESPACES, PageQuery(limit=MAX_LIMIT))
    known_name(namespace, [view.name for view in page.namespaces], "namespace")
    return Source(server.url, server, None)


class JudgedRecording(NamedTuple):
    """A recording, run through an emulator.

    Args:
        name: Its name in messages.
        namespace: The namespace of the emulator.
    """

    name: str
    namespace: Namespace


def opened_recording(arguments: argparse.Namespace) -> JudgedRecording:
    """Run the source that the arguments name through an emulator here: a file, or what a running server exports.

    Raises:
        InvalidInput: The source cannot be used.
    """
    from mockserver.recordings.judged_file import judge_file
    from mockserver.recordings.recording import parse_recording

    if is_address(arguments.source):
        with opened_source(arguments) as source:
            recording = parse_recording(source.server.export(), source.name)
    else:
        recording = _recording(arguments, arguments.source)
    namespaces = judge_file(recording.calls, file_settings(arguments.config), leave_open=arguments.open)
    return JudgedRecording(recording.name, namespaces.peek(DEFAULT))


def _file(arguments: argparse.Namespace, name: str) -> Source:
    from mockserver.media_server.comparing import judged

    recording = _recording(arguments, name)
    server = MediaServer(judged(recording, file_settings(arguments.config), leave_open=arguments.open))
    return Source(recording.name, server, recording.places, recording.unit)


def _recording(arguments: argparse.Namespace, name: str) -> Recording:
    from mockserver.recordings.recording import read_recording

    refuse(arguments, ("namespace", *REMOTE), "is for the address of a server, not for a file")
    if _LIKE_ADDRESS.match(name) and not Path(name).exists():
        raise InvalidInput(f"there is no file {name}; if it is a server, write http://{name}")
    recording = read_recording(name)
    if recording.note:
        print(recording.note, file=sys.stderr)
    return recording


def file_settings(config: str | None) -> Settings:
    """Return the settings with which files are judged: those of a mockserver.toml, or the default ones."""
    if config is None:
        return Settings()
    from mockserver.cli.configuration import configure
    from mockserver.cli.flags import serve_flags

    return configure(serve_flags(), {"config": config}, {}, Path(), "0").settings
