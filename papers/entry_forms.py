"""The forms by which the contractor reports in Excel: one of each act that is the contractor's, from its own record.

What the year knows stands in them already. They come back filled in and become the act (steps/entry_forms.py).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.entry_form import EntryForm
from models import choices
from models.clock import fiscal_year_title, wareki
from models.fields import Field, fields_of
from models.people import Person, Role, Side
from models.records.preparation import ContractConcluded
from models.words import _, speaking
from states.facts import ItemFact
from states.look import Look
from states.rows import Row
from states.table import BY_TRIGGER, TABLE
from views.known import Form, known, people_of
from views.standing import act_title

CONTRACTORS = frozenset({Role.HANDLING_MANAGER, Role.HANDLER})
# Where the file of a form is kept: in a field of its own act, or as a document of the year by its number.
OWN_FILE: Mapping[str, str] = {
    "register_handlers": "notice", "declare_subcontractor": "notice", "submit_work_plan": "plan",
    "report_status": "report", "report_change": "notice",
}  # fmt: skip
DOCUMENT_OF: Mapping[str, int] = {
    "report_receipt": 10, "report_printing": 12, "acknowledge_pull_list": 13, "acknowledge_final_pull_list": 13,
    "report_enclosing": 14, "return_items": 17, "report_erasure": 18, "report_completion": 19,
}  # fmt: skip


def is_reported(here: Look, row: Row) -> bool:
    """Tell an act that the contractor's people enter, and no machine brings."""
    programme = here.programme
    return (
        row.owner_under(programme) is Side.CONTRACTOR
        and bool(CONTRACTORS & set(row.who_under(programme)))
        and not row.by_machine
        and bool(row.froms)
    )


def reported_acts(here: Look) -> tuple[Row, ...]:
    """Return the acts of a year for which the contractor has a form, in their order."""
    return tuple(row for row in TABLE if is_reported(here, row))


def reporters(here: Look, row: Row) -> tuple[Person, ...]:
    """Return the contractor's people of today in whose name an act may be entered."""
    facts, who = here.facts, set(row.who_under(here.programme))
    return tuple(
        person
        for person in facts.people.values()
        if person.side is Side.CONTRACTOR and person.is_valid_on(facts.today) and person.roles & who
    )


def entry_form(here: Look, act: str, *, mailed: bool = False) -> EntryForm:
    """Return the form of an act as it goes out today, by mail without serials; its words are Japanese.

    A hash that the contractor reports is what the ward compares with its own: it is never filled in.
    """
    row, facts = BY_TRIGGER[act], here.facts
    with speaking("ja"):
        fields = [one for one in fields_of(row.record) if is_typed(one)]
        inserts = dict.fromkeys(insert.name for insert in here.programme.paper.inserts)
        valid = [person for person in facts.people.values() if person.is_valid_on(facts.today)]
        unsaid_kinds = {"file", "serials"} if mailed else {"file"}
        unsaid = {one.name for one in fields if one.takes.typed_as in unsaid_kinds}
        counted = {one.name: inserts for one in fields if one.takes.typed_as == "counts"}
        return EntryForm(
            act=act, cycle=here.cycle_id, title=act_title(act), above=(*contract_lines(here), _due(here, act)),
            fields=fields,
            values=counted | {name: value for name, value in _known(here, row, fields).items() if name not in unsaid},
            offered={
                "kind": {code: _(word) for code, word in choices.COPIES.items()},  # of a copy; others have own words
                "person": _named(valid), "item": {item.number: _item_words(item) for item in facts.items},
                **{
                    one.name: _named([person for person in valid if person.side in sides])
                    for one in fields if (sides := people_of(act, one.name))
                },
            },
            by=_named(reporters(here, row)),
        )  # fmt: skip


def _known(here: Look, row: Row, fields: Sequence[Field]) -> dict[str, Any]:
    """Return what is known of the fields of an act, as whoever may report it first would find it at the desk."""
    reporting = reporters(here, row)
    if not reporting:
        return {}
    form = Form(here=here, row=row, by=reporting[0].id, typist=reporting[0])
    return {name: filled.value for name, filled in known(form, fields).items()}


def is_typed(one: Field) -> bool:
    """Tell what can be typed into a cell; a file that may be missing is chosen at the desk."""
    return one.takes.typed_as != "file" or one.required


def contract_lines(here: Look) -> tuple[str, ...]:
    """Return what a contract is called, and whom to call about it: on its forms and in its letters."""
    facts, programme = here.facts, here.programme
    contract = facts.record("conclude_contract", ContractConcluded)
    numbered = _("(contract {number})").format(number=contract.contract_number) if contract else ""
    coordinators = "、".join(
        person.to_call
        for person in facts.people.values()
        if Role.COORDINATOR in person.roles and person.is_valid_on(facts.today)
    )
    return (
        _("Contract: {title} {year} {number}")
        .format(title=programme.title_ja, year=fiscal_year_title(facts.fiscal_year), number=numbered)
        .strip(),
        _("Call: {contact} {people}").format(contact=programme.sections.contact, people=coordinators).strip(),
    )


def _due(here: Look, act: str) -> str:
    due = here.facts.due.get(act)
    return _("Due: {day}").format(day=wareki(due)) if due else ""


def _item_words(item: ItemFact) -> str:
    return f"{item.number}（{choices.on_paper(choices.ITEMS, item.kind)}）"


def _named(people: Sequence[Person]) -> dict[str, str]:
    """Return the names of people by their ids, with the id where two are called alike."""
    said = {person.id: f"{person.name}（{person.side.label}）" for person in people}
    return {id_: words if list(said.values()).count(words) == 1 else f"{words} {id_}" for id_, words in said.items()}
