"""What unmodified players sent gets over a socket what they got when they were recorded.

No status differs. The recordings come from a server whose sessions never end by time, and here they are played in a
moment of the real clock, so that no lifetime passes between two requests of one recording.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.running import Running, http_client

TRAFFIC = Path(__file__).parents[2] / "fixtures" / "traffic"


def recorded(file: str) -> Iterator[dict[str, Any]]:
    for line in (TRAFFIC / file).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def with_known_session(path: str, sids: dict[str, str], opened: list[str]) -> str:
    """Replace the session id of a recording: the nth new id in it is the nth session opened here."""
    pieces = path.split("/")
    if len(pieces) < 5 or not pieces[4]:
        return path
    if pieces[4] not in sids:
        sids[pieces[4]] = opened[len(sids)]
    pieces[4] = sids[pieces[4]]
    return "/".join(pieces)


def send(connection: http.client.HTTPConnection, path: str, sample: dict[str, Any]) -> tuple[int, str | None]:
    connection.request(sample["method"], path, sample["body"].encode() or None, sample["headers"])
    response = connection.getresponse()
    response.read()
    return response.status, response.getheader("Location")


@pytest.mark.parametrize("file", sorted(path.name for path in TRAFFIC.glob("*.ndjson")))
def test_every_recorded_request_gets_the_recorded_status(server: Running, file: str) -> None:
    sids: dict[str, str] = {}
    opened: list[str] = []
    differing = []
    with http_client(server) as connection:
        for number, sample in enumerate(recorded(file), 1):
            path = with_known_session(sample["path"], sids, opened)
            status, location = send(connection, path, sample)
            if location is not None:
                opened.append(location.rpartition("/")[2])
            if status != sample["status"]:
                differing.append((number, sample["method"], path, status, sample["status"]))
    assert differing == []
    assert server.emulator.journal.last_seq == number
    server.assert_alive()
