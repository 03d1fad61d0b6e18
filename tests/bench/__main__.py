"""Measure the server: ``make bench``, or ``python tests/bench``. It asserts nothing; the table shows the goals.

Servers run on one core and the load on another. Servers that are compared take turns in one run, and ratios are medians
over its rounds: absolute figures say more about the machine than about the server.
"""

from __future__ import annotations

import argparse
import platform
import time
from importlib.metadata import version

from tests.bench.admin import admin
from tests.bench.diagnosis import diagnosis
from tests.bench.processes import Child, cores
from tests.bench.rivals import rivals
from tests.bench.scale import growth, memory
from tests.bench.startup import command, fixture, plugin
from tests.bench.table import Figure, show
from tests.bench.throughput import latency, throughput
from tests.bench.turns import kernel, turns

_GROUPS = ("turns", "throughput", "memory", "growth", "admin", "diagnosis", "startup")
_OTHERS = ("rivals",)
"""Groups that run only when they are named, because they install other servers."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/bench", description="Measure the server.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and entries: a minute instead of four")
    parser.add_argument("groups", nargs="*", metavar="group", help=f"only these: {', '.join((*_GROUPS, *_OTHERS))}")
    options = parser.parse_args()
    unknown = [group for group in options.groups if group not in (*_GROUPS, *_OTHERS)]
    if unknown:
        parser.error(f"there is no group {unknown[0]}; there are {', '.join((*_GROUPS, *_OTHERS))}")
    groups = options.groups or _GROUPS
    start_s = time.perf_counter()
    figures = _measure(groups, quick=options.quick)
    print(show(figures))
    server_core, load_core = cores()
    where = "cores cannot be chosen here, so server and load share them"
    if server_core is not None:
        where = f"servers on core {server_core}, load on core {load_core}"
    print(
        f"\nPython {platform.python_version()}, aiohttp {version('aiohttp')}, {platform.machine()}; {where}; "
        f"16 connections; {time.perf_counter() - start_s:.0f} s in all"
    )


def _measure(groups: tuple[str, ...] | list[str], *, quick: bool) -> list[Figure]:
    server_core, load_core = cores()
    figures: list[Figure] = []
    if "turns" in groups:
        figures += [*turns(*((4, 50_000) if quick else (15, 1_000_000))), *kernel(5 if quick else 15)]
    with Child("load", load_core) as load:
        if "turns" in groups and "throughput" not in groups:
            figures += latency(load, server_core, *((3, 0.5) if quick else (9, 1.5)))
        if "throughput" in groups:
            figures += throughput(load, server_core, *((3, 0.5) if quick else (7, 1.5)))
        if "memory" in groups:
            figures += memory(load, server_core, 30_000 if quick else 100_000)
        if "growth" in groups:
            figures += growth(load, server_core, *((100_000, 3, 0.4) if quick else (1_000_000, 7, 1.2)))
        if "rivals" in groups:
            figures += rivals(load, server_core, *((3, 0.5) if quick else (7, 1.5)))
    if "admin" in groups:
        figures += admin(server_core, 5_000 if quick else 20_000)
    if "diagnosis" in groups:
        figures += diagnosis(3 if quick else 9)
    if "startup" in groups:
        figures += fixture(20 if quick else 100)
        figures += plugin(3 if quick else 7)
        figures += command(3 if quick else 7)
    return figures


if __name__ == "__main__":
    main()
