"""What a student thinks of a course, written down for them."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.catalog import Review
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.progress import StudentCourse
from learnhub_desktop.domain.students import PersonRow
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.services import reviews
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.fields import NoteField
from learnhub_desktop.ui.widgets.parts import label
from learnhub_desktop.ui.widgets.rating import STARS, RatingField

_check: Final = partial(
    check_text, field="comment", label="The comment", longest=NOTE_LENGTH, required=False
)


class ReviewDialog(FormDialog):
    """``review`` is the one that was given before, which this one takes the place of."""

    def __init__(
        self,
        bridge: Bridge,
        parent: QWidget,
        *,
        person: PersonRow,
        course: StudentCourse,
        review: Review | None,
    ) -> None:
        title = "Record a review" if review is None else "Change the review"
        super().__init__(title, "Record review" if review is None else "Change review", parent)
        self._bridge = bridge
        self._person = person
        self._course = course
        self._before = review
        self.add_widget(label(f"{person.name} · {course.title}", "soft", wrap=True))
        self.rating = RatingField("rating", "Rating", rating=review.rating if review else 0)
        self.comment = NoteField(
            "comment",
            "Comment",
            longest=NOTE_LENGTH,
            text=(review.comment or "") if review else "",
            check=_check,
            hint="May stay empty.",
        )
        self.add(self.rating)
        self.add(self.comment)
        self.acts(self._record)
        self.rating.edited.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        stars = self.rating.stars.rating
        before = self._before
        if before is None:
            said = f"The course’s rating counts {stars} of {STARS} from this student."
            self.consequence.tell(said if stars else "")
        else:
            self.consequence.tell(f"It takes the place of the {before.rating} of {STARS} before.")

    async def _record(self) -> Changes:
        return await self._bridge.write(
            reviews.record_review,
            self._person.user_id,
            self._course.course_id,
            rating=self.rating.value(),
            comment=self.comment.value(),
        )
