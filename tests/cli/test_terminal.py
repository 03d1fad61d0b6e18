from __future__ import annotations

import io
import itertools

import pytest

from mockserver.cli.terminal import PLAIN_WIDTH, Progress, coloured, has_colours, width_of
from mockserver.model.finding import Finding, Severity
from mockserver.rules.diagnose.text import findings_text
from tests.tables import every_case


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@every_case(
    ("stream", "environment", "expected"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (io.StringIO(), {}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_are_for_terminals_unless_the_environment_says_otherwise(
    stream: io.StringIO, environment: dict[str, str], expected: bool
) -> None:
    assert has_colours(stream, environment) is expected


def test_text_is_as_wide_as_the_terminal_and_the_same_everywhere_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, width in (("80", 80), ("160", 160), ("7", 40)):
        monkeypatch.setenv("COLUMNS", columns)
        assert (width_of(Terminal()), width_of(io.StringIO())) == (width, PLAIN_WIDTH)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_findings_fill_the_width_they_are_given(width: int) -> None:
    found = Finding(
        code="ad.outside-break",
        severity=Severity.ERROR,
        message="many short words that say what is wrong " * 10,
        consequence="Numbers are wrong.",
        session_id=None,
        seqs=(1,),
        source="Adobe",
    )
    longest = max(map(len, findings_text([found], [], width=width).splitlines()))
    assert width - 8 <= longest <= width


def test_words_and_status_are_coloured_where_they_mean_something() -> None:
    line = "10:20:30.123  4787c7f3  ping             204      12 s"
    assert coloured(line) == line.replace("204", "\x1b[32m204\x1b[0m")
    assert "\x1b[33m410\x1b[0m" in coloured(line.replace("204", "410"))
    assert "\x1b[31m---\x1b[0m" in coloured(line.replace("204", "---"))
    assert coloured("  error    ad.outside-break") == "  \x1b[31merror\x1b[0m    ad.outside-break"
    assert coloured("verdict: passed") == "verdict: \x1b[32mpassed\x1b[0m"
    for plain in ("an error of 404", "   -> the error", "  errors", "length 204  s"):
        assert coloured(plain) == plain


def test_progress_replaces_its_line_within_the_width_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream, seconds = Terminal(), itertools.count()
    progress = Progress(stream, lambda: next(seconds))
    progress.show("1 of 2")
    progress.show("2 of 2 " + "x" * 80)
    progress.clear()
    progress.clear()
    first, second, end = stream.getvalue().split("\x1b[K")[:3]
    assert (first, len(second), end) == ("\r1 of 2", 40, "\r")
    assert stream.getvalue().endswith("\r\x1b[K")


def test_progress_is_not_written_more_often_than_a_person_can_read() -> None:
    stream = Terminal()
    progress = Progress(stream, lambda: 0.0)
    for number in range(100):
        progress.show(f"{number} of 100")
    assert stream.getvalue().count("\r") == 1


def test_progress_writes_nothing_without_a_terminal() -> None:
    stream = io.StringIO()
    progress = Progress(stream, lambda: 0.0)
    progress.show("1 of 2")
    progress.clear()
    assert (stream.getvalue(), progress.is_shown) == ("", False)
