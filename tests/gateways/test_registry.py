from __future__ import annotations

from pathlib import Path

import pytest

from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.gateways.registry import GatewayRefusal, for_school
from learnhub_desktop.gateways.simulated import SimulatedGateway
from tests.gateways.conftest import BOOK_ID
from tests.gateways.making import charge


@pytest.mark.parametrize("kind", ["sample", "test"])
def test_a_school_that_is_not_real_may_use_the_simulated_gateway(
    kind: str, book_path: Path
) -> None:
    gateways = for_school(kind=kind, gateway="simulated", book_id=BOOK_ID, book_path=book_path)
    online = gateways.for_method("credit_card")
    assert isinstance(online, SimulatedGateway)
    assert online.charge(charge()).outcome == "approved"
    assert gateways.for_method("paypal") is online
    assert gateways.named("simulated") is online
    gateways.close()


@pytest.mark.parametrize("kind", ["production", "PRODUCTION", "", "unheard"])
def test_a_production_school_may_not(kind: str, book_path: Path) -> None:
    with pytest.raises(RuleRefused, match="because it moves no money") as refused:
        for_school(kind=kind, gateway="simulated", book_id=BOOK_ID, book_path=book_path)
    assert refused.value.reason is GatewayRefusal.SIMULATED_IN_PRODUCTION


@pytest.mark.parametrize(("book_id", "named"), [(None, True), ("", True), (BOOK_ID, False)])
def test_a_simulated_gateway_needs_its_book_named(
    book_id: str | None, named: bool, book_path: Path
) -> None:
    with pytest.raises(RuleRefused) as refused:
        for_school(
            kind="test",
            gateway="simulated",
            book_id=book_id,
            book_path=book_path if named else None,
        )
    assert refused.value.reason is GatewayRefusal.NO_BOOK


def test_a_school_with_the_manual_gateway_takes_transfers_and_cash_only() -> None:
    gateways = for_school(kind="production", gateway="manual", book_id=None, book_path=None)
    assert gateways.for_method("bank_transfer").name == "manual"
    assert gateways.for_method("cash").name == "manual"
    with pytest.raises(RuleRefused, match="no gateway for cards") as refused:
        gateways.for_method("credit_card")
    assert refused.value.reason is GatewayRefusal.NO_CARD_GATEWAY
    gateways.close()


def test_transfers_never_go_through_the_simulated_gateway(book_path: Path) -> None:
    gateways = for_school(kind="test", gateway="simulated", book_id=BOOK_ID, book_path=book_path)
    assert gateways.for_method("cash").name == "manual"
    assert gateways.named("manual").name == "manual"


def test_the_balance_never_reaches_a_gateway() -> None:
    gateways = for_school(kind="test", gateway="manual", book_id=None, book_path=None)
    with pytest.raises(ValueError, match="no gateway takes account_balance"):
        gateways.for_method("account_balance")


def test_a_gateway_that_the_school_no_longer_has_is_named() -> None:
    gateways = for_school(kind="production", gateway="manual", book_id=None, book_path=None)
    with pytest.raises(RuleRefused, match="went through the gateway “simulated”"):
        gateways.named("simulated")


def test_a_gateway_that_this_program_does_not_know_is_refused() -> None:
    with pytest.raises(RuleRefused, match="no payment gateway called “stripe”"):
        for_school(kind="production", gateway="stripe", book_id=None, book_path=None)
