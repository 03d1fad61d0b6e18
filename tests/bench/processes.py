"""Child processes, each on a core of its own, that take commands and give answers as lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "Child", "cores", "pin"]

ROOT = Path(__file__).parents[2]
_END_S = 10


def cores() -> tuple[int | None, int | None]:
    """Return one core for servers and another for load; None where cores cannot be chosen or there is only one."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def pin(core: int | None) -> None:
    """Keep this process on a core."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


class Child:
    """A module of this package that runs in a process of its own and ends when its input does.

    Args:
        module: Its name.
        core: The core it keeps to.
        *arguments: Its further arguments.

    Attributes:
        ready: Its first answer.
    """

    def __init__(self, module: str, core: int | None, *arguments: str) -> None:
        command = [sys.executable, "-m", f"tests.bench.{module}", str(-1 if core is None else core), *arguments]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.ready = self._answer()

    def ask(self, **command: Any) -> Any:
        """Give a command and return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def end(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *raised: object) -> None:
        self.end()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a child process ended with {self._process.wait(_END_S)}, see above")
        return json.loads(line)
