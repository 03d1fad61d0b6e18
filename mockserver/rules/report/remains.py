"""What is certain about a session whose sessionStart is no longer there.

Events before the oldest one that is left may have counted, or may have decided what counted afterwards. Metrics that
depend on them keep the value that follows from what is left, and lose their exact one, which tests assert.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from mockserver.model.report import ChapterReport, Metric, StateReport

__all__ = ["remaining", "remaining_chapter", "remaining_state", "unknown"]

_UNAFFECTED = ("federated_data", "seconds_since_last_call")
_UNCERTAIN = ("stall_impacted_streams",)  # in a break that began before, nothing stalls
_LAST_VALUES = ("dropped_frames", "dropped_frame_impacted_streams", "frames_per_second", "time_to_start_s")


def remaining(metrics: Iterable[Metric]) -> Iterator[Metric]:
    """Return the metrics of a session, exact only where dropped events cannot matter: what happened, happened."""
    known = list(metrics)
    has_played = any(metric.name == "content_starts" and metric.exact for metric in known)
    for metric in known:
        if metric.name == "drops_before_start":
            yield metric if has_played else unknown(metric)
        elif metric.name in _UNAFFECTED or (metric.name in _LAST_VALUES and metric.why):
            yield metric
        else:
            yield replace(metric, exact=None) if metric.name in _UNCERTAIN else _if_it_happened(metric)


def remaining_state(state: StateReport) -> StateReport:
    """Return the report of a player state, which may have been on before."""
    return replace(state, metrics=tuple(map(_if_it_happened, state.metrics)))


def remaining_chapter(chapter: ChapterReport) -> ChapterReport:
    """Return the report of a chapter that is left; whether the content was playing in it is not known."""
    metrics = (replace(one, exact=None) if one.name == "time_spent_s" else one for one in chapter.metrics)
    return replace(chapter, metrics=tuple(metrics))


def unknown(metric: Metric) -> Metric:
    """Return a metric of which nothing is known."""
    return replace(metric, value=None, exact=None, why=())


def _if_it_happened(metric: Metric) -> Metric:
    return metric if metric.exact is True else replace(metric, exact=None)
