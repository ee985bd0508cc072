from dataclasses import fields

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QApplication, QLabel

from learnhub_desktop import resources
from learnhub_desktop.ui import icons
from learnhub_desktop.ui import theme as looks
from learnhub_desktop.ui.theme import DARK, LIGHT, Look, LookSetting, Theme
from learnhub_desktop.ui.widgets.messages import _ICONS

GROUNDS = ("window", "surface", "rail", "selected", "hover")
PAIRS = [
    *((text, ground) for text in ("text", "soft", "accent") for ground in GROUNDS),
    *((tone, f"{tone}_bg") for tone in ("good", "warn", "bad", "info", "idle")),
    *((tone, ground) for tone in ("good", "warn", "bad", "info", "idle") for ground in GROUNDS),
    ("on_accent", "accent"),
    ("info", "selected"),
    ("soft", "idle_bg"),
]


def luminance(colour: QColor) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(c) for c in (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    lights = sorted((luminance(QColor(first)), luminance(QColor(second))))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("text, ground", PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_text_stands_out_from_its_ground(tokens, text, ground):
    assert contrast(getattr(tokens, text), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("ground", ["#000000", "#777777", "#7A1FA2", "#FFEB3B", "#00FF00", "#FFF"])
def test_text_on_a_servers_own_colour_can_be_read(ground):
    assert contrast(looks.readable_on(QColor(ground)), ground) >= 4.5


@pytest.fixture
def own_theme(qapp, theme):
    """The session's theme, as it begins, and put back after the test."""
    theme.choose(LookSetting.SYSTEM)
    yield theme
    theme.choose(LookSetting.SYSTEM)


@pytest.mark.parametrize(
    "setting, look",
    [
        (LookSetting.SYSTEM, Look.LIGHT),
        (LookSetting.DARK, Look.DARK),
        (LookSetting.LIGHT, Look.LIGHT),
    ],
)
def test_the_look_follows_the_setting(own_theme, setting, look):
    own_theme.choose(setting)
    assert own_theme.look is look
    assert looks.tokens() is looks.TOKENS[look]
    assert QApplication.palette().window().color().name() == looks.tokens().window.lower()


def test_the_systems_scheme_is_followed_unless_a_look_was_chosen(own_theme, monkeypatch):
    scheme = [Qt.ColorScheme.Dark]
    monkeypatch.setattr(own_theme, "_scheme", lambda: scheme[0])
    own_theme.follow_system()
    assert own_theme.look is Look.DARK
    own_theme.choose(LookSetting.LIGHT)
    own_theme.follow_system()
    assert own_theme.look is Look.LIGHT


def test_a_change_of_look_repaints_what_stands(own_theme, qtbot):
    label = QLabel("text")
    qtbot.addWidget(label)
    label.setProperty("ground", "surface")
    label.show()
    light = label.grab().toImage().pixelColor(label.width() - 1, label.height() - 1)
    own_theme.choose(LookSetting.DARK)
    dark = label.grab().toImage().pixelColor(label.width() - 1, label.height() - 1)
    assert (light.lightness() > 200, dark.lightness() < 80) == (True, True)


def colours(icon: QIcon) -> set[str]:
    image = icon.pixmap(QSize(24, 24)).toImage()
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


def test_icons_take_the_colour_of_the_look_in_force(own_theme):
    icon = icons.icon("credit-card", "bad")
    assert colours(icon) == {LIGHT.bad.lower()}
    own_theme.choose(LookSetting.DARK)
    assert colours(icon) == {DARK.bad.lower()}


def test_an_icon_stands_in_the_middle_of_its_square(theme):
    image = icons.icon("circle").pixmap(QSize(32, 32)).toImage()
    drawn = [
        (x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() > 40
    ]
    edges = (min(x for x, _ in drawn), min(y for _, y in drawn))
    far = (31 - max(x for x, _ in drawn), 31 - max(y for _, y in drawn))
    assert abs(edges[0] - far[0]) <= 1
    assert abs(edges[1] - far[1]) <= 1


def test_an_unknown_icon_fails_loudly(theme):
    with pytest.raises(KeyError):
        icons.icon("no-such-icon")


def test_every_icon_of_messages_exists(theme):
    for name in _ICONS.values():
        icons.icon(name)


def test_the_style_sheet_names_no_colour_of_its_own():
    sheet = resources.text("look.qss")
    assert "#" not in sheet
    assert "rgb" not in sheet


def test_the_style_sheet_uses_only_known_tokens():
    filled = looks.style_sheet(LIGHT, "/marks/light")
    assert "$" not in filled.partition("*/")[2]  # the first comment explains the mark
    assert {field.name for field in fields(LIGHT)} == {field.name for field in fields(DARK)}


def test_a_missing_resource_is_named():
    with pytest.raises(FileNotFoundError, match="no-such-file"):
        resources.path("no-such-file.svg")
    assert resources.path("icons/learnhub.svg").is_file()


def test_one_theme_is_enough(theme, qapp):
    assert isinstance(theme, Theme)
    assert qapp.font().pointSizeF() == 10.0
