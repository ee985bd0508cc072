"""Encryption: whom a connection trusts, and what a stranger hears."""

from __future__ import annotations

import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from learnhub_desktop.db import connecting
from learnhub_desktop.db.connecting import probe
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.failures import told
from learnhub_desktop.db.school import create
from learnhub_desktop.db.tls import context_for, fetch_certificate, is_this_computer
from learnhub_desktop.domain.connecting import Address, Outcome, Reach
from learnhub_desktop.errors import DatabaseUnavailable, InvalidInput
from learnhub_desktop.settings import Profile, Tls
from tests.databases import TEST_SCHOOL, new_database, opened
from tests.db.certificates import Signed, make_certificates
from tests.db.strangers import answering, on_this_computer, profile_of
from tests.servers.fixtures import StartServer
from tests.servers.server import Server


def test_a_server_without_encryption_is_not_given_a_password(mariadb_server: Server) -> None:
    profile = on_this_computer(mariadb_server.port, tls=Tls.SYSTEM)

    assert probe(profile, "secret").reach is Reach.NO_ENCRYPTION


@pytest.mark.parametrize("host", ["db.example.org", "192.0.2.7", "10.0.0.1", "localhost.example"])
def test_only_this_computer_is_reached_without_encryption(host: str) -> None:
    outcome = probe(Profile("far", host=host, account="ada", tls=Tls.OFF), "secret")

    assert outcome == Outcome(
        Reach.BAD_PROFILE,
        "Without encryption a password can be read on its way. Only a server on this computer "
        "can be reached without it.",
    )


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_computer_has_several_names(host: str) -> None:
    assert is_this_computer(host)


def test_an_unknown_certificate_is_shown_and_can_be_pinned(mysql_server: Server) -> None:
    with new_database(mysql_server) as url, opened(url, "mysql") as school:
        create(url, TEST_SCHOOL)
        profile = profile_of(school, tls=Tls.SYSTEM)
        unknown = probe(profile, None)
        assert unknown.certificate is not None
        pinned = probe(replace(profile, tls=Tls.PINNED, pin=unknown.certificate.spaced), None)

    assert unknown.reach is Reach.UNTRUSTED
    assert unknown.certificate == fetch_certificate("127.0.0.1", mysql_server.port)
    assert "Auto_Generated" in unknown.certificate.issuer
    assert len(unknown.certificate.spaced) == 32 * 3 - 1
    assert pinned.reach is Reach.READY


@pytest.fixture
def certificates() -> Iterator[Callable[[str], Signed]]:
    """Make certificates for an address, in a folder that every account may read."""
    folders: list[Path] = []

    def make(address: str) -> Signed:
        folders.append(Path(tempfile.mkdtemp()))
        folders[-1].chmod(0o755)
        return make_certificates(folders[-1], "A server", address)

    yield make
    for folder in folders:
        shutil.rmtree(folder)


def serving(start_server: StartServer, signed: Signed) -> Server:
    return start_server(
        "mariadb", options=[f"--ssl-cert={signed.certificate}", f"--ssl-key={signed.key}"]
    )


@pytest.mark.proof
def test_a_certificate_is_checked_with_its_authority_and_its_name(
    start_server: StartServer, certificates: Callable[[str], Signed]
) -> None:
    right, wrong = certificates("127.0.0.1"), certificates("192.0.2.7")
    server = serving(start_server, right)
    other = serving(start_server, wrong)
    create(server.url("school"), TEST_SCHOOL)
    profile = on_this_computer(
        server.port,
        account="root",
        database="school",
        tls=Tls.CA_FILE,
        ca_file=str(right.authority),
    )
    misnamed = replace(profile, port=other.port, ca_file=str(wrong.authority))

    assert probe(profile, None).reach is Reach.READY
    assert probe(replace(profile, tls=Tls.SYSTEM), None).reach is Reach.UNTRUSTED
    assert probe(replace(profile, ca_file=str(wrong.authority)), None).reach is Reach.UNTRUSTED
    assert probe(misnamed, None).reach is Reach.OTHER_NAME

    shown = probe(misnamed, None).certificate
    assert shown is not None
    assert (shown.subject, shown.issuer) == ("A server", "Authority")

    # Its pin opens the one server and not the other.
    pinned = replace(
        profile, tls=Tls.PINNED, pin=fetch_certificate("127.0.0.1", server.port).fingerprint
    )
    assert probe(pinned, None).reach is Reach.READY
    changed = probe(replace(pinned, port=other.port), None)
    assert changed.reach is Reach.PIN_CHANGED
    assert changed.certificate == shown

    # The members of a cluster are shown together and pinned together, and each is tried.
    cluster = replace(pinned, further=(Address("127.0.0.1", other.port),))
    asked = probe(cluster, None).certificate
    assert asked is not None
    assert asked.fingerprint.split(",") == [pinned.pin, shown.fingerprint]
    tried = probe(replace(cluster, pin=asked.spaced), None)
    assert tried.reach is Reach.READY
    assert "But only 1 of 2 addresses can be used." in tried.sentence
    same = replace(pinned, further=(Address("localhost", server.port),))
    assert probe(same, None).sentence == (
        "“Test school” is ready in school@127.0.0.1. All 2 addresses can be used."
    )


@pytest.mark.parametrize("text", [None, "Dear diary"])
def test_a_file_that_holds_no_authority_is_named(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InvalidInput, match=r"ca\.pem") as refused:
        context_for(on_this_computer(3306, tls=Tls.CA_FILE, ca_file=str(path)))

    assert refused.value.field == "ca_file"


@pytest.mark.proof
@pytest.mark.parametrize(
    "tls", [Tls.PINNED, Tls.SYSTEM, Tls.CA_FILE], ids=["pin", "system", "authority"]
)
def test_a_stranger_who_answers_is_told_neither_account_nor_password(
    tls: Tls, certificates: Callable[[str], Signed]
) -> None:
    strangers, known = certificates("127.0.0.1"), certificates("127.0.0.1")
    heard: list[bytes] = []
    done = threading.Event()

    def pretend(connection: socket.socket) -> None:
        connection.sendall(GREETING)
        heard.append(connection.recv(REQUEST, socket.MSG_WAITALL))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(strangers.certificate, strangers.key)
        try:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                heard.append(wrapped.recv(4096))
        except OSError:  # the client hung up in the handshake
            pass
        done.set()

    with answering(pretend) as port:
        profile = on_this_computer(
            port, account="ada-the-clerk", tls=tls, pin="ab" * 32, ca_file=str(known.authority)
        )
        engines = open_engines(connecting.address(profile, "open sesame"), tls=context_for(profile))
        with pytest.raises(DatabaseUnavailable), told("school"):
            engines.writer.connect()
        engines.dispose()
        done.wait(timeout=10)

    # A request for encryption is all that went over the wire in the clear, and nothing came
    # after the handshake.
    assert heard[0].endswith(bytes(23))
    assert b"".join(heard[1:]) == b""


# The driver's request for encryption: what it can do, how much it takes, which character set.
REQUEST = 4 + 4 + 4 + 1 + 23


# A server's first packet: protocol 10, version, thread, salt, and that it can encrypt.
_BODY = (
    b"\x0a" + b"9.7.4\x00" + b"\x07\x00\x00\x00" + b"12345678\x00"
    + b"\xff\xff" + b"\xff" + b"\x02\x00" + b"\xff\xdf" + b"\x15" + bytes(10)
    + b"123456789012\x00" + b"caching_sha2_password\x00"
)  # fmt: skip


GREETING = len(_BODY).to_bytes(3, "little") + b"\x00" + _BODY
