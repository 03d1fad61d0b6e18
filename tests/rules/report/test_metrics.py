from __future__ import annotations

from typing import Any

from mockserver.rules.report.metrics import AD as AD_METRICS
from mockserver.rules.report.metrics import CHAPTER as CHAPTER_METRICS
from mockserver.rules.report.metrics import CONTENT, QUALITY, RATIOS, STATE, Rounding, measured
from tests.playbacks import AD, BREAK, CHAPTER
from tests.reports import Reports
from tests.tables import every_case


def test_report_has_every_metric_of_the_table_once_and_in_its_order(reports: Reports) -> None:
    report = reports(
        ("adBreakStart", 0, 0, BREAK),
        ("adStart", 0, 0, AD),
        ("adBreakComplete", 1, 0),
        ("chapterStart", 2, 0, CHAPTER),
        ("stateStart", 3, 0, {"media.state.name": "mute"}),
    )
    assert [metric.name for metric in report.metrics] == [*CONTENT, *QUALITY]
    assert [metric.name for metric in report.ratios] == list(RATIOS)
    assert [metric.name for metric in report.ads[0].metrics] == list(AD_METRICS)
    assert [metric.name for metric in report.chapters[0].metrics] == list(CHAPTER_METRICS)
    assert [metric.name for metric in report.states[0].metrics] == list(STATE)


def test_no_two_metrics_share_a_key_or_a_name() -> None:
    rows = [*CONTENT.values(), *QUALITY.values(), *RATIOS.values()]
    keys = [row.key for row in rows if row.key]
    assert len({row.name for row in rows}) == len(rows)
    assert len(set(keys)) == len(keys)


@every_case(
    ("rounding", "exact", "value"),
    [
        (Rounding.FLAG, True, True),
        (Rounding.FLAG, False, None),
        (Rounding.WHOLE, 44.999, 44),
        (Rounding.WHOLE, 44.99999999999, 45),
        (Rounding.WHOLE, None, None),
        (Rounding.PLAIN, 0.7459, 0.7459),
        (Rounding.PLAIN, None, None),
    ],
)
def test_value_is_rounded_and_the_exact_one_is_kept(rounding: Rounding, exact: Any, value: Any) -> None:
    definition = CONTENT["content_time_spent_s"]._replace(rounding=rounding)
    metric = measured(definition, exact)
    assert metric.value == value
    assert metric.exact is exact
