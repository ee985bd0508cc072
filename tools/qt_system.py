"""What Qt takes from a Linux system: a few shared libraries, and fonts to draw with.

The libraries are found out by asking the loader about the installed files of Qt, so that
nothing is installed that is not missing. Debian and Ubuntu get the packages installed, after
a line that names them; on other systems the line says what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

BINDINGS: Final = ("QtCore", "QtGui", "QtWidgets", "QtNetwork", "QtSvg")

# Debian's names; Ubuntu's newer ones (libglib2.0-0t64) provide these too.
PACKAGES: Final = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}

# The scripts that Qt must be able to draw, and the Debian package that brings a font for them.
FONTS: Final = {
    "Latin": "fonts-noto-core",
    "Cyrillic": "fonts-noto-core",
    "Greek": "fonts-noto-core",
    "Arabic": "fonts-noto-core",
    "Hebrew": "fonts-noto-core",
    "Devanagari": "fonts-noto-core",
    "Thai": "fonts-noto-core",
    "SimplifiedChinese": "fonts-wqy-microhei",
    "Japanese": "fonts-wqy-microhei",
    "Korean": "fonts-wqy-microhei",
    "Emoji": "fonts-noto-color-emoji",
}

_LIST_SCRIPTS: Final = """
from PySide6.QtGui import QFontDatabase, QGuiApplication
application = QGuiApplication([])
for script in QFontDatabase.WritingSystem:
    if QFontDatabase.families(script):
        print(script.name)
if any("emoji" in family.lower() for family in QFontDatabase.families()):
    print("Emoji")
"""


class Need(NamedTuple):
    """``provide(python)`` tells whether the need is met now; it exits where nothing can run."""

    name: str
    provide: Callable[[Path], bool]


def needs(*, pictures: bool) -> Iterator[Need]:
    """Yield what the program needs here; ``pictures`` when windows are drawn to files too."""
    yield Need("qt-offscreen", partial(_provide_libraries, platform="offscreen"))
    if os.environ.get("WAYLAND_DISPLAY"):
        yield Need("qt-wayland", partial(_provide_libraries, platform="wayland"))
    elif os.environ.get("DISPLAY"):
        yield Need("qt-xcb", partial(_provide_libraries, platform="xcb"))
    else:
        pictures = True
    if pictures:
        yield Need("fonts", _provide_fonts)


def _provide_libraries(python: Path, *, platform: str) -> bool:
    missing = _missing_libraries(python, platform)
    if not missing:
        return True
    unknown = sorted(missing - PACKAGES.keys())
    if unknown or not _has_apt():
        sys.exit(f"Qt needs these libraries of the system: {', '.join(sorted(missing))}.")
    packages = sorted({PACKAGES[library] for library in missing})
    problem = _install(packages, "which Qt needs to start")
    if problem or _missing_libraries(python, platform):
        sys.exit(problem or "Qt still does not find its libraries; see `ldd` on its plug-ins.")
    return True


def _missing_libraries(python: Path, platform: str) -> set[str]:
    qt = next(python.parent.parent.glob("lib/python3*/site-packages/PySide6"))
    files: list[Path] = [
        *(qt / f"{binding}.abi3.so" for binding in BINDINGS),
        qt / f"Qt/plugins/platforms/libq{platform}.so",
    ]
    seen = subprocess.run(
        ["ldd", *map(str, files)], capture_output=True, text=True, check=False
    ).stdout
    return {line.split()[0] for line in seen.splitlines() if line.endswith("not found")}


def _provide_fonts(python: Path) -> bool:
    """Install what is missing if that may be done; without it letters are boxes, no more."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [str(python), "-W", "error", "-c", _LIST_SCRIPTS]
    listed = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment
    ).stdout.split()
    missing = [script for script in FONTS if script not in listed]
    if not missing:
        return True
    if not _has_apt():
        print(f"No font for {', '.join(missing)} here: some letters will be boxes.")
        return True
    packages = sorted({FONTS[script] for script in missing})
    problem = _install(packages, f"fonts for {', '.join(missing)}")
    if problem:
        print(f"{problem} Until then some letters are boxes in pictures.")
    return not problem


def _has_apt() -> bool:
    return shutil.which("apt-get") is not None


def _install(packages: list[str], purpose: str) -> str | None:
    """Install Debian packages, saying so first; return what to tell if that was not possible."""
    names = " ".join(packages)
    by_hand = f"apt-get install --no-install-recommends {names}"
    if os.geteuid() == 0:
        prefix = []
    elif shutil.which("sudo") and (sys.stdin.isatty() or _quietly(["sudo", "-n", "true"])):
        prefix = ["sudo"]
    else:
        return f"Please run once as root: {by_hand} ({purpose})."
    print(f"Installing from the system's packages: {names} ({purpose}) ...", flush=True)
    apt_get = [
        *(*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"),
        *("-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"),
    ]
    install = [*apt_get, "install", "-y", "--no-install-recommends", *packages]
    # The lists may be empty (a fresh container) or old; a mirror may fail for a moment.
    for _attempt in range(2):
        if _quietly(install):
            return None
        _quietly([*apt_get, "update"])
    final = subprocess.run(install, capture_output=True, text=True, check=False)
    if final.returncode == 0:
        return None
    return f"The system's package manager failed; please run: {by_hand}\n{final.stderr.strip()}\n"


def _quietly(command: list[str]) -> bool:
    finished = subprocess.run(command, capture_output=True, check=False)
    return finished.returncode == 0
