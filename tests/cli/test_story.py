from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from mockserver.cli import main
from mockserver.cli.story_run import StoryRun
from mockserver.control import STORY
from mockserver.media_server import MediaServer, MockServer, connect
from mockserver.model.expectation import Expectation
from mockserver.model.fault_kind import RefuseFault
from mockserver.model.query import Query
from mockserver.model.story import Story, StoryView
from mockserver.stories.book import StoryBook
from tests.factories import event
from tests.factories import start as session_start
from tests.tables import every_case
from tests.waiting import until

if TYPE_CHECKING:
    from tests.cli.conftest import Fetch, MakeServer, Process, StartProcess
    from tests.server.running import Running

REFUSED = """\
title = "{title}"
symptom = "No data."
description = "The first sessionStart answers 400."
player = "Sends no ping."

[[faults]]
name = "a refusal"
fault = {{ kind = "status", code = 400 }}
when = {{ event_type = "sessionStart" }}

[[expect]]
says = "It asks once."
query = {{ event_type = "sessionStart" }}
{count}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A story whose first request decides the verdict: it fails."""
    path = tmp_path / "own.toml"
    path.write_text(REFUSED.format(title="Own", count="at_most = 0"), encoding="utf-8")
    return path


def out_of(process: Process, pattern: str) -> re.Match[str]:
    """Read lines until one matches."""
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(pattern, line)
        if found:
            return found
    raise AssertionError(f"no line {pattern}: {process.stderr.read() if process.stderr else ''}")


def interrupted(process: Process) -> tuple[int, str, str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return process.wait(30), out, err


def play(fetch: Fetch, url: str, *events: str) -> None:
    fetch(url, "POST", "/api/v1/sessions", session_start())
    sessions = json.loads(fetch(url, "GET", "/__admin/sessions")[1])["sessions"]
    for event_type in events:
        path = f"/api/v1/sessions/{sessions[-1]['session_id']}/events"
        fetch(url, "POST", path, event(event_type))


def test_list_has_every_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["story", "list"]) == 0
    listed = capsys.readouterr().out
    assert main(["story", "list", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    known = StoryBook().known()
    assert [line.split()[0] for line in listed.splitlines()] == [line["name"] for line in lines] == list(known)
    assert all(known[line["name"]].story.title in listed for line in lines)


@every_case("name", list(StoryBook().known()))
def test_show_says_what_a_story_does_and_expects(capsys: pytest.CaptureFixture[str], name: str) -> None:
    story = StoryBook().get(name).story
    assert main(["story", "show", name]) == 0
    shown = " ".join(capsys.readouterr().out.split())

    texts = (story.title, story.symptom, story.description, story.player, story.clients)
    for text in (*texts, *(wanted.says for wanted in story.expect), *story.settings):
        assert " ".join(text.split()) in shown


def test_file_can_be_shown_and_is_checked(capsys: pytest.CaptureFixture[str], own: Path) -> None:
    assert main(["story", "show", str(own), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Own"
    own.write_text("title = 3\n", encoding="utf-8")
    assert main(["story", "show", str(own)]) == 2
    assert capsys.readouterr().err == f"mockserver: {own}:1: /title: must be text, not 3\n"


@every_case(
    ("arguments", "message"),
    [
        ([], "an action is needed: list, show or run; see mockserver story --help"),
        (["show", "flap-50"], "there is no story 'flap-50'; did you mean flap-500?; see mockserver story list"),
        (["run", "flap-50"], "there is no story 'flap-50'; did you mean flap-500?; see mockserver story list"),
        (["run", "flap-500", "--watch"], "--watch needs the file of a story, not its name"),
        (["run", "flap-500", "--timeout", "0"], "--timeout must be a number of seconds above 0, not '0'"),
        (["run", "flap-500", "--token", "x"], "--token is for a server that is already running: give --to as well"),
        (["run", "flap-500", "--ca", "x"], "--ca is for a server that is already running: give --to as well"),
        (["run", "flap-500", "--to", "http://x", "--port", "1"], "--port is for a new server, but --to names"),
        (["run", "flap-500", "--to", "http://x", "--tls"], "--tls is for a new server, but --to names"),
        (["run", "flap-500", "--to", "http://x", "--tls-ca", "x"], "--tls-ca is for a new server, but --to"),
        (["run", "flap-500", "--tls-ca", "x"], "--tls-ca needs --tls: give that too"),
        (["run", "flap-500", "--port", "99999"], "--port must be a port from 0 to 65535, not '99999'"),
        (["run", "flap-500", "--port", "http"], "--port must be a port from 0 to 65535, not 'http'"),
        (["run", "flap-500", "--host", ""], "--host must be a text, not ''"),
        (["run", "flap-500", "--host", "192.0.2.1", "--port", "0"], "cannot listen on 192.0.2.1"),
        (["run", "gone.toml"], "cannot read gone.toml: No such file or directory"),
        (["run", "flap-500", "--port", "0", "--timeout", "0.05"], "no player connected within 0.05 s"),
    ],
)
def test_unusable_story_is_reported_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["story", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"mockserver: {message}")


def test_missing_or_refusing_server_is_named(capsys: pytest.CaptureFixture[str], make_server: MakeServer) -> None:
    server = make_server(admin_token="secret")
    assert main(["story", "run", "flap-500", "--to", server.url]) == 2
    assert "token" in capsys.readouterr().err
    server.thread.stop()
    assert main(["story", "run", "flap-500", "--to", server.url]) == 2
    assert server.url in capsys.readouterr().err


def test_run_starts_a_server_and_judges_the_player(start: StartProcess, fetch: Fetch, own: Path) -> None:
    process = start("story", "run", str(own), "--port", "0")
    url = out_of(process, r"point the player at (\S+);")[1]
    fetch(url, "POST", "/api/v1/sessions", session_start())

    out, err = process.communicate(timeout=30)

    assert (process.returncode, err) == (1, "")
    assert "FAILED  It asks once." in out
    assert "verdict: failed" in out
    assert re.search(r"sessionStart .*400", out), "the timeline follows"


@pytest.mark.posix
def test_ctrl_c_judges_what_was_received(start: StartProcess, fetch: Fetch) -> None:
    process = start("story", "run", "session-start-400", "--port", "0")
    url = out_of(process, r"point the player at (\S+);")[1]
    fetch(url, "POST", "/api/v1/sessions", session_start())

    code, out, err = interrupted(process)

    assert (code, err) == (0, "")
    assert "verdict: passed" in out


def test_running_server_is_used_and_left_as_it_was(
    capsys: pytest.CaptureFixture[str], server: Running, fetch: Fetch, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{server.url}/ns/tv"
    fetch(server.url, "POST", "/ns/tv/api/v1/sessions", session_start(media__id="before"))
    until_verdict = StoryRun.until_verdict

    def with_a_player(run: StoryRun, timeout_s: float | None, begun: Callable[[StoryView], object]) -> StoryView | None:
        def begun_and_played(view: StoryView) -> None:
            begun(view)
            fetch(server.url, "POST", "/ns/tv/api/v1/sessions", session_start())

        return until_verdict(run, timeout_s, begun_and_played)

    monkeypatch.setattr(StoryRun, "until_verdict", with_a_player)
    files = [word for name in ("junit", "sarif", "html") for word in ("--format", f"{name}={own.parent / name}")]
    assert main(["story", "run", str(own), "--to", url, "--json", *files]) == 1

    view = json.loads(capsys.readouterr().out)
    assert (view["name"], view["verdict"], view["state"]) == ("own", "failed", "over")
    assert 'type="story.expectation"' in (own.parent / "junit").read_text(encoding="utf-8")
    [result] = json.loads((own.parent / "sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert result["message"]["text"].startswith("It asks once. ")
    assert "own: Own" in (own.parent / "html").read_text(encoding="utf-8")
    assert json.loads(fetch(server.url, "GET", "/ns/tv/__admin/faults")[1])["faults"] == []
    assert fetch(server.url, "GET", "/__admin/stories/own")[0] == 404, "another namespace has not heard of it"


def test_run_ends_when_the_player_ends_its_session(fetch: Fetch) -> None:
    with MockServer() as server:
        server.clock.freeze()
        running, views = told(server, "flap-500")
        play(fetch, server.url, "play", "ping", "pauseStart", "bufferStart", "sessionEnd", "sessionEnd")
        server.clock.advance(seconds=2)
        running.join(30)

    [view] = views
    assert view is not None
    assert view.verdict == "passed"


def told(server: MediaServer, story: str | Story) -> tuple[threading.Thread, list[StoryView | None]]:
    """Run a story in the background, on the clock of the server, and return once it has started."""
    began = threading.Event()
    views: list[StoryView | None] = []
    run = StoryRun(server, story if isinstance(story, str) else server.stories.put(story))
    running = threading.Thread(target=lambda: views.append(run.until_verdict(30, lambda view: began.set())))
    running.start()
    assert began.wait(10)
    return running, views


def test_run_continues_when_a_fault_of_the_story_refuses_it_too(fetch: Fetch) -> None:
    outage = StoryBook().get("outage-window").story
    refuses = replace(outage.faults[0], fault=RefuseFault(duration_ms=300))
    with MockServer() as server:
        server.clock.freeze()
        running, views = told(connect(server.url), replace(outage, faults=(refuses,)))
        with pytest.raises(ConnectionError):
            fetch(server.url, "POST", "/api/v1/sessions", session_start())
        until(lambda: not is_refused(fetch, server.url))
        play(fetch, server.url, "play")
        server.clock.advance(minutes=2)
        running.join(30)

    [view] = views
    assert view is not None
    assert (view.verdict, view.state) == ("passed", "over")


def is_refused(fetch: Fetch, url: str) -> bool:
    try:
        fetch(url, "GET", "/__admin/health")
    except ConnectionError:
        return True
    return False


def test_run_judges_every_expectation_at_the_end_of_the_story(fetch: Fetch) -> None:
    story = Story(
        title="Nothing goes wrong",
        symptom="None.",
        description="Nothing does.",
        player="Plays.",
        expect=(
            Expectation(says="It never asks.", query=Query(event_type="sessionStart"), at_most=0),
            Expectation(says="It plays.", query=Query(event_type="play")),
        ),
    )
    with MockServer() as server:
        server.clock.freeze()
        running, views = told(server, story)
        fetch(server.url, "POST", "/api/v1/sessions", session_start())
        assert server.control.call(STORY, None, name="own").verdict == "failed"
        play(fetch, server.url, "play")
        server.clock.advance(minutes=2)
        running.join(30)

    [view] = views
    assert view is not None
    assert [(one.met, one.final) for one in view.expectations] == [(False, True), (True, True)]


def test_page_that_gives_up_when_its_preflight_fails_is_judged_after_its_silence(fetch: Fetch) -> None:
    story = replace(StoryBook().get("preflight-blocked").story, silence_s=0.1)
    with MockServer() as server:
        run = StoryRun(server, server.stories.put(story))
        view = run.until_verdict(None, lambda view: fetch(server.url, "OPTIONS", "/api/v1/sessions"))

    assert view is not None
    assert view.verdict == "failed"


@pytest.mark.posix
def test_saved_file_runs_again_and_a_bad_one_does_not(start: StartProcess, fetch: Fetch, own: Path) -> None:
    process = start("story", "run", str(own), "--port", "0", "--watch")
    url = out_of(process, r"point the player at (\S+);")[1]
    assert process.stderr is not None

    _save(own, "title = 3\n", 3)
    assert process.stderr.readline() == f"{own}:1: /title: must be text, not 3; keeping the previous version\n"
    _save(own, REFUSED.format(title="Second", count="at_most = 0"), 1)
    out_of(process, "story own: Second")
    fetch(url, "POST", "/api/v1/sessions", session_start())
    out_of(process, "verdict: failed")
    _save(own, REFUSED.format(title="Third", count="at_most = 3"), 2)
    out_of(process, "story own: Third")
    assert out_of(process, r"point the player at (\S+);")[1] == url
    fetch(url, "POST", "/api/v1/sessions", session_start())

    code, out, err = interrupted(process)
    assert (code, err) == (0, "")
    assert "verdict: passed" in out


@pytest.mark.posix
def test_serve_runs_stories_from_files_and_reads_them_again(start: StartProcess, fetch: Fetch, own: Path) -> None:
    process = start("serve", "--port", "0", "--ready-json", "--stories", str(own), "--watch")
    assert process.stdout is not None
    assert process.stderr is not None
    url = json.loads(process.stdout.readline())["url"]
    for path in ("/__admin/stories/own", "/ns/tv/__admin/stories/own"):
        assert json.loads(fetch(url, "GET", path)[1])["origin"] == str(own)

    _save(own, "title = 3\n", 3)
    assert process.stderr.readline() == f"{own}:1: /title: must be text, not 3; keeping the previous version\n"
    assert json.loads(fetch(url, "GET", "/__admin/stories/own")[1])["story"]["title"] == "Own"
    _save(own, REFUSED.format(title="Second", count="at_most = 0"), 1)
    assert process.stderr.readline() == "reloaded own\n"
    assert json.loads(fetch(url, "GET", "/__admin/stories/own")[1])["story"]["title"] == "Second"

    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 0


def test_serve_does_not_start_with_an_unusable_story(start: StartProcess, own: Path) -> None:
    own.write_text("title = 3\n", encoding="utf-8")
    process = start("serve", "--port", "0", "--stories", str(own))
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert err == f"mockserver: {own}:1: /title: must be text, not 3\n"


def _save(path: Path, text: str, when: int) -> None:
    """Write a file atomically, so that no half of it is read, with a new modification time."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    os.utime(new, (when, when))
    new.replace(path)
