"""The published schemas of report formats, and whether a report matches them."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jsonschema.validators import validator_for

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from xmlschema import XMLSchema

__all__ = ["check_junit", "check_sarif"]

_SCHEMAS = Path(__file__).parents[1] / "fixtures" / "schemas"


def check_junit(written: str) -> None:
    """Raise what is wrong with the XML that Jenkins is to read."""
    _junit().validate(io.StringIO(written))


def check_sarif(written: str) -> None:
    """Raise what is wrong with the JSON that GitHub is to read."""
    _sarif().validate(json.loads(written))


@cache
def _junit() -> XMLSchema:
    from xmlschema import XMLSchema  # takes as long to import as fifty tests to run

    return XMLSchema(_SCHEMAS / "junit-10.xsd")


@cache
def _sarif() -> Validator:
    schema = json.loads((_SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)
