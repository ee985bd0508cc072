"""What the connection dialog makes of what was typed."""

import pytest
from PySide6.QtWidgets import QWidget

from learnhub_desktop.domain.connecting import Address
from learnhub_desktop.settings import Profile
from learnhub_desktop.ui.dialogs.connection import ConnectionDialog

CLUSTER = Profile(
    "learnhub@db1", host="db1", port=3307, further=(Address("db2", 3307), Address("db3", 3308)),
    database="learnhub", account="ada",
)  # fmt: skip


@pytest.fixture
def window(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def test_a_cluster_is_typed_in_one_line_and_shown_as_it_was_typed(window):
    dialog = ConnectionDialog(window)
    dialog.host.line.setText("db1, db2, db3:3308")
    dialog.port.set_text("3307")
    dialog.database.line.setText("learnhub")
    dialog.account.line.setText("ada")
    assert dialog.profile() == CLUSTER
    assert ConnectionDialog(window, profile=CLUSTER).host.line.text() == "db1, db2, db3:3308"


@pytest.mark.parametrize(
    "typed, said",
    [("", "Name the server."), ("db1, db 2", "“db 2” is no server’s address")],
)
def test_a_line_that_names_no_server_says_so_below_it(window, typed, said):
    dialog = ConnectionDialog(window)
    dialog.host.line.setText(typed)
    assert not dialog.host.insist()
    assert dialog.host.error().startswith(said)
