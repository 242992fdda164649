"""Reminders that wait for an answer: one day and one click for all that a call, or a look, has settled."""

from datetime import date

from starlette.responses import Response

from desk.web.asked import CONTRACTOR, REGISTER, STAFF, Asked, Page, numbers
from models.errors import BadInput, TsudoiError
from models.words import N_, _
from steps import reminding
from views import reminders as view

_DAYS_OFFERED = 3  # open days from today on


def reminders(asked: Asked) -> Response:
    """Show what the visitor may acknowledge, or record the day that was promised for what is ticked."""
    cycle_id, trouble, recorded = asked.cycle_id, None, 0
    if asked.is_sent:
        try:
            recorded = _recorded(asked, cycle_id)
        except TsudoiError as refused:
            trouble = refused
    with asked.visitor.office.look(cycle_id) as here:
        rows = view.to_acknowledge(here, asked.visitor.person)
        days = [here.calendar.add_open_days(here.calendar.first_open(here.today), nth) for nth in range(_DAYS_OFFERED)]
        today = here.today
    response = asked.shown(
        "reminders.html", cycle=cycle_id, rows=rows, days=days, today=today, trouble=trouble, recorded=recorded
    )
    response.status_code = 422 if trouble else 200
    return response


def _recorded(asked: Asked, cycle_id: str) -> int:
    sent, visitor = asked.sent, asked.visitor
    settled = numbers(sent.all("reminder"))
    if not settled:
        raise BadInput(_("Nothing is ticked."), _("Tick what was settled."))
    reminding.acknowledge_all(visitor.office, cycle_id, settled, by=visitor.id, promised_on=_day(asked))
    return len(settled)


def _day(asked: Asked) -> date | None:
    """Return the day that was promised: of the button, else the one that was chosen; None where none was."""
    sent = asked.sent
    text = sent.one("promised_on") or sent.one("another_day")
    try:
        return date.fromisoformat(text) if text and text != "none" else None
    except ValueError:
        raise BadInput(_("The day that was promised cannot be read."), _("Choose it again.")) from None


PAGES = (
    Page(
        path="/{cycle}/reminders", shows=reminders, takes_a_form=True, readers=STAFF | REGISTER | CONTRACTOR,
        menu=N_("Reminders"),
    ),
)  # fmt: skip
