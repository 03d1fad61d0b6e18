"""Servers of tests that speak https."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme  # noqa: F401 - here: what a run in a run imports first it takes along, and cryptography comes once

from mockserver import MockServer

Run = Callable[..., pytest.RunResult]

WITH_TLS = """
import ssl, urllib.request
from mockserver import connect

CAS = set()

@pytest.mark.parametrize("again", [1, 2])
@pytest.mark.media_server(tls=True, idle_timeout_s=5)
def test_marked(media_server, make_media_server, tmp_path, again):
    ca = tmp_path / "ca.crt"
    ca.write_text(media_server.ca_pem)
    assert media_server.url.startswith("https://")
    answer = requests.post(media_server.url + "/api/v1/sessions", json=START, timeout=10, verify=str(ca))
    assert (answer.status_code, media_server.count(), media_server.settings.idle_timeout_s) == (201, 1, 5)
    other = make_media_server(tls=True)
    with urllib.request.urlopen(other.url + "/api/v1/schemas/ping", context=other.ssl_context(), timeout=10) as answer:
        assert answer.status == 200
    CAS.update((media_server.ca_pem, other.ca_pem))
    assert len(CAS) == 1
"""
PLAIN = """
@pytest.mark.media_server(tls=False)
def test_plain(media_server, make_media_server):
    for server in (media_server, make_media_server()):
        assert server.url.startswith("http://")
        assert open_session(server).status_code == 201
"""


def test_marked_tests_get_https_and_the_whole_run_has_one_ca(run: Run) -> None:
    run(WITH_TLS + PLAIN).assert_outcomes(passed=3)


def test_running_server_is_trusted_by_its_ca(run: Run, tmp_path: Path) -> None:
    ca = tmp_path / "ca.crt"
    with MockServer(tls=True) as running:
        ca.write_text(running.ca_pem, encoding="ascii")
        options = (f"--media-server-url={running.url}", f"--media-server-ca={ca}")
        run(WITH_TLS, *options).assert_outcomes(passed=2)
        run("def test_it(media_server_session): assert media_server_session.count() == 0", *options).assert_outcomes(
            passed=1
        )
        assert running.count() == 0
        result = run("def test_it(media_server): pass", options[0])
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*: no media server: the certificate of https://* is not trusted: *"])
        assert running.internal_errors == []


def test_file_that_is_not_a_ca_is_reported_in_one_line(run: Run) -> None:
    result = run(
        "def test_it(media_server): pass", "--media-server-url=https://localhost:1", "--media-server-ca=none.pem"
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*: no media server: cannot trust the CA none.pem: No such file or directory"])


def test_running_server_without_tls_cannot_serve_a_test_that_needs_https(run: Run) -> None:
    with MockServer() as running:
        result = run(WITH_TLS, f"--media-server-url={running.url}")
        result.assert_outcomes(errors=2)
        result.stdout.fnmatch_lines([f"*: no media server: the test needs https (tls=True); *{running.url} with --tls"])


def test_missing_library_is_reported_in_one_line(run: Run) -> None:
    result = run(
        """
import sys
sys.modules["trustme"] = None

@pytest.mark.media_server(tls=True)
def test_it(media_server): pass
""",
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*: no media server: *pip install "media-collection-mockserver[[]tls[]]"*'])
