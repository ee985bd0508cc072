"""Acts with a key that a program left in the middle: the next start tells of them, and finishes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.refunds import RefundReason
from learnhub_desktop.journal import Journal
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.dialogs.refund import RefundDialog
from learnhub_desktop.ui.dialogs.sign_up import SignUpDialog
from learnhub_desktop.ui.dialogs.unfinished import ASK, FORGET, SHOW, START, UnfinishedDialog
from learnhub_desktop.ui.unfinished import UnfinishedKeeper
from tests.services.lost_commits import lose_commit
from tests.ui.back_office import ada, pick

__all__ = ["ada"]


@pytest.fixture
def sql(desk):
    return desk.course(title="SQL Basics", search_text="sql basics")


class Computer:
    """One computer: each start of the program finds the journal that the last one left."""

    def __init__(self, desk, make_window, folder, run):
        self.desk = desk
        self.folder = folder
        self._make_window = make_window
        self._run = run
        self.journal = None

    def start(self, role=Role.ADMIN):
        if self.journal is not None:
            self.journal.close()  # as the end of its process does
        self.journal = Journal(self.folder)
        self.office = self._make_window(role, journal=self.journal)
        self.keeper = UnfinishedKeeper(self.office.window, self.journal, self.desk.gateways)
        self.settled()
        return self.office

    def settled(self):
        self.office.until(lambda: not self.keeper.running(""))

    @property
    def strip(self):
        strip = self.office.window.strip
        return strip.text.text() if strip.isVisible() else ""

    def look(self):
        self.office.window.strip.button.click()
        [dialog] = self.office.window.findChildren(UnfinishedDialog)
        [card] = dialog.cards.values()
        return dialog, card

    def enrol(self, student, course):
        dialog = EnrolDialog(
            *(self.office.window.desk.bridge, self.desk.gateways, self.office.window.desk.actor),
            self.office.window,
            student_id=student,
            course_id=course,
        )
        dialog.open()
        self.office.until(lambda: not dialog.is_looking)
        return dialog

    def lose_before(self, dialog, patch):
        """The database goes away before anything is saved, and then the program ends."""
        with patch.context() as lost:
            self.office.lose_database(lost)
            self.office.try_to_submit(dialog)
        dialog.reject()
        self.settled()

    def lose_commit(self, dialog, patch, name, *, kept=True):
        with patch.context() as lost:
            lose_commit(lost, self.office, name, kept=kept, times=9)
            self.office.try_to_submit(dialog)
        dialog.reject()
        self.settled()

    def kept(self):
        return list(self.folder.iterdir())


@pytest.fixture
def computer(desk, make_subscriptions, tmp_path, run):
    return Computer(desk, make_subscriptions, tmp_path / "journal", run)


def test_what_was_refused_here_is_not_told_again(desk, ada, sql, computer, monkeypatch):
    office = computer.start()
    computer.lose_before(computer.enrol(ada, sql), monkeypatch)
    office.window.desk.bridge.reachable.emit(True)
    computer.settled()

    assert (computer.strip, computer.kept()) == ("", [])
    office.press(
        Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    )
    assert office.said == "Nothing was left in the middle."


def test_a_purchase_that_had_not_begun_is_made_with_its_own_key(
    desk, ada, sql, computer, monkeypatch
):
    computer.start()
    computer.lose_before(computer.enrol(ada, sql), monkeypatch)
    [file] = computer.kept()

    office = computer.start()

    assert computer.strip == "Left in the middle: Ada Byron buys “SQL Basics” for 49.00 USD."
    dialog, card = computer.look()
    assert card.badge.text() == "not begun"
    assert card.says.text() == "It had not begun: nothing was charged, and no seat is held."
    assert list(card.buttons) == [FORGET, START]
    card.buttons[START].click()
    again = office.dialog(EnrolDialog)
    office.until(lambda: not again.is_looking and again.primary_button.isEnabled())
    assert again.quote_card.isVisible()
    office.submit(again)
    computer.settled()

    assert [payment.idempotency_key for payment in desk.payments()] == [again._key]
    assert file.name.removesuffix(".act") in str(computer.journal._path(again._key))
    assert office.said.startswith("Enrolled Ada Byron in “SQL Basics”.")
    assert (computer.strip, computer.kept()) == ("", [])


def test_a_hold_whose_program_died_is_asked_about_once_it_ran_out(
    desk, ada, sql, computer, monkeypatch
):
    computer.start()
    computer.lose_commit(computer.enrol(ada, sql), monkeypatch, "hold")

    office = computer.start()
    dialog, card = computer.look()
    assert card.badge.text() == "not known yet"
    assert card.says.text() == (
        "The purchase of “SQL Basics” by Ada Byron is still being made by the first call. Nothing "
        "is charged twice. Its seat is held until 10 March 2026 at 12:15; then the gateway can be "
        "asked."
    )
    assert list(card.buttons) == [SHOW]
    dialog.accept()

    desk.pass_time(minutes=16)
    office.reload()
    computer.settled()
    dialog, card = computer.look()
    card.buttons[ASK].click()
    office.until(lambda: card.badge.text() == "settled")

    assert desk.payments()[0].status == "failed"
    assert desk.sent() == []
    assert (computer.strip, computer.kept()) == ("", [])
    dialog.accept()


def test_what_was_done_all_the_same_is_told_at_the_next_start(
    desk, ada, sql, computer, monkeypatch
):
    computer.start()
    computer.lose_commit(computer.enrol(ada, sql), monkeypatch, "settle")
    assert computer.strip == ""  # it was done, and is told
    assert computer.kept() == []
    assert "Enrolled Ada Byron in “SQL Basics”. 49.00 USD paid by card." in computer.office.said

    # The same, where the program ended before it could look.
    bob = desk.student(name="Bob Ross", search_text="bob ross")
    dialog = computer.enrol(bob, sql)
    monkeypatch.setattr(computer.keeper, "_on_kept", lambda: None)
    computer.office.window.desk.bridge.kept.disconnect()
    computer.lose_commit(dialog, monkeypatch, "settle")

    office = computer.start()

    assert office.said == (
        "Left in the middle before: Bob Ross buys “SQL Basics” for 49.00 USD. Enrolled Bob Ross in "
        "“SQL Basics”. 49.00 USD paid by card. Access until 10 March 2027."
    )
    # Whoever sits here now may know nothing of it, so it stays until it is read.
    assert office.window.messages.messages[-1].is_unread
    assert (computer.strip, computer.kept()) == ("", [])
    assert len(desk.sent()) == 2


def test_a_refund_comes_back_with_its_amount_and_its_reason(desk, ada, sql, computer, monkeypatch):
    payment = desk.buy(ada, sql).payment_id
    office = computer.start()
    page = office.open("payments")
    office.choose(payment)
    page.trigger("refund")
    dialog = office.dialog(RefundDialog)
    dialog.amount.set_text("20")
    dialog.reason.choose(RefundReason.DUPLICATE)
    computer.lose_before(dialog, monkeypatch)

    office = computer.start()

    assert computer.strip == (
        f"Left in the middle: 20.00 USD goes back to Ada Byron for “SQL Basics” (payment {payment})."
    )
    office.press(
        Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    )
    [shown] = office.window.findChildren(UnfinishedDialog)
    [card] = shown.cards.values()
    assert card.says.text() == "It had not begun: nothing went back."
    card.buttons[START].click()
    again = office.dialog(RefundDialog)
    assert again.amount.value() == Decimal("20.00")
    assert again.reason.value() is RefundReason.DUPLICATE
    office.submit(again)
    computer.settled()
    assert desk.payment(payment).refunded_amount == Decimal("20.00")
    assert computer.kept() == []


def test_a_refund_whose_program_died_is_asked_about(desk, ada, sql, computer, monkeypatch):
    payment = desk.buy(ada, sql).payment_id
    office = computer.start()
    office.open("payments")
    office.choose(payment)
    office.page.trigger("refund")
    computer.lose_commit(office.dialog(RefundDialog), monkeypatch, "settle", kept=False)
    desk.pass_time(minutes=10)
    computer.start()
    _, card = computer.look()
    assert card.says.text() == (
        "The refund of 49.00 USD to Ada Byron is still being made. Nothing goes back twice."
    )
    card.buttons[ASK].click()
    computer.office.until(lambda: card.badge.text() == "settled")
    assert desk.payment(payment).status == "refunded"
    assert len(desk.sent()) == 2
    assert computer.kept() == []


def test_sign_ups_are_forgotten_or_started_again(desk, ada, computer, monkeypatch):
    office = computer.start()
    desk_of = office.window.desk
    for _ in range(2):
        dialog = SignUpDialog(desk_of.bridge, desk.gateways, office.window, student_id=ada)
        dialog.open()
        office.until(lambda d=dialog: not d.is_looking and d.primary_button.isEnabled())
        computer.lose_before(dialog, monkeypatch)

    office = computer.start(Role.FINANCE)
    assert computer.strip == "2 payments and refunds were left in the middle."
    office.window.strip.button.click()
    [shown] = office.window.findChildren(UnfinishedDialog)
    first, second = shown.cards.values()
    assert first.what.text() == "Ada Byron signs up for the plan “Monthly”, 29.00 USD."
    first.buttons[FORGET].click()
    computer.settled()
    assert len(computer.kept()) == 1
    second.buttons[START].click()
    again = office.dialog(SignUpDialog)
    office.until(lambda: not again.is_looking and again.primary_button.isEnabled())
    office.submit(again)
    computer.settled()
    assert (computer.strip, computer.kept()) == ("", [])
    assert [payment.status for payment in desk.payments()] == ["completed"]


def test_a_key_that_was_used_meanwhile_names_what_differs(desk, ada, sql, computer, monkeypatch):
    desk.course(title="SQL Mastery", price=Decimal("99.00"), search_text="sql mastery")
    computer.start()
    dialog = computer.enrol(ada, sql)
    key = dialog._key
    computer.lose_before(dialog, monkeypatch)
    office = computer.start()
    _, card = computer.look()
    card.buttons[START].click()
    again = office.dialog(EnrolDialog)
    office.until(lambda: not again.is_looking and again.primary_button.isEnabled())
    # The first program's commit had only been on its way.
    desk.buy(ada, sql, key=key)

    again.course.line.clear()
    pick(office, again.course, "mastery")
    office.until(lambda: not again.is_looking and again.primary_button.isEnabled())
    office.try_to_submit(again)

    assert again.error_text() == (
        "This key was used before with other values: the course and the amount. Nothing was done."
    )
    assert [payment.course_id for payment in desk.payments()] == [sql]
    again.reject()


def test_nothing_is_sent_where_the_journal_cannot_be_written(desk, ada, sql, computer):
    office = computer.start()
    dialog = computer.enrol(ada, sql)
    computer.folder.write_text("a file where the folder should be")

    office.try_to_submit(dialog)

    assert dialog.error_text().startswith("Nothing was sent: LearnHub keeps what is under way in")
    assert desk.sent() == [] and desk.payments() == []
    dialog.reject()
    computer.folder.unlink()
