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


def test_the_third_document_waits_for_the_wards_consent(begun_year: Played, tmp_path: Path) -> None:
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
    year.do("register_handlers", notice="")
    assert third().standing == "partly"
    year.set_clock(year.now + timedelta(days=14))
    assert third().standing == "overdue"
    declare(withdrawn=True)
    assert third().standing == "acted"
    assert len(third().ledger) == 2
    documents.file(year.office, CYCLE, paper(tmp_path), number=3, by="sato", dated_on=year.now.date())
    assert third().standing == "complete"


def test_an_incident_report_that_came_is_on_the_list(begun_year: Played, tmp_path: Path) -> None:
    """What the contractor sent is complete, although the ward did not report the incident itself."""
    office, today = begun_year.office, begun_year.now.date()
    documents.file(office, CYCLE, paper(tmp_path), number=21, by="sato", dated_on=today)
    assert next(it for it in office.see(CYCLE, documents_of) if it.document.number == 21).standing == "complete"


def standing_of(year: Played, number: int) -> str:
    return next(it.standing for it in year.office.see(CYCLE, documents_of) if it.document.number == number)


def test_an_act_that_was_typed_is_no_document_until_its_paper_is_on_file(begun_year: Played, tmp_path: Path) -> None:
    """The notice of handlers is 手続済・書類未着 from its act on, and complete once its file or scan is filed."""
    office = begun_year.office
    assert standing_of(begun_year, 2) == "owed"
    begun_year.do("register_handlers", notice="")
    assert standing_of(begun_year, 2) == "acted"
    documents.file(office, CYCLE, paper(tmp_path), number=2, by="sato", dated_on=begun_year.now.date())
    assert standing_of(begun_year, 2) == "complete"


def test_an_act_may_bring_its_own_paper(begun_year: Played) -> None:
    """The contract's file, named by the act that concludes it, needs no entry of its own."""
    assert standing_of(begun_year, 1) == "complete"


def test_a_folder_of_papers_is_one_entry(begun_year: Played, tmp_path: Path) -> None:
    """Each file says by its name which document it is, and its date where that is another than the others'."""
    year, folder = begun_year, tmp_path / "scans"
    folder.mkdir()
    year.do("register_handlers", notice="")
    before, today = len(year.entries()), year.now.date()
    for name in ("01 契約書.txt", "02 取扱者届 2026-10-01.txt", "03_再委託有無届.txt"):
        paper(folder, name, words=name)
    documents.file(year.office, CYCLE, folder, by="sato", dated_on=today, original="書庫 A-1")
    assert len(year.entries()) == before + 1
    assert [standing_of(year, number) for number in (1, 2, 3, 4)] == ["complete", "complete", "complete", "owed"]
    second = next(it for it in year.office.see(CYCLE, documents_of) if it.document.number == 2).papers[-1][1]
    assert (str(second.dated_on), second.original) == ("2026-10-01", "書庫 A-1")


@pytest.mark.parametrize("name", ["契約書.txt", "00 何か.txt", "23 何か.txt", "118 何か.txt"])
def test_a_folder_with_a_file_that_names_no_document_files_nothing(
    begun_year: Played, tmp_path: Path, name: str
) -> None:
    """Which of them it is is told by its place in the folder: its name may say something of a resident."""
    folder, before = tmp_path / "scans", begun_year.entries()
    folder.mkdir()
    paper(folder, "01 契約書.txt")
    paper(folder, name, words="b")
    with pytest.raises(BadInput) as error:
        documents.file(begun_year.office, CYCLE, folder, by="sato", dated_on=begun_year.now.date())
    assert name not in error.value.message
    assert begun_year.entries() == before


def test_a_kind_that_can_show_residents_goes_into_the_vault_whoever_files_it(
    begun_year: Played, tmp_path: Path
) -> None:
    """Nobody has to say so: before the vault it is refused, and its words never lie in the clear."""
    office, today = begun_year.office, begun_year.now.date()
    file = paper(tmp_path)
    with pytest.raises(Unknown, match="住民"):
        documents.file(office, CYCLE, file, number=11, by="sato", dated_on=today)
    with pytest.raises(BadInput):
        acting.perform(office, CYCLE, "file_document", by="sato", fields={
            "document": 11, "dated_on": today, "received_on": today, "in_vault": True,
        }, files={"sha256": file})  # fmt: skip
    office.vault(CYCLE, new=True)
    documents.file(office, CYCLE, file, number=11, by="sato", dated_on=today)
    assert WORDS.encode() not in everything_under(office.home)


def test_what_lay_in_the_vault_is_erased_with_it(begun_year: Played, tmp_path: Path) -> None:
    """The destruction counts the scan among its files; the document stays complete by its hash and its day."""
    office, today = begun_year.office, begun_year.now.date()
    vault = office.vault(CYCLE, new=True)
    files = len(vault.names())
    documents.file(office, CYCLE, paper(tmp_path), number=20, by="sato", dated_on=today)
    destroyed = vault.destroy()
    assert (destroyed.files_destroyed, destroyed.absent) == (files + 1, True)
    found = next(it for it in office.see(CYCLE, documents_of) if it.document.number == 20)
    assert (len(found.files), found.in_vault) == (1, True)


def test_the_wards_documents_are_printed_at_any_time(begun_year: Played) -> None:
    """A paper for each document of the ward's table, named by its number."""
    made = papers.print_sheets(begun_year.office, CYCLE, forms.ward_forms)
    numbers = {path.name.split("-")[1] for path in made}
    assert {"01", "03", "05", "06", "11", "15", "16", "19", "20"} <= numbers
    assert all(path.read_bytes().startswith(b"%PDF-") for path in made)
