"""What the side panel shows of one payment, and the list of its refunds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from learnhub_desktop.domain import money
from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.states import (
    OPEN_PAYMENTS,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    say,
)
from learnhub_desktop.domain.timeline import PaymentDetail, TimelineEntry
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import LEFT, RIGHT, Tone
from learnhub_desktop.models.payments import method_name, status_text, status_tone
from learnhub_desktop.ui.dialogs.money import line
from learnhub_desktop.ui.widgets.parts import Badge, asking, button, clear, label, two_columns
from learnhub_desktop.ui.widgets.side_panel import Event, Fact, Offer, Panel, moment_fact

_BY_HAND: Final = frozenset({PaymentMethod.BANK_TRANSFER, PaymentMethod.CASH})
_OWN_GATEWAYS: Final = frozenset({"manual", "balance"})
_AT_ONCE: Final = timedelta(minutes=1)
_LONGEST_REFERENCE: Final = 20


def payment_outline(row: PaymentRow) -> Panel:
    """What the row itself tells, until the rest is read."""
    is_refund = row.kind is PaymentKind.REFUND
    amount = money.text(row.amount, row.currency)
    return Panel(
        title=f"{'Refund' if is_refund else 'Payment'} {row.payment_id}",
        subtitle=line(row.student_name, row.title),
        amount=f"−{amount}" if is_refund else amount,
        state=status_text(row),
        state_tone=status_tone(row),
    )


def payment_panel(detail: PaymentDetail, *, now: datetime, zone: tzinfo) -> Panel:
    """The payment as it stands at ``now``; moments are those of ``zone``."""
    return replace(
        payment_outline(detail.row),
        sentence=_sentence(detail, now, zone),
        facts=_facts(detail, now, zone),
        events=_events(detail.timeline, now, zone),
        offers=offers(detail, now=now, zone=zone),
    )


def _sentence(detail: PaymentDetail, now: datetime, zone: tzinfo) -> str:
    next_at = detail.next_check_at
    if not detail.may_ask or next_at is None:
        return detail.says
    if next_at <= now:
        return f"{detail.says} The gateway is about to be asked again."
    return f"{detail.says} The gateway is asked again {_at(next_at, now, zone)}."


def _at(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """``at 09:43``, ``tomorrow 09:43``, ``on 3 Feb``."""
    shown = formats.moment(moment, now=now, zone=zone)
    if shown.startswith("Today "):
        return f"at {shown.removeprefix('Today ')}"
    return shown.replace("Tomorrow", "tomorrow") if "Tomorrow" in shown else f"on {shown}"


def _facts(detail: PaymentDetail, now: datetime, zone: tzinfo) -> tuple[Fact, ...]:
    row = detail.row

    at = partial(moment_fact, now=now, zone=zone)
    is_open, next_at = row.status in OPEN_PAYMENTS, detail.next_check_at
    refunded = money.text(row.refunded_amount, row.currency) if row.refunded_amount else ""
    found = (
        Fact("E-mail", row.student_email),
        Fact("Method", _method(row)),
        Fact("Reference", _cut(row.gateway_reference or ""), tooltip=row.gateway_reference or ""),
        at("Hold until", row.hold_expires_at if is_open else None),
        at("Asked next", next_at if detail.may_ask and next_at and next_at > now else None),
        at("Made", row.created_at),
        at("Settled", row.processed_at if _took_time(row) else None),
        Fact("Refunded", refunded),
        Fact("Left", money.text(row.left, row.currency) if refunded and row.left else ""),
        Fact("Refund of", f"Payment {row.refunds_payment_id}" if row.refunds_payment_id else ""),
        Fact("Reason", "" if row.reason_code is None else say(row.reason_code)),
        Fact("Comment", row.comment or ""),
        Fact("Fraud alert", "" if detail.alert_id is None else f"No. {detail.alert_id}"),
    )
    return tuple(fact for fact in found if fact.text)


def _took_time(row: PaymentRow) -> bool:
    """Whether it was settled so much later that both moments are worth a line."""
    return row.processed_at is not None and row.processed_at - row.created_at > _AT_ONCE


def _cut(reference: str) -> str:
    """A gateway's number as it fits in the panel, with the beginning and the end."""
    if len(reference) <= _LONGEST_REFERENCE:
        return reference
    return f"{reference[:10]}…{reference[-8:]}"


def _method(row: PaymentRow) -> str:
    if row.method is None:
        return ""
    # "manual" and "balance" say nothing that the method has not said.
    gateway = row.gateway if row.gateway not in _OWN_GATEWAYS else None
    return f"{method_name(row.method)}, {gateway}" if gateway else method_name(row.method)


def _events(timeline: tuple[TimelineEntry, ...], now: datetime, zone: tzinfo) -> tuple[Event, ...]:
    """Clocks to the second; each day but today stands once, above its own."""
    today = now.astimezone(zone).date()
    found, shown_on = [], today
    for entry in timeline:
        on = entry.at.astimezone(zone).date()
        if on != shown_on:
            found.append(Event("Today" if on == today else formats.day(on, today=today), ""))
            shown_on = on
        found.append(
            Event(
                when=formats.clock(entry.at, zone=zone),
                text=entry.text,
                tone=Tone.WARN if entry.is_trouble else None,
                tooltip=formats.moment_full(entry.at, zone=zone),
            )
        )
    return tuple(found)


def as_reason(sentence: str) -> str:
    """A sentence as it stands after "Refund is not possible:"."""
    return sentence[:1].lower() + sentence[1:]


# What can be done


def offers(detail: PaymentDetail, *, now: datetime, zone: tzinfo) -> tuple[Offer, ...]:
    """What makes sense now, the likely one primary, and why not where one might expect it."""
    row = detail.row
    if row.kind is PaymentKind.REFUND:
        found = _of_refund(detail)
    elif row.status is PaymentStatus.PENDING:
        found = _of_pending(detail, now, zone)
    else:
        found = _of_charge(detail)
    if row.refunds_payment_id is not None:
        found.insert(0, Offer("payment_charge"))
    if detail.alert_id is not None:
        # Where nothing else can be done, the reviewer's word is what it waits for.
        is_next = not any(offer.is_primary for offer in found)
        found.insert(0, Offer("payment_alert", is_primary=is_next))
    return (Offer("payment_student"), *found)


def refusal(name: str, detail: PaymentDetail, *, now: datetime, zone: tzinfo) -> str:
    """Why the action is not possible on this payment; empty where it is."""
    if name == "copy_reference" and detail.row.gateway_reference:
        return ""
    for offer in offers(detail, now=now, zone=zone):
        if offer.action == name:
            return offer.reason
    if name == "refund" and detail.row.kind is PaymentKind.CHARGE:
        return as_reason(detail.why_no_refund)
    return _NOT_OFFERED[name]


# The gateway tells once more that the money is back, and the rest is written down.
_TRY_AGAIN: Final = Offer("ask_gateway", is_primary=True, text="Try again")
_NOT_OFFERED: Final = {
    "refund": "this is a refund itself.",
    "ask_gateway": "this payment is settled, or nobody knows more of it than LearnHub.",
    "record_receipt": "only an unpaid transfer, or cash, has a receipt to record.",
    "record_payout": "only a refund that waits to be paid out by hand is recorded so.",
    "cancel_payout": "only a refund that waits to be paid out by hand can be cancelled.",
    "cancel_hold": "only a purchase that waits for money or for a reviewer holds a seat.",
    "charge_payment": "only a purchase that a reviewer approved waits to be charged.",
    "payment_alert": "this payment raised no fraud alert.",
    "payment_charge": "this is no refund.",
    "copy_reference": "the gateway gave no reference.",
}


def _of_refund(detail: PaymentDetail) -> list[Offer]:
    found = []
    if detail.may_record_payout:
        found += [Offer("cancel_payout"), Offer("record_payout", is_primary=True)]
    if detail.stuck_refund_id is not None:
        found.append(_TRY_AGAIN)
    elif detail.may_ask:
        found.append(Offer("ask_gateway", is_primary=True))
    elif detail.row.status is PaymentStatus.FAILED:
        found.append(Offer("refund", is_primary=True, text="Refund again…"))
    return found


def _of_pending(detail: PaymentDetail, now: datetime, zone: tzinfo) -> list[Offer]:
    row = detail.row
    found = []
    if detail.may_cancel_hold:
        found.append(Offer("cancel_hold"))
    if detail.may_ask:
        found.append(Offer("ask_gateway", is_primary=not detail.may_record_receipt))
    elif row.method not in _BY_HAND and not detail.may_cancel_hold:
        when = "" if row.hold_expires_at is None else f" {_at(row.hold_expires_at, now, zone)}"
        found.append(
            Offer("ask_gateway", f"the first call may still be at it. Ask{when or ' later'}.")
        )
    if detail.may_record_receipt:
        found.append(Offer("record_receipt", is_primary=True))
    if detail.may_charge:
        found.append(Offer("charge_payment", is_primary=True))
    if not found or not (detail.may_record_receipt or detail.may_charge):
        found.append(Offer("refund", as_reason(detail.why_no_refund)))
    return found


def _of_charge(detail: PaymentDetail) -> list[Offer]:
    found = []
    if detail.may_record_receipt:
        found.append(Offer("record_receipt", is_primary=True))
    # Past the policy a refund is still asked for: the dialog says so, and who may grant it.
    if detail.may_refund:
        found.append(Offer("refund", is_primary=detail.stuck_refund_id is None))
    else:
        found.append(Offer("refund", as_reason(detail.why_no_refund)))
    if detail.may_ask:
        found.append(Offer("ask_gateway", is_primary=True))
    if detail.stuck_refund_id is not None:
        found.append(_TRY_AGAIN)
    return found


class RefundList(QWidget):
    """The refunds of a charge, one a line; hidden where there are none.

    Signals:
        asked: The number of the refund that a person wants to see.
    """

    asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._grid = two_columns()
        self.setLayout(self._grid)

    def show_refunds(self, refunds: tuple[PaymentRow, ...], *, now: datetime, zone: tzinfo) -> None:
        clear(self._grid)
        for place, refund in enumerate(refunds):
            link = button(f"Refund {refund.payment_id}", kind="link")
            link.clicked.connect(asking(self.asked.emit, refund.payment_id))
            when = label(formats.moment(refund.created_at, now=now, zone=zone), "hint")
            when.setToolTip(formats.moment_full(refund.created_at, zone=zone))
            amount = label(money.text(refund.amount, refund.currency))
            badge = Badge(status_text(refund), status_tone(refund))
            self._grid.addWidget(link, 2 * place, 0, LEFT)
            self._grid.addWidget(amount, 2 * place, 1, RIGHT)
            self._grid.addWidget(when, 2 * place + 1, 0, LEFT)
            self._grid.addWidget(badge, 2 * place + 1, 1, RIGHT)
