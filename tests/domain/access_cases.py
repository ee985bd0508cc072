"""Every situation of access that a clerk can meet, and the one literal answer to it."""

from datetime import UTC, date, datetime
from decimal import Decimal

from learnhub_desktop.domain.access import AccessState, NextStep
from learnhub_desktop.domain.enrolments import AccessFacts
from learnhub_desktop.domain.situations import (
    AccessEnd,
    FailedPayment,
    FullRefund,
    OpenPayment,
    Situation,
    SubscriptionState,
)
from learnhub_desktop.domain.states import (
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    PaymentMethod,
    PaymentStatus,
    SubscriptionStatus,
)

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
EARLIER = datetime(2026, 2, 1, 8, 30, tzinfo=UTC)

PENDING = EnrolmentStatus.PENDING
ACTIVE = EnrolmentStatus.ACTIVE
COMPLETED = EnrolmentStatus.COMPLETED
REFUNDED = EnrolmentStatus.REFUNDED
CANCELLED = EnrolmentStatus.CANCELLED
ARCHIVED = CourseStatus.ARCHIVED


def waiting_payment(
    status: PaymentStatus = PaymentStatus.PENDING,
    method: PaymentMethod = PaymentMethod.CREDIT_CARD,
    hold_expires_at: datetime | None = LATER,
    is_verified_by_hand: bool = False,
) -> OpenPayment:
    return OpenPayment(
        7, status, method, Decimal("49.00"), "USD", hold_expires_at, is_verified_by_hand
    )


OPEN_UNTIL_LATER = AccessFacts(expires_at=LATER, ended_at=None)
FOR_LIFE = AccessFacts(expires_at=None, ended_at=None)
RAN_OUT = AccessFacts(expires_at=EARLIER, ended_at=None)
ENDED = AccessFacts(expires_at=EARLIER, ended_at=EARLIER)
MONTHLY = SubscriptionState(SubscriptionStatus.ACTIVE, date(2026, 9, 1))

CASES = {
    "open": (
        Situation(enrolment=ACTIVE, access=OPEN_UNTIL_LATER),
        AccessState.OPEN,
        "Open until 1 September 2026.",
        (NextStep.EXTEND,),
    ),
    "open after completion": (
        Situation(enrolment=COMPLETED, access=OPEN_UNTIL_LATER),
        AccessState.OPEN,
        "Open until 1 September 2026.",
        (NextStep.EXTEND,),
    ),
    "lifetime": (
        Situation(enrolment=ACTIVE, access=FOR_LIFE),
        AccessState.LIFETIME,
        "Open for life.",
        (),
    ),
    "open in an archived course": (
        Situation(course_status=ARCHIVED, enrolment=ACTIVE, access=OPEN_UNTIL_LATER),
        AccessState.OPEN,
        "Open until 1 September 2026. The course is archived: students keep their access, "
        "nobody new can enrol.",
        (NextStep.EXTEND,),
    ),
    "open in a draft": (
        Situation(course_status=CourseStatus.DRAFT, enrolment=ACTIVE, access=FOR_LIFE),
        AccessState.LIFETIME,
        "Open for life. The course is a draft.",
        (),
    ),
    "open while disputed": (
        Situation(enrolment=ACTIVE, access=OPEN_UNTIL_LATER, is_disputed=True),
        AccessState.OPEN,
        "Open until 1 September 2026. The payment is disputed at the card’s bank; "
        "access stays until it decides.",
        (NextStep.EXTEND,),
    ),
    "open, an extension is being paid": (
        Situation(
            enrolment=ACTIVE,
            access=OPEN_UNTIL_LATER,
            open_payment=waiting_payment(method=PaymentMethod.BANK_TRANSFER),
        ),
        AccessState.OPEN,
        "Open until 1 September 2026. A payment of 49.00 USD to extend it is awaited.",
        (NextStep.EXTEND,),
    ),
    "open, whether an extension was paid is unknown": (
        Situation(
            enrolment=ACTIVE,
            access=OPEN_UNTIL_LATER,
            open_payment=waiting_payment(PaymentStatus.UNKNOWN),
        ),
        AccessState.OPEN,
        "Open until 1 September 2026. It is not known yet whether a payment of 49.00 USD "
        "to extend it went through.",
        (NextStep.EXTEND,),
    ),
    "open by subscription": (
        Situation(
            enrolment=ACTIVE,
            source=EnrolmentSource.SUBSCRIPTION,
            access=OPEN_UNTIL_LATER,
            subscription=MONTHLY,
        ),
        AccessState.OPEN,
        "Open until 1 September 2026 through the subscription, which renews by then.",
        (NextStep.EXTEND,),
    ),
    "open by a subscription that was cancelled": (
        Situation(
            enrolment=ACTIVE,
            source=EnrolmentSource.SUBSCRIPTION,
            access=OPEN_UNTIL_LATER,
            subscription=SubscriptionState(
                SubscriptionStatus.ACTIVE, date(2026, 9, 1), cancels_at_period_end=True
            ),
        ),
        AccessState.OPEN,
        "Open until 1 September 2026 through the subscription, which is not renewed.",
        (NextStep.EXTEND,),
    ),
    "open by a subscription that is past due": (
        Situation(
            enrolment=ACTIVE,
            source=EnrolmentSource.SUBSCRIPTION,
            access=OPEN_UNTIL_LATER,
            subscription=SubscriptionState(SubscriptionStatus.PAST_DUE, date(2026, 3, 1)),
        ),
        AccessState.OPEN,
        "Open until 1 September 2026 through the subscription, whose last payment was declined.",
        (NextStep.EXTEND,),
    ),
    "never enrolled": (
        Situation(),
        AccessState.NEVER_ENROLLED,
        "Not open: the student was never enrolled in this course.",
        (NextStep.ENROL,),
    ),
    "never enrolled, and archived since": (
        Situation(course_status=ARCHIVED),
        AccessState.NEVER_ENROLLED,
        "Not open: the student was never enrolled in this course.",
        (),
    ),
    "access by another program": (
        Situation(access=OPEN_UNTIL_LATER),
        AccessState.OPEN,
        "Open until 1 September 2026, though there is no enrolment: "
        "another program gave this access.",
        (NextStep.ENROL,),
    ),
    "enrolled by another program": (
        Situation(enrolment=ACTIVE),
        AccessState.NOT_GRANTED,
        "Not open: the student is enrolled, but the program that enrolled them gave no access.",
        (NextStep.EXTEND,),
    ),
    "waiting for a transfer": (
        Situation(
            enrolment=PENDING, open_payment=waiting_payment(method=PaymentMethod.BANK_TRANSFER)
        ),
        AccessState.WAITING_FOR_PAYMENT,
        "Not open yet: 49.00 USD by bank transfer is awaited. "
        "The seat is held until 1 September 2026 at 08:30.",
        (NextStep.RECORD_RECEIPT,),
    ),
    "waiting for cash": (
        Situation(enrolment=PENDING, open_payment=waiting_payment(method=PaymentMethod.CASH)),
        AccessState.WAITING_FOR_PAYMENT,
        "Not open yet: 49.00 USD in cash is awaited. "
        "The seat is held until 1 September 2026 at 08:30.",
        (NextStep.RECORD_RECEIPT,),
    ),
    "waiting for a card": (
        Situation(enrolment=PENDING, open_payment=waiting_payment()),
        AccessState.WAITING_FOR_PAYMENT,
        "Not open yet: 49.00 USD is awaited. The seat is held until 1 September 2026 at 08:30.",
        (NextStep.ASK_NOW,),
    ),
    "waiting, seen without the right to payments": (
        Situation(enrolment=PENDING, hold_expires_at=LATER),
        AccessState.WAITING_FOR_PAYMENT,
        "Not open yet: a seat is held until 1 September 2026 at 08:30, and the payment is awaited.",
        (),
    ),
    "payment unknown": (
        Situation(enrolment=PENDING, open_payment=waiting_payment(PaymentStatus.UNKNOWN)),
        AccessState.PAYMENT_UNKNOWN,
        "Not open yet: it is not known whether the payment of 49.00 USD went through. "
        "The seat stays held, and nothing is charged twice.",
        (NextStep.ASK_NOW,),
    ),
    "payment unknown past the hold": (
        Situation(
            enrolment=PENDING,
            open_payment=waiting_payment(PaymentStatus.UNKNOWN, hold_expires_at=EARLIER),
        ),
        AccessState.PAYMENT_UNKNOWN,
        "Not open yet: it is not known whether the payment of 49.00 USD went through. "
        "The seat stays held, and nothing is charged twice.",
        (NextStep.ASK_NOW,),
    ),
    "verification": (
        Situation(enrolment=PENDING, open_payment=waiting_payment(is_verified_by_hand=True)),
        AccessState.WAITING_FOR_VERIFICATION,
        "Not open yet: the payment of 49.00 USD waits for a reviewer. "
        "The seat is held until 1 September 2026 at 08:30.",
        (NextStep.REVIEW_ALERT,),
    ),
    "the hold ran out": (
        Situation(enrolment=PENDING, open_payment=waiting_payment(hold_expires_at=EARLIER)),
        AccessState.HOLD_RAN_OUT,
        "Not open: 49.00 USD did not arrive before the hold ran out on "
        "1 February 2026 at 08:30. The seat is given back at the next check.",
        (NextStep.ASK_NOW,),
    ),
    "the hold of a transfer ends this moment": (
        Situation(
            enrolment=PENDING,
            open_payment=waiting_payment(method=PaymentMethod.BANK_TRANSFER, hold_expires_at=NOW),
        ),
        AccessState.HOLD_RAN_OUT,
        "Not open: 49.00 USD did not arrive before the hold ran out on "
        "10 March 2026 at 12:00. The seat is given back at the next check.",
        (NextStep.RECORD_RECEIPT,),
    ),
    "declined": (
        Situation(enrolment=CANCELLED, failed_payment=FailedPayment(7, EARLIER)),
        AccessState.PAYMENT_FAILED,
        "Not open: the payment of 1 February 2026 did not go through, and nothing was charged.",
        (NextStep.ENROL,),
    ),
    "blocked": (
        Situation(failed_payment=FailedPayment(7, EARLIER, is_blocked=True)),
        AccessState.PAYMENT_FAILED,
        "Not open: the fraud check blocked the payment of 1 February 2026, "
        "and nothing was charged.",
        (NextStep.REVIEW_ALERT,),
    ),
    "held once, nothing more is known": (
        Situation(enrolment=CANCELLED),
        AccessState.NEVER_ENROLLED,
        "Not open: a seat was held once, but the purchase was not completed.",
        (NextStep.ENROL,),
    ),
    "refunded": (
        Situation(
            enrolment=REFUNDED,
            activated_at=EARLIER,
            refunded_at=EARLIER,
            access=ENDED,
            end_reason=AccessEnd.REFUNDED,
            refund=FullRefund(Decimal("49.00"), "USD"),
        ),
        AccessState.REFUNDED,
        "Not open: the course was refunded on 1 February 2026. "
        "49.00 USD went back, and access ended.",
        (NextStep.ENROL,),
    ),
    "refunded, seen without the right to payments": (
        Situation(enrolment=REFUNDED, activated_at=EARLIER, refunded_at=EARLIER, access=ENDED),
        AccessState.REFUNDED,
        "Not open: the course was refunded on 1 February 2026, and access ended with it.",
        (NextStep.ENROL,),
    ),
    "refunded by a program that left access open": (
        Situation(
            enrolment=REFUNDED,
            activated_at=EARLIER,
            refunded_at=EARLIER,
            access=OPEN_UNTIL_LATER,
        ),
        AccessState.OPEN,
        "Refunded on 1 February 2026, yet access was left open until 1 September 2026.",
        (),
    ),
    "cancelled by staff": (
        Situation(
            enrolment=CANCELLED,
            activated_at=EARLIER,
            cancelled_at=EARLIER,
            access=ENDED,
            end_reason=AccessEnd.CANCELLED,
        ),
        AccessState.CANCELLED,
        "Not open: staff cancelled the enrolment on 1 February 2026, and access ended with it.",
        (NextStep.ENROL,),
    ),
    "expired": (
        Situation(enrolment=ACTIVE, access=RAN_OUT),
        AccessState.EXPIRED,
        "Not open: access ended on 1 February 2026.",
        (NextStep.EXTEND, NextStep.ENROL),
    ),
    "expires this moment": (
        Situation(enrolment=COMPLETED, access=AccessFacts(NOW, None)),
        AccessState.EXPIRED,
        "Not open: access ended on 10 March 2026.",
        (NextStep.EXTEND, NextStep.ENROL),
    ),
    "expired in an archived course": (
        Situation(course_status=ARCHIVED, enrolment=ACTIVE, access=RAN_OUT),
        AccessState.EXPIRED,
        "Not open: access ended on 1 February 2026. The course is archived: students keep "
        "their access, nobody new can enrol.",
        (NextStep.EXTEND,),
    ),
    "subscription ended": (
        Situation(
            enrolment=CANCELLED,
            source=EnrolmentSource.SUBSCRIPTION,
            activated_at=EARLIER,
            cancelled_at=EARLIER,
            access=ENDED,
            end_reason=AccessEnd.SUBSCRIPTION,
            subscription=SubscriptionState(SubscriptionStatus.CANCELLED, date(2026, 2, 1)),
        ),
        AccessState.SUBSCRIPTION_ENDED,
        "Not open: the subscription that opened the course ended on 1 February 2026.",
        (NextStep.ENROL,),
    ),
    "the subscription's period ran out": (
        Situation(
            enrolment=ACTIVE,
            source=EnrolmentSource.SUBSCRIPTION,
            access=RAN_OUT,
            subscription=SubscriptionState(SubscriptionStatus.EXPIRED, date(2026, 2, 1)),
        ),
        AccessState.SUBSCRIPTION_ENDED,
        "Not open: the subscription that opened the course ended on 1 February 2026.",
        (NextStep.ENROL,),
    ),
    "the subscription's renewal was declined": (
        Situation(
            enrolment=ACTIVE,
            source=EnrolmentSource.SUBSCRIPTION,
            access=RAN_OUT,
            subscription=SubscriptionState(SubscriptionStatus.PAST_DUE, date(2026, 2, 1)),
        ),
        AccessState.SUBSCRIPTION_ENDED,
        "Not open: the subscription’s last payment was declined, and its access ended "
        "on 1 February 2026.",
        (NextStep.ENROL,),
    ),
    "account deleted": (
        Situation(enrolment=ACTIVE, access=FOR_LIFE, account_deleted_at=EARLIER),
        AccessState.ACCOUNT_DELETED,
        "This account was deleted on 1 February 2026, so nobody can log in with it.",
        (),
    ),
}
