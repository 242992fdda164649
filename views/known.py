"""What a form can know before anybody types: from the year's record, its programme, the day, and last year's record.

A figure or a hash that the receiver of something reads for himself is never filled in (both sides stay blind), of days
only the one on which an act is entered, and no tick is set: a tick is the word of whoever sets it (decision 0038).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any, Literal, cast

from sqlalchemy import select
from sqlmodel import col

from adapters.programmes import template_sha256
from models import tables
from models.fields import Field
from models.people import Person, Role, Side
from models.records.base import REDACTED, ActRecord
from models.records.extraction import ExtractTaken
from models.records.printing import ImprintSampleSubmitted, TextProofSubmitted
from models.serials import compact, expand
from models.words import N_, _
from states import schedule
from states.facts import LISTS, Facts
from states.look import Look
from states.reading import HistoryOf
from states.rows import Row
from states.rules.approvals import unseen
from states.rules.conservation import as_scanned, integrity_shown
from states.rules.custody import ELSEWHERE, notice_in_force, sealed_last, slips_of_movements
from states.rules.mailing import returned_by_reason
from states.rules.supervision import open_findings
from views import commitments

How = Literal["record", "last year"]
_COPIES = 4


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form that is opened: at which moment, of which act, in whose name and typed by whom, and what it carries."""

    here: Look
    row: Row
    by: str
    typist: Person
    carries: frozenset[str] = frozenset()

    @property
    def facts(self) -> Facts:
        """Return the facts of the year."""
        return self.here.facts

    @property
    def today(self) -> date:
        """Return the day."""
        return self.facts.today

    @property
    def year(self) -> int:
        """Return the fiscal year."""
        return self.facts.fiscal_year

    def brought(self, act: str, field: str) -> Any:
        """Return what a field of an act said that is done, None where it is not."""
        done = self.facts.done.get(act)
        return json.loads(done.data).get(field) if done else None


@dataclass(frozen=True)
class Filled:
    """What stands in a field before anybody types, and who says so: the year's own record, or last year's."""

    value: Any
    how: How = "record"


Says = Callable[[Form], Any]


def _today(form: Form) -> Any:
    return form.today


def _slip(form: Form) -> Any:
    """Return the next number of a slip of this year that no movement has."""
    used = set(slips_of_movements(form.facts))
    return next(number for n in count(1) if (number := f"K-{form.year}-{n:02}") not in used)


def _occasion(form: Form) -> Any:
    return f"{form.row.ja} {form.today.month}月{form.today.day}日"


def _typist(*sides: Side) -> Says:
    """Return whoever types it, if he is of the side that gives or receives it."""
    return lambda form: form.typist.id if form.typist.side in sides else None


def _the_first_time(says: Says) -> Says:
    """Know it of the first time that an act is done, and nothing of a second look at the same."""
    return lambda form: None if form.row.trigger in form.facts.done else says(form)


def _poster(form: Form) -> Any:
    """Return whoever types it, where his side posts."""
    posts = Side.CONTRACTOR if form.facts.programme.consignment.poster == "contractor" else Side.WARD
    return _typist(posts)(form)


def _only(role: Role) -> Says:
    """Return whoever has a role, where nobody else has it today."""

    def says(form: Form) -> Any:
        people = _valid(form, role)
        return people[0] if len(people) == 1 else None

    return says


def _valid(form: Form, role: Role) -> list[str]:
    people = form.facts.people.values()
    return sorted(it.id for it in people if role in it.roles and it.is_valid_on(form.today))


def _due(act: str) -> Says:
    return lambda form: form.facts.due.get(act)


def _free(letter: str) -> Says:
    return lambda form: form.facts.free_number(letter)


def _next_version(act: str) -> Says:
    return lambda form: (form.brought(act, "version") or 0) + 1


def _version_in_hand(act: str, kind: type[TextProofSubmitted | ImprintSampleSubmitted]) -> Says:
    """Return the version that was submitted last, or that comes with this form."""

    def says(form: Form) -> Any:
        last = form.facts.record(act, kind)
        return (last.version if last else 0) + (act in form.carries) or None

    return says


def _contract_ends(form: Form) -> Any:
    ends = schedule.milestones(form.facts.programme, form.year, form.here.calendar)["contract_end"]
    return max(ends, form.facts.due.get("post", ends))


def _subcontracting(form: Form) -> Any:
    """Return that nothing is subcontracted where the referred matter says so; a consent has to be named."""
    return "none" if form.facts.programme.contractor.subcontracting == "none" else None


def _excluded(form: Form) -> Any:
    excluded = form.brought("take_extract", "excluded")
    return None if excluded is None else sum(excluded.values())


def _sealed_medium(form: Form) -> Any:
    sealed = sealed_last(form.facts)
    return sealed.medium if sealed else None


def _hard(form: Form) -> Any:
    """Return the rows that the imprint sample must show."""
    taken = form.facts.record("take_extract", ExtractTaken)
    here = form.facts.pieces.serials("exported", "printed")
    return compact(set(expand(taken.hard)) & here) if taken else None


def _counted(*states: str, origin: str = "", unless_with: str = "") -> Says:
    """Return how many pieces are there; what comes with the same form is not counted yet."""
    return lambda form: None if unless_with in form.carries else form.facts.pieces.count(*states, origin=origin) or None


def _scanned(field: str) -> Says:
    return lambda form: as_scanned(form.facts).get(field)


def _pulled(act: str) -> Says:
    return lambda form: form.brought(act, "pulled")


def _spoiled_stack(form: Form) -> Any:
    """Return the stack of spoiled sheets that the contractor has, or a new one."""
    there = form.facts.items_in("with_contractor", "spoiled_sheets")
    return there[0].number if there else form.facts.free_number("S")


def _things(*states: str) -> Says:
    return lambda form: [item.number for item in form.facts.things_in(*states)]


def _numbered_copies(form: Form) -> Any:
    """Return as many rows as a contractor usually makes copies, each with a number that no item has."""
    return [{"copy_number": _copy_number(form, nth)} for nth in range(_COPIES)]


def _copies_as_received(form: Form) -> Any:
    """Return as many copies, in the same places, as were made of what was received first; each has a new number."""
    first = form.brought("report_receipt", "copies")
    if not first:
        return _numbered_copies(form)
    return [{**copy, "copy_number": _copy_number(form, nth)} for nth, copy in enumerate(first)]


def _copies_to_erase(form: Form) -> Any:
    return [{"copy_number": item.number} for item in form.facts.copies_in(*ELSEWHERE)]


def _inserts(form: Form) -> Any:
    return {insert.name: "" for insert in form.facts.programme.paper.inserts}


def _received_on(form: Form) -> Any:
    received = form.facts.done.get("report_receipt")
    return received.on if received else None


def _keep_until(form: Form) -> Any:
    return f"{form.year + 1 + form.facts.programme.retention.years}-03-31"


def _keep_returned_until(form: Form) -> Any:
    return max(form.facts.due.get("destroy_items", form.today), form.today)


def _incident(form: Form) -> Any:
    [*numbers] = form.facts.incidents
    return numbers[0] if len(numbers) == 1 else None


def _finding(form: Form) -> Any:
    return next((found.number for found in open_findings(form.facts)), None)


def _unseen(form: Form) -> Any:
    return [decided.seq for decided in unseen(form.facts) if decided.in_place_of == form.by]


def _last_list(form: Form) -> Any:
    taken = form.facts.history.of(*LISTS)
    return json.loads(taken[-1].data)["list_sha256"] if taken else None


def _passed(form: Form) -> Any:
    return next((late.key for late in commitments.passed(form.here) if not late.is_accepted), None)


# Of every act, by the name of the field. A day stands here only where it is the day on which the act is done.
ANY_ACT: Mapping[str, Says] = {
    "slip": _slip,
    "occasion": _occasion,
    "rechecked_on": _today,
    "inspected_on": _today,
    "checked_on": _today,
    "self_checked_on": _today,
    "posted_on": _today,
    "completed_on": _today,
    "destroyed_on": _today,
    "settled_on": _today,
    "concluded_on": _today,
    "noticed_on": _today,
    "handling_manager": _only(Role.HANDLING_MANAGER),
    "confirmed_with": _only(Role.HANDLING_MANAGER),
    "checked_by": _only(Role.HANDLING_MANAGER),
    "notice": lambda form: notice_in_force(form.facts) if form.row.trigger == "record_notice_printed" else None,
    "incident": _incident,
    "inserts": _inserts,
    "inserts_left": _inserts,
}
# By act and field: what the year's record, or its programme, says of it; None takes back what every act knows.
KNOWN: Mapping[tuple[str, str], Says | None] = {
    ("conclude_contract", "begins_on"): _today,
    ("conclude_contract", "ends_on"): _contract_ends,
    ("conclude_contract", "instructed"): _only(Role.HANDLING_MANAGER),
    ("conclude_contract", "instructed_on"): _today,
    ("register_handlers", "handlers"): lambda form: _valid(form, Role.HANDLER),
    ("register_handlers", "subcontracting"): _subcontracting,
    ("submit_work_plan", "printing_from"): _due("submit_imprint_sample"),
    ("submit_work_plan", "enclosing_until"): _due("report_enclosing"),
    ("confirm_readiness", "inspection_planned_on"): _due("inspect_contractor"),
    ("plan_inspection", "planned_on"): _due("inspect_contractor"),
    ("deliver_manuscript", "template_sha256"): lambda form: template_sha256(form.facts.programme),
    ("submit_text_proof", "version"): _next_version("submit_text_proof"),
    ("approve_text", "version"): _version_in_hand("submit_text_proof", TextProofSubmitted),
    ("receive_extract", "item"): _free("E"),
    ("extract", "exported"): lambda form: form.brought("take_extract", "exported"),
    ("extract", "excluded"): _excluded,
    ("withdraw_list", "list_sha256"): _last_list,
    ("hand_over_medium", "item"): _sealed_medium,
    ("hand_over_medium", "giver"): _typist(Side.WARD),
    ("hand_over_medium", "scanned_on"): _today,
    ("hand_over_password", "item"): lambda form: notice_in_force(form.facts),
    ("hand_over_password", "giver"): _typist(Side.WARD),
    ("report_receipt", "copies"): _numbered_copies,
    ("report_additions_receipt", "copies"): _copies_as_received,
    ("report_additions_receipt", "storage_place"): lambda form: form.brought("report_receipt", "storage_place"),
    ("report_additions_receipt", "readers"): lambda form: form.brought("report_receipt", "readers"),
    ("register_copies", "copies"): _numbered_copies,
    ("submit_imprint_sample", "version"): _next_version("submit_imprint_sample"),
    ("submit_imprint_sample", "serials"): _hard,
    ("submit_imprint_sample", "sample_stack"): _free("I"),
    ("submit_imprint_sample", "giver"): _typist(Side.CONTRACTOR),
    ("submit_imprint_sample", "receiver"): _typist(Side.WARD),
    ("approve_proof", "version"): _version_in_hand("submit_imprint_sample", ImprintSampleSubmitted),
    ("approve_proof_again", "version"): _version_in_hand("submit_imprint_sample", ImprintSampleSubmitted),
    ("complete_printing", "letters_printed"): _counted("printed", origin="extract", unless_with="report_printing"),
    ("report_printing", "spoiled_stack"): _spoiled_stack,
    ("report_status", "logs_from"): _received_on,
    ("report_status", "logs_until"): _today,
    ("acknowledge_pull_list", "pulled"): _pulled("issue_pull_list"),
    ("acknowledge_final_pull_list", "pulled"): _pulled("issue_final_pull_list"),
    ("inspect_contractor", "kind"): lambda _form: "on_site",  # one at the desk needs its written reason
    ("settle_finding", "finding"): _finding,
    ("report_enclosing", "sealed"): _scanned("sealed"),
    ("report_enclosing", "machine_count"): _scanned("machine_count"),
    ("report_enclosing", "reruns"): _scanned("reruns"),
    ("complete_enclosing", "letters_enclosed"): _counted("enclosed", origin="extract", unless_with="report_enclosing"),
    ("inspect_delivery", "receiver"): _the_first_time(_typist(Side.WARD)),
    ("inspect_delivery", "slip"): _the_first_time(_slip),
    ("enclose_additions", "letters_enclosed"): lambda form: form.facts.pieces.count("exported", origin="addition"),
    ("approve_posting", "letters"): _counted("enclosed"),
    ("post", "giver"): _poster,
    ("post", "slip"): None,  # the post office's
    ("record_returned_mail", "stack"): _free("RL"),
    ("record_returned_mail", "keep_until"): _keep_returned_until,
    ("record_returned_mail", "receiver"): _typist(Side.WARD, Side.REGISTER),
    ("end_returned_mail", "returned"): lambda form: returned_by_reason(form.facts),
    ("return_items", "items"): _things(*ELSEWHERE),
    ("return_items", "giver"): _typist(Side.CONTRACTOR),
    ("return_items", "receiver"): _typist(Side.WARD),
    ("report_erasure", "copies"): _copies_to_erase,
    ("report_completion", "integrity"): lambda form: integrity_shown(form.facts),
    ("destroy_items", "items"): _things("with_ward"),
    ("see_decisions", "entries"): _unseen,
    ("decide_late_plan", "commitment"): _passed,
    ("reprint_slip", "slip"): None,
    ("record_movement", "slip"): _slip,
    ("close", "keep_until"): _keep_until,
}
# What a year does as the one before it did, as long as nobody says otherwise: places, tools, words of evidence.
AS_LAST_YEAR = frozenset({
    "instruction", "certificate_number", "certificate_until", "place", "service", "server_place", "subcontracting",
    "flow_version", "procedure_version", "sheets", "envelopes", "inserts", "storage_place", "receiver", "giver",
    "bag", "bag_number", "copies", "readers", "status", "kind", "inspectors", "office", "method", "tool", "witness",
})  # fmt: skip
# What the machine knows better than whoever would type it: shown as words, and changed only where somebody asks to.
AS_WORDS = frozenset({"serials", "pulled", "sealed", "template_sha256", "list_sha256"})
# What need not be given and yet is asked for first: what a guard or a measure looks at, and the paper of an act.
ASKED_FIRST = frozenset({
    "giver", "receiver", "slip", "locked_bag", "bag_number", "storage_place", "locked", "contract", "instruction",
    "instructed", "instructed_on", "certificate_number", "certificate_until", "notice", "plan", "flow_version",
    "flow_acknowledged_on", "procedure_version", "ward_patched_on", "contractor_patched_on", "envelopes", "inserts",
    "proof", "readers", "copies_encrypted", "ledger_line", "sample_stack", "serials", "spoiled", "reprinted",
    "sheets_left", "own_keeping_checked_on", "logs_until", "found", "envelopes_left", "envelopes_spoiled",
    "inserts_left", "slip_copy", "contractors_ledger", "returned", "measures", "kind", "happened_on", "result",
    "evidence_file", "condition", "pulled",
})  # fmt: skip
# Whose people are offered for a field, by act and field or by the field alone; where nothing is said everybody is.
_THEIRS, _OURS = frozenset({Side.CONTRACTOR}), frozenset({Side.WARD, Side.REGISTER})
PEOPLE_OF: Mapping[tuple[str, str], frozenset[Side]] = {
    **{("", name): _THEIRS for name in ("readers", "handlers", "handling_manager", "confirmed_with", "instructed",
                                        "checked_by")},
    **{("", name): _OURS for name in ("inspectors", "person", "deputy")},
    **{(act, "giver"): _OURS for act in ("hand_over_medium", "hand_over_password", "receive_extract")},
    **{(act, "receiver"): _THEIRS for act in ("hand_over_medium", "hand_over_password")},
    **{(act, "giver"): _THEIRS for act in ("submit_imprint_sample", "inspect_delivery", "return_items")},
    **{(act, "receiver"): _OURS for act in ("submit_imprint_sample", "inspect_delivery", "return_items",
                                            "receive_extract", "record_returned_mail")},
    ("destroy_items", "witness"): _OURS,
}  # fmt: skip
# In what a number is counted, by the fields that say one.
_UNITS = {
    N_("sheets of paper"): frozenset({
        "sheets", "sheets_left", "envelopes", "envelopes_left", "envelopes_spoiled", "inserts", "inserts_left",
        "inserts_spoiled",
    }),
    N_("persons"): frozenset({"received", "exported", "excluded", "persons"}),
    N_("letters"): frozenset({
        "letters_printed", "letters_enclosed", "delivered", "opened", "wrong", "letters", "accepted", "returned",
        "machine_count",
    }),
}  # fmt: skip
# Who has the items that a field may name.
ITEMS_IN: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("return_items", "items"): ELSEWHERE,
    ("report_destruction", "items"): ELSEWHERE,
    ("destroy_items", "items"): ("with_ward",),
}
_OF_AN_APPROVAL = frozenset({"decision_number", "approved_on"})
# What is known and says something only beside another field: it is left out where nobody filled in that one.
ONLY_BESIDE: Mapping[tuple[str, str], str] = {
    ("conclude_contract", "instructed"): "instruction",
    ("conclude_contract", "instructed_on"): "instruction",
    ("report_printing", "spoiled_stack"): "spoiled",
}

COUNTED_FROM = {"findings": "found"}


def known(form: Form, fields: Iterable[Field]) -> dict[str, Filled]:
    """Return what is known of the fields of an act's record, the year's own record before last year's."""
    names = [field.name for field in fields]
    says = {name: KNOWN.get((form.row.trigger, name), ANY_ACT.get(name)) for name in names}
    found = {name: Filled(ask(form)) for name, ask in says.items() if ask is not None}
    stand = {name: filled for name, filled in found.items() if filled.value not in (None, "", [], {})}
    wanted = AS_LAST_YEAR.intersection(names) - {name for name, filled in stand.items() if not _is_blank(filled.value)}
    if form.row.trigger == "claim_measures":  # each measure has its own: views/checklist.py
        wanted = frozenset[str]()
    before = {name: Filled(value, "last year") for name, value in _last_year(form, wanted).items()}
    return {**stand, **before}


def _is_blank(value: Any) -> bool:
    """Tell rows of which no more than names or numbers are known: inserts without a count, copies without a place."""
    if isinstance(value, dict):
        return not any(cast("dict[str, object]", value).values())
    rows = cast("list[object]", value) if isinstance(value, list) else []
    return bool(rows) and all(isinstance(row, dict) and row.keys() == {"copy_number"} for row in rows)


def left_out(act: str, typed: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields that say something only beside another one, where nobody filled in that one."""
    return frozenset(field for (of, field), beside in ONLY_BESIDE.items() if of == act and not typed.get(beside))


def unit_of(field: str) -> str:
    """Return in what a number is counted, "" for one that counts nothing."""
    return next((_(unit) for unit, fields in _UNITS.items() if field in fields), "")


def people_of(act: str, field: str) -> frozenset[Side]:
    """Return whose people a field of an act may name; none where it may be anybody's."""
    return PEOPLE_OF.get((act, field)) or PEOPLE_OF.get(("", field), frozenset())


def is_counted(record: type[ActRecord], field: str) -> bool:
    """Tell a number that nobody types because the rows of another field are it: as many findings as are named."""
    return field in COUNTED_FROM and COUNTED_FROM[field] in record.model_fields


def counted(record: type[ActRecord], typed: Mapping[str, Any]) -> dict[str, int]:
    """Return the numbers that are counted from the rows that were typed."""
    return {name: len(typed.get(rows) or ()) for name, rows in COUNTED_FROM.items() if is_counted(record, name)}


def is_asked_first(form: Form, field: Field) -> bool:
    """Tell what stands on a form before its other fields: what is needed, and what a guard or a measure looks at."""
    return field.required or field.name in ASKED_FIRST or is_asked_by_a_guard(form, field)


def is_asked_by_a_guard(form: Form, field: Field) -> bool:
    """Tell what a guard asks for though the record could do without: number and date of the office's approval."""
    return field.name in _OF_AN_APPROVAL and form.facts.programme.approval.decisions == "number"


def _last_year(form: Form, wanted: frozenset[str]) -> dict[str, Any]:
    """Return what the same act said in the year before, of these fields, but who has left and what was redacted."""
    before = cycle_before(form.here) if wanted else None
    told = HistoryOf(connection=form.here.connection, cycle_id=before).of(form.row.trigger) if before else ()
    if not told:
        return {}
    said = json.loads(told[-1].data)
    found = {name: _still(form, name, said[name]) for name in wanted if name in said}
    return {name: value for name, value in found.items() if value not in (None, "", [], {}, REDACTED)}


def cycle_before(here: Look) -> str | None:
    """Return the cycle of the programme's year before this one, None where there is none."""
    cycle = tables.Cycle
    query = select(col(cycle.id)).where(
        col(cycle.programme) == here.programme.key, col(cycle.fiscal_year) < here.facts.fiscal_year
    )
    return here.connection.execute(query.order_by(col(cycle.fiscal_year).desc()).limit(1)).scalar()


def _still(form: Form, name: str, value: Any) -> Any:
    """Return what was said last year as far as it can be so this year."""
    facts = form.facts
    if name in {"receiver", "giver", "witness"}:
        person = facts.people.get(value)
        return value if person and person.is_valid_on(facts.today) else None
    if name in {"readers", "inspectors"}:
        return [who for who in value if who in facts.people and facts.people[who].is_valid_on(facts.today)]
    if name == "certificate_until":
        return value if value and value >= str(facts.today) else None
    if name == "copies":
        new = form.row.trigger != "report_erasure"  # which erases the copies of this year
        return [{**copy, "copy_number": _copy_number(form, nth)} for nth, copy in enumerate(value)] if new else None
    return value


def _copy_number(form: Form, nth: int) -> str:
    used = {item.number for item in form.facts.items}
    free = (number for n in count(1) if (number := f"C-{form.year}-{n:02}") not in used)
    return [next(free) for _n in range(nth + 1)][-1]
