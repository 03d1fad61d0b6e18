"""A project of a user with tests of a player."""

from __future__ import annotations

from collections.abc import Callable

import pytest

PLAYER = """
import pytest
import requests

START = {
    "eventType": "sessionStart",
    "playerTime": {"playhead": 0, "ts": 1760000000000},
    "params": {
        "analytics.trackingServer": "a.example", "analytics.reportSuite": "rs",
        "visitor.marketingCloudOrgId": "X@AdobeOrg", "media.id": "clip-7", "media.length": 60,
        "media.contentType": "vod", "media.playerName": "p", "media.channel": "c",
    },
}
RESET = {"fault": {"kind": "status", "code": 500}, "name": "never"}


def open_session(server):
    return requests.post(server.url + "/api/v1/sessions", json=START, timeout=10)


def sid_of(answer):
    return answer.headers["Location"].rpartition("/")[2]
"""

LIGHT = (
    *(f"-pno:{plugin}" for plugin in ("anyio", "cacheprovider", "faker", "hypothesispytest", "timeout")),
    "--assert=plain",
    "--no-header",
)
"""Options that leave out the slowest parts of a run, which the tests of users do not need."""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(shared_libraries: None, pytester: pytest.Pytester) -> Run:
    """Run tests that use a player: ``run(source, *options)``, in this process unless ``subprocess``."""
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(player=PLAYER)

    def run(source: str, *options: str, subprocess: bool = False, conftest: str = "") -> pytest.RunResult:
        if conftest:
            pytester.makeconftest(conftest)
        pytester.makepyfile(test_player=f"from player import *\n\n{source}")
        options = (*LIGHT, *options)
        return pytester.runpytest_subprocess(*options) if subprocess else pytester.runpytest_inprocess(*options)

    return run
