"""Every way in which a school cannot be opened has its own plain answer."""

from __future__ import annotations

import ipaddress
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import make_url, update

from learnhub_desktop.db import connecting
from learnhub_desktop.db.connecting import probe
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.failures import told
from learnhub_desktop.db.school import create, ensure_database
from learnhub_desktop.db.tables import schema_info
from learnhub_desktop.db.tls import context_for, fetch_certificate, is_this_computer
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.connecting import Outcome, Reach
from learnhub_desktop.errors import DatabaseUnavailable, InvalidInput
from learnhub_desktop.settings import Profile, Tls
from tests.databases import TEST_SCHOOL, new_database, opened
from tests.servers.fixtures import StartServer
from tests.servers.server import Server


def profile_of(database: Database, **changed: object) -> Profile:
    """A profile of a school on a test's server, which is on this computer."""
    url = database.engines.writer.url
    if not database.is_server:
        return Profile("school", path=str(url.database))
    made = Profile(
        "school",
        host=str(url.host),
        port=url.port or 3306,
        database=str(url.database),
        account=str(url.username),
        tls=Tls.OFF,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def test_a_school_that_can_be_opened_is_named(any_school: Database) -> None:
    profile = profile_of(any_school)

    assert probe(profile, None) == Outcome(
        Reach.READY, f"“Test school” is ready in {profile.label}.", school="Test school"
    )


def test_a_school_that_is_not_there_yet_is_told_apart(new_server_url: str) -> None:
    url = make_url(new_server_url)
    profile = Profile(
        "new", host=str(url.host), port=url.port or 0, database=str(url.database),
        account="root", tls=Tls.OFF,
    )  # fmt: skip
    no_database = probe(profile, None)
    ensure_database(url, tls=None)
    no_school = probe(profile, None)

    assert no_database.reach is Reach.NO_DATABASE
    assert no_database.sentence == f"{url.host}:{url.port} has no database of that name."
    assert no_school.reach is Reach.NO_SCHOOL


@pytest.mark.parametrize(
    ("values", "reach"),
    [
        ({"schema_version": 2, "oldest_client": 2}, Reach.NEWER),
        ({"schema_version": 0, "oldest_client": 0}, Reach.NO_SCHOOL),
    ],
)
def test_a_school_of_another_version_says_so(
    database: Database, values: dict[str, int], reach: Reach
) -> None:
    with database.engines.writer.connect() as connection:
        connection.execute(update(schema_info).values(**values))
        connection.commit()

    assert probe(profile_of(database), None).reach is reach


def test_an_older_school_says_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learnhub_desktop.db.version.SCHEMA_VERSION", 2)

    assert probe(profile_of(database), None).reach is Reach.OLDER


def test_a_file_that_is_missing_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    outcome = probe(Profile("no", path=str(path)), None)

    assert outcome == Outcome(Reach.NO_FILE, f"There is no file {path}.")
    assert not path.exists()


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    path = tmp_path / "diary.db"
    path.write_text("Dear diary, " * 100)
    outcome = probe(Profile("diary", path=str(path)), None)

    assert outcome == Outcome(Reach.BAD_FILE, "diary.db cannot be used: file is not a database.")


@contextmanager
def answering(greet: Callable[[socket.socket], None]) -> Iterator[int]:
    """A program that is no database server; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # the listener was closed
                return
            connections.append(connection)
            greet(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        for connection in connections:
            connection.close()


def on_this_computer(port: int, **changed: object) -> Profile:
    made = Profile("test", host="127.0.0.1", port=port, account="ada", tls=Tls.OFF)
    return replace(made, **changed)  # type: ignore[arg-type]


def test_a_name_that_nobody_has() -> None:
    outcome = probe(Profile("typo", host="no-such-host.invalid", account="ada"), None)

    assert outcome.reach is Reach.NO_HOST
    assert outcome.sentence == (
        "no-such-host.invalid:3306 cannot be reached: there is no computer of that name."
    )


def test_a_port_where_nobody_answers() -> None:
    outcome = probe(on_this_computer(1), None)

    assert outcome.reach is Reach.REFUSED
    assert outcome.sentence == (
        "127.0.0.1:1 cannot be reached: no server answers there. "
        "Check the port, or whether it runs."
    )


@pytest.mark.parametrize(
    ("greeting", "reach"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", Reach.NOT_A_SERVER),
        (b"220 mail.example ESMTP\r\n", Reach.NOT_A_SERVER),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Reach.NOT_A_SERVER),
        (b"\x05\x00\x00\x00\x0a5.x\x00", Reach.NOT_A_SERVER),
    ],
)
def test_a_port_where_another_program_answers(
    greeting: bytes, reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "_TIMEOUT_S", 1)
    with answering(lambda connection: connection.sendall(greeting)) as port:
        assert probe(on_this_computer(port), None).reach is reach


def test_a_port_where_somebody_listens_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_TIMEOUT_S", 0.2)
    with answering(lambda connection: None) as port:
        assert probe(on_this_computer(port), None).reach is Reach.TIMED_OUT


def test_a_port_that_hangs_up_at_once() -> None:
    with answering(lambda connection: connection.close()) as port:
        assert probe(on_this_computer(port), None).reach is Reach.UNREACHABLE


@pytest.fixture
def account(any_server: Server) -> Iterator[str]:
    """An account with a password on the server, and no right to anything."""
    with any_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER 'probe'@'%' IDENTIFIED BY 'Right 1!'")
        try:
            yield "probe"
        finally:
            cursor.execute("DROP USER 'probe'@'%'")


def run(server: Server, statement: str) -> None:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_account_that_is_not_let_in_is_told_why(
    server_school: Database, any_server: Server, account: str
) -> None:
    profile = profile_of(server_school, account=account)
    database = profile.database

    assert probe(profile, "Wrong 1!").reach is Reach.WRONG_PASSWORD
    assert probe(profile, None).reach is Reach.WRONG_PASSWORD
    assert probe(replace(profile, account="nobody"), "Right 1!").reach is Reach.WRONG_PASSWORD
    assert probe(profile, "Right 1!").reach is Reach.NO_RIGHT

    run(any_server, f"GRANT SELECT ON `{database}`.* TO 'probe'@'%'")
    assert probe(profile, "Right 1!").reach is Reach.READY

    run(any_server, "ALTER USER 'probe'@'%' ACCOUNT LOCK")
    assert probe(profile, "Right 1!").reach is Reach.ACCOUNT_LOCKED
    run(any_server, "ALTER USER 'probe'@'%' ACCOUNT UNLOCK")

    run(any_server, "ALTER USER 'probe'@'%' PASSWORD EXPIRE")
    assert probe(profile, "Right 1!").reach is Reach.PASSWORD_EXPIRED


def test_a_server_that_is_full_says_so(
    server_school: Database, any_server: Server, account: str
) -> None:
    run(any_server, "ALTER USER 'probe'@'%' WITH MAX_USER_CONNECTIONS 1")
    profile = profile_of(server_school, account=account)
    run(any_server, f"GRANT SELECT ON `{profile.database}`.* TO 'probe'@'%'")
    only = Server(any_server.kind, any_server.host, any_server.port, "probe", "Right 1!")
    with only.connect():
        outcome = probe(profile, "Right 1!")

    assert outcome.reach is Reach.TOO_MANY


def test_an_account_that_must_encrypt_is_not_let_in_without(
    server_school: Database, mysql_server: Server
) -> None:
    run(mysql_server, "CREATE USER 'careful'@'%' IDENTIFIED BY 'Right 1!' REQUIRE SSL")
    try:
        url = server_school.engines.writer.url
        profile = on_this_computer(mysql_server.port, account="careful", database=url.database)
        assert probe(profile, "Right 1!").reach is Reach.WRONG_PASSWORD
    finally:
        run(mysql_server, "DROP USER 'careful'@'%'")


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


@dataclass(frozen=True)
class Signed:
    """A certificate's files, signed by an authority of our own."""

    authority: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path, name: str, address: str) -> Signed:
    now = datetime.now(UTC)

    def build(
        subject: str,
        public: ec.EllipticCurvePublicKey,
        issuer: str,
        signer: ec.EllipticCurvePrivateKey,
        is_authority: bool,
    ) -> x509.Certificate:
        def named(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

        builder = (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named(issuer))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if not is_authority:
            names = [x509.IPAddress(ipaddress.ip_address(address))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(signer, hashes.SHA256())

    authority_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    authority = build("Authority", authority_key.public_key(), "Authority", authority_key, True)
    certificate = build(name, key.public_key(), "Authority", authority_key, False)
    signed = Signed(folder / "authority.pem", folder / "certificate.pem", folder / "key.pem")
    pem = serialization.Encoding.PEM
    signed.authority.write_bytes(authority.public_bytes(pem))
    signed.certificate.write_bytes(certificate.public_bytes(pem))
    signed.key.write_bytes(
        key.private_bytes(
            pem,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    for path in (signed.authority, signed.certificate, signed.key):
        # The server of the tests runs as nobody.
        path.chmod(0o644)
    return signed


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
