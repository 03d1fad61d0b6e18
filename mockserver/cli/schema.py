"""``mockserver schema``: print the JSON Schema of an event type, or that of tracking plans."""

from __future__ import annotations

import argparse

from mockserver.errors import InvalidInput, known_name
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.settings import Settings
from mockserver.wire.codec import encode

__all__ = ["add_arguments", "run"]

_PROFILES = ("sdk-union", "open")

_EPILOG = """\
examples:
  mockserver schema sessionStart
  mockserver schema ping --profile open > ping.schema.json
  mockserver schema --plan > plan.schema.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Print the JSON Schema (draft-04) that the events of a type must satisfy."
    parser.epilog = f"event types: {', '.join(EVENT_TYPES)}\n\n{_EPILOG}"
    parser.add_argument(
        "event_type", metavar="EVENT", nargs="?", help="the event type as on the wire, for example adStart"
    )
    parser.add_argument(
        "--plan", action="store_true", help="print the JSON Schema of tracking plans instead, for editors of TOML"
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

    if arguments.plan:
        from mockserver.tracking_plans.schema import plan_schema

        if arguments.event_type is not None:
            raise InvalidInput("an event type does not go with --plan")
        print(indented(encode(plan_schema()), indent=2).decode())
        return 0
    if arguments.event_type is None:
        raise InvalidInput("name an event type, or use --plan; see mockserver schema --help")
    from mockserver.dialects.registry import DIALECTS

    name = known_name(arguments.event_type, EVENT_TYPES, "event type")
    settings = Settings(schema_profile=arguments.profile, docs_lenient=arguments.docs_lenient)
    schema = DIALECTS.default.interpreter(settings).schema(name)
    print(indented(encode(schema), indent=2).decode())
    return 0
