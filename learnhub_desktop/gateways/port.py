"""What a payment gateway can do for the school, each act under a key of the school's own.

Three answers must never be taken for one another, so each has a form of its own:

- The gateway said something: an `Answer` that is approved, declined or pending.
- The gateway may have done it, but nothing came back: an `Answer` whose outcome is
  UNKNOWN. Money may have moved; `lookup` settles it, with the same key.
- Nothing was sent: `GatewayUnreachable` is raised, and no money moved by this call. It says
  nothing of an earlier call with the same key.

An exception of any other kind is a bug, and whoever meets one must take the outcome as unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

from learnhub_desktop.errors import LearnHubError

KEY_LENGTH: Final = 100
TOKEN_LENGTH: Final = 200


class GatewayUnreachable(LearnHubError):
    """The request never reached the gateway: this call changed nothing there."""


class KeyReused(LearnHubError):
    """The key was used before for something else. This call changed nothing.

    ``differs`` names the parameters that are not those of the first call, in a fixed order.
    """

    def __init__(self, key: str, differs: tuple[str, ...]) -> None:
        named = " and ".join(differs)
        super().__init__(
            f"This payment's key was used before with another {named}, so nothing was sent."
        )
        self.key = key
        self.differs = differs


class Operation(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"
    LOOKUP = "lookup"
    VOID = "void"


class Outcome(StrEnum):
    """UNKNOWN is never a kind of declined: the money may have moved."""

    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a gateway said no. Real gateways may give other codes: `reason_text` takes any."""

    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    INVALID_CARD = "invalid_card"
    VOIDED = "voided"
    NO_SUCH_CHARGE = "no_such_charge"
    CHARGE_NOT_APPROVED = "charge_not_approved"
    OTHER_CURRENCY = "other_currency"
    ALREADY_REFUNDED = "already_refunded"
    ABOVE_WHAT_IS_LEFT = "above_what_is_left"
    REFUND_FAILED = "refund_failed"
    NO_ANSWER = "no_answer"


_REASON_TEXTS: Final[dict[str, str]] = {
    Reason.DECLINED: "The card was declined.",
    Reason.INSUFFICIENT_FUNDS: "The card was declined: there is not enough money on it.",
    Reason.EXPIRED_CARD: "The card was declined: it has expired.",
    Reason.INVALID_CARD: "The gateway knows no such card.",
    Reason.VOIDED: "This payment was voided, so it cannot be charged any more.",
    Reason.NO_SUCH_CHARGE: "The gateway knows no such charge, so nothing can be refunded.",
    Reason.CHARGE_NOT_APPROVED: "The charge never took money, so nothing can be refunded.",
    Reason.OTHER_CURRENCY: "A refund must be in the currency of its charge.",
    Reason.ALREADY_REFUNDED: "The charge is already refunded in full.",
    Reason.ABOVE_WHAT_IS_LEFT: "The refund is above what is left of the charge.",
    Reason.REFUND_FAILED: "The refund could not be paid out.",
    Reason.NO_ANSWER: "The gateway did not answer, so it is not known whether money moved.",
}


def reason_text(code: str | None) -> str:
    """The sentence for people; codes that we do not know are shown as the gateway gave them."""
    if code is None:
        return ""
    return _REASON_TEXTS.get(code, f"The gateway declined it ({code[:40].replace('_', ' ')}).")


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """``card`` is the gateway's token for the card or wallet, never a card number.

    ``payment_id`` is the school's own payment row: it goes along, so that what the gateway
    holds can be matched from its side too.
    """

    key: str
    payment_id: int
    amount: Decimal
    currency: str
    card: str


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Part or all of the charge that was made under ``charge_key``; ``key`` is its own."""

    key: str
    charge_key: str
    payment_id: int
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of a charge or refund. Equal calls get equal answers.

    ``reference`` is the gateway's own number: None where it gave none. ``at`` is the
    gateway's time: None where it did not answer. ``reason_code`` is set where the outcome is
    DECLINED or UNKNOWN. ``replayed`` tells that an earlier call with this key did the work.
    """

    key: str
    outcome: Outcome
    amount: Decimal
    currency: str
    reference: str | None = None
    reason_code: str | None = None
    at: datetime | None = None
    message: str = ""
    replayed: bool = field(default=False, compare=False)


def no_answer(request: ChargeRequest | RefundRequest) -> Answer:
    """The answer that stands for silence: the work may have been done."""
    return Answer(
        key=request.key,
        outcome=Outcome.UNKNOWN,
        amount=request.amount,
        currency=request.currency,
        reason_code=Reason.NO_ANSWER,
        message=reason_text(Reason.NO_ANSWER),
    )


class EntryKind(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"


class EntryState(StrEnum):
    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Entry:
    """A charge or refund as the gateway's book has it now.

    ``charge_key`` is the refunded charge's key (None for a charge). ``refunded`` is what of
    a charge has gone back or is on its way; zero for a refund.
    """

    key: str
    kind: EntryKind
    payment_id: int
    amount: Decimal
    currency: str
    state: EntryState
    reference: str
    at: datetime
    charge_key: str | None = None
    refunded: Decimal = Decimal("0.00")
    reason_code: str | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the gateway holds under a key: ``entry`` None means nothing was ever done with it.

    ``voided`` tells that nothing ever will be.
    """

    key: str
    entry: Entry | None
    voided: bool = False


class VoidOutcome(StrEnum):
    """VOIDED: no charge or refund stands under the key, and none ever will.

    ALREADY_DONE: the key did its work before, or is still at it; nothing was voided.
    UNKNOWN: no answer came. Asking again is safe, and the only way to know.
    """

    VOIDED = "voided"
    ALREADY_DONE = "already_done"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class VoidAnswer:
    key: str
    outcome: VoidOutcome
    entry: Entry | None = None


class Gateway(Protocol):
    """The port. Calls block, and are never made while a transaction is open.

    `charge` and `refund` with a key that was used before: with the same parameters the first
    answer again, with others KeyReused. Every call may raise GatewayUnreachable, and
    InvalidInput for an amount, currency or card that no gateway could take.
    """

    @property
    def name(self) -> str:
        """As `payments.payment_gateway` stores it."""

    @property
    def by_hand(self) -> bool:
        """People move the money and record it; `lookup` can never tell what they did.

        A pending refund of such a gateway waits for a person, so no job may fail it.
        """

    @property
    def notice(self) -> str | None:
        """A sentence for the window's band, where people must know it: no real money moves."""

    def charge(self, request: ChargeRequest) -> Answer: ...

    def refund(self, request: RefundRequest) -> Answer: ...

    def lookup(self, key: str) -> Lookup:
        """GatewayUnreachable also where no answer came: then nothing is known, but nothing
        was changed either."""

    def void(self, key: str) -> VoidAnswer:
        """Make the key unusable for ever; a later charge with it is declined as voided."""

    def card_fingerprint(self, card: str) -> str | None:
        """The same for every use of one card, and no way back to it. Asks nobody."""

    def country(self, card: str) -> str | None:
        """The two-letter code of the country where the card was issued. Asks nobody."""

    def close(self) -> None:
        """Let go of files and connections; a later call takes them up again."""
