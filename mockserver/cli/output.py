"""The formats of a command, and where what is written in them goes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mockserver.cli.output_file import write_whole
from mockserver.cli.terminal import encodable, show, show_json
from mockserver.errors import InvalidInput, nearest
from mockserver.formats.judgement import Judgement, visible
from mockserver.wire.codec import encode

__all__ = ["FORMATS", "Output", "add_format_arguments", "outputs_of", "put_out", "to_stdout"]

FORMATS = ("text", "json", "junit", "sarif", "github", "html")
_LISTED = ", ".join(FORMATS)


class Output(NamedTuple):
    """One format.

    Args:
        format: Its name.
        path: The file it goes to; None for stdout.
    """

    format: str
    path: Path | None = None


def add_format_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--format`` and ``--json`` to a parser."""
    parser.add_argument(
        "--format", action="append", metavar="FORMAT[=FILE]",
        help=f"write {', '.join(FORMATS[:-1])} or {FORMATS[-1]} (default: text), into FILE if one is given; repeatable",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="the same as --format json")


def outputs_of(arguments: argparse.Namespace) -> list[Output]:
    """Return the formats that were asked for, and text too if none of them goes to stdout.

    Raises:
        InvalidInput: There is no such format, two go to one place, or a folder does not exist.
    """
    given = [*(arguments.format or ()), *(["json"] if arguments.json else [])]
    outputs: list[Output] = []
    for text in given:
        name, has_file, file = text.partition("=")
        if name not in FORMATS:
            raise InvalidInput(f"there is no format {name!r}{nearest(name, FORMATS) or f'; there are {_LISTED}'}")
        if has_file and not file:
            raise InvalidInput(f"--format {text}: a file is missing after =")
        outputs.append(Output(name, Path(file) if file else None))
    if to_stdout(outputs) is None:
        outputs.append(Output("text"))
    _check(outputs)
    return outputs


def _check(outputs: Sequence[Output]) -> None:
    places = [output.path for output in outputs]
    for output in outputs:
        if places.count(output.path) > 1:
            where = "stdout" if output.path is None else str(output.path)
            raise InvalidInput(
                f"only one --format can go to {where}; give the others a file: --format html=report.html"
            )
        if output.path is not None and not output.path.parent.is_dir():
            raise InvalidInput(f"--format {output.format}: there is no folder {output.path.parent}")


def to_stdout(outputs: Sequence[Output]) -> str | None:
    """Return the format that goes to stdout."""
    return next((output.format for output in outputs if output.path is None), None)


def put_out(
    outputs: Sequence[Output],
    text: Callable[[], str],
    document: Callable[[], Any],
    judgement: Callable[[], Judgement],
) -> None:
    """Write every format; each is made only if it is asked for.

    Args:
        outputs: Which formats go where.
        text: Makes the text for people.
        document: Makes what is written as JSON.
        judgement: Makes what the other formats are written from.

    Raises:
        InvalidInput: A file cannot be written.
    """
    judged: list[Judgement] = []
    for output in outputs:
        if output.format == "text":
            written = text()
            if output.path is None:
                show(written)
                continue
            content = f"{visible(written)}\n".encode()
        elif output.format == "json":
            found = document()
            if output.path is None:
                show_json(found)
                continue
            content = encode(found) + b"\n"
        else:
            judged = judged or [judgement()]
            content = _writers()[output.format](judged[0]).encode()
        _put(output, content)


def _put(output: Output, content: bytes) -> None:
    if output.path is None:
        sys.stdout.write(encodable(content.decode()))
        return
    try:
        write_whole(output.path, [content])
    except OSError as error:
        raise InvalidInput(f"cannot write {output.path}: {error.strerror or error}") from None


def _writers() -> Mapping[str, Callable[[Judgement], str]]:
    from mockserver.formats.github import github
    from mockserver.formats.html import html
    from mockserver.formats.junit import junit
    from mockserver.formats.sarif import sarif

    return {"junit": junit, "sarif": sarif, "github": github, "html": html}
