"""After a crash, or a lost database: tell what was left in the middle, and help to finish it."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.bridge import in_background
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.refunds import RefundReason
from learnhub_desktop.domain.text import LARGEST_ID, read_whole
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.journal import Act, Journal, Operation
from learnhub_desktop.services import asking, refund_rules
from learnhub_desktop.services import unfinished as services
from learnhub_desktop.services.unfinished import Stage, Unfinished
from learnhub_desktop.ui.dialogs import unfinished as dialogs
from learnhub_desktop.ui.dialogs.dialog import FormDialog, ask
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.dialogs.refund import RefundDialog
from learnhub_desktop.ui.dialogs.sign_up import SignUpDialog
from learnhub_desktop.ui.dialogs.unfinished import UnfinishedDialog
from learnhub_desktop.ui.main_window import MainWindow
from learnhub_desktop.ui.tasks import TaskScope

_REASONS: Final = {str(reason): reason for reason in RefundReason}
_RIGHTS: Final = {
    Operation.PURCHASE: Right.ENROL,
    Operation.SUBSCRIPTION: Right.TAKE_PAYMENT,
    Operation.REFUND: Right.REFUND,
}


class UnfinishedKeeper(TaskScope):
    """Shows a strip while acts of the journal wait, and looks again after every change.

    What is settled meanwhile is told in the message line, and leaves the journal.
    """

    def __init__(self, window: MainWindow, journal: Journal, gateways: Gateways) -> None:
        super().__init__(window, window.messages.fail)
        self.found: tuple[Unfinished, ...] = ()
        self._window = window
        self._desk = window.desk
        self._journal = journal
        self._gateways = gateways
        self._dialog: UnfinishedDialog | None = None
        # Left by a process that ended: whoever sits here now may know nothing of them.
        self._inherited: set[str] = set()
        bridge = window.desk.bridge
        bridge.kept.connect(self._on_kept)
        bridge.committed.connect(self._on_committed)
        bridge.changed_elsewhere.connect(self._on_touched)
        bridge.reachable.connect(self._on_kept)
        window.strip.asked.connect(self.open)
        self.start("take over", self._take_over)

    def open(self) -> None:
        """Show what waits, and stay true while it is open."""
        if self._dialog is not None:
            return
        desk = self._desk
        dialog = UnfinishedDialog(
            self._window, may_start=self._may_start, clock=desk.clock, zone=desk.zone
        )
        self._dialog = dialog
        dialog.asked.connect(self._on_asked)
        dialog.finished.connect(self._on_closed)
        dialog.show_acts(self.found)
        dialog.open()

    def _on_closed(self, _code: int) -> None:
        self._dialog = None

    # Looking

    def _on_committed(self, changes: Changes) -> None:
        self._on_touched(changes.touched)

    def _on_touched(self, touched: Touched) -> None:
        if self.found and touched & Touched.PAYMENTS:
            self._on_kept()

    def _on_kept(self) -> None:
        # Two looks at once would tell the same outcome twice.
        self.start("look", self._look)

    async def _take_over(self) -> None:
        left = await in_background(self._journal.left)
        self._inherited = {one.act.key for one in left}
        self._on_kept()

    async def _look(self) -> None:
        acts = [one.act for one in self._journal.waiting()]
        found = await self._desk.bridge.read(services.look_up, acts) if acts else ()
        settled = [one for one in found if one.stage is Stage.KNOWN]
        # Its dialog has told the person here that nothing was done.
        refused = [one for one in found if one.stage is Stage.NOT_BEGUN and self._is_own(one)]
        for one in (*settled, *refused):
            self._journal.end(one.act.key)
        found = tuple(one for one in found if one not in refused)
        self.found = tuple(one for one in found if one not in settled)
        self._show()
        if self._dialog is not None:
            self._dialog.show_acts(found)
        for one in settled:
            self._tell(one)

    def _is_own(self, one: Unfinished) -> bool:
        return one.act.key not in self._inherited

    def _show(self) -> None:
        count = len(self.found)
        if count == 1:
            self._window.strip.say(f"Left in the middle: {self.found[0].what}", "Look…")
        else:
            self._window.strip.say(
                f"{count:,} payments and refunds were left in the middle." if count else "", "Look…"
            )

    def _tell(self, one: Unfinished) -> None:
        said = f"Left in the middle before: {one.what} {one.says}"
        if not self._is_own(one) and self._dialog is None:
            self._desk.messages.warn(said)
        else:
            self._desk.messages.note(said)

    # Finishing

    def _may_start(self, one: Unfinished) -> bool:
        """Whether this account could do the act from here."""
        operation = one.act.operation
        right = _RIGHTS.get(operation)
        if right is None or not self._desk.actor.may(right):
            return False
        return operation is not Operation.SUBSCRIPTION or self._gateways.online is not None

    def _on_asked(self, name: str, one: Unfinished) -> None:
        match name:
            case dialogs.FORGET:
                self._journal.end(one.act.key)
                if self._dialog is not None:
                    self._dialog.forget(one.act.key)
                self._on_kept()
            case dialogs.SHOW:
                self._close_dialog()
                self._desk.go("payments", select=one.payment_id)
            case dialogs.ASK:
                self.start(f"ask {one.act.key}", self._ask, one)
            case dialogs.START:
                self._close_dialog()
                self.start("start", self._start_again, one.act)

    def _close_dialog(self) -> None:
        if self._dialog is not None:
            self._dialog.accept()

    async def _ask(self, one: Unfinished) -> None:
        assert one.payment_id is not None
        await self._desk.bridge.run(asking.ask_now, one.payment_id, gateways=self._gateways)
        self._on_kept()

    async def _start_again(self, act: Act) -> None:
        """The same act once more, under the same key: should it have been begun after all, the
        first result is told."""
        bridge = self._desk.bridge
        read = {name: read_whole(text, most=LARGEST_ID) for name, text in act.parameters.items()}
        number = {name: each for name, each in read.items() if each is not None}
        dialog: FormDialog
        match act.operation:
            case Operation.PURCHASE:
                dialog = EnrolDialog(
                    bridge,
                    self._gateways,
                    self._desk.actor,
                    self._window,
                    student_id=number.get("student_id"),
                    course_id=number.get("course_id"),
                    released_alert_id=number.get("released_alert_id"),
                    key=act.key,
                )
            case Operation.SUBSCRIPTION:
                dialog = SignUpDialog(
                    bridge,
                    self._gateways,
                    self._window,
                    student_id=number.get("student_id"),
                    key=act.key,
                )
            case _:
                preview = await bridge.read(refund_rules.preview, number.get("payment_id", 0))
                dialog = RefundDialog(
                    preview,
                    bridge,
                    self._gateways,
                    self._window,
                    reason=_REASONS.get(
                        act.parameters.get("reason_code", ""), RefundReason.CUSTOMER_REQUEST
                    ),
                    key=act.key,
                )
                dialog.amount.set_text(act.parameters.get("amount", ""))
        await ask(dialog)
