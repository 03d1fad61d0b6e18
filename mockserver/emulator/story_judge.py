"""The verdict of a story, computed when somebody asks.

It is judged by the entries that came since it was started and before it was over, and by nothing else. A sequence is
looked for in every session, among those entries: in a session that was open before, from there on. A finding counts if
all entries it names are among them.
"""

from __future__ import annotations

from msgspec.structs import replace

from mockserver.emulator.diagnosis import Diagnosis
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.storytelling import Run
from mockserver.emulator.verifier import Verifier
from mockserver.model.story import ExpectationView, StoryView
from mockserver.rules.story import command_of, count_view, findings_view, nobody_came, strikes_view, verdict_of
from mockserver.rules.verification import expectation

__all__ = ["StoryJudge"]


class StoryJudge:
    """Judges the stories of one emulator.

    Args:
        emulator: Where they are told.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._stories = emulator.stories

    def view(self, name: str) -> StoryView:
        """Show a story and how its expectations stand.

        Raises:
            NotFound: There is none of that name.
        """
        run = self._stories.run_of(name)
        if run is None or run.final is not None:
            return self._shown(name, run)
        view = self._judged(run, stopped=False)
        if view.state == "over":
            self._stories.finish(run, view)
        return view

    def stop(self, name: str) -> StoryView:
        """Stop a story and judge it as it is. One that does not run stays as it is.

        Raises:
            NotFound: There is none of that name.
        """
        run = self._stories.run_of(name)
        if run is None or run.stopped:
            return self._shown(name, run)
        # Before its settings go back: thresholds are among them.
        self._stories.stop(run, run.final or self._judged(run, stopped=True))
        return self._shown(name, self._stories.run_of(name))

    def _shown(self, name: str, run: Run | None) -> StoryView:
        if run is not None and run.final is not None:
            return run.final
        return self._stories.view(name, self._stories.get(name))

    def _judged(self, run: Run, *, stopped: bool) -> StoryView:
        emulator, stories = self._emulator, self._stories
        with emulator.lock:
            run = stories.run_of(run.name) or run  # requests may have come since
            view = stories.view(run.name, run.known)
            rules = stories.rules_of(run)
            last_seq = emulator.journal.last_seq
        until = last_seq if run.progress.until is None else run.progress.until
        story = run.known.story
        found = [*self._expectations(run, until), strikes_view(story, rules)]
        if view.state == "waiting" and stopped:
            found.append(nobody_came())
        views = tuple(one for one in found if one is not None)
        if stopped or view.state == "over":
            views = tuple(replace(one, final=True) for one in views)
            view = replace(view, state="over", remaining_ms=None)
        return replace(view, expectations=views, verdict=verdict_of(views))

    def _expectations(self, run: Run, until: int) -> list[ExpectationView | None]:
        verifier = Verifier(self._emulator, since=run.since, until=until)
        asked = any(wanted.no_findings for wanted in run.known.story.expect) and until > run.since
        findings = Diagnosis(self._emulator).findings() if asked else []
        views: list[ExpectationView | None] = []
        for wanted in run.known.story.expect:
            if wanted.no_findings:
                views.append(findings_view(wanted, findings, run.since, until))
            else:
                command = command_of(wanted)
                verification, count = verifier.judge(command)
                views.append(count_view(wanted, expectation(command), verification, count))
        return views
