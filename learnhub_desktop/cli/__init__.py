"""`learnhub`: the services of LearnHub without a window."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 done, 1 refused, 2 wrong use, 3 database not reachable, 4 outcome unknown, 70 a bug of
    ours, 130 stopped by Ctrl-C.
    """
    try:
        from learnhub_desktop.cli.running import run

        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        # Ctrl-C while the program was still loading.
        sys.stderr.write("Stopped before it began.\n")
        return 130
