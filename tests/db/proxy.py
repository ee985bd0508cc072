"""A wire between client and server that can be cut at the worst moment."""

from __future__ import annotations

import socket
import threading
from typing import Final, Self

from pymysql.constants.SERVER_STATUS import SERVER_MORE_RESULTS_EXISTS

_CHUNK: Final = 65_536


class Proxy:
    """Passes everything on, until it is told to swallow the answer to the next COMMIT.

    That answer is waited for, so the server has committed; then the client's connection is
    closed without a word.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.swallow_next_commit = False
        self.swallowed = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.close()
        for each in self._open:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # the listener was closed
                return
            server = socket.create_connection(self._target)
            self._open += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        from_client = source.getpeername()[1] != self._target[1]
        try:
            while data := source.recv(_CHUNK):
                # 3 is the command's number for a statement.
                is_commit = data[4:] == b"\x03COMMIT" or data.endswith(b";COMMIT")
                if from_client and self.swallow_next_commit and is_commit:
                    self._commit_and_cut(data, client=source, server=sink)
                    return
                if not from_client and source is self._cut:
                    self._swallow(source, data)
                    return
                sink.sendall(data)
        except OSError:  # the other side was closed
            pass
        finally:
            source.close()
            sink.close()

    def _commit_and_cut(self, data: bytes, *, client: socket.socket, server: socket.socket) -> None:
        self.swallow_next_commit = False
        self._cut = server
        self._answered = threading.Event()
        server.sendall(data)
        self._answered.wait(timeout=10)
        client.close()

    _cut: socket.socket | None = None
    _answered: threading.Event

    def _swallow(self, server: socket.socket, answer: bytes) -> None:
        while not _is_whole(answer):
            answer += server.recv(_CHUNK)
        # Counted before the client can know, so that nobody looks too early.
        self.swallowed += 1
        self._answered.set()


def _is_whole(answer: bytes) -> bool:
    """Whether every statement of a packet was answered, the COMMIT at its end last.

    They have no rows, so that each is answered by one packet: its length in three bytes, its
    number, then 0, how many rows, the row's id and what state the server is in.
    """
    at = 0
    while at + 4 <= len(answer):
        end = at + 4 + int.from_bytes(answer[at : at + 3], "little")
        if end > len(answer):
            return False
        body, at = answer[at + 4 : end], end
        assert body[0] == 0, f"the server refused: {body!r}"
        status = 1
        for _ in range(2):
            status += {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(body[status], 1)
        if not int.from_bytes(body[status : status + 2], "little") & SERVER_MORE_RESULTS_EXISTS:
            return True
    return False
