"""Where is my access? Each case has its literal answer in `access_cases`."""

from datetime import UTC

import pytest

from learnhub_desktop.domain.access import AccessAnswer, AccessState, NextStep, explain
from learnhub_desktop.domain.situations import Situation
from learnhub_desktop.domain.states import PaymentStatus
from tests.domain.access_cases import (
    ACTIVE,
    ARCHIVED,
    CASES,
    EARLIER,
    ENDED,
    FOR_LIFE,
    LATER,
    NOW,
    OPEN_UNTIL_LATER,
    PENDING,
    waiting_payment,
)


def answer(case: Situation) -> AccessAnswer:
    return explain(case, now=NOW, zone=UTC)


@pytest.mark.parametrize(
    ("case", "state", "sentence", "steps"), CASES.values(), ids=[*CASES.keys()]
)
def test_where_access_is(
    case: Situation, state: AccessState, sentence: str, steps: tuple[NextStep, ...]
) -> None:
    found = answer(case)

    assert found.state is state
    assert found.sentence == sentence
    assert found.steps == steps


def test_every_state_has_a_case() -> None:
    assert {state for _, state, _, _ in CASES.values()} == set(AccessState)


def test_access_is_open_only_where_the_sentence_says_so() -> None:
    for case, _, sentence, _ in CASES.values():
        assert answer(case).is_open == (sentence.startswith("Open") or "left open" in sentence)


def test_every_way_forward_is_named_in_the_advice() -> None:
    for case, _, _, steps in CASES.values():
        found = answer(case)
        if steps and not found.is_open:
            assert found.advice.endswith(".")


def test_an_archived_course_must_be_restored_before_anybody_enrols() -> None:
    assert answer(Situation(course_status=ARCHIVED)).advice == (
        "The course is archived, so nobody new can enrol; restore it first."
    )


def test_the_answer_names_the_payment_that_is_waited_for() -> None:
    case = Situation(enrolment=PENDING, open_payment=waiting_payment(PaymentStatus.UNKNOWN))

    assert answer(case).payment_id == 7


def test_the_answer_tells_until_when_as_a_moment() -> None:
    assert answer(Situation(enrolment=ACTIVE, access=OPEN_UNTIL_LATER)).until == LATER
    assert answer(Situation(enrolment=ACTIVE, access=FOR_LIFE)).until is None
    assert answer(Situation(enrolment=ACTIVE, access=ENDED)).until == EARLIER
