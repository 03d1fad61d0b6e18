"""``mockserver schema``: print the JSON Schema of an event type."""

from __future__ import annotations

import argparse

from mockserver.errors import known_name
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.settings import Settings
from mockserver.wire.codec import encode

__all__ = ["add_arguments", "run"]

_PROFILES = ("sdk-union", "open")

_EPILOG = """\
examples:
  mockserver schema sessionStart
  mockserver schema ping --profile open > ping.schema.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Print the JSON Schema (draft-04) that the events of a type must satisfy."
    parser.epilog = f"event types: {', '.join(EVENT_TYPES)}\n\n{_EPILOG}"
    parser.add_argument("event_type", metavar="EVENT", help="the event type as on the wire, for example adStart")
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
        InvalidInput: There is no such event type.
    """
    from msgspec.json import format as indented

    from mockserver.dialects.registry import DIALECTS

    name = known_name(arguments.event_type, EVENT_TYPES, "event type")
    settings = Settings(schema_profile=arguments.profile, docs_lenient=arguments.docs_lenient)
    schema = DIALECTS.default.interpreter(settings).schema(name)
    print(indented(encode(schema), indent=2).decode())
    return 0
