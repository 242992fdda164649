"""A year as it stands: its line of stages, one page a stage, and the days that no lateness moves."""

from starlette.responses import Response

from desk.web.asked import AUDITOR, STAFF, Asked, Page
from models.errors import Unknown
from models.words import N_, _
from states.gaps import missing
from states.look import Look
from states.table import BY_TRIGGER, STAGES
from views import acts, agenda, commitments, deadlines, stages
from views.incidents import contacts_of, incidents_of
from views.standing import standing, title_of_year

READERS = STAFF | AUDITOR
# Of these stages the other side's people are called most; their telephones stand on the page.
_WITH_CONTACTS = frozenset(STAGES) - {"preparation"}


def year(asked: Asked) -> Response:
    """Show the year as a line of stages: what is late and who owes it, what holds it, and the dates side by side."""
    with asked.visitor.office.look(asked.cycle_id) as here:
        stands, dated = standing(here), deadlines.dated(here)
        lines = [
            (line, stages.state_words(line.state), acts.dates_of(dated, line.key))
            for line in stages.stages(here, stands)
        ]
        return asked.shown(
            "year.html", cycle=here.cycle_id, stands=stands, today=here.today, lines=lines,
            incidents=[one for one in incidents_of(here) if one.state == "open"], may=_may(asked, here),
            releasing=missing(here.facts, BY_TRIGGER["release_hold"]) if stands.on_hold else (),
        )  # fmt: skip


def stage(asked: Asked) -> Response:
    """Show one stage: its acts with their dates, who did each and when, what blocks each, and what else may come."""
    key = asked.part("stage")
    if key not in STAGES:
        raise Unknown(_("There is no such page."), _("Go back to your own work."))
    with asked.visitor.office.look(asked.cycle_id) as here:
        stands, facts = standing(here), here.facts
        [line] = [one for one in stages.stages(here, stands) if one.key == key]
        return asked.shown(
            "stage.html", cycle=here.cycle_id, stage=line, state=stages.state_words(line.state), stands=stands,
            acts=acts.of_stage(here, stands, key), undated=acts.undated_of(here, key),
            others=[(other, stages.title_of(other)) for other in STAGES], may=_may(asked, here),
            names={person.id: person.name for person in facts.people.values()},
            to_confirm={one.act: one for one in agenda.confirmable(here, asked.visitor.person)},
            contacts=contacts_of(facts) if key in _WITH_CONTACTS else (),
        )  # fmt: skip


def bounds(asked: Asked) -> Response:
    """Show the days that no lateness moves, which of them are passed, through what, and what was decided (Law 11)."""
    with asked.visitor.office.look(asked.cycle_id) as here:
        days, said = here.facts.commitments, here.programme.commitments
        passed = {one.key: one for one in commitments.passed(here)}
        return asked.shown(
            "commitments.html", cycle=here.cycle_id, year_title=title_of_year(here), may=_may(asked, here),
            days=sorted(((key, said[key], on, passed.get(key)) for key, on in days.items()), key=lambda one: one[2]),
        )  # fmt: skip


def _may(asked: Asked, here: Look) -> frozenset[str]:
    return agenda.may_enter_of(here, asked.visitor.person)


PAGES = (
    Page(path="/{cycle}", shows=year, readers=READERS, menu=N_("The year")),
    Page(path="/{cycle}/stages/{stage}", shows=stage, readers=READERS),
    Page(path="/{cycle}/commitments", shows=bounds, readers=READERS),
)  # fmt: skip
