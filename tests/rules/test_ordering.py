"""The order of processing: the window, ties, lateness, and properties that hold for any traffic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations_with_replacement, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.model.event_types import EVENT_TYPES
from mockserver.rules.ordering import Arrived, Processed, ReorderBuffer, Ties, processing_order
from tests.tables import every_case

WINDOW_MS, WINDOW_N = 5_000, 10


def order_of(
    events: Sequence[Arrived], *, ties: Ties = "semantic", now_ms: int | None = None, closed: bool = False
) -> list[Processed]:
    return processing_order(events, window_ms=WINDOW_MS, window_n=WINDOW_N, ties=ties, now_ms=now_ms, closed=closed)


def types_in_order(events: Sequence[Arrived], *, ties: Ties = "semantic") -> list[str | None]:
    return [events[place.index].event_type for place in order_of(events, ties=ties)]


def indices(places: Iterable[Processed]) -> list[int]:
    return [place.index for place in places]


def pings(*ts_ms: int | None, at_ms: int = 0) -> list[Arrived]:
    return [Arrived("ping", ts, at_ms) for ts in ts_ms]


def burst(names: str, *, ts_ms: int, at_ms: int | None = None) -> list[Arrived]:
    """Events with one ``ts``, in the order in which their names stand."""
    return [Arrived(name, ts_ms, ts_ms if at_ms is None else at_ms) for name in names.split()]


def buffer(*, ties: Ties = "semantic") -> ReorderBuffer:
    return ReorderBuffer(window_ms=WINDOW_MS, window_n=WINDOW_N, ties=ties)


# The window.


def test_events_inside_the_window_are_sorted_by_ts() -> None:
    assert indices(order_of(pings(30, 10, 20))) == [1, 2, 0]


def test_session_start_is_processed_before_buffered_events_with_an_older_ts() -> None:
    events = [Arrived("sessionStart", 5_200, 0), *burst("adBreakStart adStart play", ts_ms=10, at_ms=1)]
    assert order_of(events) == [Processed(index, 0, False) for index in range(4)]


def test_session_start_leaves_what_is_buffered_before_it_in_the_buffer() -> None:
    reorder = buffer()
    reorder.feed(Arrived("ping", 1, 0))
    assert reorder.feed(Arrived("sessionStart", 2, 0)) == [Processed(1, 0, False)]
    assert indices(reorder.tail()) == [0]


def test_event_is_held_back_until_the_window_has_passed() -> None:
    reorder = buffer()
    assert reorder.feed(Arrived("ping", 10, 0)) == []
    assert reorder.feed(Arrived("ping", 20, WINDOW_MS - 1)) == []
    assert indices(reorder.feed(Arrived("ping", 30, WINDOW_MS))) == [0, 1]


def test_event_that_ends_the_window_is_not_sorted_into_it() -> None:
    events = [Arrived("ping", 20, 0), Arrived("ping", 10, WINDOW_MS)]
    assert order_of(events) == [Processed(0, 0, False), Processed(1, 10, False)]


def test_next_window_counts_from_the_event_that_ended_the_one_before() -> None:
    reorder = buffer()
    reorder.feed(Arrived("ping", 10, 0))
    assert indices(reorder.feed(Arrived("ping", 30, 7_000))) == [0]
    assert reorder.feed(Arrived("ping", 20, 11_999)) == []
    assert indices(reorder.feed(Arrived("ping", 40, 12_000))) == [2, 1]


def test_tenth_event_is_still_sorted_in() -> None:
    assert indices(order_of(pings(*range(10, 19), 1))) == [9, *range(9)]


def test_eleventh_event_empties_the_buffer_first() -> None:
    reorder = buffer()
    for event in pings(*range(19, 9, -1)):
        assert reorder.feed(event) == []
    assert indices(reorder.feed(Arrived("ping", 20, 0))) == list(range(9, -1, -1))
    assert indices(reorder.tail()) == [10]


def test_clock_set_back_does_not_empty_the_buffer() -> None:
    reorder = buffer()
    reorder.feed(Arrived("ping", 20, 1_000_000))
    assert reorder.feed(Arrived("ping", 10, 0)) == []
    assert indices(reorder.tail(now_ms=0)) == [1, 0]


# Reading.


@every_case(
    ("now_ms", "closed", "provisional"),
    [(WINDOW_MS - 1, False, True), (WINDOW_MS, False, False), (0, True, False), (None, False, False)],
)
def test_tail_is_provisional_while_the_window_is_open(now_ms: int | None, closed: bool, provisional: bool) -> None:
    places = order_of(pings(20, 10), now_ms=now_ms, closed=closed)
    assert places == [Processed(1, 0, provisional), Processed(0, 0, provisional)]


# Late events.


def test_late_event_is_processed_at_once_and_says_how_late_it_is() -> None:
    reorder = buffer()
    reorder.feed(Arrived("ping", 10_000, 0))
    reorder.feed(Arrived("ping", 20_000, WINDOW_MS))
    assert reorder.feed(Arrived("ping", 8_500, WINDOW_MS + 1)) == [Processed(2, 1_500, False)]
    assert indices(reorder.tail()) == [1]


def test_late_events_keep_their_order_of_arrival() -> None:
    events = [*pings(100), *pings(90, 80, 95, at_ms=WINDOW_MS)]
    assert [(place.index, place.late_ms) for place in order_of(events)] == [(0, 0), (1, 10), (2, 20), (3, 5)]


def test_event_as_old_as_the_youngest_processed_one_is_not_late() -> None:
    events = [*pings(100), *pings(100, at_ms=WINDOW_MS)]
    assert [place.late_ms for place in order_of(events)] == [0, 0]


def test_events_as_old_as_the_youngest_processed_one_wait_for_each_other() -> None:
    events = [*pings(100), *burst("adStart adBreakStart", ts_ms=100, at_ms=WINDOW_MS)]
    assert types_in_order(events) == ["ping", "adBreakStart", "adStart"]


def test_eleventh_event_is_late_when_it_is_older_than_one_of_the_ten() -> None:
    places = order_of(pings(*range(10, 20), 15))
    assert places[-1] == Processed(10, 4, False)


def test_session_start_makes_no_event_late() -> None:
    events = [Arrived("sessionStart", 9_000, 0), Arrived("adBreakStart", 3_800, 0), Arrived("play", 9_010, WINDOW_MS)]
    assert order_of(events) == [Processed(0, 0, False), Processed(1, 0, False), Processed(2, 0, False)]


def test_late_event_changes_what_is_open() -> None:
    before = [Arrived("ping", 1_000, 0), Arrived("adBreakStart", 900, WINDOW_MS)]
    group = burst("adComplete adStart", ts_ms=2_000, at_ms=WINDOW_MS)
    assert types_in_order([*before, *group]) == ["ping", "adBreakStart", "adStart", "adComplete"]


# Events without a readable ts.


def test_event_without_ts_stays_behind_the_one_that_arrived_before_it() -> None:
    assert indices(order_of(pings(30, None, None, 10))) == [3, 0, 1, 2]


def test_event_without_ts_is_not_moved_by_its_meaning() -> None:
    events = [Arrived("ping", 10, 0), Arrived("chapterStart", None, 0), Arrived("play", 10, 0)]
    assert types_in_order(events) == ["play", "ping", "chapterStart"]


def test_event_without_ts_after_session_start_is_processed_at_once() -> None:
    events = [Arrived("sessionStart", 50, 0), Arrived(None, None, 0), Arrived("ping", 10, 0)]
    assert order_of(events, now_ms=0) == [Processed(0, 0, False), Processed(1, 0, False), Processed(2, 0, True)]


def test_event_without_ts_behind_a_late_one_is_not_late() -> None:
    events = [*pings(100), *pings(200, 90, None, at_ms=WINDOW_MS)]
    assert [(place.index, place.late_ms) for place in order_of(events)] == [(0, 0), (2, 10), (3, 0), (1, 0)]


def test_events_without_ts_count_towards_the_ten() -> None:
    events = pings(10, *[None] * 9, 5)
    assert order_of(events)[-1] == Processed(10, 5, False)


# Equal ts, as real clients send them.

PRE_ROLL = "adBreakStart adStart"


@every_case(
    ("before", "arrival", "processing"),
    [
        # CBS 0.0.15: a whole break; both ends.
        (
            "",
            "adBreakStart adComplete adBreakComplete play adStart",
            "adBreakStart adStart adComplete adBreakComplete play",
        ),
        ("play", "sessionEnd sessionComplete", "sessionComplete sessionEnd"),
        # MediaSDK JS: pre-roll, next ad, skipped ad, next chapter, end with everything open.
        ("", "play adStart adBreakStart", "adBreakStart adStart play"),
        (PRE_ROLL, "adStart play adComplete", "adComplete adStart play"),
        (PRE_ROLL, "chapterStart play adBreakComplete adSkip", "adSkip adBreakComplete chapterStart play"),
        ("chapterStart", "chapterStart chapterComplete", "chapterComplete chapterStart"),
        (PRE_ROLL, "sessionComplete adBreakComplete adSkip", "adSkip adBreakComplete sessionComplete"),
        # Something of no length; one state off and another on.
        ("", "chapterComplete chapterStart", "chapterStart chapterComplete"),
        ("", "stateEnd stateStart", "stateStart stateEnd"),
        ("stateStart", "stateStart stateEnd", "stateEnd stateStart"),
        # No ping between adBreakStart and adStart; places of types outside the rules; equal rank as it arrived.
        ("", "adBreakStart ping", "ping adBreakStart"),
        ("", "ping error bufferStart mystery", "bufferStart error mystery ping"),
        ("", "play statesUpdate", "statesUpdate play"),
        ("", "pauseStart play bufferStart", "pauseStart play bufferStart"),
    ],
)
def test_equal_ts_are_ordered_by_meaning(before: str, arrival: str, processing: str) -> None:
    earlier = [Arrived(name, ts, 0) for ts, name in enumerate(before.split())]
    events = [*earlier, *burst(arrival, ts_ms=100, at_ms=0)]
    assert types_in_order(events)[len(earlier) :] == processing.split()


def test_equal_ts_keep_their_order_of_arrival_when_asked() -> None:
    events = burst("adStart play adBreakStart", ts_ms=10)
    assert types_in_order(events, ties="arrival") == ["adStart", "play", "adBreakStart"]


def test_ends_that_overtook_older_events_are_processed_after_them() -> None:
    ends = [Arrived("sessionEnd", 105, 10), Arrived("sessionComplete", 104, 10), Arrived("chapterComplete", 100, 11)]
    assert types_in_order(ends) == ["chapterComplete", "sessionComplete", "sessionEnd"]


def test_open_things_are_known_from_earlier_windows() -> None:
    events = [
        *burst("chapterStart", ts_ms=0),
        *(Arrived("ping", ts, ts) for ts in range(10_000, 200_000, 10_000)),
        *burst("chapterStart chapterComplete", ts_ms=200_000),
    ]
    assert types_in_order(events)[-2:] == ["chapterComplete", "chapterStart"]


def test_group_of_six_is_searched_and_group_of_seven_only_ranked() -> None:
    six = "play adStart adComplete adBreakComplete adBreakStart stateStart"
    searched = types_in_order(burst(six, ts_ms=10))
    ranked = types_in_order(burst(six + " ping", ts_ms=10))
    assert searched == ["adBreakStart", "adStart", "adComplete", "adBreakComplete", "stateStart", "play"]
    assert ranked == ["adComplete", "adBreakComplete", "adBreakStart", "adStart", "stateStart", "play", "ping"]


# Any traffic.

NAMES = st.sampled_from([*EVENT_TYPES[1:], "mystery", None])


GAPS_MS = st.sampled_from([0, 1, 300, 2_500, WINDOW_MS])
TS_OFFSETS_MS = st.sampled_from([None, None, None, *range(-3, 4)])
STEPS = st.tuples(NAMES, GAPS_MS, TS_OFFSETS_MS)


@st.composite
def traffic(draw: st.DrawFn) -> list[Arrived]:
    """A session in order of arrival, with inversions, ties, unreadable ts and silences."""
    events: list[Arrived] = []
    at_ms = 0
    starts = draw(st.booleans())
    size = draw(st.integers(0, 40))
    for name, gap_ms, offset_ms in draw(st.lists(STEPS, min_size=size, max_size=size)):
        at_ms += gap_ms
        ts_ms = None if offset_ms is None else 100_000 + at_ms + offset_ms
        events.append(Arrived("sessionStart" if starts and not events else name, ts_ms, at_ms))
    return events


TIES: st.SearchStrategy[Ties] = st.sampled_from(["semantic", "arrival"])


@given(traffic(), TIES)
def test_every_event_is_processed_exactly_once(events: list[Arrived], ties: Ties) -> None:
    assert sorted(indices(order_of(events, ties=ties))) == list(range(len(events)))


@given(st.data(), st.lists(st.integers(), min_size=1, max_size=WINDOW_N, unique=True))
def test_arrival_order_inside_the_window_does_not_matter(data: st.DataObject, ts_ms: list[int]) -> None:
    events = [Arrived(data.draw(NAMES), ts, 0) for ts in ts_ms]
    assert [events[place.index].ts_ms for place in order_of(events)] == sorted(ts_ms)


@given(st.lists(st.tuples(NAMES, st.integers(1, 20_000), st.integers(0, 6_000)), max_size=40), TIES)
def test_events_that_arrive_sorted_keep_their_order(steps: list[tuple[str | None, int, int]], ties: Ties) -> None:
    events: list[Arrived] = []
    ts_ms = at_ms = 0
    for name, ts_step_ms, at_step_ms in steps:
        ts_ms += ts_step_ms
        at_ms += at_step_ms
        events.append(Arrived(name, ts_ms, at_ms))
    assert order_of(events, ties=ties) == [Processed(index, 0, False) for index in range(len(events))]


@given(traffic(), TIES)
def test_feeding_one_by_one_equals_ordering_every_prefix_at_once(events: list[Arrived], ties: Ties) -> None:
    reorder = buffer(ties=ties)
    settled: list[Processed] = []
    for count, event in enumerate(events, start=1):
        settled += reorder.feed(event)
        now_ms = event.at_ms
        assert settled + reorder.tail(now_ms=now_ms) == order_of(events[:count], ties=ties, now_ms=now_ms)


@given(traffic(), TIES)
def test_final_events_never_move_again(events: list[Arrived], ties: Ties) -> None:
    final = order_of(events, ties=ties)
    for count in range(len(events)):
        places = order_of(events[:count], ties=ties, now_ms=events[count].at_ms)
        settled = [place for place in places if not place.provisional]
        assert settled == final[: len(settled)]


@given(st.data(), traffic(), TIES)
def test_copy_continues_independently(data: st.DataObject, events: list[Arrived], ties: Ties) -> None:
    split = data.draw(st.integers(0, len(events)))
    reorder = buffer(ties=ties)
    order = [place for event in events[:split] for place in reorder.feed(event)]
    tail, other = reorder.tail(), reorder.copy()
    order += [place for event in events[split:] for place in other.feed(event)]

    assert [*order, *other.tail()] == order_of(events, ties=ties)
    assert reorder.tail() == tail


@given(st.data(), traffic(), TIES)
def test_reading_in_between_changes_nothing(data: st.DataObject, events: list[Arrived], ties: Ties) -> None:
    reorder = buffer(ties=ties)
    settled: list[Processed] = []
    for event in events:
        settled += reorder.feed(event)
        for now_ms in data.draw(st.lists(st.none() | st.integers(0, 200_000), max_size=2)):
            reorder.tail(now_ms=now_ms, closed=data.draw(st.booleans()))
    assert settled + reorder.tail() == order_of(events, ties=ties)


@given(traffic())
def test_late_ms_is_the_distance_to_the_youngest_event_processed_before(events: list[Arrived]) -> None:
    youngest_ms: int | None = None
    for place in order_of(events):
        event = events[place.index]
        if event.event_type == "sessionStart" or event.ts_ms is None:
            assert place.late_ms == 0
            continue
        assert place.late_ms == (0 if youngest_ms is None else max(0, youngest_ms - event.ts_ms))
        youngest_ms = event.ts_ms if youngest_ms is None else max(youngest_ms, event.ts_ms)


RANK_LIST = (
    "adSkip=adComplete adBreakComplete chapterSkip=chapterComplete stateEnd adBreakStart adStart chapterStart "
    "stateStart pauseStart=bufferStart=play bitrateChange=error ping sessionComplete sessionEnd"
)
RANK = {name: rank for rank, names in enumerate(RANK_LIST.split()) for name in names.split("=")}


def violations(names: Iterable[str]) -> int:
    """Count violations with a plain reading of the rules, one after the other."""
    opened: list[str] = []
    count = 0
    for name in names:
        thing = name.removesuffix("Start").removesuffix("Complete").removesuffix("Skip").removesuffix("End")
        match name:
            case "play" | "pauseStart" | "bufferStart" | "ping":
                count += "ad due" in opened
            case "adStart" | "adComplete" | "adSkip" if "adBreak" not in opened:
                count += 1
            case "adBreakStart" | "adStart" | "chapterStart":
                count += thing in opened
                gone = {"adBreakStart": ["adBreak", "ad", "ad due"], "adStart": ["ad", "ad due"]}.get(name, [thing])
                opened = [other for other in opened if other not in gone]
                opened += ["adBreak", "ad due"] if name == "adBreakStart" else [thing]
            case "adBreakComplete":
                count += "adBreak" not in opened
                opened = [other for other in opened if other not in ("adBreak", "ad", "ad due")]
            case "adComplete" | "adSkip" | "chapterComplete" | "chapterSkip" | "stateEnd":
                count += thing not in opened
                if thing in opened:
                    opened.remove(thing)
            case "stateStart":
                opened.append("state")
            case _:
                pass
    return count


def assert_fewest_violations(before: Sequence[str], group: Sequence[str]) -> None:
    """Compare a group of equal ``ts`` with the best of all its permutations."""
    events = [Arrived(name, ts, ts * WINDOW_MS) for ts, name in enumerate(before)]
    events += [Arrived(name, 100, 100 * WINDOW_MS) for name in group]

    def preference(order: tuple[int, ...]) -> tuple[int, list[tuple[int, int]]]:
        return violations([*before, *(group[i] for i in order)]), [(RANK[group[i]], i) for i in order]

    best = min(permutations(range(len(group))), key=preference)
    assert indices(order_of(events)) == [*range(len(before)), *(len(before) + i for i in best)]


@given(st.lists(st.sampled_from(sorted(RANK)), max_size=6), st.lists(st.sampled_from(sorted(RANK)), max_size=5))
def test_equal_ts_take_the_first_of_the_orders_with_the_fewest_violations(before: list[str], group: list[str]) -> None:
    assert_fewest_violations(before, group)


@pytest.mark.parametrize("ended", ["", "adSkip", "adBreakStart", "adBreakComplete"])
@pytest.mark.parametrize("begun", ["", "adBreakStart", "adBreakStart adStart"])
def test_every_small_group_of_ad_events_has_the_fewest_violations(begun: str, ended: str) -> None:
    names = ["play", "adStart", "adBreakStart", "adBreakComplete", "adComplete", "ping"]
    for size in (2, 3, 4):
        for group in combinations_with_replacement(names, size):
            assert_fewest_violations(f"{begun} {ended}".split(), group)
