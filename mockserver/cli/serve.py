"""``mockserver serve``: run a server in the foreground."""

from __future__ import annotations

import argparse
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mockserver.cli.configuration import Configuration, configure
from mockserver.cli.flags import add_file, serve_flags
from mockserver.cli.output_file import write_whole
from mockserver.cli.reachable import Reachable, reachable, row_text
from mockserver.control import EXPORT, NAMESPACES, Control, ExportQuery, PageQuery
from mockserver.dialects.registry import DIALECTS
from mockserver.errors import InvalidInput, MockserverError
from mockserver.model.query import MAX_LIMIT
from mockserver.namespaces import DEFAULT
from mockserver.server.options import ServerOptions, is_loopback
from mockserver.wire.codec import encode

if TYPE_CHECKING:
    from mockserver.cli.journal_file import JournalFile
    from mockserver.cli.story_files import StoryFiles
    from mockserver.emulator.emulator import Emulator
    from mockserver.stories.book import StoryBook

__all__ = ["add_arguments", "run"]

_EPILOG = """\
Every flag can also be set by an environment variable (MOCKSERVER_IDLE_TIMEOUT for --idle-timeout; lists with commas)
or a key of mockserver.toml in the working directory (idle_timeout = 5), which may also hold [[session_rules]],
[[faults]] and [thresholds] tables. Settings also have the names of the admin API: --idle-timeout-s,
MOCKSERVER_IDLE_TIMEOUT_S, idle_timeout_s. Flags override variables, and variables override the file. Use the word none
for no limit. Paths in the file are relative to it.

examples:
  mockserver serve --port 9000
  mockserver serve --idle-timeout 5 --grace 0            sessions expire after exactly 5 seconds without events
  mockserver serve --port 0 --ready-json                 use a free port and print it as one line of JSON
  mockserver serve --seed 7 --faults faults.json         the same faults and session ids every time
  mockserver serve --stories stories/ --watch            your own stories; they, mockserver.toml and the file of
                                                         --faults are reloaded when you save them
  mockserver serve --log-format json                     for a container whose logs are collected
  mockserver serve --export-on-exit journal.ndjson       keep all requests
  mockserver serve --journal journal.ndjson              keep them as they arrive, and continue after a restart
  mockserver serve --host 0.0.0.0 --admin-token SECRET   for devices on the network
  mockserver serve --host 0.0.0.0 --tls --tls-ca ca.pem  for devices that only use https

Stop the server with Ctrl-C or SIGTERM.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Emulate Adobe's Media Collection API and Media Edge API until Ctrl-C or SIGTERM."
    parser.usage = "%(prog)s [FLAG ...]"
    parser.epilog = _EPILOG
    server = parser.add_argument_group("server")
    add_file(server, "--config", metavar="FILE", help="read this file instead of mockserver.toml")
    server.add_argument(
        "--forward", metavar="URL",
        help="also send each request of a player to this endpoint, and compare the answers; only this flag can set it",
    )  # fmt: skip
    server.add_argument(
        "--forward-answer", action="store_true", help="answer the player as that endpoint does, even when it fails"
    )
    settings = parser.add_argument_group("settings (the admin API can change them at run time)")
    for flag in serve_flags().values():
        flag.add_to(server if flag.setting is None else settings)


def run(arguments: argparse.Namespace) -> int:
    """Run a server until a signal stops it.

    Returns:
        0.

    Raises:
        InvalidInput: Flags, environment or file cannot be used.
        ServerFailed: It cannot start, for example since the address is in use.
        MockserverError: The journal could not be written at the end.
    """
    seed = str(secrets.randbits(32))
    configured = partial(configure, serve_flags(), vars(arguments), os.environ, Path.cwd(), seed)
    configuration = configured()

    from mockserver.cli.request_log import RequestLog, json_line, log_to
    from mockserver.server.runner import serve
    from mockserver.server.service import Service

    if arguments.forward_answer and arguments.forward is None:
        raise InvalidInput("--forward-answer needs --forward URL")
    options = replace(configuration.options, forward=arguments.forward, forward_answer=arguments.forward_answer)
    as_json = configuration.log_format == "json"
    notices = log_to(sys.stderr, as_json=as_json)
    with ExitStack() as until_end:
        log = RequestLog(sys.stderr, json_line) if as_json else RequestLog.for_terminal(sys.stderr)
        journal = None if configuration.journal is None else _journal_file(configuration.journal)
        watchers = [watcher for watcher in (log, journal) if watcher is not None]
        for watcher in watchers:
            until_end.callback(watcher.close)

        def made(emulator: Emulator) -> None:
            for watcher in watchers:
                watcher.watch(emulator)

        book, stories = _stories(configuration)
        service = Service(configuration.settings, options, faults=configuration.faults, made=made, stories=book)
        if journal is not None:
            journal.read_back(service.namespaces, configuration.settings, partial(notices.info, "%s"))
            journal.begin(service.namespaces)
        if configuration.watch:
            from mockserver.cli.reload import ConfigurationFiles, FileWatch, StoryLook

            of_stories = [] if book is None or stories is None else [StoryLook(stories, book)]
            of_configuration = ConfigurationFiles(configuration, configured, service.restart_with)
            until_end.enter_context(FileWatch([of_configuration, *of_stories], partial(notices.info, "%s")))
        ca_pem = None if service.authority is None else service.authority.ca_pem

        def ready(port: int, admin_port: int) -> None:
            for text in (*_warnings(options), *_readable(configuration.secret_files)):
                notices.warning("%s", text)
            _announce(configuration, reachable(options, port, admin_port, ca_pem), service.guard.token)

        serve(service, ready)
    if configuration.export_on_exit is not None:
        _export(configuration.export_on_exit, service.control())
    return 0


def _journal_file(path: Path) -> JournalFile:
    from mockserver.cli.journal_file import JournalFile

    return JournalFile(path)


def _stories(configuration: Configuration) -> tuple[StoryBook | None, StoryFiles | None]:
    """Return the stories of the server, and the user's files of them."""
    if not configuration.stories:
        return None, None
    from mockserver.cli.story_files import StoryFiles
    from mockserver.stories.book import StoryBook

    book = StoryBook()
    files = StoryFiles(configuration.stories, book.check_free)
    book.replace(files.known())
    return book, files


def _announce(configuration: Configuration, known: Reachable, token: str | None) -> None:
    options = configuration.options
    url, admin_url = known.url, known.admin_url
    ui_url = f"{admin_url}/ui/" + ("" if token is None else f"?token={quote(token, safe='')}")
    if configuration.ready_json or configuration.log_format == "json":
        line: dict[str, Any] = {
            "event": "ready",
            "url": url,
            "admin_url": admin_url,
            "ui_url": ui_url,
            "pid": os.getpid(),
            "seed": options.seed,
        }
        if token is not None:
            line["admin_token"] = token
        if known.lan_urls:
            line["lan_urls"] = known.lan_urls
        if known.ca_pem is not None:
            line |= {"ca_url": known.ca_urls[0], "ca_pem": known.ca_pem}
        print(encode(line).decode(), flush=True)
        return
    rows = [
        ("page", ui_url),
        ("sessions", f"{url}{DIALECTS.default.opening_path} (POST)"),
        *known.device_rows(),
        ("admin API", f"{admin_url}/openapi.json"),
        ("journal", f"{admin_url}/events"),
        *([] if token is None else [("admin token", token)]),
        ("seed", options.seed if options.seeded_ids else f"{options.seed} (--seed {options.seed} repeats the faults)"),
        *known.ca_rows(),
    ]
    print(f"mockserver emulates Adobe's media APIs at {url}")
    print("\n".join(map(row_text, rows)))
    print("Press Ctrl-C to stop.", flush=True)


def _warnings(options: ServerOptions) -> Iterator[str]:
    if options.forward is not None:
        yield f"each request of a player also goes to {options.forward}, which may count it as real playback"
    if not is_loopback(options.host):
        token = "a generated token" if options.admin_token is None else "the token of --admin-token"
        yield f"other machines can reach {options.host}: {token} protects the admin API, the emulated API is open"


def _readable(secret_files: Iterable[Path]) -> Iterator[str]:
    if os.name != "posix":
        return
    for path in secret_files:
        with suppress(OSError):
            if path.stat().st_mode & stat.S_IROTH:
                yield f"everybody on this machine can read {path}: chmod 600 {path}"


def _export(path: Path, control: Control) -> None:
    """Write the journal of the default namespace, and name the others that have one."""
    namespaces = control.call(NAMESPACES, PageQuery(limit=MAX_LIMIT)).namespaces
    try:
        write_whole(path, control.call(EXPORT, ExportQuery()))
    except OSError as error:
        raise MockserverError(f"cannot write the journal to {path}: {error.strerror or error}") from None
    others = {view.name: view.requests for view in namespaces if view.requests and view.name != DEFAULT}
    if others:
        names = ", ".join(f"{name} ({count} {'entry' if count == 1 else 'entries'})" for name, count in others.items())
        print(f"only the default namespace was exported, not {names}", file=sys.stderr)
