"""The first page: what is due from who is logged in, most urgent first, with the button that does it."""

from starlette.responses import Response

from desk.web.asked import Asked, Page
from models.words import N_
from views import agenda


def work(asked: Asked) -> Response:
    """Show a person's own work; the contractor's people see their own acts and nothing else."""
    visitor = asked.visitor
    with visitor.office.look_around() as looks:
        found = agenda.agenda(looks, visitor.person)
        years = [(here.cycle_id, here.programme.ceremony_ja, here.facts.fiscal_year) for here in looks]
    return asked.shown("work.html", agenda=found, years=years)


PAGES = (Page(path="/", shows=work, menu=N_("My work")),)
