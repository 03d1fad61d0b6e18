from __future__ import annotations

import json
import signal
import ssl
import subprocess
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mockserver.server.addresses import interface_addresses
from tests.cli.conftest import ready
from tests.factories import event
from tests.waiting import until

if TYPE_CHECKING:
    from tests.cli.conftest import Fetch, MakeServer, Process, StartProcess

CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"
START = {"eventType": "sessionStart"}


def ended(process: Process, by: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
    """End a server; return its exit code and its unread output."""
    process.send_signal(by)
    out, err = process.communicate(timeout=30)
    return process.wait(30), out, err


@pytest.mark.posix
@pytest.mark.parametrize(("starter", "by"), [("start_anew", signal.SIGTERM), ("start", signal.SIGINT)])
def test_server_prints_its_address_answers_and_stops_cleanly(
    request: pytest.FixtureRequest, starter: str, fetch: Fetch, by: signal.Signals
) -> None:
    start: StartProcess = request.getfixturevalue(starter)
    process = start("serve", "--port", "0", "--ready-json")
    line = ready(process)
    url = line["url"]
    assert line == {
        "event": "ready",
        "url": url,
        "admin_url": f"{url}/__admin",
        "ui_url": f"{url}/__admin/ui/",
        "pid": process.pid,
        "seed": line["seed"],
    }
    assert line["seed"].isdigit()
    assert fetch(url, "GET", "/api/v1/schemas/ping")[0] == 200
    assert fetch(url, "GET", "/__admin/health")[0] == 200
    assert ended(process, by) == (0, "", "")


@pytest.mark.posix
def test_text_shows_addresses_seed_and_how_to_stop(start: StartProcess, fetch: Fetch) -> None:
    process = start("serve", "--port", "0", "--seed", "7")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(7)]
    url = lines[0].split()[-1]
    assert "".join(lines) == (
        f"mockserver emulates Adobe's media APIs at {url}\n"
        f"  page         {url}/__admin/ui/\n"
        f"  sessions     {url}/api/v1/sessions (POST)\n"
        f"  admin API    {url}/__admin/openapi.json\n"
        f"  journal      {url}/__admin/events\n"
        "  seed         7\n"
        "Press Ctrl-C to stop.\n"
    )
    assert fetch(url, "GET", "/__admin/events")[0] == 200
    assert ended(process, signal.SIGINT) == (0, "", "")


def test_seed_makes_session_ids_repeatable(start: StartProcess, fetch: Fetch) -> None:
    opening = event("sessionStart", ts=1)
    found = []
    for _ in range(2):
        url = ready(start("serve", "--port", "0", "--ready-json", "--seed", "7"))["url"]
        fetch(url, "POST", "/api/v1/sessions", opening)
        found.append(json.loads(fetch(url, "GET", "/__admin/events")[1])["events"][0])
    assert [entry["response"]["status"] for entry in found] == [201, 201]
    assert found[0]["session_id"] == found[1]["session_id"]


def test_flags_variables_and_file_reach_the_server(start: StartProcess, fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "mockserver.toml").write_text(
        'idle_timeout = 1\nmax_age = 1\nretention = 1\nready_json = true\n[[faults]]\nfault.kind = "reset"\n',
        encoding="utf-8",
    )
    process = start("serve", "--port", "0", "--idle-timeout", "3", MOCKSERVER_IDLE_TIMEOUT="2", MOCKSERVER_MAX_AGE="2")
    url = ready(process)["url"]
    settings = json.loads(fetch(url, "GET", "/__admin/settings")[1])
    assert [settings[name] for name in ("idle_timeout_s", "max_age_s", "retention_s")] == [3, 2, 1]
    (rule,) = json.loads(fetch(url, "GET", "/__admin/faults")[1])["faults"]
    assert rule["fault"] == {"kind": "reset"}


def test_admin_api_can_have_a_separate_port(start: StartProcess, fetch: Fetch) -> None:
    line = ready(start("serve", "--port", "0", "--admin-port", "0", "--ready-json"))
    assert line["admin_url"].removesuffix("/__admin") != line["url"]
    assert fetch(line["admin_url"].removesuffix("/__admin"), "GET", "/__admin/version")[0] == 200
    assert fetch(line["url"], "GET", "/__admin/version")[0] == 404


@pytest.mark.posix
def test_address_that_others_can_reach_gets_a_token_and_a_warning(start: StartProcess, fetch: Fetch) -> None:
    process = start("serve", "--host", "0.0.0.0", "--port", "0", "--ready-json")
    line = ready(process)
    assert line["url"].startswith("http://127.0.0.1:")
    assert line["ui_url"] == f"{line['url']}/__admin/ui/?token={line['admin_token']}"
    assert fetch(line["url"], "GET", "/__admin/summary")[0] == 401
    assert fetch(line["url"], "GET", "/__admin/summary", token=line["admin_token"])[0] == 200
    code, out, err = ended(process)
    assert (code, out) == (0, "")
    assert err.startswith("warning: other machines can reach 0.0.0.0: a generated token protects the admin API")


def test_given_token_is_printed(start: StartProcess, fetch: Fetch) -> None:
    line = ready(start("serve", "--port", "0", "--ready-json", "--admin-token", "secret"))
    assert line["admin_token"] == "secret"
    assert line["ui_url"] == f"{line['url']}/__admin/ui/?token={line['admin_token']}"
    assert fetch(line["url"], "GET", "/__admin/summary")[0] == 401


def test_https_is_served_with_a_certificate(start: StartProcess) -> None:
    line = ready(start("serve", "--port", "0", "--ready-json", "--tls-cert", str(CERTIFICATE)))
    assert line["url"].startswith("https://127.0.0.1:")
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    with urllib.request.urlopen(f"{line['admin_url']}/health", context=trusting, timeout=30) as response:
        assert response.status == 200


def test_https_with_its_own_ca_tells_programs_what_to_trust(start: StartProcess, tmp_path: Path) -> None:
    lines = [ready(start("serve", "--port", "0", "--ready-json", "--tls", "--tls-ca", "ca.pem")) for _ in range(2)]
    assert lines[0]["ca_pem"] == lines[1]["ca_pem"]
    assert lines[0]["ca_pem"] in (tmp_path / "ca.pem").read_text(encoding="ascii")
    for line in lines:
        assert line["url"].startswith("https://127.0.0.1:")
        assert line["ca_url"] == f"{line['admin_url']}/ca.crt"
        assert "PRIVATE KEY" not in json.dumps(line)
        trusting = ssl.create_default_context(cadata=line["ca_pem"])
        with urllib.request.urlopen(line["ca_url"], context=trusting, timeout=30) as response:
            assert response.read().decode() == line["ca_pem"]


@pytest.mark.posix
def test_https_with_its_own_ca_tells_people_what_devices_need(start: StartProcess, tmp_path: Path) -> None:
    process = start("serve", "--host", "0.0.0.0", "--port", "0", "--tls", "--no-ready-json")
    assert process.stdout is not None
    said = "".join(iter(process.stdout.readline, "Press Ctrl-C to stop.\n"))
    url = said.splitlines()[0].split()[-1]
    assert url.startswith("https://127.0.0.1:")
    port = url.rpartition(":")[2]
    for host in (address for address in interface_addresses(by_name=True) if ":" not in address):
        assert f"  for devices  https://{host}:{port}\n" in said
        assert f"  CA to trust  https://{host}:{port}/__admin/ca.crt\n" in said
    assert f"  CA to trust  {url}/__admin/ca.crt\n" in said
    [line] = [line for line in said.splitlines() if line.startswith("  trust it     ")]
    command = line.split(maxsplit=2)[2]
    done = subprocess.run(["bash", "-euc", command], cwd=tmp_path, capture_output=True, check=True, timeout=30)
    assert json.loads(done.stdout)["$schema"]


def test_lan_addresses_are_printed_for_programs(start: StartProcess) -> None:
    line = ready(start("serve", "--host", "0.0.0.0", "--port", "0", "--ready-json"))
    port = line["url"].rpartition(":")[2]
    hosts = [address for address in interface_addresses(by_name=True) if ":" not in address]
    assert line.get("lan_urls", []) == [f"http://{host}:{port}" for host in hosts]
    assert not {"ca_url", "ca_pem"} & line.keys()


def test_unusable_ca_is_reported_in_one_sentence(start: StartProcess, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no CA", encoding="ascii")
    process = start("serve", "--port", "0", "--tls", "--tls-ca", "ca.pem")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("mockserver: ca.pem is not a CA: it contains no PEM; delete or move the file ")
    assert err.count("\n") == 1


@pytest.mark.posix
def test_journal_is_written_at_the_end_and_nothing_beside_it(start: StartProcess, fetch: Fetch, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "journal.ndjson"
    path.write_text("of the last run", encoding="utf-8")
    process = start("serve", "--port", "0", "--ready-json", "--export-on-exit", str(path))
    url = ready(process)["url"]
    fetch(url, "POST", "/api/v1/sessions", START)
    fetch(url, "GET", "/favicon.ico")
    code, out, err = ended(process)
    assert (code, out, err) == (0, "", "")
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(entry["seq"], entry["response"]["status"]) for entry in entries] == [(1, 400), (2, 404)]
    assert list(folder.iterdir()) == [path]


@pytest.mark.posix
def test_namespaces_that_are_not_exported_are_named(start: StartProcess, fetch: Fetch, tmp_path: Path) -> None:
    process = start("serve", "--port", "0", "--ready-json", "--export-on-exit", "journal.ndjson")
    url = ready(process)["url"]
    fetch(url, "POST", "/ns/blue/api/v1/sessions", START)
    assert ended(process) == (0, "", "only the default namespace was exported, not blue (1 entry)\n")
    assert (tmp_path / "journal.ndjson").read_bytes() == b""


@pytest.mark.posix
def test_journal_that_cannot_be_written_is_reported(start: StartProcess, tmp_path: Path) -> None:
    path = tmp_path / "journal.ndjson"
    process = start("serve", "--port", "0", "--ready-json", "--export-on-exit", str(path))
    ready(process)
    path.mkdir()
    code, out, err = ended(process)
    assert (code, out) == (1, "")
    assert err.startswith(f"mockserver: cannot write the journal to {path}: ")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.posix
def test_terminal_shows_a_line_for_every_request(start: StartProcess, fetch: Fetch) -> None:
    process = start("serve", "--port", "0", "--ready-json", terminal=True, NO_COLOR="1")
    url = ready(process)["url"]
    assert process.stderr is not None
    fetch(url, "GET", "/favicon.ico")
    assert process.stderr.readline().endswith("  GET /favicon.ico  404\n")
    fetch(url, "GET", "/ns/blue/x")
    assert process.stderr.readline().endswith("  GET /ns/blue/x   404             [blue]\n")
    assert ended(process) == (0, "", "")


@pytest.mark.posix
def test_log_in_json_holds_start_requests_and_reloads(start: StartProcess, fetch: Fetch, tmp_path: Path) -> None:
    process = start("serve", "--port", "0", "--log-format", "json", "--watch")
    assert process.stderr is not None
    url = ready(process)["url"]
    fetch(url, "GET", "/favicon.ico")
    request = json.loads(process.stderr.readline())
    assert (request["event"], request["path"], request["status"]) == ("request", "/favicon.ico", 404)
    (tmp_path / "mockserver.toml").write_text("idle_timeout = 5\n", encoding="utf-8")
    notice = json.loads(process.stderr.readline())
    assert (notice["level"], notice["event"]) == ("info", "notice")
    assert notice["message"].endswith("mockserver.toml: idle_timeout_s")
    assert json.loads(fetch(url, "GET", "/__admin/settings")[1])["idle_timeout_s"] == 5
    assert ended(process) == (0, "", "")


@pytest.mark.parametrize("how", ["--port", "--admin-port"])
def test_taken_port_is_reported_in_one_sentence(start: StartProcess, make_server: MakeServer, how: str) -> None:
    port = make_server().port
    ports = {"--port": "0", "--admin-port": "0", how: str(port)}
    process = start("serve", "--ready-json", *(word for item in ports.items() for word in item))
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert err.startswith(f"mockserver: cannot listen on 127.0.0.1 port {port}: ")
    assert err.count("\n") == 1


def test_unusable_configuration_is_reported_in_one_sentence(start: StartProcess, tmp_path: Path) -> None:
    (tmp_path / "mockserver.toml").write_text("\nprot = 1\n", encoding="utf-8")
    process = start("serve")
    out, err = process.communicate(timeout=30)
    path = Path("mockserver.toml")
    assert (process.returncode, out, err) == (
        2,
        "",
        f"mockserver: {tmp_path / path}:2: unknown key prot; did you mean port?\n",
    )


def test_forwarding_is_announced_on_stderr_and_begins_only_by_a_flag(
    start: StartProcess, fetch: Fetch, tmp_path: Path
) -> None:
    real = ready(start("serve", "--port", "0", "--ready-json"))["url"]
    process = start("serve", "--port", "0", "--ready-json", "--forward", real)
    opening = event("sessionStart", ts=1)
    assert fetch(ready(process)["url"], "POST", "/api/v1/sessions", opening)[0] == 201
    until(lambda: json.loads(fetch(real, "GET", "/__admin/summary")[1])["requests"] == 1)
    _, _, err = ended(process)
    assert err == f"warning: each request of a player also goes to {real}, which may count it as real playback\n"

    (tmp_path / "mockserver.toml").write_text(f'forward = "{real}"\n', encoding="utf-8")
    configured = start("serve", "--port", "0", "--config", str(tmp_path / "mockserver.toml"))
    assert configured.wait(30) == 2
    alone = start("serve", "--port", "0", "--forward-answer")
    assert alone.wait(30) == 2


@pytest.mark.posix
def test_token_comes_from_a_file_and_files_that_everybody_can_read_are_reported(
    start: StartProcess, tmp_path: Path
) -> None:
    private, public = tmp_path / "token.txt", tmp_path / "ca.pem"
    private.write_text("from-a-file\n")
    private.chmod(0o600)
    process = start(
        "serve", "--port", "0", "--ready-json", "--admin-token-file", str(private), "--tls", "--tls-ca", str(public)
    )
    assert ready(process)["admin_token"] == "from-a-file"
    assert ended(process) == (0, "", "")
    public.chmod(0o644)
    private.chmod(0o604)
    process = start(
        "serve", "--port", "0", "--ready-json", "--admin-token-file", str(private), "--tls", "--tls-ca", str(public)
    )
    ready(process)
    told = "".join(
        f"warning: everybody on this machine can read {path}: chmod 600 {path}\n" for path in (private, public)
    )
    assert ended(process) == (0, "", told)
