"""A gateway that moves no money: for the sample school and for tests, as strict as a real one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType
from typing import Final, Self, TypeVar

from learnhub_desktop.domain.money import check_amount, check_currency
from learnhub_desktop.domain.states import GatewayKind
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.gateways import ledger, moods
from learnhub_desktop.gateways.book import Book, CommitUnknown
from learnhub_desktop.gateways.cards import CardBehaviour, TestCard, read_token
from learnhub_desktop.gateways.ledger import Terms, Verdict
from learnhub_desktop.gateways.moods import LATE_S, Mood, MoodSetting
from learnhub_desktop.gateways.port import (
    KEY_LENGTH,
    Answer,
    ChargeRequest,
    Entry,
    EntryKind,
    EntryState,
    GatewayUnreachable,
    KeyReused,
    Lookup,
    Operation,
    Reason,
    RefundRequest,
    VoidAnswer,
    VoidOutcome,
    no_answer,
)

PATIENCE_S: Final = 10.0
_PAGE: Final = 1_000

_CHARGE_DECLINES: Final[dict[CardBehaviour, Reason]] = {
    CardBehaviour.DECLINED: Reason.DECLINED,
    CardBehaviour.INSUFFICIENT_FUNDS: Reason.INSUFFICIENT_FUNDS,
    CardBehaviour.EXPIRED: Reason.EXPIRED_CARD,
    CardBehaviour.UNKNOWN: Reason.INVALID_CARD,
}
_CARD_MOODS: Final[dict[CardBehaviour, MoodSetting]] = {
    CardBehaviour.LOST_ANSWER: MoodSetting(Mood.LOST_ANSWER),
    CardBehaviour.LATE: MoodSetting(Mood.LATE, delay_s=LATE_S),
    CardBehaviour.UNREACHABLE: MoodSetting(Mood.UNREACHABLE),
}

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that reached the gateway; ``outcome`` is what was decided, answered or not."""

    key: str
    operation: Operation
    outcome: str
    mood: Mood
    at: datetime


class SimulatedGateway:
    """The port over one book. Any number of processes on this computer may share it.

    ``wait`` is what passes the time of a late answer. The caller is patient for
    ``patience_s``; an answer that is later than that is none. ``durable`` False is for a
    book that is still made up, as the sample school's is.
    """

    def __init__(
        self,
        path: Path,
        book_id: str,
        *,
        wait: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience_s: float = PATIENCE_S,
        durable: bool = True,
    ) -> None:
        self._book = Book(path, book_id, durable=durable)
        self._wait = wait
        self._now = now
        self._patience_s = patience_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the book's file; the next call opens it again."""
        self._book.close()

    @property
    def name(self) -> str:
        return GatewayKind.SIMULATED.value

    @property
    def by_hand(self) -> bool:
        return False

    @property
    def notice(self) -> str | None:
        return "Payments are simulated: no real money moves."

    def card_fingerprint(self, card: str) -> str | None:
        return read_token(card).fingerprint

    def country(self, card: str) -> str | None:
        return read_token(card).country

    def charge(self, request: ChargeRequest) -> Answer:
        card = read_token(request.card)
        terms = Terms(
            key=_check_key(request.key),
            kind=EntryKind.CHARGE,
            payment_id=request.payment_id,
            amount=check_amount(request.amount),
            currency=check_currency(request.currency),
            card=card.fingerprint,
        )

        def judge(book: Connection, mood: Mood) -> Verdict:
            reason = _CHARGE_DECLINES.get(card.behaviour)
            if reason is None and mood is Mood.DECLINE:
                reason = Reason.DECLINED
            state = EntryState.DECLINED if reason else EntryState.APPROVED
            return Verdict(state, reason, card.behaviour)

        return self._move_money(Operation.CHARGE, request, terms, judge, card)

    def refund(self, request: RefundRequest) -> Answer:
        terms = Terms(
            key=_check_key(request.key),
            kind=EntryKind.REFUND,
            payment_id=request.payment_id,
            amount=check_amount(request.amount),
            currency=check_currency(request.currency),
            charge_key=_check_key(request.charge_key),
        )

        def judge(book: Connection, mood: Mood) -> Verdict:
            charge = ledger.find(book, request.charge_key)
            card = CardBehaviour(charge["card"]) if charge else CardBehaviour.UNKNOWN
            reason = ledger.refund_refusal(charge, terms)
            if reason is None and (mood is Mood.DECLINE or card is CardBehaviour.REFUND_DECLINED):
                reason = Reason.DECLINED
            if reason:
                return Verdict(EntryState.DECLINED, reason, card)
            waits = mood is Mood.REFUND_PENDING or card is CardBehaviour.REFUND_PENDING
            return Verdict(EntryState.PENDING if waits else EntryState.APPROVED, None, card)

        return self._move_money(Operation.REFUND, request, terms, judge)

    def lookup(self, key: str) -> Lookup:
        def decide(book: Connection, mood: Mood) -> tuple[Lookup, str]:
            row = ledger.find(book, key)
            entry = None if row is None else ledger.entry(row)
            said = "not_found" if row is None else "found"
            return Lookup(key, entry, ledger.voided_at(book, key) is not None), said

        try:
            found, setting = self._perform(Operation.LOOKUP, key, decide)
        except CommitUnknown as error:
            raise _silent() from error
        if not self._answers(setting):
            raise _silent()
        return found

    def void(self, key: str) -> VoidAnswer:
        _check_key(key)

        def decide(book: Connection, mood: Mood) -> tuple[VoidAnswer, str]:
            row = ledger.find(book, key)
            if row is not None and row["state_now"] != EntryState.DECLINED:
                done = VoidAnswer(key, VoidOutcome.ALREADY_DONE, ledger.entry(row))
                return done, done.outcome
            if ledger.voided_at(book, key) is None:
                book.execute("INSERT INTO voids VALUES (?, ?)", (key, self._now().isoformat()))
            return VoidAnswer(key, VoidOutcome.VOIDED), VoidOutcome.VOIDED

        try:
            answer, setting = self._perform(Operation.VOID, key, decide)
        except CommitUnknown:
            return VoidAnswer(key, VoidOutcome.UNKNOWN)
        return answer if self._answers(setting) else VoidAnswer(key, VoidOutcome.UNKNOWN)

    def settle_refund(self, key: str, *, paid: bool) -> Entry:
        """The gateway's own side: a pending refund is paid out, or fails.

        ValueError where no refund is pending under the key.
        """
        state = EntryState.APPROVED if paid else EntryState.DECLINED
        reason = None if paid else Reason.REFUND_FAILED.value
        with self._book.transaction() as book:
            row = ledger.find(book, key)
            if row is None or row["state_now"] != EntryState.PENDING:
                raise ValueError(f"no refund is pending under {key}")
            book.execute(
                "INSERT INTO settlements VALUES (?, ?, ?, ?)",
                (key, state.value, reason, self._now().isoformat()),
            )
            settled = ledger.find(book, key)
            assert settled is not None
            return ledger.entry(settled)

    def set_mood(
        self,
        mood: Mood,
        *,
        operation: Operation | None = None,
        calls: int | None = None,
        delay_s: float = LATE_S,
    ) -> None:
        """Every process meets it from its next call on.

        Without ``operation`` the mood takes the operations that it usually means, and all
        others are back at APPROVE. ``calls`` counts down for each operation apart.
        ``delay_s`` matters for LATE alone. ValueError for what no gateway does: a declined
        lookup, say.
        """
        with self._book.transaction() as book:
            moods.put(book, mood, operation=operation, calls=calls, delay_s=delay_s)

    def moods(self) -> dict[Operation, MoodSetting]:
        """The operations that are not at APPROVE."""
        rows = self._book.read("SELECT * FROM moods")
        return {Operation(row["operation"]): moods.setting(row) for row in rows}

    def entries(self) -> Iterator[Entry]:
        """All charges and refunds, oldest first, each as it stands when it is read."""
        page = f"{ledger.SELECT_ENTRIES} WHERE e.entry_id > ? ORDER BY e.entry_id LIMIT ?"
        last = 0
        while rows := self._book.read(page, (last, _PAGE)):
            yield from map(ledger.entry, rows)
            last = rows[-1]["entry_id"]

    def attempts(self) -> Iterator[Attempt]:
        """All calls that reached the gateway, oldest first."""
        for row in self._book.read("SELECT * FROM attempts ORDER BY attempt_id"):
            yield Attempt(
                key=row["key"],
                operation=Operation(row["operation"]),
                outcome=row["outcome"],
                mood=Mood(row["mood"]),
                at=datetime.fromisoformat(row["at"]),
            )

    def _move_money(
        self,
        operation: Operation,
        request: ChargeRequest | RefundRequest,
        terms: Terms,
        judge: Callable[[Connection, Mood], Verdict],
        card: TestCard | None = None,
    ) -> Answer:
        def decide(book: Connection, mood: Mood) -> tuple[Answer | KeyReused, str]:
            row = ledger.find(book, terms.key)
            if row is not None:
                again = ledger.replay(row, terms)
                return again, "refused" if isinstance(again, KeyReused) else "replayed"
            voided_at = ledger.voided_at(book, terms.key)
            if voided_at is not None:
                return ledger.refused_as_voided(terms, voided_at), "voided"
            answer = ledger.add(book, terms, judge(book, mood), self._now())
            return answer, answer.outcome

        card_setting = _CARD_MOODS.get(card.behaviour) if card else None
        try:
            answer, setting = self._perform(operation, terms.key, decide, card_setting)
        except CommitUnknown:
            return no_answer(request)
        if isinstance(answer, KeyReused):
            raise answer
        # A card loses or delays its first answer only: asking again must be able to help.
        if setting is card_setting and answer.replayed:
            return answer
        return answer if self._answers(setting) else no_answer(request)

    def _perform(
        self,
        operation: Operation,
        key: str,
        decide: Callable[[Connection, Mood], tuple[AnswerT, str]],
        card_setting: MoodSetting | None = None,
    ) -> tuple[AnswerT, MoodSetting]:
        """Decide and write in one transaction; what it returns is on the disk."""
        with self._book.transaction() as book:
            setting = moods.take(book, operation)
            if card_setting is not None and setting.mood is not Mood.UNREACHABLE:
                setting = card_setting
            decided = None
            if setting.mood is not Mood.UNREACHABLE:
                decided = decide(book, setting.mood)
                book.execute(
                    "INSERT INTO attempts (key, operation, outcome, mood, at)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (
                        key,
                        operation.value,
                        str(decided[1]),
                        setting.mood.value,
                        self._now().isoformat(),
                    ),
                )
        if decided is None:
            raise GatewayUnreachable("Payment gateway not reachable. Nothing was sent.")
        return decided[0], setting

    def _answers(self, setting: MoodSetting) -> bool:
        """Let a late answer's time pass; whether any answer comes."""
        if setting.mood is Mood.LATE:
            self._wait(min(setting.delay_s, self._patience_s))
            return setting.delay_s <= self._patience_s
        return setting.mood is not Mood.LOST_ANSWER


def _check_key(key: str) -> str:
    if not 1 <= len(key) <= KEY_LENGTH:
        raise InvalidInput("key", f"A payment's key has 1 to {KEY_LENGTH} characters.")
    return key


def _silent() -> GatewayUnreachable:
    return GatewayUnreachable("Payment gateway not reachable: it gave no answer.")
