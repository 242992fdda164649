"""Real receivers on loopback: mail servers (aiosmtpd) and an HTTP server that keeps ids, and misbehaves when asked."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message as Letter
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLASQ"
Behave = Callable[["Handler"], None]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Post:
    """A mail server's memory."""

    letters: list[Letter] = field(default_factory=list)

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@contextmanager
def mail_server(post: Any, port: int, **options: Any) -> Iterator[Any]:
    """Run a mail server that tells its memory of every letter."""
    controller = Controller(post, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield post
    finally:
        controller.stop()


@contextmanager
def silent_server(port: int, say: Callable[[socket.socket, threading.Event], None]) -> Iterator[None]:
    """Run a server that takes a connection and does with it what it likes, until the end."""
    over, threads = threading.Event(), list[threading.Thread]()

    def serve(listening: socket.socket) -> None:
        while not over.is_set():
            with suppress(TimeoutError, OSError):
                taken, _address = listening.accept()
                threads.append(threading.Thread(target=talk, args=(taken,), daemon=True))
                threads[-1].start()

    def talk(taken: socket.socket) -> None:
        with taken, suppress(OSError):
            say(taken, over)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", port))
        listening.listen()
        listening.settimeout(0.05)
        server = threading.Thread(target=serve, args=(listening,), daemon=True)
        server.start()
        try:
            yield
        finally:
            over.set()
            server.join()


def hang(_taken: socket.socket, over: threading.Event) -> None:
    """Say nothing."""
    over.wait()


def drip(taken: socket.socket, over: threading.Event) -> None:
    """Begin a greeting of mail that never ends, a byte at a time."""
    while not over.wait(0.1):
        taken.sendall(b"2")


class Receiver(ThreadingHTTPServer):
    """A receiver of webhooks that verifies signatures, keeps ids, and does as `behave` says."""

    daemon_threads = True

    def __init__(self, behave: Behave | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behave: Behave = behave or answer(204)
        self.ids: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.paths: list[str] = []
        self.over = threading.Event()

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def kept(self) -> set[str]:
        """Return the messages it has, once each."""
        return set(self.ids)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller who has had enough."""


class Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        told = Webhook(SECRET).verify(body, dict(self.headers))
        self.server.paths.append(self.path)
        self.server.raw.append(body)
        self.server.bodies.append(told)
        self.server.ids.append(self.headers["webhook-id"])
        self.server.behave(self)

    do_GET = do_POST  # noqa: N815 - the library's name

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def answer(status: int, body: bytes = b"", **headers: str) -> Behave:
    def behave(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        with suppress(OSError):
            handler.wfile.write(body)

    return behave


def in_turn(*behaviours: Behave) -> Behave:
    """Behave in one way after the other, and then as the last."""
    left = list(behaviours)

    def behave(handler: Handler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return behave


def hangs(handler: Handler) -> None:
    handler.server.over.wait()


def drips(handler: Handler) -> None:
    """Drip headers that never end: each byte comes in time, the whole never does."""
    with suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-drip: ")
        while not handler.server.over.wait(0.1):
            handler.wfile.write(b"x")


def drips_body(handler: Handler) -> None:
    """Say yes and then let the body drip for ever."""
    with suppress(OSError):
        handler.send_response(200)
        handler.end_headers()
        while not handler.server.over.wait(0.1):
            handler.wfile.write(b"x")


@contextmanager
def receiving(behave: Behave | None = None, *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver(behave)
    if tls:
        receiver.socket = tls.wrap_socket(receiver.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=receiver.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        receiver.shutdown()
        thread.join()
        receiver.server_close()


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate that signs itself, and the context of a server that shows it."""

    path: Path
    context: ssl.SSLContext


def certificate(folder: Path, *names: str) -> Certificate:
    """Make a certificate for these names, valid today."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_general(it) for it in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path, secret = folder / "server.pem", folder / "server.key"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, secret)
    return Certificate(path=path, context=context)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
