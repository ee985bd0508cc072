"""Run the tour and keep the pictures that the documentation shows, in ``docs/pictures``."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SHOWN: Final = ROOT / "docs" / "pictures"
_COLOURS: Final = 256
_SURFACES: Final = 96
_VISIBLE: Final = 20

# The tour's name for a picture, without its number, and the documentation's.
NAMES: Final = {
    "catalog": "catalog",
    "students": "students",
    "payments": "payments",
    "alerts": "alerts",
    "alerts-dark": "alerts-dark",
    "enrol-dialog": "enrol",
    "refund-dialog": "refund",
    "access": "access",
    "subscriptions": "subscriptions",
    "jobs": "jobs",
}


def main() -> int:
    made = ROOT / "build" / "tour"
    command = [str(Path(sys.executable).parent / "learnhub"), "tour", "--out", str(made)]
    if subprocess.run(command, cwd=ROOT).returncode:
        return 1
    SHOWN.mkdir(parents=True, exist_ok=True)
    for source, name in NAMES.items():
        [picture] = made.glob(f"[0-9][0-9]-{source}.png")
        _shrink(picture, SHOWN / f"{name}.png")
        print(f"docs/pictures/{name}.png")
    return 0


def _shrink(source: Path, target: Path) -> None:
    """Save with 256 colours: a window of plain surfaces hardly has more."""
    # Only here: the folder's other tools run before Qt is installed.
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage

    whole = QImage(str(source)).convertToFormat(QImage.Format.Format_RGB32)
    pixels = memoryview(whole.constBits()).cast("B").cast("I")
    palette = _palette([colour for colour, _ in Counter(pixels).most_common()])
    # Dithering would make a plain surface a noise that cannot be packed.
    plain = Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither
    packed = whole.convertToFormat(QImage.Format.Format_Indexed8, palette, plain)
    if not packed.save(str(target), quality=0):
        raise OSError(f"{target} cannot be written")


def _palette(ranked: list[int]) -> list[int]:
    """The most frequent colours, then those that nothing chosen comes near: a single red word
    would else be painted in the next best brown."""
    chosen = ranked[:_SURFACES]
    for colour in ranked[_SURFACES:]:
        if len(chosen) == _COLOURS:
            break
        if all(_distance(colour, other) >= _VISIBLE for other in chosen):
            chosen.append(colour)
    return chosen


def _distance(one: int, other: int) -> int:
    """The largest difference in red, green or blue."""
    return max(abs((one >> shift & 255) - (other >> shift & 255)) for shift in (0, 8, 16))


if __name__ == "__main__":
    sys.exit(main())
