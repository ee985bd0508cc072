"""What a payment's state means, in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.states import PaymentKind, PaymentMethod, PaymentStatus
from learnhub_desktop.domain.timeline import sentence

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def make_row(status: PaymentStatus, *, subscribed: bool, refund_due: bool = False) -> PaymentRow:
    return PaymentRow(
        payment_id=1,
        student_id=7,
        student_name="Ada Byron",
        student_email="ada@example.org",
        kind=PaymentKind.CHARGE,
        course_id=None if subscribed else 3,
        subscription_id=2 if subscribed else None,
        enrollment_id=None,
        title="Monthly" if subscribed else "SQL",
        amount=Decimal("29.00"),
        currency="USD",
        refunded_amount=Decimal("0.00"),
        method=PaymentMethod.CREDIT_CARD,
        status=status,
        gateway="simulated",
        gateway_reference=None,
        refunds_payment_id=None,
        reason_code=None,
        comment=None,
        refund_due=refund_due,
        hold_expires_at=None,
        created_at=NOW,
        processed_at=None,
    )


@pytest.mark.parametrize(
    "status, of_a_course, of_a_period",
    [
        (
            PaymentStatus.PENDING,
            "29.00 USD is expected. A seat is held until the hold runs out.",
            "29.00 USD is being charged for a period of a subscription.",
        ),
        (
            PaymentStatus.UNKNOWN,
            "The gateway did not answer. The seat stays held, and nothing is charged twice.",
            "The gateway did not answer. It is asked again, and nothing is charged twice.",
        ),
        (
            PaymentStatus.FAILED,
            "Nothing was charged, and no seat is held.",
            "Nothing was charged for this period of the subscription.",
        ),
        (
            PaymentStatus.COMPLETED,
            "29.00 USD is paid, and the student has what was bought.",
            "29.00 USD is paid, and the student has what was bought.",
        ),
    ],
)
def test_no_seat_is_told_of_a_subscriptions_period(
    status: PaymentStatus, of_a_course: str, of_a_period: str
) -> None:
    for subscribed, said in ((False, of_a_course), (True, of_a_period)):
        row = make_row(status, subscribed=subscribed)
        assert sentence(row, money_back_access_kept=False, waits_for_review=False) == said


@pytest.mark.parametrize(
    "subscribed, said",
    [
        (False, "29.00 USD came in, but there was no seat left. The money must go back."),
        (True, "29.00 USD came in for a period that was not to be paid any more. It must go back."),
    ],
)
def test_money_that_has_to_go_back_says_why(subscribed: bool, said: str) -> None:
    row = make_row(PaymentStatus.COMPLETED, subscribed=subscribed, refund_due=True)

    assert sentence(row, money_back_access_kept=False, waits_for_review=False) == said
