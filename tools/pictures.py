"""Run the tour and keep the pictures that the documentation shows, in ``docs/pictures``."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SHOWN: Final = ROOT / "docs" / "pictures"

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
    """Save with its 256 most frequent colours: a window of plain surfaces hardly has more."""
    # Only here: the folder's other tools run before Qt is installed.
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage

    whole = QImage(str(source)).convertToFormat(QImage.Format.Format_RGB32)
    pixels = memoryview(whole.constBits()).cast("B").cast("I")
    palette = [colour for colour, _ in Counter(pixels).most_common(256)]
    # Dithering would make a plain surface a noise that cannot be packed.
    plain = Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither
    packed = whole.convertToFormat(QImage.Format.Format_Indexed8, palette, plain)
    if not packed.save(str(target), quality=0):
        raise OSError(f"{target} cannot be written")


if __name__ == "__main__":
    sys.exit(main())
