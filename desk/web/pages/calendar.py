"""The year's calendar: as a page, as Excel, and for the office's own calendar (.ics). Own acts alone, or all."""

from io import BytesIO

from starlette.responses import Response

from adapters import ics, spreadsheet
from adapters.ics import WholeDay
from desk.web.asked import AUDITOR, EVERYBODY, STAFF, Asked, Page
from models.people import Role
from models.words import N_, _, speaking
from papers.days import calendar_table
from states.look import Look
from states.table import BY_TRIGGER
from views import days
from views.days import OnDay
from views.standing import title_of_year

_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def calendar(asked: Asked) -> Response:
    """Show the year month by month: open days, what is due, what was done, what moved."""
    visitor = asked.visitor
    with visitor.office.look(asked.cycle_id) as here:
        falling, row = _falling(asked, here), BY_TRIGGER["move_deadline"]
        return asked.shown(
            "calendar.html", cycle=here.cycle_id, title=title_of_year(here), months=days.months(here, falling),
            only_mine=_only_mine(asked), sees_all=_sees_all(asked), today=here.today,
            may_move=visitor.has(*row.who_under(here.programme)) and here.facts.state in row.froms,
        )  # fmt: skip


def as_excel(asked: Asked) -> Response:
    """Hand the calendar out as Excel; words on paper are Japanese."""
    with asked.visitor.office.look(asked.cycle_id) as here, speaking("ja"):
        sheet, cycle_id = calendar_table(here, _falling(asked, here)), here.cycle_id
    into = BytesIO()
    spreadsheet.write(into, sheet, created=asked.office.clock.now().replace(tzinfo=None))
    return _file(into.getvalue(), f"{cycle_id}.xlsx", _EXCEL)


def as_ics(asked: Asked) -> Response:
    """Hand the calendar out for another: whole days, under names that stay when a day moves."""
    office = asked.visitor.office
    with office.look(asked.cycle_id) as here:
        cycle_id, title = here.cycle_id, title_of_year(here)
        events = [_event(here, one, office.settings.origin) for one in _falling(asked, here)]
    uid, now = f"{cycle_id}@{office.settings.origin}", office.clock.now()
    return _file(ics.written(title, events, uid=uid, made_at=now), f"{cycle_id}.ics", "text/calendar; charset=utf-8")


def _event(here: Look, one: OnDay, origin: str) -> WholeDay:
    title = _("{title} (done)").format(title=one.title) if one.is_done else one.title
    owner = (one.owner.label,) if one.owner else ()
    return WholeDay(uid=f"{here.cycle_id}/{one.key}@{origin}", on=one.on, title=title, categories=owner)


def _falling(asked: Asked, here: Look) -> tuple[OnDay, ...]:
    return days.on_days(here, asked.visitor.person if _only_mine(asked) else None)


def _sees_all(asked: Asked) -> bool:
    return asked.visitor.has(*_SEE_ALL)


def _only_mine(asked: Asked) -> bool:
    """Tell whether own acts alone are shown: as asked for, and always to whoever sees nothing else of the year."""
    return not _sees_all(asked) or asked.request.query_params.get("mine") == "1"


def _file(content: bytes, name: str, kind: str) -> Response:
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


_SEE_ALL: frozenset[Role] = STAFF | AUDITOR
PAGES = (
    Page(path="/{cycle}/calendar", shows=calendar, readers=EVERYBODY, menu=N_("Calendar")),
    Page(path="/{cycle}/calendar.xlsx", shows=as_excel, readers=EVERYBODY),
    Page(path="/{cycle}/calendar.ics", shows=as_ics, readers=EVERYBODY),
)  # fmt: skip
