"""Events per second and their latencies, validated and recorded, against a bare aiohttp application."""

from __future__ import annotations

import contextlib
import statistics
from dataclasses import dataclass
from typing import Any, Protocol

from tests.bench.processes import Child
from tests.bench.rivals import node_double
from tests.bench.table import Figure

__all__ = ["Measured", "Run", "Sample", "by_turns", "latency", "sample", "throughput"]

_CONNECTIONS = 16
_NAMESPACES = 100

_QUIET = 0.9
"""The least share of its core with which a saturated server counts as undisturbed."""


@dataclass(frozen=True)
class Sample:
    """One run of the load against one server.

    Args:
        rate: Answers per second.
        p50_ms: Median latency.
        p99_ms: Latency of the slowest hundredth.
        cpu_us: Processor time the server took per answer, in microseconds; hardly moved by what else the machine does.
        share: Processor time per time of the run. Well under 1 means that others used the core of the server too, or
            that the load was too slow.
        wrong: Answers that were not a 204, and connections that broke.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    share: float
    wrong: int


class Measured(Protocol):
    """A server in a process of its own."""

    @property
    def ready(self) -> Any:
        """Its ``port``."""
        ...

    def ask(self, **command: Any) -> Any:
        """Return, for ``do="usage"``, the processor time ``cpu_s`` and the memory ``rss_bytes`` that it has used."""
        ...


@dataclass
class Run:
    """The samples of one server.

    Args:
        server: The server.
        opens: Whether it knows sessions, so that they have to be opened.
        body: Which event is sent.
        tls: Whether to use https.
        namespaces: Over how many namespaces the sessions are spread; 0 for the default one.
    """

    server: Measured
    opens: bool
    body: str
    tls: bool = False
    namespaces: int = 0

    def __post_init__(self) -> None:
        self.samples: list[Sample] = []

    def median(self, field: str) -> float:
        """Return the median of a field of the samples."""
        values: list[float] = [getattr(sample, field) for sample in self.samples]
        return statistics.median(values)

    def against(self, other: Run, field: str, name: str, unit: str, **more: Any) -> Figure:
        """Compare a field with that of another server: the median ratio of the rounds in which each had its core."""
        pairs = list(zip(self.samples, other.samples, strict=True))
        quiet = [pair for pair in pairs if min(sample.share for sample in pair) >= _QUIET]
        ratios: list[float] = [getattr(own, field) / getattr(others, field) for own, others in quiet or pairs]
        return Figure(name, statistics.median(ratios), unit, disturbed=not quiet, **more)

    def cheaper(self, other: Run, name: str, unit: str = "x bare", **more: Any) -> Figure:
        """Compare the processor time of an answer: how many times more another server takes.

        Every round counts, because other work on the core does not change it.
        """
        pairs = zip(self.samples, other.samples, strict=True)
        return Figure(name, statistics.median(others.cpu_us / own.cpu_us for own, others in pairs), unit, **more)

    def note(self) -> str:
        """Return the absolute figures in words."""
        wrong = sum(sample.wrong for sample in self.samples)
        rates = sorted(sample.rate for sample in self.samples)
        busy = sum(sample.share < _QUIET for sample in self.samples)
        notes = [
            f"{self.median('rate'):,.0f}/s ({rates[0]:,.0f} to {rates[-1]:,.0f})",
            f"p50 {self.median('p50_ms'):.2f} ms, p99 {self.median('p99_ms'):.2f} ms",
            f"{self.median('cpu_us'):.1f} us of processor",
        ]
        if busy:
            notes.append(f"core shared in {busy} of {len(rates)} rounds")
        if wrong:
            notes.append(f"{wrong} ANSWERS WRONG")
        return ", ".join(notes)


def sample(load: Child, run: Run, seconds: float, count: int = 0) -> None:
    """Let the load run against a server once and keep the sample."""
    before = run.server.ask(do="usage")["cpu_s"]
    seen = load.ask(
        port=run.server.ready["port"], connections=_CONNECTIONS, body=run.body, opens=run.opens, count=count,
        seconds=seconds, tls=run.tls, namespaces=run.namespaces,
    )  # fmt: skip
    cpu_s = run.server.ask(do="usage")["cpu_s"] - before
    cpu_us, share = cpu_s * 1e6 / seen["answers"], cpu_s / seen["seconds"]
    run.samples.append(Sample(seen["rate"], seen["p50_ms"], seen["p99_ms"], cpu_us, share, seen["wrong"]))


def by_turns(runs: list[Run], load: Child, rounds: int, seconds: float, *, warm_up: float = 0.5) -> None:
    """Warm every server up, for a part of the time of a round, then sample them by turns, in changing order."""
    for run in runs:
        sample(load, run, seconds * warm_up)
        run.samples.clear()
    for number in range(rounds):
        for run in runs if number % 2 else reversed(runs):
            sample(load, run, seconds)


def latency(load: Child, core: int | None, rounds: int, seconds: float) -> list[Figure]:
    """Measure pings over sixteen connections: latencies and rate against a bare application, and a double on node.

    Args:
        load: The load generator.
        core: Where the servers run.
        rounds: How many times each is measured.
        seconds: How long each time.
    """
    with contextlib.ExitStack() as servers:
        bare = Run(servers.enter_context(Child("server", core, "bare")), False, "ping")
        ping = Run(servers.enter_context(Child("server", core, "mockserver")), True, "ping")
        node = node_double(core)
        double = None if node is None else Run(servers.enter_context(node), True, "ping")
        by_turns([bare, ping, *([] if double is None else [double])], load, rounds, seconds)
    figures = [
        Figure("bare application, ping", None, note=bare.note()),
        ping.cheaper(bare, "times as cheap, ping, each awaited", note=ping.note()),
        ping.against(bare, "rate", "events/s, ping", "x bare"),
        ping.against(bare, "p99_ms", "p99, ping", "x bare", at_most=1),
    ]
    return [*figures, _against_node(ping, double)]


def _against_node(ping: Run, double: Run | None) -> Figure:
    if double is None:
        return Figure("times as cheap, ping", None, note="no node on the PATH: its double is not compared")
    return ping.cheaper(double, "times as cheap, ping", unit="x node:http", at_least=1, note=double.note())


def throughput(load: Child, core: int | None, rounds: int, seconds: float) -> list[Figure]:
    """Measure events per second and the processor time of each, interleaved.

    Args:
        load: The load generator.
        core: Where the servers run.
        rounds: How many times each is measured.
        seconds: How long each time.
    """
    with contextlib.ExitStack() as servers:

        def child(kind: str) -> Child:
            return servers.enter_context(Child("server", core, kind))

        bare, bare_tls, ours, ours_tls = map(child, ("bare", "bare-tls", "mockserver", "mockserver-tls"))
        ceiling = Run(child("trivial"), False, "ping")
        bare_ping, bare_ad = Run(bare, False, "ping"), Run(bare, False, "adStart")
        bare_secret = Run(bare_tls, False, "ping", tls=True)
        ping, ad = Run(ours, True, "ping"), Run(ours, True, "adStart")
        secret = Run(ours_tls, True, "ping", tls=True)
        many = Run(child("mockserver"), True, "ping", namespaces=_NAMESPACES)
        written = Run(child("mockserver-journal"), True, "ping")
        node = node_double(core)
        double = None if node is None else Run(servers.enter_context(node), True, "ping")
        runs = [
            ceiling,
            bare_ping,
            ping,
            written,
            bare_ad,
            ad,
            bare_secret,
            secret,
            many,
            *([] if double is None else [double]),
        ]
        by_turns(runs, load, rounds, seconds)
    figures = [
        Figure(
            "load generator alone",
            None,
            note="against a protocol that only answers (core not full: the load is the limit): " + ceiling.note(),
        ),
        Figure("bare application, ping", None, note=bare_ping.note()),
        Figure("bare application, adStart", None, note=bare_ad.note()),
    ]
    for run, other, name, goal in (
        (ping, bare_ping, "ping", 2.3),
        (ad, bare_ad, "adStart", 1.8),
        (secret, bare_secret, "ping by https", None),
        (many, bare_ping, f"ping, {_NAMESPACES} namespaces", None),
    ):
        figures += [
            run.cheaper(other, f"times as cheap, {name}", at_least=goal, note=run.note()),
            run.against(other, "rate", f"events/s, {name}", "x bare", at_least=goal),
            run.against(other, "p99_ms", f"p99, {name}", "x bare", at_most=None if goal is None else 1),
        ]
    figures.append(
        Figure(
            "processor time of a ping with --journal", statistics.median(
                own.cpu_us / other.cpu_us for own, other in zip(written.samples, ping.samples, strict=True)
            ),
            "x without", at_most=1.1, note=written.note(),
        )
    )  # fmt: skip
    return [*figures, _against_node(ping, double)]
