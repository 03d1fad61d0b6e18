"""Adobe's calculated metrics for one session, such as average ad time and rates. None where the divisor is 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.report import AdReport, ChapterReport, Metric, Part
from mockserver.rules.report.metrics import RATIOS, measured

__all__ = ["ratio_metrics"]

_SHORT = {
    "Media starts": "media_starts",
    "Content starts": "content_starts",
    "Content completes": "content_completes",
    "Drops before start": "drops_before_start",
    "Media time spent": "media_time_spent_s",
    "Content time spent": "content_time_spent_s",
    "Total pause duration": "total_pause_duration_s",
    "Total buffer duration": "total_buffer_duration_s",
    "Time to start": "time_to_start_s",
}


def ratio_metrics(
    metrics: Sequence[Metric], ads: Sequence[AdReport], chapters: Sequence[ChapterReport]
) -> Iterator[Metric]:
    """Compute the ratios.

    Args:
        metrics: The metrics of the session.
        ads: Its ads.
        chapters: Its chapters.
    """
    exact = {metric.name: metric.exact for metric in metrics}
    values: dict[str, float | None] = {label: exact[name] for label, name in _SHORT.items()}
    values |= _totals("Ad", ads) | _totals("Chapter", chapters)
    values["(Media starts - Content starts)"] = float(exact["media_starts"]) - float(exact["content_starts"])
    for definition in RATIOS.values():
        over, under = definition.meaning.split(" / ")
        dividend, divisor = values[over], values[under]
        ratio = None if dividend is None or not divisor else dividend / divisor
        why = () if ratio is None else (Part((), dividend, over), Part((), divisor, under))
        yield measured(definition, ratio, why)


def _totals(what: str, reports: Sequence[AdReport] | Sequence[ChapterReport]) -> dict[str, float | None]:
    return {
        f"{what} {label}": float(sum(getattr(report, name) for report in reports))
        for label, name in (("starts", "starts"), ("completes", "completes"), ("time spent", "time_spent_s"))
    }
