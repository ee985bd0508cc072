"""The window with the subscriptions, on a school whose every row a service has made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.journal import Journal
from learnhub_desktop.models.subscriptions import SUBSCRIPTION_COLUMNS
from learnhub_desktop.ui.pages.catalog import CatalogPage
from learnhub_desktop.ui.pages.payments import PaymentsPage
from learnhub_desktop.ui.pages.students import StudentsPage
from learnhub_desktop.ui.pages.subscriptions import SubscriptionsPage
from learnhub_desktop.ui.shell import UNDOABLES
from tests.services.desk import Desk
from tests.services.subscribers import subscribe
from tests.ui.back_office import Office

KINDS = (SubscriptionsPage, StudentsPage, PaymentsPage, CatalogPage)


@pytest.fixture
def make_subscriptions(open_office: Callable[..., Office]) -> Callable[..., Office]:
    def make(
        role: Role = Role.ADMIN, gateways: Gateways | None = None, journal: Journal | None = None
    ) -> Office:
        office = open_office(role, KINDS, gateways=gateways, journal=journal, undoables=UNDOABLES)
        office.wait()
        return office

    return make


@pytest.fixture
def ada(desk: Desk) -> int:
    """Ada's subscription, which began today."""
    return subscribe(desk, name="Ada Byron", email="ada@example.org", search_text="ada byron")


def shown(page: SubscriptionsPage, number: int = 0) -> dict[str, str]:
    """A line of the list as a person reads it, by the keys of its columns."""
    line = page.model.line(number)
    return dict(zip([column.key for column in SUBSCRIPTION_COLUMNS], line.texts, strict=True))


def texts(widget: QWidget) -> set[str]:
    """What a part of the panel says, without what is hidden or on its way out."""
    parts = [*widget.findChildren(QLabel), *widget.findChildren(QPushButton)]
    return {part.text() for part in parts if part.isVisibleTo(widget)}
