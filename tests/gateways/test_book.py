"""The book as a file: who may open it, what it survives, and what it refuses to forget."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.gateways.book import Book, CommitUnknown, create_book
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.gateways.port import EntryState, GatewayUnreachable, Outcome, VoidOutcome
from learnhub_desktop.gateways.simulated import SimulatedGateway
from tests.gateways.conftest import BOOK_ID
from tests.gateways.making import charge, refund

ROOT = Path(__file__).parents[2]


def other_process(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


CHARGE_ONCE_TOLD = """
import sys
from decimal import Decimal
from pathlib import Path
from learnhub_desktop.gateways.port import ChargeRequest
from learnhub_desktop.gateways.simulated import SimulatedGateway

gateway = SimulatedGateway(Path(sys.argv[1]), sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for n in range(int(sys.argv[3])):
    answer = gateway.charge(ChargeRequest(f"key-{n}", 7, Decimal("49.00"), "USD", "tok_visa"))
    print(answer.outcome, answer.reference, answer.replayed, flush=True)
"""

CHARGE_AND_DIE = """
import os, signal, sys
from decimal import Decimal
from pathlib import Path
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.gateways.port import ChargeRequest
from learnhub_desktop.gateways.simulated import SimulatedGateway

def die(seconds):
    os.kill(os.getpid(), signal.SIGKILL)

gateway = SimulatedGateway(Path(sys.argv[1]), sys.argv[2], wait=die)
gateway.set_mood(Mood.LATE, calls=1)
gateway.charge(ChargeRequest("charge-1", 7, Decimal("49.00"), "USD", "tok_visa"))
print("answered", flush=True)
"""


def test_processes_that_charge_the_same_keys_at_once_charge_each_once(
    gateway: SimulatedGateway, book_path: Path
) -> None:
    children = [other_process(CHARGE_ONCE_TOLD, str(book_path), BOOK_ID, "20") for _ in range(3)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [child.communicate(timeout=60)[0].splitlines() for child in children]
    assert [len(lines) for lines in said] == [20, 20, 20]
    for n, together in enumerate(zip(*said, strict=True)):
        outcomes, references, replayed = zip(*(line.split() for line in together), strict=True)
        assert outcomes == ("approved",) * 3, n
        assert len(set(references)) == 1, n
        assert sorted(replayed) == ["False", "True", "True"], n
    assert len(list(gateway.entries())) == 20


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_process_killed_between_commit_and_answer_leaves_a_charge_that_lookup_finds(
    gateway: SimulatedGateway, book_path: Path
) -> None:
    child = other_process(CHARGE_AND_DIE, str(book_path), BOOK_ID)
    assert child.communicate(timeout=60)[0] == ""
    assert child.returncode == -signal.SIGKILL
    entry = gateway.lookup("charge-1").entry
    assert entry is not None
    assert (entry.state, entry.amount) == (EntryState.APPROVED, Decimal("49.00"))
    assert gateway.void("charge-1").outcome is VoidOutcome.ALREADY_DONE
    assert gateway.charge(charge()).replayed


def test_threads_that_refund_at_once_never_pass_what_is_left(gateway: SimulatedGateway) -> None:
    gateway.charge(charge(amount="50.00"))
    start = threading.Barrier(8)

    def pay_back(n: int) -> Outcome:
        start.wait(timeout=30)
        return gateway.refund(refund(f"r{n}", amount="20.00")).outcome

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(pay_back, range(8)))
    assert sorted(outcomes) == ["approved"] * 2 + ["declined"] * 6
    entry = gateway.lookup("charge-1").entry
    assert entry is not None
    assert entry.refunded == Decimal("40.00")


def test_of_a_charge_and_a_void_at_the_same_moment_exactly_one_wins(
    gateway: SimulatedGateway, book_path: Path
) -> None:
    keys = [f"key-{n}" for n in range(30)]
    with SimulatedGateway(book_path, BOOK_ID) as desk, ThreadPoolExecutor(2) as pool:
        charged = pool.map(lambda key: desk.charge(charge(key)).outcome, keys)
        voided = pool.map(lambda key: gateway.void(key).outcome, keys)
        told = set(zip(charged, voided, strict=True))
    assert told <= {
        (Outcome.APPROVED, VoidOutcome.ALREADY_DONE),
        (Outcome.DECLINED, VoidOutcome.VOIDED),
    }


FORK_WITH_AN_OPEN_BOOK = """
import os, sys
from decimal import Decimal
from pathlib import Path
from learnhub_desktop.gateways.port import ChargeRequest
from learnhub_desktop.gateways.simulated import SimulatedGateway

def charge(key):
    return gateway.charge(ChargeRequest(key, 7, Decimal("49.00"), "USD", "tok_visa")).outcome

gateway = SimulatedGateway(Path(sys.argv[1]), sys.argv[2])
charge("before")
child = os.fork()
charge(f"after-{child > 0}")
if child:
    os.waitpid(child, 0)
    charge("last")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_opens_the_book_for_itself(
    gateway: SimulatedGateway, book_path: Path
) -> None:
    child = other_process(FORK_WITH_AN_OPEN_BOOK, str(book_path), BOOK_ID)
    child.communicate(timeout=60)
    assert child.returncode == 0
    keys = {entry.key for entry in gateway.entries()}
    assert keys == {"before", "after-True", "after-False", "last"}


def test_a_mood_is_met_by_every_process(gateway: SimulatedGateway, book_path: Path) -> None:
    with SimulatedGateway(book_path, BOOK_ID) as desk:
        desk.set_mood(Mood.DECLINE, calls=1)
    assert gateway.charge(charge()).outcome is Outcome.DECLINED


def test_a_book_with_another_id_is_a_gateway_that_cannot_be_reached(book_path: Path) -> None:
    with (
        SimulatedGateway(book_path, "another-book") as gateway,
        pytest.raises(GatewayUnreachable, match="gateway not reachable: this computer does not"),
    ):
        gateway.charge(charge())


def test_a_missing_book_is_never_made_by_looking_for_it(tmp_path: Path) -> None:
    with (
        SimulatedGateway(tmp_path / "none.book", BOOK_ID) as gateway,
        pytest.raises(GatewayUnreachable, match="gateway not reachable: this computer does not"),
    ):
        gateway.lookup("charge-1")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_book_is_a_gateway_that_cannot_be_reached(tmp_path: Path) -> None:
    path = tmp_path / "gateway.book"
    path.write_bytes(b"this is not a database, and long enough to be looked at " * 20)
    with (
        SimulatedGateway(path, BOOK_ID) as gateway,
        pytest.raises(GatewayUnreachable, match="its book gateway.book cannot be used"),
    ):
        gateway.charge(charge())


def test_a_book_that_was_taken_away_and_replaced_is_noticed(
    gateway: SimulatedGateway, book_path: Path
) -> None:
    gateway.charge(charge())
    for file in book_path.parent.iterdir():
        file.unlink()
    with pytest.raises(GatewayUnreachable):
        gateway.lookup("charge-1")
    create_book(book_path, book_id="another-book")
    with pytest.raises(GatewayUnreachable):
        gateway.lookup("charge-1")


def test_a_book_that_stays_busy_is_not_reachable_and_nothing_was_done(
    gateway: SimulatedGateway, book_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnhub_desktop.gateways.book.BUSY_S", 0.05)
    holder = sqlite3.connect(book_path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(GatewayUnreachable, match="database is locked"):
        gateway.charge(charge())
    holder.execute("ROLLBACK")
    holder.close()
    assert list(gateway.entries()) == []
    assert gateway.charge(charge()).outcome is Outcome.APPROVED


def test_a_commit_that_fails_is_unknown_and_never_unreachable(
    gateway: SimulatedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: Book) -> object:
        raise CommitUnknown("disk I/O error")

    monkeypatch.setattr(Book, "transaction", failing)
    assert gateway.charge(charge()).outcome is Outcome.UNKNOWN
    assert gateway.refund(refund()).outcome is Outcome.UNKNOWN
    assert gateway.void("charge-1").outcome is VoidOutcome.UNKNOWN
    with pytest.raises(GatewayUnreachable):
        gateway.lookup("charge-1")


def test_an_existing_file_is_never_taken_for_a_new_book(book_path: Path) -> None:
    with pytest.raises(LearnHubError, match="There is already a file in"):
        create_book(book_path)


def test_a_book_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LearnHubError, match=r"cannot be made in .*: File exists\."):
        create_book(tmp_path / "file" / "gateway.book")


def test_each_new_book_has_an_id_of_its_own(tmp_path: Path) -> None:
    ids = {create_book(tmp_path / name) for name in ("a", "b")}
    assert [len(book_id) for book_id in ids] == [36, 36]


def test_every_commit_is_on_the_disk_when_it_returns(book_path: Path) -> None:
    book = Book(book_path, BOOK_ID)
    with book.transaction() as connection:
        (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    book.close()
    assert (journal, synchronous) == ("wal", 2)


CHANGES = [
    "UPDATE entries SET cents = 1",
    "DELETE FROM entries",
    "UPDATE voids SET key = 'other'",
    "DELETE FROM voids",
    "UPDATE attempts SET outcome = 'approved'",
    "DELETE FROM attempts",
    "UPDATE settlements SET state = 'declined'",
    "DELETE FROM settlements",
    "UPDATE book SET book_id = 'other'",
    "DELETE FROM book",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_nothing_in_the_book_can_be_changed_or_taken_out(
    gateway: SimulatedGateway, book_path: Path, statement: str
) -> None:
    gateway.charge(charge(card="tok_refund_pending"))
    gateway.refund(refund())
    gateway.settle_refund("refund-1", paid=True)
    gateway.void("unused")
    raw = sqlite3.connect(book_path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="the book is append-only"):
        raw.execute(statement)
    raw.close()


def entry_sql(key: str, kind: str, cents: object, charge_key: str | None = None) -> str:
    charge_part = "NULL" if charge_key is None else f"'{charge_key}'"
    return (
        "INSERT OR REPLACE INTO entries (key, kind, charge_key, payment_id, cents, currency, card,"
        f" card_fingerprint, state, reference, at) VALUES ('{key}', '{kind}', {charge_part}, 1,"
        f" {cents}, 'USD', 'visa', '', 'approved', 'ref-{key}', '2026-01-01')"
    )


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (entry_sql("charge-1", "charge", 1), "this key has an entry"),
        (entry_sql("unused", "charge", 1), "this key is voided"),
        (entry_sql("r1", "refund", 4901, "charge-1"), "above what is left"),
        (entry_sql("r1", "refund", 1, "no-such-charge"), "above what is left"),
        (entry_sql("c2", "charge", 12.5), "CHECK constraint failed"),
        (entry_sql("c2", "charge", 0), "CHECK constraint failed"),
        (entry_sql("c2", "charge", 1, "charge-1"), "CHECK constraint failed"),
        ("INSERT INTO voids VALUES ('charge-1', '2026-01-01')", "this key has done its work"),
    ],
)
def test_the_book_itself_refuses_what_the_gateway_would_never_write(
    gateway: SimulatedGateway, book_path: Path, statement: str, message: str
) -> None:
    gateway.charge(charge())
    gateway.void("unused")
    raw = sqlite3.connect(book_path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match=message):
        raw.execute(statement)
    raw.close()


def test_no_card_token_is_in_the_file(gateway: SimulatedGateway, book_path: Path) -> None:
    gateway.charge(charge(card="tok_visa_secret_of_ada"))
    gateway.close()
    assert b"secret_of_ada" not in book_path.read_bytes()
