"""The bounded store of sessions."""

from __future__ import annotations

from msgspec.structs import replace

from mockserver.model.session import Content, Session
from mockserver.model.vocabulary import Phase
from mockserver.store.sessions import SessionStore
from tests.tables import every_case


def session(number: int, phase: Phase = Phase.OPEN) -> Session:
    return Session(
        sid=f"s{number}", number=number, phase=phase, opened_ms=0, last_event_ms=0, playhead_s=0, playhead_moved_ms=0
    )


def unchanged(known: Session) -> Session:
    return known


def filled(most: int, phases: str) -> SessionStore:
    """Make a store of sessions: ``o`` open, ``m`` completed, ``c`` closed, ``f`` forgotten."""
    store = SessionStore(most)
    words = {"o": Phase.OPEN, "m": Phase.COMPLETED, "c": Phase.CLOSED, "f": Phase.FORGOTTEN}
    for number, letter in enumerate(phases, 1):
        store.add(session(number, words[letter]), unchanged)
    return store


def sids(store: SessionStore) -> str:
    return " ".join(known.sid for known in store)


def test_sessions_are_kept_in_order_of_opening_whatever_happens_to_them_later() -> None:
    store = filled(10, "ooo")
    store.save(replace(session(1), events=5))
    assert sids(store) == "s1 s2 s3"
    known = store.get("s1")
    assert known is not None
    assert known.events == 5
    assert (store.get("s9"), "s2" in store, "s9" in store, len(store), store.opened) == (None, True, False, 3, 3)


@every_case(
    ("phases", "left"),
    [
        ("occ", "s1 s3 s4"),
        ("omf", "s1 s2 s4"),
        ("ofc", "s1 s3 s4"),
        ("omo", "s2 s3 s4"),
        ("ccc", "s2 s3 s4"),
    ],
)
def test_oldest_closed_session_goes_first_and_an_open_one_only_if_none_is_closed(phases: str, left: str) -> None:
    store = filled(3, phases)
    store.add(session(4), unchanged)
    assert sids(store) == left
    assert (len(store), store.evicted, store.opened) == (3, 1, 4)


def test_session_whose_deadline_has_passed_counts_as_closed() -> None:
    store = filled(3, "ooo")
    store.add(session(4), lambda known: replace(known, phase=Phase.CLOSED) if known.sid == "s2" else known)
    assert sids(store) == "s1 s3 s4"


def test_many_closed_sessions_go_at_once_so_that_one_walk_serves_many_openings() -> None:
    store = filled(640, "c" * 640)
    store.add(session(641), unchanged)
    assert len(store) == 631


def test_store_shrinks_to_a_smaller_limit_at_the_next_opening_in_one_go() -> None:
    store = filled(20_000, "o" * 20_000)
    store.max_sessions = 2
    store.add(session(20_001), unchanged)
    assert sids(store) == "s20000 s20001"
    assert store.evicted == 19_999


def test_time_is_saved_for_every_session() -> None:
    store = filled(3, "oo")
    store.update_all(lambda known: replace(known, phase=Phase.CLOSED) if known.number == 1 else known)
    assert [known.phase for known in store] == [Phase.CLOSED, Phase.OPEN]


def test_cleared_store_counts_from_one_again() -> None:
    store = filled(1, "oo")
    store.clear()
    assert (len(store), store.opened, store.evicted) == (0, 0, 0)


def test_events_are_counted_by_session_and_type_as_long_as_the_session_is_kept() -> None:
    store = filled(2, "oc")
    counted = [store.arrived(*event) for event in (("s1", "ping"), ("s1", "play"), ("s2", "ping"), ("s1", "ping"))]
    assert counted == [1, 1, 1, 2]
    store.save(replace(session(1), phase=Phase.FORGOTTEN))
    assert store.arrived("s1", "ping") == 3
    store.add(session(3), unchanged)
    assert (store.arrived("s1", "ping"), store.arrived("s2", "ping"), store.arrived("s3", "ping")) == (None, 2, 1)
    store.clear()
    assert store.arrived("s3", "ping") is None


def test_event_of_no_known_type_or_session_is_not_counted() -> None:
    store = filled(1, "o")
    assert [store.arrived("s1", "nonsense"), store.arrived("s1", None), store.arrived("s9", "ping")] == [None] * 3


def test_size_follows_what_is_kept() -> None:
    store = filled(4, "oocc")
    assert store.size_bytes == 4 * filled(1, "o").size_bytes > 4_000
    store.add(session(5), unchanged)
    assert store.size_bytes == 4 * filled(1, "o").size_bytes
    long = replace(session(6), content=Content(media_name="é" * 200))
    store.add(long, unchanged)
    assert store.size_bytes > 4 * filled(1, "o").size_bytes + 200
    store.shrink(0, unchanged)
    assert (store.size_bytes, len(store), store.evicted) == (0, 0, 6)
    store.add(session(7), unchanged)
    store.clear()
    assert store.size_bytes == 0


def test_shrinking_drops_closed_sessions_first() -> None:
    store = filled(10, "ocoo")
    store.shrink(store.size_bytes * 3 // 4, unchanged)
    assert (sids(store), store.evicted) == ("s1 s3 s4", 1)
    store.shrink(store.size_bytes - 1, unchanged)
    assert (sids(store), store.evicted) == ("s3 s4", 2)


def test_full_store_of_open_sessions_is_not_walked_through_for_every_new_one() -> None:
    store = filled(640, "o" * 640)
    looks = 0

    def look(known: Session) -> Session:
        nonlocal looks
        looks += 1
        return known

    for number in range(641, 652):
        store.add(session(number), look)
    assert (len(store), store.evicted, looks) == (640, 11, 640)
    assert sids(store).startswith("s12 ")
    store.save(session(300, Phase.CLOSED))
    store.add(session(652), look)
    assert store.get("s300") is None
    assert store.get("s12") is not None
