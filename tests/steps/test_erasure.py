"""Erasure of the ward's own data: first the search, then key and files; killed anywhere, it ends recorded once."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from playing import CYCLE, Played, begun, copied, copy_of, killed_at, morning_of

from adapters.press import Addressee as Imprint
from adapters.vault import Vault
from deploy import verify_ledger as verifier
from models.errors import Refused
from models.records.erasure import WardDataErased
from papers.printing import words_of
from rehearsal.cast import APPROVER, COORDINATOR, HANDLER
from steps import acting, auditing, erasure
from steps.erasure import needles_of
from steps.extraction import Addressee
from steps.reminding import watch

pytestmark = pytest.mark.xdist_group("erasure")


at_the_end = morning_of("erase_ward_data")
year = copy_of("at_the_end")


def _places(year: Played) -> list[Path]:
    home = year.office.home
    return [home / "vault" / CYCLE, home / "keys" / "vault" / f"{CYCLE}.key", year.office.outgoing(CYCLE, "7z")]


def _record(year: Played) -> WardDataErased:
    record = year.facts().record("erase_ward_data", WardDataErased)
    assert record
    return record


def _in_a_log(year: Played, someone: Addressee) -> str:
    with (year.office.home / "log" / "tsudoi.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"event": someone.address}) + "\n")
    return "home/log/tsudoi.jsonl:"


def _in_a_file_name(year: Played, someone: Addressee) -> str:
    (year.office.home / "evidence").mkdir(exist_ok=True)
    (year.office.home / "evidence" / f"{someone.name}.txt").write_text("")
    return "home/evidence/(withheld) [inode "


def _in_the_database(year: Played, someone: Addressee) -> str:
    with year.office.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE reminder SET trouble = ? WHERE id = 1", (someone.number,))
    return "home/tsudoi.db:"


def _in_the_inbox(year: Played, someone: Addressee) -> str:
    year.extract.write_text(f"宛名番号,氏名\n{someone.number},{someone.name}\n", encoding="cp932", errors="replace")
    return "inbox/extract.csv:"


@pytest.mark.parametrize("plant", [_in_a_log, _in_a_file_name, _in_the_database, _in_the_inbox])
def test_residents_data_outside_the_vault_stop_the_destruction(
    year: Played, plant: Callable[[Played, Addressee], str]
) -> None:
    """Wherever a resident's data lie, nothing is destroyed; the refusal names the place and not what lies there."""
    watch(year.office)  # the database's case needs a row to plant into
    someone = next(it for it in year.addressees() if it.name.isascii() or len(it.name) > 4)
    place = plant(year, someone)
    with pytest.raises(Refused) as refusal:
        year.erase()
    told = str(refusal.value)
    assert any(place in gap.missing for gap in refusal.value.unmet), told
    assert not any(secret in told for secret in (someone.name, someone.address, someone.number))
    assert all(path.exists() for path in _places(year))
    assert "erase_ward_data" not in year.facts().done
    assert not any(entry["event"] == "ward_data_erased" for entry in year.entries())


def test_a_letter_among_the_papers_stops_the_destruction(year: Played) -> None:
    """A printed letter that was left among the papers is found by its text."""
    someone = year.addressees()[0]
    press = year.office.press(year.facts().programme)
    imprint = Imprint(
        serial=someone.serial, name=someone.name, postal_code=someone.postal_code, address=someone.address
    )
    letter = press.specimen(year.office.see(CYCLE, words_of), [imprint])
    (year.office.papers / "sample.pdf").write_bytes(letter)
    with pytest.raises(Refused) as refusal:
        year.erase()
    assert "sample.pdf#page 1" in str(refusal.value)


def test_a_name_that_got_into_the_ledger_is_redacted_and_the_erasure_ends(
    year: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name in a deadline's reason stops it; two people take it out, nothing is found, and every proof holds."""
    someone = next(it for it in year.addressees() if len(it.name) > 4)
    with monkeypatch.context() as compared:
        compared.setattr(year.office.door, "named_in", None)  # as where the vault's key was elsewhere that day
        acting.perform(
            year.office, CYCLE, "move_deadline", by=COORDINATOR,
            fields={"act": "close", "to": "2027-01-29", "reason": f"{someone.name}さんの件"},
        )  # fmt: skip
    entry = len(year.entries())
    proof = auditing.export(year.office, tmp_path / "before") and auditing.prove_inclusion(year.office, entry)
    with pytest.raises(Refused, match=r"tsudoi\.db"):
        year.erase()
    redaction = {"entry": entry, "place": "record.reason", "reason": "resident_data"}
    acting.perform(year.office, CYCLE, "redact_text", by=COORDINATOR, fields=redaction)
    acting.confirm(
        year.office, CYCLE, "redact_text", by=APPROVER, decision_number="8-総総-1",
        decided_on=year.now.date(),
    )  # fmt: skip
    for path in (year.office.home / "tsudoi.db", year.office.home / "tsudoi.db-wal"):
        assert not path.exists() or someone.name.encode() not in path.read_bytes()
    year.erase()
    assert _record(year).found == 0
    auditing.verify(year.office)
    auditing.export(year.office, tmp_path / "after")
    report = verifier.verify_ledger(str(tmp_path / "after"), [str(tmp_path / "before/checkpoints" / f"{entry:09}.txt")])
    assert report.findings == []
    (tmp_path / "proof").write_text(json.dumps(proof | {"texts": []}), encoding="utf-8")
    assert verifier.verify_proof(str(tmp_path / "proof")).findings == []
    assert someone.name not in "".join(it.read_text(encoding="utf-8") for it in (tmp_path / "after").glob("*.jsonl"))


def test_after_it_neither_key_nor_file_is_left(year: Played) -> None:
    """With nothing found, key, vault and the sealed package are gone, and the record holds the search's own figures."""
    needles = needles_of(year.office, year.office.vault(CYCLE))
    files = len(year.office.vault(CYCLE).names())
    year.erase()
    assert not any(path.exists() for path in _places(year))
    assert list((year.office.home / "keys" / "vault").iterdir()) == []
    record = _record(year)
    assert (record.found, record.absent, record.keys_destroyed) == (0, True, 1)
    assert record.needles + 5 > len({it for it in needles if len(it.strip()) >= 4}) > 100
    assert record.scanned_files > 10
    assert record.vault_files_destroyed == files
    with pypdfium2.PdfDocument(year.office.papers / "erasure-record.pdf") as paper:
        text = paper[0].get_textpage().get_text_range()
    assert "データ廃棄記録" in text
    assert f"{record.needles:,} 語" in text


def test_the_backup_of_the_key_goes_too(at_the_end: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a backup of the key is kept it is destroyed with the key, and counted."""
    backup = tmp_path / "backup"
    monkeypatch.setenv("TSUDOI_KEY_BACKUP", str(backup))
    with copied(at_the_end, tmp_path / "year") as year:
        year.office.vault(CYCLE, new=True)
        assert (backup / f"{CYCLE}.key").exists()
        year.erase()
        assert list(backup.iterdir()) == []
        assert _record(year).keys_destroyed == 2


def test_a_backup_that_went_before_a_kill_counts(
    at_the_end: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when the backup of the key is gone and the key is not, both are on record as destroyed."""
    monkeypatch.setenv("TSUDOI_KEY_BACKUP", str(tmp_path / "backup"))
    with copied(at_the_end, tmp_path / "year") as year:
        year.office.vault(CYCLE, new=True)
        with killed_at(os, "fsync", "before"):
            year.erase()
        assert year.office.vault(CYCLE).names()
        year.erase()
        assert _record(year).keys_destroyed == 2


def test_erasing_twice_is_erasing_once(year: Played) -> None:
    """A second call says that it was done already."""
    year.erase()
    assert year.erase().repeated
    assert year.events().count("ward_data_erased") == 1


def test_it_is_refused_before_its_time_and_to_others(at_the_end: Played, template_home: Path, tmp_path: Path) -> None:
    """Before the contractor's erasure is confirmed, or by a handler of the contractor, nothing is destroyed."""
    with begun(template_home, tmp_path / "early") as early:
        early.play(before="seal_package")
        with pytest.raises(Refused):
            early.erase()
        assert early.office.vault(CYCLE).names()
    with copied(at_the_end, tmp_path / "late") as late:
        with pytest.raises(Refused):
            erasure.erase_ward_data(late.office, CYCLE, by=HANDLER)
        assert all(path.exists() for path in _places(late))


@pytest.mark.parametrize(
    ("where", "moment", "when"),
    [
        (Vault, "destroy", "before"),
        (os, "fsync", "before"),  # the key is overwritten, and not removed
        (Vault, "_shred_files", "before"),
        (Vault, "destroy", "after"),
        (erasure, "_erase_outgoing", "after"),
        (erasure, "print_record", "before"),
    ],
)
def test_killed_in_between_it_goes_on(year: Played, where: object, moment: str, when: str) -> None:
    """Killed between search, key, files, package and record, it ends with all of them gone and recorded once."""
    files = len(year.office.vault(CYCLE).names())
    with killed_at(where, moment, when):
        year.erase()
    year.erase()
    assert not any(path.exists() for path in _places(year))
    assert year.events().count("ward_data_erased") == 1
    record = _record(year)
    assert (record.found, record.absent) == (0, True)
    assert record.needles > 100
    assert (record.vault_files_destroyed, record.keys_destroyed) == (files, 1)
    assert not (year.office.home / f"erasure-{CYCLE}.json").exists()
    assert (year.office.papers / "erasure-record.pdf").exists()
