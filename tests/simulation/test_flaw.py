"""What is found of careful and of broken players: each flaw causes what it is there for."""

from __future__ import annotations

import pytest

from mockserver.admin.diagnosis import Diagnosis
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput
from mockserver.model.finding import Severity
from mockserver.namespaces import Namespace
from mockserver.rules.diagnose.catalogue import CODES
from mockserver.simulation.content import CONTENTS, make_content
from mockserver.simulation.flaw import FLAWS, apply_flaw
from mockserver.simulation.script import write_script
from tests.scripts import received
from tests.tables import every_case

CAUSES: dict[str, set[str]] = {
    "ads-outside-break": {"ad.outside-break"},
    "no-play-after-pause": {"play.missing-after-pause", "ping.gap"},
    "playhead-in-milliseconds": {"playhead.ms"},
    "no-pings": {"ping.gap"},
    "play-before-preroll": {"play.before-preroll"},
    "never-completes": {"session.no-close", "session.complete-missing"},
    "abandoned": {"session.no-close", "chapter.unclosed"},
    "unknown-key": {"params.unknown", "ad.complete-without-start"},
    "break-never-closed": {"ad.break-unclosed", "session.no-play"},
    "ads-never-closed": {"ad.not-closed"},
    "impatient-pings": {"ping.immediate", "ping.too-fast"},
    "frozen-playhead": {"playhead.frozen", "ad.pod-second", "session.complete-early"},
    "playhead-runs-in-ads": {"playhead.moves-in-ad"},
    "chapters-never-closed": {"chapter.overlap", "chapter.unclosed"},
    "state-never-started": {"state.end-without-start"},
    "wrong-clock": {"ts.skew"},
    "play-before-session": {"order.before-session", "play.missing-after-preroll"},
    "goes-on-after-the-end": {"session.event-after-end", "chapter.unclosed"},
    "ends-instead-of-completing": {"session.end-at-end"},
    "length-in-milliseconds": {"media.length-ms", "session.complete-early"},
    "placeholders": {"media.id-placeholder", "media.channel-placeholder", "media.playerName-placeholder"},
    "unknown-visitor": {"id.ecid-missing"},
    "downloaded-live": {"media.downloaded-live"},
    "bitrate-in-bits": {"qoe.bitrate-unit"},
    "nameless-error": {"error.no-id"},
    "paused-twice": {"pause.duplicate", "buffer.duplicate", "play.duplicate"},
    "metadata-everywhere": {"meta.wrong-event", "meta.reserved-prefix"},
    "retry-storm": {"http.retry-storm"},
}  # fmt: skip
"""What each flaw causes in content on demand: all findings above a note, and the notes it is about."""

FAMILIES = ("ad", "chapter", "error", "http", "id", "media", "meta", "order", "params", "pause", "ping", "play",
            "playhead", "qoe", "session", "state", "ts")  # fmt: skip
"""The families of findings that events can cause; those of whole requests are not a matter of a script."""


def found(back_end: Emulator, min_severity: Severity = Severity.WARNING) -> set[str]:
    """Return what is found in a session that was played on a clock that goes with it."""
    return {
        finding.code
        for finding in Diagnosis(Namespace(back_end)).findings()
        if finding.severity.rank <= min_severity.rank
    }


@every_case("seed", range(10))
@pytest.mark.parametrize("kind", CONTENTS)
def test_careful_player_has_no_finding_above_a_note(kind: str, seed: int) -> None:
    back_end = received(write_script(make_content(seed, kind=kind), seed), later_s=0)
    assert found(back_end) == set()
    back_end.clock.advance(700_000)
    assert found(back_end) == ({"session.no-close"} if kind == "abandoned" else set())


@every_case("name", FLAWS)
def test_flaw_causes_its_findings_and_no_others(name: str) -> None:
    back_end = received(apply_flaw(name, write_script(make_content(1), 1)))
    assert found(back_end) <= CAUSES[name]
    assert found(back_end, Severity.INFO) >= CAUSES[name]


def test_every_flaw_is_tried_and_every_family_of_findings_has_one() -> None:
    assert set(CAUSES) == set(FLAWS)
    caused = {code for found in CAUSES.values() for code in found}
    assert caused <= set(CODES)
    assert {code.partition(".")[0] for code in caused} >= set(FAMILIES)


@pytest.mark.parametrize("kind", CONTENTS)
def test_flaw_of_other_content_breaks_something_or_says_that_it_finds_nothing(kind: str) -> None:
    beats = write_script(make_content(1, kind=kind), 1)
    before = found(received(beats), Severity.INFO)
    for name, flaw in FLAWS.items():
        broken = flaw(beats)
        if broken == beats:
            assert kind != "vod"
            with pytest.raises(InvalidInput, match=name):
                apply_flaw(name, beats)
        else:
            assert broken[0].event_type == "sessionStart"
            # Somebody who is gone before the end is gone before the end.
            assert found(received(broken), Severity.INFO) - before or (kind, name) == ("abandoned", "abandoned"), name


@every_case("name", FLAWS)
def test_flaw_keeps_the_order_of_the_script(name: str) -> None:
    beats = apply_flaw(name, write_script(make_content(1), 1))
    assert [beat.at_ms for beat in beats] == sorted(beat.at_ms for beat in beats)
