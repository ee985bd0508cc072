"""Deleting an account: everything that stands in the way, or all that it does."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.students import DeletionPreview, DeletionReason
from learnhub_desktop.services import accounts
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.fields import ChoiceField
from learnhub_desktop.ui.widgets.parts import label

_REASONS: Final = (
    (DeletionReason.REQUESTED, "The person asked for it"),
    (DeletionReason.DUPLICATE, "The account is a duplicate"),
    (DeletionReason.INACTIVE, "The account has not been used for long"),
    (DeletionReason.TEST_ACCOUNT, "It was a test account"),
)


class DeleteAccountDialog(FormDialog):
    def __init__(self, bridge: Bridge, parent: QWidget, *, preview: DeletionPreview) -> None:
        person = preview.person
        super().__init__(f"Delete the account of {person.name}", "Delete account", parent)
        self.enter_acts = False
        self._bridge = bridge
        self._person = person
        self.add_widget(
            label(f"{person.user_type.capitalize()} {person.user_id} · {person.email}", "soft")
        )
        self.reason = ChoiceField("reason", "Why it is deleted", _REASONS)
        self.reason.box.setPlaceholderText("Choose a reason")
        # Nothing is chosen beforehand: the reason is what stays when the person is forgotten.
        self.reason.box.setCurrentIndex(-1)
        if preview.obstacles:
            self._refuse(preview)
        else:
            self.add(self.reason)
            self.consequence.tell(_listed(preview.consequences), tone="bad")
        self.acts(self._delete)

    def _refuse(self, preview: DeletionPreview) -> None:
        self.primary_button.setEnabled(False)
        self.primary_button.setToolTip("Something stands in the way; it is named above.")
        self.cancel_button.setText("Close")
        self.cancel_button.setFocus()
        self.consequence.tell(
            _listed(tuple(obstacle.message for obstacle in preview.obstacles)), tone="warn"
        )

    async def _delete(self) -> Changes:
        return await self._bridge.write(
            accounts.delete_account,
            self._person.user_id,
            reason=self.reason.value(),
            row_version=self._person.row_version,
        )


def _listed(sentences: tuple[str, ...]) -> str:
    if len(sentences) == 1:
        return sentences[0]
    return "\n".join(f"•  {sentence}" for sentence in sentences)
