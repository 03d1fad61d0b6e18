"""``mockserver compare``: show what differs between two recordings of the same viewing."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mockserver.cli.flags import add_file
from mockserver.cli.output import add_format_arguments, outputs_of, put_out
from mockserver.cli.remote import REMOTE
from mockserver.cli.source import SOURCES, Source, add_source_options, is_address, opened_source
from mockserver.errors import InvalidInput
from mockserver.model.comparison import Tolerance

if TYPE_CHECKING:
    from mockserver.rules.comparison.sessions import Watched

__all__ = ["add_arguments", "run"]

_EPILOG = (
    "BEFORE and AFTER are sources of recorded playback.\n"
    + SOURCES
    + """
Sessions are compared in pairs: those with the same media.id, in order of opening. Events correspond by type and by what
they are about, such as the id of an ad. Pings are compared by how often they are sent. Differences between any two runs
do not count: ids of sessions, times of day and, without --volatile, ids of viewers, versions, notes and measured
values.
Sessions of the Media Collection API and of the Media Edge API can be compared with each other.

exit codes: 0 no difference, 1 at least one, 2 arguments or sources cannot be used

examples:
  mockserver compare before.har after.har
  mockserver compare golden.ndjson http://127.0.0.1:8089 --ignore 'media.ad.*' --seconds 5
  mockserver compare http://127.0.0.1:8089/ns/old http://127.0.0.1:8089/ns/new
  mockserver compare day.ndjson day.ndjson --sessions session-1 session-2
"""
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Show what a player reports differently in the second of two recordings."
    parser.epilog = _EPILOG
    add_file(parser, "before", metavar="BEFORE", help="a server, a file, or - for stdin; see below")
    add_file(parser, "after", metavar="AFTER", help="the same")
    parser.add_argument(
        "--seconds", type=float, default=2, metavar="S",
        help="how far times and playheads may be apart (default: 2)",
    )  # fmt: skip
    parser.add_argument(
        "--ignore", action="append", metavar="NAME",
        help="leave out this key, event type, metric, finding or kind of difference; * stands for any text; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--volatile", action="store_true", help="compare ids of viewers, versions, notes and measured values too"
    )
    parser.add_argument(
        "--sessions", nargs=2, metavar="SID", help="compare only this session of BEFORE with this one of AFTER"
    )
    add_format_arguments(parser)
    add_source_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what differs.

    Returns:
        0 if nothing differs, otherwise 1.

    Raises:
        InvalidInput: Arguments or sources cannot be used.
    """
    from mockserver.cli.judgements import of_comparison
    from mockserver.rules.comparison.recordings import compare_recordings
    from mockserver.rules.comparison.text import comparison_text

    _check(arguments)
    outputs = outputs_of(arguments)
    sids = arguments.sessions or (None, None)
    (before, ours), (after, theirs) = (
        _read(arguments, name, sid) for name, sid in zip((arguments.before, arguments.after), sids, strict=True)
    )
    allowed = Tolerance(seconds=arguments.seconds, volatile=arguments.volatile, ignore=tuple(arguments.ignore or ()))
    comparison = compare_recordings(ours, theirs, allowed)
    put_out(
        outputs,
        lambda: comparison_text(comparison),
        lambda: {"before": before.name, "after": after.name, "same": comparison.same, "comparison": comparison},
        lambda: of_comparison(before, after, comparison),
    )
    return 0 if comparison.same else 1


def _check(arguments: argparse.Namespace) -> None:
    if arguments.before == arguments.after == "-":
        raise InvalidInput("only one of BEFORE and AFTER can be -")
    if not 0 <= arguments.seconds < float("inf"):
        raise InvalidInput(f"--seconds must be a number of seconds, at least 0, not {arguments.seconds:g}")


def _read(arguments: argparse.Namespace, name: str, sid: str | None) -> tuple[Source, list[Watched]]:
    from mockserver.media_server.comparing import watched_sessions

    with opened_source(_arguments_for(arguments, name), name) as source:
        return source, watched_sessions(source.server.control, source.session_ids(sid))


def _arguments_for(arguments: argparse.Namespace, name: str) -> argparse.Namespace:
    """Return the arguments for one source: if one is a server and the other a file, each has options of its own."""
    if is_address(arguments.before) == is_address(arguments.after):
        return arguments
    others = ("config", "open") if is_address(name) else ("namespace", *REMOTE)
    return argparse.Namespace(**{**vars(arguments), **dict.fromkeys(others)})
