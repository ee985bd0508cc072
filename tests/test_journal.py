"""The journal of acts under way: written before, forgotten after, found when a process died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from learnhub_desktop.errors import (
    DatabaseUnavailable,
    InvalidInput,
    LearnHubError,
    OutcomeUnknown,
)
from learnhub_desktop.journal import Act, Journal, Left, Operation

AT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ACT = Act("buy-1", Operation.PURCHASE, {"student_id": "7", "amount": "49.00"}, AT)


@dataclass
class Result:
    is_known: bool


@pytest.fixture
def journal(tmp_path: Path):
    made = Journal(tmp_path / "journal")
    yield made
    made.close()


def restarted(journal: Journal) -> tuple[Left, ...]:
    """What the next start finds."""
    journal.close()
    later = Journal(journal.folder)
    found = later.left()
    later.close()
    return found


def test_it_is_on_the_disk_while_the_work_is_done_and_gone_after(journal: Journal) -> None:
    def work() -> Result:
        (file,) = journal.folder.iterdir()
        assert file.read_text() == (
            '{"key": "buy-1", "operation": "purchase", "parameters": {"student_id": "7", '
            '"amount": "49.00"}, "begun_at": "2026-03-10T12:00:00+00:00"}'
        )
        return Result(is_known=True)

    assert journal.keep(ACT, work).is_known
    assert list(journal.folder.iterdir()) == []
    assert restarted(journal) == ()


def test_an_outcome_that_is_not_known_stays(journal: Journal) -> None:
    journal.keep(ACT, lambda: Result(is_known=False))

    assert restarted(journal) == (Left(ACT, is_gone=True),)


@pytest.mark.parametrize(
    "error, stays",
    [
        (OutcomeUnknown("The connection broke.", key="buy-1"), True),
        (DatabaseUnavailable("It cannot be reached."), True),
        (ZeroDivisionError("a fault"), True),
        (InvalidInput("card", "No such card."), False),
        (LearnHubError("The rule says no."), False),
    ],
)
def test_a_refusal_is_an_outcome_and_a_lost_database_is_none(
    journal: Journal, error: Exception, stays: bool
) -> None:
    def work() -> Result:
        raise error

    with pytest.raises(type(error)):
        journal.keep(ACT, work)

    assert len(restarted(journal)) == stays


def test_the_same_act_again_is_one_entry(journal: Journal) -> None:
    journal.keep(ACT, lambda: Result(is_known=False))
    journal.keep(ACT, lambda: Result(is_known=True))

    assert restarted(journal) == ()


def test_nothing_is_sent_where_the_journal_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file, and no folder")
    journal = Journal(tmp_path / "journal")
    sent = []

    with pytest.raises(LearnHubError) as refused:
        journal.keep(ACT, lambda: sent.append("money") or Result(is_known=True))

    assert sent == []
    assert str(refused.value) == (
        f"Nothing was sent: LearnHub keeps what is under way in {tmp_path / 'journal'}, and "
        "cannot write there (File exists)."
    )


def test_what_this_window_is_at_is_not_left(journal: Journal) -> None:
    journal.begin(ACT)

    assert journal.left() == ()


def test_a_file_that_was_not_written_to_its_end_stands_for_nothing(journal: Journal) -> None:
    journal.folder.mkdir()
    (journal.folder / "half.act").write_text('{"key": "buy-1", "oper')

    assert journal.left() == ()
    assert list(journal.folder.iterdir()) == []


def test_only_the_first_window_after_a_crash_is_told(journal: Journal) -> None:
    journal.begin(ACT)
    journal.close()
    first, second = Journal(journal.folder), Journal(journal.folder)

    assert first.left() == (Left(ACT, is_gone=True),)
    assert second.left() == ()
    first.end("buy-1")
    assert list(journal.folder.iterdir()) == []
    first.close()


def test_the_oldest_is_told_first(journal: Journal) -> None:
    for hour in (14, 9, 11):
        at = AT.replace(hour=hour)
        journal.begin(Act(f"refund-{hour}", Operation.REFUND, {"payment_id": "3"}, at))

    assert [left.act.begun_at.hour for left in restarted(journal)] == [9, 11, 14]


CHILD = """
import sys
from pathlib import Path
from learnhub_desktop.journal import Act, Journal, Operation
journal = Journal(Path(sys.argv[1]))
journal.begin(Act("buy-1", Operation.PURCHASE, {"student_id": "7"}))
print("begun", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_an_act_is_left_only_once_its_process_is_dead(journal: Journal) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(journal.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        assert journal.left() == ()
        # Asleep it may still wake up and go on.
        os.kill(child.pid, signal.SIGSTOP)
        assert journal.left() == ()
        os.kill(child.pid, signal.SIGKILL)
        child.wait()

    (left,) = journal.left()
    assert (left.act.key, left.is_gone) == ("buy-1", True)
