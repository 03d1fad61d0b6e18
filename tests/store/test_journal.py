"""The journal: order, bounds, honesty about what was dropped, and an index that agrees with a plain scan."""

from __future__ import annotations

import gc
import io
import pickle
import tracemalloc
from collections import Counter
from itertools import count
from tempfile import TemporaryFile
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.emulator.emulator import Emulator
from mockserver.model.fault_kind import DelayFault, ResetFault
from mockserver.model.http import HttpRequest, HttpResponse, RawHeaders
from mockserver.model.journal import Record
from mockserver.model.query import Query
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.rules.match import compile_query
from mockserver.store.columns import REST
from mockserver.store.journal import Journal
from tests.factories import T0, answer, emulator, event, fault, hand_clock, open_session, post, post_event, start

EVERYTHING = compile_query(Query())


def journal(max_entries: int = 100, max_bytes: int = 10**9) -> Journal:
    settings = Settings(max_entries=max_entries, max_journal_bytes=max_bytes)
    return Journal(settings, lambda record: msgspec.json.decode(record.body or b"null"))


def record(
    event_type: str | None = "ping",
    *,
    session_id: str | None = "s1",
    status: int | None = 204,
    outcome: Outcome = Outcome.ACCEPTED,
    headers: RawHeaders = ((b"Host", b"a"),),
    body: bytes = b"{}",
    target: str = "/x",
    fault_ids: tuple[str, ...] = (),
    operation: Operation = Operation.EVENT,
) -> Record:
    response = None if status is None else HttpResponse(status)
    return Record(
        0, operation, session_id, event_type, outcome, "POST", target, headers, body, response, Delivery.SENT,
        fault_ids=fault_ids,
    )  # fmt: skip


def filled(count: int, *, max_entries: int = 100) -> Journal:
    made = journal(max_entries)
    for number in range(1, count + 1):
        made.append(record(session_id=f"s{number % 3}"))
    return made


def seqs(known: Journal, query: Query) -> list[int]:
    return known.select(compile_query(query), query.limit)[0]


# Order and bounds.


def test_records_are_numbered_from_one_in_order_of_arrival() -> None:
    known = journal()
    assert [known.append(record(str(number))) for number in range(3)] == [1, 2, 3]
    assert [getattr(known.get(seq), "event_type", None) for seq in range(5)] == [None, "0", "1", "2", None]
    assert (len(known), known.first_seq, known.last_seq, known.evicted) == (3, 1, 3, 0)


def test_empty_journal_has_no_last_entry_and_lacks_nothing() -> None:
    known = journal()
    assert (len(known), known.first_seq, known.last_seq, known.size_bytes) == (0, 1, 0, 0)
    assert known.complete_since(0)
    assert known.select(EVERYTHING, 10) == ([], 0)


def test_oldest_entries_are_dropped_beyond_the_limit_and_counted() -> None:
    known = filled(7, max_entries=5)
    assert (len(known), known.first_seq, known.last_seq, known.evicted) == (5, 3, 7, 2)
    assert known.get(2) is None
    assert seqs(known, Query()) == [3, 4, 5, 6, 7]


def test_answer_is_complete_only_if_nothing_after_since_was_dropped() -> None:
    known = filled(7, max_entries=5)
    assert [known.complete_since(since) for since in range(5)] == [False, False, True, True, True]


def test_body_that_is_larger_than_the_whole_journal_is_kept_until_the_next_one() -> None:
    known = journal(max_bytes=1_000)
    known.append(record())
    known.append(record(body=b"x" * 5_000))
    assert (len(known), known.first_seq) == (1, 2)
    known.append(record())
    assert (len(known), known.first_seq) == (1, 3)


def test_smaller_limits_are_obeyed_at_once() -> None:
    known = filled(50)
    known.limit(Settings(max_entries=3))
    assert (len(known), known.evicted, known.first_seq) == (3, 47, 48)
    known.append(record())
    assert (len(known), known.evicted) == (3, 48)


def test_cleared_journal_counts_from_one_again() -> None:
    known = filled(7, max_entries=5)
    known.clear()
    assert (len(known), known.evicted, known.size_bytes, known.last_seq) == (0, 0, 0, 0)
    assert known.append(record()) == 1
    assert known.session_seqs("s1") == [1]


# What became of an answer.


def test_delivery_is_noted_in_a_new_record_and_the_old_one_does_not_change() -> None:
    known = journal()
    seq = known.append(record())
    before = known.get(seq)
    known.delivered(seq, Delivery.CUT)
    after = known.get(seq)
    assert before is not None
    assert after is not None
    assert (before.delivery, after.delivery) == (Delivery.SENT, Delivery.CUT)
    assert replace(after, delivery=Delivery.SENT) == before
    with pytest.raises(AttributeError):
        after.delivery = Delivery.SENT  # type: ignore[misc]


def test_answer_that_ended_the_connection_is_kept_as_it_was_sent() -> None:
    known = journal()
    known.delivered(known.append(record()), Delivery.SENT, final=True)
    known.delivered(known.append(record(status=None)), Delivery.CUT, final=True)
    answers = [kept.response for seq in (1, 2) if (kept := known.get(seq)) is not None]
    assert answers == [HttpResponse(204, final=True), None]


def test_delivery_of_an_entry_that_was_dropped_is_not_noted() -> None:
    known = filled(7, max_entries=5)
    for seq in (0, 1, 2, 8):
        known.delivered(seq, Delivery.CUT)
    assert {kept.delivery for seq in range(3, 8) if (kept := known.get(seq)) is not None} == {Delivery.SENT}


# Records that are kept elsewhere.


class OnDisk:
    """Records in a file: all that another store needs to be."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - open as long as the store
        self._places: list[tuple[int, int] | None] = []

    def __len__(self) -> int:
        return len(self._places)

    def append(self, record: Record, /) -> None:
        self._places.append(self._write(record))

    def __getitem__(self, place: int, /) -> Record | None:
        at = self._places[place]
        if at is None:
            return None
        self._file.seek(at[0])
        return cast(Record, pickle.loads(self._file.read(at[1])))

    def __setitem__(self, place: int, record: Record | None, /) -> None:
        self._places[place] = None if record is None else self._write(record)

    def __delitem__(self, places: slice, /) -> None:
        del self._places[places]

    def __del__(self) -> None:
        self._file.close()

    def _write(self, record: Record) -> tuple[int, int]:
        at = self._file.seek(0, io.SEEK_END)
        return at, self._file.write(pickle.dumps(record))


def test_journal_whose_records_are_elsewhere_answers_as_any_other() -> None:
    known = Journal(Settings(max_entries=3), lambda record: None, OnDisk)
    here = journal(max_entries=3)
    for made in (known, here):
        for name in ("play", "ping", "ping", "pauseStart", "ping"):
            made.append(record(name))
        made.delivered(4, Delivery.CUT)
    for query in (Query(), Query(event_type="ping"), Query(session_id="s1"), Query(limit=1)):
        assert seqs(known, query) == seqs(here, query)
    assert [known.get(seq) for seq in range(7)] == [here.get(seq) for seq in range(7)]
    assert (known.evicted, known.size_bytes) == (here.evicted, here.size_bytes)
    known.clear()
    assert known.append(record()) == 1


def test_emulator_takes_such_a_store() -> None:
    back_end = Emulator(clock=hand_clock(), records=OnDisk)
    sid = open_session(back_end)
    plan = answer(back_end, post_event(sid, event()))
    back_end.delivered(plan, Delivery.CLIENT_GONE)
    kept = back_end.journal.get(2)
    assert kept is not None
    assert (kept.session_id, kept.delivery) == (sid, Delivery.CLIENT_GONE)


APPENDS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from([b"a", b"b" * 300, b"c"])), max_size=60
)


@given(APPENDS, st.integers(1, 20), st.integers(500, 5_000))
def test_journal_never_exceeds_its_limits_and_every_entry_is_there_or_counted(
    appends: list[tuple[int, int, bytes]], max_entries: int, max_bytes: int
) -> None:
    known = journal(max_entries, max_bytes)
    for number, (size, session, header) in enumerate(appends, 1):
        known.append(record(session_id=f"s{session}", body=b"x" * size, headers=((header, b"1"),), target=f"/{number}"))
        assert len(known) <= max_entries
        assert known.size_bytes <= max_bytes or len(known) == 1
        assert len(known) + known.evicted == number
        assert known.last_seq == number


def test_account_returns_to_that_of_one_entry_when_everything_else_is_dropped() -> None:
    known = journal(max_entries=5_000)
    known.append(record())
    one_entry = known.size_bytes
    for number in range(20_000):
        headers = ((b"X-Id", b"%d" % (number // 7)),)
        known.append(
            record(session_id=f"s{number // 5}", body=b"x" * (number % 50), headers=headers, fault_ids=("f1",))
        )
    assert known.size_bytes > 5_000 * 100
    known.limit(Settings(max_entries=1))
    known.append(record())
    assert (len(known), known.evicted) == (1, 20_001)
    assert known.size_bytes <= one_entry
    assert known.session_seqs("s1") == [20_002]
    assert list(known.session_ids()) == ["s1"]
    assert seqs(known, Query(fault_id="f1")) == []


def test_memory_of_dropped_entries_is_given_back() -> None:
    known = journal(max_entries=500)

    def fill() -> int:
        for number in range(5_000):
            headers = ((b"X-Id", b"%040d" % number),)
            known.append(record(session_id="s%060d" % number, body=b"x" * 1_000, headers=headers))  # noqa: UP031
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        first, second = fill(), fill()
    finally:
        tracemalloc.stop()
    assert second < first * 1.3
    assert second < 4 * known.size_bytes + 4 * 1024 * 1024


@pytest.mark.parametrize(
    ("kind", "number_of_faults"),
    [("ping", 0), ("start", 0), ("unknown", 0), ("invalid", 0), ("nothing", 0), ("preflight", 0), ("ping", 60)],
)
def test_account_is_near_what_python_takes_for_any_kind_of_traffic(kind: str, number_of_faults: int) -> None:
    back_end = emulator(Settings(max_sessions=5))
    sid = open_session(back_end)
    for _ in range(number_of_faults):
        fault(back_end, DelayFault(ms=0))
        fault(back_end, ResetFault(), probability=1e-9)
    numbers = count()

    def send() -> None:
        number = next(numbers)
        requests = {
            "ping": lambda: post_event(sid, event(ts=T0 + number)),
            "start": lambda: post("/api/v1/sessions", start(ts=T0 + number)),
            "unknown": lambda: post_event(f"{number:0300d}", event()),
            "invalid": lambda: post_event(sid, event(ts=f"{number}")),  # type: ignore[arg-type]
            "nothing": lambda: post(f"/nothing/{number}", {}),
            "preflight": lambda: HttpRequest("OPTIONS", "/api/v1/sessions", "/api/v1/sessions"),
        }
        back_end.handle(requests[kind]())

    for _ in range(20):
        send()
    back_end.journal.clear()
    tracemalloc.start()
    try:
        for _ in range(300):
            send()
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken < 1.5 * back_end.journal.size_bytes + 64 * 1024


# Secrets.


def test_only_authorization_and_cookie_are_masked() -> None:
    known = journal()
    headers = ((b"Authorization", b"Bearer x"), (b"cookie", b"a=b"), (b"COOKIE", b"c"), (b"X-Cookie", b"keep"))
    for _ in range(2):
        known.append(record(headers=headers))
    masked = ((b"Authorization", b"***"), (b"cookie", b"***"), (b"COOKIE", b"***"), (b"X-Cookie", b"keep"))
    assert [getattr(known.get(seq), "headers", None) for seq in (1, 2)] == [masked, masked]


def test_no_secret_stays_behind_anywhere_in_the_journal() -> None:
    known = journal()
    for secret in (b"one-secret", b"two-secret"):
        known.append(record(headers=((b"Authorization", secret),)))
    assert b"secret" not in repr(vars(known)).encode()


# Equal headers are kept once.

BLOCKS = st.tuples(st.sampled_from([b"a", b"A", b"b", b""]), st.sampled_from([b"1", b"2", b"x" * 2_000]))


@given(st.lists(st.lists(BLOCKS, max_size=3).map(tuple), min_size=1, max_size=30))
def test_keeping_equal_headers_once_mixes_no_headers(blocks: list[RawHeaders]) -> None:
    known = journal()
    for number, block in enumerate(blocks):
        known.append(record(headers=tuple(block), target=f"/{number % 4}"))
    for seq, block in enumerate(blocks, 1):
        kept = known.get(seq)
        assert kept is not None
        assert (kept.headers, kept.target) == (block, f"/{(seq - 1) % 4}")


def test_equal_headers_are_one_object_even_after_the_table_was_emptied() -> None:
    known = journal(max_entries=10_000)
    for number in range(3_000):
        known.append(record(headers=((b"X", b"%01000d" % (number // 2)),)))
    first, second = known.get(2_999), known.get(3_000)
    assert first is not None
    assert second is not None
    assert first.headers is second.headers


# Filters.

TYPES = [None, "ping", "play", "adStart"]
RECORDS = st.builds(
    record,
    st.sampled_from(TYPES),
    session_id=st.sampled_from([None, "s1", "s2", "s3"]),
    status=st.sampled_from([None, 204, 400, 410]),
    outcome=st.sampled_from(Outcome),
    operation=st.sampled_from(Operation),
    fault_ids=st.sampled_from([(), ("f1",), ("f1", "f2"), ("f2",)]),
    body=st.sampled_from([b"", b'{"a":1}', b'{"a":2}', b"[1]"]),
)


def some(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values) | st.lists(st.sampled_from(values), max_size=3).map(tuple)


QUERIES = st.builds(
    Query,
    session_id=some(["s1", "s2", "s9"]),
    event_type=some(["ping", "play", "adSkip"]),
    outcome=some(list(Outcome)),
    status=some([204, 400, 999]),
    fault_id=some(["f1", "f2", "f9"]),
    operation=some(list(Operation)),
    where=st.sampled_from([(), "/a=1", ("/a!=1", "/0!=1")]),
    since=st.integers(0, 45) | st.just(10**20),
    limit=st.integers(1, 50),
)


@given(st.lists(RECORDS, max_size=40), QUERIES, st.integers(1, 50))
def test_index_finds_what_a_plain_scan_finds(records: list[Record], query: Query, max_entries: int) -> None:
    known = journal(max_entries)
    for each in records:
        known.append(each)
    matcher = compile_query(query)
    expected = [
        seq
        for seq in range(1, len(records) + 1)
        if seq > query.since and (kept := known.get(seq)) is not None and matcher.matches(known.facts(kept))
    ]
    assert known.select(matcher, query.limit) == (expected[: query.limit], len(expected))
    assert known.count(matcher) == len(expected)


@given(st.lists(RECORDS, max_size=40), st.integers(1, 50))
def test_counts_and_sessions_are_those_of_the_entries_that_are_there(records: list[Record], max_entries: int) -> None:
    known = journal(max_entries)
    for each in records:
        known.append(each)
    left = list(enumerate(records, 1))[-max_entries:]
    assert known.counts("event_type") == Counter(each.event_type for _, each in left)
    assert known.counts("status") == Counter(each.response and each.response.status for _, each in left)
    for sid in ("s1", "s2", "s3"):
        assert known.session_seqs(sid) == [seq for seq, each in left if each.session_id == sid]
    assert set(known.session_ids()) == {each.session_id for _, each in left if each.session_id is not None}


def test_filters_agree_with_a_scan_after_memory_was_given_back() -> None:
    known = journal(max_entries=1_000)
    for number in range(1, 12_346):
        known.append(record(TYPES[number % 4], session_id=f"s{number % 7}", status=200 + number % 5))
    expected = [seq for seq in range(11_346, 12_346) if seq % 4 == 1 and seq % 5 == 3]
    assert seqs(known, Query(event_type="ping", status=203)) == expected
    assert seqs(known, Query(session_id="s6", since=12_300)) == [seq for seq in range(12_301, 12_346) if seq % 7 == 6]
    assert known.counts("status") == {200 + rest: 200 for rest in range(5)}


def test_event_types_beyond_the_254_known_ones_are_still_found_and_counted() -> None:
    known = journal(max_entries=1_000)
    asked = {3: "play", 280: "adStart", 290: "ping", 299: "adSkip"}
    for number in range(300):
        known.append(record(asked.get(number, f"type{number}")))
        known.append(record(asked.get(number, f"type{number}"), status=400))
    assert seqs(known, Query(event_type="adSkip")) == [599, 600]
    assert seqs(known, Query(event_type=("play", "adStart"), status=400)) == [8, 562]
    assert seqs(known, Query(event_type="sessionEnd")) == []
    assert known.count(compile_query(Query(event_type="ping"))) == 2
    counts = known.counts("event_type")
    assert sum(counts.values()) == 600
    assert counts[REST] == 2 * (300 - 255)


def test_body_is_read_only_for_a_condition() -> None:
    def unread(_: Record) -> Any:
        raise AssertionError

    known = Journal(Settings(), unread)
    known.append(record())
    assert known.count(compile_query(Query(event_type="ping", session_id="s1"))) == 1
