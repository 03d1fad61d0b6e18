"""A tracking plan from TOML or JSON, and the errors in one that is not valid: ``file:line: pointer: reason``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from mockserver.errors import InvalidInput
from mockserver.model.tracking_plan import TrackingPlan
from mockserver.rules.tracking_plan.compiled import CompiledPlan, compile_plan
from mockserver.wire.codec import convert, decode
from mockserver.wire.toml_file import TomlFile, read_text

__all__ = ["PlanFile", "parse_plan", "read_plan"]


class PlanFile(msgspec.Struct, frozen=True):
    """A plan that was read.

    Args:
        compiled: The plan, checked and compiled.
        line: Returns the line of a member, by its JSON pointer; None where there is none, as in JSON.
    """

    compiled: CompiledPlan
    line: Callable[[str], int | None]

    @property
    def plan(self) -> TrackingPlan:
        """The plan."""
        return self.compiled.plan


def read_plan(path: Path) -> PlanFile:
    """Read the plan in a file.

    Raises:
        InvalidInput: The file cannot be read, or the plan in it is not valid; the message names the line.
    """
    return parse_plan(read_text(path), str(path))


def parse_plan(text: str, origin: str | None = None) -> PlanFile:
    """Read a plan.

    Args:
        text: A TOML or JSON document with the members of a :class:`~mockserver.model.tracking_plan.TrackingPlan`. It is
            JSON if it begins with a brace.
        origin: The path of the file, for messages; None if it came from elsewhere.

    Raises:
        InvalidInput: It is neither, or the plan is not valid.
    """
    if text.lstrip().startswith("{"):
        try:
            return PlanFile(compile_plan(decode(text, TrackingPlan)), lambda pointer: None)
        except InvalidInput as error:
            if origin is None:
                raise
            raise InvalidInput(": ".join(filter(None, (origin, error.pointer, str(error))))) from None
    file = TomlFile(text, origin or "plan")
    with file.refusing(TrackingPlan, file.values):
        plan: TrackingPlan = convert(file.values, TrackingPlan)
        compiled = compile_plan(plan)
    return PlanFile(compiled, file.line)
