"""The documents of the project: the code they print, and the parts of them that are made from the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from mockserver.model.described import about, about_members

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

_PART = re.compile(
    r"(?<=^<!-- generated: )(?P<name>[\w ]+) -->\n(?P<text>.*?)(?=^<!-- end -->$)", re.MULTILINE | re.DOTALL
)


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return the kind and the text of every code block; the kind is empty for one that names none."""
    found: list[tuple[str, list[str]]] = []
    inside = False
    for line in page.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("```"):
            inside = not inside
            if inside:
                found.append((line[3:].strip(), []))
        elif inside:
            found[-1][1].append(line)
    return [(kind, "".join(lines)) for kind, lines in found]


def section(page: Path, title: str) -> str:
    """Return the text below a heading of the second level."""
    _, found, below = page.read_text(encoding="utf-8").partition(f"\n## {title}\n")
    assert found, f"{page} has no section {title}"
    return below.partition("\n## ")[0]


def filled(page: Path, parts: Mapping[str, Callable[[], Iterable[str]]]) -> str:
    """Return a page as it is, with the lines between ``<!-- generated: NAME -->`` and ``<!-- end -->`` made anew."""
    text = page.read_text(encoding="utf-8")
    assert [found["name"] for found in _PART.finditer(text)] == list(parts)
    return _PART.sub(lambda found: f"{found['name']} -->\n" + "\n".join(parts[found["name"]]()) + "\n", text)


def members_table(kind: Any, more: type | None = None, but: frozenset[str] = frozenset()) -> Iterator[str]:
    """Describe the members of a record; those without a text of their own have that of another record.

    Args:
        but: The members to leave out.
    """
    texts = {**({} if more is None else texts_of(more)), **texts_of(kind)}
    yield "| member | default | means |\n|---|---|---|"
    for field in msgspec.structs.fields(kind):
        if field.name in but:
            continue
        yield f"| `{field.encode_name}` | {default(field)} | {cell(texts.get(field.name, ''))} |"


def default(field: msgspec.structs.FieldInfo) -> str:
    """Return the default of a member as JSON."""
    if field.required:
        return "required"
    value = msgspec.to_builtins(field.default if field.default is not msgspec.NODEFAULT else field.default_factory())
    return f"`{msgspec.json.encode(value).decode()}`"


def text_of(kind: type) -> str:
    """Return what the docstring of a record says of it."""
    return about(kind).replace("``", "`")


def texts_of(kind: type) -> dict[str, str]:
    """Return what the docstring of a record says of each member."""
    return {name: text.replace("``", "`") for name, text in about_members(kind).items()}


def cell(text: str) -> str:
    """Return a text as a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
