"""Incidents of a year: what happened, what is to be done about each next, by whom and until when."""

from starlette.responses import Response

from desk.web.asked import AUDITOR, STAFF, Asked, Page
from models.errors import Unknown
from models.words import N_, _
from states import statute
from states.gaps import missing
from states.look import Look
from states.table import BY_TRIGGER
from views import agenda
from views.incidents import Incident, beginning_of, contacts_of, incidents_of
from views.standing import in_words_of, title_of_year

_ENTERED = ("report_incident", "record_deviation", "hold")  # how one begins, and how the year is held without one


def incidents(asked: Asked) -> Response:
    """Show the incidents of a year, what is to be done next, and what is missing before the year goes on."""
    with asked.visitor.office.look(asked.cycle_id) as here:
        held = here.facts.on_hold
        return asked.shown(
            "incidents.html", cycle=here.cycle_id, title=title_of_year(here), incidents=incidents_of(here),
            on_hold=held, releasing=missing(here.facts, BY_TRIGGER["release_hold"]) if held else (),
            entered=[act for act in _ENTERED if _may(asked, here, act)],
            may=agenda.may_enter_of(here, asked.visitor.person),
        )  # fmt: skip


def incident(asked: Asked) -> Response:
    """Show one incident: what is to be done by whom until when, what the law asks, and whom to call."""
    with asked.visitor.office.look(asked.cycle_id) as here:
        one = _of_number(incidents_of(here), asked.part("number"))
        talk, (began_by, broken) = "discuss_measures", beginning_of(here, one)
        return asked.shown(
            "incident.html", cycle=here.cycle_id, title=title_of_year(here), one=one,
            on_hold=here.facts.on_hold, began_by=began_by, broken=broken,
            may={todo.act for todo in one.to_do if _may(asked, here, todo.act)},
            may_talk=one.state == "open" and _may(asked, here, talk),
            told=in_words_of(one.report) if one.report else (), heads=[_(statute.HEADS[head][1]) for head in one.heads],
            contacts=contacts_of(here.facts), procedure=here.programme.emergency.procedure,
            contractors_duty=_(statute.CONTRACTORS_DUTY) if one.heads else "", version=statute.VERSION,
        )  # fmt: skip


def _of_number(found: tuple[Incident, ...], text: str) -> Incident:
    known = next((one for one in found if str(one.number) == text), None)
    if known is None:
        raise Unknown(_("There is no incident of this number in this year."), _("The list of incidents shows all."))
    return known


def _may(asked: Asked, here: Look, act: str) -> bool:
    return agenda.may_enter(here, asked.visitor.person, act) and here.facts.state in BY_TRIGGER[act].froms


PAGES = (
    Page(path="/{cycle}/incidents", shows=incidents, readers=STAFF | AUDITOR, menu=N_("Incidents")),
    Page(path="/{cycle}/incidents/{number}", shows=incident, readers=STAFF | AUDITOR),
)  # fmt: skip
