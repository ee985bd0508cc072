"""What dialogs put into the journal before money moves: ids, codes and amounts, never a card."""

from __future__ import annotations

from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.purchases import Order
from learnhub_desktop.journal import Act, Operation
from learnhub_desktop.services.refund_rules import RefundOrder
from learnhub_desktop.services.refund_words import RefundPreview
from learnhub_desktop.services.subscriptions import SignUp


def of_purchase(order: Order) -> Act:
    found = {
        "student_id": str(order.student_id),
        "course_id": str(order.course_id),
        "amount": f"{order.price:.2f}",
        "currency": order.currency,
        "payment_method": str(order.method),
    }
    if order.released_alert_id is not None:
        found["released_alert_id"] = str(order.released_alert_id)
    return Act(order.key, Operation.PURCHASE, found)


def of_refund(order: RefundOrder, preview: RefundPreview) -> Act:
    amount = preview.left if order.amount is None else order.amount
    return Act(
        order.key,
        Operation.REFUND,
        {
            "payment_id": str(order.payment_id),
            "amount": f"{amount:.2f}",
            "currency": preview.currency,
            "reason_code": str(order.reason),
        },
    )


def of_sign_up(order: SignUp) -> Act:
    return Act(
        order.key,
        Operation.SUBSCRIPTION,
        {
            "student_id": str(order.student_id),
            "plan_type": order.plan_type,
            "amount": f"{order.price:.2f}",
            "currency": order.currency,
        },
    )


def of_charge(row: PaymentRow, alert_id: int) -> Act:
    """The charge of an approved purchase goes on under its first key, so its number names it."""
    return Act(
        f"charge-{row.payment_id}",
        Operation.CHARGE,
        {
            "payment_id": str(row.payment_id),
            "alert_id": str(alert_id),
            "amount": f"{row.amount:.2f}",
            "currency": row.currency,
        },
    )
