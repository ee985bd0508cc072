"""What the dialogs of subscriptions say: prices by period, and the days of a period."""

from __future__ import annotations

from datetime import date

from learnhub_desktop.domain import money
from learnhub_desktop.domain.moments import say_date
from learnhub_desktop.domain.school import Plan


def every(months: int) -> str:
    """``each month``, ``each year``, ``every 3 months``."""
    if months == 1:
        return "each month"
    if months % 12 == 0:
        years = months // 12
        return "each year" if years == 1 else f"every {years} years"
    return f"every {months} months"


def price_of(plan: Plan) -> str:
    return money.text(plan.price, plan.currency)


def plan_choice(plan: Plan) -> str:
    """``Monthly: 29.00 USD each month``."""
    return f"{plan.title}: {price_of(plan)} {every(plan.period_months)}"


def period(days: tuple[date, date]) -> str:
    """``10 March to 10 April 2026``, ``31 December 2026 to 31 January 2027``."""
    first, last = say_date(days[0]), say_date(days[1])
    if days[0].year == days[1].year:
        first = first.rsplit(" ", 1)[0]
    return f"{first} to {last}"
