"""Timelines as SVG: the lanes that the page of a server draws too, with the issues as pins above them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.etree.ElementTree import Element

from mockserver.formats.elements import element
from mockserver.formats.judgement import Picture
from mockserver.model.lanes import LaneName, Span

__all__ = ["drawn"]

_WIDTH = 1000.0
_LEFT = 110.0
_AXIS = 22.0
_GAP = 5.0
_PINS = 20.0
_PIN = 14.0
"""The width of a pin."""

_MOST_TICKS = 10
_SIGN = 6.4
"""The width of a character of a label, about."""

_MOST_SPANS = 400
"""The most spans of a lane that are drawn; the rest would be thinner than a line."""

_HEIGHTS: dict[LaneName, float] = {
    "playback": 24, "break": 12, "ad": 20, "chapter": 18, "state": 16, "quality": 16, "silence": 10,
}  # fmt: skip
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)


def drawn(pictures: Sequence[Picture]) -> Element | None:
    """Draw sessions one below the other, on one axis of seconds since their first events; None without events."""
    known = [picture for picture in pictures if picture.lanes.from_ms is not None]
    lasts_s = [((one.lanes.to_ms or 0) - (one.lanes.from_ms or 0)) / 1000 for one in known]
    if not known:
        return None
    scale = (_WIDTH - _LEFT - 8) / (max(lasts_s) or 1)
    parts: list[Element] = []
    y = _AXIS
    for picture in known:
        rows, y = _session(picture, y, scale)
        parts += rows
    ticks = [*_ticks(max(lasts_s), scale, y)]
    return element(
        "svg", ticks, parts, viewBox=f"0 0 {_WIDTH:g} {y:g}", role="img", aria_label="Timeline of the session"
    )


def _ticks(length_s: float, scale: float, bottom: float) -> Iterator[Element]:
    step_s = next((step for step in _STEPS_S if length_s / step <= _MOST_TICKS), _STEPS_S[-1])
    for number in range(min(int(length_s / step_s), 2 * _MOST_TICKS) + 1):
        at_s = number * step_s
        x = round(_LEFT + at_s * scale, 1)
        yield element("line.tick", x1=x, x2=x, y1=_AXIS - 6, y2=bottom)
        yield element("text.axis", _clock(at_s), x=x + 3, y=12.0)


def _clock(at_s: int) -> str:
    hours, rest = divmod(at_s, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _session(picture: Picture, y: float, scale: float) -> tuple[list[Element], float]:
    start_ms = picture.lanes.from_ms or 0
    parts: list[Element] = []
    if picture.title:
        parts.append(element("text.session", picture.title, x=0.0, y=y + 12))
        y += 18
    if picture.pins:
        parts += _pins(picture, start_ms, y, scale)
        y += _PINS
    for lane in picture.lanes.lanes:
        height = _HEIGHTS[lane.name]
        parts.append(element("text.lane", _shortened(lane.label, _LEFT - 12), x=0.0, y=y + height / 2 + 4))
        parts += (_span(lane.name, span, start_ms, y, scale) for span in lane.spans[:_MOST_SPANS])
        y += height + _GAP
    return parts, y + _GAP


def _span(lane: LaneName, span: Span, start_ms: int, y: float, scale: float) -> Element:
    height = _HEIGHTS[lane]
    x = round(_LEFT + (span.from_ms - start_ms) / 1000 * scale, 1)
    width = round(max((span.to_ms - span.from_ms) / 1000 * scale, 1.5), 1)
    lasts_s = (span.to_ms - span.from_ms) / 1000
    label = _shortened(span.label, width - 8) if height >= 14 and width > 30 else ""
    return element(
        f"g.{lane}.{span.kind}",
        element("title", f"{span.label}: {lasts_s:g} s" + ("" if span.ended_by else ", never ended")),
        element("rect", x=x, y=y, width=width, height=height, rx=2),
        element("text", label, x=x + 4, y=y + height / 2 + 4) if label else None,
    )


def _pins(picture: Picture, start_ms: int, y: float, scale: float) -> Iterator[Element]:
    """Draw the issues as pins; those at one place are one pin, with the number of the first."""

    def x_of(ts_ms: int) -> float:
        return round((_LEFT + max(ts_ms - start_ms, 0) / 1000 * scale) / _PIN) * _PIN

    ordered = sorted(picture.pins, key=lambda pin: (x_of(pin.ts_ms), pin.number))
    for x, group in groupby(ordered, lambda pin: x_of(pin.ts_ms)):
        pins = [*group]
        worst = min(pins, key=lambda pin: pin.severity.rank)
        numbers = f"{pins[0].number}+" if len(pins) > 1 and pins[0].number < 10 else f"{pins[0].number}"
        yield element(
            f"g.pin.{worst.severity.value}",
            element("title", "\n".join(f"{pin.number}. {pin.text}" for pin in pins)),
            element("path", d="M0 18 L-6 9 A8 8 0 1 1 6 9 Z"),
            element("text", numbers, y=8.0),
            transform=f"translate({min(max(x, _LEFT), _WIDTH - 10):g} {y:g})",
        )


def _shortened(text: str, width: float) -> str:
    most = max(int(width / _SIGN), 1)
    return text if len(text) <= most else f"{text[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
