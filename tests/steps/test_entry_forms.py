"""The contractor's forms of a year: each goes out, is read as it went out, and lies on file as the document it is."""

import json

from playing import CYCLE, Played, copy_of, morning_of

from adapters import entry_form
from papers import entry_forms as papers
from papers.entry_forms import DOCUMENT_OF, OWN_FILE
from rehearsal import cast
from rehearsal.cast import Scene
from states.rules.documents import filings
from steps import acting, entry_forms

WORKBOOK = "受領報告.xlsx"

received = morning_of("report_receipt")
played = copy_of("received")


def test_each_report_of_the_contractors_has_a_form_that_is_read_as_it_went_out(played: Played) -> None:
    """Every act that the contractor's people enter goes out as a form of this year and edition, with nothing wrong."""
    with played.office.look(CYCLE) as here:
        acts = [row.trigger for row in papers.reported_acts(here)]
        books = {act: entry_forms.made(here, act)[1] for act in acts}
    assert {"register_handlers", "report_receipt", "report_enclosing", "return_items", "report_erasure"} <= set(acts)
    assert {*OWN_FILE, *DOCUMENT_OF} <= set(acts)
    for act, book in books.items():
        came = entry_forms.read(played.office, CYCLE, f"{act}.xlsx", book)
        assert (came.row.trigger, came.by, came.wrong) == (act, "asahi", {}), act
        assert bool(came.file) == (act in OWN_FILE or act in DOCUMENT_OF)


def test_what_the_contractor_knows_becomes_the_act_and_the_form_its_document(played: Played) -> None:
    """The manager's figures, written into the form, are those of the record; the file is document 10, once."""
    scene = Scene(office=played.office, facts=played.facts(), printer=played.printer)
    known = json.loads(json.dumps(dict(cast.fields("report_receipt", scene)), default=str))
    with played.office.look(CYCLE) as here:
        form = papers.entry_form(here, "report_receipt")
    assert "package_sha256" not in form.values, "the ward's own hash is not told to whom it asks"
    filled = {**form.values, **known}
    book = entry_form.write(entry_form.EntryForm(**{**vars(form), "values": filled}))
    came = entry_forms.read(played.office, CYCLE, WORKBOOK, book)
    assert came.wrong == {}
    acting.perform(played.office, CYCLE, "report_receipt", by=came.by, fields=came.values)
    for _time in range(2):
        assert "第10号" in entry_forms.file(played.office, CYCLE, "report_receipt", came.file, by=came.by)
    with played.office.look(CYCLE) as here:
        papers_filed = [paper for past in filings(here.facts) for paper in past.record.papers]
    assert [(paper.document, paper.sha256) for paper in papers_filed if paper.sha256 == came.file] == [(10, came.file)]
