"""Printing to stdout, whatever a client sent and whatever the terminal can show."""

from __future__ import annotations

import json
import sys
from typing import Any

from mockserver.wire.codec import to_builtins

__all__ = ["show", "show_json"]


def show(text: str) -> None:
    """Print text, escaping characters that are not printable or not in the encoding of stdout."""
    plain = "".join(
        sign if sign.isprintable() or sign == "\n" else sign.encode("unicode_escape").decode("ascii") for sign in text
    )
    encoding = sys.stdout.encoding or "utf-8"
    print(plain.encode(encoding, "backslashreplace").decode(encoding))


def show_json(value: Any) -> None:
    """Print a value as one line of JSON in ASCII, which every encoding includes."""
    print(json.dumps(to_builtins(value)))
