"""``mockserver completion``: print a script with which a shell completes commands and flags."""

from __future__ import annotations

import argparse
from functools import partial

from mockserver.errors import known_name

__all__ = ["add_arguments", "run"]

_SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")

_EPILOG = """\
examples:
  mockserver completion bash > ~/.local/share/bash-completion/completions/mockserver
  mockserver completion zsh > ~/.zfunc/_mockserver          with fpath+=~/.zfunc before compinit in ~/.zshrc
  mockserver completion fish > ~/.config/fish/completions/mockserver.fish
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Print the script with which a shell completes commands, flags and files of mockserver."
    parser.epilog = _EPILOG
    parser.add_argument(
        "shell",
        metavar="SHELL",
        type=partial(known_name, names=_SHELLS, what="shell"),
        help=", ".join(_SHELLS[:-1]) + f" or {_SHELLS[-1]}",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the script.

    Returns:
        0.
    """
    import shtab

    from mockserver.cli.command_line import build_parser

    print(shtab.complete(build_parser(), shell=arguments.shell))
    return 0
