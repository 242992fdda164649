"""The documents of a year: filed by hash, in the vault where they name residents, and those of the ward printed."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playing import CYCLE, Played, begun, everything_under

from adapters import vault as vaults
from models.errors import BadInput, Refused, Unknown
from papers import forms
from steps import acting, documents, papers
from views.documents import Filed
from views.documents import documents as documents_of

WORDS = "架空町の架空さんの事故"


@pytest.fixture
def begun_year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    """Give an open year on an open day, the contract concluded."""
    with begun(template_home, tmp_path / "year") as played:
        played.play(before="register_handlers")
        yield played


def paper(folder: Path, name: str = "report.txt", words: str = WORDS) -> Path:
    path = folder / name
    path.write_text(words, encoding="utf-8")
    return path


def test_a_document_that_came_is_listed_with_its_hash(begun_year: Played, tmp_path: Path) -> None:
    """The list has number, standing, hash and ledger entry; the file is kept as evidence."""
    office, today = begun_year.office, begun_year.now.date()
    seq = documents.file(office, CYCLE, paper(tmp_path), number=2, by="sato", dated_on=today).seq
    found = next(it for it in office.see(CYCLE, documents_of) if it.document.number == 2)
    assert (len(found.files), seq in found.ledger, found.in_vault) == (1, True, False)
    assert (office.home / "evidence" / found.files[0]).read_bytes() == paper(tmp_path).read_bytes()


def test_a_document_that_names_residents_lies_in_the_vault_alone(begun_year: Played, tmp_path: Path) -> None:
    """Before there is a vault it is refused; afterwards its words are nowhere in the clear."""
    office, today = begun_year.office, begun_year.now.date()
    file = paper(tmp_path)
    with pytest.raises(Unknown):
        documents.file(office, CYCLE, file, number=21, by="sato", dated_on=today, names_residents=True)
    vault = office.vault(CYCLE, new=True)
    documents.file(office, CYCLE, file, number=21, by="sato", dated_on=today, names_residents=True)
    assert isinstance(vault, vaults.Vault)
    assert vault.read(next(name for name in vault.names() if name.startswith("document-21"))) == file.read_bytes()
    assert WORDS.encode() not in everything_under(office.home)
    assert next(it for it in office.see(CYCLE, documents_of) if it.document.number == 21).in_vault


def test_a_document_that_cannot_be_is_refused(begun_year: Played, tmp_path: Path) -> None:
    """Another document's file, a date after the receipt, in the future or on a closed day, no number: each is told."""
    office, today = begun_year.office, begun_year.now.date()
    closed = office.calendar.last_open(today) - timedelta(days=1)
    while office.calendar.is_open(closed):
        closed -= timedelta(days=1)
    documents.file(office, CYCLE, paper(tmp_path), number=2, by="sato", dated_on=today)

    def refused(number: int, dated_on: date, received_on: date, words: str) -> set[str]:
        with pytest.raises(Refused) as error:
            documents.file(
                office, CYCLE, paper(tmp_path, words=words), number=number, by="sato", dated_on=dated_on,
                received_on=received_on,
            )  # fmt: skip
        return {gap.guard for gap in error.value.unmet}

    assert refused(4, today, today, WORDS) == {"file_is_no_other_document"}
    assert refused(4, today, today - timedelta(days=1), "b") == {"document_is_dated_before_its_receipt"}
    assert "date_is_in_order" in refused(4, today, today + timedelta(days=1), "c")
    assert refused(4, closed, closed, "d") == {"date_is_an_open_day"}
    with pytest.raises(BadInput):
        documents.file(office, CYCLE, paper(tmp_path, words="e"), number=0, by="sato", dated_on=today)


def test_the_third_document_waits_for_the_wards_consent(begun_year: Played) -> None:
    """A declared subcontractor leaves it partly there, until the ward consents or he is withdrawn (domain.md 1)."""
    year = begun_year

    def third() -> Filed:
        return next(it for it in year.office.see(CYCLE, documents_of) if it.document.number == 3)

    def declare(*, withdrawn: bool = False) -> None:
        fields = {
            "name": "協和製本", "work": "封入", "place": "東京都", "inspection_clause": True, "withdrawn": withdrawn,
        }  # fmt: skip
        acting.perform(year.office, CYCLE, "declare_subcontractor", by="asahi", fields=fields)

    assert third().standing == "owed"
    declare()
    year.do("register_handlers")
    assert third().standing == "partly"
    year.set_clock(year.now + timedelta(days=14))
    assert third().standing == "overdue"
    declare(withdrawn=True)
    assert third().standing == "complete"
    assert len(third().ledger) == 2


def test_an_incident_report_that_came_is_on_the_list(begun_year: Played, tmp_path: Path) -> None:
    """What the contractor sent is complete, although the ward did not report the incident itself."""
    office, today = begun_year.office, begun_year.now.date()
    documents.file(office, CYCLE, paper(tmp_path), number=21, by="sato", dated_on=today)
    assert next(it for it in office.see(CYCLE, documents_of) if it.document.number == 21).standing == "complete"


def test_the_wards_documents_are_printed_at_any_time(begun_year: Played) -> None:
    """A paper for each document of the ward's table, named by its number."""
    made = papers.print_sheets(begun_year.office, CYCLE, forms.ward_forms)
    numbers = {path.name.split("-")[1] for path in made}
    assert {"01", "03", "05", "06", "11", "15", "16", "19", "20"} <= numbers
    assert all(path.read_bytes().startswith(b"%PDF-") for path in made)
