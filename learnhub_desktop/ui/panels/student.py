"""What the side panel shows of one person, above their courses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial

from learnhub_desktop.domain import money
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.states import UserType, say
from learnhub_desktop.domain.students import (
    EnrolmentRow,
    StudentDetail,
    StudentRow,
    TaughtCourse,
    and_list,
)
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Tone
from learnhub_desktop.models.countries import country_name
from learnhub_desktop.models.students import TYPE_WORDS
from learnhub_desktop.ui.panels.student_refusals import Act, why_not
from learnhub_desktop.ui.widgets.side_panel import Event, Fact, Offer, Panel, moment_fact

NO_COURSES = "Not enrolled in any course yet."


def row_outline(row: StudentRow) -> Panel:
    """What the list's row tells, until the rest is read."""
    return _outline(row.name, row.email, row.user_type, is_deleted=row.is_deleted)


def enrolment_outline(row: EnrolmentRow) -> Panel:
    return _outline(row.student_name, row.student_email, UserType.STUDENT, is_deleted=False)


def student_panel(
    detail: StudentDetail,
    taught: Sequence[TaughtCourse],
    *,
    now: datetime,
    zone: tzinfo,
    name: Callable[[Act], str],
) -> Panel:
    """``name`` makes the page's action of an act."""
    person = detail.person
    is_deleted = person.deleted_at is not None
    outline = _outline(person.name, person.email, person.user_type, is_deleted=is_deleted)
    return replace(
        outline,
        subtitle=f"{person.email}\n{_about(detail, now=now, zone=zone)}",
        sentence=_sentence(detail, now=now, zone=zone),
        facts=tuple(_facts(detail, now=now, zone=zone)),
        events=tuple(
            Event(say(course.status), f"{course.title} · {_seats(course)}") for course in taught
        ),
        events_title="Teaches",
        offers=_offers(detail, name),
    )


def _outline(name: str, email: str, user_type: UserType, *, is_deleted: bool) -> Panel:
    state = ""
    if is_deleted:
        state = "deleted"
    elif user_type is not UserType.STUDENT:
        state = TYPE_WORDS[user_type].lower()
    return Panel(
        title=name,
        subtitle=email,
        state=state,
        state_tone=Tone.IDLE if is_deleted else Tone.INFO,
    )


def _sentence(detail: StudentDetail, *, now: datetime, zone: tzinfo) -> str:
    person = detail.person
    if person.deleted_at is not None:
        day = formats.moment(person.deleted_at, now=now, zone=zone)
        return f"This account was deleted ({day}). Its payments and enrolments stay."
    if person.user_type is not UserType.STUDENT:
        return f"Teaches {count_of(detail.taught, 'course')}." if detail.taught else ""
    counts = (
        (detail.waiting, "waiting for payment"),
        (detail.active, "open"),
        (detail.completed, "completed"),
        (detail.ended, "ended"),
    )
    said = [f"{count:,} {words}" for count, words in counts if count]
    return f"{count_of(detail.courses, 'course')}: {and_list(said)}." if said else NO_COURSES


def _about(detail: StudentDetail, *, now: datetime, zone: tzinfo) -> str:
    """``No. 131 · Brazil · since 21 Jul``."""
    person = detail.person
    parts = [f"No. {person.user_id}"]
    if person.country:
        parts.append(country_name(person.country))
    since = formats.day(
        detail.created_at.astimezone(zone).date(), today=now.astimezone(zone).date()
    )
    parts.append(f"since {formats.inside(since)}")
    return " · ".join(parts)


def _facts(detail: StudentDetail, *, now: datetime, zone: tzinfo) -> list[Fact]:
    person = detail.person
    moment = partial(moment_fact, now=now, zone=zone)
    facts = []
    if detail.balance is not None and person.user_type is UserType.STUDENT:
        facts.append(Fact("Balance", money.text(detail.balance, detail.balance_currency)))
    if detail.last_activity_at is not None:
        facts.append(moment("Last activity", detail.last_activity_at))
    if detail.last_purchase_at is not None:
        facts.append(moment("Last purchase", detail.last_purchase_at))
    if detail.external_id:
        facts.append(Fact("Own number", detail.external_id))
    return facts


def _offers(detail: StudentDetail, name: Callable[[Act], str]) -> tuple[Offer, ...]:
    acts = {Act.EDIT: "", Act.BALANCE: "Balance…", Act.PAYMENTS: "Payments", Act.ENROL: ""}
    if detail.person.user_type is not UserType.STUDENT:
        acts = {Act.EDIT: "", Act.DELETE: ""}
    # The panel says already that an account is deleted; once is enough.
    return tuple(
        Offer(name(act), text=text, is_primary=act is Act.ENROL)
        for act, text in acts.items()
        if not why_not(act, detail, None)
    )


def _seats(course: TaughtCourse) -> str:
    return count_of(course.enrolled_students, "student")
