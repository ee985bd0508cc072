import pytest

LONG = "x" * 10_000


@pytest.fixture
def bought(learnhub, home):
    """The number of a payment of 49.00 by card."""
    ended = learnhub(
        *("enrol", "--student", "ola@example.org", "--course", home.courses["Python Basics"]),
        *("--card", "tok_visa", "--json"),
    )
    return ended.json["payment_id"]


@pytest.fixture
def refund(learnhub, bought):
    def run(*more, payment=None):
        reason = () if "--reason" in more else ("--reason", "customer_request")
        return learnhub("refund", bought if payment is None else payment, *reason, *more)

    return run


def test_a_full_refund_ends_the_access(refund, home):
    ended = refund("--key", "back-1")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "Refunded 49.00 USD to Ola Muster. Access to “Python Basics” has ended, and the seat is "
        "free.",
        "Refund 2.",
    ]
    assert ended.err == "Key: back-1\n"
    assert home.ask("SELECT status FROM payments ORDER BY payment_id") == ["refunded", "completed"]
    assert home.ask("SELECT status FROM enrollments") == ["refunded"]


def test_a_part_leaves_the_enrolment_and_can_be_told_as_json(refund, home, bought):
    found = refund("--amount", "10.50", "--comment", "It’s “late” 🎓", "--json").json
    assert (found["payment_id"], found["refunds_payment_id"]) == (2, bought)
    assert (found["amount"], found["currency"], found["status"]) == ("10.50", "USD", "completed")
    assert (found["outcome"], found["reason_code"]) == ("completed", "customer_request")
    assert home.ask("SELECT comment FROM payments WHERE payment_id = 2") == ["It’s “late” 🎓"]
    assert home.ask("SELECT status FROM enrollments") == ["active"]


def test_the_same_key_refunds_once(refund, home):
    refund("--amount", "10", "--key", "back")
    again = refund("--amount", "10", "--key", "back", "--json")
    assert (again.code, again.json["replayed"]) == (0, True)
    assert home.ask("SELECT refunded_amount FROM payments WHERE payment_id = 1") == [1000]


def test_the_same_amount_again_wants_to_be_confirmed(refund, home):
    refund("--amount", "10")
    refused = refund("--amount", "10")
    assert refused.code == 1
    assert "Confirm once more" in refused.sentence
    assert refund("--amount", "10", "--again").code == 0
    assert home.ask("SELECT refunded_amount FROM payments WHERE payment_id = 1") == [2000]


def test_another_desk_s_refund_is_noticed(refund, home):
    refund("--amount", "10")
    stale = refund("--amount", "5", "--seen-refunded", "0")
    assert stale.code == 1
    assert "Meanwhile 10.00 USD of this payment is refunded" in stale.sentence
    assert refund("--amount", "5", "--seen-refunded", "10.00").code == 0


def test_money_can_go_to_the_balance(refund, home):
    ended = refund("--to", "balance")
    assert "to the balance of Ola Muster" in ended.out
    assert ended.err == ""
    assert home.ask("SELECT account_balance FROM users WHERE user_id = 2") == [4900]


def test_past_the_policy_it_needs_a_reason(refund, home):
    home.write(
        lambda uow: uow.connection.exec_driver_sql(
            "UPDATE enrollments SET enrolled_at = '2020-01-01 00:00:00.000000'"
        )
    )
    refused = refund()
    assert refused.code == 1
    assert "The 30 days for a refund ended on" in refused.sentence
    granted = refund("--override", "Promised by phone")
    assert granted.code == 0


def test_a_lost_answer_is_settled_by_the_key_that_was_shown(refund, home, learnhub):
    from learnhub_desktop.gateways import Operation
    from learnhub_desktop.gateways.moods import Mood
    from learnhub_desktop.gateways.simulated import SimulatedGateway

    (book,) = (home.path / "data" / "gateways").iterdir()
    with SimulatedGateway(book, book.stem) as gateway:
        gateway.set_mood(Mood.LOST_ANSWER, operation=Operation.REFUND, calls=1)
    lost = refund()
    assert lost.code == 4
    shown, sentence = lost.err.splitlines()
    assert sentence.endswith(
        "nothing goes back twice. To ask now, run the same command again with --key and the key "
        "above."
    )
    key = shown.removeprefix("Key: ")
    assert home.ask("SELECT status FROM payments WHERE kind = 'refund'") == ["unknown"]

    settled = refund("--key", key, "--json")
    assert (settled.code, settled.json["status"]) == (0, "completed")
    assert home.ask("SELECT status FROM payments ORDER BY payment_id") == ["refunded", "completed"]


@pytest.mark.parametrize(
    "more, code, said",
    [
        (["--reason", "because"], 2, "invalid choice: 'because'"),
        (["--reason", "🎓"], 2, "invalid choice"),
        (["--amount", "0"], 2, "The amount must be above zero."),
        (["--amount", "-5"], 2, "The amount cannot be below zero."),
        (["--amount", "5.001"], 2, "at most two decimals"),
        (["--amount", "ten"], 2, "“ten” is not an amount"),
        (["--amount", "NaN"], 2, "must be a number"),
        (["--amount", "🎓"], 2, "“🎓” is not an amount"),
        (["--amount", "'"], 2, "is not an amount"),
        (["--amount", ""], 2, "is not an amount"),
        (["--amount", "9" * 10_000], 2, "The amount cannot be above"),
        (["--amount", "49.01"], 1, "Only 49.00 USD of this payment is left."),
        (["--seen-refunded", "-1"], 2, "The amount cannot be below zero."),
        (["--seen-refunded", "soon"], 2, "is not an amount"),
        (["--comment", LONG], 2, "this has 10,000"),
        (["--key", LONG], 2, "A key has 1 to 100"),
        (["--to", "charity"], 2, "invalid choice: 'charity'"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_writes_nothing(refund, home, more, code, said):
    ended = refund(*more)
    assert ended.code == code
    assert said in ended.sentence
    assert ended.out == ""
    assert home.ask("SELECT count(*) FROM payments") == [1]
    assert home.ask("SELECT refunded_amount FROM payments") == [0]


@pytest.mark.parametrize(
    "payment, code, said",
    [
        ("99", 1, "There is no payment with the number 99."),
        ("0", 2, "“0” is not a number such as 318"),
        ("x", 2, "“x” is not a number such as 318"),
        (str(2**63), 2, "is not a number such as 318"),
        ("-1", 2, "is not a number such as 318"),
    ],
)
def test_a_payment_that_there_is_none_of(refund, payment, code, said):
    ended = refund(payment=payment)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.sentence


def test_the_reasons_are_listed_in_the_help(learnhub):
    text = " ".join(learnhub("refund", "--help").out.split())
    assert "one of customer_request, duplicate, technical_problem, course_cancelled" in text
