"""Refunds that did not end as they should: found in the list, told in words, and finished."""

from __future__ import annotations

from decimal import Decimal

import pytest

from learnhub_desktop.domain.refunds import Refusal
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import refund_outcomes
from learnhub_desktop.ui.dialogs.refund import RefundDialog
from tests.ui.back_office import ada, course, panel_text

__all__ = ["ada", "course"]


@pytest.fixture
def half_refunded(desk, ada, course, monkeypatch):
    """A refund whose money is back, while writing down what it ends was refused."""
    payment = desk.buy(ada, course).payment_id

    def refuse(*args):
        raise RuleRefused(Refusal.NOT_COMPLETED, "A trigger of another program said no.")

    with monkeypatch.context() as broken:
        broken.setattr(refund_outcomes, "end_what_was_bought", refuse)
        return desk.refund(payment)


def needing(office, attention):
    """The numbers of the payments that a filter of what needs attention lets through."""
    page = office.page
    page.chips.query_asked.emit(page.list.query.with_filter("attention", attention))
    office.wait()
    return [page.model.row(number).payment_id for number in range(page.model.total)]


def badge(office, payment_id):
    page = office.page
    status = [column.key for column in page.columns].index("status")
    return page.model.line(page.model.number_of(payment_id)).texts[status]


def test_money_back_with_access_kept_is_found_and_finished(
    desk, ada, course, make_office, half_refunded
):
    office = make_office()
    refund = half_refunded.refund_id

    assert needing(office, "access_kept") == [refund]
    assert badge(office, refund) == "access kept"
    office.choose(refund)
    assert panel_text(office.page) == (
        "49.00 USD went back, but access is kept: recording it did not finish. Try again. The "
        "gateway is asked again at 12:05."
    )
    office.page.command("clear_filters")
    office.wait()
    # Whoever looks at the charge is told too, and finishes it from there.
    office.choose(half_refunded.payment_id)
    assert panel_text(office.page) == (
        "49.00 USD went back, but access is kept: recording it did not finish. Try again."
    )
    [primary] = [offer for offer in office.page.side.panel.offers if offer.is_primary]
    assert (primary.action, primary.text) == ("ask_gateway", "Try again")

    office.click("ask_gateway")
    office.until(lambda: office.said.startswith("Refunded 49.00 USD to Ada Byron."))
    office.wait()

    assert desk.enrolment(ada, course).status == "refunded"
    assert badge(office, refund) == "completed"
    assert needing(office, "access_kept") == []
    assert len(desk.sent()) == 2


def test_a_refund_that_the_gateway_still_has_is_found_until_it_ends(desk, ada, course, make_office):
    payment = desk.buy(ada, course, card="tok_refund_pending").payment_id
    refund = desk.refund(payment).refund_id
    office = make_office()

    assert needing(office, "refund_open") == [refund]
    office.choose(refund)
    assert panel_text(office.page).startswith(
        "The gateway has taken the refund of 49.00 USD and will report when it is paid out."
    )
    desk.gateway.settle_refund(desk.sent()[-1].key, paid=False)
    office.click("ask_gateway")
    office.until(lambda: office.said.endswith("Nothing went back to Ada Byron; access stays."))
    office.wait()
    assert needing(office, "refund_failed") == [refund]


def test_a_refund_that_failed_is_found_and_made_again(desk, ada, course, make_office):
    payment = desk.buy(ada, course).payment_id
    desk.gateway.set_mood(Mood.UNREACHABLE, calls=1)
    refund = desk.refund(payment, amount=Decimal(20)).refund_id
    office = make_office()

    assert needing(office, "refund_failed") == [refund]
    assert badge(office, refund) == "failed"
    office.choose(refund)
    assert panel_text(office.page) == "This refund failed; nothing went back."
    office.click("refund")
    dialog = office.dialog(RefundDialog)
    assert dialog.amount.value() == Decimal("20.00")
    office.submit(dialog)

    assert desk.payment(payment).refunded_amount == Decimal(20)
    assert needing(office, "refund_failed") == []
