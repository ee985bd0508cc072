"""New students and instructors, and changes to them, from the key to the row."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.services import students
from learnhub_desktop.ui.dialogs.person import EditPersonDialog, NewPersonDialog
from tests.services.money_rows import change_user
from tests.ui.back_office import LOST
from tests.ui.student_office import make_students, names, school

__all__ = ["make_students", "school"]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def new(make_students):
    office = make_students()
    office.press(Qt.Key.Key_N, CTRL)
    return office, office.dialog(NewPersonDialog)


def person(desk, user_id):
    return desk.row(t.users, t.users.c.user_id == user_id)


def test_a_new_student_is_entered_selected_and_told(new, desk):
    office, dialog = new
    dialog.name.set_text("Łukasz Zieliński")
    office.bot.keyClicks(dialog.email.line, "Lukasz@Example.org")
    dialog.country.set_text("Poland (PL)")
    office.bot.keyClick(dialog.email.line, Qt.Key.Key_Return)
    office.bot.waitUntil(lambda: office.dialogs() == [])
    office.bot.waitUntil(lambda: office.page.current() is not None)
    office.wait()

    assert office.said == "Łukasz Zieliński was added as student 1."
    assert office.page.current().name == "Łukasz Zieliński"
    row = person(desk, 1)
    assert (row.email, row.country, row.user_type) == ("lukasz@example.org", "PL", "student")


def test_a_new_instructor_is_shown_among_all_accounts(make_students, desk):
    office = make_students()
    office.press(Qt.Key.Key_N, CTRL, SHIFT)
    dialog = office.dialog(NewPersonDialog)
    assert dialog.primary_button.text() == "Add instructor"
    dialog.name.set_text("Tea Tutor")
    dialog.email.set_text("tea@example.org")
    office.submit(dialog)
    office.bot.waitUntil(lambda: office.page.current() is not None)
    office.wait()

    assert person(desk, 1).user_type == "instructor"
    assert office.page.side.panel.state == "instructor"
    assert office.page.chips.chips[0].words.text() == (
        "Account type: students, instructors, administrators"
    )


def test_what_cannot_be_used_is_said_at_its_field(new, desk):
    office, dialog = new
    for field, typed, said in (
        ("name", "", "The name cannot be empty."),
        ("name", "x" * 10_000, "The name can have at most 200 characters; this has 10,000."),
        ("email", "ada", "“ada” is not an e-mail address such as ada@example.org."),
        ("email", "a@deleted.invalid", "Addresses at deleted.invalid stand for deleted accounts."),
        ("country", "Atlantis", "“Atlantis” is not a country such as Germany or DE."),
    ):
        values = {"name": "Ada", "email": "ada@example.org", "country": "GB", field: typed}
        for name, text in values.items():
            dialog.fields[name].set_text(text)
        office.try_to_submit(dialog)
        assert dialog.fields[field]._line.text() == said
    assert desk.rows(t.users) == []


def test_names_of_any_kind_come_back_as_they_were_typed(make_students, desk):
    office = make_students()
    typed = ['O\'Brien "Bob" 😀', "陳美玲", "محمد", "'; DROP TABLE users; --"]
    for number, name in enumerate(typed):
        office.press(Qt.Key.Key_N, CTRL)
        dialog = office.dialog(NewPersonDialog)
        dialog.name.set_text(name)
        dialog.email.set_text(f"any{number}@example.org")
        office.submit(dialog)

    assert [row.name for row in desk.rows(t.users)] == typed
    office.wait()
    assert sorted(names(office)) == sorted(typed)


def test_an_address_that_another_has_is_refused_and_names_them(school, make_students):
    school.person("Ada Byron")
    office = make_students()
    office.press(Qt.Key.Key_N, CTRL)
    dialog = office.dialog(NewPersonDialog)
    dialog.name.set_text("Another Ada")
    dialog.email.set_text("ada@example.org")
    office.try_to_submit(dialog)

    assert dialog.error_text() == (
        "ada@example.org is the address of Ada Byron (student 1) already."
    )
    assert names(office) == ["Ada Byron"]
    dialog.reject()


def test_a_lost_server_leaves_what_was_typed(new, desk):
    office, dialog = new
    dialog.name.set_text("Ada")
    dialog.email.set_text("ada@example.org")
    assert office.submit_without_server(dialog) == LOST
    assert dialog.name.value() == "Ada"

    office.submit(dialog)
    assert person(desk, 1).name == "Ada"


def test_a_person_is_changed_and_the_change_undone(school, desk, make_students):
    ada = school.person("Ada Byron", country="GB")
    office = make_students()
    office.choose(ada)
    office.click("student_edit")
    dialog = office.dialog(EditPersonDialog)
    assert (dialog.name.value(), dialog.country.line.text()) == ("Ada Byron", "United Kingdom")
    dialog.name.set_text("Ada Lovelace")
    dialog.country.set_text("fr")
    office.submit(dialog)

    assert office.said == "Ada Lovelace was changed."
    assert (person(desk, ada).name, person(desk, ada).country) == ("Ada Lovelace", "FR")
    assert office.page.side.panel.title == "Ada Lovelace"
    office.press(Qt.Key.Key_Z, CTRL)
    office.bot.waitUntil(lambda: person(desk, ada).name == "Ada Byron")
    assert person(desk, ada).country == "GB"
    office.wait()


def test_an_emptied_country_is_taken_away(school, desk, make_students):
    ada = school.person("Ada Byron", country="GB")
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_F2)
    dialog = office.dialog(EditPersonDialog)
    dialog.country.set_text("")
    office.submit(dialog)

    assert person(desk, ada).country is None


def test_a_change_of_another_desk_meanwhile_is_not_overwritten(school, desk, make_students):
    ada = school.person("Ada Byron")
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_F2)
    dialog = office.dialog(EditPersonDialog)
    desk.write(
        students.update_person,
        ada,
        name="Ada King",
        email="ada@example.org",
        country=None,
        user_type=UserType.STUDENT,
        row_version=1,
    )
    dialog.name.set_text("Ada Lovelace")
    office.try_to_submit(dialog)

    assert dialog.error_text() == (
        "Another desk changed Ada King meanwhile. Look at it again, then change it."
    )
    assert person(desk, ada).name == "Ada King"
    dialog.reject()


def test_the_account_type_changes_only_where_nothing_hangs_on_it(school, desk, make_students):
    ada, bob = school.person("Ada Byron"), school.person("Bob Stone")
    school.enrol(ada, school.course("SQL"))
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_F2)
    dialog = office.dialog(EditPersonDialog)
    kind = dialog.fields["user_type"]
    assert not kind.isEnabled()
    assert kind._line.text() == "The account has courses as a student, so it stays one."
    dialog.reject()
    office.bot.waitUntil(lambda: office.dialogs() == [])

    office.choose(bob)
    office.press(Qt.Key.Key_F2)
    dialog = office.dialog(EditPersonDialog)
    dialog.fields["user_type"].choose(UserType.INSTRUCTOR)
    office.submit(dialog)
    assert person(desk, bob).user_type == "instructor"


def test_a_deleted_account_is_changed_by_nobody(school, desk, make_students):
    ada = school.person("Ada Byron")
    office = make_students()
    office.choose(ada)
    desk.make(change_user, ada, deleted_at=desk.clock.now)
    office.press(Qt.Key.Key_F2)
    office.bot.waitUntil(lambda: office.said == "This account was deleted.")

    assert office.dialogs() == []
