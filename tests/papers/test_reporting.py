"""The year on paper says what happened in it."""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from playing import CYCLE, Played, begun

from papers import reporting
from steps import acting, papers


@pytest.fixture
def year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path) as played:
        yield played


def report_of(year: Played) -> str:
    with pypdfium2.PdfDocument(papers.print_sheets(year.office, CYCLE, reporting.report)[0]) as paper:
        return "".join(page.get_textpage().get_text_range() for page in paper).replace(" ", "")


def test_an_incident_stands_in_the_report_until_and_after_it_is_settled(year: Played) -> None:
    """The report names each incident with its entry in the ledger, and whether it is settled."""
    assert "紛失" not in report_of(year)
    year.play(before="register_handlers")
    fields = {"kind": "loss", "known_on": year.facts().today.isoformat()}
    acting.perform(year.office, CYCLE, "report_incident", by="sato", fields=fields)
    said = report_of(year)
    assert "紛失" in said
    assert "対応中" in said
    fields = {"incident": 1, "decision_number": "2026-総総-0001"}
    acting.perform(year.office, CYCLE, "settle_incident", by="takahashi", fields=fields)
    assert "終結" in report_of(year)
