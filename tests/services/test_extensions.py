from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.extensions import ExtendRefusal, Extension
from learnhub_desktop.errors import InvalidInput, NotAllowed, RuleRefused
from learnhub_desktop.services import access
from tests.factories import NOW, make_student
from tests.services.course_rows import (
    Class,
    acting_as,
    any_uow,
    make_access,
)

__all__ = ["any_uow"]

JUNE = datetime(2026, 6, 30, 10, 0, tzinfo=UTC)


def read_access(uow: UnitOfWork, student_id: int, course_id: int) -> Any:
    c = t.course_access.c
    return uow.connection.execute(
        select(c.access_expires_at, c.ended_at, c.end_reason, c.reason).where(
            c.student_id == student_id, c.course_id == course_id
        )
    ).one()


def test_access_is_extended_by_months_with_a_reason(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection)
    make_access(any_uow.connection, ada.student_id, ada.course_id, access_expires_at=JUNE)

    changes = access.extend_access(
        any_uow,
        ada.student_id,
        ada.course_id,
        extension=Extension(months=3),
        reason="  Was ill in spring  ",
        seen_until=JUNE,
    )

    assert changes.message == "Ada Lovelace can open “Python Basics” until 30 September 2026."
    assert changes.subject_id == ada.enrolment_id
    assert read_access(any_uow, ada.student_id, ada.course_id) == (
        datetime(2026, 9, 30, 10, 0, tzinfo=UTC),
        None,
        None,
        "Was ill in spring",
    )


def test_access_that_another_program_never_gave_is_given_by_extending(
    any_uow: UnitOfWork,
) -> None:
    ada = Class(any_uow.connection)

    changes = access.extend_access(
        any_uow,
        ada.student_id,
        ada.course_id,
        extension=Extension(lifetime=True),
        reason="Enrolled by the old program",
        seen_until=None,
    )

    assert changes.message == "Ada Lovelace can open “Python Basics” for life."
    assert read_access(any_uow, ada.student_id, ada.course_id) == (
        None, None, None, "Enrolled by the old program",
    )  # fmt: skip


def test_extended_access_that_had_ended_is_open_again(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection)
    make_access(
        any_uow.connection,
        ada.student_id,
        ada.course_id,
        access_expires_at=NOW - timedelta(days=5),
        ended_at=NOW - timedelta(days=5),
        end_reason="subscription_ended",
    )

    access.extend_access(
        any_uow,
        ada.student_id,
        ada.course_id,
        extension=Extension(until_on=date(2026, 4, 30)),
        reason="Goodwill",
        seen_until=NOW - timedelta(days=5),
    )

    assert read_access(any_uow, ada.student_id, ada.course_id) == (
        datetime(2026, 4, 30, 23, 59, 59, tzinfo=UTC),
        None,
        None,
        "Goodwill",
    )


def test_a_double_click_extends_once(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)
    make_access(uow.connection, ada.student_id, ada.course_id, access_expires_at=JUNE)

    def extend() -> None:
        access.extend_access(
            uow,
            ada.student_id,
            ada.course_id,
            extension=Extension(months=1),
            reason="Ill",
            seen_until=JUNE,
        )

    extend()
    with pytest.raises(RuleRefused) as refused:
        extend()

    assert refused.value.reason is ExtendRefusal.STALE_SCREEN
    assert str(refused.value) == (
        "Another desk changed this access meanwhile. Look at it again, then extend it."
    )
    assert read_access(uow, ada.student_id, ada.course_id)[0] == datetime(
        2026, 7, 30, 10, 0, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        ("pending", ExtendRefusal.WAITING),
        ("refunded", ExtendRefusal.REFUNDED),
        ("cancelled", ExtendRefusal.CANCELLED),
    ],
)
def test_only_a_living_enrolment_is_extended(
    uow: UnitOfWork, status: str, refusal: ExtendRefusal
) -> None:
    ada = Class(uow.connection, status=status)

    with pytest.raises(RuleRefused) as refused:
        access.extend_access(
            uow,
            ada.student_id,
            ada.course_id,
            extension=Extension(months=1),
            reason="Ill",
            seen_until=None,
        )

    assert refused.value.reason is refusal


def test_access_of_someone_who_never_enrolled_or_was_deleted_is_not_extended(
    uow: UnitOfWork,
) -> None:
    ada = Class(uow.connection)
    uow.connection.execute(
        update(t.users).where(t.users.c.user_id == ada.student_id).values(deleted_at=NOW)
    )
    for student, reason in (
        (make_student(uow.connection), ExtendRefusal.NOT_ENROLLED),
        (ada.student_id, ExtendRefusal.ACCOUNT_DELETED),
    ):
        with pytest.raises(RuleRefused) as refused:
            access.extend_access(
                uow,
                student,
                ada.course_id,
                extension=Extension(months=1),
                reason="Ill",
                seen_until=None,
            )
        assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("  ", "The reason cannot be empty."),
        ("x" * 501, "The reason can have at most 500 characters; this has 501."),
        ("a\x00b", "The reason holds a character that cannot be stored."),
    ],
)
def test_an_extension_needs_a_reason_that_can_be_kept(
    uow: UnitOfWork, reason: str, message: str
) -> None:
    ada = Class(uow.connection)

    with pytest.raises(InvalidInput) as refused:
        access.extend_access(
            uow,
            ada.student_id,
            ada.course_id,
            extension=Extension(months=1),
            reason=reason,
            seen_until=None,
        )
    assert str(refused.value) == message


def test_extending_needs_the_right(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)

    with pytest.raises(NotAllowed, match="may not extend access"):
        access.extend_access(
            acting_as(uow, Role.FINANCE),
            ada.student_id,
            ada.course_id,
            extension=Extension(months=1),
            reason="Ill",
            seen_until=None,
        )


def test_the_dialog_shows_what_an_extension_would_grant(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)
    make_access(uow.connection, ada.student_id, ada.course_id, access_expires_at=JUNE)

    granted = access.preview_extension(
        uow, ada.student_id, ada.course_id, extension=Extension(months=1)
    )
    refused = access.preview_extension(
        uow, ada.student_id, ada.course_id, extension=Extension(until_on=date(2026, 3, 1))
    )

    assert granted.expires_at == datetime(2026, 7, 30, 10, 0, tzinfo=UTC)
    assert refused.message == "1 March 2026 is over; choose a later day."


def test_an_extension_is_audited_without_its_words(database: Database) -> None:
    with database.engines.writer.connect() as connection:
        ada = Class(connection)
        make_access(connection, ada.student_id, ada.course_id, access_expires_at=JUNE)
        connection.commit()

    database.write(
        access.extend_access,
        ada.student_id,
        ada.course_id,
        extension=Extension(months=1),
        reason="Ada was ill",
        seen_until=JUNE,
    )

    def audited(uow: UnitOfWork) -> Any:
        a = t.audit_log.c
        return uow.connection.execute(
            select(a.entity, a.action, a.user_id, a.course_id, a.facts).where(
                a.operation == "extend_access"
            )
        ).one()

    entity, action, user_id, course_id, facts = database.read(audited)
    assert (entity, action) == ("course_access", "update")
    assert (user_id, course_id) == (ada.student_id, ada.course_id)
    assert facts == {
        "access_expires_at": ["2026-06-30 10:00:00.000000", "2026-07-30 10:00:00.000000"],
        "reason": "changed",
    }
