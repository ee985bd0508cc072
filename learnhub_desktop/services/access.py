"""Where a student's access is, and more of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.access import AccessAnswer, explain
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.enrolments import AccessFacts
from learnhub_desktop.domain.extensions import (
    ExtendRefusal,
    Extension,
    ExtensionDecision,
    decide_extension,
)
from learnhub_desktop.domain.moments import say_last_day
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import RuleRefused

_REASON_LENGTH = 500


def explain_access(uow: UnitOfWork, student_id: int, course_id: int) -> AccessAnswer:
    """Answer "where is my access?" for one course; NotFound where student or course is none.

    For accounts that may not see payments the answer names no amount.
    """
    uow.actor.require(Right.VIEW_STUDENTS)
    person = uow.users.get(student_id)
    _, case = uow.access.situation(
        student_id, course_id, with_payments=uow.actor.may(Right.VIEW_PAYMENTS)
    )
    return explain(
        replace(case, account_deleted_at=person.deleted_at),
        now=uow.now(),
        zone=uow.settings.get().zone,
    )


def explain_all(uow: UnitOfWork, student_id: int) -> dict[int, AccessAnswer]:
    """The same for every course that the student was ever enrolled in, by course id."""
    uow.actor.require(Right.VIEW_STUDENTS)
    person = uow.users.get(student_id)
    now, zone = uow.now(), uow.settings.get().zone
    cases = uow.access.situations(student_id, with_payments=uow.actor.may(Right.VIEW_PAYMENTS))
    return {
        course_id: explain(replace(case, account_deleted_at=person.deleted_at), now=now, zone=zone)
        for course_id, case in cases.items()
    }


def preview_extension(
    uow: UnitOfWork, student_id: int, course_id: int, *, extension: Extension
) -> ExtensionDecision:
    """What the extension would grant, for the dialog before its button."""
    uow.actor.require(Right.EXTEND_ACCESS)
    _, case = uow.access.situation(student_id, course_id, with_payments=False)
    return decide_extension(
        extension,
        enrolment=case.enrolment,
        access=case.access,
        now=uow.now(),
        zone=uow.settings.get().zone,
    )


def extend_access(
    uow: UnitOfWork,
    student_id: int,
    course_id: int,
    *,
    extension: Extension,
    reason: str,
    seen_until: datetime | None,
) -> Changes:
    """Give a student access for longer, with a reason.

    ``seen_until`` is `AccessAnswer.until` as the screen showed it (None: no access was ever
    given), so that a double click, or two desks, do not add the months twice. RuleRefused
    says what to do instead where there is no access to extend.
    """
    uow.actor.require(Right.EXTEND_ACCESS)
    reason = check_text(reason, field="reason", label="The reason", longest=_REASON_LENGTH)
    place = uow.progress.lock_place(student_id, course_id)
    now, zone = uow.now(), uow.settings.get().zone
    if place is not None and place.student_deleted:
        raise RuleRefused(
            ExtendRefusal.ACCOUNT_DELETED, "This account was deleted, so nobody could use it."
        )
    access = uow.enrolments.find_access(student_id, course_id)
    decision = decide_extension(
        extension,
        enrolment=None if place is None else place.status,
        access=access,
        now=now,
        zone=zone,
    )
    if decision.refusal is not None or place is None:
        raise RuleRefused(decision.refusal or ExtendRefusal.NOT_ENROLLED, decision.message)
    if _shown(access) != seen_until:
        raise RuleRefused(
            ExtendRefusal.STALE_SCREEN,
            "Another desk changed this access meanwhile. Look at it again, then extend it.",
        )
    uow.access.extend(student_id, course_id, decision.expires_at, reason=reason, now=now)
    until = (
        "for life"
        if decision.expires_at is None
        else f"until {say_last_day(decision.expires_at, zone)}"
    )
    return Changes(
        Touched.ENROLMENTS,
        f"{place.student_name} can open “{place.course_title}” {until}.",
        subject_id=place.enrolment_id,
    )


def _shown(access: AccessFacts | None) -> datetime | None:
    return None if access is None else access.ended_at or access.expires_at
