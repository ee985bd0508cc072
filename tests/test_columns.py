"""Columns name what the database sorts by: a head that is clicked must not be refused."""

import pytest

from learnhub_desktop.domain.lists import ListQuery, Sort
from learnhub_desktop.models.alerts import ALERT_COLUMNS
from learnhub_desktop.models.catalog import COURSE_COLUMNS
from learnhub_desktop.models.payments import PAYMENT_COLUMNS
from learnhub_desktop.models.students import COURSE_STUDENT_COLUMNS, STUDENT_COLUMNS
from learnhub_desktop.models.subscriptions import SUBSCRIPTION_COLUMNS
from learnhub_desktop.services import lists

LISTS = {
    "courses": COURSE_COLUMNS,
    "students": STUDENT_COLUMNS,
    "payments": PAYMENT_COLUMNS,
    "alerts": ALERT_COLUMNS,
    "subscriptions": SUBSCRIPTION_COLUMNS,
    "course_students": COURSE_STUDENT_COLUMNS,
}
CASES = [(source, column) for source, columns in LISTS.items() for column in columns]


@pytest.mark.parametrize(
    "source, column", CASES, ids=[f"{source}-{column.key}" for source, column in CASES]
)
def test_every_column_is_known_to_its_list(uow, source, column):
    sort = Sort(column.key) if column.sortable else None
    query = ListQuery(source, columns=(column.key,), sort=sort)
    if source == "course_students":
        query = query.with_filter("course", "1")
    assert lists.page(uow, query, first=0, count=1, anchor=None).rows == ()
