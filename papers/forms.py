"""Forms as PDF and Excel from tables of the programme: the contractor's (受託者様式集), and the ward's own documents.

The contractor's are filled in on the day of the contract and dated by whoever hands them in; the ward's are filled in
from whatever is on record when they are printed, and bear the day of the act that they tell of.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from adapters.programmes import templates_of
from models import choices
from models.clock import day_of, fiscal_year_title, wareki
from models.letter import Moment
from models.records.mailing import MailReturned, ReturnedMailClosed
from models.records.preparation import CertificateRenewed, ContractConcluded, HandlersRegistered
from models.records.printing import ManuscriptDelivered
from models.records.transfer import PackageSealed
from models.serials import expand
from models.words import translate
from papers import sheet
from papers.enclosing import integrity_said
from papers.movements import UNTOLD, one_medium
from papers.sheet import Sheet
from states import statute
from states.facts import Facts
from states.look import Look
from states.rules.custody import notice_in_force, returned_letters
from states.rules.supervision import certificate_until
from states.table import TABLE
from views.incidents import contacts_of
from views.supervision import supervision

if TYPE_CHECKING:
    from adapters.spreadsheet import FormSheet

FILE, WARD_FILE = "forms.yaml", "ward_forms.yaml"
NONE = "なし"
Listed = list[list[str]]


class Row(NamedTuple):
    """A line of a form: label, value ("" leaves room for writing), and how many lines high that room is."""

    label: str
    value: str
    room: int = 1


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form as the programme's table has it.

    `to` is who gets a paper of the ward: contractor, post_office, or nobody outside. `widths` are those of the table's
    columns, as shares; `steps` are its lines with the act that gives their day, `fill` names the records that fill it.
    A form for what there is none of (`none`) is not printed.
    """

    key: str
    title: str
    act: str
    seals: tuple[str, ...]
    document: int = 0
    rows: tuple[Row, ...]
    columns: tuple[str, ...] = ()
    widths: tuple[float, ...] = ()
    lines: int = 0
    to: str = ""
    tells_of: str = ""
    steps: Mapping[str, str] = field(default_factory=dict[str, str])
    fill: str = ""
    none: str = ""


class FormPaper(sheet.Document):
    """`contractor_form`: a form of the contractor's, or a document of the ward's, with who gives it to whom.

    `due_label` names the day it is due; `lines` are left free under those that are listed.
    """

    addressee: str
    sender: str
    due_label: str
    title: str
    rows: Sequence[Mapping[str, object]]
    due: Moment | None
    columns: Sequence[str]
    widths: Sequence[float]
    listed: Listed
    lines: int
    seals: Sequence[str]


@cache
def forms_in(folder: Path, name: str = FILE) -> tuple[Form, ...]:
    """Return the forms of a programme's folder; none where it has no table of them."""
    path = folder / name
    listed: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["forms"] if path.is_file() else []
    return tuple(_form(dict(fields)) for fields in listed)


def _form(fields: dict[str, Any]) -> Form:
    rows = tuple(Row(*row) for row in fields.pop("rows"))
    seals, columns, widths = (tuple(fields.pop(name, ())) for name in ("seals", "columns", "widths"))
    return Form(**fields, rows=rows, seals=seals, columns=columns, widths=widths)


def contractor_forms(here: Look) -> tuple[Sheet, ...]:
    """Return every form of the contractor as a sheet of its own."""
    facts = here.facts
    sections, words = facts.programme.sections, _words(facts)
    return tuple(
        _sheet(
            here, form, words, name=f"form-{number:02}-{form.key}", number=f"Y-{facts.fiscal_year}-{number:02}",
            addressee=f"{sections.municipality}　{sections.owner}", sender=words["contractor"], due_label="提出期限",
        )
        for number, form in enumerate(forms_in(templates_of(facts.programme)), start=1)
    )  # fmt: skip


def contractor_workbook(here: Look) -> "tuple[FormSheet, ...]":
    """Return the same forms as the sheets of one workbook."""
    from adapters.spreadsheet import FormSheet

    facts, words, sections = here.facts, _words(here.facts), here.programme.sections
    return tuple(
        FormSheet(
            title=form.title, above=f"{words['programme']}　{words['fiscal_year']}　{words['contractor']}",
            parties=(f"{sections.municipality}　{sections.owner}　御中", "令和　　年　　月　　日"),
            rows=tuple(_filled(form, words)), columns=form.columns,
            listed=tuple(map(tuple, _listed(facts, form))), lines=form.lines, seals=form.seals,
        )
        for form in forms_in(templates_of(facts.programme))
    )  # fmt: skip


def ward_forms(here: Look) -> tuple[Sheet, ...]:
    """Return the documents that the ward issues, filled in from the year's records, with boxes for the seals."""
    facts, programme = here.facts, here.programme
    words = _words(facts) | _records(facts) | _supervised(here)
    addressees = {
        "contractor": programme.contractor.name,
        "post_office": words["office"] or programme.mailing.office or "　　　　　　郵便局",
    }

    def sheet_of(number: int, form: Form) -> Sheet:
        by_contractor = form.to == "post_office" and programme.consignment.poster == "contractor"
        tells_of = facts.done.get(form.tells_of or form.act)
        return _sheet(
            here, form, words, name=f"document-{form.document:02}-{form.key}",
            number=f"W-{facts.fiscal_year}-{number:02}", addressee=addressees.get(form.to, ""),
            sender=programme.contractor.name if by_contractor else programme.sections.municipality, due_label="期限",
            on=tells_of.on if tells_of else None,
        )  # fmt: skip

    forms = enumerate(forms_in(templates_of(programme), WARD_FILE), start=1)
    return tuple(sheet_of(n, form) for n, form in forms if not (form.none and words[form.none] == NONE))


def _records(facts: Facts) -> dict[str, str]:
    """Return what the year's acts brought, as the ward's documents say it; "" for what is not done yet."""

    def value_of(act: str, name: str) -> str:
        record: dict[str, Any] = json.loads(facts.done[act].data) if act in facts.done else {}
        value: object = record.get(name, "")
        return f"{value:,}" if isinstance(value, int) else str(value)

    def day(act: str, name: str) -> str:
        return wareki(date.fromisoformat(value_of(act, name))) if value_of(act, name) else ""

    def on(act: str) -> str:
        return wareki(facts.done[act].on) if act in facts.done else ""

    programme, manager = facts.programme, facts.people.get(value_of("register_handlers", "handling_manager"))
    period = f"{day('conclude_contract', 'begins_on')} から {day('conclude_contract', 'ends_on')} まで"
    window = facts.record("end_returned_mail", ReturnedMailClosed)
    contract = facts.record("conclude_contract", ContractConcluded)
    has_provisions = contract is not None and contract.special_provisions_attached
    return {
        "contract_period": period if "conclude_contract" in facts.done else "",
        "contract": value_of("conclude_contract", "contract"),
        "certificate": _certificate(facts),
        "provisions": "添付済" if has_provisions else "□ 添付",
        "work": "、".join(programme.consignment.work),
        "items": "、".join(programme.consignment.items),
        "medium": programme.consignment.medium,
        "contact": programme.sections.contact,
        "procedure": "\n".join(f"{n}．{line}" for n, line in enumerate(programme.emergency.procedure, start=1)),
        "flow": _flow(facts),
        "manager": manager.name if manager else "",
        "contacts_on": on("confirm_contacts"),
        "manuscript_on": on("deliver_manuscript"),
        "template": value_of("deliver_manuscript", "template_sha256"),
        "sheets": value_of("deliver_manuscript", "sheets"), **_delivered(facts),
        "text_version": value_of("approve_text", "version"), "text_on": on("approve_text"),
        "imprint_version": value_of("approve_proof", "version"), "imprint_on": on("approve_proof"),
        "delivered": value_of("inspect_delivery", "delivered"), "opened": value_of("inspect_delivery", "opened"),
        "wrong": value_of("inspect_delivery", "wrong"), "delivery_on": on("inspect_delivery"),
        "posted_on": day("post", "posted_on"), "office": value_of("post", "office"),
        "accepted": value_of("post", "accepted"), "posting_slip": value_of("post", "slip"),
        "completed_on": day("report_completion", "completed_on"), "accepted_on": day("accept_work", "inspected_on"),
        "acceptance_number": value_of("accept_work", "number"),
        "returned": f"{sum(window.returned.values()):,}" if window else "", "returned_on": on("end_returned_mail"),
    }  # fmt: skip


def _certificate(facts: Facts) -> str:
    """Return the certificate of the contractor with its number and its last day, as it was told last."""
    told = facts.record("renew_certificate", CertificateRenewed) or facts.record("conclude_contract", ContractConcluded)
    number, until = (told.certificate_number, certificate_until(facts)) if told else ("", None)
    ends = f"有効期限 {wareki(until)}" if until else "番号及び有効期限の記載なし"
    return "　".join(filter(None, (facts.programme.contractor.certificate, number, ends)))


def _delivered(facts: Facts) -> dict[str, str]:
    """Return how many envelopes and inserts were delivered; "" where nobody has counted, for writing by hand."""
    manuscript = facts.record("deliver_manuscript", ManuscriptDelivered)
    if manuscript is None:
        return {"envelopes": "", "inserts": ""}
    units = {insert.name: insert.unit for insert in facts.programme.paper.inserts}
    named = (f"{name} {number:,}{units.get(name, '')}" for name, number in manuscript.inserts.items())
    envelopes = "" if manuscript.envelopes is None else f"{manuscript.envelopes:,}枚"
    return {"envelopes": envelopes, "inserts": "、".join(named)}


def _flow(facts: Facts) -> str:
    """Return the steps of the year in their order, each with who does it and by when (全体の業務フロー)."""
    steps = [row for row in TABLE if row.to and row.trigger in facts.due]
    return "\n".join(
        f"{n}．{row.ja}（{row.owner_under(facts.programme).label}）　{wareki(facts.due[row.trigger])}"
        for n, row in enumerate(steps, start=1)
    )


def _supervised(here: Look) -> dict[str, str]:
    found = [
        subcontractor for subcontractor in supervision(here).subcontractors if not subcontractor.declared.withdrawn
    ]
    notice = here.facts.record("register_handlers", HandlersRegistered)
    is_none = notice is not None and notice.subcontracting == "none" and not found
    return {
        "subcontractors": NONE
        if is_none
        else "、".join(f"{subcontractor.declared.name}（{subcontractor.declared.work}）" for subcontractor in found),
        "consents": "、".join(
            subcontractor.consent.decision_number for subcontractor in found if subcontractor.consent
        ),
    }


def _contacts(facts: Facts) -> Listed:
    return [
        [contact.called, contact.place, contact.phone or UNTOLD, contact.phone_out_of_hours or UNTOLD]
        for contact in contacts_of(facts)
    ]


def _returned(facts: Facts) -> Listed:
    """Return the pieces that came back, by serial: the day on which each came first, what was said of it last."""
    first, last = dict[int, date](), dict[int, MailReturned]()
    became = returned_letters(facts)
    for past in facts.past("record_returned_mail", MailReturned):
        for serial in expand(past.record.serials):
            first.setdefault(serial, day_of(past.at))
            last[serial] = past.record
    return [
        [
            f"{serial:07}", choices.on_paper(choices.RETURN_REASONS, mail.reason), wareki(first[serial]),
            choices.on_paper(choices.RETURN_OUTCOMES, became[serial].outcome),
        ]
        for serial, mail in sorted(last.items())
    ]  # fmt: skip


_FILLS: Mapping[str, Callable[[Facts], Listed]] = {"contacts": _contacts, "returned": _returned}


def _listed(facts: Facts, form: Form) -> Listed:
    """Return the lines of a form's table that are known."""
    if form.fill:
        return _FILLS[form.fill](facts)
    days = {act: wareki(facts.due[act]) if act in facts.due else "" for act in form.steps.values()}
    return [[name, "", days[act], *[""] * (len(form.columns) - 3)] for name, act in form.steps.items()]


def _sheet(
    here: Look, form: Form, words: Mapping[str, str], *, name: str, number: str, addressee: str, sender: str,
    due_label: str, on: date | None = None,
) -> Sheet:  # fmt: skip
    facts = here.facts
    due, listed = facts.due.get(form.act), _listed(facts, form)
    is_complete = bool(form.fill) and form.act in facts.done
    data: FormPaper = {
        "head": {**sheet.head(facts, number), "date": sheet.moment(on) if on else None},
        "addressee": addressee,
        "sender": sender,
        "due_label": due_label,
        "title": form.title,
        "rows": [row._asdict() for row in _filled(form, words)],
        # A limit of the law may end on a closed day; whoever reads the paper can act on the open day before it.
        "due": sheet.moment(here.calendar.last_open(due)) if due else None,
        "columns": list(form.columns),
        "widths": list(form.widths or (1,) * len(form.columns)),
        "listed": listed,
        "lines": 0 if is_complete else max(0, form.lines - len(listed)),
        "seals": list(form.seals),
    }
    return Sheet(programme=here.programme, name=name, template="contractor_form", data=data)


def _filled(form: Form, words: Mapping[str, str]) -> list[Row]:
    return [row._replace(value=row.value.format_map(words)) for row in form.rows]


def _words(facts: Facts) -> dict[str, str]:
    contract, sealed = facts.record("conclude_contract", ContractConcluded), facts.record("seal_package", PackageSealed)
    year = facts.fiscal_year
    return {
        "year": str(year),
        "fiscal_year": fiscal_year_title(year),
        "programme": facts.programme.title_ja,
        "contractor": facts.programme.contractor.name,
        "law": "\n".join(f"{article}　{words}" for article, words in statute.PROVISIONS),
        "contractors_duty": translate(statute.CONTRACTORS_DUTY, "ja"),
        "contract_number": contract.contract_number if contract else "",
        "integrity": integrity_said(facts),
        "post": wareki(facts.due["post"]) if "post" in facts.due else "",
        "one_medium": one_medium(facts.programme.consignment.medium),
        "medium_number": sealed.medium if sealed else f"M-{year}-01",
        "notice_number": notice_in_force(facts) if sealed else f"P-{year}-01",
    }
