"""Holds one private database server, and removes it when nobody is connected any more.

A test run that is killed cannot stop its servers. So each server belongs to a process of this
kind, which listens on a socket: a test run stays connected while it needs the server, and the
operating system ends that connection whatever happens to the test run. With the last one the
server is killed and its folder removed.

Started as ``keeper.py LISTENING_DESCRIPTOR PLAN``; PLAN is a JSON file. A connection sends one
word a line (``prepare``, ``start PORT``, ``stop``, ``kill``, ``state``) and gets one line back:
``running PID`` or ``ended CODE``. Standard library only, no import of ours.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, Final

_STOP_TIMEOUT_S: Final = 60


class Keeper:
    """The server process, the connections of those who use it, and the folder it lives in."""

    def __init__(self, listener: socket.socket, plan: dict[str, Any]) -> None:
        self._plan = plan
        self._folder = Path(plan["folder"])
        self._server: subprocess.Popen[bytes] | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._listener = listener
        self._users: set[socket.socket] = set()

    def run(self) -> None:
        """Serve until the last connection ends; the first stands before this is called."""
        try:
            while True:
                for key, _events in self._selector.select():
                    if key.fileobj is self._listener:
                        self._welcome()
                    elif not self._serve(key.fileobj):
                        self._part_from(key.fileobj)
                        if not self._users:
                            return
        finally:
            # Nobody will read the data again, so that a clean shutdown would only take time.
            self._kill()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _welcome(self) -> None:
        user, _address = self._listener.accept()
        self._selector.register(user, selectors.EVENT_READ)
        self._users.add(user)

    def _part_from(self, user: Any) -> None:
        self._selector.unregister(user)
        self._users.discard(user)
        if not self._users:
            # The one who left may wait for the end of its connection, and so for this.
            self._kill()
            shutil.rmtree(self._folder, ignore_errors=True)
        user.close()

    def _serve(self, user: Any) -> bool:
        """Answer one request; return False when the connection has ended."""
        try:
            words = user.recv(100).decode().split()
            if not words:
                return False
            user.sendall(f"{self._obey(*words)}\n".encode())
        except OSError:
            return False
        return True

    def _obey(self, word: str, port: str = "") -> str:
        if word == "prepare":
            return f"ended {self._prepare()}"
        if word == "start":
            self._server = self._spawn([*self._plan["serve"], f"--port={port}"])
        elif word == "stop":
            self._stop()
        elif word == "kill":
            self._kill()
        code = self._server.poll() if self._server else 0
        return f"ended {code}" if self._server is None or code is not None else self._running()

    def _running(self) -> str:
        assert self._server is not None
        return f"running {self._server.pid}"

    def _prepare(self) -> int:
        with Path(self._plan["prepare_input"]).open("rb") as statements:
            return self._spawn(self._plan["prepare"], statements).wait()

    def _spawn(
        self, command: list[str], stdin: IO[bytes] | int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        account = self._plan["account"]
        rights: dict[str, Any] = {}
        if account:
            rights = {"user": account[0], "group": account[1], "extra_groups": []}
        with Path(self._plan["log"]).open("ab") as log:
            return subprocess.Popen(
                command, stdin=stdin, stdout=log, stderr=log, cwd=self._folder, **rights
            )

    def _stop(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.terminate()
            try:
                self._server.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._kill()

    def _kill(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.kill()
            self._server.wait()


def main() -> None:
    # Nobody waits for this process, so that it goes on when the one who started it has ended.
    if os.fork() > 0:
        os._exit(0)
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    plan = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    Keeper(socket.socket(fileno=int(sys.argv[1])), plan).run()


if __name__ == "__main__":
    main()
