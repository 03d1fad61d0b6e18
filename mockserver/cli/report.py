"""``mockserver report``: show what Adobe would have computed from recorded playback."""

from __future__ import annotations

import argparse
import sys

from mockserver.cli.source import SOURCES, add_source_arguments, opened_source
from mockserver.cli.terminal import show, show_json, width_of

__all__ = ["add_arguments", "run"]

_EPILOG = (
    SOURCES
    + """\
In a report, #n is entry n of the journal or the nth request of a file. Sessions of bare events are called session-1,
session-2 and so on.

exit codes: 0 success, 2 arguments or source cannot be used

examples:
  mockserver report http://127.0.0.1:8089
  mockserver report events.ndjson --session session-1
  mockserver report journal.ndjson --json | jq '.reports[].metrics[] | {key, value}'
"""
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Show what Adobe would have computed from each session, and why."
    parser.epilog = _EPILOG
    parser.add_argument("--session", metavar="SID", help="only this session")
    parser.add_argument("--json", action="store_true", help="print the reports as one JSON document")
    add_source_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print reports.

    Returns:
        0.

    Raises:
        InvalidInput: Arguments or source cannot be used, or the source has no such session.
    """
    from mockserver.rules.report.text import report_text

    with opened_source(arguments) as source:
        reports = [source.server.report(sid) for sid in source.session_ids(arguments.session)]
        if arguments.json:
            show_json({"reports": reports})
        else:
            show("\n\n".join(report_text(report, width_of(sys.stdout, 120)) for report in reports))
    return 0
