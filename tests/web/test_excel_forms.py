"""The contractor's forms at the desk: taken, filled in in Excel, given back, looked at, and recorded in one click."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from io import BytesIO

from browsing import Browser
from filling import filled
from keyed import entries

from adapters import entry_form
from models.records.preparation import WorkPlanSubmitted
from papers import entry_forms
from steps.office import Office

CYCLE, FORMS = "hatachi-2026", "/hatachi-2026/forms"
PLAN = {
    "printing_from": date(2026, 11, 12), "enclosing_until": "令和８年１１月２０日", "place": "　本社工場（架空）",
}  # fmt: skip
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _given_back(person: Browser, book: bytes, status: int = 200, name: str = "作業計画書.xlsx") -> str:
    person.open(FORMS)
    return person.send(FORMS, status, files={"form": (name, book, _XLSX)})


def _fields(page: str) -> dict[str, str]:
    """Return what stands in the form of a page, as a browser sends it at one click."""
    inputs = re.findall(r'<input[^>]*name="(submit_work_plan[^"]*|excel)"[^>]*>', page)
    found = dict[str, str]()
    for name in inputs:
        tag = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*>', page)
        value = re.search(r'value="([^"]*)"', tag.group() if tag else "")
        if value and value[1]:
            found[name] = value[1]
    return found


def test_a_form_goes_out_comes_back_and_becomes_the_act(browser: Callable[[], Browser], contracted: Office) -> None:
    """A coordinator takes the form, gives it back filled in, looks, and one click records it for the contractor's man.

    The file that came is kept as the document that the act brings, and the ledger tells who typed.
    """
    person = browser()
    person.log_in("sato")
    assert "作業計画書" in person.open(FORMS)
    answer = person.client.get(f"{FORMS}/submit_work_plan")
    assert answer.headers["content-type"] == _XLSX
    book = filled(answer.content, PLAN)
    page = _given_back(person, book)
    assert "まだ記録していません" in page
    assert not entries(contracted, "work_plan_submitted")
    assert "管理簿" in person.send("/hatachi-2026/acts/submit_work_plan", 200, None, **_fields(page))
    [entry] = entries(contracted, "work_plan_submitted")
    record = WorkPlanSubmitted.model_validate(entry["data"]["record"])
    assert (record.printing_from, record.enclosing_until) == (date(2026, 11, 12), date(2026, 11, 20))
    assert record.plan == sha256(book).hexdigest()
    assert (contracted.home / "evidence" / record.plan).read_bytes() == book
    assert (entry["by"], entry["data"]["entered_by"]) == ("asahi", "sato")


def test_what_is_wrong_in_a_form_stands_at_its_field(browser: Callable[[], Browser], contracted: Office) -> None:
    """A day that is none is said at its field by its cell, what could be read stands there, nothing is recorded."""
    person = browser()
    person.log_in("sato")
    blank = person.client.get(f"{FORMS}/submit_work_plan").content
    page = _given_back(person, filled(blank, PLAN | {"enclosing_until": "来月"}))
    assert 'id="f-submit_work_plan-enclosing_until-wrong"' in page
    assert 'value="2026-11-12"' in page
    assert not entries(contracted, "work_plan_submitted")


def test_no_other_file_is_taken_for_a_form(browser: Callable[[], Browser], contracted: Office) -> None:
    """Another year's form, another edition's, another act's, and what is no workbook are refused, each in words."""
    person = browser()
    person.log_in("sato")
    with contracted.look(CYCLE) as here:
        form = entry_forms.entry_form(here, "submit_work_plan")
    books = {
        "別の年度又は業務": entry_form.write(replace(form, cycle="hatachi-2025")),
        "項目の異なる版": entry_form.write(replace(form, fields=form.fields[1:])),
        "手続の様式ではありません": entry_form.write(replace(form, act="conclude_contract")),
        "様式ではありません": b"PK\x03\x04",
    }
    for words, book in books.items():
        page = _given_back(person, book, 422)
        assert 'role="alert"' in page
        assert words in page or not book.startswith(b"PK\x03\x04\x14")
    whole = entry_form.write(form)
    assert "Excel の様式ではありません" in _given_back(person, whole, 422, name="作業計画書.xlsm")
    assert 'role="alert"' in _given_back(person, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 64, 422)
    macro = BytesIO(whole)
    with zipfile.ZipFile(macro, "a") as parts:
        parts.writestr("xl/vbaProject.bin", b"Sub Auto_Open()")
    assert "マクロ" in _given_back(person, macro.getvalue(), 422)
    assert 'role="alert"' in _given_back(person, whole + b"0" * (5 << 20), 422)
    assert not entries(contracted, "work_plan_submitted")


def test_the_contractors_people_give_their_own_forms_back(browser: Callable[[], Browser], contracted: Office) -> None:
    """The manager gets the forms of his acts and records one himself; a registrar sees no forms at all."""
    person = browser()
    person.log_in("asahi")
    blank = person.client.get(f"{FORMS}/submit_work_plan").content
    page = _given_back(person, filled(blank, PLAN))
    person.send("/hatachi-2026/acts/submit_work_plan", 200, None, **_fields(page))
    [entry] = entries(contracted, "work_plan_submitted")
    assert (entry["by"], entry["data"].get("entered_by", "asahi")) == ("asahi", "asahi")
    other = browser()
    other.log_in("watanabe")
    other.open(FORMS, 404)
    other.open(f"{FORMS}/submit_work_plan", 404)
    handler = browser()
    handler.log_in("kobayashi")
    handler.open(f"{FORMS}/submit_work_plan", 404)
