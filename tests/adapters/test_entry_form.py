"""A form in Excel that goes out and comes back: as it was written, and as people fill one in."""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]  # it ships none

from adapters import entry_form, spreadsheet
from adapters.entry_form import EntryForm
from models.errors import BadInput
from models.fields import fields_of
from models.records.enclosing import EnclosingReported
from models.records.erasure import ErasureReported
from models.records.supervision import StatusReported
from states.table import BY_TRIGGER

PEOPLE = {"asahi": "旭 太一（受託事業者）", "kobayashi": "小林 舞（受託事業者）"}


def _form(act: str, **values: Any) -> EntryForm:
    row = BY_TRIGGER[act]
    fields = [one for one in fields_of(row.record) if one.takes.typed_as != "file"]
    return EntryForm(
        act=act, cycle="hatachi-2026", title=row.ja, above=("株式会社旭堂",), fields=fields, values=values,
        offered={"person": PEOPLE}, by={"asahi": PEOPLE["asahi"]},
    )  # fmt: skip


def _filled(form: EntryForm, cells: Mapping[str, Any], *, formula: bool = False) -> bytes:
    """Return the form as somebody fills it in: the values by the names of its fields, in a workbook of his own."""
    sheets = entry_form.sheets_of(entry_form.write(form))
    into = BytesIO()
    with xlsxwriter.Workbook(into, {"in_memory": True, "strings_to_formulas": False}) as book:
        pages = [book.add_worksheet() for _sheet in sheets]
        day = book.add_format({"num_format": "yyyy/mm/dd"})
        for page, sheet in zip(pages, sheets, strict=True):
            left = {name: list(many) if isinstance(many, list) else [many] for name, many in cells.items()}
            for line, row in enumerate(sheet):
                for place, cell in enumerate(row):
                    page.write(line, place, cell)
                key = str(row[0]) if row else ""
                if left.get(key):
                    for place, value in (left[key].pop(0) or {}).items():
                        page.write(line, place, value, day if isinstance(value, date) else None)
        if formula:
            pages[0].write_formula("F30", "=1+1", None, 2)
    return into.getvalue()


def _read(form: EntryForm, cells: Mapping[str, Any]) -> entry_form.Read:
    return entry_form.read(form, entry_form.sheets_of(_filled(form, cells)))


def test_what_is_known_comes_back_as_it_went_out() -> None:
    """A form that nobody touched says what was filled in: people, days, numbers, counts and rows of a table."""
    erased = [{"copy_number": "K-2026-01", "method": "overwrite", "tool": "cipher", "erased_by": "kobayashi",
               "erased_at": "2026-12-14T10:30:00+09:00", "witness": "asahi"}]  # fmt: skip
    form = _form("report_erasure", copies=erased)
    read = entry_form.read(form, entry_form.sheets_of(entry_form.write(form)))
    assert (read.by, read.values, read.wrong) == ("asahi", {"copies": erased}, {})
    form = _form("report_enclosing", sealed="1-300,305", machine_count=301, inserts_left={"案内リーフレット": 12})
    read = entry_form.read(form, entry_form.sheets_of(entry_form.write(form)))
    assert read.values["inserts_left"] == {"案内リーフレット": 12}
    assert EnclosingReported.model_validate({**read.values, "envelopes_left": 1}).machine_count == 301
    assert entry_form.marks_of(entry_form.sheets_of(entry_form.write(form))).act == "report_enclosing"


def test_a_form_is_read_as_people_fill_it_in() -> None:
    """Wide digits, commas, units, spaces of either width, days as text in the Japanese era, names with other spaces."""
    form = _form("report_status")
    read = _read(form, {
        "status": {2: "　順調　"}, "self_checked_on": {2: "令和８年１１月１６日"},
        "checked_by": {2: "旭　太一（受託事業者）"},
        "logs_from": {2: date(2026, 11, 1)}, "logs_until": {2: "2026/11/15 "}, "findings": {2: "１,０００ 件"},
        "found[]": [{1: "施錠の記録漏れ", 2: "R8.11.20"}, None, {1: "入室簿", 2: date(2026, 11, 21)}],
    })  # fmt: skip
    assert read.wrong == {}
    record = StatusReported.model_validate(read.values)
    assert (record.status, record.self_checked_on, record.checked_by) == ("順調", date(2026, 11, 16), "asahi")
    assert (record.logs_from, record.logs_until, record.findings) == (date(2026, 11, 1), date(2026, 11, 15), 1000)
    assert [(it.what, it.due_on.day) for it in record.found] == [("施錠の記録漏れ", 20), ("入室簿", 21)]


def test_a_line_that_was_put_in_between_is_one_of_its_table() -> None:
    """Within a table it is a row, in its order; a remark beneath a field, or away from a table, is nothing."""
    form = _form("report_status", found=[{"what": "施錠", "due_on": "2026-11-20"}])
    sheets = [[[*row] for row in sheet] for sheet in entry_form.sheets_of(entry_form.write(form))]
    first = next(line for line, row in enumerate(sheets[0]) if row[:1] == ["found[]"])
    status = next(line for line, row in enumerate(sheets[0]) if row[:1] == ["status"])
    sheets[0] += [[], ["", "控え", "なし"]]
    sheets[0].insert(first + 1, ["", "入室簿", date(2026, 11, 21)])
    sheets[0].insert(status + 1, ["", "順調", "備考"])
    read = entry_form.read(form, sheets)
    assert [(it["what"], it["due_on"]) for it in read.values["found"]] == [
        ("施錠", "2026-11-20"),
        ("入室簿", "2026-11-21"),
    ]
    assert (read.values.get("status"), read.wrong) == (None, {})


def test_a_form_is_as_wide_as_a_page_and_no_line_hides_what_stands_in_it() -> None:
    """On paper every form is one A4 page wide, its open cells alone can be written in, a long title has its lines."""
    for act in ("submit_text_proof", "report_receipt", "report_erasure"):
        with zipfile.ZipFile(BytesIO(entry_form.write(_form(act)))) as book:
            page = book.read("xl/worksheets/sheet1.xml").decode()
            styles = book.read("xl/styles.xml").decode()
        assert 'fitToPage="1"' in page
        assert 'paperSize="9"' in page
        assert 'fitToHeight="0"' in page
        assert ('orientation="landscape"' in page) == (act == "report_erasure")
        assert "<sheetProtection" in page
        assert "游ゴシック" in styles
    above = "契約：" + "はたちのつどいに係る案内状印刷及び封入封緘作業の委託" * 2
    with zipfile.ZipFile(BytesIO(entry_form.write(replace(_form("submit_text_proof"), above=(above,))))) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert re.findall(r'<row r="([0-9]+)"[^>]* customHeight', page) == ["1", "2"]  # any other grows by itself


def test_serials_and_moments_are_read_as_input_methods_write_them() -> None:
    """Ranges with waves and wide commas are serials; a moment of the afternoon is that instant in Japan."""
    read = _read(_form("report_enclosing"), {"sealed": {2: "１～３００、３０５"}, "machine_count": {2: 301}})
    assert read.values["sealed"] == "1-300,305"
    cells = {"copies[]": [{1: "k-2026-01", 4: "2026年12月14日 午後3時30分"}]}
    [row] = _read(_form("report_erasure"), cells).values["copies"]
    assert row["erased_at"] == "2026-12-14T15:30:00+09:00"
    assert ErasureReported.model_fields["copies"]


def test_what_cannot_be_read_is_named_by_its_cell() -> None:
    """A word where a number belongs, a day without its year, a person nobody knows: the field, its cell, no value."""
    read = _read(_form("report_status"), {
        "findings": {2: "なし"}, "self_checked_on": {2: "11/16"}, "checked_by": {2: "山田 花子"}, "status": {2: "順調"},
        "found[]": [{1: "施錠", 2: "来週"}],
    })  # fmt: skip
    assert set(read.wrong) == {"findings", "self_checked_on", "checked_by", "found"}
    assert read.values["status"] == "順調"
    words = " ".join(read.wrong.values())
    assert "C12" in words
    assert not any(value in words for value in ("山田", "なし", "来週"))


def test_a_file_that_is_no_form_is_refused() -> None:
    """A table of one's own, a form with a formula in it, and what is no workbook at all are refused in words."""
    into = BytesIO()
    spreadsheet.write(into, spreadsheet.Sheet(name="表", above=(), columns=(), rows=()))
    with pytest.raises(BadInput, match="様式ではありません"):
        entry_form.marks_of(entry_form.sheets_of(into.getvalue()))
    with pytest.raises(BadInput, match="数式"):
        entry_form.sheets_of(_filled(_form("report_status"), {}, formula=True))
    for nothing in (b"", b"PK\x03\x04", b"<html>", "受領".encode()):
        with pytest.raises(BadInput):
            entry_form.sheets_of(nothing)


def test_a_form_of_a_terabyte_of_nothing_is_refused() -> None:
    """A sheet that unpacks to more than there is memory ends the reader and nobody else."""
    into = BytesIO()
    with zipfile.ZipFile(BytesIO(entry_form.write(_form("report_status")))) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content.replace(b'r="A1"', b'r="XFD1048576"') if "sheet1" in name else content)
    with pytest.raises(BadInput):
        entry_form.marks_of([*entry_form.sheets_of(into.getvalue())][:1])
