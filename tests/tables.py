"""Tables of quick cases: one test goes over a whole table and names every case that is wrong."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

__all__ = ["every_case"]


def every_case(
    names: str | Sequence[str],
    table: Iterable[Any],
    *,
    ids: Callable[[Any], object] | Iterable[str] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make one test of a function and a table of arguments for it; it fails with all cases that are wrong.

    It takes what ``pytest.mark.parametrize`` takes, which makes a test of each case. A test costs about 3 ms of
    processor time on top of what it does, so tables of quick cases are one test each. Cases that take longer, or need
    fixtures of their own, are tests of their own: all cases here get the same fixtures.

    Raises:
        ValueError: The table is empty.
    """
    arguments = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    rows = list(table)
    said = [None] * len(rows) if ids is None or callable(ids) else list(ids)
    cases = [_case(row, name, len(arguments)) for row, name in zip(rows, said, strict=True)]
    if not cases:
        msg = "a table without cases tests nothing"
        raise ValueError(msg)

    def over_all(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def one_test(**fixtures: Any) -> None:
            __tracebackhide__ = True
            wrong = []
            for name, values in cases:
                try:
                    test(**fixtures, **dict(zip(arguments, values, strict=True)))
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 what is wrong with it is said below
                    shown = name or ", ".join(str((ids if callable(ids) else _short)(value)) for value in values)
                    where = pytest.ExceptionInfo.from_exception(error).getrepr(style="short")
                    wrong.append(f"[{shown}]\n{where}")
            if wrong:
                pytest.fail("\n\n".join([f"{len(wrong)} of {len(cases)} cases are wrong", *wrong]), pytrace=False)

        signature = inspect.signature(test)
        left = [each for name, each in signature.parameters.items() if name not in arguments]
        one_test.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return one_test

    return over_all


def _case(row: Any, name: str | None, width: int) -> tuple[str | None, Sequence[Any]]:
    """Return the name of a case, if it has one, and its arguments."""
    if isinstance(row, type(pytest.param())):
        return (None if row.id is None else str(row.id)), row.values
    return name, (row if width > 1 else (row,))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
