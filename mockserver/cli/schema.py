"""``mockserver schema``: print the JSON Schema of an event type, or that of a kind of file."""

from __future__ import annotations

import argparse
from typing import Any

from mockserver.errors import InvalidInput, known_name
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.settings import Settings
from mockserver.wire.codec import encode

__all__ = ["add_arguments", "run"]

_FILES = {"config": "mockserver.toml", "story": "story files", "plan": "tracking plans"}
_PROFILES = ("sdk-union", "open")

_EPILOG = """\
examples:
  mockserver schema sessionStart
  mockserver schema ping --profile open > ping.schema.json
  mockserver schema --config > mockserver.schema.json    for the editor of mockserver.toml
  mockserver schema --story > story.schema.json          for story files
  mockserver schema --plan > plan.schema.json            for tracking plans
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Print the JSON Schema (draft-04) that the events of a type must satisfy."
    parser.epilog = f"event types: {', '.join(EVENT_TYPES)}\n\n{_EPILOG}"
    parser.add_argument(
        "event_type", metavar="EVENT", nargs="?", help="the event type as on the wire, for example adStart"
    )
    files = parser.add_mutually_exclusive_group()
    for name, what in _FILES.items():
        files.add_argument(
            f"--{name}",
            dest="file",
            action="store_const",
            const=name,
            help=f"print the JSON Schema of {what} instead, for editors of TOML",
        )
    parser.add_argument(
        "--profile",
        choices=_PROFILES,
        default=_PROFILES[0],
        help="sdk-union: only keys from the documentation and from known clients; open: any other keys too "
        "(default: sdk-union)",
    )
    parser.add_argument("--docs-lenient", action="store_true", help="also accept the QoE forms of older documentation")


def run(arguments: argparse.Namespace) -> int:
    """Print a schema.

    Raises:
        InvalidInput: There is no such event type, or none was named.
    """
    from msgspec.json import format as indented

    if arguments.file is not None and arguments.event_type is not None:
        raise InvalidInput(f"an event type cannot be combined with --{arguments.file}")
    schema = _of_event(arguments) if arguments.file is None else _of_file(arguments.file)
    print(indented(encode(schema), indent=2).decode())
    return 0


def _of_event(arguments: argparse.Namespace) -> dict[str, Any]:
    from mockserver.dialects.registry import DIALECTS

    if arguments.event_type is None:
        options = ", ".join(f"--{name}" for name in _FILES)
        raise InvalidInput(f"name an event type, or use one of {options}; see mockserver schema --help")
    name = known_name(arguments.event_type, EVENT_TYPES, "event type")
    settings = Settings(schema_profile=arguments.profile, docs_lenient=arguments.docs_lenient)
    schema = DIALECTS.default.interpreter(settings).schema(name)
    assert schema is not None
    return schema


def _of_file(kind: str) -> dict[str, Any]:
    if kind == "config":
        from mockserver.cli.config_schema import config_schema

        return config_schema()
    if kind == "story":
        from mockserver.wire.toml_schema import story_schema

        return story_schema()
    from mockserver.tracking_plans.schema import plan_schema

    return plan_schema()
