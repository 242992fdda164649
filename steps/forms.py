"""Forms as PDF and Excel from tables of the programme: the contractor's (受託者様式集), and the ward's own documents.

The contractor's are filled in on the day of the contract; the ward's from whatever is on record when they are printed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from models.records.mailing import ReturnedMailClosed
from models.records.preparation import ContractConcluded
from states.facts import Facts
from steps import papers
from steps.office import Office, templates_of
from steps.supervision import supervision

FILE, WARD_FILE = "forms.yaml", "ward_forms.yaml"


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form as the programme's table has it."""

    key: str
    title: str
    act: str
    seals: tuple[str, ...]
    document: int
    rows: tuple[tuple[str, str], ...]
    columns: tuple[str, ...] = ()
    lines: int = 0


@cache
def forms_in(folder: Path, name: str = FILE) -> tuple[Form, ...]:
    """Return the forms of a programme's folder; none where it has no table of them."""
    path = folder / name
    listed: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["forms"] if path.is_file() else []
    return tuple(
        Form(
            key=it["key"], title=it["title"], act=it["act"], document=it.get("document", 0),
            seals=tuple(it["seals"]) if "seals" in it else (it["seal"],),
            rows=tuple((label, value) for label, value in it["rows"]), columns=tuple(it.get("columns", ())),
            lines=it.get("lines", 0),
        )
        for it in listed
    )  # fmt: skip


def print_forms(office: Office, cycle_id: str) -> tuple[Path, ...]:
    """Print every form as a PDF of its own, and all of them as one workbook, into the folder of the papers."""
    from adapters.spreadsheet import FormSheet, workbook  # noqa: PLC0415 - Excel is not needed to show a table

    facts = papers.facts_of(office, cycle_id)
    forms, words = forms_in(templates_of(facts.programme)), _words(facts)
    press = office.press(facts.programme)
    made: list[Path] = []
    for number, form in enumerate(forms, start=1):
        pdf = press.make("contractor_form", _data(facts, form, f"Y-{facts.fiscal_year}-{number:02}", words))
        made.append(papers.put(office, f"form-{number:02}-{form.key}", pdf))
    sheets = [
        FormSheet(
            title=form.title, above=f"{words['programme']}　{words['fiscal_year']}　{words['contractor']}",
            rows=tuple(_filled(form, words)), columns=form.columns, lines=form.lines,
        )
        for form in forms
    ]  # fmt: skip
    if sheets:
        made.append(papers.put(office, "contractor-forms", workbook(sheets), ending="xlsx"))
    return tuple(made)


def print_ward_forms(office: Office, cycle_id: str) -> tuple[Path, ...]:
    """Print the documents that the ward issues, filled in from the year's records, with boxes for the seals."""
    facts = papers.facts_of(office, cycle_id)
    forms, press = forms_in(templates_of(facts.programme), WARD_FILE), office.press(facts.programme)
    words = _words(facts) | _records(facts) | _supervised(office, cycle_id)
    made: list[Path] = []
    for number, form in enumerate(forms, start=1):
        data = _data(facts, form, f"D-{facts.fiscal_year}-{number:02}", words) | {"from_ward": True}
        made.append(papers.put(office, f"document-{form.document:02}-{form.key}", press.make("contractor_form", data)))
    return tuple(made)


def _records(facts: Facts) -> dict[str, str]:
    """Return what the year's acts brought, as the ward's documents say it; "" for what is not done yet."""

    def told(act: str, field: str) -> str:
        record: dict[str, Any] = json.loads(facts.done[act].data) if act in facts.done else {}
        value: object = record.get(field, "")
        return f"{value:,}" if isinstance(value, int) else str(value)

    def on(act: str) -> str:
        return papers.moment(facts.done[act].on)["wareki"] if act in facts.done else ""

    programme, manager = facts.programme, facts.people.get(told("register_handlers", "handling_manager"))
    period = f"{told('conclude_contract', 'begins_on')} から {told('conclude_contract', 'ends_on')} まで"
    window = facts.record("end_returned_mail", ReturnedMailClosed)
    return {
        "contract_period": period if "conclude_contract" in facts.done else "",
        "provisions": "添付" if told("conclude_contract", "special_provisions_attached") in {"True", "1"} else "□ 添付",
        "work": "、".join(programme.consignment.work),
        "items": "、".join(programme.consignment.items),
        "medium": programme.consignment.medium,
        "contact": programme.sections.contact,
        "procedure": "　".join(f"{n}．{line}" for n, line in enumerate(programme.emergency.procedure, start=1)),
        "manager": manager.name if manager else "",
        "contacts_on": on("confirm_contacts"),
        "manuscript_on": on("deliver_manuscript"),
        "template": told("deliver_manuscript", "template_sha256"),
        "sheets": told("deliver_manuscript", "sheets"),
        "text_version": told("approve_text", "version"), "text_on": on("approve_text"),
        "imprint_version": told("approve_proof", "version"), "imprint_on": on("approve_proof"),
        "delivered": told("inspect_delivery", "delivered"), "opened": told("inspect_delivery", "opened"),
        "wrong": told("inspect_delivery", "wrong"), "delivery_on": on("inspect_delivery"),
        "posted_on": on("post"), "office": told("post", "office"), "accepted": told("post", "accepted"),
        "posting_slip": told("post", "slip"),
        "completed_on": on("report_completion"), "accepted_on": on("accept_work"),
        "acceptance_number": told("accept_work", "number"),
        "returned": f"{sum(window.returned.values()):,}" if window else "", "returned_on": on("end_returned_mail"),
    }  # fmt: skip


def _supervised(office: Office, cycle_id: str) -> dict[str, str]:
    found = [it for it in supervision(office, cycle_id).subcontractors if not it.declared.withdrawn]
    return {
        "subcontractors": "、".join(f"{it.declared.name}（{it.declared.work}）" for it in found),
        "consents": "、".join(it.consent.decision_number for it in found if it.consent),
    }


def _data(facts: Facts, form: Form, number: str, words: Mapping[str, str]) -> dict[str, Any]:
    due = facts.due.get(form.act)
    return {
        "head": papers.head(facts, number),
        "title": form.title,
        "contractor": words["contractor"],
        "rows": [{"label": label, "value": value} for label, value in _filled(form, words)],
        "due": papers.moment(due) if due else None,
        "columns": list(form.columns),
        "lines": form.lines,
        "seals": list(form.seals),
    }


def _filled(form: Form, words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(label, value.format_map(words)) for label, value in form.rows]


def _words(facts: Facts) -> dict[str, str]:
    contract = facts.record("conclude_contract", ContractConcluded)
    return {
        "year": str(facts.fiscal_year),
        "fiscal_year": papers.head(facts, "")["fiscal_year"],
        "programme": facts.programme.title_ja,
        "contractor": facts.programme.contractor.name,
        "contract_number": contract.contract_number if contract else "",
        "post": papers.moment(facts.due["post"])["wareki"] if "post" in facts.due else "",
    }
