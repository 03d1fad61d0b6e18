"""What a tracking plan looks at of a session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from mockserver.model.finding import Finding
from mockserver.model.session import Content
from mockserver.model.vocabulary import Operation
from mockserver.rules.match import Facts
from mockserver.rules.playback import state_names
from mockserver.rules.timeline import Item

__all__ = ["NAMELESS", "PlanSession", "start_facts"]

NAMELESS = "(without a name)"
"""Stands for the name of a chapter that has none."""

_STATES = ("stateStart", "statesUpdate")


class PlanSession:
    """What a plan looks at of a session.

    Args:
        sid: Its id.
        content: What is played.
        arrived: Its events in order of arrival, refused ones too.
        processed: The accepted ones in order of processing.
        findings: What is wrong with it.
    """

    def __init__(
        self,
        sid: str,
        content: Content,
        arrived: Sequence[Item],
        processed: Sequence[Item],
        findings: Sequence[Finding],
    ) -> None:
        self.sid = sid
        self.content = content
        self.arrived = arrived
        self.processed = processed
        self.findings = findings

    @cached_property
    def by_type(self) -> Mapping[str | None, Sequence[Item]]:
        """The accepted events of each type."""
        found: dict[str | None, list[Item]] = {}
        for item in self.processed:
            found.setdefault(item.event_type, []).append(item)
        return found

    @cached_property
    def states(self) -> Mapping[str, Sequence[Item]]:
        """The events that turned each player state on, by its name in lower case."""
        found: dict[str, list[Item]] = {}
        for event_type in _STATES:
            for item in self.by_type.get(event_type, ()):
                for name in state_names(event_type, item.event.params)[0]:
                    found.setdefault(name, []).append(item)
        return found

    @cached_property
    def chapters(self) -> Mapping[str, Sequence[Item]]:
        """The events that started each chapter, by its name or :data:`NAMELESS`."""
        found: dict[str, list[Item]] = {}
        for item in self.by_type.get("chapterStart", ()):
            name = item.event.params.get("media.chapter.friendlyName")
            found.setdefault(name if isinstance(name, str) else NAMELESS, []).append(item)
        return found


def start_facts(session: PlanSession) -> Facts:
    """Return what the criteria of a content match on: the content of a session, and its sessionStart if known."""
    start = next((item for item in session.arrived if item.event_type == "sessionStart"), None)
    if start is None:
        return Facts(Operation.EVENT, session.sid, None, lambda: None, content=session.content)
    facts = start.facts()
    return Facts(
        Operation.EVENT, session.sid, facts.event_type, facts.document, content=session.content, normal=facts.normal
    )
