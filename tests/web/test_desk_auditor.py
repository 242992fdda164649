"""What an auditor reads at the desk: the ledger and what rests on it; and nothing that is not hers."""

import io
import re
import zipfile
from collections.abc import Callable

from browsing import Browser

from states import ledger
from steps.office import Office

YEAR = "/hatachi-2026"


def _hold(person: Browser) -> int:
    """Let a coordinator hold the year, and return the number of the entry."""
    person.log_in("sato")
    person.open(f"{YEAR}/acts/hold")
    found = re.search(
        r"第 ([0-9]+) 号", person.send(f"{YEAR}/acts/hold", **{"hold.by": "sato", "hold.reason": "typhoon"})
    )
    assert found
    return int(found[1])


def test_the_ledger_is_found_by_words_and_by_person(browser: Callable[[], Browser]) -> None:
    """A search shows the entries in which every word stands, of one person or of everybody, and no others."""
    _hold(browser())
    auditor = browser()
    auditor.log_in("kansa")
    assert "一時停止" in auditor.open(f"{YEAR}/ledger?words=typhoon")
    assert "一時停止" not in auditor.open(f"{YEAR}/ledger?words=typhoon+nothing").partition("<tbody>")[2]
    assert "一時停止" not in auditor.open(f"{YEAR}/ledger?words=typhoon&by=suzuki").partition("<tbody>")[2]


def test_an_entry_is_shown_whole(browser: Callable[[], Browser]) -> None:
    """Its moment, who did it, its record in words and as it is stored; one of no such number is told so."""
    seq = _hold(browser())
    auditor = browser()
    auditor.log_in("kansa")
    text = auditor.open(f"{YEAR}/entries/{seq}")
    assert "佐藤 みどり" in text
    assert "typhoon" in text
    auditor.open(f"{YEAR}/entries/{seq + 1}", 404)
    auditor.open(f"{YEAR}/entries/x", 404)


def test_a_checkpoint_of_a_slip_is_verified(browser: Callable[[], Browser], keyed: Office) -> None:
    """The words of a checkpoint of this ledger hold; with one letter changed they are refused as another's."""
    with keyed.engine.begin() as connection:
        note = ledger.checkpoint(connection, signer=keyed.signer, at=keyed.clock.now(), reason="test")
    auditor = browser()
    auditor.log_in("kansa")
    auditor.open("/verify")
    assert 'class="notice good"' in auditor.send("/verify", checkpoint=note)
    changed = re.sub(r"(?m)^([0-9]+)$", lambda found: str(int(found[1]) + 1), note, count=1)
    assert 'class="notice bad"' in auditor.send("/verify", checkpoint=changed)


def test_the_bundle_is_taken_at_the_desk(browser: Callable[[], Browser]) -> None:
    """It comes as one zip that holds the ledger and the verifier, and nothing of it stays in the data directory."""
    auditor = browser()
    auditor.log_in("kansa")
    auditor.open(f"{YEAR}/bundle")
    answer = auditor.client.post(f"{YEAR}/bundle", data=auditor.hidden)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert "index.html" in bundle.namelist()


def test_an_auditor_changes_nothing(browser: Callable[[], Browser]) -> None:
    """No form of an act opens for whoever only reads, and none is offered."""
    auditor = browser()
    auditor.log_in("kansa")
    assert "/acts/" not in auditor.open("/")
    auditor.open(f"{YEAR}/acts/hold", 404)


def test_papers_and_documents_are_read_and_nothing_is_done_there(browser: Callable[[], Browser]) -> None:
    """The auditor opens the papers of the year and the list of documents; no form of an act is offered beside them."""
    auditor = browser()
    auditor.log_in("kansa")
    papers, documents = auditor.open(f"{YEAR}/papers"), auditor.open(f"{YEAR}/documents")
    assert "/acts/" not in papers + documents
    assert "登録する" not in documents
    answer = auditor.client.get(f"{YEAR}/papers/checklist-ward")
    assert answer.headers["content-type"] == "application/pdf"
