"""Servers of the tests' own: each with a folder, a port and a keeper that removes it."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import pymysql

from tests.folders import roomy_folder
from tests.servers.programs import NAMES, Kind, Program, find
from tests.servers.server import LOOPBACK, Server
from tests.servers.system_tables import system_tables

_START_TIMEOUT_S: Final = 120
_PORT_TRIES: Final = 5
_UNPRIVILEGED: Final = "nobody"
_KEEPER: Final = Path(__file__).with_name("keeper.py")

_COMMON_OPTIONS: Final = (
    "--bind-address=127.0.0.1",
    "--max-connections=400",
)
_OPTIONS: Final[dict[Kind, tuple[str, ...]]] = {
    "mysql": ("--mysqlx=OFF", "--secure-file-priv=NULL"),
    # Debian's own settings; the program alone would create databases in latin1.
    "mariadb": ("--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci"),
}
# Commits reach the operating system at once and the disk a second later: enough for all tests
# but those that look at what a crash of the machine leaves.
_FAST_OPTIONS: Final = ("--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0")


class ServerFailed(Exception):
    """A server program ended or said nothing; the text holds the end of its log."""


class PrivateServer(Server):
    """A server of this test run alone, which may be stopped, killed and started again.

    ``start`` makes it at the first call; ``close`` removes it with its data. Should this
    process die before that, its keeper does the same. ``durable`` leaves the server's own
    settings, under which a commit is on the disk before it is answered; its data lies in
    memory all the same where there is room, unless ``folder`` says where it is made.
    ``files``, by their names, are laid into the data folder before the first start.
    """

    def __init__(
        self,
        kind: Kind,
        *,
        durable: bool = False,
        options: Sequence[str] = (),
        folder: Path | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind, LOOPBACK, 0, "root", "")
        self._program = find(kind)
        self._base = folder
        self._options = (*(() if durable else _FAST_OPTIONS), *options)
        self._files = dict(files or {})
        self._link: socket.socket | None = None
        self.folder: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the server and return once it answers; the port stays the same ever after."""
        if self._link is None:
            self._prepare()
        try:
            self._serve()
        except BaseException:
            self.close()
            raise

    def _serve(self) -> None:
        for attempt in range(_PORT_TRIES):
            port = self.port or _free_port()
            self._ask(f"start {port}")
            if self._answers(port):
                self.port = port
                self.read_version()
                return
            # Another program may have taken the port in between; a known one must be ours.
            if self.port or attempt == _PORT_TRIES - 1 or "in use" not in self._log():
                break
        raise ServerFailed(f"{NAMES[self.kind]} did not start. Its log ends:\n{self._log()}")

    def stop(self) -> None:
        """Shut the server down in order; the data stays for the next start."""
        self._ask("stop")

    def kill(self) -> None:
        """End the server process on the spot, as a crash would; the data stays."""
        self._ask("kill")

    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def pid(self) -> int | None:
        """The server's process id; None while it does not run."""
        state, number = self._ask("state").split()
        return int(number) if state == "running" else None

    @property
    def keeper_socket(self) -> Path:
        assert self.folder is not None
        return self.folder / "keeper.sock"

    def close(self) -> None:
        """Leave the server; the last one to leave waits until it and its data are gone."""
        if self._link is None:
            return
        _leave(self.take_link())

    def take_link(self) -> socket.socket:
        """Hand over the connection that keeps the server alive; to leave is the taker's now."""
        link, self._link = self._link, None
        assert link is not None
        return link

    def _prepare(self) -> None:
        base = self._base or roomy_folder()
        account = _account(self._program, base)
        statements = system_tables(self._program)
        # The server's own socket lies in here too, and a socket's path must be short.
        folder = self.folder = Path(tempfile.mkdtemp(prefix="learnhub-", dir=base))
        data = folder / "data"
        data.mkdir(mode=0o700)
        if account is not None:
            for each in (folder, data):
                os.chown(each, *account)
        plan_file = folder / "plan.json"
        plan_file.write_text(json.dumps(self._plan(folder, data, account)), "utf-8")
        (folder / "prepare.sql").write_text(statements, "utf-8")
        self._link = _start_keeper(self.keeper_socket, plan_file)
        if self._ask("prepare") != "ended 0":
            log = self._log()
            self.close()
            raise ServerFailed(f"{NAMES[self.kind]} made no system tables. Its log ends:\n{log}")
        for name, content in self._files.items():
            (data / name).write_text(content, "utf-8")
            if account is not None:
                os.chown(data / name, *account)

    def _plan(self, folder: Path, data: Path, account: tuple[int, int] | None) -> dict[str, Any]:
        """Return what the keeper needs to know, as keeper.py reads it."""
        command = [
            *(*self._program.command, "--no-defaults", *self._program.folders),
            *(f"--datadir={data}", f"--tmpdir={folder}"),
            # Both programs refuse to run with root's rights unless they are told so.
            *(["--user=root"] if account is None and os.geteuid() == 0 else []),
        ]
        if self.kind == "mysql":
            prepare = [*command, "--initialize-insecure", f"--init-file={folder / 'prepare.sql'}"]
        else:
            prepare = [*command, "--bootstrap", "--log-warnings=0", "--max-allowed-packet=8M"]
        serve = [
            *(*command, *_COMMON_OPTIONS, *_OPTIONS[self.kind]),
            *(f"--socket={folder / 's.sock'}", f"--pid-file={folder / 'pid'}", *self._options),
        ]
        return {
            "folder": str(folder),
            "account": account,
            "prepare": prepare,
            "prepare_input": str(folder / "prepare.sql"),
            "serve": serve,
            "log": str(folder / "log"),
        }

    def _ask(self, request: str) -> str:
        if self._link is None:
            raise ServerFailed(f"This {NAMES[self.kind]} was never started, or is closed.")
        self._link.sendall(f"{request}\n".encode())
        return self._link.recv(100).decode().strip()

    def _answers(self, port: int) -> bool:
        """Wait until a connection succeeds; return False once the server process has ended."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._ask("state").startswith("ended"):
                return False
            try:
                pymysql.connect(host=self.host, port=port, user=self.user, password="").close()
            except pymysql.OperationalError:
                time.sleep(0.02)
            else:
                return True
        return False

    def _log(self) -> str:
        assert self.folder is not None
        path = self.folder / "log"
        return "\n".join(path.read_text("utf-8", "replace").splitlines()[-20:])


@contextmanager
def shared(kind: Kind, meeting_point: Path) -> Iterator[Server]:
    """Yield the one server that all processes share which name the same folder.

    The first to come starts it; it lives until the last of them has left. None of them may
    stop it: tests that need that take a PrivateServer.
    """
    note = meeting_point / f"{kind}.json"
    server: Server
    with (meeting_point / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if note.exists():
            written = json.loads(note.read_text("utf-8"))
            link = socket.socket(socket.AF_UNIX)
            link.connect(written["keeper"])
            server = Server(kind, LOOPBACK, written["port"], "root", "")
            server.version = written["version"]
        else:
            server = PrivateServer(kind)
            server.start()
            link = server.take_link()
            written = {
                "keeper": str(server.keeper_socket),
                "port": server.port,
                "version": server.version,
            }
            note.write_text(json.dumps(written), "utf-8")
    try:
        yield server
    finally:
        _leave(link)


def _start_keeper(path: Path, plan_file: Path) -> socket.socket:
    """Start the keeper and return a connection to it, which stood before the keeper did."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    link = socket.socket(socket.AF_UNIX)
    link.connect(str(path))
    descriptor = listener.fileno()
    # Its standard streams lead nowhere, or a test run that ended would seem to go on writing.
    subprocess.run(
        [sys.executable, "-I", "-S", _KEEPER, str(descriptor), plan_file],
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    listener.close()
    return link


def _leave(link: socket.socket) -> None:
    """End a connection to a keeper, and wait until the keeper has drawn its conclusions."""
    link.shutdown(socket.SHUT_WR)
    while link.recv(100):
        pass
    link.close()


def _account(program: Program, base: Path) -> tuple[int, int] | None:
    """Return whose rights the server gets: never root's if that can be helped.

    A passwordless server that ran as root would let any local account write root's files.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        return None
    needed = [program.path.resolve(), base.resolve()]
    way = {folder for path in needed for folder in (path, *path.parents)}
    open_to_all = all(path.stat().st_mode & stat.S_IXOTH for path in way)
    return (entry.pw_uid, entry.pw_gid) if open_to_all else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
