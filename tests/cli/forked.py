"""Commands as forks of a process that has imported the command line: they start in a tenth of the time.

Where nothing can be forked, and where the start itself is tested, a command is a process of its own.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

__all__ = ["CAN_FORK", "Forked", "Forker"]

CAN_FORK = sys.platform == "linux"
_ROOT = Path(__file__).parents[2]
_COMMANDS = ("journal_file", "open", "reload", "request_log", "serve", "story", "story_run", "tail")
_IMPORTED = (
    *(f"mockserver.cli.{name}" for name in _COMMANDS),
    *(f"mockserver.{name}" for name in ("admin.table", "media_server", "server.runner", "server.service")),
    "trustme",
)
"""What each command would otherwise import, most of it when the first request arrives."""

_NUMBER = struct.Struct("i")
_LONGEST = 1 << 18


class Forked:
    """A command that runs, as far as tests use what :class:`subprocess.Popen` has.

    Args:
        out: Where its output can be read.
        err: Where its output to stderr can be read.
        told: Where its process id can be read and, after its end, its exit code.
    """

    def __init__(self, out: int, err: int, told: int) -> None:
        self.stdout = open(out, encoding="utf-8")  # noqa: SIM115 - a descriptor; communicate() closes it
        self.stderr = open(err, encoding="utf-8")  # noqa: SIM115
        self._told = told
        self.returncode: int | None = None
        self.pid = self._number()

    def _number(self) -> int:
        number: int = _NUMBER.unpack(os.read(self._told, _NUMBER.size))[0]
        return number

    def poll(self) -> int | None:
        """Return the exit code if it has ended."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self.returncode = self._number()
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Return the exit code when it has ended."""
        if self.returncode is None and not select.select([self._told], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("mockserver", timeout)
        code = self.poll()
        assert code is not None
        return code

    def communicate(self, timeout: float = 30) -> tuple[str, str]:
        """Return what it wrote that nobody has read, when it has ended. More than a pipe holds would never end."""
        self.wait(timeout)
        if self.stdout.closed:
            return "", ""
        with self.stdout, self.stderr:
            return self.stdout.read(), self.stderr.read()

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal if it is running."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it if it is running."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """End it if it is running, and forget it."""
        self.kill()
        self.communicate()
        os.close(self._told)


class Forker:
    """A process that has imported the command line; ``with Forker() as forker: forker.start([...], ...)``."""

    def __enter__(self) -> Forker:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from tests.cli.forked import fork; fork({theirs.fileno()})"],
                cwd=_ROOT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ours.close()
        self._process.wait(30)

    def script(self, path: Path) -> int:
        """Write ``mockserver`` for shells, which runs as a fork; return the descriptor that it must inherit.

        ``mockserver serve`` is the installed command, since signals end it.
        """
        installed = Path(sys.executable).with_name("mockserver")
        words = shlex.join(
            [sys.executable, "-IS", str(_ROOT / "tests" / "cli" / "as_fork.py"), str(self._ours.fileno())]
        )
        lines = ["#!/bin/sh", f'[ "$1" != serve ] || exec {shlex.quote(str(installed))} "$@"', f'exec {words} "$@"', ""]
        path.write_text("\n".join(lines), encoding="utf-8")
        path.chmod(0o755)
        return self._ours.fileno()

    def start(self, arguments: Sequence[str], folder: Path, environment: dict[str, str], terminal: bool) -> Forked:
        """Start a command in a folder, with exactly these variables, and a terminal for its stderr or none."""
        pipes = [os.pipe() for _ in range(3)]
        command = {"arguments": arguments, "folder": str(folder), "environment": environment, "terminal": terminal}
        socket.send_fds(self._ours, [json.dumps(command).encode()], [write for _, write in pipes])
        for _, write in pipes:
            os.close(write)
        return Forked(*(read for read, _ in pipes))


def fork(descriptor: int) -> None:
    """Fork for every requested command, until the other end of the socket is closed."""
    for name in _IMPORTED:
        importlib.import_module(name)
    _fill_caches()
    gc.freeze()  # existing objects are left alone: a fork whose collector looked at them would copy them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the processes that wait for commands are not waited for
    with socket.socket(fileno=descriptor) as connection:
        while True:
            message, pipes, _, _ = socket.recv_fds(connection, _LONGEST, 3)
            if not message:
                return
            if os.fork() == 0:
                connection.close()
                _run_and_tell(json.loads(message), *pipes)
            for pipe in pipes:
                os.close(pipe)


def _fill_caches() -> None:
    """Read and compile what every command would read and compile again: flags, schemas, stories."""
    from mockserver.cli.flags import serve_flags
    from mockserver.server.service import Service
    from mockserver.stories.book import StoryBook

    serve_flags()
    Service()
    StoryBook().known()


def _run_and_tell(command: dict[str, Any], out: int, err: int, told: int) -> None:
    """Run a command in a fork, which returns from here no more than this process does."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.dup2(out, 1)
        os.dup2(err, 2)
        for pipe in (out, err, told):
            os.close(pipe)
        _end(_run(**command))
    os.close(out)
    os.close(err)
    os.write(told, _NUMBER.pack(pid))
    os.write(told, _NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
    os._exit(0)


def _end(code: int) -> NoReturn:
    """End a fork when its threads have ended, without taking apart what it shares with this process: that copies it."""
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(arguments: list[str], folder: str, environment: dict[str, str], terminal: bool) -> int:
    from mockserver.cli import main

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run where Ctrl-C is switched off
    sys.stderr.isatty = lambda: terminal  # type: ignore[method-assign]
    return main(arguments)
