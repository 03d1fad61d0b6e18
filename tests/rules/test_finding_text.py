"""Findings in the report of a failing test."""

from __future__ import annotations

from collections.abc import Callable

from mockserver.admin import entries
from mockserver.model.finding import Finding, Severity
from mockserver.model.query import Query
from mockserver.rules.finding_text import brief_findings, entry_labels, moment, unexpected_findings
from tests.factories import T0, answer, batch, emulator, open_session, post, post_event, send, target
from tests.tables import every_case

Golden = Callable[[str, str], None]

SID = "0123456789abcdef" * 4


def finding(code: str, severity: Severity, *seqs: int, session_id: str | None = SID) -> Finding:
    return Finding(
        code=code, severity=severity, message=f"What {code} is about.", consequence=f"What comes of {code}.",
        session_id=session_id, seqs=seqs, source="a page",
    )  # fmt: skip


FINDINGS = [
    finding("ads.outside_break", Severity.ERROR, 4, 5),
    finding("ping.gap", Severity.WARNING, *range(1, 8)),
    finding("session.no_end", Severity.INFO),
]


def test_findings_with_consequence_and_entries(golden: Golden) -> None:
    labels = {4: "#4 adStart +12.000 s", 5: "#5 adComplete +27.000 s", 1: "#1 sessionStart +0.000 s"}
    golden("findings/session.txt", unexpected_findings(FINDINGS, labels, asked="info or worse") + "\n")


def test_one_finding(golden: Golden) -> None:
    golden("findings/one.txt", unexpected_findings(FINDINGS[:1], {}, asked="error") + "\n")


def test_findings_of_several_sessions_name_them_and_the_rest_is_counted(golden: Golden) -> None:
    findings = [*FINDINGS, finding("requests.unknown", Severity.INFO, 9, session_id=None)]
    golden("findings/several.txt", unexpected_findings(findings * 8, {}, asked="info or worse", most=5) + "\n")


def test_brief_findings_are_a_line_each_and_ten(golden: Golden) -> None:
    findings = [*FINDINGS, finding("requests.unknown", Severity.INFO, 9, session_id=None)]
    golden("findings/brief.txt", brief_findings(findings * 3) + "\n")


def test_brief_findings_count_one_as_one() -> None:
    assert brief_findings(FINDINGS[2:]).splitlines()[0] == "1 finding:"


def test_entries_are_shown_with_seconds_since_the_first_event() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid, "play", ts=T0 + 1_500)
    answer(back_end, post_event(sid, {"eventType": "pi\ng"}))
    answer(back_end, post("/api/v1/downloaded", batch("play")))
    labelled = entries.events(target(back_end), Query()).events
    assert list(entry_labels(labelled).values()) == [
        "#1 sessionStart +0.000 s",
        "#2 play +1.500 s",
        "#3 pi\\ng",
        "#4 download +0.000 s",
    ]


@every_case(
    ("ts_ms", "start_ms", "text"),
    [(1_500, 0, "+1.500 s"), (0, 1_500, "-1.500 s"), (None, 0, ""), (0, None, ""), (10**300, 0, "")],
)
def test_moment_is_seconds_since_the_start_if_both_are_known(
    ts_ms: int | None, start_ms: int | None, text: str
) -> None:
    assert moment(ts_ms, start_ms) == text


@every_case("sign", ["\n", "\r", "\x1b", "\u2028", "\u202e"])
def test_no_character_of_a_client_breaks_a_line(sign: str) -> None:
    hostile = Finding(
        code="a.b", severity=Severity.ERROR, message=f"a{sign}b", consequence=f"a{sign}b", session_id=f"a{sign}b",
        seqs=(1,), source="",
    )  # fmt: skip
    for written in (unexpected_findings([hostile], {}, asked="error"), brief_findings([hostile])):
        assert all(line.isprintable() for line in written.splitlines())
    assert len(brief_findings([hostile]).splitlines()) == 2
