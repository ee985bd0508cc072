"""Students and instructors: found for pickers, shown, entered and changed."""

from __future__ import annotations

from dataclasses import replace

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Changes, Touched, Undo
from learnhub_desktop.domain.countries import check_country
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.domain.students import (
    MovementRow,
    PersonRefusal,
    PersonRow,
    StudentDetail,
    TaughtCourse,
    check_new_email,
)
from learnhub_desktop.domain.text import NAME_LENGTH, check_text, search_key
from learnhub_desktop.errors import InvalidInput, RuleRefused

_ENTERED = (UserType.STUDENT, UserType.INSTRUCTOR)


def search_people(
    uow: UnitOfWork, text: str, *, user_type: UserType | None = None, limit: int = 20
) -> list[PersonRow]:
    """People whose name and e-mail hold every word of ``text``, in any order and any accents.

    An exact number or e-mail address comes first. Deleted accounts are never found; an
    empty text gives the first people by name.
    """
    uow.actor.require(Right.VIEW_STUDENTS)
    return uow.users.search(text, user_type=user_type, limit=limit)


def list_countries(uow: UnitOfWork) -> list[str]:
    """Codes of the countries that people of this school come from, for a filter's choices."""
    uow.actor.require(Right.VIEW_STUDENTS)
    return uow.users.list_countries()


def get_student(uow: UnitOfWork, user_id: int) -> StudentDetail:
    """A student or instructor with counts; NotFound where there is none.

    The balance is left out for accounts that may not see payments.
    """
    uow.actor.require(Right.VIEW_STUDENTS)
    detail = uow.users.detail(user_id)
    if not uow.actor.may(Right.VIEW_PAYMENTS):
        return replace(detail, balance=None)
    return detail


def list_movements(
    uow: UnitOfWork, user_id: int, *, limit: int = 50, before_id: int | None = None
) -> list[MovementRow]:
    """Movements of the account balance, the latest first; ``before_id`` continues the list."""
    uow.actor.require(Right.VIEW_PAYMENTS)
    return uow.users.list_movements(user_id, limit=limit, before_id=before_id)


def list_taught(
    uow: UnitOfWork, user_id: int, *, live_only: bool = False, limit: int = 200
) -> list[TaughtCourse]:
    """An instructor's courses; ``live_only`` leaves the archived ones out."""
    uow.actor.require(Right.VIEW_CATALOG)
    return uow.users.list_taught(user_id, live_only=live_only, limit=limit)


def create_person(
    uow: UnitOfWork,
    *,
    user_type: UserType,
    name: str,
    email: str,
    country: str | None = None,
) -> Changes:
    """Enter a student or an instructor; ``subject_id`` is the new person's id.

    InvalidInput names the field that cannot be used; RuleRefused names the person who has
    the e-mail address already.
    """
    uow.actor.require(Right.EDIT_STUDENTS)
    if user_type not in _ENTERED:
        raise InvalidInput("user_type", "Choose whether the person is a student or an instructor.")
    name = _check_name(name)
    email = check_new_email(email)
    country = _check_country(country)
    _refuse_duplicate(uow, email, own_id=None)
    user_id = uow.users.add(
        name=name,
        email=email,
        user_type=user_type,
        country=country,
        balance_currency=uow.settings.get().currency,
        search_text=search_key(name, email),
        created_at=uow.now(),
    )
    return Changes(
        Touched.STUDENTS, f"{name} was added as {user_type} {user_id}.", subject_id=user_id
    )


def update_person(
    uow: UnitOfWork,
    user_id: int,
    *,
    name: str,
    email: str,
    country: str | None,
    user_type: UserType,
    row_version: int,
) -> Changes:
    """Change a person; ``row_version`` is what the screen showed.

    RuleRefused where another desk changed the person meanwhile, the account was deleted,
    the e-mail is another's, or the type cannot change because courses hang on it.
    """
    uow.actor.require(Right.EDIT_STUDENTS)
    name = _check_name(name)
    email = check_new_email(email)
    country = _check_country(country)
    person = uow.users.lock(user_id)
    if person.deleted_at is not None:
        raise RuleRefused(
            PersonRefusal.ACCOUNT_DELETED, "This account was deleted and cannot be changed."
        )
    wanted = (name, email, country, user_type)
    if wanted == (person.name, person.email, person.country, person.user_type):
        return Changes(Touched.NOTHING, "Nothing was changed.", subject_id=user_id)
    if person.row_version != row_version:
        raise RuleRefused(
            PersonRefusal.STALE_SCREEN,
            f"Another desk changed {person.name} meanwhile. Look at it again, then change it.",
        )
    if email != person.email:
        _refuse_duplicate(uow, email, own_id=user_id)
    if user_type is not person.user_type:
        _check_new_type(uow, person, user_type)
    uow.users.update(
        user_id,
        name=name,
        email=email,
        country=country,
        user_type=user_type,
        search_text=search_key(name, email),
    )
    return Changes(
        Touched.STUDENTS,
        f"{name} was changed.",
        subject_id=user_id,
        undo=Undo(
            "update_person",
            {
                "user_id": user_id,
                "name": person.name,
                "email": person.email,
                "country": person.country,
                "user_type": person.user_type,
                "row_version": row_version + 1,
            },
        ),
    )


def _check_name(name: str) -> str:
    return check_text(name, field="name", label="The name", longest=NAME_LENGTH)


def _check_country(country: str | None) -> str | None:
    return check_country(country) if country is not None and country.strip() else None


def _refuse_duplicate(uow: UnitOfWork, email: str, *, own_id: int | None) -> None:
    """Two desks that enter one address at once are told apart by the unique key."""
    existing = uow.users.find_by_email(email)
    if existing is not None and existing.user_id != own_id:
        raise RuleRefused(
            PersonRefusal.DUPLICATE_EMAIL,
            f"{email} is the address of {existing.name} ({existing.user_type} "
            f"{existing.user_id}) already.",
        )


def _check_new_type(uow: UnitOfWork, person: PersonRow, user_type: UserType) -> None:
    if user_type not in _ENTERED or person.user_type not in _ENTERED:
        raise InvalidInput("user_type", "Administrators are neither made nor changed here.")
    if uow.users.list_taught(person.user_id, live_only=False, limit=1):
        raise RuleRefused(
            PersonRefusal.TYPE_IN_USE,
            f"{person.name} has courses as an instructor. "
            "Give them to another instructor first, or enter a second account.",
        )
    if uow.users.is_enrolled_somewhere(person.user_id):
        raise RuleRefused(
            PersonRefusal.TYPE_IN_USE,
            f"{person.name} has enrolments as a student, so the account stays a student’s. "
            "Enter a second account for teaching.",
        )
