"""Which member of a cluster is used, with members that are played: no server is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
import pytest
from sqlalchemy import make_url

from learnhub_desktop.db import cluster, transactions
from learnhub_desktop.db.cluster import Members, Standing, look, see_the_latest
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.failures import Meaning, is_left_open
from learnhub_desktop.db.transactions import Database, _Tries
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.connecting import Address
from learnhub_desktop.errors import DatabaseUnavailable
from tests.db.driver_errors import wrapped

W, R, N = Standing.WRITES, Standing.READS, Standing.NEITHER
REFUSED = pymysql.err.OperationalError(2003, "Can't connect")
WRONG_PASSWORD = pymysql.err.OperationalError(1045, "Access denied")
A, B, C = Address("a"), Address("b"), Address("c")
URL = make_url("mysql+pymysql://ada@a/school?member=b:3306&member=c:3306")


class Wire:
    """A connection to one played member."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.is_open = True

    def close(self) -> None:
        self.is_open = False


class Played:
    """Three members, each with what it is good for now, or with the error of reaching it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now: dict[Address, Standing | Exception] = {A: W, B: R, C: R}
        self.asked: list[Address] = []
        self.opened: list[Wire] = []
        self.moves = 0
        self.members = Members((A, B, C))
        monkeypatch.setattr(self.members, "_move_reads", self._moved)
        monkeypatch.setattr(cluster, "_open", self._open)
        monkeypatch.setattr(cluster, "look", lambda wire: self.now[wire.address])

    def _moved(self) -> None:
        self.moves += 1

    def _open(self, address: Address, cparams: Any) -> Wire:
        self.asked.append(address)
        found = self.now[address]
        if isinstance(found, Exception):
            raise found
        self.opened.append(Wire(address))
        return self.opened[-1]

    def write(self) -> Address:
        self.asked.clear()
        chosen: Wire = self.members._connect_writer(None, None, (), {})
        return chosen.address

    def read(self) -> Address:
        self.asked.clear()
        chosen: Wire = self.members._connect_reader(None, None, (), {})
        return chosen.address


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    return Played(monkeypatch)


@pytest.mark.parametrize(
    ("first", "second", "third", "writes", "reads"),
    [
        (W, R, R, A, A),
        (R, W, R, B, B),
        (R, R, W, C, C),
        (REFUSED, R, W, C, C),
        (N, W, W, B, B),
        (W, W, W, A, A),
        (REFUSED, R, R, 1290, B),
        (N, N, R, 1290, C),
        (N, N, REFUSED, 1290, 1290),
        (N, N, N, 1290, 1290),
        (REFUSED, REFUSED, REFUSED, 2003, 2003),
        (REFUSED, WRONG_PASSWORD, REFUSED, 1045, 1045),
    ],
)
def test_the_member_that_takes_changes_is_written_to_and_read_from(
    played: Played, first: Any, second: Any, third: Any, writes: Any, reads: Any
) -> None:
    played.now = {A: first, B: second, C: third}
    for call, chosen in ((played.write, writes), (played.read, reads)):
        if isinstance(chosen, Address):
            assert call() == chosen
        else:
            with pytest.raises(pymysql.err.OperationalError) as refused:
                call()
            assert refused.value.args[0] == chosen
    kept = [each.address for each in played.opened if each.is_open]
    assert kept == [each for each in (writes, reads) if isinstance(each, Address)]


def test_the_last_good_member_is_asked_first_even_when_the_old_one_is_back(played: Played) -> None:
    played.now = {A: REFUSED, B: W, C: R}
    assert played.write() == B
    played.now = {A: R, B: W, C: R}
    assert played.write() == B
    assert played.asked == [B]


def test_a_member_that_did_not_answer_is_asked_last_until_it_does(played: Played) -> None:
    played.now = {A: REFUSED, B: R, C: R}
    with pytest.raises(pymysql.err.OperationalError):
        played.write()
    assert played.asked == [A, B, C]
    with pytest.raises(pymysql.err.OperationalError):
        played.write()
    assert played.asked == [B, C, A]
    played.now = {A: W, B: R, C: R}
    assert (played.write(), played.asked) == (A, [B, C, A])
    assert (played.write(), played.asked) == (A, [A])


def test_reads_move_to_the_member_that_writes_as_soon_as_it_is_known(played: Played) -> None:
    assert (played.write(), played.moves) == (A, 0)
    played.now = {A: REFUSED, B: R, C: R}
    assert played.read() == B
    played.now = {A: REFUSED, B: R, C: W}
    assert (played.write(), played.moves) == (C, 1)
    assert (played.write(), played.moves) == (C, 1)


def test_a_url_names_every_member_and_the_driver_hears_of_none() -> None:
    url = cluster.url_with(
        make_url("mysql+pymysql://ada@a:3307/school"), (B, Address("2001:db8::1", 3308))
    )
    assert cluster.addresses_of(url) == (Address("a", 3307), B, Address("2001:db8::1", 3308))
    assert cluster.without_members(url) == make_url("mysql+pymysql://ada@a:3307/school")
    assert cluster.addresses_of(make_url("mysql://ada@a/school")) == (A,)


def test_one_address_costs_no_members() -> None:
    alone, several = open_engines("mysql://ada@a/school"), open_engines(URL)
    assert alone.members is None
    assert several.members is not None
    assert several.members.addresses == (A, B, C)


class Server:
    """Answers statements by their first words that fit; an error is raised."""

    def __init__(self, version: str, answers: dict[str, Any]) -> None:
        self._version, self._answers = version, answers
        self.heard: list[str] = []
        self._rows: list[Any] = []

    def get_server_info(self) -> str:
        return self._version

    @contextmanager
    def cursor(self) -> Iterator[Server]:
        yield self

    def execute(self, statement: str) -> None:
        self.heard.append(statement)
        for beginning, answer in self._answers.items():
            if beginning in statement:
                if isinstance(answer, Exception):
                    raise answer
                self._rows = list(answer.items()) if isinstance(answer, dict) else answer
                return
        self._rows = []

    def fetchall(self) -> list[Any]:
        return self._rows


GROUP = {"group_replication_group_name": "ours", "group_replication_single_primary_mode": "ON"}
OPEN = {"read_only": "OFF", "super_read_only": "OFF", "innodb_read_only": "OFF"}
SHUT = {**OPEN, "read_only": "ON", "super_read_only": "ON"}
DENIED = pymysql.err.OperationalError(1142, "SELECT command denied")
AGREED = {"Gr_last_consensus_end_timestamp": "2026-11-22 20:29:01.759174"}
NEVER = {"Gr_last_consensus_end_timestamp": ""}


def seen(own: str, *others: str) -> list[tuple[str, int]]:
    return [(own, 1), *((each, 0) for each in others)]


@pytest.mark.parametrize(
    ("variables", "members", "agreed", "standing"),
    [
        (OPEN, [], {}, W),
        (SHUT, [], {}, R),
        (OPEN | GROUP, seen("ONLINE", "ONLINE", "ONLINE"), {}, W),
        (SHUT | GROUP, seen("ONLINE", "ONLINE", "ONLINE"), {}, R),
        (OPEN | GROUP, seen("ONLINE", "ONLINE", "UNREACHABLE"), {}, W),
        (OPEN | GROUP, seen("ONLINE", "UNREACHABLE", "UNREACHABLE"), {}, N),
        (OPEN | GROUP, seen("ONLINE", "UNREACHABLE"), {}, N),
        (SHUT | GROUP, seen("RECOVERING", "ONLINE", "ONLINE"), {}, N),
        (OPEN | GROUP, seen("OFFLINE"), {}, N),
        (SHUT | GROUP, seen("ERROR"), {}, N),
        (OPEN | GROUP, [], {}, N),
        (OPEN | GROUP, DENIED, AGREED, W),
        (SHUT | GROUP, DENIED, AGREED, R),
        (OPEN | GROUP, DENIED, NEVER, N),
        (OPEN | GROUP, DENIED, {}, N),
    ],
)
def test_a_member_of_a_group_is_good_for_what_its_group_lets_it(
    variables: Any, members: Any, agreed: Any, standing: Standing
) -> None:
    server = Server(
        "9.7.4",
        {
            "SHOW GLOBAL VARIABLES": variables,
            "replication_group_members": members,
            "SHOW GLOBAL STATUS": agreed,
        },
    )
    assert look(server) is standing


GALERA = {"wsrep_on": "ON", "wsrep_cluster_name": "ours", "read_only": "OFF"}
WHOLE = {"wsrep_ready": "ON", "wsrep_cluster_status": "Primary", "wsrep_cluster_size": "3"}


@pytest.mark.parametrize(
    ("variables", "status", "standing"),
    [
        ({"wsrep_on": "OFF", "read_only": "OFF"}, {}, W),
        ({"wsrep_on": "OFF", "read_only": "ON"}, {}, R),
        ({"wsrep_on": "OFF", "read_only": "OFF", "innodb_read_only": "ON"}, {}, R),
        (GALERA, WHOLE, W),
        (GALERA | {"read_only": "ON"}, WHOLE, R),
        (GALERA, WHOLE | {"wsrep_cluster_status": "non-Primary"}, N),
        (GALERA, WHOLE | {"wsrep_ready": "OFF"}, N),
        (GALERA, {}, N),
    ],
)
def test_a_galera_member_is_good_for_what_its_cluster_lets_it(
    variables: Any, status: Any, standing: Standing
) -> None:
    server = Server(
        "10.11.19-MariaDB", {"SHOW GLOBAL VARIABLES": variables, "SHOW GLOBAL STATUS": status}
    )
    assert look(server) is standing


UNKNOWN = pymysql.err.OperationalError(1193, "Unknown system variable")
MODE = "@@global.group_replication_single_primary_mode"


@pytest.mark.parametrize(
    ("version", "answers", "writes", "last"),
    [
        ("9.7.4", {MODE: UNKNOWN}, True, f"SELECT {MODE}"),
        ("9.7.4", {MODE: [(1,)]}, True, "SET SESSION group_replication_consistency ="
         " 'BEFORE_ON_PRIMARY_FAILOVER'"),
        ("9.7.4", {MODE: [(1,)]}, False, "SET SESSION group_replication_consistency = 'BEFORE'"),
        ("9.7.4", {MODE: [(0,)]}, True, "SET SESSION group_replication_consistency = 'BEFORE'"),
        ("10.11.19-MariaDB", {}, True, "SET SESSION wsrep_sync_wait = 1"),
        ("10.11.19-MariaDB", {"wsrep": UNKNOWN}, False, "SET SESSION wsrep_sync_wait = 1"),
    ],
)  # fmt: skip
def test_a_new_connection_sees_what_others_committed_at_one_or_two_statements(
    version: str, answers: dict[str, Any], writes: bool, last: str
) -> None:
    server = Server(version, answers)
    see_the_latest(server, writes=writes)
    assert server.heard[-1] == last
    assert len(server.heard) <= 2


LOST, VOTE = Meaning.LOST, Meaning.NOT_WRITABLE


@pytest.mark.parametrize(
    ("is_cluster", "met", "goes_on"),
    [
        (False, [LOST], [True]),
        (False, [LOST, LOST], [True, False]),
        (False, [VOTE, VOTE], [True, False]),
        (True, [LOST, LOST], [True, False]),
        (True, [LOST, VOTE, VOTE, VOTE], [True, True, True, True]),
        (True, [LOST, VOTE, LOST, VOTE], [True, True, True, True]),
        (True, [VOTE, LOST, LOST], [True, True, False]),
    ],
)
def test_a_cluster_is_waited_for_while_any_member_answers(
    monkeypatch: pytest.MonkeyPatch, is_cluster: bool, met: list[Meaning], goes_on: list[bool]
) -> None:
    monkeypatch.setattr(transactions, "_ELECTION_PAUSE_S", 0)
    tries = _Tries(is_cluster)
    assert [tries.may_connect_again(each) for each in met] == goes_on


def test_a_vote_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "_ELECTION_S", -1)
    tries = _Tries(True)
    assert [tries.may_connect_again(VOTE) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("code", "left_open"),
    [(2013, True), (2006, True), (3100, True), (1047, True), (3101, False), (1213, False),
     (1290, False), (1205, False)],
)  # fmt: skip
def test_what_a_commit_says_tells_whether_it_may_have_been_kept(code: int, left_open: bool) -> None:
    assert is_left_open(wrapped(pymysql.err.OperationalError(code, ""))) is left_open


def test_a_write_asks_every_member_again_and_again_until_the_vote_is_given_up(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "_ELECTION_PAUSE_S", 0)
    monkeypatch.setattr(transactions, "_ELECTION_S", 0.2)
    school = Database(open_engines(URL), label="the school", actor=actor_of("ada", Role.ADMIN))
    played.now = {A: REFUSED, B: R, C: R}

    with pytest.raises(DatabaseUnavailable, match="the school accepts no changes at the moment"):
        school.write(lambda uow: None)

    assert set(played.asked) == {A, B, C}
    assert played.asked[:6] == [A, B, C, B, C, A]
    assert len(played.asked) >= 9
    assert not any(each.is_open for each in played.opened)
    school.close()
