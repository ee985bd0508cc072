import os
import subprocess
import sys
import textwrap

import pytest

from learnhub_desktop.ui import loop


@pytest.mark.parametrize(
    "binding, python, lost",
    [("6.11.3", (3, 11), 200), ("6.12.0", (3, 12), 200), ("6.12.1", (3, 11), 0)],
)
def test_a_sound_binding_is_accepted(binding, python, lost):
    loop.check_binding(binding=binding, python=python, lost_references=lambda: lost)


def test_a_binding_that_loses_references_is_refused_in_one_sentence():
    with pytest.raises(loop.UnsoundBinding, match=r"^PySide6 6\.12\.0 breaks down on Python") as no:
        loop.check_binding(binding="6.12.0", python=(3, 11), lost_references=lambda: 200)
    assert "\n" not in str(no.value)


def test_the_installed_binding_is_sound():
    assert abs(loop._lost_references()) < 50
    loop.check_binding()


PROGRAM = """
    import asyncio, sys
    from PySide6.QtWidgets import QApplication, QWidget
    from learnhub_desktop.ui import loop

    async def main():
        widget = QWidget()
        widget.show()
        widget.close()
        await asyncio.sleep(0.01)  # the last window is gone, the loop must not be
        asyncio.get_running_loop().call_exception_handler({"message": "odd"})
        return 3

    sys.excepthook = lambda kind, error, trace: print("hook:", kind.__name__, error)
    app = QApplication([])
    print("status", loop.run(app, main))
"""


def test_the_loop_outlives_its_last_window_and_tells_its_errors():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.stdout.splitlines() == ["hook: RuntimeError odd", "status 3"], done.stderr
