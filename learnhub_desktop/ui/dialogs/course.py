"""The form of a course: a new one, and changes to one."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Final

from PySide6.QtWidgets import QLineEdit, QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain import money
from learnhub_desktop.domain.catalog import (
    DEFAULT_ACCESS_MONTHS,
    MOST_MONTHS,
    MOST_SEATS,
    CourseDetail,
    CourseDraft,
    check_url,
    count_of,
)
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.states import CourseStatus, Level
from learnhub_desktop.domain.text import LONG_TEXT_LENGTH, TITLE_LENGTH, check_text
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.services import catalog
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.dialogs.pickers import instructor_picker
from learnhub_desktop.ui.widgets.fields import (
    AmountField,
    CheckField,
    ChoiceField,
    NoteField,
    NumberField,
    TextField,
)
from learnhub_desktop.ui.widgets.picker import Choice
from learnhub_desktop.ui.widgets.tags import TagsField

_LEVELS: Final = (
    (None, "All levels"),
    (Level.BEGINNER, "Beginner"),
    (Level.INTERMEDIATE, "Intermediate"),
    (Level.ADVANCED, "Advanced"),
)
_CODE_WIDTH: Final = 72
_check_title: Final = partial(check_text, field="title", label="The title", longest=TITLE_LENGTH)
_check_description: Final = partial(
    check_text,
    field="description",
    label="The description",
    longest=LONG_TEXT_LENGTH,
    required=False,
)
_check_picture: Final = partial(check_url, field="thumbnail_url", label="The picture")


class PriceField(AmountField):
    """An amount with the currency's code beside it, which can be changed too."""

    def __init__(self, currency: str, amount: Decimal | None) -> None:
        self.code = QLineEdit(currency)
        self.code.setMaximumWidth(_CODE_WIDTH)
        self.code.setAccessibleName("Currency")
        super().__init__(
            "price", "Price", currency, amount=amount, allow_zero=True, hint="0 makes it free."
        )
        place = self._column.itemAt(1)
        row = None if place is None else place.layout()
        assert row is not None
        row.replaceWidget(self._currency, self.code)
        self._currency.hide()
        self.code.textChanged.connect(self._on_edited)

    def value(self) -> Decimal:
        amount: Decimal = super().value()
        money.check_currency(self.code.text())
        return amount

    def currency(self) -> str:
        return money.check_currency(self.code.text())


class CourseDialog(FormDialog):
    """All that a course is, but for its lessons; its result is ``Changes``.

    ``detail`` None makes a new course. ``currency`` is the school's.
    """

    def __init__(
        self,
        bridge: Bridge,
        parent: QWidget,
        *,
        currency: str,
        detail: CourseDetail | None = None,
    ) -> None:
        title = "New course" if detail is None else f"Edit {detail.course.title}"
        super().__init__(title, "Create course" if detail is None else "Save changes", parent)
        self._bridge = bridge
        self._detail = detail
        self._build(detail, currency)
        self.acts(self._create if detail is None else self._save)
        self._tell_consequence()

    def _build(self, detail: CourseDetail | None, currency: str) -> None:
        course = None if detail is None else detail.course
        self.title = TextField(
            "title", "Title", text=course.title if course else "", check=_check_title
        )
        self.instructor = instructor_picker(self._bridge)
        self.price = PriceField(
            course.currency if course else currency, course.price if course else None
        )
        self.level = ChoiceField("level", "Level", _LEVELS, value=course.level if course else None)
        taken = course.seats_taken if course else 0
        self.seats = NumberField(
            "max_students",
            "Seats",
            lowest=1,
            highest=MOST_SEATS,
            number=course.max_students if course else None,
            allow_empty=True,
            placeholder="No limit",
            hint=f"{count_of(taken, 'seat')} {'is' if taken == 1 else 'are'} taken now."
            if taken
            else "",
        )
        self.months = NumberField(
            "access_months",
            "Months of access",
            lowest=1,
            highest=MOST_MONTHS,
            number=course.access_months if course else DEFAULT_ACCESS_MONTHS,
            allow_empty=True,
            placeholder="For life",
            hint="From the day of the enrolment; empty is for life.",
        )
        self.tags = TagsField(detail.tags if detail else ())
        self.description = NoteField(
            "description",
            "Description",
            longest=LONG_TEXT_LENGTH,
            text=course.description if course else "",
            check=_check_description,
        )
        self.picture = TextField(
            "thumbnail_url",
            "Picture",
            text=course.thumbnail_url if course else "",
            check=_check_picture,
            placeholder="https://…",
        )
        self.is_open = CheckField("status", "Open it for enrolment at once")
        for field in (
            self.title, self.instructor, self.price, self.is_open, self.level, self.seats,
            self.months, self.tags, self.description, self.picture,
        ):  # fmt: skip
            self.add(field)
        # What is said of the currency belongs below the price.
        self.fields["currency"] = self.price
        self.is_open.setVisible(course is None)
        if course is not None:
            self.instructor.choose(Choice(course.instructor_id, course.instructor_name))

    def open(self) -> None:
        super().open()
        self._tasks.start("tags", self._read_tags)

    async def _read_tags(self) -> None:
        self.tags.set_known(await self._bridge.read(catalog.list_tags))

    def _on_edited(self) -> None:
        super()._on_edited()
        self._tell_consequence()

    def _tell_consequence(self) -> None:
        if self._detail is None:
            self.consequence.tell(
                "Students can enrol as soon as it is created."
                if self.is_open.value()
                else "It is created as a draft: nobody can enrol until it is made active.",
                tone="info",
            )
            return
        self.consequence.tell(self._new_price(), tone="warn")

    def _new_price(self) -> str:
        """What another price means; empty where it stays as it is."""
        assert self._detail is not None
        course = self._detail.course
        try:
            price, currency = self.price.value(), self.price.currency()
        except InvalidInput:
            return ""
        if (price, currency) == (course.price, course.currency):
            return ""
        shown = money.text(price, currency) if price else "nothing"
        return (
            f"Students pay {shown} from now on instead of "
            f"{money.text(course.price, course.currency)}. What is paid or held stays as it is."
        )

    def _draft(self) -> CourseDraft:
        return CourseDraft(
            title=self.title.value(),
            instructor_id=self.instructor.value(),
            price=self.price.value(),
            currency=self.price.currency(),
            description=self.description.value(),
            level=self.level.value(),
            access_months=self.months.value(),
            max_students=self.seats.value(),
            thumbnail_url=self.picture.value(),
            tags=self.tags.value(),
        )

    async def _create(self) -> Changes:
        status = CourseStatus.ACTIVE if self.is_open.value() else CourseStatus.DRAFT
        return await self._bridge.write(catalog.create_course, self._draft(), status=status)

    async def _save(self) -> Changes:
        assert self._detail is not None
        course = self._detail.course
        return await self._bridge.write(
            catalog.update_course,
            course.course_id,
            self._draft(),
            seen_version=course.row_version,
        )
