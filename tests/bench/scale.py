"""What grows with the journal: memory, the time of queries, and the time of a request."""

from __future__ import annotations

from tests.bench.events import BODIES
from tests.bench.processes import Child
from tests.bench.table import Figure
from tests.bench.throughput import Run, by_turns, sample

__all__ = ["growth", "memory", "queries"]

_WARM_UP = 3_000
_LONG_S = 60


def memory(load: Child, core: int | None, pings: int) -> list[Figure]:
    """Measure how much the server grows per ping it records, over HTTP: everything is included."""
    return [_memory(load, core, pings, body) for body in ("plain ping", "ping")]


def _memory(load: Child, core: int | None, pings: int, body: str) -> Figure:
    with Child("server", core, "mockserver") as server:
        run = Run(server, True, body)
        sample(load, run, _LONG_S, count=_WARM_UP)
        before = server.ask(do="usage")["rss_bytes"], server.ask(do="recorded")
        sample(load, run, _LONG_S, count=pings)
        after = server.ask(do="usage")["rss_bytes"], server.ask(do="recorded")
    recorded = after[1] - before[1]
    size = len(BODIES[body])
    note = f"growth of resident memory over {recorded:,} of them"
    return Figure(
        f"memory per ping of {size} bytes", (after[0] - before[0]) / recorded, "bytes", at_most=400, note=note
    )


def queries(server: Child, entries: int, goal_ms: float, rounds: int) -> list[Figure]:
    """Measure counts and pages over a journal that holds so many entries."""
    figures = []
    for name, median_ms in server.ask(do="queries", rounds=rounds).items():
        goal = None if "where" in name else goal_ms
        note = "no goal: bodies are parsed" if goal is None else ""
        figures.append(Figure(f"{name}, {entries:,}", median_ms, "ms", at_most=goal, note=note))
    return figures


def growth(load: Child, core: int | None, entries: int, rounds: int, seconds: float) -> list[Figure]:
    """Measure queries over a large journal, then throughput with it against an empty one, and with one that evicts."""
    with Child("server", core, "mockserver") as full:
        small = min(100_000, entries)
        full.ask(do="fill", entries=small)
        figures = queries(full, small, 5, rounds)
        filled = full.ask(do="fill", entries=entries - small) if entries > small else None
        if filled is not None:
            figures += queries(full, entries, 20, 3)
        with Child("server", core, "mockserver") as empty, Child("server", core, "bounded") as bounded:
            bounded.ask(do="fill", entries=100_000)
            runs = [Run(empty, True, "ping"), Run(full, True, "ping"), Run(bounded, True, "ping")]
            by_turns(runs, load, rounds, seconds)
    for run, name in ((runs[1], f"{entries:,} recorded"), (runs[2], "100,000 recorded, which evicts")):
        figures += [
            run.against(runs[0], "rate", f"events/s with {name}", "x empty", at_least=0.95, note=run.note()),
            run.against(runs[0], "cpu_us", f"processor per event with {name}", "x empty", note="less is better"),
        ]
    return figures
