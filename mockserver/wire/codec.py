"""Read and write JSON strictly: bodies of players, the admin API and files."""

from __future__ import annotations

import json
import math
import re
import zlib
from typing import Any, TypeVar, overload

import msgspec

from mockserver.errors import InvalidInput
from mockserver.rules.misfit import misfit

__all__ = [
    "MAX_DEPTH",
    "NotJson",
    "TooLarge",
    "WrittenNumber",
    "convert",
    "decode",
    "decoded",
    "encode",
    "parse_as_written",
    "parse_body",
    "to_builtins",
]

T = TypeVar("T")

MAX_DEPTH = 64
"""Most levels of a body. Adobe's events have four; every recorded body must also be writable."""

_REFUSED = (msgspec.DecodeError, UnicodeDecodeError)
"""The exceptions of msgspec for a text that is not JSON: before 0.23, the second if it is not UTF-8."""

_TOO_DEEP = f"the JSON is nested more than {MAX_DEPTH} levels deep"
_OPENING = b"[{"
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_BLANKS = " \t\r\n"
_ENDLESS = re.compile(r'"(?:[^"\\]|\\.)*\\?', re.DOTALL)
_COMMA = re.compile(rf",[{_BLANKS}]*[\]}}]")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class NotJson(ValueError):
    """A body that is not JSON; the text says why, for the developer of the player."""


class TooLarge(NotJson):
    """A gzipped body that unpacks to more than a body may have."""


def parse_body(body: bytes, max_bytes: int) -> Any:
    """Read a player's body: UTF-8 JSON, with or without byte order mark, gzipped or not.

    NaN, Infinity, lone surrogates and numbers too large for a double are refused. Of duplicate keys the last one
    counts, as in browsers.

    Args:
        max_bytes: Most bytes that a gzipped body may unpack to.

    Raises:
        TooLarge: It unpacks to more.
        NotJson: It cannot be read.
    """
    try:
        return _parsed(body)
    except NotJson:
        plain = _plain(body, max_bytes)
        if plain is body:
            raise
    return _parsed(plain)


def decoded(body: bytes | str) -> Any:
    """Read JSON of any depth, not unpacked; None if it cannot be read so."""
    try:
        return msgspec.json.decode(body)
    except (*_REFUSED, RecursionError):
        return None


class WrittenNumber(float):
    """A number with a fraction or an exponent that remembers how it was written, such as ``1.767270020E12``."""

    def __new__(cls, text: str) -> WrittenNumber:
        """Read a number as JSON writes it."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str


def parse_as_written(body: bytes, max_bytes: int) -> Any:
    """Read a body that :func:`parse_body` can read, with :class:`WrittenNumber` for numbers with fraction or exponent.

    For messages: slower than :func:`parse_body`, and the same document where Python cannot read a number.
    """
    document = parse_body(body, max_bytes)
    try:
        return json.loads(_plain(body, max_bytes).decode(), parse_float=WrittenNumber)
    except (ValueError, RecursionError):
        return document


def _parsed(body: bytes) -> Any:
    try:
        document = msgspec.json.decode(body)
    except _REFUSED:
        if not body.strip():
            raise NotJson("the body is empty; send one JSON object") from None
        raise NotJson(f"the body is not valid JSON: {_reason(body)}") from None
    except RecursionError:
        raise NotJson(_TOO_DEEP) from None
    # Each level takes two brackets. Deleting the opening ones in one pass is the fastest way to count both kinds.
    if (
        len(body) > 2 * MAX_DEPTH
        and len(body) - len(body.translate(None, _OPENING)) > MAX_DEPTH
        and _is_deeper(document, MAX_DEPTH)
    ):
        raise NotJson(_TOO_DEEP)
    return document


def _is_deeper(document: Any, levels: int) -> bool:
    """Return whether a document has more levels; one level at a time, so that no depth can exhaust the stack."""
    level = [document] if isinstance(document, (dict, list)) else []
    for _ in range(levels):
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def _plain(body: bytes, max_bytes: int) -> bytes:
    """Unpack a gzipped body and remove a byte order mark, each once; return the same object if it has neither."""
    if body.startswith(_GZIP):
        body = _unzip(body, max_bytes)
    return body[len(_BOM) :] if body.startswith(_BOM) else body


def _unzip(body: bytes, max_bytes: int) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    try:
        plain = unzip.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise NotJson(f"the body begins like gzip but cannot be unpacked ({error})") from None
    if len(plain) > max_bytes:
        raise TooLarge(f"the gzipped body unpacks to more than {max_bytes} bytes")
    if not unzip.eof:
        raise NotJson("the body begins like gzip but ends too early")
    if unzip.unused_data:
        raise NotJson("something follows the end of the gzipped body")
    if plain.startswith(_GZIP):
        raise NotJson("the body is gzipped twice")
    return plain


def _reason(body: bytes | str) -> str:
    """Explain why a text that msgspec refused is not JSON.

    The exceptions and messages of msgspec change between versions, so the standard library parses the text again. It is
    more lenient: it accepts halves of surrogate pairs.
    """
    try:
        text = body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError as error:
        return f"it is not UTF-8 (byte {error.start})"
    start = len(text) - len(text.lstrip(_BLANKS))
    try:
        end = start + _LOOK.raw_decode(text[start:])[1]
    except json.JSONDecodeError as error:
        return _fault_at(text, start + error.pos)
    except RecursionError:
        return "it is nested too deeply"
    except NotJson as error:
        return str(error)
    except ValueError:  # of _finite, or of int, which limits the number of digits
        return "number out of range"
    if text[end:].strip(_BLANKS):
        return f"trailing characters {_byte(text, end)}"
    return "half of a surrogate pair is not text" if _SURROGATE.search(text) else "it cannot be read"


def _fault_at(text: str, at: int) -> str:
    """Explain what is wrong at the place where parsing stopped."""
    rest = text[at:]
    if not rest.strip(_BLANKS) or _ENDLESS.fullmatch(rest):
        return "input data was truncated"
    after_comma = text[:at].rstrip(_BLANKS).endswith(",") and rest[0] in "]}"
    hint = "; look for a comma before a closing bracket" if after_comma or _COMMA.match(rest) else ""
    return f"invalid character {_byte(text, at)}{hint}"


def _byte(text: str, at: int) -> str:
    return f"(byte {len(text[:at].encode())})"


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits)
    return number


def _no_constant(name: str) -> None:
    raise NotJson("NaN and Infinity are not JSON")


_LOOK = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)


def decode(body: bytes | str, kind: type[T]) -> T:
    """Read a JSON document of our own formats.

    Raises:
        InvalidInput: With a JSON pointer to the member that is wrong.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise misfit(error, kind, decoded(body)) from None
    except _REFUSED:
        raise InvalidInput(f"not valid JSON: {_reason(body)}") from None
    except RecursionError:
        raise InvalidInput(_TOO_DEEP) from None


@overload
def convert(value: Any, kind: type[T], *, strict: bool = True) -> T: ...


@overload
def convert(value: Any, kind: Any, *, strict: bool = True) -> Any: ...


def convert(value: Any, kind: Any, *, strict: bool = True) -> Any:
    """Convert a parsed value to a record.

    Args:
        strict: False also reads numbers and booleans from text, for query strings, flags and the environment.

    Raises:
        InvalidInput: With a JSON pointer to the member that is wrong.
    """
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise misfit(error, kind, value) from None


def encode(value: Any) -> bytes:
    """Write JSON."""
    try:
        return msgspec.json.encode(value)
    except OverflowError:
        # Integers beyond 64 bits are legal JSON, and players may send them; only the standard library can write them.
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False, separators=(",", ":")).encode()


def to_builtins(value: Any) -> Any:
    """Turn a record into dictionaries, lists, numbers and text."""
    return msgspec.to_builtins(value)
