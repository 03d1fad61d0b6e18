"""Be a command as its fork: ``python -IS as_fork.py SOCKET ARGUMENT...`` ends as ``mockserver ARGUMENT...`` does.

The socket is a number, of one that leads to a :class:`tests.cli.forked.Forker` and is inherited. What is written goes
where this process would write it. Nothing can be read from stdin, and signals are not passed on.
"""

from __future__ import annotations

import json
import os
import socket
import sys


def main() -> int:
    forker, *arguments = sys.argv[1:]
    read, told = os.pipe()
    folder = os.getcwd()  # noqa: PTH109 - pathlib takes longer to import than all of this
    command = {"arguments": arguments, "folder": folder, "environment": dict(os.environ), "terminal": False}
    with socket.socket(fileno=int(forker)) as ours:
        socket.send_fds(ours, [json.dumps(command).encode()], [1, 2, told])
    os.close(told)
    os.read(read, 4)  # its process id
    code = os.read(read, 4)
    if not code:
        sys.exit("the process that forks commands has ended")
    return int.from_bytes(code, sys.byteorder, signed=True)


if __name__ == "__main__":
    sys.exit(main())
