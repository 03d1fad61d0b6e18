from __future__ import annotations

from tests.soak.soak import soak


async def test_some_thousand_hostile_requests_are_answered_and_recorded() -> None:
    result = await soak(2_000, seed=7)
    assert result.wrong == []
    assert result.answered > 1_900
    assert {200, 201, 204, 400, 404, 405} <= set(result.statuses)
    assert result.recorded > result.answered / 2
