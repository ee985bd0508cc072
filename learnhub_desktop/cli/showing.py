"""`learnhub sample` and `learnhub tour`: a school to look at, and a look at it."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

from learnhub_desktop import opening, settings
from learnhub_desktop.cli.terminal import Done, ExitCode, Terminal
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.sample import make_sample

_PICTURE: Final = re.compile(r"\d\d+-[\w-]+\.png")


def sample(options: Namespace, terminal: Terminal) -> Done:
    """Make the sample school, unless it is there already."""
    path = settings.sample_path()
    values = {"path": path, "database": opening.SAMPLE}
    if path.exists() and not options.again:
        return Done(
            {**values, "made": False},
            (f"The sample school is there already: {path}", "`--again` makes it anew."),
        )
    make_sample(path, books=settings.books_folder(), progress=terminal.progress("Sample school"))
    return Done(
        {**values, "made": True},
        (f"Made the sample school: {path}", "Use it with `--database sample`."),
    )


def tour(options: Namespace, terminal: Terminal) -> Done:
    """Drive the real window through its widgets; the pictures are in the folder afterwards."""
    out = Path(options.out)
    _check_folder(out)
    # The only command that needs Qt, which takes longer to load than all else together.
    from learnhub_desktop import tour as window_tour

    if terminal.as_json:
        with redirect_stdout(sys.stderr):
            code = window_tour.run(out)
    else:
        code = window_tour.run(out)
    if code == 0:
        return Done({"out": out})
    return Done(
        {"out": out}, code=ExitCode.REFUSED, problem="The tour ended at a step that failed."
    )


def _check_folder(out: Path) -> None:
    """The tour empties its folder first, so nothing of a person's may lie there."""
    if out.exists() and not out.is_dir():
        raise InvalidInput("out", f"{out} is a file. Name a folder for the pictures.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        others = any(not _PICTURE.fullmatch(path.name) for path in out.iterdir())
    except OSError as error:
        raise InvalidInput("out", f"{out} cannot be used: {error.strerror}.") from error
    if others:
        raise InvalidInput(
            "out", f"{out} holds more than pictures of a tour. Name a new folder, or an empty one."
        )
