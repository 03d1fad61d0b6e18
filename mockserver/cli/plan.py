"""``mockserver plan``: draft a tracking plan from a recording, and check one that you wrote."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mockserver.cli.output_file import write_whole
from mockserver.cli.source import add_source_arguments, opened_recording
from mockserver.errors import InvalidInput
from mockserver.rules.diagnose.wording import counted

__all__ = ["add_arguments", "run"]

_EPILOG = """\
A tracking plan says what players must report, content by content. docs/plans.md describes it.

examples:
  mockserver plan from journal.ndjson -o plan.toml              draft one from a healthy recording
  mockserver plan check plan.toml                               check it, and count what it demands
  mockserver diagnose journal.ndjson --plan plan.toml           does a player follow it?
  mockserver schema --plan > plan.schema.json                   for editors

Run mockserver plan ACTION --help for the options of an action.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Draft a tracking plan from a recording, or check one."
    parser.epilog = _EPILOG
    parsers = parser.add_subparsers(title="actions", metavar="ACTION", dest="action")

    drafting = parsers.add_parser("from", help="draft a plan from a healthy recording")
    drafting.description = "Write a plan that the sessions of a recording follow, for you to edit."
    drafting.add_argument("-o", "--output", metavar="FILE", help="write the plan to this new file, not to stdout")
    drafting.add_argument("--title", metavar="TEXT", help="the title of the plan")
    add_source_arguments(drafting)

    checking = parsers.add_parser("check", help="check a plan")
    checking.description = "Check a plan, and count what it demands."
    checking.epilog = "exit codes: 0 the plan is valid, 2 it is not"
    checking.add_argument("plan", metavar="PLAN", help="file of the plan")


def run(arguments: argparse.Namespace) -> int:
    """Draft or check a plan.

    Returns:
        0 on success.

    Raises:
        InvalidInput: The arguments, the recording or the plan cannot be used.
    """
    match arguments.action:
        case "from":
            return _draft(arguments)
        case "check":
            return _check(Path(arguments.plan))
        case _:
            raise InvalidInput("an action is needed: from or check; see mockserver plan --help")


def _draft(arguments: argparse.Namespace) -> int:
    from mockserver.admin.plans import drafted
    from mockserver.tracking_plans.writing import plan_toml

    output = None if arguments.output is None else Path(arguments.output)
    if output is not None and output.exists():
        raise InvalidInput(f"{output} exists; name a new file, so that no plan is lost", pointer="--output")
    recording = opened_recording(arguments)
    plan = drafted(recording.namespace, arguments.title or f"Drafted from {recording.name}")
    if not plan.content:
        raise InvalidInput(f"{recording.name} has no session to draft a plan from")
    allowed = sorted({code for content in plan.content for code in content.allow_findings} | {*plan.allow_findings})
    if allowed:
        print(
            f"the recording has findings, so the plan allows {', '.join(allowed)}; fix the player, then remove them",
            file=sys.stderr,
        )
    text = plan_toml(plan)
    if output is None:
        print(text, end="")
        return 0
    try:
        write_whole(output, [text.encode()])
    except OSError as error:
        raise InvalidInput(f"cannot write {output}: {error.strerror or error}", pointer="--output") from None
    return 0


def _check(path: Path) -> int:
    from mockserver.rules.tracking_plan.coverage import coverage_of
    from mockserver.tracking_plans.reading import read_plan

    compiled = read_plan(path).compiled
    items = coverage_of(compiled.contents, ()).items
    counts = {kind: sum(item.kind == kind for item in items) for kind in ("content", "event", "key", "value")}
    named = ", ".join(counted(count, kind) for kind, count in counts.items())
    print(f"{path}: {compiled.plan.title}: {named}")
    return 0
