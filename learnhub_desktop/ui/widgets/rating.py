"""One to five stars, by mouse, arrows or the keys 1 to 5."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.ui import icons
from learnhub_desktop.ui.widgets.fields import Field
from learnhub_desktop.ui.widgets.parts import label

STARS: Final = 5
_SIZE: Final = QSize(22, 22)
_WORDS: Final = ("", "poor", "fair", "good", "very good", "excellent")
_KEYS: Final = {
    Qt.Key.Key_1: 1,
    Qt.Key.Key_2: 2,
    Qt.Key.Key_3: 3,
    Qt.Key.Key_4: 4,
    Qt.Key.Key_5: 5,
}


class Stars(QWidget):
    """One stop for the Tab key; 0 is not rated yet.

    Signals:
        rated: The number of stars.
    """

    rated = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rating = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._buttons: list[QToolButton] = []
        self._words: QLabel = label(part="soft")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for number in range(1, STARS + 1):
            star = QToolButton()
            star.setIconSize(_SIZE)
            star.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            star.setAccessibleName(f"{number} of {STARS}")
            star.setToolTip(f"{number} of {STARS}, {_WORDS[number]} ({number})")
            star.clicked.connect(lambda _checked=False, number=number: self.rate(number))
            self._buttons.append(star)
            row.addWidget(star)
        row.addSpacing(8)
        row.addWidget(self._words, 1)
        self._show()

    def rate(self, rating: int) -> None:
        self.rating = min(max(rating, 1), STARS)
        self._show()
        self.rated.emit(self.rating)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in _KEYS:
            self.rate(_KEYS[Qt.Key(key)])
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Up):
            self.rate(self.rating + 1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Down):
            self.rate(self.rating - 1)
        else:
            super().keyPressEvent(event)

    def _show(self) -> None:
        for number, star in enumerate(self._buttons, start=1):
            is_lit = number <= self.rating
            star.setIcon(
                icons.icon("star-fill" if is_lit else "star", "warn" if is_lit else "soft")
            )
        said = f"{self.rating} of {STARS}, {_WORDS[self.rating]}" if self.rating else "not rated"
        self._words.setText(said)
        self.setAccessibleDescription(said)


class RatingField(Field):
    def __init__(self, name: str, label_text: str, *, rating: int = 0) -> None:
        self.stars = Stars()
        super().__init__(name, label_text, self.stars, hint="Press 1 to 5.")
        if rating:
            self.stars.rate(rating)
        self.stars.rated.connect(self._on_edited)

    def value(self) -> int:
        if not self.stars.rating:
            raise InvalidInput(self.name, "Choose one to five stars.")
        return self.stars.rating

    def has_input(self) -> bool:
        return self.stars.rating > 0
