"""How findings write numbers, values and names."""

from __future__ import annotations

from mockserver.rules.diagnose.wording import counted, listed, number, quoted, seqs_of
from tests.tables import every_case


@every_case(
    ("value", "text"),
    [(5_400_000, "5400000"), (5_400_000.0, "5400000"), (0.1 + 0.2, "0.3"), (-1, "-1"), (83904.98612, "83904.986")],
)
def test_numbers_have_no_exponent_and_at_most_three_decimals(value: float, text: str) -> None:
    assert number(value) == text


def test_values_are_written_as_json() -> None:
    assert [quoted(value) for value in ("Größe", 7, None, True)] == ['"Größe"', "7", "null", "true"]


def test_long_values_are_cut() -> None:
    assert quoted("x" * 100) == f'"{"x" * 55}...'


def test_half_a_surrogate_pair_can_be_sent_in_an_answer() -> None:
    assert quoted("\ud800").encode() == b'"\\ud800"'


@every_case(
    ("parts", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_lists_end_in_and(parts: list[str], text: str) -> None:
    assert listed(parts) == text


def test_long_lists_say_how_many_more_there_are() -> None:
    assert listed([str(n) for n in range(11)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 3 more"


def test_one_thing_is_singular() -> None:
    assert (counted(1, "ping"), counted(2, "ping")) == ("1 ping", "2 pings")


def test_no_event_has_no_journal_entry() -> None:
    assert seqs_of(None) == ()
