from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from learnhub_desktop.domain.enrolments import AccessFacts
from learnhub_desktop.domain.extensions import (
    ExtendRefusal,
    Extension,
    ExtensionDecision,
    decide_extension,
)
from learnhub_desktop.domain.states import EnrolmentStatus
from learnhub_desktop.errors import InvalidInput

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ACTIVE = EnrolmentStatus.ACTIVE
OPEN_UNTIL_JUNE = AccessFacts(datetime(2026, 6, 30, 10, 0, tzinfo=UTC), None)
RAN_OUT = AccessFacts(datetime(2026, 1, 31, 10, 0, tzinfo=UTC), None)
FOR_LIFE = AccessFacts(None, None)


def decide(
    wanted: Extension,
    access: AccessFacts | None = OPEN_UNTIL_JUNE,
    enrolment: EnrolmentStatus | None = ACTIVE,
) -> ExtensionDecision:
    return decide_extension(
        wanted, enrolment=enrolment, access=access, now=NOW, zone=ZoneInfo("Europe/Berlin")
    )


@pytest.mark.parametrize(
    ("wanted", "access", "expires_at"),
    [
        (Extension(until_on=date(2026, 12, 31)), OPEN_UNTIL_JUNE,
         datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)),
        (Extension(until_on=date(2026, 3, 10)), RAN_OUT,
         datetime(2026, 3, 10, 22, 59, 59, tzinfo=UTC)),
        (Extension(until_on=date(2026, 7, 1)), None,
         datetime(2026, 7, 1, 21, 59, 59, tzinfo=UTC)),
        (Extension(months=3), OPEN_UNTIL_JUNE, datetime(2026, 9, 30, 10, 0, tzinfo=UTC)),
        (Extension(months=8), OPEN_UNTIL_JUNE, datetime(2027, 2, 28, 10, 0, tzinfo=UTC)),
        (Extension(months=3), RAN_OUT, datetime(2026, 6, 10, 12, 0, tzinfo=UTC)),
        (Extension(months=1), None, datetime(2026, 4, 10, 12, 0, tzinfo=UTC)),
        (Extension(lifetime=True), OPEN_UNTIL_JUNE, None),
        (Extension(lifetime=True), RAN_OUT, None),
    ],
)  # fmt: skip
def test_an_extension_comes_to(
    wanted: Extension, access: AccessFacts | None, expires_at: datetime | None
) -> None:
    assert decide(wanted, access) == ExtensionDecision(expires_at)


@pytest.mark.parametrize(
    ("enrolment", "refusal", "message"),
    [
        (None, ExtendRefusal.NOT_ENROLLED,
         "The student is not enrolled in this course; enrol the student instead."),
        (EnrolmentStatus.PENDING, ExtendRefusal.WAITING,
         "The course is not paid yet; settle the payment first."),
        (EnrolmentStatus.REFUNDED, ExtendRefusal.REFUNDED,
         "The course was refunded, so there is no access to extend. "
         "Let the student buy it again, or enrol the student by hand."),
        (EnrolmentStatus.CANCELLED, ExtendRefusal.CANCELLED,
         "The enrolment was cancelled, so there is no access to extend. "
         "Enrol the student again instead."),
    ],
)  # fmt: skip
def test_where_there_is_no_access_to_extend_it_is_said_what_to_do_instead(
    enrolment: EnrolmentStatus | None, refusal: ExtendRefusal, message: str
) -> None:
    decision = decide(Extension(months=1), enrolment=enrolment)

    assert (decision.refusal, decision.message) == (refusal, message)


def test_access_for_life_cannot_be_extended() -> None:
    decision = decide(Extension(months=1), FOR_LIFE)

    assert decision.refusal is ExtendRefusal.LIFETIME_ALREADY
    assert decision.message == "The student has access for life already."


def test_access_that_ended_although_it_was_for_life_starts_again() -> None:
    ended = AccessFacts(None, datetime(2026, 1, 1, tzinfo=UTC))

    assert decide(Extension(months=1), ended).expires_at == datetime(2026, 4, 10, 12, tzinfo=UTC)


def test_an_extension_never_shortens() -> None:
    decision = decide(Extension(until_on=date(2026, 6, 29)))

    assert decision.refusal is ExtendRefusal.NOT_LATER
    assert decision.message == "Access is open until 30 June 2026 already; choose a later day."


def test_the_same_day_is_later_when_it_counts_whole() -> None:
    decision = decide(Extension(until_on=date(2026, 6, 30)))

    assert decision.expires_at == datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC)


def test_a_day_that_is_over_is_refused() -> None:
    decision = decide(Extension(until_on=date(2026, 3, 9)), RAN_OUT)

    assert decision.refusal is ExtendRefusal.NOT_LATER
    assert decision.message == "9 March 2026 is over; choose a later day."


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Extension(), "Choose a last day, a number of months, or access for life."),
        (Extension(months=1, lifetime=True),
         "Choose a last day, a number of months, or access for life."),
        (Extension(months=0), "Choose 1 to 120 months, or access for life."),
        (Extension(months=121), "Choose 1 to 120 months, or access for life."),
        (Extension(until_on=date(9999, 12, 31)), "Choose a day before 2201, or access for life."),
    ],
)  # fmt: skip
def test_a_wish_that_makes_no_sense_is_refused(wanted: Extension, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        decide(wanted)
    assert str(refused.value) == message
