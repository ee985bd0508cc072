"""Enrolling a student: who, in what, for how much, and what it means, before the button."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QApplication, QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.actors import Actor, Right
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.purchases import (
    GATEWAY_METHODS,
    Order,
    Purchase,
    PurchaseOutcome,
    new_key,
)
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import NotFound, OutcomeUnknown, RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import enrolments, lists, purchases, quotes, students
from learnhub_desktop.services.quotes import Quote
from learnhub_desktop.ui.dialogs import acts
from learnhub_desktop.ui.dialogs import enrol_words as words
from learnhub_desktop.ui.dialogs.enrol_fields import OverrideField, WayField, reason_field
from learnhub_desktop.ui.dialogs.enrol_words import Unpaid, Way
from learnhub_desktop.ui.dialogs.money import NOBODY_ELSE_S, Declined, MoneyDialog
from learnhub_desktop.ui.dialogs.pickers import (
    course_choice,
    course_picker,
    person_choice,
    student_picker,
)
from learnhub_desktop.ui.panels.quote import QuoteCard
from learnhub_desktop.ui.tasks import Failure
from learnhub_desktop.ui.widgets.card import CARD_TITLES, CardField

_WIDTH: Final = 480


class EnrolDialog(MoneyDialog):
    """Enrols one student in one course; its result is a ``Purchase``, or ``Changes`` by hand.

    ``student_id`` and ``course_id`` preset what is known. ``released_alert_id`` names the
    blocked purchase that a reviewer released: then both are fixed. The key is made once: a
    second press, or another try after a lost answer, never charges twice. ``key`` is that of
    a purchase which was left in the middle.
    """

    def __init__(
        self,
        bridge: Bridge,
        gateways: Gateways,
        actor: Actor,
        parent: QWidget,
        *,
        student_id: int | None = None,
        course_id: int | None = None,
        released_alert_id: int | None = None,
        key: str = "",
    ) -> None:
        released = released_alert_id is not None
        title = "Make the released purchase" if released else "Enrol a student"
        super().__init__(title, "Enrol", parent)
        self.setMinimumWidth(_WIDTH)
        self._bridge = bridge
        self._gateways = gateways
        self._actor = actor
        self._key = key or new_key("buy")
        self._preset = student_id, course_id
        self._student_id: int | None = None
        self._course_id: int | None = None
        self._alert_id = released_alert_id
        self._quote: Quote | None = None
        self._is_unknown = False
        self._build()
        self.acts(self._enrol)
        self.student.picked.connect(self._on_student_picked)
        self.course.picked.connect(self._on_course_picked)
        self.way.edited.connect(self._on_way_chosen)
        for picker in (self.student, self.course):
            picker.setEnabled(not released)
        self._show_quote()

    def _build(self) -> None:
        self.student = student_picker(self._bridge)
        self.course = course_picker(self._bridge)
        self.quote_card = QuoteCard()
        self.way = WayField(self._actor, takes_cards=self._gateways.online is not None)
        self.card: CardField | None = None
        self.reason = reason_field()
        self.override = OverrideField()
        self.add(self.student)
        self.add(self.course)
        self.add_widget(self.quote_card)
        self.add(self.override)
        self.add(self.way)
        if self._gateways.online is not None:
            self.card = CardField(self._gateways.online)
            self.add(self.card)
        self.add(self.reason)

    def open(self) -> None:
        super().open()
        if self._preset != (None, None):
            self._tasks.start("preset", self._take_preset, *self._preset)

    @property
    def is_looking(self) -> bool:
        """Whether the offer is still on its way."""
        return bool(self._tasks.running("look") or self._tasks.running("preset"))

    # Who and what

    async def _take_preset(self, student_id: int | None, course_id: int | None) -> None:
        """Read both before either is chosen, so that one offer is asked for."""
        student, course = None, None
        if student_id is not None:
            detail = await self._bridge.read(students.get_student, student_id)
            student = person_choice(detail.person)
        if course_id is not None:
            found = await self._bridge.read(lists.rows, "courses", (course_id,))
            if not found:
                raise NotFound("This course is gone. Reload and try again.")
            course = course_choice(found[0])
        if student is not None:
            self.student.choose(student)
        if course is not None:
            self.course.choose(course)

    def _on_student_picked(self, student_id: int | None) -> None:
        self._student_id = student_id
        self._look()

    def _on_course_picked(self, course_id: int | None) -> None:
        self._course_id = course_id
        self._look()

    def _look(self) -> None:
        """Ask what this student would pay for this course, as soon as both are known."""
        self._quote = None
        self._show_quote()
        if self._student_id is None or self._course_id is None:
            self._tasks.cancel("look")
            self._focus_next()
        else:
            self._tasks.start("look", self._read_quote, self._student_id, self._course_id)

    async def _read_quote(self, student_id: int, course_id: int) -> None:
        self._quote = await self._bridge.read(quotes.get_quote, student_id, course_id)
        self._show_quote()
        self._focus_next()

    # What it would mean

    def _show_quote(self) -> None:
        quote = self._quote
        self.quote_card.show_quote(quote)
        if quote is not None:
            self.way.show_ways(quote.preview)
            if self.card is not None:
                self.card.show_owner(quote.preview.student_id, quote.country)
        self._show_fields()
        self.fit()

    def _show_fields(self) -> None:
        """Show what this way of paying asks for, and say what the button does."""
        quote, way = self._quote, self._way()
        # One way needs no choosing. Where nothing is charged, nothing is lost by an Enter.
        self.way.setVisible(way is not None and self.way.is_choice)
        self.enter_acts = way is Unpaid.FREE
        needs_card = way in GATEWAY_METHODS
        if self.card is not None:
            self.card.setVisible(needs_card)
            if isinstance(way, PaymentMethod) and needs_card:
                self.card.rename(CARD_TITLES[way])
        self.reason.setVisible(way is Unpaid.BY_HAND)
        self.override.setVisible(self._needs_override and self._may_override)
        if quote is not None and self._needs_override:
            self.override.show_missing(
                quote.preview.student_name, quote.preview.missing_prerequisites
            )
        for field in self.fields.values():
            if field not in (self.student, self.course):
                field.setEnabled(not self._is_unknown)
        self._tell_consequence()

    def _tell_consequence(self) -> None:
        quote, way = self._quote, self._way()
        self.primary_button.setEnabled(way is not None)
        self.primary_button.setText("Enrol")
        if quote is None or way is None:
            self.consequence.tell(self._why_not(), tone="bad")
            return
        preview = quote.preview
        said = words.consequence(preview, way, quote.settings)
        if self._alert_id is not None:
            said += " A reviewer released it, so the fraud rules let it pass once."
        is_odd = bool(preview.refund_note) or self._needs_override or way is Unpaid.BY_HAND
        self.consequence.tell(said, tone="warn" if is_odd else "info")
        self.primary_button.setText(
            "Try the same again" if self._is_unknown else words.button_words(preview, way)
        )

    def _why_not(self) -> str:
        """Why this quote cannot be taken; the quote's own refusal stands on its card."""
        quote = self._quote
        if quote is None or quote.preview.refusal or not self._needs_override:
            return ""
        return words.has_to_complete(
            quote.preview.student_name, quote.preview.missing_prerequisites
        )

    def _way(self) -> Way | None:
        """How it is paid; None while nothing can be paid."""
        quote = self._quote
        if quote is None or quote.preview.refusal:
            return None
        if self._needs_override and not self._may_override:
            return None
        return self.way.way()

    @property
    def _needs_override(self) -> bool:
        return self._quote is not None and bool(self._quote.preview.missing_prerequisites)

    @property
    def _may_override(self) -> bool:
        return self._actor.may(Right.OVERRIDE_PREREQUISITES)

    def _on_way_chosen(self) -> None:
        self._show_fields()
        self.fit()

    def _focus_next(self) -> None:
        """Go on where the next choice is, and not to a button that a second Enter would press."""
        focused = QApplication.focusWidget()
        for field in self.fields.values():
            if field not in (self.student, self.course) and field.isAncestorOf(focused or field):
                return
        waiting = [
            field
            for field, known in ((self.student, self._student_id), (self.course, self._course_id))
            if known is None
        ]
        if waiting:
            # Whoever takes a choice back is about to type another one there.
            if not any(field.line.hasFocus() for field in waiting):
                waiting[0].line.setFocus()
        elif (way := self._way()) is not None:
            target: QWidget = self.primary_button if way is Unpaid.FREE else self.way.editor
            if self._needs_override and not self.override.has_input():
                target = self.override.editor
            target.setFocus()

    # The act

    async def _enrol(self) -> Purchase | Changes:
        quote, way = self._quote, self._way()
        assert quote is not None and way is not None
        if way is Unpaid.BY_HAND:
            return await self._by_hand(quote)
        order = self._order(quote, way)
        purchase = await self._bridge.run_kept(
            acts.of_purchase(order),
            purchases.buy,
            order,
            gateways=self._gateways,
            wait_s=NOBODY_ELSE_S,
        )
        if purchase.outcome is PurchaseOutcome.DECLINED:
            # The key belongs to the purchase that failed; another card is another purchase.
            self._key = new_key("buy")
            raise Declined(purchase.changes.message)
        return purchase

    def _order(self, quote: Quote, way: Way) -> Order:
        preview = quote.preview
        needs_card = way in GATEWAY_METHODS and self.card is not None
        return Order(
            key=self._key,
            student_id=preview.student_id,
            course_id=preview.course_id,
            price=preview.price,
            currency=preview.currency,
            # A free course has no payment row; the method is only part of its key.
            method=way if isinstance(way, PaymentMethod) else PaymentMethod.CASH,
            card=self.card.value() if needs_card and self.card is not None else None,
            override_reason=self.override.value() if self._needs_override else None,
            released_alert_id=self._alert_id,
            sale_id=preview.sale_id,
            extends=preview.extends,
        )

    async def _by_hand(self, quote: Quote) -> Changes:
        reason = self.reason.value()
        if self._needs_override:
            reason = f"{reason}; without the prerequisites: {self.override.value()}"
        return await self._bridge.write(
            enrolments.enrol_by_hand,
            student_id=quote.preview.student_id,
            course_id=quote.preview.course_id,
            reason=reason,
            override_prerequisites=self._needs_override,
        )

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        if not busy:
            self._tell_consequence()

    def _on_failure(self, failure: Failure) -> None:
        super()._on_failure(failure)
        error = failure.error
        if isinstance(error, OutcomeUnknown):
            # The same key asks for the same once more; with other values it would be refused.
            self._is_unknown = True
            self.student.setEnabled(False)
            self.course.setEnabled(False)
            self._show_fields()
        elif isinstance(error, Declined) and self.card is not None:
            self.card.editor.setFocus()
        elif isinstance(error, RuleRefused | NotFound) and not self._tasks.is_running("look"):
            # Nothing was done. What the screen showed may be the reason: look again.
            self._is_unknown = False
            self._tasks.start("look again", self._look_again, str(error))

    async def _look_again(self, said: str) -> None:
        if self._student_id is None or self._course_id is None:
            return
        try:
            self._quote = await self._bridge.read(
                quotes.get_quote, self._student_id, self._course_id
            )
        except NotFound:
            self._quote = None
        self._show_quote()
        self._tell_error(said)
        self.fit()
