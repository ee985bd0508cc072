"""Make servers ready or start one by hand, outside a test.

``python -m tests.servers`` finds or unpacks both, a line each; exit code 1 if one is missing.
``python -m tests.servers mysql`` starts one, says its address, and keeps it until Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import sys

from tests.servers.private import PrivateServer
from tests.servers.programs import KINDS, NAMES, Kind, ServerMissing, find
from tests.servers.server import named


def main() -> int:
    arguments = sys.argv[1:]
    for kind in KINDS:
        if arguments == [kind]:
            return _run(kind)
    if arguments:
        print(f"Usage: python -m tests.servers [{' | '.join(KINDS)}]", file=sys.stderr)
        return 2
    for kind in KINDS:
        if url := os.environ.get(f"LEARNHUB_TEST_{kind.upper()}_URL"):
            server = named(kind, url)
            print(f"{NAMES[kind]} {server.version} runs at {server.host}:{server.port}.")
        else:
            program = find(kind)
            print(f"{NAMES[kind]} {program.version} is {program.path}.", flush=True)
    return 0


def _run(kind: Kind) -> int:
    with PrivateServer(kind) as server:
        print(f"{NAMES[kind]} {server.version} runs at {server.url()}; Ctrl-C ends it.", flush=True)
        # A shell that starts this in the background leaves Ctrl-C ignored.
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, lambda *_: sys.exit(0))
        signal.pause()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ServerMissing as missing:
        sys.exit(str(missing))
