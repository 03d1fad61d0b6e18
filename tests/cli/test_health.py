from __future__ import annotations

from pathlib import Path

import pytest

from mockserver import MockServer, ServerOptions
from mockserver.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder without ``mockserver.toml``."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("tls", [False, True])
def test_health_follows_the_port_of_the_environment(
    tls: bool, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    with MockServer(tls=tls) as server:
        monkeypatch.setenv("MOCKSERVER_PORT", server.url.rpartition(":")[2])
        monkeypatch.setenv("MOCKSERVER_HOST", "0.0.0.0")
        monkeypatch.setenv("MOCKSERVER_ADMIN_TOKEN", "s3cret")
        if tls:
            monkeypatch.setenv("MOCKSERVER_TLS", "true")
        assert main(["health"]) == 0
    assert capsys.readouterr().out == "ok\n"


def test_health_asks_the_admin_port_of_the_file(tmp_path: Path, capsys: Capture) -> None:
    with MockServer(options=ServerOptions(admin_port=0)) as server:
        port = server.admin_url.removesuffix("/__admin").rpartition(":")[2]
        (tmp_path / "mockserver.toml").write_text(f"port = 1\nadmin_port = {port}\n", encoding="utf-8")
        assert main(["health"]) == 0
        assert main(["health", server.admin_url]) == 0
        assert main(["health", server.url]) == 1
    assert capsys.readouterr().err == f"mockserver: {server.url} answers 404\n"


def test_missing_server_is_unhealthy(unused_tcp_port: int, capsys: Capture) -> None:
    assert main(["health", f"http://127.0.0.1:{unused_tcp_port}"]) == 1
    assert capsys.readouterr().err.startswith(f"mockserver: cannot reach http://127.0.0.1:{unused_tcp_port}: ")


def test_server_with_a_free_port_cannot_be_found(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("MOCKSERVER_PORT", "0")
    assert main(["health"]) == 2
    assert (
        capsys.readouterr().err
        == "mockserver: the server takes any free port (port 0), so its address is not known: give the URL\n"
    )
