"""Tags of a course: typed with completion, taken off with a click or the Backspace key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QStringListModel, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from learnhub_desktop.domain.catalog import check_tags
from learnhub_desktop.domain.text import search_key
from learnhub_desktop.ui.widgets.chips import Chip
from learnhub_desktop.ui.widgets.fields import Field
from learnhub_desktop.ui.widgets.parts import FlowLayout

_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class TagsField(Field):
    """Enter or a comma adds what was typed; several may be pasted at once, with commas."""

    def __init__(self, tags: Iterable[str] = (), *, hint: str = "") -> None:
        self.line = QLineEdit()
        self.line.setPlaceholderText("Type a tag, then Enter")
        self.chips: list[Chip] = []
        self._tags: list[str] = []
        self._known = QStringListModel()
        super().__init__("tags", "Tags", self.line, hint=hint)
        completer = QCompleter(self._known, self.line)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.line.setCompleter(completer)
        self._shown = QWidget()
        self._flow = FlowLayout(self._shown, spacing=6)
        self._column.insertWidget(1, self._shown)
        self._show_tags(tags)
        self.line.textEdited.connect(self._on_typed)
        # The completer writes its choice into the line after it has told of it.
        completer.activated.connect(lambda _: QTimer.singleShot(0, self, self._take))

    def set_known(self, tags: Sequence[str]) -> None:
        """The tags that other courses have, for completion."""
        self._known.setStringList(list(tags))

    def value(self) -> tuple[str, ...]:
        """All tags, with the one that is still being typed."""
        return check_tags([*self._tags, *self.line.text().split(",")])

    def has_input(self) -> bool:
        return bool(self._tags or self.line.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.editor and event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            if self._steer(event):
                return True
        return super().eventFilter(watched, event)

    def _steer(self, event: QKeyEvent) -> bool:
        """Enter adds a tag before it may save the form; Backspace takes the last one off."""
        if event.key() in _ENTER and not event.modifiers() and self.line.text().strip():
            self._take()
            return True
        if event.key() == Qt.Key.Key_Backspace and not self.line.text() and self._tags:
            self._remove(self._tags[-1])
            return True
        return False

    def _on_typed(self, text: str) -> None:
        if "," in text:
            self._take()
        else:
            self._on_edited()

    def _take(self) -> None:
        """Make what was typed a tag of its own, unless it cannot be one."""
        if not self.insist():
            return
        self._show_tags(self.value())
        self.line.clear()
        self._on_edited()

    def _remove(self, tag: str) -> None:
        self._show_tags(kept for kept in self._tags if search_key(kept) != search_key(tag))
        self._on_edited()
        self.line.setFocus()

    def _show_tags(self, tags: Iterable[str]) -> None:
        self._tags = list(tags)
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.deleteLater()
        self.chips = [self._make_chip(tag) for tag in self._tags]
        for chip in self.chips:
            self._flow.addWidget(chip)
            chip.show()
        self._shown.setVisible(bool(self.chips))

    def _make_chip(self, tag: str) -> Chip:
        chip = Chip(tag, may_open=False)
        chip.cross.setAccessibleName(f"Remove the tag {tag}")
        chip.cross.setToolTip(f"Remove the tag {tag}")
        chip.removed.connect(lambda: self._remove(tag))
        return chip
