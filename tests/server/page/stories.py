"""A story at every stage, as the admin API describes it, for the page to show."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, Route

from mockserver.model.expectation import Expectation, ExpectationView
from mockserver.model.fault import FaultRule, When
from mockserver.model.fault_kind import StatusFault
from mockserver.model.query import Query
from mockserver.model.results import Meta
from mockserver.model.story import Story, StoryPage, StoryView
from mockserver.model.vocabulary import Outcome
from mockserver.wire.codec import encode

__all__ = ["StoryTeller"]

STORY = Story(
    title="The first start fails",
    symptom="A few viewers have no data at all.",
    description="The first sessionStart answers 500.",
    player="Try again after a moment.",
    clients="recorded: one client tries again.",
    settings={"max_age_s": 25},
    expect=(Expectation(says="It opens one session.", query=Query(outcome=Outcome.OPENED), exactly=1),),
)
OTHER = Story(
    title="A session becomes too old",
    symptom="Channels vanish after a day.",
    description="Sessions live 25 seconds.",
    player="Open a new session.",
    expect=(Expectation(says="It opens a new session."),),
)


class StoryTeller:
    """Answers for the stories of a server; everything else goes to the server.

    Args:
        page: The page that asks.
    """

    def __init__(self, page: Page) -> None:
        self.told: dict[str, Any] = {}
        self.asked: list[str] = []
        page.route("**/__admin/stories**", self._answer)

    def view(self, name: str) -> StoryView:
        """Return a story in its present state."""
        story = STORY if name == "first-start-fails" else OTHER
        return StoryView(
            name=name, origin="built-in", story=story, **(self.told if name == "first-start-fails" else {})
        )

    def tell(self, state: str, **members: Any) -> None:
        """Bring the first story to a state."""
        rule = FaultRule(
            fault=StatusFault(code=500), when=When(event_type="sessionStart"), times=1, name="a failure", id="f1",
            created_ms=0, seen=1, applied=1,
        )  # fmt: skip
        self.told = {"state": state, "started_ms": 0, "since": 7, "faults": (rule,), **members}

    def expectation(
        self, met: bool, final: bool, message: str = "not verified: found 0"
    ) -> tuple[ExpectationView, ...]:
        """Return the state of its expectation."""
        return (ExpectationView(says="It opens one session.", met=met, final=final, message=message),)

    def _answer(self, route: Route) -> None:
        method, path = route.request.method, route.request.url.partition("/__admin/stories")[2]
        self.asked.append(f"{method} {path}")
        name, _, action = path[1:].partition("/")
        if action == "start":
            self.tell("waiting", expectations=self.expectation(met=False, final=False))
        elif action == "stop":
            self.told = {}
        found: StoryPage | StoryView
        if name:
            found = self.view(name)
        else:
            views = [self.view("day-old"), self.view("first-start-fails")]
            found = StoryPage(stories=views, meta=Meta(total=len(views)))
        route.fulfill(status=200, content_type="application/json", body=encode(found))
