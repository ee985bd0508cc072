"""The servers that tests run on are real, private, and gone afterwards."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import pymysql
import pytest

from tests.servers import debian, programs
from tests.servers.fixtures import StartServer
from tests.servers.private import shared
from tests.servers.programs import KINDS, Kind, ServerMissing, find
from tests.servers.server import Server, named
from tests.waiting import wait_until

ROOT = Path(__file__).parent.parent

# A test run inside a test run must not take itself for a worker, nor use a named server.
UNWANTED = ("PYTEST_", "LEARNHUB_TEST_")

# Ends with its standard input as well, so that it never outlives the test that started it.
A_TEST_RUN = """
import select, signal, sys
from tests.servers.private import PrivateServer
signal.signal(signal.SIGINT, signal.default_int_handler)
with PrivateServer("mariadb") as server:
    print(server.pid, server.folder, flush=True)
    # A signal that comes just before a call that blocks for good is seen only after it.
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        pass
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def answers(server: Server) -> bool:
    try:
        server.connect().close()
    except pymysql.OperationalError:
        return False
    return True


def ask(server: Server, statement: str) -> object:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
        return row[0] if row else None


def test_each_server_is_what_it_says(any_server: Server) -> None:
    major = int(any_server.version.split(".")[0])

    assert ("MariaDB" in any_server.version) == (any_server.kind == "mariadb")
    assert major >= {"mysql": 8, "mariadb": 10}[any_server.kind]


def test_a_test_that_uses_a_server_is_marked_by_itself(
    any_server: Server, request: pytest.FixtureRequest
) -> None:
    assert request.node.get_closest_marker("server") is not None


def test_mysql_offers_encrypted_connections(mysql_server: Server) -> None:
    with mysql_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        assert cursor.fetchone()[1] != ""


def test_mysql_writes_a_binary_log_as_in_real_life(mysql_server: Server) -> None:
    assert ask(mysql_server, "SELECT @@log_bin") == 1


def test_a_server_listens_on_loopback_only(any_server: Server) -> None:
    assert ask(any_server, "SELECT @@bind_address") == "127.0.0.1"


def test_two_servers_share_neither_port_nor_data(start_server: StartServer) -> None:
    first, second = start_server("mariadb"), start_server("mariadb")
    ask(first, "CREATE DATABASE school")

    assert first.port != second.port
    assert ask(second, "SHOW DATABASES LIKE 'school'") is None


@pytest.mark.parametrize("kind", KINDS)
def test_data_outlive_a_restart_and_a_crash(kind: Kind, start_server: StartServer) -> None:
    server = start_server(kind)
    port = server.port
    ask(server, "CREATE DATABASE before_restart")
    server.restart()
    ask(server, "CREATE DATABASE before_crash")
    server.kill()
    assert not answers(server)
    server.start()

    assert server.port == port
    assert ask(server, "SHOW DATABASES LIKE 'before_restart'") == "before_restart"
    assert ask(server, "SHOW DATABASES LIKE 'before_crash'") == "before_crash"


def test_a_durable_server_keeps_its_own_settings(start_server: StartServer) -> None:
    server = start_server("mysql", durable=True)

    assert ask(server, "SELECT @@innodb_flush_log_at_trx_commit") == 1
    assert ask(server, "SELECT @@sync_binlog") == 1


def test_a_closed_server_leaves_neither_process_nor_folder(start_server: StartServer) -> None:
    server = start_server("mariadb")
    pid, folder = server.pid, server.folder
    assert pid is not None
    assert folder is not None
    server.close()

    assert not is_alive(pid)
    assert not folder.exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads Linux's /proc")
def test_no_server_has_the_rights_of_root(start_server: StartServer) -> None:
    pid = start_server("mariadb").pid
    own = os.geteuid()

    assert Path(f"/proc/{pid}").stat().st_uid == (own or pwd.getpwnam("nobody").pw_uid)


@pytest.mark.usefixtures("mariadb_server")
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_end_of_a_test_run_ends_its_servers(ending: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", A_TEST_RUN],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as test_run:
        assert test_run.stdout is not None
        pid_text, folder = test_run.stdout.readline().split(maxsplit=1)
        assert is_alive(int(pid_text))
        test_run.send_signal(ending)
        test_run.wait()

    wait_until(lambda: not is_alive(int(pid_text)), longest_s=30)
    wait_until(lambda: not Path(folder.strip()).exists(), longest_s=30)


@pytest.mark.usefixtures("mariadb_server")
def test_a_server_started_by_hand_runs_until_it_is_ended() -> None:
    command = [sys.executable, "-m", "tests.servers", "mariadb"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as by_hand:
        assert by_hand.stdout is not None
        said = by_hand.stdout.readline()
        address = next(word for word in said.split() if word.startswith("mysql+pymysql://"))
        server = named("mariadb", address.rstrip(";"))
        by_hand.send_signal(signal.SIGINT)

    assert by_hand.returncode == 0
    assert not answers(server)


@pytest.mark.usefixtures("mariadb_server")
def test_a_shared_server_lives_until_the_last_has_left(tmp_path: Path) -> None:
    with shared("mariadb", tmp_path) as first:
        with shared("mariadb", tmp_path) as second:
            assert second.port == first.port
            assert second.version == first.version
        assert answers(first)

    assert not answers(first)


def test_a_server_of_another_kind_is_refused(mariadb_server: Server) -> None:
    with pytest.raises(ServerMissing, match="not MySQL"):
        named("mysql", mariadb_server.url())


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(ServerMissing, match="MySQL at 127.0.0.1:1 does not let us in"):
        named("mysql", "mysql://root@127.0.0.1:1")


def test_a_variable_that_names_no_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNHUB_MYSQLD", "/nowhere/mysqld")

    with pytest.raises(ServerMissing, match="LEARNHUB_MYSQLD names /nowhere/mysqld"):
        find.__wrapped__("mysql")


@pytest.mark.server
@pytest.mark.parametrize(
    ("required", "exit_code", "outcome"), [("1", 1, "1 error"), ("", 0, "1 skipped")]
)
def test_a_missing_server_fails_where_it_is_required(
    required: str, exit_code: int, outcome: str
) -> None:
    chosen = "tests/test_servers.py::test_mysql_offers_encrypted_connections"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(UNWANTED)},
        "LEARNHUB_MYSQLD": "/nowhere/mysqld",
        "LEARNHUB_REQUIRE_SERVERS": required,
    }
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", chosen]
    finished = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert outcome in finished.stdout
    assert finished.returncode == exit_code


def test_both_forms_of_apt_sources_give_the_mirror(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n"
        "Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
        "Types: deb\nURIs: http://shop.example/apt\nSuites: bookworm\nComponents: main\n"
        "Signed-By: /etc/apt/keyrings/shop.gpg\n"
    )
    (tmp_path / "sources.list").write_text(
        "# deb http://old.example/debian bookworm main\n"
        "deb http://mirror.example/security bookworm-security main contrib\n"
    )
    signed = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example"

    assert debian.source_lines("sid", "bookworm", tmp_path) == [f"{signed}/debian sid main"]
    assert debian.source_lines("", "bookworm", tmp_path) == [
        f"{signed}/debian bookworm main",
        f"{signed}/debian bookworm-updates main",
        f"{signed}/security bookworm-security main",
    ]


def test_a_machine_without_a_debian_mirror_says_so(tmp_path: Path) -> None:
    with pytest.raises(debian.NotPossible, match="no Debian mirror"):
        debian.source_lines("sid", "bookworm", tmp_path)


def test_an_unpacking_that_broke_off_leaves_nothing_that_looks_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download_half(recipe: object, folder: Path) -> list[Path]:
        half = folder / "server.deb"
        half.write_bytes(b"half a package")
        return [half]

    monkeypatch.setenv("LEARNHUB_SERVERS", str(tmp_path))
    monkeypatch.setattr(debian, "_download", download_half)
    monkeypatch.setattr(debian, "_os_release", lambda: {"ID": "debian"})
    monkeypatch.setattr("tests.servers.debian.shutil.which", lambda name: f"/usr/bin/{name}")

    with pytest.raises(debian.NotPossible, match="cannot be unpacked into"):
        debian.unpacked("mysql")
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_machine_of_another_make_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(programs, "_MORE_FOLDERS", ())
    monkeypatch.setattr(debian, "_os_release", lambda: {"ID": "fedora"})
    monkeypatch.setenv("LEARNHUB_SERVERS", "/nowhere")
    monkeypatch.delenv("LEARNHUB_MARIADBD", raising=False)

    with pytest.raises(ServerMissing) as missing:
        find.__wrapped__("mariadb")
    assert str(missing.value) == (
        "MariaDB is missing: only on Debian it can be unpacked without root; install it, "
        "or name its server program in LEARNHUB_MARIADBD, "
        "or a running server in LEARNHUB_TEST_MARIADB_URL."
    )
