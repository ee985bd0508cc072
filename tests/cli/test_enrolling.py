import pytest

from learnhub_desktop.domain.money import LARGEST

LONG = "x" * 10_000


def counts(home):
    tables = ("payments", "enrollments", "idempotency", "payment_events", "course_access")
    return [home.ask(f"SELECT count(*) FROM {table}")[0] for table in tables]


@pytest.fixture
def enrol(learnhub, home):
    def run(course, *more, student="ola@example.org"):
        course_id = home.courses.get(course, course)
        return learnhub("enrol", "--student", student, "--course", course_id, *more)

    return run


def test_a_card_is_charged_and_the_student_enrolled(enrol, home):
    ended = enrol("Python Basics", "--card", "tok_visa", "--key", "my-key-1")
    assert ended.code == 0
    first, second = ended.out.splitlines()
    assert first.startswith("Enrolled Ola Muster in “Python Basics”. 49.00 USD paid by card.")
    assert "Access until" in first
    assert second == "Payment 1."
    assert ended.err == "Key: my-key-1\n"
    assert home.ask("SELECT status FROM payments") == ["completed"]
    assert home.ask("SELECT status FROM enrollments") == ["active"]


def test_json_has_the_columns_of_the_payment_and_the_enrolment(enrol, home):
    ended = enrol("Python Basics", "--card", "tok_visa", "--json")
    found = ended.json
    assert (found["payment_id"], found["enrollment_id"]) == (1, 1)
    assert found["user_id"] == found["student_id"] == home.students["ola@example.org"]
    assert found["course_id"] == home.courses["Python Basics"]
    assert (found["amount"], found["currency"]) == ("49.00", "USD")
    assert (found["payment_method"], found["status"]) == ("credit_card", "completed")
    assert (found["enrollment_status"], found["has_access"]) == ("active", True)
    assert found["access_expires_at"].endswith("+00:00")
    assert found["idempotency_key"].startswith("buy-")
    assert found["idempotency_key"] in ended.err


def test_the_same_key_charges_once(enrol, home):
    enrol("Python Basics", "--card", "tok_visa", "--key", "twice")
    again = enrol("Python Basics", "--card", "tok_visa", "--key", "twice", "--json")
    assert again.code == 0
    assert again.json["replayed"] is True
    assert counts(home)[0] == 1


def test_the_same_key_for_something_else_is_refused(enrol, home):
    enrol("Python Basics", "--card", "tok_visa", "--key", "once")
    other = enrol("One Seat", "--card", "tok_visa", "--key", "once")
    assert other.code == 1
    assert "This key was used before" in other.sentence
    assert counts(home)[0] == 1


def test_a_lost_answer_is_settled_by_the_key_that_was_shown(enrol, home):
    lost = enrol("Python Basics", "--card", "tok_lost_answer")
    assert lost.code == 4
    shown, sentence = lost.err.splitlines()
    assert sentence == (
        "The gateway did not answer. Ola Muster's seat in “Python Basics” stays held, and nothing "
        "is charged twice. It is asked again soon. To ask now, run the same command again with "
        "--key and the key above."
    )
    assert home.ask("SELECT status FROM payments") == ["unknown"]
    key = shown.removeprefix("Key: ")

    settled = enrol("Python Basics", "--card", "tok_lost_answer", "--key", key)
    assert settled.code == 0
    assert home.ask("SELECT status FROM payments") == ["completed"]
    assert home.ask("SELECT status FROM enrollments") == ["active"]


def test_the_key_settles_its_charge_though_the_price_has_changed(enrol, home):
    key = enrol("Python Basics", "--card", "tok_lost_answer").err.split()[1]
    home.write(lambda uow: uow.connection.exec_driver_sql("UPDATE courses SET price = 5900"))
    settled = enrol("Python Basics", "--card", "tok_lost_answer", "--key", key, "--json")
    assert settled.code == 0
    assert settled.json["amount"] == "49.00"


@pytest.mark.parametrize(
    "card, said",
    [
        ("tok_declined", "The card was declined."),
        ("tok_insufficient_funds", "there is not enough money on it"),
        ("tok_unreachable", "The gateway could not be reached."),
        ("not a token", "The gateway knows no such card."),
    ],
)
def test_a_card_that_does_not_work_is_refused(enrol, home, card, said):
    ended = enrol("Python Basics", "--card", card)
    assert ended.code == 1
    assert said in ended.err.splitlines()[-1]
    assert home.ask("SELECT status FROM payments") == ["failed"]
    assert home.ask("SELECT enrolled_students FROM courses WHERE course_id = 1") == [0]


def test_a_transfer_holds_the_seat_until_the_money_comes(enrol, home):
    ended = enrol("Python Basics", "--method", "bank_transfer", "--json")
    assert ended.code == 0
    assert (ended.json["outcome"], ended.json["status"]) == ("waiting", "pending")
    assert ended.json["hold_expires_at"] is not None
    assert ended.err == ""


def test_a_free_course_needs_no_card(enrol, home):
    ended = enrol("First Aid", "--json")
    assert ended.code == 0
    assert ended.json["enrollment_status"] == "active"
    assert "payment_id" not in ended.json
    assert counts(home)[0] == 0


def test_enrolling_by_hand_needs_no_payment(enrol, home):
    ended = enrol("Python Basics", "--free", "--reason", "Scholarship “Ω” 🎓", "--json")
    assert ended.code == 0
    assert (ended.json["enrollment_status"], ended.json["has_access"]) == ("active", True)
    assert home.ask("SELECT reason FROM enrollments") == ["Scholarship “Ω” 🎓"]
    assert counts(home)[0] == 0


def test_prerequisites_are_asked_for_and_may_be_overridden(enrol, home):
    refused = enrol("Python for Data", "--card", "tok_visa")
    assert refused.code == 1
    assert "has to complete “Python Basics” first" in refused.sentence
    let_in = enrol("Python for Data", "--card", "tok_visa", "--override", "Knows it already")
    assert let_in.code == 0


def test_a_full_course_is_refused(enrol):
    assert enrol("One Seat", "--card", "tok_visa").code == 0
    full = enrol("One Seat", "--card", "tok_visa", student="bo@example.org")
    assert full.code == 1
    assert full.sentence.startswith("“One Seat” is full")


def test_three_students_with_one_card_wait_for_a_reviewer(enrol, home):
    for student in ("ola@example.org", "bo@example.org"):
        enrol("Python Basics", "--card", "tok_visa_7", student=student)
    third = enrol("Python Basics", "--card", "tok_visa_7", "--json", student="cy@example.org")
    assert third.code == 1
    assert third.json["outcome"] == "verification"
    assert third.json["error"] == third.json["message"]
    assert "waits for a reviewer" in third.sentence


@pytest.mark.parametrize(
    "more, code, said",
    [
        (["--card", "tok_visa", "--student", "nobody@example.org"], 1, "There is no student with"),
        (["--card", "tok_visa", "--student", "ada@example.org"], 1, "is not a student"),
        (["--card", "tok_visa", "--student", "no address"], 2, "is not an e-mail address"),
        (["--card", "tok_visa", "--student", "🎓"], 2, "is not an e-mail address"),
        (["--card", "tok_visa", "--student", f"{LONG}@x.org"], 2, "can have at most 254"),
        (["--card", "tok_visa", "--course", "999"], 1, "There is no course with the number 999."),
        (["--card", "tok_visa", "--course", "0"], 2, "is not a number such as 318"),
        (["--card", "tok_visa", "--course", "-1"], 2, "is not a number such as 318"),
        (["--card", "tok_visa", "--course", "1.5"], 2, "is not a number such as 318"),
        (["--card", "tok_visa", "--course", "９"], 2, "is not a number such as 318"),
        (["--card", "tok_visa", "--course", "9" * 10_000], 2, "is not a number such as 318"),
        (["--card", "tok_visa", "--course", str(2**63)], 2, "is not a number such as 318"),
        ([], 2, "needs --card"),
        (["--card", " "], 2, "needs --card"),
        (["--card", "4111 1111 1111 1111"], 2, "looks like a card number"),
        (["--card", LONG], 2, "at most 200 characters"),
        (["--card", "tok_visa", "--method", "beads"], 2, "invalid choice: 'beads'"),
        (["--card", "tok_visa", "--key", ""], 2, "A key has 1 to 100 plain letters"),
        (["--card", "tok_visa", "--key", "🎓"], 2, "A key has 1 to 100 plain letters"),
        (["--card", "tok_visa", "--key", LONG], 2, "A key has 1 to 100 plain letters"),
        (["--card", "tok_visa", "--release", "x"], 2, "is not a number such as 318"),
        (["--card", "tok_visa", "--release", "7"], 1, "This release is for another purchase"),
        (["--card", "tok_visa", "--reason", "x"], 2, "--reason goes with --free"),
        (["--method", "account_balance"], 1, "and 49.00 USD is needed"),
        (["--free"], 2, "--free needs a --reason."),
        (["--free", "--reason", " "], 2, "The reason cannot be empty."),
        (["--free", "--reason", LONG], 2, "this has 10,000"),
        (["--free", "--reason", "x", "--card", "tok_visa"], 2, "goes without --card"),
        (["--free", "--reason", "x", "--key", "k"], 2, "goes without --key"),
        (["--free", "--reason", "x", "--student", "nobody@example.org"], 1, "There is no student"),
        (["--card", "tok_visa", "--wrong"], 2, "Unrecognized arguments: --wrong"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_writes_nothing(enrol, home, more, code, said):
    ended = enrol("Python Basics", *more)
    assert ended.code == code
    assert said in ended.sentence
    assert ended.out == ""
    assert len(ended.sentence) < 400
    assert counts(home) == [0, 0, 0, 0, 0]


def test_a_draft_is_not_sold(enrol, home):
    ended = enrol("Draft", "--card", "tok_visa")
    assert (ended.code, counts(home)) == (1, [0, 0, 0, 0, 0])
    assert "is a draft" in ended.sentence


def test_a_card_s_number_is_never_repeated(enrol, log_file):
    ended = enrol("Python Basics", "--card", "4111 1111 1111 1111")
    assert "4111" not in ended.err + log_file.read_text("utf-8")


def test_amounts_keep_their_decimals(enrol, home):
    cents = int(LARGEST * 100)
    home.write(lambda uow: uow.connection.exec_driver_sql(f"UPDATE courses SET price = {cents}"))
    found = enrol("Python Basics", "--method", "bank_transfer", "--json").json
    assert found["amount"] == "9999999999.99"
