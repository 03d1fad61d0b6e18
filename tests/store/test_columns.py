"""Columns of codes: masks, counts, and what happens when the codes run out."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mockserver.store.columns import OTHER, REST, Column, both


def column(values: list[str]) -> Column:
    made = Column()
    for value in values:
        made.append(value)
    return made


def test_mask_marks_the_entries_with_a_wanted_value() -> None:
    assert column(["a", "b", "a", "c"]).mask({"a", "c"}, 0) == (b"\1\0\1\1", True)
    assert column(["a", "b", "a"]).mask({"a"}, 1) == (b"\0\1", True)
    assert column(["a"]).mask({"never seen"}, 0) == (b"\0", True)
    assert column(["a"]).mask({"a"}, 5) == (b"", True)


def test_value_beyond_the_codes_is_marked_as_worth_a_look() -> None:
    values = [str(number) for number in range(OTHER + 3)]
    mask, exact = column(values).mask({values[-1]}, 0)
    assert not exact
    assert [index for index, mark in enumerate(mask) if mark] == [OTHER, OTHER + 1, OTHER + 2]
    mask, exact = column(values).mask({values[0]}, 0)
    assert not exact
    assert mask[0] == 1


def test_forgotten_entries_are_neither_marked_nor_counted() -> None:
    made = column(["a", "b", "a"])
    made.forget(1)
    assert made.mask({"a"}, 0) == (b"\0\1", True)
    assert made.counts(0) == {"a": 1, "b": 1}
    assert made.counts(1) == {"a": 1}


def test_counts_lose_nobody_when_the_codes_run_out() -> None:
    values = [str(number) for number in range(OTHER + 3)]
    counts = column([*values, "0"]).counts(0)
    assert counts["0"] == 2
    assert counts[REST] == 3
    assert sum(counts.values()) == len(values) + 1


@given(st.lists(st.sampled_from("abcde")), st.sets(st.sampled_from("abcdef")), st.integers(0, 10))
def test_column_is_as_good_as_the_list_it_stands_for(values: list[str], wanted: set[str], start: int) -> None:
    made = column(values)
    assert made.mask(wanted, start) == (bytes(value in wanted for value in values[start:]), True)
    assert made.counts(start) == Counter(values[start:])


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_both_means_both(pairs: list[tuple[bool, bool]]) -> None:
    left, right = bytes(pair[0] for pair in pairs), bytes(pair[1] for pair in pairs)
    assert both(left, right) == bytes(pair[0] and pair[1] for pair in pairs)
