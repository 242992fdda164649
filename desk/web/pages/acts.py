"""The form of an act, made from its row and its record: whatever can be known is filled in, the rest is asked for.

What would be recorded as a deviation is asked about once before it becomes a fact (Law 8).
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from desk.web import forms
from desk.web.asked import CONTRACTOR, REGISTER, STAFF, Asked, Page
from desk.web.forms import Part, Wrong
from desk.web.places import PLACES
from desk.web.uploads import Sent
from models.errors import BadInput, Refused, TsudoiError, Unmet
from models.people import Side
from models.words import _
from papers.entry_forms import DOCUMENT_OF
from states.acts import Outcome, row_of
from states.gaps import missing
from states.look import Look
from states.rows import Row
from states.table import BY_TRIGGER, STAGE_OF
from steps import acting, entry_forms
from steps.acting import Typed
from steps.after import words_of_what_is_left
from steps.entry_forms import Came
from steps.work import WORK
from views import agenda, checklist, reported
from views.incidents import opened_by
from views.stages import title_of
from views.standing import act_title, state_title

_HAPPENED = "already_happened"
_FOLLOWING = 4  # acts that may be done next, named after one is done


def act(asked: Asked) -> Response:
    """Show the form of an act, or do it as it was filled in."""
    row, cycle_id, visitor = row_of(asked.part("act")), asked.cycle_id, asked.visitor
    if not asked.is_sent and row.trigger in PLACES:
        return asked.on_to(f"/{cycle_id}/{PLACES[row.trigger]}")
    with visitor.office.look(cycle_id) as here:
        if not asked.is_sent or asked.sent.one("again"):  # back to what was typed, to look at it once more
            return _form(asked, here, row, {})
        offered = forms.parts(asked, here, row)
    try:
        forms.nothing_is_lost(asked, offered)
        parts = forms.those_sent(offered)
        typed = [(part, forms.typed_of(asked, part)) for part in parts]
        if wrong := _wrong(typed):
            return _once_more(asked, cycle_id, row, *wrong)
        form = [one for _part, one in typed]
        if not asked.sent.one("sure") and (question := _question(asked, cycle_id, typed)):
            return question
        outcomes = _entered(asked, cycle_id, form)
    except (BadInput, Refused) as refused:
        return _once_more(asked, cycle_id, row, refused, {})
    return told(asked, cycle_id, outcomes, _filed(asked, cycle_id, form[-1]))


def as_read(asked: Asked, cycle_id: str, came: Came) -> Response:
    """Show the form of an act as it was read from Excel, with what is wrong at its field; nothing is recorded yet."""
    wrong = {f"{came.row.trigger}.{field}": words for field, words in came.wrong.items()}
    with asked.visitor.office.look(cycle_id) as here:
        return _form(replace(asked, sent=Sent(), is_opened=True), here, came.row, wrong, came=came)


def _filed(asked: Asked, cycle_id: str, own: Typed) -> tuple[str, ...]:
    """File the form in Excel of an act that was just recorded, where it is a document; say in words what came of it."""
    file = asked.sent.one("excel")
    if own.trigger not in DOCUMENT_OF or not file:
        return ()
    return (entry_forms.file(asked.visitor.office, cycle_id, own.trigger, file, by=own.by),)


def _wrong(typed: Sequence[tuple[Part, Typed]]) -> tuple[TsudoiError, Wrong] | None:
    """Return what is wrong with the fields, each by the name of its input, and what to say above them."""
    found: dict[str, str] = {}
    trouble: TsudoiError | None = None
    for part, one in typed:
        if part.row.trigger in WORK:  # its step reads what is typed
            continue
        try:
            acting.record_of(part.row.record, one.fields)
        except acting.WrongFields as wrong:
            found |= {part.name + field: words for field, words in wrong.wrong.items()}
            trouble = BadInput(_("Something is missing or wrong."), _("It is said at each field; nothing is recorded."))
    return (trouble, found) if trouble else None


def _question(asked: Asked, cycle_id: str, typed: Sequence[tuple[Part, Typed]]) -> Response | None:
    """Ask once before a slip of the finger becomes a fact (Law 8), in figures only where they are the ward's own.

    Of the machine's own work nothing is typed that could be a slip.
    """
    form, own = [one for _part, one in typed], typed[-1][0]
    if own.row.trigger in WORK:
        return None
    with asked.visitor.office.look(cycle_id) as here:
        moved = {one.trigger for one in form[:-1]} - {forms.CLAIMS}  # a report on the form moves the counts
        differing = () if moved else reported.differing(here.facts, own.row.trigger, form[-1].fields)
        stops = reported.difference(here.facts, own.row, differing) if differing else {}
    sent = forms.sent_again(asked, typed)
    gaps = _as_it_happened(asked, cycle_id, form, own.row) if differing else None
    if gaps is None:
        gaps = acting.doubts(asked.visitor.office, cycle_id, form)
    else:
        sent.append((f"{own.name}{_HAPPENED}", "true"))
    if not gaps and not differing:
        return None
    return asked.shown(
        "sure.html", row=own.row, cycle=cycle_id, gaps=gaps, differing=differing, sent=sent, stops=stops,
        blind=any(part.row.owner is Side.CONTRACTOR for part, _one in typed) or any(it.is_blind for it in differing),
        key=asked.sent.one("key"), by=asked.visitor.id, recorded_by=reported.DIFFERENCE,
    )  # fmt: skip


def _as_it_happened(asked: Asked, cycle_id: str, form: Sequence[Typed], row: Row) -> tuple[Unmet, ...] | None:
    """Return what speaks against a movement that has happened already, if it is its count alone; None elsewhere.

    Whoever confirms the count confirms that alone: it lets nothing else pass that would be refused.
    """
    *others, own = form
    if not row.is_movement or own.fields.get(_HAPPENED):
        return None
    happened = replace(own, fields={**own.fields, _HAPPENED: True})
    gaps = acting.doubts(asked.visitor.office, cycle_id, [*others, happened])
    return gaps if {gap.guard for gap in gaps} <= reported.count_guards(row) else None


def _entered(asked: Asked, cycle_id: str, form: Sequence[Typed]) -> tuple[Outcome, ...]:
    office = asked.visitor.office
    if len(form) > 1:
        return acting.enter(office, cycle_id, form)
    [one] = form
    return (
        acting.perform(
            office, cycle_id, one.trigger, by=one.by, fields=one.fields, key=one.key, occurred_at=one.occurred_at
        ),
    )


def _form(
    asked: Asked, here: Look, row: Row, wrong: Wrong, trouble: TsudoiError | None = None, *, came: Came | None = None
) -> Response:  # fmt: skip
    visitor = asked.visitor
    visitor.must_enter(here, row.trigger)
    facts, parts = here.facts, forms.parts(asked, here, row, wrong, came)
    return asked.shown(
        "act.html", row=row, title=act_title(row.trigger), cycle=here.cycle_id, own=parts[-1],
        carried=[part for part in parts[:-1] if not part.lines], claims=[part for part in parts[:-1] if part.lines],
        lines=_lines(here, row, parts), reports=reported.reports(here, row),
        stage=title_of(STAGE_OF[row.trigger]), due_on=facts.due.get(row.trigger), trouble=trouble,
        unmet=visitor.hears(trouble.unmet if isinstance(trouble, Refused) else _missing(here, row, parts)),
        choices=forms.choices_of(here, visitor), key=asked.sent.one("key") or uuid.uuid4().hex,
        occurred_at=asked.sent.one("occurred_at"), second=row.second_under(here.programme),
        machine=WORK.get(row.trigger), year=facts.fiscal_year, excel=came.file if came else asked.sent.one("excel"),
        is_read=came is not None,
    )  # fmt: skip


def _missing(here: Look, row: Row, parts: Sequence[Part]) -> list[Unmet]:
    """Return what is missing that the form itself does not bring."""
    brought = {part.row.trigger for part in parts}
    if not checklist.to_be_claimed(here, row, _coming(parts)):  # the acts on the form show what is not shown yet
        brought.add(forms.CLAIMS)
    return [gap for gap in missing(here.facts, row) if gap.act not in brought]


def _coming(parts: Sequence[Part]) -> frozenset[str]:
    """Return the acts that are entered with a form before its own."""
    return frozenset(part.row.trigger for part in parts if part.is_sent and not part.is_own and not part.lines)


def _lines(here: Look, row: Row, parts: Sequence[Part]) -> list[checklist.Listed]:
    """Return the measures that are not to be ticked: what shows them, or when they are asked for."""
    if not any(part.lines for part in parts):
        return []
    return [line for line in checklist.checklist(here, row, _coming(parts)) if line.stands != "to be claimed"]


def _once_more(asked: Asked, cycle_id: str, row: Row, trouble: TsudoiError, wrong: Wrong) -> Response:
    """Show the form again as it was filled in, with what is wrong at its field."""
    with asked.visitor.office.look(cycle_id) as here:
        response = _form(asked, here, row, wrong, trouble)
    response.status_code = 422
    return response


def told(asked: Asked, cycle_id: str, outcomes: Sequence[Outcome], notes: Sequence[str] = ()) -> Response:
    """Say what came of it, what did not hold, and what is left to do; `notes` are what else is to be said."""
    with asked.visitor.office.look(cycle_id) as here:
        on_hold = here.facts.on_hold
        due = agenda.agenda([here], asked.visitor.person)
        following = [item.owed for item in (*due.mine, *due.for_contractor) if not item.owed.unmet][:_FOLLOWING]
        opened = opened_by(here, outcomes) if asked.visitor.has(*STAFF) else ()
    return asked.shown(
        "told.html", cycle=cycle_id, on_hold=on_hold, following=following, notes=notes, opened=opened,
        told=[
            (act_title(it.trigger), it, state_title(it.state), [_claim(it.trigger, name) for name in it.deviations],
             [_claim(it.trigger, name) for name in it.warnings], words_of_what_is_left(it))
            for it in outcomes
        ],
    )  # fmt: skip


def _claim(trigger: str, guard: str) -> str:
    row = BY_TRIGGER[trigger]
    return _(next((claim.claim for claim in row.claims if claim.name == guard), guard))


PAGES = (
    Page(path="/{cycle}/acts/{act}", shows=act, takes_a_form=True, readers=STAFF | REGISTER | CONTRACTOR),
)  # fmt: skip
