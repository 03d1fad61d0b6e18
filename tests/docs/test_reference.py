"""docs/reference.md is generated from the tables that drive the server; ``make golden`` writes it anew."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from mockserver.admin.paging import ANSWER_BYTES
from mockserver.cli.command_line import build_parser
from mockserver.control import ADMIN, CONTROL_ROUTES, PLAN, EventQuery, Route, SessionQuery
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.fault import FaultRule
from mockserver.model.journal import Draw, RecordedRequest, RecordedResponse, Surroundings, Violation
from mockserver.model.query import Query
from mockserver.model.results import Difference, Meta, NamespaceView, NearMiss, Problem, TimelineEntry
from mockserver.model.session import Content, Deadlines
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import ClosedBy, Delivery, Operation, Outcome, Phase, Stage
from tests.documents import cell, members_table, text_of, texts_of


def test_the_reference_says_what_the_code_does(golden: Callable[[str, str], None]) -> None:
    golden("../../docs/reference.md", "\n".join(reference()) + "\n")


def reference() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Generated from the code by `make golden`; a test fails when it is out of date."
    yield "[Configuration](configuration.md) has the settings, [Faults](faults.md) the members of fault rules."
    yield from admin_section()
    yield from words_section()
    yield from record_section()
    yield from command_section()


def admin_section() -> Iterator[str]:
    yield "\n## Admin API\n"
    yield f"All paths begin with `{ADMIN}`, or `/ns/{{namespace}}{ADMIN}`. A GET takes its arguments in the query,"
    yield "other methods in a JSON body. Errors are problem documents (RFC 9457, [Problem](#problem))."
    yield f"A list ends after `limit` members, or sooner when it has grown to {ANSWER_BYTES // 1024**2} MiB: then"
    yield "`meta.next` leads to the next page."
    yield ""
    yield "The OpenAPI document, from which [clients in other languages](clients.md) are generated, is at"
    yield f"`{ADMIN}/openapi.json`; the second column has the `operationId` there.\n"
    yield "| route | operation | does | arguments | answers |\n|---|---|---|---|---|"
    for route in CONTROL_ROUTES:
        answers = f"{route.status} {answer(route)}".strip()
        does = f"`{route.name}` | {route.summary}"
        yield f"| `{route.method} {route.path}` | {does} | {arguments(route)} | {answers} |"
    yield "\nA query (`events`, `query`, the steps of a `sequence`):\n"
    yield from members_table(Query)
    yield "\n`GET /events` and `GET /export` also take:\n"
    yield from members_table(EventQuery, but=frozenset(Query.__struct_fields__))
    yield "\n`GET /sessions` takes:\n"
    yield from members_table(SessionQuery)


def arguments(route: Route[Any, Any]) -> str:
    if route.argument is bytes:
        return "the plan" if route is PLAN else "the recording"
    if not is_record(route.argument):
        return "members of the settings" if route.argument is not None else ""
    return " ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(route.argument))


def answer(route: Route[Any, Any]) -> str:
    if route.result is FaultRule:
        return "the [rule](faults.md#all-members-of-a-rule) with `id` `created_ms` `seen` `applied`"
    if route.result is Settings:
        return "the [settings](configuration.md#settings)"
    if is_record(route.result):
        return f"[{route.result.__name__}](#{route.result.__name__.lower()})"
    return "" if route.result is None else f"`{route.media_type}`"


def record_section() -> Iterator[str]:
    yield "\n## Records\n"
    yield "The answers of the admin API and the records in them. Times are milliseconds of the emulated clock."
    shown: set[Any] = {
        NearMiss,
        Difference,
        Surroundings,
        Violation,
        Draw,
        RecordedRequest,
        RecordedResponse,
        TimelineEntry,
        Deadlines,
    }
    shown |= {Content, NamespaceView, Meta, Problem}
    shown |= {route.result for route in CONTROL_ROUTES if is_record(route.result)} - {Settings, FaultRule}
    for kind in sorted(shown, key=lambda record: record.__name__):
        yield f"\n### {kind.__name__}\n"
        yield cell(text_of(kind)) + "\n"
        texts = texts_of(kind)
        yield "| member | means |\n|---|---|"
        for field in msgspec.structs.fields(kind):
            yield f"| `{field.encode_name}` | {cell(texts.get(field.name, ''))} |"


def is_record(kind: Any) -> bool:
    return isinstance(kind, msgspec.StructMeta)


def words_section() -> Iterator[str]:
    yield "\n## Words\n"
    yield "| what | words |\n|---|---|"
    for kind in (Operation, Outcome, Phase, ClosedBy, Delivery, Stage):
        yield f"| {kind.__name__} | {' '.join(f'`{word.value}`' for word in kind)} |"
    yield f"| event types | {' '.join(f'`{name}`' for name in EVENT_TYPES)} |"


def command_section() -> Iterator[str]:
    yield "\n## Command line\n"
    parser = build_parser()
    for name, command in subcommands(parser):
        yield f"### mockserver {name}\n"
        yield "| flag | does |\n|---|---|"
        for action in command._actions:
            if not isinstance(action, argparse._HelpAction) and action.help != argparse.SUPPRESS:
                flags = ", ".join(action.option_strings) or str(action.metavar or action.dest)
                value = f" {action.metavar}" if action.option_strings and action.metavar else ""
                yield f"| `{flags}{value}` | {cell((action.help or '').replace('%%', '%'))} |"
        yield ""


def subcommands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Return the commands, with the subcommands of those that have any."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                inner = [(f"{name} {inner_name}", inner_command) for inner_name, inner_command in subcommands(command)]
                yield from inner or [(name, command)]
