"""A wire on which every request takes its time: TCP to the server, a delay later."""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def slow_wire(host: str, port: int, *, delay_s: float) -> Iterator[int]:
    """The port of a wire to the server; it runs in a process of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        process = multiprocessing.get_context("fork").Process(
            target=_serve, args=(listener, host, port, delay_s), daemon=True
        )
        process.start()
        try:
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.join()


def _serve(listener: socket.socket, host: str, port: int, delay_s: float) -> None:
    asyncio.run(_listen(listener, host, port, delay_s))


async def _listen(listener: socket.socket, host: str, port: int, delay_s: float) -> None:
    loop = asyncio.get_running_loop()

    class Away(asyncio.Protocol):
        """The server's side: answers go back at once, the request has paid for both ways."""

        def __init__(self, client: asyncio.Transport) -> None:
            self._client = client

        def data_received(self, data: bytes) -> None:
            self._client.write(data)

        def connection_lost(self, error: Exception | None) -> None:
            self._client.close()

    class Home(asyncio.Protocol):
        """The client's side: what it sends arrives a delay later."""

        def __init__(self) -> None:
            self._server: asyncio.Future[asyncio.Transport] = loop.create_future()

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self._task = loop.create_task(self._connect(transport))

        async def _connect(self, client: asyncio.Transport) -> None:
            server, _ = await loop.create_connection(lambda: Away(client), host, port)
            _no_delay(server)
            _no_delay(client)
            self._server.set_result(server)

        def data_received(self, data: bytes) -> None:
            loop.call_later(delay_s, lambda: self._server.result().write(data))

        def connection_lost(self, error: Exception | None) -> None:
            if self._server.done():
                self._server.result().close()

    server = await loop.create_server(Home, sock=listener)
    await server.serve_forever()


def _no_delay(transport: asyncio.Transport) -> None:
    transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
