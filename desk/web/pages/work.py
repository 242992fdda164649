"""The first page: what is due from who is logged in, most urgent first, with the button that does it."""

from dataclasses import replace

from starlette.responses import Response

from desk.web.asked import Asked, Page
from desk.web.visitors import Visitor
from models.words import N_
from views import agenda
from views.agenda import Agenda


def work(asked: Asked) -> Response:
    """Show a person's own work; the contractor's people see their own acts and nothing else."""
    visitor = asked.visitor
    with visitor.office.look_around() as looks:
        found = agenda.agenda(looks, visitor.person)
        found = _theirs(visitor, found) if visitor.is_contractors else found
        years = [(here.cycle_id, here.programme.ceremony_ja, here.facts.fiscal_year) for here in looks]
    return asked.shown("work.html", agenda=found, years=years)


def _theirs(visitor: Visitor, found: Agenda) -> Agenda:
    """Return a person's own acts alone, and of what is missing for them no figure of the ward's."""
    mine = tuple(
        replace(item, owed=replace(item.owed, unmet=visitor.hears(item.owed.unmet), warned_of=()))
        for item in found.mine
    )
    return Agenda(mine=mine, to_confirm=(), for_contractor=(), others=())


PAGES = (Page(path="/", shows=work, menu=N_("My work")),)
