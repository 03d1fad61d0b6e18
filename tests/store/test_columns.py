"""Columns of codes: masks, counts, and what happens when the codes run out."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mockserver.store.columns import OTHER, REST, Columns, both


def column(values: list[str]) -> Columns:
    """Return two columns: the values, and the same values one entry later."""
    made = Columns(("field", "before"))
    for before, value in zip(["", *values], values, strict=False):
        made.append((value, before))
    return made


def test_mask_marks_the_entries_with_a_wanted_value() -> None:
    assert column(["a", "b", "a", "c"]).mask("field", {"a", "c"}, 0) == (b"\1\0\1\1", True)
    assert column(["a", "b", "a"]).mask("field", {"a"}, 1) == (b"\0\1", True)
    assert column(["a"]).mask("field", {"never seen"}, 0) == (b"\0", True)
    assert column(["a"]).mask("field", {"a"}, 5) == (b"", True)


def test_value_beyond_the_codes_is_marked_as_worth_a_look() -> None:
    values = [str(number) for number in range(OTHER + 3)]
    mask, exact = column(values).mask("field", {values[-1]}, 0)
    assert not exact
    assert [index for index, mark in enumerate(mask) if mark] == [OTHER, OTHER + 1, OTHER + 2]
    mask, exact = column(values).mask("field", {values[0]}, 0)
    assert not exact
    assert mask[0] == 1


def test_forgotten_entries_are_neither_marked_nor_counted() -> None:
    made = column(["a", "b", "a"])
    made.forget(1)
    assert made.mask("field", {"a"}, 0) == (b"\0\1", True)
    assert made.counts("field", 0) == {"a": 1, "b": 1}
    assert made.counts("field", 1) == {"a": 1}


def test_counts_stay_complete_when_the_codes_run_out() -> None:
    values = [str(number) for number in range(OTHER + 3)]
    counts = column([*values, "0"]).counts("field", 0)
    assert counts["0"] == 2
    assert counts[REST] == 3
    assert sum(counts.values()) == len(values) + 1


@given(st.lists(st.sampled_from("abcde")), st.sets(st.sampled_from("abcdef")), st.integers(0, 10))
def test_column_behaves_like_a_list(values: list[str], wanted: set[str], start: int) -> None:
    made = column(values)
    for name, held in (("field", values), ("before", ["", *values][: len(values)])):
        assert made.mask(name, wanted, start) == (bytes(value in wanted for value in held[start:]), True)
        assert made.counts(name, start) == Counter(held[start:])


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_both_means_both(pairs: list[tuple[bool, bool]]) -> None:
    left, right = bytes(pair[0] for pair in pairs), bytes(pair[1] for pair in pairs)
    assert both(left, right) == bytes(pair[0] and pair[1] for pair in pairs)
