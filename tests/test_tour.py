"""The tour as a newcomer without a display sees it, and what it does when a step fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

A_STEP_THAT_FAILS = """
import sys
from pathlib import Path
from learnhub_desktop import tour
from learnhub_desktop.tour import steps

async def look_for_gold(scene):
    '''Look for what is not there.'''
    steps.check(scene.driver.window.windowTitle() == "Gold", "there is no gold")

steps.STEPS = (look_for_gold, steps.look_around)
sys.exit(tour.run(Path(sys.argv[1])))
"""


def take(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a home of its own, with ``folder`` for the pictures as the last word."""
    homes = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "LOCALAPPDATA")
    return subprocess.run(
        [sys.executable, *command, str(folder / "pictures")],
        env={**os.environ, **dict.fromkeys(homes, str(folder))},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


def test_every_step_of_the_tour_holds(tmp_path: Path) -> None:
    ended = take(tmp_path, "-m", "learnhub_desktop.cli", "tour", "--out")

    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    steps, pictures = re.findall(r"(\d+) steps held in \d+ s; (\d+) pictures", ended.stdout)[0]
    assert int(steps) == ended.stdout.count("\nok ") == 15
    assert int(pictures) == len(list((tmp_path / "pictures").glob("*.png"))) == 26


def test_a_step_that_fails_ends_it_with_a_picture_of_what_stood_there(tmp_path: Path) -> None:
    ended = take(tmp_path, "-c", A_STEP_THAT_FAILS)

    assert ended.returncode == 1
    assert "FAILED  Look for what is not there.\n        there is no gold\n" in ended.stdout
    assert "\nok " not in ended.stdout
    [picture] = (tmp_path / "pictures").glob("*.png")
    assert picture.name.endswith("failed-look_for_gold.png")
