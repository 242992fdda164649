"""How an extract arrives: encrypted files are opened in memory, and everything else is told apart in words."""

import subprocess
from pathlib import Path

import pytest
from no_room import no_room
from playing import CYCLE, YEAR, Played, copy_of, everything_under, morning_of

from adapters.package import seal, seven_zip
from adapters.sample import sample_extract, write_sample
from models.errors import BadInput, Damaged, Refused, TsudoiError
from models.records.extraction import AdditionsTaken, ExtractTaken
from models.words import _
from rehearsal.cast import COORDINATOR, REGISTRAR
from steps import acting, arriving, extraction
from steps.extraction import Taken

pytestmark = pytest.mark.xdist_group("arriving")
PASSWORD, MARK = "Kagi-1234", "運ばれる　人物"
CSV = f"宛名番号,氏名,郵便番号,住所,生年月日,支援措置\r\n1,{MARK},1600023,東京都新宿区西新宿一丁目1番,2006-08-15,\r\n"


ready = morning_of("take_extract")
year = copy_of("ready")


def _sealed(folder: Path, *, form: str = "7z", name: str = "extract.csv", content: str = CSV) -> Path:
    path = folder / f"sealed.{form}"
    seal({name: content.encode()}, into=path, password=PASSWORD, form="zip" if form == "zip" else "7z")
    return path


def _archived(folder: Path, name: str, *switches: str, members: tuple[str, ...] = ("extract.csv",)) -> Path:
    """Let 7-Zip make an archive as a clerk's window would."""
    inside = folder / "inside"
    inside.mkdir()
    for member in members:
        (inside / member).write_text(CSV, encoding="utf-8")
    path = folder / name
    subprocess.run([seven_zip(), "a", *switches, path, *members], cwd=inside, check=True, capture_output=True)
    return path


def _received(year: Played, path: Path, **changes: object) -> None:
    digest = arriving.read_in(path, programme=year.facts().programme, ask=lambda: PASSWORD).travelled_sha256
    fields = {
        "item": "E-2026-01", "giver": REGISTRAR, "receiver": COORDINATOR, "occasion": "抽出ファイルの受渡し",
        "slip": "K-2026-00", "locked_bag": True, "in_person": True, "sha256": digest, "form": "7z", **changes,
    }  # fmt: skip
    acting.perform(year.office, CYCLE, "receive_extract", by=COORDINATOR, fields=fields)


@pytest.mark.parametrize("form", ["7z", "zip"])
def test_an_encrypted_extract_is_taken_and_never_lies_open(year: Played, tmp_path: Path, form: str) -> None:
    """After its receipt it is opened in memory: record and slip name it, and no byte of it stands outside the vault."""
    path = _sealed(tmp_path, form=form)
    _received(year, path)
    taken = year.take(path, ask=lambda: PASSWORD)
    assert taken.judgement.verdict == "accepted"
    record = year.facts().record("take_extract", ExtractTaken)
    assert record
    assert record.travelled_sha256
    assert record.original == ""  # the receipt made the item already
    assert [(it.number, it.kind, it.state) for it in year.facts().items if it.is_thing] == [
        ("E-2026-01", "extract_original", "with_ward")
    ]
    assert (year.office.papers / "slip-k-2026-00.pdf").read_bytes().startswith(b"%PDF-")
    everything = everything_under(year.folder) + everything_under(tmp_path)
    assert MARK.encode() not in everything
    assert PASSWORD.encode() not in everything
    assert [it.name for it in year.addressees()] == [MARK]


def test_a_receipt_is_a_handover_with_a_checkpoint(year: Played, tmp_path: Path) -> None:
    """The ledger has the receipt under its number once; somebody who is not of the register section cannot give it."""
    path = _sealed(tmp_path)
    with pytest.raises(Refused) as refused:
        _received(year, path, giver=COORDINATOR, receiver="takahashi")
    assert "it_comes_from_the_register_section" in {gap.guard for gap in refused.value.unmet}
    _received(year, path)
    assert year.events()[-2:] == ["extract_received", "paper_printed"]
    with pytest.raises(Refused) as refused:
        _received(year, path)
    assert "original_has_a_new_number" in {gap.guard for gap in refused.value.unmet}


def test_without_its_receipt_an_encrypted_extract_is_refused(year: Played, tmp_path: Path) -> None:
    """Neither without a receipt nor with that of another file is it taken; a plain one in the inbox needs none."""
    path = _sealed(tmp_path)
    for _attempt in ("none", "another"):
        with pytest.raises(Refused) as refused:
            year.take(path, ask=lambda: PASSWORD)
        assert [gap.guard for gap in refused.value.unmet] == ["encrypted_file_was_received"]
        (tmp_path / "other").mkdir(exist_ok=True)
        if _attempt == "none":
            _received(year, _sealed(tmp_path / "other"))
    write_sample(sample_extract(fiscal_year=YEAR, persons=20), year.extract)
    assert year.take().outcome


def _refusal(year: Played, path: Path, password: str = PASSWORD) -> TsudoiError:
    with pytest.raises(TsudoiError) as refused:
        year.take(path, ask=lambda: password)
    assert MARK not in str(refused.value)
    assert "take_extract" not in year.facts().done
    return refused.value


def test_a_wrong_password_and_a_damaged_file_are_told_apart(year: Played, tmp_path: Path) -> None:
    """A wrong password is somebody's slip; a damaged file is said to be damaged, and told to the ledger."""
    path = _sealed(tmp_path)
    wrong = _refusal(year, path, "Kagi-9999")
    assert isinstance(wrong, BadInput)
    assert wrong.message == _("The password does not open this encrypted package.")
    content = bytearray(path.read_bytes())
    content[-20] ^= 0xFF
    path.write_bytes(content)
    damaged = _refusal(year, path)
    assert isinstance(damaged, Damaged)
    assert year.entries()[-1]["data"] == {"findings": {"damaged": 1}}


def test_readable_file_names_leave_open_what_is_wrong(year: Played, tmp_path: Path) -> None:
    """A 7z without encrypted names opens with its password; with a wrong one both causes are named."""
    path = _archived(tmp_path, "names.7z", "-t7z", f"-p{PASSWORD}", "-mhe=off")
    assert arriving.read_in(path, programme=year.facts().programme, ask=lambda: PASSWORD).content == CSV.encode()
    assert "SHA-256" in _refusal(year, path, "Kagi-9999").remedy


def test_no_password_is_said_in_words(year: Played, tmp_path: Path) -> None:
    """Where nobody can be asked, and where nothing is typed, the refusal says where it is asked for."""
    path = _sealed(tmp_path)
    with pytest.raises(BadInput) as refused:
        year.take(path)
    assert "業務画面又は端末" in refused.value.remedy
    assert isinstance(_refusal(year, path, ""), BadInput)


@pytest.mark.parametrize("form", ["zip", "7z"])
def test_an_archive_that_is_not_encrypted_is_no_extract(year: Played, tmp_path: Path, form: str) -> None:
    """An archive that anybody can open is refused by code before a password is asked for, and told to the ledger."""

    def never() -> str:
        raise AssertionError

    taken = year.take(_archived(tmp_path, f"open.{form}", f"-t{form}"), ask=never)
    assert [it.code for it in taken.judgement.findings] == ["not_csv"]
    assert year.events()[-1] == "extract_refused"


def test_the_encrypted_file_holds_one_csv_and_nothing_else(year: Played, tmp_path: Path) -> None:
    """Two files, or one that is no CSV by name, are refused."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    two = _archived(tmp_path / "a", "two.7z", "-t7z", f"-p{PASSWORD}", "-mhe=on", members=("a.csv", "b.csv"))
    assert "2" in _refusal(year, two).message
    assert isinstance(_refusal(year, _sealed(tmp_path / "b", name="extract.txt")), BadInput)


def test_additions_travel_encrypted_too(year: Played, tmp_path: Path) -> None:
    """The late move-ins may come the same way, with a receipt of their own."""
    year.play(before="take_additions")
    path = _sealed(tmp_path)
    _received(year, path)
    taken = extraction.take_additions(year.office, CYCLE, path, by=REGISTRAR, ask=lambda: PASSWORD)
    assert isinstance(taken, Taken)
    record = year.facts().record("take_additions", AdditionsTaken)
    assert record
    assert record.travelled_sha256
    assert record.raw_hits == 1


def test_only_what_a_taking_set_apart_is_erased_from_the_inbox(year: Played) -> None:
    """Files that others lay into the inbox under the name of what is set apart stay; what a kill left is erased."""
    inbox = year.office.settings.inbox
    laid = [inbox / f".{number}.taken" for number in range(1000)]
    for path in laid:
        path.write_text("of somebody else")
    source = inbox / "extract.csv"
    source.write_text(CSV, encoding="utf-8")
    assert arriving.emptied(year.office, source)
    assert [path for path in laid if not path.exists()] == []
    (inbox / ".left-by-a-kill.taken").write_text(CSV, encoding="utf-8")
    (year.office.home / "set-apart").write_text(".left-by-a-kill.taken", encoding="ascii")
    arriving.erase_what_is_taken(year.office)
    assert sorted(inbox.iterdir()) == sorted(laid)


def test_on_a_full_disk_the_inbox_is_emptied_later(year: Played) -> None:
    """An extract that cannot be set apart for want of room stays whole, and is erased once there is room."""
    source = year.office.settings.inbox / "extract.csv"
    source.write_bytes(CSV.encode())
    with no_room(), pytest.raises(OSError, match="too large"):
        arriving.emptied(year.office, source)
    assert source.read_bytes() == CSV.encode()
    arriving.erase_what_is_taken(year.office)
    assert arriving.emptied(year.office, source)
    assert list(year.office.settings.inbox.iterdir()) == []


def test_what_finds_no_room_is_not_handed_out_in_part(tmp_path: Path) -> None:
    """Where the disk is full in the middle of a list nothing of it stays there, and it may be handed out anew."""
    path, content = tmp_path / "list.csv", CSV.encode() * 1000
    with no_room(beyond=4096), pytest.raises(OSError, match="too large"), arriving.handed_out(path, content):
        pass
    assert list(tmp_path.iterdir()) == []
    with arriving.handed_out(path, content):
        assert path.read_bytes() == content
