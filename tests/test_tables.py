"""A table of cases is one test, which fails with every case that is wrong."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import pytest_timeout  # type: ignore[import-untyped]

from tests.tables import every_case


def _positive(number: int, floor: int = 0) -> None:
    assert number > floor, f"{number} is not above {floor}"


def test_a_table_whose_cases_are_right_passes() -> None:
    seen = []

    @every_case("number, text", [(1, "one"), pytest.param(2, "two", id="the second")], ids=str)
    def remember(number: int, text: str) -> None:
        seen.append((number, text))

    remember()

    assert seen == [(1, "one"), (2, "two")]


def test_every_case_that_is_wrong_is_named_with_what_is_wrong() -> None:
    table = [1, pytest.param(-1, id="below"), 2, -2]

    with pytest.raises(pytest.fail.Exception) as failed:
        every_case("number", table)(_positive)()

    text = str(failed.value)
    assert text.startswith("2 of 4 cases are wrong\n\n[below]\n")
    assert [line for line in text.splitlines() if line.startswith("[")] == ["[below]", "[-2]"]
    assert "-1 is not above 0" in text
    assert "-2 is not above 0" in text
    assert "tables.py" not in text.replace("test_tables.py", "")


def test_a_check_of_pytest_that_fails_is_a_wrong_case_too() -> None:
    @every_case("number", [0, 1], ids=["none", "one"])
    def raises(number: int) -> None:
        with pytest.raises(ZeroDivisionError):
            assert 1 // number

    with pytest.raises(pytest.fail.Exception, match=r"1 of 2 cases are wrong\n\n\[one\]\n(?s:.*)DID NOT RAISE"):
        raises()


@every_case("number", [1, 2])
async def test_a_case_may_be_a_coroutine(number: int) -> None:
    async def positive(case: int) -> None:
        _positive(case)

    await every_case("case", [number])(positive)()
    with pytest.raises(pytest.fail.Exception, match="1 of 2 cases are wrong"):
        await every_case("case", [number, -number])(positive)()


def test_a_case_that_hangs_until_the_time_of_the_test_is_over_is_the_last() -> None:
    seen = []

    @every_case("number", [1, 2])
    def hangs(number: int) -> None:
        seen.append(number)
        timeout["alarm"]()

    timeout: dict[str, Any] = {"__name__": pytest_timeout.__name__, "pytest": pytest}
    exec("def alarm(): pytest.fail('after 180 s')", timeout)  # as if it stood in that module
    with pytest.raises(pytest.fail.Exception, match="after 180 s"):
        hangs()

    assert seen == [1]


def test_what_is_not_in_the_table_is_a_fixture() -> None:
    test = every_case("number", [3, 4])(_positive)

    assert list(inspect.signature(test).parameters) == ["floor"]
    test(floor=2)
    with pytest.raises(pytest.fail.Exception, match="1 of 2 cases are wrong"):
        test(floor=3)


def test_tables_are_combined() -> None:
    seen = []

    @every_case("number", [1, 2])
    @every_case("letter", "ab")
    def remember(number: int, letter: str) -> None:
        seen.append(f"{number}{letter}")

    remember()

    assert seen == ["1a", "1b", "2a", "2b"]


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(ValueError, match="a table without cases tests nothing"):
        every_case("number", [])
