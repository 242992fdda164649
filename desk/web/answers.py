"""How the desk answers: a page from its template, or what went wrong in words, with the way on."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from desk.web.visitors import Visitor, form_token
from models.clock import stamp, wareki
from models.errors import BadInput, BadSetting, Damaged, Refused, TsudoiError, Unknown
from models.plain import visible
from models.words import _, language
from views.standing import act_title

_TEMPLATES = Path(__file__).parent / "templates"
_STATUS: Mapping[type[TsudoiError], HTTPStatus] = {
    Unknown: HTTPStatus.NOT_FOUND,
    BadInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refused: HTTPStatus.CONFLICT,
    BadSetting: HTTPStatus.SERVICE_UNAVAILABLE,
    Damaged: HTTPStatus.SERVICE_UNAVAILABLE,
}


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.globals.update(_=_, language=language, act_title=act_title)  # type: ignore[reportUnknownMemberType]
    made.filters.update(day=_day, moment=stamp, visible=visible, count="{:,}".format)  # type: ignore[reportUnknownMemberType]
    return made


def _day(value: date | datetime | None) -> str:
    """Return a day with the Japanese year first."""
    if value is None:
        return ""
    return f"{wareki(value)}（{value:%Y-%m-%d}）"


def page(request: Request, template: str, /, status: int = HTTPStatus.OK, **shown: Any) -> Response:
    """Return a page; every template knows who is logged in, and the token that its forms bring back."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    token = visitor.form_token if visitor else form_token(request.state.before)
    text = _environment().get_template(template).render(
        visitor=visitor, form_token=token, here=request.url.path, menu=_menu(request, visitor), **shown
    )  # fmt: skip
    return HTMLResponse(text, status)


def _menu(request: Request, visitor: Visitor | None) -> list[tuple[str, str]]:
    """Return where a person may go from here: the pages with words for the menu, of a year those of the year shown."""
    cycle = str(request.path_params.get("cycle", ""))
    return [
        (page.path.format(cycle=cycle), _(page.menu))
        for page in request.app.state.pages
        if page.menu and visitor and visitor.has(*page.readers) and (cycle or "{cycle}" not in page.path)
    ]


def trouble(request: Request, error: TsudoiError) -> Response:
    """Return what went wrong, what is missing for it with the form that meets it, and what to do."""
    status = next((known for kind, known in _STATUS.items() if isinstance(error, kind)), HTTPStatus.CONFLICT)
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    unmet = visitor.hears(error.unmet) if visitor and isinstance(error, Refused) else ()
    cycle_id = request.path_params.get("cycle", "")
    return page(request, "trouble.html", status, error=error, unmet=unmet, cycle=cycle_id)


def bug(request: Request, kind: str, place: str) -> Response:
    """Own up to a bug: its type and place, and never what it said (Law 4)."""
    words = _("This is a bug: {kind} at {place}.").format(kind=kind, place=place)
    error = TsudoiError(words, _("Nothing half-done was kept. Tell the maintainers these words."))
    return page(request, "trouble.html", HTTPStatus.INTERNAL_SERVER_ERROR, error=error, unmet=(), cycle="")
