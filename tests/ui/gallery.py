"""Pictures of the window's parts in every look and size, for the eyes of who changes them.

``python -m tests.ui.gallery FOLDER`` writes them.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_API"] = "pyside6"

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QCoreApplication, QPoint, QSize, Qt
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.changes import Changes, Touched, Undo
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.models.columns import Tone
from learnhub_desktop.ui import loop
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.main_window import MainWindow, PageEntry
from learnhub_desktop.ui.store import MemoryStore
from learnhub_desktop.ui.tasks import Failure
from learnhub_desktop.ui.theme import Density, LookSetting, Theme
from learnhub_desktop.ui.widgets.fields import (
    AmountField,
    CheckField,
    ChoiceField,
    DateField,
    NoteField,
    NumberField,
    TextField,
)
from tests.ui.made_up import (
    NOW,
    TONES,
    MadeUpDatabase,
    MadeUpList,
    make_sale,
)
from tests.ui.sales_page import SalesPage

MADE_UP = MadeUpList([make_sale(number) for number in range(4_821, 0, -1)])


def other_page(key: str, title: str, icon: str) -> PageEntry:
    class Other(SalesPage):
        pass

    Other.key, Other.title, Other.icon, Other.action_table = key, title, icon, ()
    Other.right, Other.empty_action = None, ""
    return PageEntry(Other, lambda desk: Other(desk, MADE_UP))


def make_page(desk: Desk) -> SalesPage:
    return SalesPage(desk, MADE_UP)


PAGES = (
    other_page("catalog", "Catalog", "books"),
    other_page("students", "Students", "graduation-cap"),
    PageEntry(SalesPage, make_page),
    other_page("alerts", "Fraud alerts", "shield-warning"),
    other_page("subscriptions", "Subscriptions", "arrows-clockwise"),
    other_page("reconciliation", "Reconciliation", "scales"),
    other_page("reports", "Reports", "chart-line"),
    other_page("jobs", "Jobs", "clock"),
    other_page("people", "People", "users"),
    other_page("audit", "Audit", "clipboard-text"),
)


class Gallery:
    def __init__(self, theme: Theme, folder: Path) -> None:
        self.theme = theme
        self.folder = folder
        bridge = Bridge(cast(Any, MadeUpDatabase()))
        self.window = MainWindow(
            bridge,
            MadeUpDatabase().actor(),
            PAGES,
            theme=theme,
            store=MemoryStore(),
            clock=lambda: NOW,
            zone=UTC,
        )
        self.page: SalesPage = cast(SalesPage, None)

    async def until(self, condition: Callable[[], object]) -> None:
        for _ in range(1_000):
            if condition():
                break
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.15)

    async def shoot(self, name: str, widget: QWidget | None = None) -> None:
        await asyncio.sleep(0.05)
        (widget or self.window).grab().save(str(self.folder / f"{name}-{self.theme.look}.png"))

    async def start(self) -> None:
        self.window.show()
        self.window.show_page("payments")
        self.page = cast(SalesPage, self.window.page)
        await self.until(lambda: self.page.list.counts.total)
        self.page.table.setFocus()
        self.page.table.go_to(2)
        await self.until(lambda: self.page.side.panel and self.page.side.panel.offers)

    async def windows(self) -> None:
        for size in (QSize(1280, 800), QSize(1920, 1080), QSize(1024, 680)):
            self.window.resize(size)
            query = ListQuery("payments", sort=self.page.sort)
            self.page.list.show(
                query.with_filter("state", *tuple(TONES)[:6])
                .with_filter("made", "2024-02-01", "2024-02-07")
                .with_filter("student", "7", "Łukasz Zieliński")
            )
            await self.until(lambda: self.page.list.counts.total)
            self.page.table.go_to(2)
            self.window.messages.outcome(
                Changes(
                    Touched.PAYMENTS,
                    "Refunded 49.00 USD to Ola Nordmann. Access to Python Basics has ended.",
                    undo=Undo("x"),
                )
            )
            await self.until(lambda: self.page.side.panel and self.page.side.panel.offers)
            await self.shoot(f"window-{size.width()}")

    async def states(self) -> None:
        window, page = self.window, self.page
        window.resize(1280, 800)
        window.band.say("Simulated gateway: no real money moves here.")
        self.theme.choose_density(Density.COMPACT)
        page.table.head.set_shown("progress", True)
        page.list.show(ListQuery("payments", sort=page.sort))
        window.messages.fail(
            Failure(DatabaseUnavailable("db1 cannot be reached. Nothing was changed."), print)
        )
        window.messages.note("Copied 3 rows.")
        window.messages.show_connection("learnhub@db1 · M. Lind · finance", is_reachable=False)
        await self.until(lambda: page.list.counts.total)
        page.table.select_numbers([3, 4, 5], 5)
        await asyncio.sleep(0.2)
        await self.shoot("states-compact")
        self.theme.choose_density(Density.COMFORTABLE)
        window.band.say("PRODUCTION · Nordic School", "#7A1FA2")
        page.list.show(page.list.query.with_text("nobody at all"))
        await asyncio.sleep(0.4)
        await self.shoot("states-no-match")
        rows, MADE_UP.rows = MADE_UP.rows, []
        page.list.show(ListQuery("payments"))
        await asyncio.sleep(0.4)
        await self.shoot("states-empty")
        MADE_UP.rows = rows
        MADE_UP.gate.clear()
        page.list.show(ListQuery("payments"))
        await asyncio.sleep(0.5)
        await self.shoot("states-loading")
        MADE_UP.error = DatabaseUnavailable("The server db1 cannot be reached.")
        MADE_UP.gate.set()
        await asyncio.sleep(0.3)
        await self.shoot("states-failed")
        MADE_UP.error = None
        page.list.reload()
        await self.until(lambda: page.list.counts.total)
        window.band.say("")

    async def popups(self) -> None:
        window, page = self.window, self.page
        page.table.setFocus()
        for name in ("state", "made", "amount"):
            popup = page.chips.open_editor(name, page.chips.add_button)
            await self.shoot(f"popup-{name}", popup)
            popup.close()
        page.chips.open_menu()
        await self.shoot("popup-menu", QApplication.activePopupWidget())
        cast(QWidget, QApplication.activePopupWidget()).close()
        for title, menu in window.menus._menus.items():
            menu.popup(window.mapToGlobal(QPoint(0, 20)))
            await self.shoot(f"menu-{title}", menu)
            menu.close()
        window.messages.open_list()
        await self.shoot("popup-messages", QApplication.activePopupWidget())
        cast(QWidget, QApplication.activePopupWidget()).close()
        for name in ("shortcuts", "about"):
            window.command(name)
            dialog = cast(
                QWidget, QApplication.activeModalWidget() or window.findChildren(QWidget)[-1]
            )
            await asyncio.sleep(0.05)
            await self.shoot(f"dialog-{name}", dialog)
            dialog.close()

    async def dialog(self) -> None:
        dialog = FormDialog("Refund payment 4816", "Refund 49.00 USD", self.window)
        dialog.add(TextField("name", "Student", text="Ola Nordmann", hint="As on the receipt."))
        dialog.add(AmountField("amount", "Amount", "USD", amount=Decimal("1249.00")))
        dialog.add(ChoiceField("reason", "Reason", [(1, "Asked by the student"), (2, "Other")]))
        dialog.add(DateField("day", "Access until", day=date(2024, 3, 1)))
        dialog.add(NumberField("seats", "Seats", lowest=1, highest=500, allow_empty=True))
        dialog.add(NoteField("note", "Comment", longest=200, text="x" * 190))
        dialog.add(CheckField("mail", "Send the student a message"))
        dialog.consequence.tell(
            "49.00 USD goes back to the card; access ends now; seat 42 becomes free.", tone="warn"
        )
        dialog.fields["seats"].refuse("Seats must be between 1 and 500.")
        dialog.open()
        await self.shoot("dialog-form", dialog)
        dialog.close()


def parts() -> QWidget:
    from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPlainTextEdit, QRadioButton

    from learnhub_desktop.ui.widgets.parts import Badge, button, icon_button, label

    root = QWidget()
    root.setProperty("ground", "surface")
    column = QVBoxLayout(root)
    column.setSpacing(10)
    for part in ("page-name", "name", "amount", "heading", "label", "soft", "hint", "error"):
        column.addWidget(label(f"{part}: Łukasz 陳美玲 1,250.00 USD", part))
    for tone in Tone:
        column.addWidget(Badge(f"{tone.value} state", tone))
    for kind in ("", "primary", "quiet", "link"):
        enabled, disabled = (
            button(kind or "usual", kind=kind, icon="plus"),
            button("off", kind=kind),
        )
        disabled.setEnabled(False)
        column.addWidget(enabled)
        column.addWidget(disabled)
    column.addWidget(icon_button("gear", "Settings", "Ctrl+,"))
    combo = QComboBox()
    combo.addItems(["One", "Two"])
    check, radio = QCheckBox("Checked"), QRadioButton("Chosen")
    check.setChecked(True)
    radio.setChecked(True)
    for widget in (QLineEdit("text"), combo, QPlainTextEdit("Long text"), check,
                   QCheckBox("Not checked"), radio, QRadioButton("Not chosen")):  # fmt: skip
        column.addWidget(widget)
    root.resize(420, 1000)
    return root


async def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    app = cast(QApplication, QCoreApplication.instance())
    theme = Theme(app, scheme=lambda: Qt.ColorScheme.Light)
    gallery = Gallery(theme, folder)
    await gallery.start()
    for look in (LookSetting.LIGHT, LookSetting.DARK):
        theme.choose(look)
        await gallery.windows()
        await gallery.states()
        await gallery.popups()
        await gallery.dialog()
        shown = parts()
        shown.show()
        await gallery.shoot("parts", shown)
    gallery.window.close()
    await gallery.window.closed.wait()
    return 0


if __name__ == "__main__":
    sys.exit(loop.run(QApplication([]), main))
