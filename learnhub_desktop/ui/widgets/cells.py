"""How a table's cells are painted: text, badges, bars, and what is not loaded yet."""

from __future__ import annotations

from typing import Any, Final, cast

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from learnhub_desktop.models.columns import RIGHT, Kind, Tone
from learnhub_desktop.models.formats import NOTHING
from learnhub_desktop.models.window_model import WindowModel
from learnhub_desktop.ui import theme

PAD: Final = 10
BADGE_HEIGHT: Final = 22
BADGE_PAD: Final = 10
_BAR_HEIGHT: Final = 6
_PERCENT_WIDTH: Final = 44
_MOST_FITTED: Final = 5_000
_CENTRE: Final = Qt.AlignmentFlag.AlignCenter
# Lengths of the soft bars, so that rows that load do not look like a drawn grid.
_BAR_SHARES: Final = (0.62, 0.48, 0.74, 0.55, 0.68)
Index = QModelIndex | QPersistentModelIndex


class _Paints:
    """The look's colours as Qt wants them, made once a look instead of once a cell."""

    def __init__(self, tokens: theme.Tokens) -> None:
        self.tokens = tokens
        self.text = QColor(tokens.text)
        self.soft = QColor(tokens.soft)
        self.line = QColor(tokens.line)
        self.selected = QColor(tokens.selected)
        self.hover = QColor(tokens.hover)
        self.accent = QColor(tokens.accent)
        self.idle_bg = QColor(tokens.idle_bg)
        self.tones = {
            tone: (theme.colour(tone.value), theme.colour(f"{tone.value}_bg")) for tone in Tone
        }


def equal_digits(font: QFont) -> QFont:
    """The font with digits of one width, so that amounts line up below each other."""
    made = QFont(font)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


class CellDelegate(QStyledItemDelegate):
    """Paints every cell of a table from the model's ready lines.

    Asking the model's ``line`` once a cell is cheaper than the seven ``data()`` calls of
    Qt's own delegate, and leaves busy worker threads fewer chances to hold the painting up.
    """

    def __init__(self, model: WindowModel[Any], view: QAbstractItemView) -> None:
        super().__init__(view)
        self.hover_row = -1
        self.all_rows_selected = False
        self._model = model
        self._kinds = tuple(column.kind for column in model.columns)
        self._aligns = tuple(column.alignment for column in model.columns)
        self._paints = _Paints(theme.tokens())
        self._fitting: dict[tuple[str, int], str] = {}

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        paints = self._paints
        if paints.tokens is not theme.tokens():
            self._paints = paints = _Paints(theme.tokens())
        rect = option.rect
        row, column = index.row(), index.column()
        if self.all_rows_selected or option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, paints.selected)
        elif row == self.hover_row:
            painter.fillRect(rect, paints.hover)
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), 1, paints.line)
        line = self._model.line(row)
        inside = rect.adjusted(PAD, 0, -PAD, -1)
        if line is None:
            self._paint_missing(painter, inside, row, column)
            return
        text = line.texts[column]
        kind = self._kinds[column]
        if kind is Kind.BADGE and text != NOTHING:
            tone = cast(Tone, line.extras[column])
            paint_badge(painter, inside, text, *paints.tones[tone])
        elif kind is Kind.PERCENT_BAR and text != NOTHING:
            self._paint_bar(painter, inside, text, cast(float, line.extras[column]))
        else:
            painter.setPen(paints.soft if text == NOTHING else paints.text)
            width = inside.width()
            shown = self._fitting.get((text, width))
            if shown is None:
                shown = self._fit(option.fontMetrics, text, width)
            painter.drawText(inside, self._aligns[column], shown)

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        """Show the cell's longer form, or its whole text where it is cut off."""
        tip = str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
        if not tip and index.isValid():
            text = str(index.data() or "")
            room = view.visualRect(index).width() - 2 * PAD
            tip = text if view.fontMetrics().horizontalAdvance(text) > room else ""
        QToolTip.showText(event.globalPos(), tip, view.viewport())
        return True

    def _fit(self, metrics: QFontMetrics, text: str, width: int) -> str:
        """The text as far as it fits. Measuring it costs as much as painting it, so it is kept."""
        if len(self._fitting) > _MOST_FITTED:
            self._fitting.clear()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        self._fitting[text, width] = shown
        return shown

    def _paint_missing(self, painter: QPainter, inside: QRect, row: int, column: int) -> None:
        width = int(inside.width() * _BAR_SHARES[(row * 3 + column * 7) % len(_BAR_SHARES)])
        left = inside.x()
        if self._aligns[column] & Qt.AlignmentFlag.AlignRight:
            left = inside.right() - width
        _rounded(painter, QRectF(left, inside.center().y() - 4, width, 9), self._paints.idle_bg)

    def _paint_bar(self, painter: QPainter, inside: QRect, text: str, share: float) -> None:
        paints = self._paints
        painter.setPen(paints.text)
        number = QRect(inside)
        number.setWidth(_PERCENT_WIDTH)
        painter.drawText(number, RIGHT, text)
        track = QRectF(inside.adjusted(_PERCENT_WIDTH + 8, 0, 0, 0))
        track = QRectF(track.x(), track.center().y() - _BAR_HEIGHT / 2, track.width(), _BAR_HEIGHT)
        _rounded(painter, track, paints.idle_bg)
        if share > 0:
            full = paints.tones[Tone.GOOD][0] if share >= 1 else paints.accent
            # Shorter than its own round ends it would be drawn as a dented dot.
            track.setWidth(max(_BAR_HEIGHT, track.width() * share))
            _rounded(painter, track, full)


def paint_badge(painter: QPainter, inside: QRect, text: str, ink: QColor, ground: QColor) -> None:
    """A word on a coloured ground, at the left of ``inside`` and never wider than it."""
    metrics = painter.fontMetrics()
    room = inside.width() - 2 * BADGE_PAD
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    width = metrics.horizontalAdvance(shown) + 2 * BADGE_PAD
    top = inside.y() + (inside.height() - BADGE_HEIGHT) // 2
    # The ground begins left of the column's text edge, so that the words stand in line.
    box = QRect(inside.x() - 2, top, width, BADGE_HEIGHT)
    _rounded(painter, QRectF(box), ground)
    painter.setPen(ink)
    painter.drawText(box, _CENTRE, shown)


def _rounded(painter: QPainter, box: QRectF, ground: QColor) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    # Left on, it would blur the thin line below the next cell.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
