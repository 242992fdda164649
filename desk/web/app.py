"""The desk's pages put together: who may open each, who comes, what went wrong. What a page shows is in its module."""

import hmac
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from adapters import disk
from desk.web import answers, uploads
from desk.web.asked import Asked, Page
from desk.web.guard import Guard, NotHere, is_local
from desk.web.pages import ALL_PAGES
from desk.web.visitors import BEFORE, Visitor, cookie_of, form_token, give_cookie, random_word, visitor_of
from models.errors import BadInput, TsudoiError, Unknown, place_of
from models.words import _
from steps.office import Office

_log = structlog.get_logger()


def desk(office: Office, *, name: str = "", https: bool = False) -> ASGIApp:
    """Return the desk of an office as an ASGI application; `name` is the host at which people reach it."""
    app = Starlette(
        routes=[
            *(Route(page.path, _endpoint(office, page), methods=page.methods) for page in _in_order()),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        exception_handlers={HTTPException: _not_found},
    )
    app.state.pages, app.state.https = ALL_PAGES, https
    return Guard(inner=app, name=name, user_header=office.settings.desk_user_header, https=https)


def _in_order() -> list[Page]:
    """Return the pages so that an address of its own is tried before one that any year's name would fit."""
    return sorted(ALL_PAGES, key=lambda page: page.path.startswith("/{"))


def _endpoint(office: Office, page: Page) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        request.state.before = cookie_of(request, BEFORE) or random_word()
        request.state.visitor = None
        try:
            response = await _answer(office, page, request)
        except TsudoiError as error:
            response = answers.trouble(request, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, only its type and place may be shown (Law 4)
            response = _unforeseen(request, error)
        if not cookie_of(request, BEFORE):
            give_cookie(request, response, BEFORE, request.state.before)
        return response

    return answer


async def _answer(office: Office, page: Page, request: Request) -> Response:
    visitor, must_change = await run_in_threadpool(_who_comes, request, office)
    request.state.visitor = visitor
    if not page.is_open:
        if visitor is None:
            return _login_before(request)
        if not visitor.has(*page.readers):
            _log.warning("page_refused", by=visitor.id, page=page.path)
            raise Unknown(_("This page is not for you."), _("Go back to your own work."))
        if page.asks_for_the_passphrase and not visitor.has_key:
            return _login_before(request)
        if must_change and page.path != "/passphrase":
            return RedirectResponse("/passphrase", HTTPStatus.SEE_OTHER)
    sent = uploads.Sent()
    if request.method == "POST":
        if page.of_residents and not is_local(request.scope):
            _log.warning("page_refused", by=visitor.id if visitor else "", page=page.path)
            raise NotHere  # before a byte of it is read
        sent = await uploads.sent(request, largest=page.largest)
        expected = visitor.form_token if visitor else form_token(request.state.before)
        if not hmac.compare_digest(sent.one("token").encode(), expected.encode()):
            raise BadInput(
                _("The form is of another session, or was open too long."), _("Open the page again and send it anew.")
            )
    return await run_in_threadpool(page.shows, Asked(request=request, office=office, sent=sent))


def _login_before(request: Request) -> Response:
    """Lead to the login, and from there to what was asked for, with what a link had filled in."""
    url = request.url
    asked = f"{url.path}?{url.query}" if url.query and request.method == "GET" else url.path
    return RedirectResponse(f"/login?to={quote(asked)}", HTTPStatus.SEE_OTHER)


def _who_comes(request: Request, office: Office) -> tuple[Visitor | None, bool]:
    visitor = visitor_of(request, office)
    return visitor, visitor is not None and visitor.has_key and visitor.is_for_one_use


def _unforeseen(request: Request, error: Exception) -> Response:
    if refused := disk.in_words(error):
        return answers.trouble(request, refused)
    kind, place = type(error).__name__, place_of(error)
    _log.warning("page_failed", error_type=kind, place=place)
    return answers.bug(request, kind, place)


def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    request.state.before = cookie_of(request, BEFORE) or random_word()
    words = Unknown(_("There is no such page."), _("Go back to your own work."))
    return answers.trouble(request, words)
