"""How the dashboard is entered, and where things stand in it: credential, one-use links, sessions of browsers.

The credential opens the whole of Prefect's server; the flows have it, people never do. A person opens a link, once, and
her browser gets a session, with which the gate (flows/gate.py) lets her do what people may. All of it are files in the
data directory that only its account reads; who may read them may serve anyhow.
"""

import base64
import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

from adapters.keys import write_once
from models.errors import BadSetting
from models.words import _

VARIABLE = "PREFECT_SERVER_API_AUTH_STRING"  # Prefect's own name for it, for those who set it themselves
# Pages of artifacts, deployments and runs lie equally deep, in either of Prefect's two user interfaces.
UP = "../.."
PAGE = "/artifacts/key/{key}"
_FILE, _LINKS, _ENDED, _ADDRESS = "credential", "links", "ended", "address"
_SHORTEST, _LEAST_VARIETY = 24, 12  # characters; different ones among them
_LINK_LASTS = 600  # seconds
SESSION_LASTS = 12 * 3600  # seconds: a day of work


def folder_of(home: Path) -> Path:
    """Return where the server of an installation keeps its things; it is made if it is not there."""
    folder = home.absolute() / "prefect"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def credential(folder: Path) -> str:
    """Return the credential of the server that keeps its things in this folder: one that is set, or a random one.

    Raises:
        BadSetting: one is set, and it is too short or too uniform to be worth the name.

    """
    if given := os.environ.get(VARIABLE):
        judge(VARIABLE, given)
        return given
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_once(folder / _FILE, f"tsudoi:{secrets.token_urlsafe(32)}".encode(), mode=0o600)
    return (folder / _FILE).read_text(encoding="ascii")


def judge(variable: str, given: str) -> None:
    """Refuse a credential that a person has chosen and that is no secret worth the name.

    Raises:
        BadSetting: it is too short, or repeats few characters.

    """
    if len(given) < _SHORTEST or len(set(given)) < _LEAST_VARIETY or not given.isascii():
        raise BadSetting(
            _(
                "{variable} is no credential worth the name: at least {count} letters, digits and signs,"
                " {variety} different ones among them."
            ).format(variable=variable, count=_SHORTEST, variety=_LEAST_VARIETY),
            _("Set it to what this prints: openssl rand -hex 32. tsudoi's own server needs none: it makes one itself."),
        )


def header_of(secret: str) -> bytes:
    """Return what Prefect's clients send as Authorization."""
    return b"Basic " + base64.b64encode(secret.encode())


def say_where(folder: Path, address: str) -> None:
    """Remember where the server is reached, for whoever makes a link."""
    (folder / _ADDRESS).write_text(address, encoding="utf-8")


def where(folder: Path) -> str:
    """Return where people reach the server."""
    return (folder / _ADDRESS).read_text(encoding="utf-8")


def new_link(folder: Path, person: str = "", desk: str = "") -> str:
    """Return the address that opens the dashboard once, within ten minutes; only the hash of its token is kept.

    Where the desk makes it for somebody, what is started there is started in that person's name, and the session that
    it begins is over when that of the desk is, whose token is `desk`.
    """
    token = secrets.token_urlsafe(32)
    _keep(folder / _LINKS, token, f"{person}\n{_digest(desk) if desk else ''}", _LINK_LASTS)
    return f"{where(folder)}/enter?token={token}"


def redeem(folder: Path, token: str) -> tuple[str, str] | None:
    """Use a link up, and return for whom it was made and from which session of the desk ("" for nobody and none).

    Of several at once one succeeds.
    """
    link = folder / _LINKS / _digest(token)
    try:
        over, (person, session) = _is_over(link, _LINK_LASTS), link.read_text(encoding="utf-8").split("\n")
        link.unlink()
    except FileNotFoundError:
        return None
    return None if over else (person, session)


def end(folder: Path, desk: str) -> None:
    """End the sessions of the dashboard that began from a session of the desk, of which this is the token."""
    _keep(folder / _ENDED, desk, "", SESSION_LASTS)


def _keep(shelf: Path, token: str, text: str, lasts: int) -> None:
    """Keep something under the hash of a token, and nothing there longer than it lasts, in seconds."""
    shelf.mkdir(exist_ok=True, mode=0o700)
    for old in shelf.iterdir():
        if _is_over(old, lasts):
            old.unlink(missing_ok=True)
    write_once(shelf / _digest(token), text.encode(), mode=0o600)


def _is_over(kept: Path, lasts: int) -> bool:
    return not 0 <= time.time() - kept.stat().st_mtime <= lasts


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class Sessions:
    """Sessions of browsers, each a cookie that the server has sealed: it remembers only which were ended early."""

    secret: str = field(repr=False)
    folder: Path

    def begin(self, person: str = "", session: str = "") -> str:
        """Return a new session's cookie, of a person or of whoever opened a link that was made for nobody."""
        what = f"{int(time.time()) + SESSION_LASTS}.{session or secrets.token_hex(16)}.{person}"
        return f"{what}.{self._seal(what)}"

    def holder(self, cookie: str) -> str | None:
        """Return whose session a cookie is, None where it is none of ours or is over."""
        what, _dot, seal = cookie.rpartition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(what).encode()):
            return None
        until, session, person = what.split(".", 2)
        is_over = int(until) <= time.time() or (self.folder / _ENDED / session).exists()
        return None if is_over else person

    def _seal(self, what: str) -> str:
        return hmac.new(self.secret.encode(), f"tsudoi/session/{what}".encode(), hashlib.sha256).hexdigest()
