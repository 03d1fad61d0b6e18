"""Reports of sessions that are written as lists of events."""

from __future__ import annotations

from typing import Any

from mockserver.model.report import SessionReport
from mockserver.model.settings import Settings
from mockserver.rules.report.report import build_report
from tests.playbacks import Playground, accepted_items, body_of, case_of

__all__ = ["Reports"]


class Reports:
    """Makes reports; ``reports(*events, ...)`` takes what ``case_of`` takes."""

    def __call__(
        self, *events: Any, start: dict[str, Any] | None = None, settings: Settings | None = None, after_s: float = 0
    ) -> SessionReport:
        case = case_of(*events, start=start, settings=settings, after_s=after_s)
        return build_report(case.stored, [step.item for step in case.steps], case.settings, case.now_ms)

    def of(self, ground: Playground, sid: str) -> SessionReport:
        """Report a session of a playground."""
        known = ground.emulator.sessions.get(sid)
        session = None if known is None else ground.emulator.refreshed(known)
        items = accepted_items(ground.emulator, sid)
        return build_report(session, items, ground.emulator.settings, ground.now_ms)

    def batch(self, *events: Any, start: dict[str, Any], settings: Settings | None = None) -> SessionReport:
        """Report downloaded content."""
        bodies = [body_of(*event) for event in (("sessionStart", 0, 0, start), *events)]
        ground = Playground(settings)
        plan = ground.post("/api/v1/downloaded", bodies)
        assert plan.record.session_id, plan.response
        return self.of(ground, plan.record.session_id)
