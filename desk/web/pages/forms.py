"""The contractor's forms in Excel: to take, filled in with what is known, and to give back filled in."""

from urllib.parse import quote

from starlette.responses import Response

from desk.web.asked import CONTRACTOR, Asked, Page
from desk.web.pages import acts
from models.errors import BadInput, TsudoiError, Unknown
from models.people import Role
from models.words import N_, _
from papers.entry_forms import is_reported, reported_acts
from states.acts import row_of
from states.look import Look
from steps import entry_forms
from views import agenda
from views.standing import act_title

_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
READERS = frozenset({Role.COORDINATOR}) | CONTRACTOR


def forms(asked: Asked) -> Response:
    """Show the forms of a year, or read one that came back: it stands there as the form of its act."""
    cycle_id, trouble = asked.cycle_id, None
    if asked.is_sent:
        try:
            return acts.as_read(asked, cycle_id, _came(asked, cycle_id))
        except BadInput as refused:
            trouble = refused
    return _list(asked, cycle_id, trouble)


def _came(asked: Asked, cycle_id: str) -> entry_forms.Came:
    file = asked.sent.files.get("form")
    if file is None:
        raise BadInput(_("No file was chosen."), _("Choose the Excel form that was filled in."))
    return entry_forms.read(asked.visitor.office, cycle_id, file.name, file.content)


def _list(asked: Asked, cycle_id: str, trouble: TsudoiError | None) -> Response:
    with asked.visitor.office.look(cycle_id) as here:
        facts = here.facts
        rows = [
            (row.trigger, act_title(row.trigger), facts.due.get(row.trigger), facts.done.get(row.trigger))
            for row in reported_acts(here)
            if _is_theirs(asked, here, row.trigger)
        ]
        shown = sorted(rows, key=lambda row: (row[3] is not None, row[2] is None, row[2] or here.today))
    response = asked.shown("forms.html", cycle=cycle_id, rows=shown, trouble=trouble)
    response.status_code = 422 if trouble else 200
    return response


def _is_theirs(asked: Asked, here: Look, act: str) -> bool:
    return agenda.may_enter(here, asked.visitor.person, act)


def form(asked: Asked) -> Response:
    """Give the form of an act out, as it stands today."""
    row = row_of(asked.part("act"))
    with asked.visitor.office.look(asked.cycle_id) as here:
        if not is_reported(here, row) or not _is_theirs(asked, here, row.trigger):
            raise Unknown(_("There is no such page."), _("Go back to your own work."))
        name, content = entry_forms.made(here, row.trigger)
    return Response(
        content, media_type=_EXCEL, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    )


PAGES = (
    Page(
        path="/{cycle}/forms", shows=forms, takes_a_form=True, readers=READERS, menu=N_("Excel forms"),
        largest=entry_forms.LARGEST + 1,
    ),
    Page(path="/{cycle}/forms/{act}", shows=form, readers=READERS),
)  # fmt: skip
