"""The budget of a server: never more than there is, and the largest gives way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mockserver.emulator.emulator import Emulator
from mockserver.model.http import HttpRequest
from mockserver.model.settings import Settings
from mockserver.store.budget import PIECE, Budget, Share
from tests.factories import emulator, post, start


class Owner:
    """Has a share of the budget, and takes all of it."""

    def __init__(self, budget: Budget) -> None:
        self.busy = False
        self.share = budget.join(self.give_way)
        self.size = 0

    def ask(self, size: int) -> None:
        self.size = min(size, self.share.ask(size))

    def give_way(self) -> bool:
        if not self.busy:
            self.size = min(self.size, self.share.granted)
        return not self.busy


def owners(count: int, pieces: int) -> tuple[Budget, list[Owner]]:
    budget = Budget(pieces * PIECE)
    return budget, [Owner(budget) for _ in range(count)]


def granted(shares: list[Owner]) -> list[int]:
    return [owner.share.granted // PIECE for owner in shares]


def test_a_share_grows_by_the_piece_while_there_is_room() -> None:
    _, [one] = owners(1, 10)
    assert one.share.ask(1) == PIECE
    assert one.share.ask(PIECE + 1) == 2 * PIECE


def test_the_largest_share_shrinks() -> None:
    budget, [small, large, asker] = owners(3, 10)
    small.ask(2 * PIECE)
    large.ask(8 * PIECE)
    asker.ask(3 * PIECE)
    assert granted([small, large, asker]) == [2, 5, 3]
    assert budget.owing == {large.share}
    budget.collect()
    assert (large.size, budget.owing) == (5 * PIECE, set())


def test_no_share_shrinks_for_one_that_would_be_larger() -> None:
    budget, [one, asker] = owners(2, 10)
    one.ask(5 * PIECE)
    asker.ask(5 * PIECE)
    assert asker.share.ask(6 * PIECE) == 5 * PIECE
    assert (granted([one, asker]), budget.owing) == ([5, 5], set())


def test_share_in_use_shrinks_later() -> None:
    budget, [large, asker] = owners(2, 10)
    large.ask(10 * PIECE)
    large.busy = True
    asker.ask(PIECE)
    budget.collect()
    assert (large.size, budget.owing) == (10 * PIECE, {large.share})
    large.busy = False
    budget.collect()
    assert (large.size, budget.owing) == (9 * PIECE, set())


def test_share_that_leaves_gives_everything_back() -> None:
    budget, [gone, asker] = owners(2, 10)
    gone.ask(10 * PIECE)
    gone.share.leave()
    gone.share.leave()
    assert budget.granted_bytes == 0
    assert asker.share.ask(10 * PIECE) == 10 * PIECE


def test_a_lower_limit_cuts_the_largest_to_one_size() -> None:
    budget, shares = owners(3, 30)
    for owner, pieces in zip(shares, (2, 8, 20), strict=True):
        owner.ask(pieces * PIECE)
    budget.limit(12 * PIECE)
    budget.collect()
    assert granted(shares) == [2, 5, 5]
    budget.limit(100 * PIECE)
    assert granted(shares) == [2, 5, 5]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12 * PIECE)), max_size=40),
    st.lists(st.integers(0, 12), max_size=3),
)
def test_shares_never_have_more_than_there_is(asked: list[tuple[int, int]], limits: list[int]) -> None:
    budget, shares = owners(4, 10)
    most = 10
    for place, (index, size) in enumerate(asked):
        if place % 10 == 9 and limits:
            most = limits.pop()
            budget.limit(most * PIECE)
        shares[index].ask(max(size, shares[index].size))
        budget.collect()
        assert budget.granted_bytes == sum(owner.share.granted for owner in shares) <= most * PIECE
        assert all(0 <= owner.size <= owner.share.granted for owner in shares)


# What an emulator does with its share


def sharing(pieces: int) -> tuple[Emulator, Share]:
    budget, made = Budget(pieces * PIECE), emulator(Settings())

    def give_way() -> bool:
        made.fit()
        return True

    share = budget.join(give_way)
    made.join(share)
    return made, share


def padded(size: int) -> HttpRequest:
    return post("/nowhere", "x" * size)


def taken(known: Emulator) -> int:
    return known.journal.size_bytes + known.sessions.size_bytes


def test_a_journal_keeps_within_the_budget_and_counts_what_it_drops() -> None:
    known, share = sharing(10)
    for _ in range(100):
        known.handle(padded(20_000))
        assert taken(known) <= share.granted <= 10 * PIECE
    assert known.journal.evicted + len(known.journal) == 100
    assert len(known.journal) > 10
    assert not known.journal.complete_since(0)


def test_an_entry_that_is_larger_than_the_budget_is_counted_as_dropped() -> None:
    known, _ = sharing(2)
    known.handle(padded(500_000))
    assert (len(known.journal), known.journal.evicted, known.journal.last_seq) == (0, 1, 1)
    known.handle(padded(10))
    assert (len(known.journal), known.journal.first_seq) == (1, 2)


def test_the_journal_shrinks_before_sessions_which_keep_within_half() -> None:
    known, share = sharing(20)
    for _ in range(900):
        known.handle(post("/api/v1/sessions", start()))
    assert taken(known) <= share.granted
    assert known.sessions.evicted > 0
    assert 0.3 < known.sessions.size_bytes / share.granted < 0.55
    assert len(known.journal) > 100


def test_room_that_a_reset_made_is_used_again() -> None:
    known, _ = sharing(10)
    for _ in range(100):
        known.handle(padded(20_000))
    known.reset(["journal"])
    for _ in range(20):
        known.handle(padded(20_000))
    assert (len(known.journal), known.journal.evicted) == (20, 0)
