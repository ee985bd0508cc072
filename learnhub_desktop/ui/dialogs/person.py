"""A new student or instructor, and changes to one."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.domain.students import PersonRow, check_new_email
from learnhub_desktop.domain.text import NAME_LENGTH, check_text
from learnhub_desktop.services import students
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.country import CountryField
from learnhub_desktop.ui.widgets.fields import ChoiceField, TextField

_TYPES: Final = ((UserType.STUDENT, "Student"), (UserType.INSTRUCTOR, "Instructor"))
_check_name: Final = partial(check_text, field="name", label="The name", longest=NAME_LENGTH)


class PersonDialog(FormDialog):
    """The base of both: name, e-mail and country."""

    def __init__(
        self, bridge: Bridge, title: str, primary: str, parent: QWidget, person: PersonRow | None
    ) -> None:
        super().__init__(title, primary, parent)
        self._bridge = bridge
        self.name = TextField("name", "Name", text=person.name if person else "", check=_check_name)
        self.email = TextField(
            "email",
            "E-mail",
            text=person.email if person else "",
            check=check_new_email,
            placeholder="ada@example.org",
        )
        self.country = CountryField(
            "country",
            "Country",
            code=person.country if person else None,
            hint="May stay empty.",
        )
        for field in (self.name, self.email, self.country):
            self.add(field)


class NewPersonDialog(PersonDialog):
    def __init__(self, bridge: Bridge, parent: QWidget, *, user_type: UserType) -> None:
        super().__init__(bridge, f"New {user_type}", f"Add {user_type}", parent, None)
        self._user_type = user_type
        self.acts(self._add)

    async def _add(self) -> Changes:
        return await self._bridge.write(
            students.create_person,
            user_type=self._user_type,
            name=self.name.value(),
            email=self.email.value(),
            country=self.country.value(),
        )


class EditPersonDialog(PersonDialog):
    """``type_stays`` is why the account type cannot be changed, empty where it can."""

    def __init__(
        self, bridge: Bridge, parent: QWidget, *, person: PersonRow, type_stays: str = ""
    ) -> None:
        super().__init__(bridge, f"Edit {person.name}", "Save changes", parent, person)
        self._person = person
        self._type: ChoiceField | None = None
        if person.user_type is not UserType.ADMIN:
            self._type = ChoiceField(
                "user_type", "Account type", _TYPES, value=person.user_type, hint=type_stays
            )
            self._type.setEnabled(not type_stays)
            self.add(self._type)
        self.acts(self._save)

    async def _save(self) -> Changes:
        return await self._bridge.write(
            students.update_person,
            self._person.user_id,
            name=self.name.value(),
            email=self.email.value(),
            country=self.country.value(),
            user_type=self._type.value() if self._type else self._person.user_type,
            row_version=self._person.row_version,
        )
