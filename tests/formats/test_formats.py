"""Every format: valid by its schema, with everything that was found, and whatever a player sent escaped."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.formats.github import github
from mockserver.formats.html import html
from mockserver.formats.judgement import (
    Case,
    Check,
    Issue,
    Judgement,
    Picture,
    Pin,
    Place,
    RuleText,
    file_path,
    file_uri,
)
from mockserver.formats.junit import junit
from mockserver.formats.sarif import sarif
from mockserver.model.comparison import Moment, Row
from mockserver.model.finding import Severity
from mockserver.model.lanes import Lane, Lanes, Span
from tests.report_schemas import check_junit, check_sarif
from tests.tables import every_case

HOSTILE = "</pre><script>alert(1)</script>\x1b[31m\x00 \"'&<!--]]>\ud800\u202e %0A::error::x\nnext: line, two"


def judged(text: str = "A sentence.", *, code: str = "ad.outside-break", file: str | None = "a.ndjson") -> Judgement:
    """Make a judgement with this text wherever a player or a user decides what there is."""
    span = Span(kind="main", label=text, from_ms=0, to_ms=60_000, first_seq=1, last_seq=2)
    lanes = Lanes(
        session_id=text, from_ms=0, to_ms=60_000, lanes=(Lane(name="state", label=text, spans=(span,)),),
        journal_complete=True,
    )  # fmt: skip
    moment = Moment(seq=1, index=None, event_type=text, at_s=0.5, playhead_s=1.25)
    pin = Pin(ts_ms=500, number=1, severity=Severity.ERROR, text=text)
    issue = Issue(
        code=code, severity=Severity.ERROR, message=text, consequence=text, follows_from="ping.gap",
        places=(Place(file=file, line=3, label="line 3"), Place(file=file, line=None, label="entry 4")), seqs=(3,),
    )  # fmt: skip
    note = Issue(code="note", severity=Severity.INFO, message=text, counts=False)
    failed = Case(
        name=text, title=text, about=(text,), passed=False, issues=(issue, note), text=text, transcript=text,
        checks=(Check(says=text, met=False, seen=text),), rows=(Row(before=moment, after=None, changes=(0,)),),
        pictures=(Picture(title=text, lanes=lanes, pins=(pin,)),),
    )  # fmt: skip
    rule = RuleText(code=code, severity=Severity.ERROR, trigger="it happens", consequence="It hurts.", source="Adobe")
    passed = Case(name="fine", title="fine", passed=True)
    return Judgement(
        command="diagnose",
        source=text,
        version="1.0",
        passed=False,
        summary=text,
        cases=(failed, passed),
        rules=(rule,),
    )


# JUnit


def test_junit_has_a_case_for_each_session_and_is_valid_for_jenkins() -> None:
    written = junit(judged())
    check_junit(written)
    root = ElementTree.fromstring(written)
    (suite,) = root
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "errors")} == {
        "name": "mockserver diagnose", "tests": "2", "failures": "1", "errors": "0",
    }  # fmt: skip
    failed, passed = suite.iter("testcase")
    assert (failed.get("classname"), failed.get("name")) == ("mockserver.diagnose", "A sentence.")
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("message") == "A sentence."
    assert failure.get("type") == "ad.outside-break"
    assert (failure.text or "").splitlines() == [
        "error ad.outside-break: A sentence.",
        "-> A sentence.",
        "line 3, entry 4",
    ]
    assert failed.findtext("system-out") == "A sentence.\n\nA sentence."
    assert passed.find("failure") is None


def test_cases_of_one_content_are_numbered_so_that_builds_can_be_compared() -> None:
    judgement = judged()
    twice = replace(judgement, cases=judgement.cases * 2)
    names = [case.get("name") for case in ElementTree.fromstring(junit(twice)).iter("testcase")]
    assert names == ["A sentence.", "fine", "A sentence. (2)", "fine (2)"]


# SARIF


def test_sarif_is_valid_and_has_rules_with_help_and_results_with_places() -> None:
    written = sarif(judged())
    check_sarif(written)
    (run,) = json.loads(written)["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["help"]["text"] == "Fires when: it happens.\n\nConsequence: It hurts.\n\nSource: Adobe."
    error, note = run["results"]
    assert (error["ruleId"], error["ruleIndex"], error["level"]) == ("ad.outside-break", 0, "error")
    assert error["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a.ndjson"}, "region": {"startLine": 3},
    }  # fmt: skip
    assert error["relatedLocations"][0]["message"] == {"text": "entry 4"}
    assert (note["level"], "ruleIndex" in note) == ("note", False)
    assert run["invocations"][0]["exitCode"] == 1


def test_sarif_of_a_running_server_has_no_files() -> None:
    written = sarif(judged(file=None))
    check_sarif(written)
    assert "physicalLocation" not in written


# GitHub


def test_github_annotates_the_line_and_ends_with_a_plain_summary() -> None:
    assert github(judged()).splitlines() == [
        "::error file=a.ndjson,line=3,title=ad.outside-break::A sentence.%0AA sentence.",
        "::notice title=note::A sentence.",
        "A sentence.",
    ]


def test_github_names_the_place_in_words_where_there_is_no_line() -> None:
    assert github(judged(file=None)).splitlines()[0] == (
        "::error title=ad.outside-break::A sentence. (line 3)%0AA sentence."
    )


# HTML


def test_html_is_one_file_without_script_and_network() -> None:
    written = html(judged())
    assert written.startswith("<!DOCTYPE html>\n<html")
    assert "default-src 'none'" in written
    assert re.findall(r"<(?:script|link|img|iframe|object|embed|form)\b|\bsrc=|url\(|@import|https?:", written) == []
    assert written.count("<svg") == 1
    assert "ad.outside-break" in written


# What players send


@every_case("write", [junit, sarif, github, html])
def test_every_format_is_ascii_without_control_characters_whatever_a_player_sent(write: Any) -> None:
    written = write(judged(HOSTILE, file="a%,:b\n.ndjson"))
    plain = written if write is not github else written.encode("ascii", "backslashreplace").decode()
    assert re.findall(r"[^\n\t\x20-\x7e]", plain) == []


def test_html_and_xml_escape_what_a_player_sent() -> None:
    page = html(judged(HOSTILE))
    assert "<script" not in page
    assert "<!--" not in page
    root = ElementTree.fromstring(junit(judged(HOSTILE)))
    check_junit(junit(judged(HOSTILE)))
    (failure, *_) = root.iter("failure")
    assert "<script>alert(1)</script>\\x1b[31m\\x00" in (failure.get("message") or "")


def test_no_text_of_a_player_becomes_a_command_of_github() -> None:
    lines = github(judged("\n::error::x\r\n::stop-commands::y\n::add-mask::z")).splitlines()
    assert [line.partition(" ")[0] for line in lines[:2]] == ["::error", "::notice"]
    assert len(lines) == 3
    assert not lines[2].lstrip().startswith("::")


def test_file_and_title_of_an_annotation_end_where_they_should() -> None:
    first = github(judged(code="a,b:c", file="x,y:z%.ndjson")).splitlines()[0]
    assert first.startswith("::error file=x%2Cy%3Az%25.ndjson,line=3,title=a%2Cb%3Ac::")


@given(st.text())
@settings(deadline=None, max_examples=25)
def test_any_text_gives_valid_documents(text: str) -> None:
    check_junit(junit(judged(text)))
    check_sarif(sarif(judged(text)))
    assert len(github(judged(text)).split("\n")) == 4
    assert html(judged(text)).count("<section") == 2


def test_files_are_named_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (file_path("a b/c.har"), file_uri("a b/c.har")) == ("a b/c.har", "a%20b/c.har")
    assert file_path(str(tmp_path / "a b" / "c.har")) == "a b/c.har"
    assert file_uri(str(tmp_path.parent / "c.har")).startswith("file:///")
