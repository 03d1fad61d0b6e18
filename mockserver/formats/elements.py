"""Elements of HTML and SVG. ``xml.etree`` writes them, and so escapes every text and every attribute."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, tostring

from mockserver.formats.judgement import visible

__all__ = ["Child", "element", "written"]

Child = Element | str | None


def element(tag: str, *children: Child | Iterable[Child], **attributes: object) -> Element:
    """Make an element.

    Args:
        tag: Its name; classes follow with dots, as in ``section.case``.
        *children: Elements and texts; None is left out, and lists are taken apart.
        **attributes: Its attributes, with ``_`` for ``-``; None is left out.
    """
    name, *classes = tag.split(".")
    made = Element(name)
    if classes:
        made.set("class", " ".join(classes))
    for key, value in attributes.items():
        if value is not None:
            made.set(
                key.strip("_").replace("_", "-"), visible(f"{value:g}" if isinstance(value, float) else str(value))
            )
    for child in _flat(children):
        if isinstance(child, Element):
            made.append(child)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + visible(child)
        else:
            made.text = (made.text or "") + visible(child)
    return made


def _flat(children: Iterable[Child | Iterable[Child]]) -> Iterable[Element | str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, (Element, str)):
            yield child
        else:
            yield from _flat(child)


def written(root: Element) -> str:
    """Write a page in ASCII; other characters become references."""
    return f"<!DOCTYPE html>\n{tostring(root, encoding='us-ascii', method='html').decode()}\n"
