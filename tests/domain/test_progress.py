from decimal import Decimal

import pytest

from learnhub_desktop.domain.progress import (
    ProgressPlace,
    passed,
    percentage,
    say_percent,
    status_after,
    status_words,
    why_no_progress,
)
from learnhub_desktop.domain.states import EnrolmentStatus

PENDING = EnrolmentStatus.PENDING
ACTIVE = EnrolmentStatus.ACTIVE
COMPLETED = EnrolmentStatus.COMPLETED
REFUNDED = EnrolmentStatus.REFUNDED
CANCELLED = EnrolmentStatus.CANCELLED


@pytest.mark.parametrize(
    ("done", "total", "percent"),
    [
        (0, 0, "0.00"),
        (3, 0, "0.00"),
        (0, 7, "0.00"),
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (1, 6, "16.67"),
        (1, 7, "14.29"),
        (1, 8, "12.50"),
        (1, 800, "0.13"),  # 0.125
        (3, 800, "0.38"),  # 0.375: half up, not to even
        (5, 800, "0.63"),  # 0.625
        (1, 20_000, "0.01"),  # 0.005
        (1, 20_001, "0.00"),
        (199, 200, "99.50"),
        (19_999, 20_000, "99.99"),  # 99.995 would read as finished
        (10, 10, "100.00"),
        (11, 10, "100.00"),
    ],
)
def test_the_share_of_lessons_done(done: int, total: int, percent: str) -> None:
    assert percentage(done, total) == Decimal(percent)
    assert str(percentage(done, total)) == percent


@pytest.mark.parametrize(
    ("status", "done", "total", "after"),
    [
        (ACTIVE, 3, 3, COMPLETED),
        (ACTIVE, 2, 3, ACTIVE),
        (ACTIVE, 0, 0, ACTIVE),  # nothing to do is not all done
        (COMPLETED, 3, 4, COMPLETED),  # a lesson was added since
        (COMPLETED, 0, 0, COMPLETED),
        (PENDING, 3, 3, PENDING),
        (REFUNDED, 3, 3, REFUNDED),
        (CANCELLED, 3, 3, CANCELLED),
    ],
)
def test_only_an_active_enrolment_is_completed_by_its_lessons(
    status: EnrolmentStatus, done: int, total: int, after: EnrolmentStatus
) -> None:
    assert status_after(status, done, total) is after


@pytest.mark.parametrize(
    ("best", "needed", "verdict"),
    [(70, 70, True), (69, 70, False), (0, 0, True), (None, 70, None), (70, None, None)],
)
def test_a_quiz_is_passed_by_its_best_result(
    best: int | None, needed: int | None, verdict: bool | None
) -> None:
    assert passed(best, needed) is verdict


@pytest.mark.parametrize(
    ("status", "done", "words"),
    [
        (PENDING, 0, "waiting for payment"),
        (ACTIVE, 0, "not started"),
        (ACTIVE, 1, "under way"),
        (COMPLETED, 1, "completed"),
        (REFUNDED, 1, "refunded"),
        (CANCELLED, 0, "cancelled"),
    ],
)
def test_the_state_in_words(status: EnrolmentStatus, done: int, words: str) -> None:
    assert status_words(status, done) == words


@pytest.mark.parametrize(
    ("percent", "words"),
    [
        ("0.00", "0 %"),
        ("40.00", "40 %"),
        ("33.33", "33.33 %"),
        ("12.50", "12.5 %"),
        ("99.99", "99.99 %"),
        ("100.00", "100 %"),
    ],
)
def test_a_percentage_is_said_without_needless_zeros(percent: str, words: str) -> None:
    assert say_percent(Decimal(percent)) == words


def place(status: EnrolmentStatus, *, deleted: bool = False) -> ProgressPlace:
    return ProgressPlace(1, 2, "Ada Lovelace", deleted, 3, "Python Basics", status, Decimal(0))


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        (place(ACTIVE), ""),
        (place(COMPLETED), ""),
        (place(PENDING),
         "Ada Lovelace has not paid for “Python Basics” yet, so no lesson can be marked."),
        (place(REFUNDED),
         "The enrolment of Ada Lovelace in “Python Basics” was refunded, "
         "so no lesson can be marked."),
        (place(CANCELLED),
         "The enrolment of Ada Lovelace in “Python Basics” was cancelled, "
         "so no lesson can be marked."),
        (place(ACTIVE, deleted=True), "This account was deleted; its progress stays as it is."),
    ],
)  # fmt: skip
def test_lessons_are_marked_only_in_a_living_enrolment(where: ProgressPlace, sentence: str) -> None:
    assert why_no_progress(where) == sentence
