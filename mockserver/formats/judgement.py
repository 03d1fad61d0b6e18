"""What a command found about recorded playback, for every format."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import msgspec

from mockserver.model.comparison import Row
from mockserver.model.finding import Severity
from mockserver.model.lanes import Lanes
from mockserver.model.report import SessionReport

__all__ = [
    "Case",
    "Check",
    "Issue",
    "Judgement",
    "Picture",
    "Pin",
    "Place",
    "RuleText",
    "file_path",
    "file_uri",
    "visible",
]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where something is in a recording or in a plan.

    Args:
        file: The file, as it was given; None for a running server and stdin.
        line: The line, from 1; None if the file does not consist of lines, or the line is unknown.
        label: The place in words, such as ``line 7``, ``entry 12`` or ``#3``.
    """

    file: str | None
    line: int | None
    label: str


class RuleText(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of issue means.

    Args:
        code: Its code.
        severity: How bad it is, unless an issue says otherwise.
        trigger: What makes it an issue.
        consequence: What it leads to; empty if the issue itself says so.
        source: Where the rule comes from; empty if there is nothing to say.
    """

    code: str
    severity: Severity
    trigger: str
    consequence: str = ""
    source: str = ""


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, missed or different.

    Args:
        code: Its kind: the code of a finding, or that of one of the rules of :class:`Judgement`.
        severity: How bad it is.
        message: What it is, in a sentence or a line.
        consequence: What it leads to; may be empty.
        counts: Whether the command fails because of it.
        follows_from: The code of the finding that caused it.
        places: Where it is; the first one is shown.
        seqs: The journal entries it is about.
    """

    code: str
    severity: Severity
    message: str
    consequence: str = ""
    counts: bool = True
    follows_from: str | None = None
    places: tuple[Place, ...] = ()
    seqs: tuple[int, ...] = ()


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """An issue on a picture.

    Args:
        ts_ms: Where it is, on the time of the player.
        number: Its number in the list of issues, from 1.
        severity: How bad it is.
        text: What it is.
    """

    ts_ms: int
    number: int
    severity: Severity
    text: str


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A session as a picture.

    Args:
        title: What to write above it; may be empty.
        lanes: What went on.
        pins: The issues in it.
    """

    title: str
    lanes: Lanes
    pins: tuple[Pin, ...] = ()


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One demand of a plan or a story.

    Args:
        says: What is demanded.
        met: Whether that is so.
        seen: What was there; may be empty.
    """

    says: str
    met: bool
    seen: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A session, a pair of sessions, or a story.

    Args:
        name: Its name, unique in its judgement.
        title: What it is about: the content, or what happens in a story.
        about: More about it, one line each.
        passed: Whether the command counts it as passed.
        issues: What is wrong, missed or different, worst first.
        text: All of it as text.
        transcript: The requests, one line each; empty if they are not shown.
        checks: What was demanded.
        pictures: Its session, or two to be shown on one axis.
        rows: The events of two sessions side by side.
        report: What would be reported of it.
    """

    name: str
    title: str
    about: tuple[str, ...] = ()
    passed: bool
    issues: tuple[Issue, ...] = ()
    text: str = ""
    transcript: str = ""
    checks: tuple[Check, ...] = ()
    pictures: tuple[Picture, ...] = ()
    rows: tuple[Row, ...] = ()
    report: SessionReport | None = None


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a command found.

    Args:
        command: The command, such as ``diagnose``.
        source: What was looked at.
        version: The version of this program.
        passed: Whether the command succeeds.
        summary: One line.
        cases: What was looked at, one by one.
        rules: What the codes of the issues mean.
    """

    command: str
    source: str
    version: str
    passed: bool
    summary: str
    cases: tuple[Case, ...]
    rules: tuple[RuleText, ...]

    def issues(self) -> Iterable[Issue]:
        """Return all issues, case by case."""
        return (issue for case in self.cases for issue in case.issues)


def visible(text: str) -> str:
    """Return text of a client with everything escaped that is neither printable nor a line break.

    XML cannot carry control characters at all, and a terminal obeys them.
    """
    return "".join(
        sign if sign.isprintable() or sign == "\n" else sign.encode("unicode_escape").decode("ascii") for sign in text
    )


def file_path(file: str) -> str:
    """Return a file as CI systems find it: relative to the working directory, if it is below that."""
    path = Path(file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()


def file_uri(file: str) -> str:
    """Return the same as a URI."""
    path = Path(file_path(file))
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
