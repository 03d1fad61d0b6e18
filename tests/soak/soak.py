"""Sends hostile requests to a server that it starts, and counts what became of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mockserver.model.settings import Settings
from tests.soak.hostile import HALF, Hostile, Request

__all__ = ["CEILING_BYTES", "Result", "soak"]

CEILING_BYTES = Settings().max_server_bytes + Settings().max_incoming_bytes + 256 * 1024 * 1024
"""How much memory the process may use, as SECURITY.md says: two settings, and 256 MiB for everything else."""

_CONNECTIONS = 8
_TIMEOUT_S = 60
_TELL_EVERY = 50_000


@dataclass
class Result:
    """What became of the requests.

    Args:
        sent: Valid HTTP requests.
        answered: Those that were answered.
        unanswered: Those that were not, although HTTP requires it.
        statuses: The answers by status.
        journalled: Answered requests that belong in the journal.
        halves: Requests whose client left before it had sent the whole body; the journal has those that the server has
            begun to read.
        recorded: Entries of all journals, with those that were evicted.
        evicted: Entries that were evicted.
        peak_bytes: The most resident memory that was seen.
        seconds: How long it took.
        failed: What else went wrong.
        told: How many had been sent at the last progress message.
    """

    sent: int = 0
    answered: int = 0
    unanswered: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    journalled: int = 0
    halves: int = 0
    recorded: int = 0
    evicted: int = 0
    peak_bytes: int = 0
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)
    told: int = 0

    @property
    def wrong(self) -> list[str]:
        """The promises that the server did not keep."""
        broken = sum(count for status, count in self.statuses.items() if status >= 500)
        missing = self.journalled - self.recorded
        checks = {
            f"{broken} answers were 5xx": broken,
            f"{self.unanswered} requests had no answer": self.unanswered,
            f"{missing} requests are missing in the journal": missing > 0,
            f"{-missing} entries are too many for {self.halves} requests with half a body": -missing > self.halves,
            f"{self.peak_bytes / 2**20:.0f} MiB of memory are too much": self.peak_bytes > CEILING_BYTES,
        }
        return [text for text, holds in checks.items() if holds] + self.failed

    def table(self) -> str:
        """Return everything as text, one line each."""
        lines = [
            f"sent        {self.sent:,} in {self.seconds:,.0f} s ({self.sent / max(self.seconds, 0.001):,.0f}/s)",
            f"answered    {self.answered:,}: " + ", ".join(f"{s}: {n:,}" for s, n in sorted(self.statuses.items())),
            f"unanswered  {self.unanswered:,}",
            f"journal     {self.recorded:,} entries, {self.evicted:,} of them evicted, for {self.journalled:,} answers "
            f"and some of {self.halves:,} requests with half a body",
            f"memory      at most {self.peak_bytes / 2**20:,.0f} MiB of {CEILING_BYTES / 2**20:,.0f}",
        ]
        return "\n".join(lines + [f"WRONG: {text}" for text in self.wrong])


async def soak(requests: int, seed: int, tell: Callable[[str], object] = lambda line: None) -> Result:
    """Start a server and send hostile requests to it.

    Args:
        requests: How many.
        seed: Makes them repeatable.
        tell: Called with progress messages.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mockserver", "serve", "--port", "0", "--ready-json", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    result, began_s = Result(), time.monotonic()
    try:
        port = int(json.loads(await process.stdout.readline())["url"].rpartition(":")[2])
        hostile = Hostile(seed)
        await asyncio.gather(*(_send(port, process.pid, hostile, requests, result, tell) for _ in range(_CONNECTIONS)))
        result.seconds = time.monotonic() - began_s
        await _account(port, result)
        if process.returncode is not None:
            result.failed.append(f"the server ended with {process.returncode}")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
    return result


async def _send(
    port: int, pid: int, hostile: Hostile, requests: int, result: Result, tell: Callable[[str], object]
) -> None:
    while result.sent < requests:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            stays = True
            while stays and result.sent < requests:
                batch, broken = hostile.batch(), hostile.broken()
                result.sent += len(batch)
                data = b"".join(one.raw for one in batch) + broken
                _, stays = await asyncio.gather(_write(writer, data), _answers(reader, batch, hostile, result))
                result.halves += stays and broken in HALF
                stays = stays and not broken
                result.peak_bytes = max(result.peak_bytes, _resident_bytes(pid))
                if result.sent >= result.told + _TELL_EVERY:
                    result.told = result.sent
                    tell(f"{result.sent:,} requests, {_resident_bytes(pid) / 2**20:,.0f} MiB")
        finally:
            writer.transport.abort()


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(ConnectionError, asyncio.TimeoutError):  # answered before all was sent, and closed
        writer.write(data)
        await asyncio.wait_for(writer.drain(), _TIMEOUT_S)


async def _answers(reader: asyncio.StreamReader, batch: list[Request], hostile: Hostile, result: Result) -> bool:
    """Read the answers to a batch, and return whether the connection stays open."""
    for number, request in enumerate(batch):
        try:
            status, headers = await asyncio.wait_for(_answer(reader, request.method), _TIMEOUT_S)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.TimeoutError) as error:
            result.unanswered += len(batch) - number
            result.failed.append(f"{type(error).__name__} instead of an answer to {request.raw[:200]!r}")
            return False
        result.answered += 1
        result.statuses[status] += 1
        result.journalled += not request.is_admin
        location = headers.get(b"location", b"")
        if status == 201 and not request.is_admin:
            hostile.opened(location.rpartition(b"/")[2].decode())
        if headers.get(b"connection", b"").lower() == b"close":
            return False  # what follows need not be answered
    return True


async def _answer(reader: asyncio.StreamReader, method: str) -> tuple[int, dict[bytes, bytes]]:
    status = 100
    headers: dict[bytes, bytes] = {}
    while status < 200:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *fields = head[:-4].split(b"\r\n")
        status = int(first.split(b" ", 2)[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in fields)}
    if method == "HEAD" or status in (204, 304):
        return status, headers
    if headers.get(b"transfer-encoding") == b"chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    else:
        await reader.readexactly(int(headers.get(b"content-length", b"0")))
    return status, headers


async def _account(port: int, result: Result) -> None:
    """Count the entries of all journals, also those that were evicted."""
    names = [view["name"] for view in (await _ask(port, "/__admin/namespaces?limit=1000"))["namespaces"]]
    for name in names:
        meta = (await _ask(port, f"/ns/{name}/__admin/events?limit=1"))["meta"]
        result.recorded += meta["total"] + meta["evicted"]
        result.evicted += meta["evicted"]


async def _ask(port: int, path: str) -> Any:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert b" 200 " in head[:20], (path, head)
    return json.loads(body)


def _resident_bytes(pid: int) -> int:
    statm = Path(f"/proc/{pid}/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0
