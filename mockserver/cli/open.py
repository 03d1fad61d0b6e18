"""``mockserver open``: show recordings in the page, as if the server had received them."""

from __future__ import annotations

import argparse
import shlex
import sys
import webbrowser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.address import DEFAULT_NAMESPACE
from mockserver.cli.flags import add_file
from mockserver.cli.source import file_settings
from mockserver.errors import InvalidInput, MockserverError
from mockserver.rules.diagnose.wording import counted

if TYPE_CHECKING:
    from mockserver.model.results import ImportResult
    from mockserver.server.service import Service

__all__ = ["add_arguments", "load_files", "run"]

_CONFLICT = 409

_EPILOG = """\
FILE is an HTTP archive (HAR) of a browser or proxy, an exported journal, or recorded requests or bare events, one per
line. The format is detected. Other traffic than media reports is skipped. The page shows sessions, timelines, findings,
reports and requests at the times of the recording, with its clock frozen at the end. A file with a session that an
earlier file has too is in a namespace of its own, which you choose at the top of the page. Nothing leaves this machine:
the server listens on 127.0.0.1 only.

exit codes: 0 stopped with Ctrl-C, 2 a file cannot be used

examples:
  mockserver open page.har
  mockserver open monday.ndjson tuesday.ndjson
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Show recordings in the page, until Ctrl-C."
    parser.epilog = _EPILOG
    add_file(parser, "file", metavar="FILE", nargs="+", help="a recording, or - for stdin")
    parser.add_argument("--port", type=int, default=0, help="port of the server (default: a free one)")
    add_file(parser, "--config", metavar="FILE", help="emulate with the settings of this mockserver.toml")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def run(arguments: argparse.Namespace) -> int:
    """Show recordings until a signal stops the server.

    Returns:
        0.

    Raises:
        InvalidInput: A file cannot be used.
        ServerFailed: The port is in use.
    """
    from mockserver.server.options import ServerOptions
    from mockserver.server.runner import serve
    from mockserver.server.service import Service

    service = Service(file_settings(arguments.config), ServerOptions(port=arguments.port))
    for line in load_files(service, arguments.file):
        print(line)

    def ready(port: int, admin_port: int) -> None:
        address = f"http://127.0.0.1:{port}/__admin/ui/"
        print(f"page: {address}\nPress Ctrl-C to stop.", flush=True)
        if not arguments.no_browser and not webbrowser.open(address):
            print("no browser found; open the address yourself", file=sys.stderr)

    serve(service, ready)
    return 0


def load_files(service: Service, files: Iterable[str]) -> Iterator[str]:
    """Add recordings to a server, and at last freeze its clock at their end.

    Session ids are never changed: a file with a session that an earlier file has too gets a namespace of its own.

    Returns:
        A line for the user about each file.

    Raises:
        InvalidInput: A file cannot be used.
    """
    from mockserver.media_server import MediaServer
    from mockserver.media_server.questions import load_content
    from mockserver.recordings.recording import file_content, name_of

    files_of: dict[str, str] = {}
    until_ms: dict[str, int] = {}
    for number, file in enumerate(files, 1):
        content, namespace, note = file_content(file), DEFAULT_NAMESPACE, ""
        try:
            loaded = load_content(service.control(), content, name_of(file))
        except InvalidInput as error:
            if error.status_hint != _CONFLICT:
                raise
            namespace = f"file-{number}"
            loaded = load_content(service.control(namespace), content, name_of(file))
            earlier = next(files_of[sid] for sid in loaded.sessions if sid in files_of)
            compare = shlex.join(["mockserver", "compare", earlier, file])
            note = f", in the namespace {namespace}: {earlier} has a session with the same id; {compare} compares them"
        except MockserverError as error:
            raise InvalidInput(f"{name_of(file)}: {error}") from None
        files_of = dict.fromkeys(loaded.sessions, file) | files_of
        until_ms[namespace] = max(until_ms.get(namespace, 0), loaded.until_ms)
        yield _line("stdin" if file == "-" else Path(file).name, loaded) + note
    for namespace, at_ms in until_ms.items():
        clock = MediaServer(service.control(namespace)).clock
        clock.freeze()
        clock.set(at_ms)  # of an old recording everything would be forgotten by now


def _line(name: str, loaded: ImportResult) -> str:
    sessions = len(loaded.sessions)
    parts = [
        counted(sessions, "session"),
        counted(loaded.requests, "request"),
    ]
    if loaded.left_out:
        parts.append(f"{loaded.left_out} skipped (not media traffic)")
    if loaded.without_body:
        parts.append(f"{len(loaded.without_body)} skipped (recorded without a body)")
    return f"{name}: {', '.join(parts)}"
