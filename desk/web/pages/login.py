"""Login and logout, and a passphrase of one's own."""

import threading

import structlog
from starlette.responses import Response

from adapters.people_keys import PersonKey
from desk.web.asked import Asked, Page
from desk.web.guard import let_in
from desk.web.visitors import COOKIE, cookie_of, give_cookie
from flows import access
from models.errors import BadInput, TsudoiError, Unknown
from models.words import _
from steps import identity

# Argon2id takes a quarter of a gigabyte: one at a time, however many try.
_ONE_AT_A_TIME = threading.Lock()
_log = structlog.get_logger()
_SHORT = 64  # characters of an id


def login(asked: Asked) -> Response:
    """Ask who comes, and begin a session of that person's own; an older one of this browser ends."""
    to = _within(asked.sent.one("to") or asked.request.query_params.get("to", "/"))
    named = let_in(asked.request.scope)  # by a proxy: then nobody else comes by it
    if not asked.is_sent:
        return asked.shown("login.html", person=named, named=named, to=to, trouble=None)
    person = named or asked.sent.one("person")[:_SHORT]
    try:
        with _ONE_AT_A_TIME:
            key = identity.unlock(asked.office, person, asked.sent.texts.get("passphrase", [""])[0])
        if identity.who_may_come(asked.office, person) is None:
            raise BadInput(_("Your entry on the register of people is not valid today."), _("Ask a coordinator."))
    except Unknown:
        _log.warning("login_refused")  # a wrong passphrase of a person is told to the ledger
        # Whether somebody is on the register is not told to whoever tries.
        wrong = BadInput(_("Id or passphrase are wrong."), _("Type both again."))
        return asked.shown("login.html", person=person, to=to, trouble=wrong, named=named)
    except TsudoiError as refused:
        return asked.shown("login.html", person=person, to=to, trouble=refused, named=named)
    _log.info("logged_in", by=key.person)
    if older := cookie_of(asked.request, COOKIE):
        _close(asked, older)
    return _with_session(asked, asked.on_to(to), key)


def logout(asked: Asked) -> Response:
    """End the session, so that its cookie is worth nothing wherever else it lies; an address alone ends none."""
    if not asked.is_sent:
        return asked.on_to("/")
    _close(asked, asked.visitor.token)
    response = asked.on_to("/login")
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


def passphrase(asked: Asked) -> Response:
    """Let a person choose a new passphrase; who came with one for one use does nothing before."""
    visitor, trouble = asked.visitor, None
    one_use = visitor.is_for_one_use
    if asked.is_sent:
        old, new, again = (asked.sent.texts.get(name, [""])[0] for name in ("old", "new", "again"))
        try:
            with _ONE_AT_A_TIME:
                key = identity.unlock(asked.office, visitor.id, old)
                if new != again:
                    raise BadInput(_("The two are not the same; nothing was changed."), _("Do it again."))
                key = identity.change_passphrase(asked.office, key, new)
        except TsudoiError as refused:
            trouble = refused
        else:
            _close(asked, visitor.token)
            return _with_session(asked, asked.on_to("/"), key)
    return asked.shown("passphrase.html", one_use=one_use, trouble=trouble)


def _close(asked: Asked, token: str) -> None:
    """End a session, and those of the dashboard that began from it."""
    identity.sessions_of(asked.office).close(token)
    access.end(access.folder_of(asked.office.home), token)


def _with_session(asked: Asked, response: Response, key: PersonKey) -> Response:
    give_cookie(asked.request, response, COOKIE, identity.sessions_of(asked.office).open(key))
    return response


def _within(path: str) -> str:
    """Return a path of the desk, and its first page for anything that would lead elsewhere."""
    return path if path.startswith("/") and not path.startswith("//") and "\\" not in path else "/"


PAGES = (
    Page(path="/login", shows=login, takes_a_form=True, is_open=True),
    Page(path="/logout", shows=logout, takes_a_form=True),
    Page(path="/passphrase", shows=passphrase, takes_a_form=True),
)
