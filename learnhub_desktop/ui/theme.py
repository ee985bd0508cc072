"""How the window looks: colours by meaning for light and dark, type sizes, row heights.

This is the only module that names a colour. Everything painted asks ``tokens()`` at paint
time, so that a change of look needs no restart and no list of widgets to tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum, StrEnum
from string import Template
from typing import Final

from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from learnhub_desktop import resources


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours by meaning. ``…_bg`` is the ground that belongs to the text colour beside it."""

    window: str
    surface: str
    rail: str
    line: str
    text: str
    soft: str
    accent: str
    on_accent: str
    selected: str
    hover: str
    good: str
    good_bg: str
    warn: str
    warn_bg: str
    bad: str
    bad_bg: str
    info: str
    info_bg: str
    idle: str
    idle_bg: str


LIGHT: Final = Tokens(
    window="#F6F7F9",
    surface="#FFFFFF",
    rail="#EEF0F4",
    line="#DDE1E7",
    text="#1B2430",
    soft="#5B6675",
    accent="#2F5BD7",
    on_accent="#FFFFFF",
    selected="#E4EBFC",
    hover="#F0F3F9",
    good="#16703F",
    good_bg="#DDF3E6",
    warn="#8A5A00",
    warn_bg="#FBEBCB",
    bad="#B3261E",
    bad_bg="#FBE0DE",
    info="#2F5BD7",
    info_bg="#E1E9FC",
    idle="#4A5563",
    idle_bg="#E6E9EE",
)
DARK: Final = Tokens(
    window="#14181E",
    surface="#1B2129",
    rail="#11151A",
    line="#2C343F",
    text="#E6EAF0",
    soft="#9AA6B5",
    accent="#7FA2FF",
    on_accent="#0E1726",
    selected="#26355A",
    hover="#222A34",
    good="#6FD49C",
    good_bg="#17392A",
    warn="#F0C063",
    warn_bg="#3B2E12",
    bad="#FF9189",
    bad_bg="#43201E",
    info="#8FB0FF",
    info_bg="#1F2E52",
    idle="#B6C0CD",
    idle_bg="#2A323D",
)


class Look(StrEnum):
    LIGHT = "light"
    DARK = "dark"


class LookSetting(StrEnum):
    """What a person chose; SYSTEM follows the desktop's own scheme."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Density(Enum):
    """The height of a table row in pixels."""

    COMFORTABLE = 36
    COMPACT = 28


TOKENS: Final = {Look.LIGHT: LIGHT, Look.DARK: DARK}
FONT_POINTS: Final = 10.0
_MARKS: Final = {
    # mark: the token that colours it
    "caret-down": "soft",
    "caret-up": "soft",
    "caret-right": "soft",
    "check": "on_accent",
    "dash": "on_accent",
    "dot": "on_accent",
}

_current = LIGHT
_density = Density.COMFORTABLE


def tokens() -> Tokens:
    """The colours in force. The look belongs to the whole process, as Qt's palette does."""
    return _current


def density() -> Density:
    return _density


def row_height() -> int:
    """The height of a table row in pixels, by the density in force."""
    return _density.value


def colour(name: str) -> QColor:
    """The colour of a token: ``colour("warn_bg")``. AttributeError for any other name."""
    value: str = getattr(_current, name)
    return QColor(value)


def set_role(widget: QWidget, **properties: str) -> None:
    """Set the dynamic properties that the style sheet selects by, and apply them at once."""
    if all(widget.property(name) == value for name, value in properties.items()):
        return
    for name, value in properties.items():
        widget.setProperty(name, value)
    # A dynamic property takes effect only when the style looks at the widget again.
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)


def readable_on(ground: QColor) -> str:
    """Black or white, whichever stands out more on a ground that is not ours to choose."""
    channels = (ground.redF(), ground.greenF(), ground.blueF())
    # Relative luminance of WCAG 2.2; both colours give a contrast of 4.58 or more at the middle.
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if luminance > 0.179 else "#FFFFFF"


class Theme(QObject):
    """Puts the chosen look on the application, and follows the desktop where asked to.

    ``scheme`` tells the desktop's colour scheme; offscreen there is none, so tests give one.
    """

    changed = Signal()

    def __init__(
        self,
        app: QApplication,
        *,
        setting: LookSetting = LookSetting.SYSTEM,
        density: Density = Density.COMFORTABLE,
        scheme: Callable[[], Qt.ColorScheme] | None = None,
    ) -> None:
        super().__init__(app)
        self._app = app
        self._scheme = scheme or app.styleHints().colorScheme
        self._folder = QTemporaryDir()
        self.setting = setting
        self.look = Look.LIGHT
        app.styleHints().colorSchemeChanged.connect(self.follow_system)
        # The style sheet's sizes are made for Fusion, which looks the same on every desktop.
        app.setStyle("Fusion")
        font = app.font()
        font.setPointSizeF(FONT_POINTS)
        app.setFont(font)
        self.choose_density(density)

    def choose(self, setting: LookSetting) -> None:
        self.setting = setting
        self._apply()

    def choose_density(self, density: Density) -> None:
        global _density
        _density = density
        # Applying the style again tells every table, as a change of look does.
        self._apply()

    def follow_system(self) -> None:
        """Look at the desktop's scheme again, unless a person chose a look."""
        if self.setting is LookSetting.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        global _current
        dark = self.setting is LookSetting.DARK or (
            self.setting is LookSetting.SYSTEM and self._scheme() == Qt.ColorScheme.Dark
        )
        self.look = Look.DARK if dark else Look.LIGHT
        _current = TOKENS[self.look]
        self._app.setPalette(palette(_current))
        self._app.setStyleSheet(style_sheet(_current, self._write_marks()))
        self.changed.emit()

    def _write_marks(self) -> str:
        """Colour the small drawings that a style sheet can only name as files."""
        for mark, token in _MARKS.items():
            drawing = Template(resources.text(f"marks/{mark}.svg"))
            # The look is part of the name because Qt caches pictures by their path.
            with open(
                self._folder.filePath(f"{self.look}-{mark}.svg"), "w", encoding="utf-8"
            ) as file:
                file.write(drawing.substitute(colour=getattr(_current, token)))
        return self._folder.filePath(self.look.value)


def style_sheet(wanted: Tokens, marks: str) -> str:
    """The style sheet with the tokens' colours; ``marks`` is the path before ``-check.svg``."""
    return Template(resources.text("look.qss")).substitute(asdict(wanted), marks=marks)


def palette(wanted: Tokens) -> QPalette:
    """Fusion's palette from the tokens, for what the style sheet does not reach."""
    role = QPalette.ColorRole
    made = QPalette()
    for name, token in {
        role.Window: wanted.window,
        role.WindowText: wanted.text,
        role.Base: wanted.surface,
        role.AlternateBase: wanted.hover,
        role.Text: wanted.text,
        role.Button: wanted.surface,
        role.ButtonText: wanted.text,
        role.BrightText: wanted.on_accent,
        role.ToolTipBase: wanted.surface,
        role.ToolTipText: wanted.text,
        role.PlaceholderText: wanted.soft,
        role.Highlight: wanted.accent,
        role.HighlightedText: wanted.on_accent,
        role.Link: wanted.accent,
        role.LinkVisited: wanted.accent,
        role.Light: wanted.surface,
        role.Midlight: wanted.hover,
        role.Mid: wanted.line,
        role.Dark: wanted.line,
        role.Shadow: wanted.line,
        role.Accent: wanted.accent,
    }.items():
        made.setColor(name, QColor(token))
    for name in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, name, QColor(wanted.soft))
    return made
