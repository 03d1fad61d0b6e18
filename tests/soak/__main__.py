"""Send hostile requests to a server that it starts, for about ten minutes: ``make soak``, or ``python tests/soak``.

The exit code is 0 if the server kept its promises: no 5xx, an answer to every request for which HTTP requires one,
memory below the ceiling, and every answered request of the API in the journal or counted as evicted.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.soak.soak import soak


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/soak", description="Send hostile requests to a server that it starts.")
    parser.add_argument("--requests", type=int, default=1_000_000, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="makes them repeatable (default: %(default)s)")
    options = parser.parse_args()
    result = asyncio.run(soak(options.requests, options.seed, tell=lambda line: print(line, flush=True)))
    print(result.table())
    sys.exit(0 if not result.wrong else 1)


if __name__ == "__main__":
    main()
