"""``mockserver open``: show recordings in the page, as if the server had received them."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.cli.flags import add_file
from mockserver.cli.source import file_settings
from mockserver.errors import InvalidInput, MockserverError
from mockserver.rules.diagnose.wording import counted

if TYPE_CHECKING:
    from mockserver.model.results import ImportResult

__all__ = ["add_arguments", "run"]

_EPILOG = """\
FILE is an HTTP archive (HAR) of a browser or proxy, an exported journal, or recorded requests or bare events, one per
line. The format is detected. Other traffic than media reports is skipped. The page shows sessions, timelines, findings,
reports and requests at the times of the recording, with its clock frozen at the end. Nothing leaves this machine: the
server listens on 127.0.0.1 only.

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
    from mockserver.media_server import MediaServer
    from mockserver.server.options import ServerOptions
    from mockserver.server.runner import serve
    from mockserver.server.service import Service

    service = Service(file_settings(arguments.config), ServerOptions(port=arguments.port))
    server = MediaServer(service.control())
    until_ms = 0
    for name in arguments.file:
        try:
            loaded = server.load(name)
        except InvalidInput:
            raise
        except MockserverError as error:
            raise InvalidInput(f"{name}: {error}") from None
        print(_line("stdin" if name == "-" else Path(name).name, loaded))
        until_ms = max(until_ms, loaded.until_ms)
    server.clock.freeze()
    server.clock.set(until_ms)  # of an old recording everything would be forgotten by now

    def ready(port: int, admin_port: int) -> None:
        address = f"http://127.0.0.1:{port}/__admin/ui/"
        print(f"page: {address}\nPress Ctrl-C to stop.", flush=True)
        if not arguments.no_browser and not webbrowser.open(address):
            print("no browser found; open the address yourself", file=sys.stderr)

    serve(service, ready)
    return 0


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
