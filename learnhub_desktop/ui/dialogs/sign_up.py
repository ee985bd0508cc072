"""Signing a student up for a plan: who, which plan, which card, and what it costs, before."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.moments import say_date
from learnhub_desktop.domain.purchases import GATEWAY_METHODS, Purchase, PurchaseOutcome, new_key
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.domain.subscriptions import PlanOffer, SignUpPreview
from learnhub_desktop.errors import NotFound, OutcomeUnknown, RuleRefused
from learnhub_desktop.gateways import Gateway, Gateways
from learnhub_desktop.services import students, subscription_reads, subscriptions
from learnhub_desktop.services.subscriptions import SignUp
from learnhub_desktop.ui.dialogs import acts
from learnhub_desktop.ui.dialogs import plan_words as words
from learnhub_desktop.ui.dialogs.enrol_words import CHARGED, METHODS
from learnhub_desktop.ui.dialogs.money import NOBODY_ELSE_S, Declined, MoneyDialog
from learnhub_desktop.ui.dialogs.pickers import person_choice, student_picker
from learnhub_desktop.ui.tasks import Failure
from learnhub_desktop.ui.theme import set_role
from learnhub_desktop.ui.widgets.card import CARD_TITLES, CardField
from learnhub_desktop.ui.widgets.fields import ChoiceField, Field
from learnhub_desktop.ui.widgets.parts import label

_WIDTH: Final = 480
_WAITING: Final = "The price and the first period stand here as soon as the student is chosen."
_METHODS: Final = tuple(pair for pair in METHODS.items() if pair[0] in GATEWAY_METHODS)


class OfferCard(QFrame):
    """What a plan costs and which days its first charge pays for, or why nobody can sign up."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", "true")
        self.setAccessibleName("Offer")
        self.waiting = label(_WAITING, "soft", wrap=True)
        self.price = label(part="amount")
        self.refusal = label(wrap=True)
        set_role(self.refusal, tone="bad")
        self.facts: dict[str, QLabel] = {}
        self._rows = QWidget()
        grid = QGridLayout(self._rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, name in enumerate(("First", "Then", "Opens")):
            self.facts[name] = label(wrap=True)
            grid.addWidget(label(name, "soft"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self.facts[name], row, 1, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        for part in (self.waiting, self.price, self._rows, self.refusal):
            column.addWidget(part)
        self.show_offer(None)

    def show_offer(self, offer: PlanOffer | None, refusal: str = "") -> None:
        self.waiting.setVisible(offer is None and not refusal)
        self.refusal.setText(refusal)
        self.refusal.setVisible(bool(refusal))
        for part in (self.price, self._rows):
            part.setVisible(offer is not None and not refusal)
        if offer is not None:
            plan = offer.plan
            self.price.setText(words.price_of(plan))
            self.facts["First"].setText(words.period(offer.first_period))
            again = say_date(offer.first_period[1])
            self.facts["Then"].setText(
                f"{words.price_of(plan)} {words.every(plan.period_months)}, first on {again}"
            )
            self.facts["Opens"].setText("every active course, one by one, while it is paid")


class SignUpDialog(MoneyDialog):
    """Signs one student up; its result is a ``Purchase``.

    The key is made once: a second press, or another try after a lost answer, never starts
    two subscriptions. ``student_id`` presets the student; ``key`` is that of a sign-up which
    was left in the middle.
    """

    def __init__(
        self,
        bridge: Bridge,
        gateways: Gateways,
        parent: QWidget,
        *,
        student_id: int | None = None,
        key: str = "",
    ) -> None:
        super().__init__("Sign up for a plan", "Sign up", parent)
        assert gateways.online is not None  # the page offers nothing where there is none
        self.setMinimumWidth(_WIDTH)
        self._bridge = bridge
        self._gateways = gateways
        self._gateway: Gateway = gateways.online
        self._key = key or new_key("subscribe")
        self._preset = student_id
        self._preview: SignUpPreview | None = None
        self._is_unknown = False
        self.student = student_picker(bridge)
        self.plan = ChoiceField("plan", "Plan", ())
        self.offer_card = OfferCard()
        self.method = ChoiceField("method", "Payment", _METHODS)
        self.card = CardField(self._gateway)
        self.add(self.student)
        self.add(self.plan)
        self.add_widget(self.offer_card)
        self.add(self.method)
        self.add(self.card)
        self.acts(self._sign_up)
        self.student.picked.connect(self._on_student_picked)
        self.plan.edited.connect(self._show_offer)
        self.method.edited.connect(self._show_offer)
        self._show_preview()

    def open(self) -> None:
        super().open()
        if self._preset is not None:
            self._tasks.start("preset", self._take_preset, self._preset)

    @property
    def is_looking(self) -> bool:
        """Whether the offer is still on its way."""
        return self._tasks.is_running("look") or self._tasks.is_running("preset")

    # Who and what

    async def _take_preset(self, student_id: int) -> None:
        detail = await self._bridge.read(students.get_student, student_id)
        self.student.choose(person_choice(detail.person))

    def _on_student_picked(self, student_id: int | None) -> None:
        self._preview = None
        self._show_preview()
        if student_id is None:
            self._tasks.cancel("look")
        else:
            self._tasks.start("look", self._look, student_id)

    async def _look(self, student_id: int) -> None:
        self._preview = await self._bridge.read(subscription_reads.preview_sign_up, student_id)
        self._show_preview()
        if self._offer() is not None:
            self.plan.editor.setFocus()

    # What it would mean

    def _offer(self) -> PlanOffer | None:
        """What would be bought; None while nothing can be."""
        preview = self._preview
        # While the plans are put into their box anew none of them is chosen.
        if preview is None or preview.refusal or self.plan.box.currentIndex() < 0:
            return None
        offer: PlanOffer = self.plan.value()
        return offer

    def _show_preview(self) -> None:
        preview = self._preview
        if preview is not None:
            chosen = self._chosen_plan()
            self.plan.set_options([(o, words.plan_choice(o.plan)) for o in preview.offers])
            kept = (o for o in preview.offers if o.plan.plan_type == chosen)
            self.plan.choose(next(kept, None))
            self.card.show_owner(preview.student_id, preview.country)
        self._show_offer()
        self.fit()

    def _chosen_plan(self) -> str | None:
        if self.plan.box.currentIndex() < 0:
            return None
        offer: PlanOffer = self.plan.value()
        return offer.plan.plan_type

    def _show_offer(self) -> None:
        preview, offer = self._preview, self._offer()
        refusal = ""
        if preview is not None:
            refusal = preview.refusal or ("" if preview.offers else "No plan is offered now.")
        self.offer_card.show_offer(offer, refusal)
        shown: tuple[Field, ...] = (self.plan, self.method, self.card)
        for field in shown:
            field.setVisible(offer is not None)
        for field in self.fields.values():
            field.setEnabled(not self._is_unknown)
        method: PaymentMethod = self.method.value()
        self.card.rename(CARD_TITLES[method])
        self._tell_consequence(offer, method)

    def _tell_consequence(self, offer: PlanOffer | None, method: PaymentMethod) -> None:
        self.primary_button.setEnabled(offer is not None)
        if offer is None or self._preview is None:
            self.primary_button.setText("Sign up")
            self.consequence.tell("")
            return
        plan, name = offer.plan, self._preview.student_name
        price = words.price_of(plan)
        self.consequence.tell(
            f"{price} is charged {CHARGED[method]} now, for {words.period(offer.first_period)}. It "
            f"goes on {words.every(plan.period_months)} until it is cancelled. Courses are opened "
            f"for {name} afterwards."
        )
        self.primary_button.setText(
            "Try the same again" if self._is_unknown else f"Charge {price} and sign up"
        )

    # The act

    async def _sign_up(self) -> Purchase:
        offer, preview = self._offer(), self._preview
        assert offer is not None and preview is not None
        order = SignUp(
            key=self._key,
            student_id=preview.student_id,
            plan_type=offer.plan.plan_type,
            price=offer.plan.price,
            currency=offer.plan.currency,
            card=self.card.value(),
            method=self.method.value(),
        )
        purchase = await self._bridge.run_kept(
            acts.of_sign_up(order),
            subscriptions.sign_up,
            order,
            gateways=self._gateways,
            wait_s=NOBODY_ELSE_S,
        )
        if purchase.outcome is PurchaseOutcome.DECLINED:
            # The key belongs to the charge that failed; another card is another act.
            self._key = new_key("subscribe")
            raise Declined(purchase.changes.message)
        return purchase

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        if not busy:
            self._show_offer()

    def _on_failure(self, failure: Failure) -> None:
        super()._on_failure(failure)
        error = failure.error
        if isinstance(error, OutcomeUnknown):
            # The same key asks for the same once more; with other values it would be refused.
            self._is_unknown = True
            self._show_offer()
        elif isinstance(error, Declined):
            self.card.editor.setFocus()
        elif isinstance(error, RuleRefused | NotFound) and not self._tasks.is_running("look"):
            # Nothing was done. What the screen showed may be the reason: look again.
            self._is_unknown = False
            self._tasks.start("look again", self._look_again, str(error))

    async def _look_again(self, said: str) -> None:
        if self._preview is not None:
            self._preview = await self._bridge.read(
                subscription_reads.preview_sign_up, self._preview.student_id
            )
        self._show_preview()
        self._tell_error(said)
        self.fit()
