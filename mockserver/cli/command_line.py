"""Runs a command, and reports errors as one sentence on stderr and an exit code."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence

from mockserver.cli.parser import COMMANDS, build_parser, command
from mockserver.errors import InvalidInput, MockserverError, nearest

__all__ = ["main"]

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
    given, unknown = build_parser((name,)).parse_known_args(arguments)
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
