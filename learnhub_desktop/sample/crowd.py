"""The other students: they buy, learn, pay later, change their minds, or do nothing at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from learnhub_desktop.domain.purchases import Purchase, PurchaseOutcome
from learnhub_desktop.domain.refunds import RefundReason
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.sample.scenes import give_back, record_receipt
from learnhub_desktop.sample.stage import DAYS, Stage, Student

# How often each is bought first, and what those who finished it go on with.
_FIRST: Final = {
    "SQL Basics": 10, "Python Basics": 10, "Statistics I": 6, "Spreadsheets at Work": 6,
    "Photography Basics": 5, "Project Management": 4, "Spanish for Travel": 5,
    "Drawing for Everyone": 4, "Accounting for Founders": 3, "Gardening on a Balcony": 2,
    "First Aid Refresher": 6, "Typing Without Looking": 2, "Negotiation": 1,
}  # fmt: skip
_NEXT: Final = {
    "SQL Basics": ("SQL Mastery", "Data Modelling"),
    "Python Basics": ("Python for Data",),
    "Statistics I": ("Statistics II",),
}
_METHODS: Final = {
    PaymentMethod.CREDIT_CARD: 68,
    PaymentMethod.PAYPAL: 14,
    PaymentMethod.STRIPE: 8,
    PaymentMethod.BANK_TRANSFER: 7,
    PaymentMethod.CASH: 3,
}
_IDLE: Final = 12


def plan(stage: Stage, people: list[Student]) -> None:
    """Plan one to three purchases for each; the first few never enrol in anything."""
    for student in people[_IDLE:]:
        wanted = stage.random.choices((1, 2, 3), (62, 28, 10))[0]
        titles: list[str] = []
        while len(titles) < wanted:
            title = stage.random.choices(tuple(_FIRST), tuple(_FIRST.values()))[0]
            if title not in titles:
                titles.append(title)
        day = stage.random.randrange(1, DAYS - 6)
        for title in titles:
            stage.plan(stage.some_time(day), partial(_buy, stage, student, title))
            day = max(1, day - stage.random.randrange(4, 30))


def _buy(stage: Stage, student: Student, title: str) -> None:
    method = stage.random.choices(tuple(_METHODS), tuple(_METHODS.values()))[0]
    if stage.random.random() < 0.05 and method is PaymentMethod.CREDIT_CARD:
        reason = stage.random.choice(("declined", "insufficient_funds", "expired"))
        stage.buy(student, title, card=f"tok_{reason}_{student.country.lower()}")
        return
    bought = stage.buy(student, title, method=method)
    if bought.outcome is PurchaseOutcome.WAITING:
        days = 0.2 if method is PaymentMethod.CASH else stage.random.uniform(1, 5)
        paid_at = stage.clock.now + timedelta(days=days)
        reference = f"Statement {paid_at:%j}, line {stage.random.randrange(1, 30)}"
        stage.plan(paid_at, partial(record_receipt, stage, bought, reference))
    # A course begins when its student can open it.
    begins_at = stage.clock.now + timedelta(
        days=5 if bought.outcome is PurchaseOutcome.WAITING else 0
    )
    stage.plan(begins_at, partial(_begin, stage, student, title, bought))


def _begin(stage: Stage, student: Student, title: str, bought: Purchase) -> None:
    lessons = len(stage.courses[title].lessons)
    zeal = stage.random.random()
    if bought.payment_id is not None and zeal < 0.09:
        _regret(stage, bought)
    elif zeal < 0.25:
        return
    elif zeal < 0.6:
        stage.study(student, title, stage.random.randrange(1, lessons))
    else:
        stage.study(student, title, lessons, over_days=30)
        if title in _NEXT and stage.random.random() < 0.7:
            _go_on(stage, student, title, stage.clock.now + timedelta(days=34))


def _regret(stage: Stage, bought: Purchase) -> None:
    part = stage.random.choice((None, None, 30, 50))
    reason = RefundReason.CUSTOMER_REQUEST if part is None else RefundReason.GOODWILL
    stage.plan(
        stage.clock.now + timedelta(days=stage.random.randrange(2, 20)),
        partial(give_back, stage, bought, reason=reason, part=part),
    )


def _go_on(stage: Stage, student: Student, title: str, moment: datetime) -> None:
    following = stage.random.choice(_NEXT[title])
    stage.plan(moment, partial(_buy, stage, student, following))
