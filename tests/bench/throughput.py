"""Events per second and their latencies, validated and recorded, against a bare aiohttp application."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

from tests.bench.processes import Child
from tests.bench.table import Figure

__all__ = ["Run", "Sample", "by_turns", "sample", "throughput"]

_CONNECTIONS = 16

_QUIET = 0.9
"""From which share of its core on a saturated server counts as undisturbed."""


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


@dataclass
class Run:
    """The samples of one server.

    Args:
        server: The server.
        opens: Whether it knows sessions, so that they have to be opened.
        body: Which event is sent.
    """

    server: Child
    opens: bool
    body: str

    def __post_init__(self) -> None:
        self.samples: list[Sample] = []

    def median(self, field: str) -> float:
        """Return the median of a field of the samples."""
        values: list[float] = [getattr(sample, field) for sample in self.samples]
        return statistics.median(values)

    def against(self, other: Run, field: str, name: str, unit: str, **more: Any) -> Figure:
        """Make a figure of the median of the ratios of a field, of the rounds in which nobody else used the core."""
        pairs = list(zip(self.samples, other.samples, strict=True))
        quiet = [pair for pair in pairs if min(sample.share for sample in pair) >= _QUIET]
        ratios: list[float] = [getattr(own, field) / getattr(others, field) for own, others in quiet or pairs]
        return Figure(name, statistics.median(ratios), unit, disturbed=not quiet, **more)

    def note(self) -> str:
        """Say the absolute figures."""
        wrong = sum(sample.wrong for sample in self.samples)
        rates = sorted(sample.rate for sample in self.samples)
        busy = sum(sample.share < _QUIET for sample in self.samples)
        notes = [
            f"{self.median('rate'):,.0f}/s ({rates[0]:,.0f} to {rates[-1]:,.0f})",
            f"p50 {self.median('p50_ms'):.2f} ms, p99 {self.median('p99_ms'):.2f} ms",
            f"{self.median('cpu_us'):.1f} us of processor",
        ]
        if busy:
            notes.append(f"core not its own in {busy} of {len(rates)} rounds")
        if wrong:
            notes.append(f"{wrong} ANSWERS WRONG")
        return ", ".join(notes)


def sample(load: Child, run: Run, seconds: float, count: int = 0) -> None:
    """Let the load run against a server once and keep the sample."""
    before = run.server.ask(do="usage")["cpu_s"]
    seen = load.ask(
        port=run.server.ready["port"], connections=_CONNECTIONS, body=run.body, opens=run.opens, count=count,
        seconds=seconds,
    )  # fmt: skip
    cpu_s = run.server.ask(do="usage")["cpu_s"] - before
    cpu_us, share = cpu_s * 1e6 / seen["answers"], cpu_s / seen["seconds"]
    run.samples.append(Sample(seen["rate"], seen["p50_ms"], seen["p99_ms"], cpu_us, share, seen["wrong"]))


def by_turns(runs: list[Run], load: Child, rounds: int, seconds: float) -> None:
    """Warm every server up, then sample them by turns, in changing order."""
    for run in runs:
        sample(load, run, seconds / 2)
        run.samples.clear()
    for number in range(rounds):
        for run in runs if number % 2 else reversed(runs):
            sample(load, run, seconds)


def throughput(load: Child, core: int | None, rounds: int, seconds: float) -> list[Figure]:
    """Measure events per second, interleaved.

    Args:
        load: The load generator.
        core: Where the servers run.
        rounds: How often each is measured.
        seconds: How long each time.
    """
    with (
        Child("server", core, "trivial") as trivial,
        Child("server", core, "bare") as bare,
        Child("server", core, "mockserver") as ours,
    ):
        ceiling = Run(trivial, False, "ping")
        bare_ping, bare_ad = Run(bare, False, "ping"), Run(bare, False, "adStart")
        ping, ad = Run(ours, True, "ping"), Run(ours, True, "adStart")
        by_turns([ceiling, bare_ping, ping, bare_ad, ad], load, rounds, seconds)
    return [
        Figure(
            "load generator alone",
            None,
            note="against a protocol that only answers (core not full: the load is the limit): " + ceiling.note(),
        ),
        Figure("bare application, ping", None, note=bare_ping.note()),
        Figure("bare application, adStart", None, note=bare_ad.note()),
        ping.against(bare_ping, "rate", "events/s, ping", "x bare", at_least=1.2, note=ping.note()),
        ad.against(bare_ad, "rate", "events/s, adStart", "x bare", at_least=1.2, note=ad.note()),
        ping.against(bare_ping, "cpu_us", "processor per event, ping", "x bare", note="less is better"),
        ad.against(bare_ad, "cpu_us", "processor per event, adStart", "x bare", note="less is better"),
        ping.against(bare_ping, "p99_ms", "p99, ping", "x bare", at_most=1.5),
        ad.against(bare_ad, "p99_ms", "p99, adStart", "x bare", at_most=1.5),
    ]
