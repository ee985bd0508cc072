"""What the side panel shows of one fraud alert: the rules' parts and the student's payments."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Actor, Right
from learnhub_desktop.domain.alerts import AlertDetail, RecentPayment, RulePart
from learnhub_desktop.domain.fraud import AlertRow
from learnhub_desktop.domain.states import (
    AlertStatus,
    PaymentStatus,
    RuleAction,
    say,
)
from learnhub_desktop.domain.text import read_whole
from learnhub_desktop.models import formats
from learnhub_desktop.models.alerts import ALERT_TONES, LEVEL_TONES, level_text
from learnhub_desktop.models.columns import Tone
from learnhub_desktop.models.countries import country_name
from learnhub_desktop.models.payments import PAYMENT_TONES, method_name
from learnhub_desktop.ui.dialogs.money import line
from learnhub_desktop.ui.panels.payment import as_reason
from learnhub_desktop.ui.widgets.parts import Badge, button, clear, label, set_tone
from learnhub_desktop.ui.widgets.side_panel import Fact, Offer, Panel

MOST_RECENT: Final = 6
_TOP: Final = Qt.AlignmentFlag.AlignTop
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
_DECISIONS: Final = {
    AlertStatus.CONFIRMED_FRAUD: "confirm_fraud",
    AlertStatus.FALSE_POSITIVE: "false_positive",
    AlertStatus.REVIEWED: "mark_reviewed",
}
_SEEN: Final = {
    "charges": "{} charges",
    "spent": "{} spent",
    "amount": "this one {}",
    "average": "on average {}",
    "country": "the card is from {}",
    "usual": "usually {}",
    "failures": "{} failures",
    "students": "{} students",
}
_COUNTRIES: Final = frozenset({"country", "usual"})
_AMOUNTS: Final = frozenset({"amount", "average", "spent"})


def alert_outline(row: AlertRow) -> Panel:
    """What the row itself tells, until the rest is read."""
    amount = row.amount is not None and row.currency is not None
    return Panel(
        title=f"Alert {row.alert_id}",
        subtitle=line(row.student_name, row.course_title),
        amount=money.text(row.amount, row.currency) if amount else "",  # type: ignore[arg-type]  # Both are there.
        state=level_text(row.level, row.score),
        state_tone=LEVEL_TONES[row.level],
    )


def alert_panel(detail: AlertDetail, actor: Actor, *, now: datetime, zone: tzinfo) -> Panel:
    """The alert as it stands at ``now``, with what this account may do about it."""
    facts = detail.facts
    amount = ""
    if detail.amount is not None and detail.currency is not None:
        amount = money.text(detail.amount, detail.currency)
    return Panel(
        title=f"Alert {facts.alert_id}",
        subtitle=line(detail.student_name, detail.course_title),
        amount=amount,
        state=level_text(facts.level, facts.score),
        state_tone=LEVEL_TONES[facts.level],
        sentence=_sentence(detail, actor),
        facts=_facts(detail, now, zone),
        offers=offers(detail, actor),
    )


def _sentence(detail: AlertDetail, actor: Actor) -> str:
    """What the rules did with the purchase, and where it stands now."""
    if detail.may_verify:
        says = "The purchase waits for a decision: a seat is held, and nothing was charged."
        if not actor.may(Right.RELEASE_PAYMENT):
            says += " An account that may release purchases approves or declines it."
        return says
    if detail.may_charge:
        return "The purchase is approved. Nothing is charged yet: present the card again."
    match detail.facts.action:
        case RuleAction.BLOCK:
            says = "The purchase was blocked: nothing was charged, and no seat is held."
            return f"{says} {detail.why_not}".rstrip() if detail.facts.released_at else says
        case RuleAction.REQUIRE_VERIFICATION:
            return detail.why_not or f"The purchase was held for a decision. {_paid(detail)}"
        case RuleAction.FLAG:
            return f"The rules noticed this purchase and let it go on. {_paid(detail)}"
    return f"Another program raised this alert. {_paid(detail)}".rstrip()


def _paid(detail: AlertDetail) -> str:
    match detail.payment_status:
        case None:
            return ""
        case PaymentStatus.COMPLETED:
            return "It is paid."
        case PaymentStatus.FAILED:
            return "It failed, and nothing was charged."
        case PaymentStatus.PENDING:
            return "It is not paid yet."
        case PaymentStatus.UNKNOWN:
            return "The gateway has not said yet whether it is paid."
        case PaymentStatus.DISPUTED:
            return "It is paid, and disputed at the card’s bank."
    return f"It is {say(detail.payment_status)}."


def _facts(detail: AlertDetail, now: datetime, zone: tzinfo) -> tuple[Fact, ...]:
    facts = detail.facts
    tone = ALERT_TONES[facts.status]
    waited = formats.duration(now - facts.created_at)
    is_pending = facts.status is AlertStatus.PENDING
    status = f"for {waited}" if is_pending else say(facts.status)

    def at(name: str, moment: datetime | None, by: str = "") -> Fact:
        text = "" if moment is None else formats.moment(moment, now=now, zone=zone)
        return Fact(name, f"{text}{by}", tooltip=formats.moment_full(moment, zone=zone))

    found = (
        Fact(
            "Pending" if is_pending else "Closed as",
            status,
            tone,
            tooltip=f"Noticed {formats.moment_full(facts.created_at, zone=zone)}",
        ),
        at(
            "Decided", detail.reviewed_at, f" by {detail.reviewed_by}" if detail.reviewed_by else ""
        ),
        Fact("Comment", detail.review_comment or ""),
        Fact("Payment", "" if facts.payment_id is None else f"No. {facts.payment_id}"),
    )
    return tuple(fact for fact in found if fact.text)


# What can be done


def offers(detail: AlertDetail, actor: Actor) -> tuple[Offer, ...]:
    """What makes sense now, the likely one primary."""
    facts = detail.facts
    if detail.may_verify:
        if actor.may(Right.RELEASE_PAYMENT):
            return (Offer("decline_purchase"), Offer("approve_purchase", is_primary=True))
        return (Offer("mark_reviewed", _HOLDS),)
    found = [
        Offer(name, is_primary=status is AlertStatus.REVIEWED and not _is_for_more(detail))
        for status, name in _DECISIONS.items()
        if status is not facts.status
    ]
    if detail.may_release:
        found.append(Offer("release_purchase"))
    if detail.may_charge:
        found.append(Offer("charge_verified", is_primary=True))
    if detail.may_buy:
        found.append(Offer("buy_released", is_primary=True))
    return tuple(found)


def refusal(name: str, detail: AlertDetail, actor: Actor) -> str:
    """Why the action is not possible on this alert; empty where it is."""
    for offer in offers(detail, actor):
        if offer.action == name:
            return offer.reason
    if detail.may_verify and name in _DECISIONS.values():
        return _HOLDS
    if name in ("release_purchase", "approve_purchase", "decline_purchase") and detail.why_not:
        return as_reason(detail.why_not)
    if name == "alert_payment":
        return "" if detail.facts.payment_id is not None else "no payment is named with this alert."
    if name == "alert_student":
        return "" if detail.facts.user_id is not None else "no student is named with this alert."
    return _NOT_OFFERED.get(name, "")


_HOLDS: Final = "this alert holds a purchase. Approving or declining it closes the alert."
_NOT_OFFERED: Final = {
    "confirm_fraud": "it is closed as confirmed fraud already.",
    "false_positive": "it is closed as a false positive already.",
    "mark_reviewed": "it is closed as reviewed already.",
    "approve_purchase": "this alert holds no purchase.",
    "decline_purchase": "this alert holds no purchase.",
    "release_purchase": "this purchase was not blocked.",
    "charge_verified": "only a purchase that a reviewer approved waits to be charged.",
    "buy_released": "only a blocked purchase that was released may be made once more.",
}


def _is_for_more(detail: AlertDetail) -> bool:
    return detail.may_charge or detail.may_buy


# Sections


class RuleParts(QWidget):
    """Each rule that fired: what it says, what it saw, and what it added to the score."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)

    def show_parts(self, parts: tuple[RulePart, ...], currency: str | None) -> None:
        clear(self._column)
        for part in parts:
            self._column.addWidget(_rule(part, currency))
        if not parts:
            self._column.addWidget(label("No rule is named with this alert.", "soft", wrap=True))


def _rule(part: RulePart, currency: str | None) -> QWidget:
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(0, 1)
    score = label("tried only" if part.shadow else f"+{part.score}", "label")
    if part.shadow:
        score.setToolTip("This rule is in shadow: it is recorded and adds nothing to the score.")
        set_tone(score, Tone.IDLE)
    grid.addWidget(label(part.name, wrap=True), 0, 0, _TOP)
    grid.addWidget(score, 0, 1, _RIGHT)
    seen = seen_text(part, currency)
    says = part.says[:1].upper() + part.says[1:]
    told = f"{says}: {seen}" if seen else says
    grid.addWidget(label(told, "soft", wrap=True), 1, 0, 1, 2)
    return made


def seen_text(part: RulePart, currency: str | None) -> str:
    """The figures in words: "this one 1,250.00 USD, on average 29.67 USD"."""
    found = []
    for name, value in part.seen.items():
        text = str(value)
        if name in _AMOUNTS:
            text = _amount(text, currency)
        elif name in _COUNTRIES:
            text = country_name(text)
        found.append(_SEEN.get(name, f"{name.replace('_', ' ')} {{}}").format(text))
    return ", ".join(found)


def _amount(text: str, currency: str | None) -> str:
    whole, _, cents = text.partition(".")
    units = read_whole(whole, most=int(money.LARGEST))
    if units is None:
        return text
    shown = f"{units:,}" + (f".{cents}" if cents else "")
    return f"{shown} {currency}" if currency else shown


class RecentPayments(QWidget):
    """The student's latest charges besides the one that is judged.

    Signals:
        all_asked: A person wants to see all of them.
    """

    all_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def show_payments(
        self, payments: tuple[RecentPayment, ...], *, now: datetime, zone: tzinfo, may_open: bool
    ) -> None:
        clear(self._column)
        for payment in payments[:MOST_RECENT]:
            self._column.addWidget(_payment(payment, now, zone))
        if not payments:
            self._column.addWidget(label("There are no others.", "soft"))
        elif may_open:
            link = button("Show all payments of this student", kind="link")
            link.clicked.connect(self.all_asked)
            self._column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)


def _payment(payment: RecentPayment, now: datetime, zone: tzinfo) -> QWidget:
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(0, 1)
    what = label(payment.course_title or "No course", wrap=True)
    when = formats.moment(payment.created_at, now=now, zone=zone)
    where = "" if payment.country is None else f" · {country_name(payment.country)}"
    how = label(f"{when} · {method_name(payment.method)}{where}", "hint", wrap=True)
    how.setToolTip(formats.moment_full(payment.created_at, zone=zone))
    badge = Badge(say(payment.status), PAYMENT_TONES[payment.status])
    grid.addWidget(what, 0, 0, _TOP)
    grid.addWidget(label(money.text(payment.amount, payment.currency)), 0, 1, _RIGHT)
    grid.addWidget(how, 1, 0, _TOP)
    grid.addWidget(badge, 1, 1, Qt.AlignmentFlag.AlignRight)
    made.setToolTip(f"Payment {payment.payment_id}")
    return made
