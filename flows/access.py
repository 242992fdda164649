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
_FILE, _LINKS, _ADDRESS = "credential", "links", "address"
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


def new_link(folder: Path, person: str = "") -> str:
    """Return the address that opens the dashboard once, within ten minutes; only the hash of its token is kept.

    Where the desk makes it for somebody, what is started there is started in that person's name.
    """
    token = secrets.token_urlsafe(32)
    links = folder / _LINKS
    links.mkdir(exist_ok=True, mode=0o700)
    for old in links.iterdir():
        if _is_over(old):
            old.unlink(missing_ok=True)
    write_once(links / _digest(token), person.encode(), mode=0o600)
    return f"{where(folder)}/enter?token={token}"


def redeem(folder: Path, token: str) -> str | None:
    """Use a link up, and return for whom it was made, "" for whoever has it; of several at once one succeeds."""
    link = folder / _LINKS / _digest(token)
    try:
        over, person = _is_over(link), link.read_text(encoding="utf-8")
        link.unlink()
    except FileNotFoundError:
        return None
    return None if over else person


def _is_over(link: Path) -> bool:
    return not 0 <= time.time() - link.stat().st_mtime <= _LINK_LASTS


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class Sessions:
    """Sessions of browsers, each a cookie that the server has sealed: it remembers none, and a restart ends none."""

    secret: str = field(repr=False)

    def begin(self, person: str = "") -> str:
        """Return a new session's cookie, of a person or of whoever opened a link that was made for nobody."""
        what = f"{int(time.time()) + SESSION_LASTS}.{secrets.token_urlsafe(16)}.{person}"
        return f"{what}.{self._seal(what)}"

    def holder(self, cookie: str) -> str | None:
        """Return whose session a cookie is, None where it is none of ours or is over."""
        what, _dot, seal = cookie.rpartition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(what).encode()):
            return None
        until, _word, person = what.split(".", 2)
        return person if int(until) > time.time() else None

    def _seal(self, what: str) -> str:
        return hmac.new(self.secret.encode(), f"tsudoi/session/{what}".encode(), hashlib.sha256).hexdigest()
