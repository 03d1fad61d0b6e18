"""The commands and their arguments; running one, and reporting errors as one sentence on stderr and an exit code."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

from mockserver.errors import InvalidInput, MockserverError, ServerFailed, nearest

__all__ = ["COMMANDS", "Command", "build_parser", "command", "main"]

_FAILED = 1
_UNUSABLE = 2
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments; by default those of the process.

    Returns:
        The exit code: 0 all is well, 1 the command failed or found what it looks for, 2 its input cannot be used, 130
        it was interrupted.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        return _run(arguments)
    except InvalidInput as error:
        place = f"{error.pointer}: " if error.pointer else ""
        return _failed(f"{place}{error}", _UNUSABLE)
    except ServerFailed as error:  # before it served anybody: the address is in use, a certificate cannot be used
        return _failed(str(error), _UNUSABLE)
    except MockserverError as error:
        return _failed(str(error), _FAILED)
    except SystemExit as done:  # how argparse ends after --help
        return done.code if isinstance(done.code, int) else 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output closed the pipe, as head does. Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED


def _run(arguments: list[str]) -> int:
    if not arguments:
        build_parser(()).print_help(sys.stderr)
        return _UNUSABLE
    name = arguments[0]
    if name in ("-h", "--help", "--version"):
        build_parser(()).parse_args([name])
    if name not in COMMANDS:
        suggestion = "" if name.startswith("-") else nearest(name, COMMANDS)
        raise InvalidInput(f"there is no command {name!r}{suggestion}; see mockserver --help")
    parser = _Parser(prog=f"mockserver {name}")
    command(name).add_arguments(parser)
    given, unknown = parser.parse_known_args(arguments[1:])
    if unknown:
        raise InvalidInput(_unknown(name, unknown[0]))
    return command(name).run(given)


def _unknown(name: str, argument: str) -> str:
    option = argument.partition("=")[0]
    suggestion = ""
    if option.startswith("--"):
        only_options = argparse.ArgumentParser()
        command(name).add_arguments(only_options)
        only_options.usage = None  # so that argparse generates one, which names all options
        suggestion = nearest(option, re.findall(r"--[a-z-]+", only_options.format_usage()))
    return f"unknown argument {option}{suggestion or f'; see mockserver {name} --help'}"


def _failed(message: str, code: int) -> int:
    print(f"mockserver: {message}", file=sys.stderr)
    return code


COMMANDS = {
    "serve": "start the emulator",
    "play": "play simulated sessions, correct or with a known mistake",
    "replay": "send a recording to a server again and compare the answers",
    "diagnose": "list what is wrong with recorded playback",
    "compare": "show what differs between two recordings",
    "plan": "draft a tracking plan from a recording, or check one",
    "open": "show recordings in the page",
    "report": "show what Adobe would have computed from recorded playback",
    "story": "run a failure scenario against a player and judge how it copes",
    "tail": "follow the requests of a running server",
    "schema": "print the JSON Schema of an event type",
    "health": "check whether a server is alive",
    "completion": "print a script with which a shell completes commands and flags",
}
"""What each command is for. Each is a module of this package with ``add_arguments`` and ``run``."""

_EPILOG = """\
examples:
  mockserver serve                                     emulate the API on 127.0.0.1:8089
  mockserver serve --idle-timeout 5                    sessions expire after 5 seconds without events
  mockserver tail http://127.0.0.1:8089                watch what a player sends
  mockserver replay journal.ndjson --to http://127.0.0.1:8089 --speed max
  mockserver play --to http://127.0.0.1:8089 --speed max --flaw ads-outside-break
  mockserver diagnose journal.ndjson                   find mistakes that the API accepts
  mockserver compare before.har after.har              see what a new version of the player changed
  mockserver diagnose journal.ndjson --plan plan.toml  does the player report what your plan demands?
  mockserver open page.har                             see the sessions of a recording in the page
  mockserver report http://127.0.0.1:8089              see what Adobe would have computed
  mockserver story run gone-then-new-session           does the player survive losing its session?
  mockserver schema adStart

Run mockserver COMMAND --help for the options of a command.
"""


class Command(NamedTuple):
    """One command.

    Args:
        add_arguments: Adds arguments, a description and examples to its parser.
        run: Runs it and returns the exit code.
    """

    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


class _Parser(argparse.ArgumentParser):
    """A parser that raises errors instead of exiting, and keeps the line breaks of the examples in its help."""

    def __init__(self, **more: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **more)

    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{message}; see {self.prog} --help")


class _Version(argparse.Action):
    """Prints the version. It is looked up only here, since that takes time."""

    def __call__(self, parser: argparse.ArgumentParser, *unused: object) -> NoReturn:
        from importlib.metadata import version

        print(f"mockserver {version('media-collection-mockserver')}")
        parser.exit()


def build_parser(names: Iterable[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """Build the parser of the command line.

    Args:
        names: The commands to add arguments for. The others get only a name, so that their modules are not imported.
    """
    parser = _Parser(
        prog="mockserver",
        description="An emulator of Adobe's Media Collection API and Media Edge API for tests of video players.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    parsers = {name: subparsers.add_parser(name, help=text) for name, text in COMMANDS.items()}
    for name in names:
        command(name).add_arguments(parsers[name])
    return parser


def command(name: str) -> Command:
    """Return a command, importing only its own modules.

    Raises:
        KeyError: There is no command of that name.
    """
    if name not in COMMANDS:
        raise KeyError(name)
    module = import_module(f"mockserver.cli.{name}")
    return Command(module.add_arguments, module.run)
