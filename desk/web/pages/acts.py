"""The form of an act, made from its row and its record: whatever can be known is filled in, the rest is asked for.

What would be recorded as a deviation is asked about once before it becomes a fact (Law 8).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from desk.web.asked import CONTRACTOR, REGISTER, STAFF, Asked, Page
from desk.web.inputs import Choices, Input, inputs, typed
from desk.web.visitors import Visitor
from models import choices as words_of
from models.clock import TOKYO
from models.errors import BadInput, Refused, TsudoiError, Unknown, Unmet
from models.fields import Field, fields_of
from models.people import Person, Side
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
from views import agenda, known
from views.stages import title_of
from views.standing import act_title, state_title


@dataclass(frozen=True, kw_only=True)
class Part:
    """One act on a form: who may have done it, and its fields. What it is carried with stands before the form's own."""

    row: Row
    doers: tuple[Person, ...]
    by: str
    inputs: tuple[Input, ...]
    is_sent: bool = True

    @property
    def name(self) -> str:
        """Return what stands before the names of its fields."""
        return f"{self.row.trigger}."


def act(asked: Asked) -> Response:
    """Show the form of an act, or do it as it was filled in; a form that came in Excel is filed with it."""
    row, cycle_id, visitor = row_of(asked.part("act")), asked.cycle_id, asked.visitor
    if not asked.is_sent:
        with visitor.office.look(cycle_id) as here:
            return _form(asked, here, row, {})
    with visitor.office.look(cycle_id) as here:
        parts = [part for part in _parts(asked, here, row, {}) if part.row is row or _is_carried(asked, part.row)]
    try:
        form = [_typed(asked, part) for part in parts]
        if (gaps := _doubts(asked, cycle_id, form)) and not asked.sent.one("sure"):
            return asked.shown(
                "sure.html", row=row, cycle=cycle_id, gaps=gaps, sent=_sent_again(asked, form), blind=_is_blind(parts)
            )
        outcomes = _entered(asked, cycle_id, form)
    except acting.WrongFields as wrong:
        return _once_more(asked, cycle_id, row, wrong, wrong.wrong)
    except (BadInput, Refused) as refused:
        return _once_more(asked, cycle_id, row, refused, {})
    return told(asked, cycle_id, outcomes, _filed(asked, cycle_id, form[-1]))


def as_read(asked: Asked, cycle_id: str, came: Came) -> Response:
    """Show the form of an act as it was read from Excel, with what is wrong at its field; nothing is recorded yet."""
    with asked.visitor.office.look(cycle_id) as here:
        return _form(asked, here, came.row, came.wrong, came=came)


def _filed(asked: Asked, cycle_id: str, own: Typed) -> str:
    """File the form in Excel of an act that was just recorded, where it is a document; say in words what came of it."""
    file = asked.sent.one("excel")
    if own.trigger not in DOCUMENT_OF or not file:
        return ""
    return entry_forms.file(asked.visitor.office, cycle_id, own.trigger, file, by=own.by)


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


def _doubts(asked: Asked, cycle_id: str, form: Sequence[Typed]) -> tuple[Unmet, ...]:
    """Return what would be a deviation; of the machine's own work nothing is typed that could be a slip."""
    if form[-1].trigger in WORK:
        return ()
    return acting.doubts(asked.visitor.office, cycle_id, form)


def _is_blind(parts: Sequence[Part]) -> bool:
    """Tell a count of the other side: whoever counts again is not told what should come out (two-sided counts)."""
    return any(part.row.owner is Side.CONTRACTOR for part in parts)


def _form(
    asked: Asked, here: Look, row: Row, wrong: Mapping[str, str], trouble: TsudoiError | None = None,
    *, came: Came | None = None,
) -> Response:  # fmt: skip
    visitor = asked.visitor
    if not agenda.may_enter(here, visitor.person, row.trigger):
        raise Unknown(
            _("“{act}” is not yours to enter.").format(act=act_title(row.trigger)), _("Go back to your own work.")
        )
    facts, parts = here.facts, _parts(asked, here, row, wrong, came)
    return asked.shown(
        "act.html", row=row, title=act_title(row.trigger), cycle=here.cycle_id, parts=parts,
        stage=title_of(STAGE_OF[row.trigger]), due_on=facts.due.get(row.trigger), trouble=trouble,
        unmet=visitor.hears(trouble.unmet if isinstance(trouble, Refused) else missing(facts, row)),
        choices=_choices(here, visitor), key=asked.sent.one("key") or uuid.uuid4().hex,
        occurred_at=asked.sent.one("occurred_at"), second=row.second_under(here.programme),
        machine=WORK.get(row.trigger), year=facts.fiscal_year, excel=came.file if came else asked.sent.one("excel"),
        is_read=came is not None,
    )  # fmt: skip


def _once_more(asked: Asked, cycle_id: str, row: Row, trouble: TsudoiError, wrong: Mapping[str, str]) -> Response:
    """Show the form again as it was filled in, with what is wrong at its field."""
    with asked.visitor.office.look(cycle_id) as here:
        response = _form(asked, here, row, wrong, trouble)
    response.status_code = 422
    return response


def _parts(asked: Asked, here: Look, row: Row, wrong: Mapping[str, str], came: Came | None = None) -> list[Part]:
    """Return the acts of a form: those that it may carry, where somebody may enter them now, and its own."""
    carried = [BY_TRIGGER[trigger] for trigger in row.carries if not BY_TRIGGER[trigger].by_machine]
    return [
        *(_part(asked, here, one, {}, own=False, came=came) for one in carried if here.facts.state in one.froms),
        _part(asked, here, row, wrong, own=True, came=came),
    ]


def _part(asked: Asked, here: Look, row: Row, wrong: Mapping[str, str], *, own: bool, came: Came | None) -> Part:
    prefix, fields = f"{row.trigger}.", _fields(row)
    doers = _doers(asked, here, row)
    is_typed, read = asked.is_sent and came is None, came if own else None
    filled = {} if is_typed else known.known(here, row) | dict(read.values if read else {})
    values = _as_sent(asked, fields, prefix) if is_typed else filled
    by = read.by if read else asked.sent.one(f"{prefix}by")
    return Part(
        row=row, doers=doers, by=by or (doers[0].id if doers else ""),
        inputs=inputs(fields, values, wrong, prefix=prefix, known=filled),
        is_sent=own or _is_carried(asked, row),
    )  # fmt: skip


def _fields(row: Row) -> list[Field]:
    """Return what a person types of an act; of the machine's work only what the machine cannot know."""
    work = WORK.get(row.trigger)
    return [field for field in fields_of(row.record) if work is None or field.name in work.typed]


def _as_sent(asked: Asked, fields: Sequence[Field], prefix: str) -> dict[str, Any]:
    """Return what was sent, to stand in the form again; a file must be chosen anew, a browser fills none in."""
    return typed(asked.office, [field for field in fields if field.takes.typed_as != "file"], asked.sent, prefix=prefix)


def _doers(asked: Asked, here: Look, row: Row) -> tuple[Person, ...]:
    """Return in whose name the visitor may enter an act: the own, or, of the contractor's acts, one of his people."""
    person, facts = asked.visitor.person, here.facts
    who = set(row.who_under(here.programme))
    if person.roles & who:
        return (person,)
    if not agenda.may_enter(here, person, row.trigger):
        return ()
    return tuple(
        other for other in facts.people.values()
        if other.side is Side.CONTRACTOR and other.is_valid_on(facts.today) and other.roles & who
    )  # fmt: skip


def _choices(here: Look, visitor: Visitor) -> Choices:
    """Return what can be chosen; the contractor's people see of things and measures only those of their own side."""
    facts, theirs = here.facts, visitor.is_contractors
    return Choices(
        people=sorted(
            (person for person in facts.people.values() if person.is_valid_on(facts.today)),
            key=lambda person: (person.side, person.id),
        ),
        items=[
            (item.number, words_of.said(words_of.ITEMS, item.kind))
            for item in facts.items
            if not theirs or item.state == "with_contractor"
        ],
        measures=[
            (measure.id, f"{measure.id} {measure.text}")
            for measure in facts.measures.values()
            if not theirs or measure.side == Side.CONTRACTOR.value
        ],
    )  # fmt: skip


def _is_carried(asked: Asked, row: Row) -> bool:
    return bool(asked.sent.one(f"with.{row.trigger}"))


def _typed(asked: Asked, part: Part) -> Typed:
    sent, row = asked.sent, part.row
    by = sent.one(f"{part.name}by")
    if by not in {person.id for person in part.doers}:
        raise BadInput(
            _("“{act}” can be entered in your own name, or for the contractor's people.").format(
                act=act_title(row.trigger)
            ),
            _("Choose one of those that the form offers."),
        )
    key = sent.one("key")[:64]
    return Typed(
        trigger=row.trigger, by=by, fields=typed(asked.visitor.office, _fields(row), sent, prefix=part.name),
        key=f"{asked.cycle_id}/{row.trigger}/{key}" if key else "", occurred_at=_moment(sent.one("occurred_at")),
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=TOKYO) if text else None
    except ValueError:
        raise BadInput(_("The time at which it happened cannot be read."), _("Choose it again.")) from None


def _sent_again(asked: Asked, form: Sequence[Typed]) -> list[tuple[str, str]]:
    """Return what was sent as hidden fields, with the hashes of the files that are kept already."""
    texts = [(name, text) for name, all_of_it in asked.sent.texts.items() if name != "token" for text in all_of_it]
    hashes = [
        (name, str(one.fields[name.removeprefix(f"{one.trigger}.")]))
        for name in asked.sent.files for one in form if name.removeprefix(f"{one.trigger}.") in one.fields
    ]  # fmt: skip
    return [*(pair for pair in texts if pair[0] not in asked.sent.files), *hashes]


def told(asked: Asked, cycle_id: str, outcomes: Sequence[Outcome], more: str = "") -> Response:
    """Say what came of it, what did not hold, what is left to do, and whatever is to be said `more`."""
    with asked.visitor.office.look(cycle_id) as here:
        year, on_hold = here.facts.fiscal_year, here.facts.on_hold
    return asked.shown(
        "told.html", cycle=cycle_id, on_hold=on_hold, more=more,
        told=[
            (act_title(it.trigger), it, state_title(it.state), [_claim(it.trigger, name) for name in it.deviations],
             [_claim(it.trigger, name) for name in it.warnings], words_of_what_is_left(it, year))
            for it in outcomes
        ],
    )  # fmt: skip


def _claim(trigger: str, guard: str) -> str:
    row = BY_TRIGGER[trigger]
    return _(next((claim.claim for claim in row.claims if claim.name == guard), guard))


PAGES = (
    Page(path="/{cycle}/acts/{act}", shows=act, takes_a_form=True, readers=STAFF | REGISTER | CONTRACTOR),
)  # fmt: skip
