"""The carriers of reminders: mail by SMTP with TLS, a Maildir where no server is set, and signed webhooks.

A carrier is opened once a watch and carries one message after the other. What surely did not go is `NotSent`; after
any other error nobody knows. `stop` says that nothing else will pass now either, so that a dead server costs its few
seconds once.
"""

import mailbox
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime, parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from adapters.names import addresses_of, is_loopback
from models.errors import BadInput, BadSetting
from models.plain import mail_address
from models.words import _

_SECONDS = 8
_ADDRESSES = 2  # of a host that has several, so many are tried
_ACCEPTED = 2  # 2xx
_REFUSED = (4, 5)  # 4xx, 5xx
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a letter: its name, its type (`text/calendar`), and what is in it."""

    name: str
    kind: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message: no residents' data, no serials. `to` is an address of mail; a webhook sends `data`."""

    message_id: str
    to: str
    subject: str
    body: str
    data: Mapping[str, object] = field(default_factory=dict[str, object])
    attached: tuple[Attachment, ...] = ()


class NotSent(Exception):
    """The message surely did not go, or may be repeated under its id; it waits for a later watch."""

    def __init__(self, trouble: str, *, wait: timedelta | None = None, stop: bool = False) -> None:
        """Take what was wrong in one word, how long the receiver wants to be left alone, and whether all must wait."""
        super().__init__(trouble)
        self.trouble = trouble
        self.wait = wait
        self.stop = stop


class Carrier(Protocol):
    """Whoever carries reminders during one watch."""

    def send(self, message: Message) -> None:
        """Send it, or raise NotSent when it surely did not go."""
        ...

    def close(self) -> None:
        """End the watch."""
        ...


@dataclass(frozen=True, kw_only=True)
class MaildirCarrier:
    """Puts letters into a folder: for an office without a mail server, and for rehearsals."""

    folder: Path
    sender: str

    def send(self, message: Message) -> None:
        """Put it there under its message id, once."""
        for name in ("tmp", "new", "cur"):  # mailbox makes them only with the folder: a kill may come between
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        letters = mailbox.Maildir(self.folder, create=False)
        letters.add(_letter(message, self.sender))

    def close(self) -> None:
        """There is nothing to end."""


@dataclass(kw_only=True)
class SmtpCarrier:
    """Sends over one connection; TLS is demanded of every host but the machine itself, and where a CA is named.

    Nothing is connected before the first letter.
    """

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls_at_once: bool = False
    ca_file: Path | None = None
    seconds: float = _SECONDS
    _server: smtplib.SMTP | None = field(default=None, init=False, repr=False)

    def send(self, message: Message) -> None:
        """Send it. What fails before the letter itself is handed over did surely not go.

        Raises:
            NotSent: the server cannot be reached, is not who it should be, or refuses the letter.

        """
        letter = _letter(message, self.sender)
        server = self._server or self._connect()
        with self._in_time(server):
            try:
                _address(server, letter)
            except smtplib.SMTPResponseException as error:
                with suppress(OSError, smtplib.SMTPException):
                    server.rset()
                raise NotSent(f"SMTP {error.smtp_code}") from None
            except (OSError, smtplib.SMTPException, ValueError) as error:
                self.close()
                raise NotSent(type(error).__name__, stop=isinstance(error, TimeoutError)) from None
            self._hand_over(server, letter.as_bytes(policy=SMTP))

    def _hand_over(self, server: smtplib.SMTP, letter: bytes) -> None:
        """Give the letter itself. If the connection breaks in here, nobody knows whether it went."""
        try:
            server.send(re.sub(rb"(?m)^\.", b"..", letter) + b".\r\n")  # RFC 5321, 4.5.2
            code, _answer = server.getreply()
        except BaseException:
            self.close()
            raise
        if code // 100 in _REFUSED:
            raise NotSent(f"SMTP {code}")
        if code // 100 != _ACCEPTED:  # no answer at all to a letter
            self.close()
            raise smtplib.SMTPResponseException(code, "")

    def _connect(self) -> smtplib.SMTP:
        server = smtplib.SMTP(local_hostname=self.sender.rpartition("@")[2].strip("> ") or "localhost")
        try:
            server.sock = self._reach()
            with self._in_time(server):
                self._greet(server)
        except smtplib.SMTPResponseException as error:
            server.close()
            raise NotSent(f"SMTP {error.smtp_code}", stop=True) from None
        except (OSError, smtplib.SMTPException) as error:
            server.close()
            raise NotSent(type(error).__name__, stop=True) from None
        self._server = server
        return server

    def _reach(self) -> socket.socket:
        """Connect to the first address that answers."""
        trouble: OSError = ConnectionError()
        for address in addresses_of(self.host, self.port, seconds=self.seconds)[:_ADDRESSES]:
            try:
                return socket.create_connection((address, self.port), self.seconds / _ADDRESSES)
            except OSError as error:
                trouble = error
        raise trouble

    def _greet(self, server: smtplib.SMTP) -> None:
        context = ssl.create_default_context(cafile=self.ca_file)
        assert server.sock
        server.sock.settimeout(self.seconds)
        if self.tls_at_once:
            self._encrypt(server, context)
        _expect(220, server.getreply())
        server.ehlo_or_helo_if_needed()
        if not self.tls_at_once and (self.ca_file or not is_loopback(self.host)):
            _expect(220, server.docmd("STARTTLS"))
            self._encrypt(server, context)
            server.ehlo()
        if self.user:
            server.login(self.user, self.password)

    def _encrypt(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        """Go on encrypted; what was said in the clear is forgotten, as smtplib's own starttls does."""
        assert server.sock
        encrypted = context.wrap_socket(server.sock, server_hostname=self.host, do_handshake_on_connect=False)
        server.sock, server.file = encrypted, None
        server.helo_resp = server.ehlo_resp = None
        server.esmtp_features, server.does_esmtp = {}, False
        encrypted.do_handshake()

    @contextmanager
    def _in_time(self, server: smtplib.SMTP) -> Generator[None]:
        """Break the connection off when it takes too long: a server that drips keeps every single timeout."""
        watchdog = threading.Timer(self.seconds, _break_off, [server])
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def close(self) -> None:
        """Take leave of the server, if there is one."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError, smtplib.SMTPException), self._in_time(server):
                server.quit()
            server.close()


def _address(server: smtplib.SMTP, letter: EmailMessage) -> None:
    """Say from whom and to whom, and that the letter follows; so far there is none."""
    for command, header in ((server.mail, "From"), (server.rcpt, "To")):
        code, answer = command(parseaddr(str(letter[header]))[1])
        if code // 100 != _ACCEPTED:
            raise smtplib.SMTPResponseException(code, answer)
    _expect(354, server.docmd("DATA"))


def _expect(code: int, answer: tuple[int, bytes]) -> None:
    if answer[0] != code:
        raise smtplib.SMTPResponseException(*answer)


def _break_off(server: smtplib.SMTP) -> None:
    with suppress(OSError):
        if server.sock:
            server.sock.shutdown(socket.SHUT_RDWR)


def carrier_of(
    *, mail: str, sender: str, user: str = "", password: str = "", home: Path, ca_file: Path | None = None
) -> Carrier:
    """Return the carrier that the setting `mail` asks for.

    Raises:
        BadSetting: it is neither empty nor smtp://host:port nor smtps://host:port, or the file of the CA is none.

    """
    if not mail:
        return MaildirCarrier(folder=home / "mail", sender=sender)
    wrong = BadSetting(
        _("The setting mail is neither smtp://host:port nor smtps://host:port."),
        _("Mend TSUDOI_MAIL or settings.toml."),
    )
    try:
        parts = urlsplit(mail)
        port = parts.port
    except ValueError:
        raise wrong from None
    if not parts.hostname or parts.scheme not in _PORTS:
        raise wrong
    return SmtpCarrier(
        host=parts.hostname, port=port or _PORTS[parts.scheme], sender=sender, user=user, password=password,
        tls_at_once=parts.scheme == "smtps", ca_file=ca_file,
    )  # fmt: skip


def _letter(message: Message, sender: str) -> EmailMessage:
    """Write the letter; what cannot be written, or is to nobody, did surely not go."""
    email = EmailMessage()
    try:
        address = mail_address(parseaddr(message.to)[1])
        email["From"], email["To"], email["Subject"] = sender, message.to, message.subject
        email["Message-ID"] = f"<{message.message_id}@tsudoi.invalid>"
        email["Date"] = localtime()
        email["Auto-Submitted"] = "auto-generated"
        email.set_content(message.body, cte="base64")  # passes every server, also one that takes seven bits only
        for file in message.attached:
            main, _slash, sub = file.kind.partition("/")
            email.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    except (BadInput, ValueError, IndexError):  # the last two are what the library raises of a header that is none
        address = ""
    if not address:
        raise NotSent("bad_address")
    return email
