"""The first start: no school is known yet, and three ways lead to one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from learnhub_desktop import settings
from learnhub_desktop.bridge import in_background
from learnhub_desktop.domain.money import CURRENCIES, check_currency
from learnhub_desktop.domain.school import check_time_zone
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.opening import School, open_school
from learnhub_desktop.settings import Profile
from learnhub_desktop.ui import icons, theme
from learnhub_desktop.ui.dialogs.connection import Connection, ConnectionDialog
from learnhub_desktop.ui.dialogs.dialog import FormDialog, ask
from learnhub_desktop.ui.tasks import Failure, TaskScope
from learnhub_desktop.ui.widgets.consequence import ConsequenceBox
from learnhub_desktop.ui.widgets.fields import TextField

_WIDTH: Final = 560
_ICON: Final = 24

Make = Callable[[Path], None]


class StartWindow(QWidget):
    """Asks where the school is, and opens it.

    ``make_sample(path)`` and ``make_school(path, name, currency, time_zone)`` make a file;
    they run off the Qt thread.

    Signals:
        opened: The ``School`` that was opened.
        left: The window was closed without one.
    """

    opened = Signal(object)
    left = Signal()

    def __init__(
        self,
        *,
        make_sample: Make,
        make_school: Callable[[Path, str, str, str], None],
        time_zone: str = "UTC",
    ) -> None:
        super().__init__()
        self._make_sample = make_sample
        self._make_school = make_school
        self._time_zone = time_zone
        self._is_done = False
        self.setWindowTitle("LearnHub")
        self.setWindowIcon(icons.app_icon())
        self.setProperty("ground", "window")
        self.tasks = TaskScope(self, self._on_failure)
        title = QLabel("Welcome to LearnHub")
        theme.set_role(title, part="page-name")
        lead = QLabel("Where is your school?")
        theme.set_role(lead, part="soft")
        self.told = ConsequenceBox()
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 28)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(lead)
        column.addSpacing(4)
        self.ways: dict[str, QPushButton] = {}
        for name, icon, words, more, run in (
            (
                "sample",
                "graduation-cap",
                "Open the sample school",
                "Made-up students, courses and payments to try everything on. No money moves.",
                self._open_sample,
            ),
            (
                "create",
                "desktop",
                "Create a school on this computer",
                "One file on this computer, for one person at a time.",
                self._create,
            ),
            (
                "connect",
                "hard-drives",
                "Connect to a server",
                "A MySQL or MariaDB server that several workstations share.",
                self._connect,
            ),
        ):
            card, self.ways[name] = self._way(icon, words, more, run)
            column.addWidget(card)
        column.addWidget(self.told)
        column.addStretch(1)
        self.setMinimumWidth(_WIDTH)
        self.adjustSize()

    def _way(
        self, icon: str, words: str, more: str, run: Callable[[], Coroutine[Any, Any, None]]
    ) -> tuple[QFrame, QPushButton]:
        card = QFrame()
        card.setProperty("card", "true")
        row = QHBoxLayout(card)
        row.setContentsMargins(16, 14, 16, 14)
        row.setSpacing(16)
        picture = QLabel()
        picture.setPixmap(icons.icon(icon, "accent").pixmap(QSize(_ICON, _ICON)))
        texts = QVBoxLayout()
        texts.setSpacing(4)
        name = QLabel(words)
        theme.set_role(name, part="heading")
        detail = QLabel(more)
        detail.setWordWrap(True)
        theme.set_role(detail, part="soft")
        texts.addWidget(name)
        texts.addWidget(detail)
        button = QPushButton("Open" if "Open" in words else words.split()[0])
        button.setAccessibleName(words)
        button.setMinimumWidth(96)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        button.clicked.connect(lambda: self.tasks.start("open", run))
        return card, button

    async def _open_sample(self) -> None:
        profile = settings.sample_profile()
        with_sample = Path(profile.path or "")
        self._busy(True)
        try:
            if not with_sample.exists():
                self.told.tell("Making the sample school…", tone="idle")
                await in_background(self._make_sample, with_sample)
            await self._open(profile, None)
        finally:
            self._busy(False)

    async def _create(self) -> None:
        dialog = NewSchoolDialog(self, time_zone=self._time_zone)
        dialog.acts(lambda: self._make(dialog))
        profile = await ask(dialog)
        if profile is not None:
            await self._open(profile, None)

    async def _make(self, dialog: NewSchoolDialog) -> Profile:
        path = free_path(dialog.name.value())
        await in_background(
            self._make_school,
            path,
            dialog.name.value(),
            dialog.currency.value(),
            dialog.zone.value(),
        )
        return Profile(dialog.name.value(), path=str(path))

    async def _connect(self) -> None:
        kept = settings.load()
        last = kept.profile(kept.last_profile or "")
        # Whose password is not kept comes here each time, and should not type the rest again.
        known = last if last is not None and last.is_server else None
        found: Connection | None = await ask(ConnectionDialog(self, profile=known))
        if found is not None:
            await self._open(found.profile, found.password or None)

    async def _open(self, profile: Profile, password: str | None) -> None:
        self.told.tell(f"Opening {profile.label}…", tone="idle")
        school: School = await in_background(open_school, profile, password=password)
        settings.save(settings.load().with_profile(profile))
        self._is_done = True
        self.opened.emit(school)

    def closeEvent(self, event: object) -> None:
        if not self._is_done:
            self.left.emit()

    def _busy(self, busy: bool) -> None:
        for button in self.ways.values():
            button.setEnabled(not busy)

    def _on_failure(self, failure: Failure) -> None:
        tone = "bad" if isinstance(failure.error, DatabaseUnavailable) else "warn"
        self.told.tell(failure.text, tone=tone)


class NewSchoolDialog(FormDialog):
    """Name, currency and time zone of a school in a file; the rest is set in the program."""

    def __init__(self, parent: QWidget, *, time_zone: str) -> None:
        super().__init__("Create a school on this computer", "Create the school", parent)
        self.name = TextField(
            "name",
            "Name of the school",
            check=lambda text: check_text(
                text, field="name", label="The school's name", longest=100
            ),
        )
        self.currency = TextField(
            "currency",
            "Currency",
            text="USD",
            check=check_currency,
            hint=f"A code such as USD or EUR; {len(CURRENCIES)} are known.",
        )
        self.zone = TextField(
            "time_zone",
            "Time zone",
            text=time_zone,
            check=check_time_zone,
            hint="Days are counted here: refunds, subscriptions, revenue.",
        )
        for field in (self.name, self.currency, self.zone):
            self.add(field)
        self.consequence.tell(
            "The school is kept in one file on this computer. Transfers and cash can be taken at "
            "once; a payment gateway comes with a server."
        )


def free_path(name: str) -> Path:
    """A file name for the school in the data folder that no other school has."""
    plain = "".join(c if c.isalnum() else "-" for c in name.casefold()).strip("-")[:40] or "school"
    folder = settings.data_folder()
    path = folder / f"{plain}.db"
    number = 2
    while path.exists():
        path = folder / f"{plain}-{number}.db"
        number += 1
    return path
