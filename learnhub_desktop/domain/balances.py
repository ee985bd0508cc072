"""Changing a student's balance by hand: what may be done, and how it is said."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain import money
from learnhub_desktop.domain.enrolments import StudentFacts
from learnhub_desktop.domain.states import UserType, say
from learnhub_desktop.errors import InvalidInput, RuleRefused


class AdjustmentReason(StrEnum):
    """Movements are never changed, so no text that may name somebody stands in them."""

    GOODWILL = "goodwill"
    PAID_IN = "paid_in"
    PAID_OUT = "paid_out"
    CORRECTION = "correction"


# What each reason can be given for: adding, taking away, or both.
ADDS: Final = (AdjustmentReason.GOODWILL, AdjustmentReason.PAID_IN, AdjustmentReason.CORRECTION)
TAKES: Final = (AdjustmentReason.PAID_OUT, AdjustmentReason.CORRECTION)


class BalanceRefusal(StrEnum):
    NO_STUDENT = "no_student"
    DELETED = "deleted"
    STALE_SCREEN = "stale_screen"


def check_adjustment(
    student: StudentFacts, amount: Decimal, reason: AdjustmentReason, *, seen: Decimal
) -> Decimal:
    """Return the signed amount as it may be moved.

    ``seen`` is the balance that the screen showed: another desk's change, or a second press
    whose first answer was lost, is noticed by it. RuleRefused where this student's balance
    is not to be changed; InvalidInput where not by this amount or not for this reason.
    """
    if student.user_type is not UserType.STUDENT:
        raise RuleRefused(BalanceRefusal.NO_STUDENT, "Only students have a balance.")
    if student.deleted_at is not None:
        raise RuleRefused(
            BalanceRefusal.DELETED, "This account was deleted, so nobody could use its balance."
        )
    now = money.text(student.balance, student.balance_currency)
    if student.balance != seen:
        raise RuleRefused(
            BalanceRefusal.STALE_SCREEN,
            f"The balance of {student.name} is {now} by now. Nothing was changed; look again first.",
        )
    exact = money.check_amount(abs(amount))
    if reason not in (ADDS if amount > 0 else TAKES):
        way = "added" if amount > 0 else "taken away"
        raise InvalidInput("reason", f"Nothing is {way} as “{say(reason)}”.")
    if amount < 0 and exact > student.balance:
        raise InvalidInput("amount", f"Only {now} can be taken away.")
    if amount > 0:
        money.check_amount(student.balance + exact)
    return exact if amount > 0 else -exact
