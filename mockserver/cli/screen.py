"""What goes to stdout, whatever a client sent and whatever the terminal can show."""

from __future__ import annotations

import json
import sys
from typing import Any

from mockserver.wire.codec import to_builtins

__all__ = ["show", "show_json"]


def show(text: str) -> None:
    """Print text; what is not printable, or not known to the encoding of stdout, is escaped."""
    plain = "".join(
        sign if sign.isprintable() or sign == "\n" else sign.encode("unicode_escape").decode("ascii") for sign in text
    )
    encoding = sys.stdout.encoding or "utf-8"
    print(plain.encode(encoding, "backslashreplace").decode(encoding))


def show_json(value: Any) -> None:
    """Print a value as one line of JSON, in ASCII, which every encoding has."""
    print(json.dumps(to_builtins(value)))
