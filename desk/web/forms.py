"""The parts of an act's form: what it carries, its own fields with what is known of them, and what was typed."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from desk.web.asked import Asked
from desk.web.inputs import Choices, Input, inputs, told_by, typed
from desk.web.visitors import Visitor
from models import choices as words_of
from models.clock import TOKYO
from models.errors import BadInput
from models.fields import Field, fields_of
from models.people import Person, Role, Side
from models.words import _, in_words
from states.look import Look
from states.rows import Row
from states.table import BY_TRIGGER
from steps import acting
from steps.acting import Typed
from steps.entry_forms import Came
from steps.work import WORK
from views import agenda, checklist, known
from views.checklist import Listed
from views.known import Filled, Form
from views.standing import act_title

CLAIMS = "claim_measures"
Wrong = Mapping[str, str]  # what is wrong, by the name of an input


@dataclass(frozen=True, kw_only=True)
class Part:
    """One act on a form: who may have done it, and its fields. What it is carried with stands before the form's own.

    Of the measures there may be several parts, each with an evidence of its own: `lines` are those that may be ticked.
    """

    row: Row
    name: str  # stands before the names of its fields
    doers: tuple[Person, ...]
    by: str
    inputs: tuple[Input, ...]
    is_own: bool = False
    is_sent: bool = True
    side: str = ""
    lines: tuple[Listed, ...] = ()
    is_spare: bool = False

    @property
    def first(self) -> tuple[Input, ...]:
        """Return what is needed, and what is known of it."""
        return tuple(one for one in self.inputs if one.is_first)

    @property
    def others(self) -> tuple[Input, ...]:
        """Return what need not be given."""
        return tuple(one for one in self.inputs if not one.is_first)

    @property
    def switch(self) -> str:
        """Return the name of the tick by which it is entered together with the form."""
        return f"with.{self.name.removesuffix('.')}"


def parts(
    asked: Asked, here: Look, row: Row, wrong: Wrong | None = None, came: Came | None = None
) -> list[Part]:  # fmt: skip
    """Return the acts of a form: those that it may carry, where the visitor may enter them now, and its own.

    What `came` in Excel stands in the fields of its own act.
    """
    carried = [BY_TRIGGER[act] for act in row.carries if not BY_TRIGGER[act].by_machine]
    possible = [act for act in carried if here.facts.state in act.froms and _doers(asked, here, act)]
    coming = frozenset(act.trigger for act in possible if act.trigger != CLAIMS and _is_coming(asked, here, act))
    found = list[Part]()
    for act in possible:
        if act.trigger == CLAIMS:
            found += _claims(asked, here, row, coming, wrong or {})
        else:
            found.append(_part(asked, here, act, f"{act.trigger}.", coming, wrong or {}))
    return [*found, _part(asked, here, row, f"{row.trigger}.", coming, wrong or {}, is_own=True, came=came)]


def those_sent(of_form: Iterable[Part]) -> list[Part]:
    """Return the parts that were sent: the form's own, what was ticked to go with it, and measures that were ticked."""
    return [part for part in of_form if part.is_own or part.is_sent]


def nothing_is_lost(asked: Asked, offered: Sequence[Part]) -> None:
    """Refuse a form that carries what is offered no more: somebody else did it since the form was opened.

    The same form sent once more is none: what it carried is offered no more because it is done.

    Raises:
        BadInput: so it is.

    """
    if acting.is_recorded(asked.visitor.office, _key(asked, next(part for part in offered if part.is_own))):
        return
    known_names = {name for part in offered for name in (part.switch, f"{part.name}measures")}
    ticked = [name for name in asked.sent.texts if name.startswith("with.") or name.endswith(".measures")]
    if not known_names.issuperset(ticked):
        raise BadInput(
            _("What this form carries was done by somebody else since it was opened."), _("Open it again and send it.")
        )


def typed_of(asked: Asked, part: Part) -> Typed:
    """Return what was typed into a part.

    Raises:
        BadInput: it is entered in the name of somebody whom the form does not offer, or a file cannot be kept.

    """
    by = asked.sent.one(f"{part.name}by")
    if by not in {person.id for person in part.doers}:
        raise BadInput(
            _("“{act}” can be entered in your own name, or for the contractor's people.").format(
                act=act_title(part.row.trigger)
            ),
            _("Choose one of those that the form offers."),
        )
    fields = typed(asked.visitor.office, _fields(part.row), asked.sent, prefix=part.name)
    for name in known.left_out(part.row.trigger, fields):
        fields.pop(name, None)
    fields |= known.counted(part.row.record, fields)
    return Typed(
        trigger=part.row.trigger, by=by, fields=fields, key=_key(asked, part),
        occurred_at=_moment(asked.sent.one("occurred_at")),
    )  # fmt: skip


def _key(asked: Asked, part: Part) -> str:
    """Return by which key an act of a form is told from the same act of another form, "" where the form has none."""
    key = asked.sent.one("key")[:64]
    return f"{asked.cycle_id}/{part.name}{key}" if key else ""


def sent_again(asked: Asked, form: Sequence[tuple[Part, Typed]]) -> list[tuple[str, str]]:
    """Return what was sent as hidden fields, with the hashes of the files that are kept already."""
    texts = [(name, text) for name, all_of_it in asked.sent.texts.items() if name != "token" for text in all_of_it]
    hashes = [
        (name, str(one.fields[name.removeprefix(part.name)]))
        for name in asked.sent.files for part, one in form if name.removeprefix(part.name) in one.fields
    ]  # fmt: skip
    return [*(pair for pair in texts if pair[0] not in asked.sent.files), *hashes]


def choices_of(here: Look, visitor: Visitor) -> Choices:
    """Return what can be chosen on the forms of a year: the contractor's people see the things of their own side."""
    facts, theirs = here.facts, visitor.is_contractors
    return Choices(
        people=sorted(
            (person for person in facts.people.values() if person.is_valid_on(facts.today)),
            key=lambda person: (person.side, person.id),
        ),
        items=[
            (item.number, words_of.said(words_of.ITEMS, item.kind))
            for item in facts.items if not theirs or item.state == "with_contractor"
        ],
        things=[
            (item.number, words_of.said(words_of.ITEMS, item.kind), item.state)
            for item in facts.things_in("with_ward", "with_contractor", "with_subcontractor")
            if not theirs or item.state == "with_contractor"
        ],
        measures=[
            (measure.id, f"{measure.id} {measure.text}")
            for measure in facts.measures.values() if not theirs or measure.side == Side.CONTRACTOR.value
        ],
        codes={
            "act": [(act, act_title(act)) for act in facts.due if act not in facts.done],
            "commitment": [(key, in_words(ja=it.ja, en=it.en)) for key, it in here.programme.commitments.items()],
        },
    )  # fmt: skip


def _is_coming(asked: Asked, here: Look, row: Row) -> bool:
    """Tell whether a carried act is entered with the form: as it was ticked, else where it is owed and not done."""
    if asked.is_sent:
        return bool(asked.sent.one(f"with.{row.trigger}"))
    return row.trigger in here.facts.due and row.trigger not in here.facts.done


def _part(
    asked: Asked, here: Look, row: Row, name: str, coming: frozenset[str], wrong: Wrong, *, is_own: bool = False,
    came: Came | None = None,
) -> Part:  # fmt: skip
    doers = _doers(asked, here, row)
    by = (came.by if came else asked.sent.one(f"{name}by")) or (doers[0].id if doers else "")
    form = Form(here=here, row=row, by=by, typist=asked.visitor.person, carries=coming)
    return Part(
        row=row, name=name, doers=doers, by=by, is_own=is_own, is_sent=is_own or row.trigger in coming,
        inputs=_inputs(
            asked, form, name, wrong, link=asked.request.query_params if is_own else {},
            read=came.values if came else {},
        ),
    )  # fmt: skip


def _claims(asked: Asked, here: Look, row: Row, coming: frozenset[str], wrong: Wrong) -> list[Part]:
    """Return a part for each evidence by which the open measures of a side may be claimed, and one spare a side."""
    lines = {line.measure.id: line for line in checklist.checklist(here, row, coming)}
    claimed = checklist.to_be_claimed(here, row, coming)
    found = [(group, "") for group in checklist.groups(here, claimed)]
    spare = [(group, "-2") for group in checklist.groups(here, claimed | checklist.may_be_claimed(here, row))]
    return [
        replace(
            _group(asked, here, group, f"{CLAIMS}.{group.side}-{group.kind}{nth}.",
                   [lines[it] for it in group.measures], wrong),
            is_spare=bool(nth),
        )
        for group, nth in (*found, *spare)
    ]  # fmt: skip


def _group(
    asked: Asked, here: Look, group: checklist.Group, name: str, lines: Sequence[Listed], wrong: Wrong
) -> Part:  # fmt: skip
    row = BY_TRIGGER[CLAIMS]
    doers = _doers(asked, here, row)
    if group.side == "contractor" and asked.visitor.has(Role.COORDINATOR):
        doers = _contractors(asked, here, row) or doers
    by = asked.sent.one(f"{name}by") or doers[0].id
    form = Form(here=here, row=row, by=by, typist=asked.visitor.person)
    fields = [one for one in _inputs(asked, form, name, wrong) if one.field.name != "measures"]
    if not asked.is_sent:
        stands = {"kind": Filled(group.kind)} | _as_last_year(here, group)
        fields = [_standing(one, stands[one.field.name]) if one.field.name in stands else one for one in fields]
        unusual = "evidence_file" if group.kind == "check" else "result"
        fields = [replace(one, is_first=False) if one.field.name == unusual else one for one in fields]
    ticked = frozenset(asked.sent.all(f"{name}measures"))
    return Part(
        row=row, name=name, doers=doers, by=by, inputs=tuple(fields), is_sent=bool(ticked), side=group.side,
        lines=tuple(replace(line, is_ticked=line.measure.id in ticked) for line in lines),
    )  # fmt: skip


def _as_last_year(here: Look, group: checklist.Group) -> dict[str, Filled]:
    """Return the words by which the measures of a group were claimed in the year before."""
    before = [claim for name, claim in checklist.last_year(here).items() if name in group.measures]
    said = {"evidence": before[0].evidence, "result": before[0].result} if before else {}
    return {name: Filled(words, "last year") for name, words in said.items() if words}


def _standing(one: Input, filled: Filled) -> Input:
    return replace(one, value=filled.value, filled=filled, is_first=True)


def _inputs(
    asked: Asked, form: Form, name: str, wrong: Wrong, *, link: Mapping[str, str] | None = None,
    read: Mapping[str, Any] | None = None,
) -> tuple[Input, ...]:  # fmt: skip
    fields = [field for field in _fields(form.row) if not known.is_counted(form.row.record, field.name)]
    linked = {field: Filled(text) for field, text in told_by(link or {}, fields).items()}
    filled = {**known.known(form, fields), **linked, **{it: Filled(value) for it, value in (read or {}).items()}}
    values = _as_sent(asked, fields, name) if asked.is_sent else {it: one.value for it, one in filled.items()}
    own = {field.removeprefix(name): words for field, words in wrong.items() if field.startswith(name)}
    return tuple(
        replace(
            one, filled=filled.get(one.field.name), shown=_shown(one),
            sides=known.people_of(form.row.trigger, one.field.name),
            states=known.ITEMS_IN.get((form.row.trigger, one.field.name), ()),
            asked_by_a_guard=known.is_asked_by_a_guard(form, one.field),
            is_first=known.is_asked_first(form, one.field) or one.field.name in filled or bool(one.wrong),
        )
        for one in inputs(fields, values, own, prefix=name)
    )  # fmt: skip


def _shown(one: Input) -> Any:
    return "words" if one.field.name in known.AS_WORDS and one.value and not one.wrong else "typed"


def _fields(row: Row) -> list[Field]:
    """Return what a person types of an act; of the machine's work only what the machine cannot know."""
    work = WORK.get(row.trigger)
    return [field for field in fields_of(row.record) if work is None or field.name in work.typed]


def _as_sent(asked: Asked, fields: Sequence[Field], prefix: str) -> dict[str, Any]:
    """Return what was sent, to stand in the form again; a file that cannot be kept must be chosen anew."""
    files = [field for field in fields if field.takes.typed_as == "file"]
    with suppress(BadInput):
        return typed(asked.office, fields, asked.sent, prefix=prefix)
    return typed(asked.office, [field for field in fields if field not in files], asked.sent, prefix=prefix)


def _doers(asked: Asked, here: Look, row: Row) -> tuple[Person, ...]:
    """Return in whose name the visitor may enter an act: the own, or, of the contractor's acts, one of his people."""
    person = asked.visitor.person
    own = (person,) if person.roles & set(row.who_under(here.programme)) else ()
    for_another = _contractors(asked, here, row) if row.owner_under(here.programme) is Side.CONTRACTOR else ()
    return (*for_another, *own) if Role.COORDINATOR in person.roles else own


def _contractors(asked: Asked, here: Look, row: Row) -> tuple[Person, ...]:
    if not agenda.may_enter(here, asked.visitor.person, row.trigger):
        return ()
    facts, who = here.facts, set(row.who_under(here.programme))
    return tuple(
        other for other in facts.people.values()
        if other.side is Side.CONTRACTOR and other.is_valid_on(facts.today) and other.roles & who
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=TOKYO) if text else None
    except ValueError:
        raise BadInput(_("The time at which it happened cannot be read."), _("Choose it again.")) from None
