"""The carrier of reminders: mail by SMTP with STARTTLS, or, where none is set, a Maildir in the data directory."""

import mailbox
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from models.errors import BadSetting
from models.words import _

_SECONDS = 20
# What the server answered before it took the letter; a connection that breaks off later tells nothing.
_REFUSALS = (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPHeloError)


@dataclass(frozen=True, kw_only=True)
class Message:
    """One reminder: no residents' data, no serials."""

    message_id: str
    to: str
    subject: str
    body: str


class NotSent(Exception):
    """The message surely did not go; it may be tried again."""


class Carrier(Protocol):
    """Whoever carries a reminder."""

    def send(self, message: Message) -> None:
        """Send it, or raise NotSent when it surely did not go."""
        ...


@dataclass(frozen=True, kw_only=True)
class MaildirCarrier:
    """Puts letters into a folder: for an office without a mail server, and for rehearsals."""

    folder: Path
    sender: str

    def send(self, message: Message) -> None:
        """Put it there under its message id, once."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        letters = mailbox.Maildir(self.folder, create=True)
        letters.add(_email(message, self.sender))


@dataclass(frozen=True, kw_only=True)
class SmtpCarrier:
    """Sends by SMTP; STARTTLS is demanded of every host but the machine itself."""

    host: str
    port: int
    sender: str
    user: str
    password: str

    def send(self, message: Message) -> None:
        """Send it. What fails before the data are handed over did surely not go."""
        email = _email(message, self.sender)
        try:
            server = smtplib.SMTP(self.host, self.port, timeout=_SECONDS)
        except OSError as error:
            raise NotSent(type(error).__name__) from None
        with server:
            self._greet(server)
            try:
                server.send_message(email)
            except _REFUSALS as error:
                raise NotSent(type(error).__name__) from None

    def _greet(self, server: smtplib.SMTP) -> None:
        try:
            if self.host not in {"127.0.0.1", "localhost", "::1"}:
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(type(error).__name__) from None


def carrier_of(*, mail: str, sender: str, user: str, password: str, home: Path) -> Carrier:
    """Return the carrier that the setting `mail` asks for.

    Raises:
        BadSetting: it is neither empty nor smtp://host:port.

    """
    if not mail:
        return MaildirCarrier(folder=home / "mail", sender=sender)
    parts = urlsplit(mail)
    if parts.scheme != "smtp" or not parts.hostname:
        raise BadSetting(_("The setting mail is not smtp://host:port."), _("Mend TSUDOI_MAIL or settings.toml."))
    return SmtpCarrier(host=parts.hostname, port=parts.port or 587, sender=sender, user=user, password=password)


def _email(message: Message, sender: str) -> EmailMessage:
    email = EmailMessage()
    email["From"], email["To"], email["Subject"] = sender, message.to, message.subject
    email["Message-ID"] = f"<{message.message_id}@tsudoi.invalid>"
    email.set_content(message.body)
    return email
