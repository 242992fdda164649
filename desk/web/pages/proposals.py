"""A proposal that waits for a second person: what is proposed, and its confirmation by that person's own passphrase."""

from contextlib import suppress
from datetime import date

from starlette.responses import Response

from desk.web.asked import REGISTER, STAFF, Asked, Page
from desk.web.pages.acts import told
from models.errors import BadInput, TsudoiError, Unknown
from models.words import _
from states.acts import Outcome, Proposed, row_of
from steps import acting, identity
from views.standing import act_title, in_words_of, rows_of


def proposal(asked: Asked) -> Response:
    """Show a proposal, or confirm it: by the second person's passphrase, or by the approval's number (起案文書番号)."""
    row, cycle_id, visitor = row_of(asked.part("act")), asked.cycle_id, asked.visitor
    waiting = acting.waiting(visitor.office, cycle_id, row.trigger)
    one = _of_number(waiting, asked.part("seq"))
    trouble: TsudoiError | None = None
    if asked.is_sent:
        try:
            outcome = _confirmed(asked, cycle_id, row.trigger, one.seq)
        except TsudoiError as refused:
            trouble = refused
        else:
            return told(asked, cycle_id, [outcome])
    with visitor.office.look(cycle_id) as here:
        people, roles = here.facts.people, row.second_under(here.programme)
        others = [it for it in people.values() if it.id != one.by and it.is_valid_on(here.today)]
        deciders = [it for it in others if it.roles & set(roles)]
        names = {person.id: person.name for person in people.values()}
    rows = rows_of(one.record)
    record = [it for it in in_words_of(one.record) if it[0] not in dict(rows)]
    return asked.shown(
        "proposal.html", cycle=cycle_id, title=act_title(row.trigger), one=one, rows=rows, record=record,
        names=names, deciders=deciders, may=visitor.has(*roles) and visitor.id != one.by, trouble=trouble,
    )  # fmt: skip


def _of_number(waiting: list[Proposed], text: str) -> Proposed:
    found = next((one for one in waiting if str(one.seq) == text), None)
    if found is None:
        raise Unknown(
            _("This proposal waits no more: it was confirmed, or another took its place."),
            _("Look at your own work for what waits."),
        )
    return found


def _confirmed(asked: Asked, cycle_id: str, trigger: str, seq: int) -> Outcome:
    visitor, sent = asked.visitor, asked.sent
    if number := sent.one("decision"):
        decided_on: date | None = None
        with suppress(ValueError):
            decided_on = date.fromisoformat(sent.one("decided_on"))
        if decided_on is None:
            raise BadInput(_("The date of the approval is missing or wrong."), _("Choose it again."))
        by = sent.one("by")
        return acting.confirm(
            visitor.office, cycle_id, trigger, by=by, proposal=seq, decision_number=number, decided_on=decided_on
        )
    # The session may have been left open at a desk: the second pair of eyes is asked for the passphrase itself.
    identity.unlock(asked.office, visitor.id, sent.texts.get("passphrase", [""])[0])
    return acting.confirm(visitor.office, cycle_id, trigger, by=visitor.id, proposal=seq)


PAGES = (
    Page(path="/{cycle}/proposals/{act}/{seq}", shows=proposal, takes_a_form=True, readers=STAFF | REGISTER),
)  # fmt: skip
