"""Tables of quick cases: one test goes over a whole table and names every case that is wrong."""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

__all__ = ["every_case"]


def every_case(
    names: str | Sequence[str],
    table: Iterable[Any],
    *,
    ids: Callable[[Any], object] | Iterable[str] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make one test of a function, which may be a coroutine, and a table of arguments; it fails with all wrong cases.

    It takes what ``pytest.mark.parametrize`` takes, which makes a test of each case. A test costs about 3 ms of
    processor time on top of what it does, so tables of quick cases are one test each. Cases that take longer, or need
    fixtures of their own, are tests of their own: all cases here get the same fixtures.

    Raises:
        ValueError: The table is empty.
    """
    arguments = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    rows = list(table)
    said = [None] * len(rows) if ids is None or callable(ids) else ids
    cases = [_case(row, name, len(arguments)) for row, name in zip(rows, said, strict=True)]
    if not cases:
        msg = "a table without cases tests nothing"
        raise ValueError(msg)

    def over_all(test: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def noting(wrong: list[str], name: str | None, values: Sequence[Any]) -> Iterator[dict[str, Any]]:
            __tracebackhide__ = True
            try:
                yield dict(zip(arguments, values, strict=True))
            except (Exception, pytest.fail.Exception) as error:
                if _ran_out(error):
                    raise  # the time of the whole test is over, and the next case may hang too
                shown = name or ", ".join(_shown(value, ids) for value in values)
                where = pytest.ExceptionInfo.from_exception(error).getrepr(style="short")
                wrong.append(f"[{shown}]\n{where}")

        def one_test(**fixtures: Any) -> None:
            __tracebackhide__ = True
            wrong: list[str] = []
            for case in cases:
                with noting(wrong, *case) as given:
                    test(**fixtures, **given)
            _tell(wrong, len(cases))

        async def one_coroutine(**fixtures: Any) -> None:
            __tracebackhide__ = True
            wrong: list[str] = []
            for case in cases:
                with noting(wrong, *case) as given:
                    await test(**fixtures, **given)
            _tell(wrong, len(cases))

        signature = inspect.signature(test)
        left = [each for name, each in signature.parameters.items() if name not in arguments]
        whole = functools.wraps(test)(one_coroutine if inspect.iscoroutinefunction(test) else one_test)
        whole.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return whole

    return over_all


def _tell(wrong: list[str], total: int) -> None:
    if wrong:
        pytest.fail("\n\n".join([f"{len(wrong)} of {total} cases are wrong", *wrong]), pytrace=False)


def _case(row: Any, name: str | None, width: int) -> tuple[str | None, Sequence[Any]]:
    """Return the name of a case, if it has one, and its arguments."""
    if isinstance(row, type(pytest.param())):
        return (None if row.id is None else str(row.id)), row.values
    return name, (row if width > 1 else (row,))


def _shown(value: object, ids: object) -> str:
    """Return what ``ids`` calls a value, or what it is, in short."""
    if callable(ids) and (name := ids(value)) is not None:
        return str(name)
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _ran_out(error: BaseException) -> bool:
    """Return whether it was pytest-timeout that stopped a case, whatever it says."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_globals["__name__"] == "pytest_timeout" for frame, _ in frames)
