"""The tab bar at the left: every page the account may see, as icon and name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from learnhub_desktop.ui import icons
from learnhub_desktop.ui.widgets.parts import with_shortcut

WIDE: Final = 196
NARROW: Final = 56
_ENTRY_HEIGHT: Final = 36
_KEY = Qt.ItemDataRole.UserRole
_NAME = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    name: str
    icon: str
    shortcut: str = ""


class Rail(QListWidget):
    """Signals:
    chosen: The key of the page that a person wants to see.
    """

    chosen = Signal(str)

    def __init__(self, entries: Iterable[Entry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "rail")
        self.setAccessibleName("Pages")
        self.setIconSize(QSize(18, 18))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        for entry in entries:
            item = QListWidgetItem(icons.icon(entry.icon), entry.name)
            item.setData(_KEY, entry.key)
            item.setData(_NAME, entry.name)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, entry.name)
            item.setToolTip(with_shortcut(entry.name, entry.shortcut))
            item.setSizeHint(QSize(0, _ENTRY_HEIGHT))
            self.addItem(item)
        self._is_narrow = False
        self.set_narrow(False)
        self.currentItemChanged.connect(self._on_current_changed)
        # The entry of a page leads back to it from the pages beneath, where it is marked too.
        self.itemClicked.connect(self._on_current_changed)

    def keys(self) -> list[str]:
        return [str(self.item(row).data(_KEY)) for row in range(self.count())]

    def show_chosen(self, key: str) -> None:
        """Mark a page without choosing it again."""
        self.blockSignals(True)
        if key in self.keys():
            self.setCurrentRow(self.keys().index(key))
        self.blockSignals(False)
        self.viewport().update()

    def set_narrow(self, is_narrow: bool) -> None:
        """Show icons only, where the window is too narrow for names."""
        self._is_narrow = is_narrow
        self.setFixedWidth(NARROW if is_narrow else WIDE)
        for row in range(self.count()):
            item = self.item(row)
            item.setText("" if is_narrow else str(item.data(_NAME)))

    @property
    def is_narrow(self) -> bool:
        return self._is_narrow

    def _on_current_changed(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(str(item.data(_KEY)))
