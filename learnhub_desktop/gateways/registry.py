"""Which gateway a school's payments go through."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from learnhub_desktop.domain.states import GatewayKind, PaymentMethod, SchoolKind
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.gateways.manual import ManualGateway
from learnhub_desktop.gateways.port import Gateway
from learnhub_desktop.gateways.simulated import SimulatedGateway


class GatewayRefusal(StrEnum):
    SIMULATED_IN_PRODUCTION = "simulated_in_production"
    NO_BOOK = "no_book"
    UNKNOWN_GATEWAY = "unknown_gateway"
    NO_CARD_GATEWAY = "no_card_gateway"


_BY_HAND = frozenset({PaymentMethod.BANK_TRANSFER, PaymentMethod.CASH})
_ONLINE = frozenset({PaymentMethod.CREDIT_CARD, PaymentMethod.PAYPAL, PaymentMethod.STRIPE})


@dataclass(frozen=True, slots=True)
class Gateways:
    """A school's gateways. ``online`` is None where the school takes only transfers and cash."""

    online: Gateway | None
    manual: Gateway = field(default_factory=ManualGateway)

    def for_method(self, method: str) -> Gateway:
        """The gateway that a new payment by this method goes through.

        RuleRefused where the school has none for it. ValueError for the account balance,
        which never leaves the school.
        """
        if method in _BY_HAND:
            return self.manual
        if method not in _ONLINE:
            raise ValueError(f"no gateway takes {method}")
        if self.online is None:
            raise RuleRefused(
                GatewayRefusal.NO_CARD_GATEWAY,
                "This school has no gateway for cards. Take a bank transfer or cash.",
            )
        return self.online

    def named(self, name: str) -> Gateway:
        """The gateway that an earlier payment went through (`payments.payment_gateway`).

        RuleRefused where the school no longer has it.
        """
        if name == self.manual.name:
            return self.manual
        if self.online is not None and name == self.online.name:
            return self.online
        raise RuleRefused(
            GatewayRefusal.UNKNOWN_GATEWAY,
            f"This payment went through the gateway “{name[:50]}”, which this school does not have "
            "now.",
        )

    def close(self) -> None:
        if self.online is not None:
            self.online.close()


def for_school(*, kind: str, gateway: str, book_id: str | None, book_path: Path | None) -> Gateways:
    """The gateways that the school's settings name; opens nothing yet.

    RuleRefused for a simulated gateway in a production school, for one without its book
    named, and for a gateway that this program does not know.
    """
    if gateway == GatewayKind.MANUAL:
        return Gateways(None)
    if gateway != GatewayKind.SIMULATED:
        raise RuleRefused(
            GatewayRefusal.UNKNOWN_GATEWAY,
            f"This program has no payment gateway called “{gateway[:50]}”.",
        )
    if kind not in (SchoolKind.SAMPLE, SchoolKind.TEST):
        raise RuleRefused(
            GatewayRefusal.SIMULATED_IN_PRODUCTION,
            "A production school cannot use the simulated gateway, because it moves no money.",
        )
    if not book_id or book_path is None:
        raise RuleRefused(
            GatewayRefusal.NO_BOOK,
            "The school's settings do not name the simulated gateway's book.",
        )
    return Gateways(SimulatedGateway(book_path, book_id))
