"""``mockserver story``: list, show and run scenarios that a player must survive."""

from __future__ import annotations

import argparse
import math
import os
import secrets
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import fields

from mockserver.cli.flags import add_file, serve_flags
from mockserver.cli.output import Output, add_format_arguments, outputs_of, put_out, to_stdout
from mockserver.cli.remote import REMOTE, add_remote_arguments, refuse, remote_server
from mockserver.cli.terminal import Progress, show, show_json, width_of
from mockserver.errors import InvalidInput, MockserverError
from mockserver.formats.judgement import Judgement
from mockserver.model.expectation import Expectation
from mockserver.model.fault import FaultSpec, When
from mockserver.model.story import Story, StoryView
from mockserver.wire.codec import encode

if TYPE_CHECKING:
    from mockserver.cli.story_files import StoryFile
    from mockserver.cli.story_run import StoryRun
    from mockserver.media_server import MediaServer

__all__ = ["add_arguments", "run"]

_OWN = ("host", "port", "tls", "tls_ca")
"""The flags of ``serve`` for the server that ``run`` starts."""


_EPILOG = """\
A story consists of settings, fault rules and expectations of the player. docs/stories.md describes the built-in stories
and how to write your own.

examples:
  mockserver story list
  mockserver story show gone-then-new-session
  mockserver story run gone-then-new-session                    start a server on 127.0.0.1:8089
  mockserver story run my-story.toml --watch                    run it again whenever you save the file
  mockserver story run server-restart --to http://127.0.0.1:8089/ns/tv
  mockserver story run flap-500 --host 0.0.0.0 --tls --tls-ca ca.pem   for devices that only use https

Run mockserver story ACTION --help for the options of an action.
"""

_RUN_EPILOG = """\
Ctrl-C ends the story and judges the player by its requests so far.

exit codes: 0 the player passed, 1 it failed, 2 the story could not be run, or no player connected
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Run a failure scenario, a story, against a player and judge how it copes."
    parser.epilog = _EPILOG
    parsers = parser.add_subparsers(title="actions", metavar="ACTION", dest="action")

    listing = parsers.add_parser("list", help="list the stories")
    listing.description = "List the built-in stories."
    listing.add_argument("--json", action="store_true", help="print the stories as JSON, one per line")

    showing = parsers.add_parser("show", help="show one story")
    showing.description = "Show what a story does and what it expects."
    add_file(showing, "story", metavar="STORY", help="name or file of the story")
    showing.add_argument("--json", action="store_true", help="print the story as JSON")

    running = parsers.add_parser("run", help="run a story and judge the player")
    running.description = "Run a story against a player, wait for the outcome, and print verdict and timeline."
    running.epilog = _RUN_EPILOG
    add_file(running, "story", metavar="STORY", help="name or file of the story")
    running.add_argument("--timeout", metavar="SECONDS", help="how long to wait for a player (default: no limit)")
    running.add_argument("--watch", action="store_true", help="run a story file again whenever it is saved")
    add_format_arguments(running)
    own = running.add_argument_group("to start a server")
    flags = serve_flags()
    for key in _OWN:
        flags[key].add_to(own)
    other = running.add_argument_group("to use a running server")
    other.add_argument(
        "--to", metavar="URL", help="address of the server, if needed with a namespace: http://.../ns/tv"
    )
    add_remote_arguments(other)


def run(arguments: argparse.Namespace) -> int:
    """List, show or run stories.

    Returns:
        0 on success, 1 if the player failed.

    Raises:
        InvalidInput: The arguments, the story or the server cannot be used, or no player connected.
    """
    match arguments.action:
        case "list":
            return _list(as_json=arguments.json)
        case "show":
            return _show(arguments.story, as_json=arguments.json)
        case "run":
            try:
                return _run(arguments)
            except InvalidInput:
                raise
            except MockserverError as error:
                raise InvalidInput(str(error)) from None
        case _:
            raise InvalidInput("an action is needed: list, show or run; see mockserver story --help")


def _list(*, as_json: bool) -> int:
    from mockserver.stories.book import StoryBook

    views = [StoryView(name=name, origin=one.origin, story=one.story) for name, one in StoryBook().known().items()]
    if as_json:
        for view in views:
            show_json(view)
    else:
        width = max(len(view.name) for view in views)
        show("\n".join(f"{view.name:{width}}  {view.story.title}" for view in views))
    return 0


def _show(name_or_file: str, *, as_json: bool) -> int:
    name, story = _find(name_or_file)
    if as_json:
        show_json(story)
    else:
        show("\n".join(_page(name, story)))
    return 0


def _find(name_or_file: str) -> tuple[str, Story]:
    from mockserver.stories.book import StoryBook

    file = _file(name_or_file)
    if file is not None:
        return file.name, file.story
    try:
        return name_or_file, StoryBook().get(name_or_file).story
    except MockserverError as error:
        raise InvalidInput(f"{error}; see mockserver story list") from None


def _file(story: str) -> StoryFile | None:
    """Return the file that an argument means; None if it is the name of a story."""
    if not story.endswith(".toml") and os.sep not in story and "/" not in story:
        return None
    from mockserver.cli.story_files import StoryFile

    return StoryFile(Path(story))


def _run(arguments: argparse.Namespace) -> int:
    from mockserver.cli.story_run import StoryRun

    timeout_s = _timeout(arguments.timeout)
    outputs = outputs_of(arguments)
    file = _file(arguments.story)
    if arguments.watch and file is None:
        raise InvalidInput("--watch needs the file of a story, not its name")
    name = arguments.story if file is None else file.name
    if file is None and arguments.to is None:
        _find(name)  # before a server starts
    with _server(arguments) as (server, rows):
        progress = Progress(sys.stderr, time.monotonic)
        story_run = StoryRun(server, name, file, watch=arguments.watch, progress=progress)
        return _until_judged(story_run, server, rows, outputs, timeout_s, watch=arguments.watch)


def _until_judged(
    story_run: StoryRun,
    server: MediaServer,
    rows: list[str],
    outputs: Sequence[Output],
    timeout_s: float | None,
    *,
    watch: bool,
) -> int:
    notices = sys.stdout if to_stdout(outputs) == "text" else sys.stderr
    unprinted = list(rows)

    def begun(view: StoryView) -> None:
        print(f"story {view.name}: {view.story.title}", file=notices)
        print(f"point the player at {server.url}; it is judged when it has ended its session, after "
              f"{view.story.silence_s:g} s without requests, at most {view.story.watch_s:g} s after its first request, "
              "or at Ctrl-C",
              *unprinted, sep="\n", file=notices, flush=True)  # fmt: skip
        unprinted.clear()

    while True:
        view = story_run.until_verdict(timeout_s, begun)
        if view is None:
            raise InvalidInput(f"no player connected within {timeout_s:g} s")
        code = _print_verdict(story_run, view, server, outputs)
        if not watch or story_run.interrupted or not story_run.changed_again():
            return code


def _print_verdict(story_run: StoryRun, view: StoryView, server: MediaServer, outputs: Sequence[Output]) -> int:
    from mockserver.rules.story import story_text

    def verdict() -> str:
        return story_text(view, width_of(sys.stdout))

    def judged() -> Judgement:
        from mockserver.cli.judgements import of_story

        return of_story(view, server, verdict(), story_run.timeline(view), story_run.sessions(view))

    put_out(outputs, lambda: f"\n{verdict()}\n\n{story_run.timeline(view)}", lambda: view, judged)
    sys.stdout.flush()
    return 0 if view.verdict == "passed" else 1


def _timeout(given: str | None) -> float | None:
    if given is None:
        return None
    try:
        timeout_s = float(given)
    except ValueError:
        timeout_s = -1
    if not math.isfinite(timeout_s) or timeout_s <= 0:
        raise InvalidInput(f"--timeout must be a number of seconds above 0, not {given!r}")
    return timeout_s


@contextmanager
def _server(arguments: argparse.Namespace) -> Iterator[tuple[MediaServer, list[str]]]:
    """Provide the server, running or started for the block, and the lines that say how to reach it."""
    if arguments.to is not None:
        refuse(arguments, _OWN, "is for a new server, but --to names one that is already running")
        yield remote_server(arguments.to, arguments), []
        return
    from mockserver.cli.configuration import options_of_flags
    from mockserver.cli.reachable import reachable, row_text
    from mockserver.media_server import MockServer

    refuse(arguments, REMOTE, "is for a server that is already running: give --to as well")
    given = {key: getattr(arguments, key) for key in _OWN}
    options = options_of_flags(serve_flags(), given, str(secrets.randbits(32)))
    with MockServer(options=options) as server:
        port = int(server.url.rpartition(":")[2])
        known = reachable(options, port, port, server.ca_pem if options.tls else None)
        yield server, [row_text(row) for row in (*known.device_rows(), *known.ca_rows())]


def _page(name: str, story: Story) -> Iterator[str]:
    yield f"{name}: {story.title}"
    for title, text in (
        ("What people see", story.symptom),
        ("What the server does", story.description),
        ("What a good player does", story.player),
        ("What real players did", story.clients),
    ):
        if text.strip():
            yield f"\n{title}"
            yield from _wrapped(text)
    if story.settings:
        yield "\nSettings"
        yield from (f"  {setting} = {encode(value).decode()}" for setting, value in story.settings.items())
    if story.faults:
        yield "\nFault rules"
        yield from (f"  {encode(_members(spec)).decode()}" for spec in story.faults)
    yield "\nThe player passes if"
    for wanted in story.expect:
        yield from _wrapped(f"- {wanted.says} ({_criterion(wanted)})", hanging="  ")
    for content in story.content:
        yield from _wrapped(f"- It reports {content.name!r} as planned ({encode(content).decode()})", hanging="  ")
    yield f"\nEnds after {story.silence_s:g} s without requests, or {story.watch_s:g} s after the first request."


def _members(spec: FaultSpec) -> dict[str, Any]:
    """Return the members of a rule that differ from their defaults."""
    values = ((field, getattr(spec, field.name)) for field in fields(FaultSpec))
    return {field.name: value for field, value in values if value not in (field.default, When())}


def _wrapped(text: str, *, hanging: str = "") -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        width_of(sys.stdout),
        initial_indent="  ",
        subsequent_indent=f"  {hanging}",
        break_on_hyphens=False,
    )


def _criterion(wanted: Expectation) -> str:
    """Return what an expectation checks, as JSON without its sentence."""
    criterion: str = encode(wanted).decode()
    return criterion.replace(f'"says":{encode(wanted.says).decode()},', "", 1)
