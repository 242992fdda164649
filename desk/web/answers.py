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

from desk.web.guard import NotHere
from desk.web.places import place_of
from desk.web.visitors import Stranger, Visitor, form_token
from models import choices
from models.clock import TOKYO, wareki
from models.errors import BadInput, BadSetting, Damaged, Refused, TsudoiError, Unknown
from models.plain import visible
from models.words import _, bracketed, day_in_words, in_words, language, listed, weekdays
from views.standing import act_title

_TEMPLATES = Path(__file__).parent / "templates"
_STATUS: Mapping[type[TsudoiError], HTTPStatus] = {
    NotHere: HTTPStatus.FORBIDDEN,
    Stranger: HTTPStatus.FORBIDDEN,
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
    made.globals.update(  # type: ignore[reportUnknownMemberType]  # jinja2 says dict, of what it leaves open
        _=_, language=language, act_title=act_title, place_of=place_of, weekdays=weekdays, dot=_dot,
    )  # fmt: skip
    made.filters.update(  # type: ignore[reportUnknownMemberType]  # likewise
        day=_day, moment=_at, visible=visible, count="{:,}".format, wareki=_wareki, at=_at, act=act_title, said=_said,
        month=_month, in_year=_in_year, bracketed=bracketed, listed=listed,
    )  # fmt: skip
    return made


def _day(value: date | datetime | None) -> str:
    """Return a day with the Japanese year first; in English it has one alone."""
    if value is None:
        return ""
    words = day_in_words(value)
    return f"{words}（{value:%Y-%m-%d}）" if language() == "ja" else words


def _said(code: str, choice: str) -> str:
    """Return the word of a choice, such as `standing|said("MEASURES")`."""
    return choices.said(getattr(choices, choice), code)


def _wareki(value: date | None) -> str:
    """Return a day as an office writes it, where there is no room for both years."""
    return "" if value is None else day_in_words(value)


def _month(value: date) -> str:
    """Return the month of a day as an office writes it: 令和8年10月."""
    return wareki(value).partition("月")[0] + "月" if language() == "ja" else f"{value:%B %Y}"


def _dot() -> str:
    """Return what stands between two things that are told of the same."""
    return in_words(ja="・", en="·")


def _in_year(value: date) -> str:
    """Return a day where its year stands beside it: 11月9日（月）."""
    return wareki(value).partition("年")[2] if language() == "ja" else day_in_words(value).partition("-")[2]


def _at(value: datetime) -> str:
    """Return a moment as an office writes it."""
    here = value.astimezone(TOKYO)
    return f"{day_in_words(here.date())} {here:%H:%M}"


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
