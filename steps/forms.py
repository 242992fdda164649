"""受託者様式集: the contractor's forms, pre-filled on the day of the contract, as PDF and Excel from one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from models.records.preparation import ContractConcluded
from states.facts import Facts
from steps import papers
from steps.office import Office, templates_of

FILE = "forms.yaml"


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form as the programme's table has it."""

    key: str
    title: str
    act: str
    seal: str
    rows: tuple[tuple[str, str], ...]
    columns: tuple[str, ...] = ()
    lines: int = 0


@cache
def forms_in(folder: Path) -> tuple[Form, ...]:
    """Return the forms of a programme's folder; none where it has no table of them."""
    path = folder / FILE
    listed: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["forms"] if path.is_file() else []
    return tuple(
        Form(
            key=it["key"], title=it["title"], act=it["act"], seal=it["seal"],
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
        pdf = press.make("contractor_form", _data(facts, form, number, words))
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


def _data(facts: Facts, form: Form, number: int, words: Mapping[str, str]) -> dict[str, Any]:
    due = facts.due.get(form.act)
    return {
        "head": papers.head(facts, f"Y-{facts.fiscal_year}-{number:02}"),
        "title": form.title,
        "contractor": words["contractor"],
        "rows": [{"label": label, "value": value} for label, value in _filled(form, words)],
        "due": papers.moment(due) if due else None,
        "columns": list(form.columns),
        "lines": form.lines,
        "seal": form.seal,
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
