"""docs/reference.md is generated from the tables that drive the server; ``make golden`` writes it anew."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, get_args

import msgspec

from mockserver.cli.parser import build_parser
from mockserver.control import ADMIN, CONTROL_ROUTES, Route
from mockserver.model.fault import (
    CloseFault,
    DelayFault,
    DribbleFault,
    DropHeaderFault,
    DuplicateFault,
    ExpireFault,
    Fault,
    FaultRule,
    FaultSpec,
    ForgetFault,
    GarbleFault,
    HangFault,
    OutcomeFault,
    Pass,
    Range,
    RefuseFault,
    ResetFault,
    ResponsesFault,
    StatusFault,
    TruncateFault,
    When,
)
from mockserver.model.journal import Draw, RecordedRequest, RecordedResponse, Violation
from mockserver.model.query import Query
from mockserver.model.results import Difference, Meta, NamespaceView, NearMiss, Problem, TimelineEntry
from mockserver.model.session import Content, Deadlines
from mockserver.model.settings import Lifetimes, Settings
from mockserver.model.vocabulary import EVENT_TYPES, ClosedBy, Delivery, Operation, Outcome, Phase, Stage

FAULTS = (
    StatusFault,
    OutcomeFault,
    DelayFault,
    ExpireFault,
    ForgetFault,
    DuplicateFault,
    DropHeaderFault,
    DribbleFault,
    TruncateFault,
    GarbleFault,
    ResetFault,
    CloseFault,
    HangFault,
    RefuseFault,
    ResponsesFault,
    Pass,
)


def test_the_reference_says_what_the_code_does(golden: Callable[[str, str], None]) -> None:
    golden("../../docs/reference.md", "\n".join(reference()) + "\n")


def test_every_setting_and_every_member_of_a_rule_is_described() -> None:
    for kind in (Settings, FaultSpec, Query, When, Range, *FAULTS):
        described = descriptions(kind) | descriptions(Lifetimes) | descriptions(Query) | {"repeat": ""}
        names = {field.name for field in msgspec.structs.fields(kind)}
        assert names <= described.keys(), names - described.keys()


def test_every_kind_of_fault_is_described() -> None:
    assert {*FAULTS} == {*get_args(Fault)}


def reference() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Generated from the code by `make golden`; a test fails when it is out of date."
    yield from admin_section()
    yield from settings_section()
    yield from fault_section()
    yield from words_section()
    yield from record_section()
    yield from command_section()


def admin_section() -> Iterator[str]:
    yield "\n## Admin API\n"
    yield f"All paths begin with `{ADMIN}`, or `/ns/{{namespace}}{ADMIN}`. Arguments of a GET stand in the query, of"
    yield "others in a JSON body. Errors are problem documents (RFC 9457, [Problem](#problem))."
    yield ""
    yield "| route | does | arguments | answers |\n|---|---|---|---|"
    for route in CONTROL_ROUTES:
        answers = f"{route.status} {answer(route)}".strip()
        yield f"| `{route.method} {route.path}` | {route.summary} | {arguments(route)} | {answers} |"
    yield "\nA query (`events`, `query`, the steps of a `sequence`):\n"
    yield from members(Query)


def arguments(route: Route[Any, Any]) -> str:
    if not is_record(route.argument):
        return "members of the settings" if route.argument is not None else ""
    return " ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(route.argument))


def answer(route: Route[Any, Any]) -> str:
    if route.result is FaultRule:
        return "the [rule](#fault-rules) with `id` `created_ms` `seen` `applied`"
    if route.result is Settings:
        return "the [settings](#settings)"
    if is_record(route.result):
        return f"[{route.result.__name__}](#{route.result.__name__.lower()})"
    return "" if route.result is None else f"`{route.media_type}`"


def record_section() -> Iterator[str]:
    yield "\n## Records\n"
    yield "What the admin API answers, and what stands in it. Instants are milliseconds of the emulated clock."
    shown: set[Any] = {
        NearMiss,
        Difference,
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
        yield escaped(re.sub(r"\s+", " ", (kind.__doc__ or "").partition("Args:")[0]).replace("``", "`").strip()) + "\n"
        described = descriptions(kind)
        yield "| member | means |\n|---|---|"
        for field in msgspec.structs.fields(kind):
            yield f"| `{field.encode_name}` | {escaped(described.get(field.name, ''))} |"


def is_record(kind: Any) -> bool:
    return isinstance(kind, msgspec.StructMeta)


def settings_section() -> Iterator[str]:
    yield "\n## Settings\n"
    yield "Of `/settings`, `mockserver.Settings`, `mockserver.toml` and the flags of `mockserver serve`.\n"
    yield from members(Settings, descriptions(Lifetimes))


def fault_section() -> Iterator[str]:
    yield "\n## Fault rules\n"
    yield from members(FaultSpec)
    yield "\n`when` takes:\n"
    yield from members(When, descriptions(Query))
    yield "\nA range, of `playhead_s` and `session_age_s`, takes:\n"
    yield from members(Range)
    yield "\n`fault` is one of these; an item of a script takes `repeat` as well, for how many requests it stands:\n"
    yield "| kind | does | members |\n|---|---|---|"
    for kind in FAULTS:
        said = descriptions(kind)
        names = [f"`{name}`: {escaped(said[name])}" for name in kind.__struct_fields__ if name != "repeat"]
        yield f"| `{kind.__struct_config__.tag}` | {whole_text(kind)} | {' '.join(names)} |"


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
                help_text = re.sub(r"\s+", " ", (action.help or "").replace("%%", "%"))
                yield f"| `{flags}{value}` | {escaped(help_text)} |"
        yield ""


def subcommands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Return the commands; of those that have commands of their own, these."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                inner = [(f"{name} {inner_name}", inner_command) for inner_name, inner_command in subcommands(command)]
                yield from inner or [(name, command)]


def members(kind: Any, more: dict[str, str] | None = None) -> Iterator[str]:
    described = {**(more or {}), **descriptions(kind)}
    yield "| member | default | means |\n|---|---|---|"
    for field in msgspec.structs.fields(kind):
        yield f"| `{field.encode_name}` | {default(field)} | {escaped(described.get(field.name, ''))} |"


def default(field: Any) -> str:
    if field.required:
        return "required"
    value = msgspec.to_builtins(field.default if field.default is not msgspec.NODEFAULT else field.default_factory())
    return f"`{msgspec.json.encode(value).decode()}`"


def descriptions(kind: Any) -> dict[str, str]:
    """Read the Args of a docstring."""
    found: dict[str, str] = {}
    name = ""
    # Python 3.13 takes the indentation of docstrings away, older ones keep it.
    for line in inspect.cleandoc(kind.__doc__ or "").partition("Args:\n")[2].splitlines():
        start = re.match(r" {4}(\w+): (.*)", line)
        if start:
            name = start.group(1)
            found[name] = start.group(2)
        elif name and line.strip():
            found[name] += " " + line.strip()
    return {key: text.replace("``", "`") for key, text in found.items()}


def whole_text(kind: Any) -> str:
    return escaped(re.sub(r"\s+", " ", (kind.__doc__ or "").partition("Args:")[0]).replace("``", "`").strip())


def escaped(text: str) -> str:
    return text.replace("|", "\\|")
