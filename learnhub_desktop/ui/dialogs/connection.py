"""Connecting to a server: where it is, who one is, how its certificate is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from learnhub_desktop import opening, passwords
from learnhub_desktop.bridge import in_background
from learnhub_desktop.domain.connecting import read_addresses, spaced
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.settings import Profile, Tls
from learnhub_desktop.ui import theme
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.tasks import Failure, TaskScope
from learnhub_desktop.ui.widgets.fields import (
    CheckField,
    ChoiceField,
    NumberField,
    TextField,
)

_TLS: Final = (
    (Tls.SYSTEM, "Trusted by this computer"),
    (Tls.CA_FILE, "Signed by the authority in a file"),
    (Tls.PINNED, "Exactly the certificate that I accept now"),
    (Tls.OFF, "Not encrypted (a server on this computer only)"),
)


@dataclass(frozen=True, slots=True)
class Connection:
    """What the dialog gives."""

    profile: Profile
    password: str


class ConnectionDialog(FormDialog):
    """Host, port, database, account and password; the Test button says plainly what fails."""

    def __init__(self, parent: QWidget, *, profile: Profile | None = None) -> None:
        super().__init__("Connect to a server", "Connect", parent)
        known = profile or Profile("", host="")
        self.host = TextField(
            "host", "Server", text=_servers(known), check=_check_servers,
            placeholder="db1.example.org",
            hint="A cluster's members with commas between: db1, db2:3307.",
        )  # fmt: skip
        self.port = NumberField("port", "Port", lowest=1, highest=65535, number=known.port)
        self.database = TextField(
            "database", "Database", text=known.database,
            check=_required("database", "Name the database."),
        )  # fmt: skip
        self.account = TextField(
            "account", "Account", text=known.account,
            check=_required("account", "Name your account on the server."),
            hint="One account a person: the school's audit names it.",
        )  # fmt: skip
        self.password = TextField("password", "Password", check=str)
        self.password.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.remember = CheckField("remember", "Keep the password in this computer's keyring")
        self.tls = ChoiceField("tls", "The server's certificate must be", _TLS, value=known.tls)
        self.ca_file = TextField(
            "ca_file", "File with the authority's certificate", text=known.ca_file or "",
            check=_required("ca_file", "Name the file with the authority's certificate."),
        )  # fmt: skip
        for field in (
            self.host, self.port, self.database, self.account, self.password, self.remember,
            self.tls, self.ca_file,
        ):  # fmt: skip
            self.add(field)
        self._pin = known.pin
        self._certificate = QLabel()
        self._certificate.setWordWrap(True)
        theme.set_role(self._certificate, part="hint")
        self.accept_button = QPushButton("Accept this certificate")
        self.accept_button.setAutoDefault(False)
        self.test_button = QPushButton("Test")
        self.test_button.setAutoDefault(False)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.test_button)
        line.addWidget(self.accept_button)
        line.addStretch(1)
        self.add_widget(self._certificate)
        self.add_widget(row)
        self._work = TaskScope(self, self._on_test_failure)
        self._offered: str | None = None

        self.acts(self._connection)
        self.tls.edited.connect(self._show_tls)
        self.test_button.clicked.connect(self.test)
        self.accept_button.clicked.connect(self._on_accept)
        self._show_tls()

    def profile(self) -> Profile:
        """The profile as the fields have it; InvalidInput where a field is wrong."""
        database = self.database.value()
        first, *further = read_addresses(self.host.value(), port=self.port.value())
        tls: Tls = self.tls.value()
        return Profile(
            f"{database}@{first.host}",
            host=first.host,
            port=first.port,
            further=tuple(further),
            database=database,
            account=self.account.value(),
            tls=tls,
            ca_file=self.ca_file.value() if tls is Tls.CA_FILE else None,
            pin=self._pin if tls is Tls.PINNED else None,
        )

    def test(self) -> None:
        """Try to connect with what the fields say, and tell plainly what came of it."""
        wrong = [field for field in self.fields.values() if not field.insist()]
        if wrong:
            wrong[0].editor.setFocus()
            return
        self.consequence.tell("Asking the server…", tone="idle")
        self._work.start("test", self._test)

    async def _test(self) -> None:
        found = await in_background(
            opening.probe, self.profile(), password=self.password.value() or None
        )
        self._offered = found.certificate
        self.consequence.tell(found.sentence, tone="good" if found.is_ok else "warn")
        self._show_tls()

    async def _connection(self) -> Connection:
        profile = self.profile()
        if profile.tls is Tls.PINNED and profile.pin is None:
            raise InvalidInput("tls", "Press Test, compare the fingerprint, then accept it.")
        password = self.password.value()
        # Opened once here, so that a refusal is told beside the fields it is about.
        school = await in_background(opening.open_school, profile, password=password or None)
        await in_background(school.close)
        if self.remember.value() and not await in_background(passwords.remember, profile, password):
            raise InvalidInput(
                "remember",
                "This computer's keyring did not take the password. Untick this to go on without.",
            )
        return Connection(profile, password)

    def _show_tls(self) -> None:
        tls = self.tls.value()
        self.ca_file.setVisible(tls is Tls.CA_FILE)
        shown = self._offered or self._pin
        self._certificate.setVisible(tls is Tls.PINNED and shown is not None)
        if shown is not None:
            accepted = "Accepted" if shown == self._pin else "The server shows"
            self._certificate.setText(
                f"{accepted}: SHA-256 {spaced(shown)}. Compare it with what the server's "
                "administrator tells you."
            )
        self.accept_button.setVisible(
            tls is Tls.PINNED and self._offered is not None and self._offered != self._pin
        )
        self.fit()

    def _on_accept(self) -> None:
        self._pin = self._offered
        self._show_tls()

    def _on_test_failure(self, failure: Failure) -> None:
        self.consequence.tell(failure.text, tone="bad")


def _required(name: str, sentence: str) -> Callable[[str], str]:
    """A check that refuses an empty line with the sentence."""

    def check(text: str) -> str:
        if not text.strip():
            raise InvalidInput(name, sentence)
        return text.strip()

    return check


def _check_servers(text: str) -> str:
    read_addresses(text)
    return text.strip()


def _servers(profile: Profile) -> str:
    """The addresses as one types them: the first one's port stands in a field of its own."""
    named = [profile.host or ""]
    for each in profile.further:
        shown = str(each)
        named.append(shown.removesuffix(f":{each.port}") if each.port == profile.port else shown)
    return ", ".join(named)
