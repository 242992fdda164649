"""The first page: what is due from who is logged in, most urgent first, with the button that does it; year by year."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.responses import Response

from desk.web.asked import AUDITOR, STAFF, Asked, Page
from desk.web.visitors import Visitor
from models.errors import Unmet
from models.words import N_
from states.gaps import missing
from states.look import Look
from states.table import BY_TRIGGER
from views import agenda
from views.agenda import Agenda
from views.incidents import Incident, ToDo, incidents_of
from views.standing import title_of_year


@dataclass(frozen=True, kw_only=True)
class Year:
    """A person's work in one year of one programme, with how that year stands and the names of who is named."""

    cycle_id: str
    title: str
    on_hold: bool
    agenda: Agenda
    may: frozenset[str]
    names: Mapping[str, str]
    steps: tuple[tuple[Incident, ToDo], ...]  # what is to be done next about open incidents
    releasing: tuple[Unmet, ...]  # what is missing before a year that is on hold goes on

    @property
    def late(self) -> int:
        """Return how many acts are late of themselves, whoever owes them."""
        work = self.agenda
        owed = (item.owed for item in (*work.mine, *work.for_contractor, *work.others))
        return sum(one.days_left < 0 and not one.follows for one in owed)


def work(asked: Asked) -> Response:
    """Show a person's own work; the contractor's people and the register section see their own acts and nothing else.

    Years and programmes stand apart, the newest first.
    """
    visitor = asked.visitor
    with visitor.office.look_around() as looks:
        years = [_year(here, visitor) for here in looks]
    return asked.shown("work.html", years=years, sees_the_year=_sees_the_year(visitor))


def _sees_the_year(visitor: Visitor) -> bool:
    return visitor.has(*STAFF, *AUDITOR)


def _year(here: Look, visitor: Visitor) -> Year:
    facts, found = here.facts, agenda.agenda((here,), visitor.person)
    return Year(
        cycle_id=here.cycle_id, title=title_of_year(here),
        on_hold=facts.on_hold, agenda=_theirs(visitor, found) if visitor.is_contractors else found,
        may=agenda.may_enter_of(here, visitor.person),
        names={it.id: it.name for it in facts.people.values()},
        steps=tuple((one, todo) for one in incidents_of(here) for todo in one.to_do) if _sees_the_year(visitor) else (),
        releasing=missing(facts, BY_TRIGGER["release_hold"]) if facts.on_hold else (),
    )  # fmt: skip


def _theirs(visitor: Visitor, found: Agenda) -> Agenda:
    """Return a person's own acts alone, and of what is missing for them no figure of the ward's."""
    mine = tuple(
        replace(item, owed=replace(item.owed, unmet=visitor.hears(item.owed.unmet), warned_of=()))
        for item in found.mine
    )
    return replace(found, mine=mine, to_confirm=(), for_contractor=(), others=())


PAGES = (Page(path="/", shows=work, menu=N_("My work")),)
