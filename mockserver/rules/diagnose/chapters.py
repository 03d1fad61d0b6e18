"""Rules about chapters."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.closes import closed_twice, closed_without_start
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import number, quoted, seqs_of
from mockserver.rules.playback import Step
from mockserver.rules.speed import FASTEST

__all__ = ["RULES"]


def _number_of(step: Step, name: str) -> float | None:
    return step.number(f"media.chapter.{name}")


def _named(start: Step) -> str:
    return f"chapter {quoted(start.params.get('media.chapter.index'))}"


def _overlap(session: SessionTraffic) -> Iterator[Hit]:
    for step in session.of("chapterStart"):
        if step.before.chapter is not None:
            opening = session.steps[step.before.chapter.step]
            yield Hit(
                seqs_of(opening, step),
                f"chapterStart of {_named(step)} was sent while {_named(opening)} was open; send chapterComplete or "
                "chapterSkip first.",
            )


def _in_break(session: SessionTraffic) -> Iterator[Hit]:
    burst_ms = session.thresholds.burst_s * 1000
    inside = []
    for step in session.of("chapterStart"):
        opened = step.before.ad_break
        if opened is None or step.ts_ms - session.steps[opened.step].ts_ms <= burst_ms:
            continue
        close = next((later for later in session.steps[step.n :] if later.after.ad_break is not opened), None)
        if close is not None and close.event_type == "adBreakComplete" and close.ts_ms - step.ts_ms > burst_ms:
            inside.append(step)
    if inside:
        more = f" and {len(inside) - 1} more" if len(inside) > 1 else ""
        yield Hit(
            seqs_of(*inside),
            f"chapterStart of {_named(inside[0])}{more} was sent inside an ad break; send it when the content of the "
            "chapter begins, after adBreakComplete.",
        )


def _unclosed(session: SessionTraffic) -> Iterator[Hit]:
    chapter = session.steps[-1].after.chapter if session.steps else None
    if chapter is None:
        return
    opening = session.steps[chapter.step]
    is_over = session.is_closed and not session.was_cut_short
    if is_over or any(step.n > opening.n for step in session.of("sessionComplete")):
        yield Hit(
            seqs_of(opening, session.steps[-1]),
            f"The session ended while {_named(opening)} was open; send chapterComplete at its end, or chapterSkip when "
            "the viewer leaves it, before the session ends.",
        )


def _offset_mismatch(session: SessionTraffic) -> Iterator[Hit]:
    if session.playhead_in_ms:
        return
    for step in session.of("chapterStart"):
        offset_s = _number_of(step, "offset")
        if offset_s is None or abs(offset_s - step.playhead_s) <= session.thresholds.chapter_offset_s:
            continue
        if not _is_entered_by_seek(session, step, offset_s):
            yield Hit(
                seqs_of(step),
                f"The offset of {_named(step)} is {number(offset_s)} s but it began at playhead "
                f"{number(step.playhead_s)} s; send the position in the content, without ads, at which it begins.",
            )


def _is_entered_by_seek(session: SessionTraffic, opening: Step, offset_s: float) -> bool:
    """Return whether a seek led into the middle of a chapter, which then rightly begins later than its offset."""
    limits = session.thresholds
    end_s = offset_s + (_number_of(opening, "length") or 0) - limits.chapter_offset_s
    if not offset_s < opening.playhead_s < end_s:
        return False
    for after in reversed(session.steps[1 : opening.n + 1]):
        before = session.steps[after.n - 1]
        moved_s, passed_s = after.playhead_s - before.playhead_s, (after.ts_ms - before.ts_ms) / 1000
        if not -limits.backwards_s <= moved_s <= FASTEST * passed_s + limits.jump_s:
            return True
        if abs(before.playhead_s - opening.playhead_s) > limits.jump_s:
            return False
    return False


def _complete_after_seek(session: SessionTraffic) -> Iterator[Hit]:
    if session.playhead_in_ms or session.ts_in_seconds:
        return
    for close in session.of("chapterComplete"):
        chapter = close.before.chapter
        if chapter is None:
            continue
        opening = session.steps[chapter.step]
        offset_s, length_s = _number_of(opening, "offset"), _number_of(opening, "length")
        if offset_s is None or length_s is None or length_s <= 0:
            continue
        landing = _jump_over(session, opening, close, offset_s + length_s)
        if landing is not None:
            yield Hit(
                seqs_of(opening, landing, close),
                f"chapterComplete closed {_named(opening)} although the playhead had jumped over its end at "
                f"{number(offset_s + length_s)} s, to {number(landing.playhead_s)} s; send chapterSkip after a seek "
                "out of a chapter.",
            )


def _jump_over(session: SessionTraffic, first: Step, last: Step, end_s: float) -> Step | None:
    for n in range(first.n, last.n):
        before, after = session.steps[n], session.steps[n + 1]
        if before.playhead_s < end_s <= after.playhead_s:
            moved_s = after.playhead_s - before.playhead_s
            leaps = moved_s > before.dt_s * FASTEST + session.thresholds.jump_s
            if leaps and not session.spans_clock_change(before.seq, after.seq):
                return after
    return None


def _index(session: SessionTraffic) -> Iterator[Hit]:
    seen: dict[float, Step] = {}
    for step in session.of("chapterStart"):
        index, offset_s = _number_of(step, "index"), _number_of(step, "offset")
        if index is None or offset_s is None:
            continue
        first = seen.setdefault(index, step)
        first_s = _number_of(first, "offset") or 0
        if abs(offset_s - first_s) > session.thresholds.chapter_offset_s:
            yield Hit(
                seqs_of(first, step),
                f"Index {number(index)} is used for the chapters at {number(first_s)} s and at {number(offset_s)} s; "
                "give each chapter of the content its own index.",
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "chapter.overlap",
        Severity.ERROR,
        "chapterStart while a chapter is open",
        "The first chapter is never completed, and its time is uncertain.",
        "Adobe, Chapters overview",
        _overlap,
    ),
    Rule(
        "chapter.in-break",
        Severity.WARNING,
        "chapterStart inside an ad break that is closed later",
        "The chapter counts as started for viewers who leave during the ads.",
        "our reading of Adobe, Chapters overview: chapters are parts of the main content",
        _in_break,
        "events with the ts of the adBreakStart or adBreakComplete, as Adobe's SDKs send them",
    ),
    Rule(
        "chapter.unclosed",
        Severity.WARNING,
        "a chapter is open when the session ends",
        "The chapter never counts as completed.",
        "our reading of Adobe, metrics: Chapter completes",
        _unclosed,
        "a session that a test ended while the player went on",
    ),
    Rule(
        "chapter.close-without-start",
        Severity.ERROR,
        "chapterComplete or chapterSkip with no chapter open",
        "It is ignored.",
        "source of Adobe's SDKs",
        closed_without_start("chapter"),
        "a second close of the same chapter, which is chapter.complete-and-skip",
        settled_by=("chapterStart",),
    ),
    Rule(
        "chapter.complete-and-skip",
        Severity.WARNING,
        "a second close of one chapter within 1 s of the first",
        "The first one counts, so that a skipped chapter may count as completed.",
        "recordings of THEOplayer's connector, which sends both when the viewer jumps",
        closed_twice(
            "chapter", "send chapterSkip when the viewer jumps out of it, and chapterComplete only at its end"
        ),
    ),
    Rule(
        "chapter.offset-mismatch",
        Severity.INFO,
        "media.chapter.offset more than 2 s away from the playhead",
        "The chapter is reported at the wrong position.",
        "Adobe, Timeline 3, which is 1 to 2 s off; a recording of Adobe's sample player, which counts ad time",
        _offset_mismatch,
        "a chapter entered by a seek into its middle; sessions whose playhead counts milliseconds, which is "
        "playhead.ms",
    ),
    Rule(
        "chapter.complete-after-seek",
        Severity.WARNING,
        "chapterComplete although the playhead jumped over the end of the chapter",
        "A skipped chapter counts as completed.",
        "Adobe, Chapter skip",
        _complete_after_seek,
        "playback of up to 2.1 times the normal speed; sessions whose playhead or ts has the wrong unit; a clock that "
        "was set, which is ts.clock-set",
    ),
    Rule(
        "chapter.index",
        Severity.INFO,
        "an index repeated for a chapter at another offset",
        "Two chapters share one id in the reports.",
        "our reading of Adobe, dimensions: Chapter",
        _index,
        "offsets up to 2 s apart",
    ),
)
