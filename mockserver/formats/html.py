"""One page for people, to attach to a build: it needs no other file, no script and no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Any
from xml.etree.ElementTree import Element

from mockserver.formats.elements import Child, element, written
from mockserver.formats.judgement import Case, Check, Issue, Judgement
from mockserver.formats.picture import drawn
from mockserver.model.comparison import Moment, Row
from mockserver.model.finding import Severity
from mockserver.model.report import Metric, SessionReport
from mockserver.rules.comparison.text import shown_value

__all__ = ["html"]

_MOST_PLACES = 8


def html(judgement: Judgement) -> str:
    """Write a judgement as a page."""
    title = f"mockserver {judgement.command}: {judgement.source}"
    style = (files("mockserver.formats") / "page.css").read_text(encoding="utf-8")
    return written(
        element(
            "html",
            element(
                "head",
                element("meta", charset="us-ascii"),
                element("meta", name="viewport", content="width=device-width, initial-scale=1"),
                element(
                    "meta",
                    http_equiv="Content-Security-Policy",
                    content="default-src 'none'; style-src 'unsafe-inline'",
                ),
                element("title", title),
                element("style", style),
            ),
            element(
                "body",
                _head(judgement),
                element("main", (_case(case, place) for place, case in enumerate(judgement.cases, 1))),
            ),
            lang="en",
        )
    )


def _head(judgement: Judgement) -> Element:
    return element(
        "header",
        element("h1", _badge(judgement.passed), f" {judgement.command}: {judgement.source}"),
        element("p", judgement.summary),
        element("nav", element("ol", (_entry(case, place) for place, case in enumerate(judgement.cases, 1))))
        if len(judgement.cases) > 1
        else None,
        element("p.small", f"mockserver {judgement.version}"),
    )


def _entry(case: Case, place: int) -> Element:
    counts = ", ".join(
        f"{count} {severity.value}{'s' if count > 1 and severity is not Severity.INFO else ''}"
        for severity in Severity
        if (count := sum(issue.severity is severity for issue in case.issues))
    )
    link = element("a", case.title, href=f"#case-{place}")
    return element("li", _badge(case.passed), " ", link, element("span.small", f" {counts}") if counts else None)


def _badge(passed: bool) -> Element:
    return element("span.badge.passed", "passed") if passed else element("span.badge.failed", "failed")


def _case(case: Case, place: int) -> Element:
    return element(
        "section",
        element("h2", _badge(case.passed), f" {case.title}"),
        (element("p.small", line) for line in case.about),
        _timeline(case),
        _issues(case.issues),
        _checks(case.checks),
        _rows(case.rows, case.issues),
        _report(case.report) if case.report is not None else None,
        element("details", element("summary", "Requests"), element("pre", case.transcript, tabindex=0))
        if case.transcript
        else None,
        id=f"case-{place}",
    )


def _timeline(case: Case) -> Child:
    picture = drawn(case.pictures)
    return None if picture is None else element("figure", picture, tabindex=0)


def _issues(issues: Sequence[Issue]) -> Child:
    if not issues:
        return element("p.nothing", "Nothing found.")
    return element("ol.issues", (_issue(issue) for issue in issues))


def _issue(issue: Issue) -> Element:
    code = element("code", issue.code)
    shown = [place.label for place in issue.places[:_MOST_PLACES]]
    if len(issue.places) > _MOST_PLACES:
        shown.append(f"and {len(issue.places) - _MOST_PLACES} more")
    where = element("p.small", ", ".join(shown)) if shown else None
    if not issue.consequence:
        return element(f"li.{issue.severity.value}", element("p", code, f" {issue.message}"), where)
    cause = f" follows from {issue.follows_from}" if issue.follows_from else ""
    return element(
        f"li.{issue.severity.value}",
        element("p", element("strong", issue.severity.value), " ", code, element("span.small", cause)),
        element("p", issue.message),
        element("p.consequence", issue.consequence),
        where,
    )


def _checks(checks: Sequence[Check]) -> Child:
    if not checks:
        return None
    rows = (
        element(
            "tr" if check.met else "tr.changed",
            element("td", "met" if check.met else "missed"),
            element("td", check.says),
            element("td", check.seen),
        )
        for check in checks
    )
    met = sum(check.met for check in checks)
    return element(
        "details",
        element("summary", f"Expectations: {met} of {len(checks)} met"),
        _table(("", "expected", "seen"), rows),
        open="open" if met < len(checks) else None,
    )


def _rows(rows: Sequence[Row], issues: Sequence[Issue]) -> Child:
    """Show the events of two sessions side by side; of a change its number in the list."""
    if not rows:
        return None
    return element(
        "details",
        element("summary", "Events side by side"),
        _table(
            ("before", "at", "playhead", "now", "at", "playhead", "differences"),
            (
                element(
                    "tr.changed" if row.changes else "tr",
                    *_moment(row.before),
                    *_moment(row.after),
                    element("td", "; ".join(issues[place].message for place in row.changes)),
                )
                for row in rows
            ),
        ),
    )


def _moment(moment: Moment | None) -> Iterator[Element]:
    if moment is None:
        yield element("td.none", "\N{EN DASH}", colspan=3)
        return
    yield element("td", moment.event_type or "?")
    yield element("td.number", "" if moment.at_s is None else f"{moment.at_s:.1f} s")
    yield element("td.number", "" if moment.playhead_s is None else f"{moment.playhead_s:.10g}")


def _report(report: SessionReport) -> Element:
    parts: list[Child] = [_metrics(report.metrics)]
    for name, found in (("Ad", report.ads), ("Chapter", report.chapters)):
        for one in found:
            parts += [element("h3", f"{name} {one.number}"), _metrics(one.metrics)]
    for player_state in report.states:
        parts += [element("h3", f"Player state {player_state.name}"), _metrics(player_state.metrics)]
    notes = [element("p.small", note.text) for note in report.notes]
    state = "final" if report.final else "provisional"
    return element("details", element("summary", f"What Adobe would report ({state})"), notes, parts)


def _metrics(metrics: Iterable[Metric]) -> Element:
    return _table(
        ("metric", "reported", "exact", "context data variable"),
        (
            element(
                "tr",
                element("td", metric.label),
                element("td.number", _value(metric.value)),
                element("td.number", _value(metric.exact)),
                element("td", element("code", metric.key or "")),
            )
            for metric in metrics
            if metric.value is not None or metric.key is None
        ),
    )


def _value(value: Any) -> str:
    return "" if value is None else shown_value(value)


def _table(heads: Iterable[str], rows: Iterable[Element]) -> Element:
    return element(
        "div.scroll",
        element(
            "table", element("thead", element("tr", (element("th", head) for head in heads))), element("tbody", rows)
        ),
        tabindex=0,
    )
