"""Transfer: serial and three items leave, sealed and read back; the password stands on its notice and nowhere else."""

import csv
import hashlib
import io
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playing import CYCLE, PERSONS, YEAR, Played, begun, copied, copy_of, everything_under, killed_at, morning_of

from adapters.fonts import FontFile, default_font
from adapters.package import open_package, seven_zip
from adapters.password import ALPHABET
from adapters.sample import sample_extract, write_sample
from adapters.scanner import scan
from contractor.erasure import erase
from contractor.transfer import addressees, open_to
from models.errors import BadInput, Damaged, Refused
from models.fields import fields_of
from models.package import FILE, FILE_CP932, HARD, HEADER, MANIFEST, TEMPLATES, WORDS
from models.records.transfer import PackageReadBack, PackageSealed
from models.serials import compact, expand
from rehearsal.cast import COORDINATOR, REGISTRAR
from states.table import BY_TRIGGER
from steps import acting, after, transfer
from steps.erasure import needles_of
from steps.extraction import Addressee
from steps.office import Office
from steps.transfer import PASSWORD, survives_cp932
from views import standing

pytestmark = pytest.mark.xdist_group("transfer")


extracted = morning_of("seal_package")


@pytest.fixture(scope="module")
def sealed(extracted: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Give the year after the sealing; nothing in a test changes it."""
    with copied(extracted, tmp_path_factory.mktemp("sealed") / "year") as year:
        year.seal()
        yield year


year = copy_of("extracted")


def _package(year: Played) -> Path:
    return year.office.outgoing(CYCLE, "7z")


def _password(year: Played) -> str:
    return year.office.vault(CYCLE).read(PASSWORD).decode()


def _record(year: Played) -> PackageSealed:
    record = year.facts().record("seal_package", PackageSealed)
    assert record
    return record


def _text(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as paper:
        return "\n".join(page.get_textpage().get_text_range() for page in paper)


def test_serial_name_postal_code_and_address_leave_and_nothing_else(sealed: Played) -> None:
    """7-Zip opens the package: the addressee file has these four columns, for exactly the exported serials."""
    members = open_package(_package(sealed), password=_password(sealed), sha256=_record(sealed).package_sha256)
    assert set(members) <= {FILE, FILE_CP932, WORDS, MANIFEST, *TEMPLATES}
    header, *rows = csv.reader(io.StringIO(members[FILE].decode("utf-8-sig"), newline=""))
    assert tuple(header) == HEADER == ("通し番号", "氏名", "郵便番号", "住所")
    assert rows == [[str(it.serial), it.name, it.postal_code, it.address] for it in sealed.addressees()]
    numbers = {it.number for it in sealed.addressees()}
    assert not any(number.encode() in content for number in numbers for content in members.values())


def test_neither_manifest_nor_record_tells_how_many(sealed: Played) -> None:
    """The manifest holds hashes of every member and no count: the received count is the contractor's own."""
    members = open_package(_package(sealed), password=_password(sealed))
    manifest = json.loads(members[MANIFEST])
    assert set(manifest) == {"cycle", "programme", "sha256"}
    assert manifest["sha256"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in members.items() if name != MANIFEST
    }
    assert len(sealed.addressees()) not in _record(sealed).model_dump().values()


def test_letters_are_counted_by_postal_area_where_the_programme_names_areas(
    year: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the postal codes inside a count by area goes on record, and no code; without areas there is nothing."""
    codes = [it.postal_code.replace("-", "") for it in year.addressees()]
    areas = {"甲": tuple({code[:3] for code in codes[:5]}), "乙": ("999",)}
    monkeypatch.setitem(year.facts().programme.mailing.__dict__, "areas", areas)
    year.seal()
    inside = sum(code.startswith(areas["甲"]) for code in codes)
    assert _record(year).areas == {"甲": inside, "乙": 0}
    assert inside
    assert not any(code in _record(year).model_dump_json(exclude={"package_sha256", "font_sha256"}) for code in codes)


def test_the_password_is_on_the_notice_and_in_the_vault_only(sealed: Played) -> None:
    """No group of the password is in ledger, database, log or control sheet; the notice has all eight."""
    groups = _password(sealed).split("-")
    notice = _text(sealed.office.papers / "password-notice.pdf")
    assert all(group in notice for group in groups)
    assert not any(group in _text(sealed.office.papers / "control-sheet.pdf") for group in groups)
    (sealed.office.papers / "password-notice.pdf").rename(sealed.folder / "notice.pdf")
    everything = everything_under(sealed.office.home)
    (sealed.folder / "notice.pdf").rename(sealed.office.papers / "password-notice.pdf")
    assert _password(sealed).encode() not in everything
    assert not [group for group in groups if json.dumps(sealed.entries()).count(group)]
    assert not [group for group in groups if group in (sealed.office.home / "log" / "tsudoi.jsonl").read_text()]


def test_nobody_can_be_read_outside_the_vault(sealed: Played) -> None:
    """After the sealing the scanner finds no resident in the data directory; the package is encrypted throughout."""
    needles = needles_of(sealed.office, sealed.office.vault(CYCLE))
    result = scan([sealed.folder], needles)
    assert (result.found, result.places) == (0, ())
    assert result.needles > 100
    assert f"home/outgoing/{CYCLE}.7z: encrypted" in {place.partition("/")[2] for place in result.unread}


def test_without_a_fresh_recheck_nothing_is_sealed(extracted: Played, tmp_path: Path) -> None:
    """A recheck of protected persons from another day is not enough; no package is made."""
    with copied(extracted, tmp_path / "stale") as year:
        year.set_clock(year.now.replace(day=year.now.day + 1))
        with pytest.raises(Refused) as refusal:
            year.seal()
        assert [gap.guard for gap in refusal.value.unmet] == ["protection_is_freshly_rechecked"]
        assert not _package(year).exists()
        assert year.events()[-1] == "act_refused"


def test_only_a_registrar_seals(year: Played) -> None:
    """The coordinator cannot seal."""
    with pytest.raises(Refused):
        transfer.seal_package(year.office, CYCLE, by=COORDINATOR)
    assert not _package(year).exists()


def test_sealing_again_is_no_second_package(sealed: Played) -> None:
    """A second sealing changes neither package nor password nor ledger."""
    before = (_package(sealed).read_bytes(), _password(sealed), len(sealed.entries()))
    assert sealed.seal().repeated
    assert (_package(sealed).read_bytes(), _password(sealed), len(sealed.entries())) == before


def test_whoever_is_newly_protected_does_not_leave(year: Played) -> None:
    """A person who came under protection before the sealing is not in the package, and stays in no pile."""
    protected = year.addressees()[4]
    year.do("recheck_before_sealing", newly_protected=str(protected.serial))
    year.seal()
    rows = open_package(_package(year), password=_password(year))[FILE].decode("utf-8-sig")
    assert protected.name not in rows
    assert len(rows.splitlines()) == len(year.addressees())


@pytest.mark.parametrize("moment", ["seal", "perform", "print_package_papers"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_sealing_goes_on(year: Played, moment: str, when: str) -> None:
    """Killed before or after any of its steps and run again: one record; paper, package and password fit together."""
    where = {"seal": transfer, "perform": year.office.door, "print_package_papers": transfer}[moment]
    with killed_at(where, moment, when):
        year.seal()
    year.seal()
    assert year.events().count("package_sealed") == 1
    package = _package(year).read_bytes()
    assert hashlib.sha256(package).hexdigest() == _record(year).package_sha256
    assert FILE in open_package(_package(year), password=_password(year))
    assert all(group in _text(year.office.papers / "password-notice.pdf") for group in _password(year).split("-"))
    assert _record(year).package_sha256[:8] in _text(year.office.papers / "control-sheet.pdf")


def test_the_contractor_counts_prints_and_erases_from_the_package_alone(sealed: Played, tmp_path: Path) -> None:
    """From package and password the contractor gets the same persons; nothing of his folder is left after erasing."""
    folder = tmp_path / "work"
    opened = open_to(folder, _package(sealed), password=_password(sealed).lower())
    assert opened.persons == len(sealed.addressees())
    assert opened.package_sha256 == _record(sealed).package_sha256
    assert [it.name for it in addressees(folder)] == [it.name for it in sealed.addressees()]
    assert scan([folder], [sealed.addressees()[0].name]).found > 0
    with pytest.raises(BadInput):
        open_to(folder, _package(sealed), password=_password(sealed))
    assert erase(folder) >= 3
    assert not folder.exists()


def test_the_contractor_is_told_of_another_package(sealed: Played, tmp_path: Path) -> None:
    """A package that is not the one of the control sheet is not opened; a slip in the password names its group only."""
    with pytest.raises(Damaged):
        open_to(tmp_path / "work", _package(sealed), password=_password(sealed), sha256="0" * 64)
    groups = _password(sealed).split("-")
    slip = groups[1][:-1] + next(it for it in ALPHABET if it != groups[1][-1])
    wrong = "-".join([groups[0], slip, *groups[2:]])
    with pytest.raises(BadInput) as refusal:
        open_to(tmp_path / "work", _package(sealed), password=wrong)
    assert "2" in refusal.value.message
    assert groups[1] not in refusal.value.message
    assert not (tmp_path / "work").exists()


def test_the_password_is_erased_once_the_package_was_opened(year: Played) -> None:
    """After the receipt nobody at the ward needs the password: it leaves the vault, and erasing twice is harmless."""
    year.play(before="report_receipt")
    assert PASSWORD in year.office.vault(CYCLE).names()
    year.play(before="hand_over")
    assert PASSWORD not in year.office.vault(CYCLE).names()
    assert after.again(year.office, year.facts(), "report_receipt", by=COORDINATOR).left == ()
    assert PASSWORD not in year.office.vault(CYCLE).names()


def test_a_contractor_finds_the_four_items_and_nothing_else(sealed: Played, tmp_path: Path) -> None:
    """What 7-Zip itself unpacks: serial and the three items in a table, and no other word of the register anywhere."""
    command = [seven_zip(), "x", f"-p{_password(sealed)}", f"-o{tmp_path}", _package(sealed)]
    subprocess.run(command, check=True, capture_output=True)
    with (tmp_path / FILE).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["通し番号", "氏名", "郵便番号", "住所"]
    assert {len(row) for row in rows} == {4}
    register = sample_extract(fiscal_year=YEAR, persons=PERSONS)
    sent = {row[1] for row in rows[1:]}
    unpacked = everything_under(tmp_path)
    for number, name, born, marked in register.select("宛名番号", "氏名", "生年月日", "支援措置").iter_rows():
        assert number.encode() not in unpacked
        if marked == "1":
            assert name.encode() not in unpacked
        for day in (born, born.replace("-", ""), born.replace("-", "/")):
            assert len(day) < 8 or day.encode() not in unpacked
    order = [register["氏名"].to_list().index(row[1]) for row in rows[1:] if row[1] in set(register["氏名"])]
    assert order != sorted(order)  # the serial does not tell the place in the register
    assert len(sent) > PERSONS // 2
    assert {path.name for path in tmp_path.iterdir()} - {FILE_CP932} == {FILE, MANIFEST, WORDS, *TEMPLATES}


def test_hard_rows_travel_as_serials_and_are_in_the_sample(template_home: Path, tmp_path: Path) -> None:
    """The words name by serial what the sample must show; a sample that leaves one out is refused by that serial."""
    with begun(template_home, tmp_path / "year") as year:
        register = sample_extract(fiscal_year=YEAR, persons=20)
        odd = pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("辻\U000e0102　難子")).otherwise(pl.col("氏名"))
        write_sample(register.with_columns(odd.alias("氏名")), year.extract)
        year.play(before="hand_over_medium")
        hard = next(it.serial for it in year.addressees() if it.name == "辻　難子")
        members = open_package(_package(year), password=_password(year))
        assert hard in expand(json.loads(members[WORDS])[HARD])
        year.play(before="submit_imprint_sample")
        with pytest.raises(Refused) as refusal:
            year.do("submit_imprint_sample", serials=compact({it.serial for it in year.addressees()} - {hard}))
        (gap,) = refusal.value.unmet
        assert gap.guard == "sample_holds_every_hard_row"
        assert f"[{hard}]" in gap.missing
        year.do("submit_imprint_sample")


def test_another_font_stops_the_sealing(year: Played, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A font installed after the judging would print other glyphs: the sealing is refused and says what to do."""
    other = tmp_path / "ipamjm.ttf"
    other.write_bytes(default_font().path.read_bytes() + b"\0")
    font = FontFile.read(other)
    monkeypatch.setattr(transfer, "default_font", lambda: font)
    with pytest.raises(Refused) as refusal:
        year.seal()
    (gap,) = refusal.value.unmet
    assert gap.guard == "font_is_the_judged_one"
    assert font.sha256[:16] in gap.missing
    assert "package_sealed" not in year.events()


def test_the_receipts_screen_does_not_tell_how_many_were_sealed(sealed: Played) -> None:
    """What the act needs, what blocks it and the forms hold no count of persons: the received count is his own."""
    exported = str(len(sealed.addressees()))
    shown = [f"{it.title} {it.takes.sentence}" for it in fields_of(BY_TRIGGER["report_receipt"].record)]
    stands = sealed.office.see(CYCLE, standing.standing)
    for owed in (*stands.next, *stands.later):
        shown += [owed.title, *owed.blocked_by]
    shown += [_text(sealed.office.papers / f"{name}.pdf") for name in ("control-sheet", "password-notice")]
    assert not [words for words in shown if exported in re.findall(r"(?<![0-9a-f])\d+(?![0-9a-f])", words)]


# CP932


@given(st.text())
def test_what_survives_cp932_comes_back_as_it_was(text: str) -> None:
    """Nothing that is let into the copy is read otherwise than it was written."""
    if survives_cp932(text):
        assert text.encode("cp932").decode("cp932") == text


@pytest.mark.parametrize("text", ["髙橋 﨑 濵 德", "架空町１－２", "ｺｰﾎﾟ～", "NGUYEN VAN A"])
def test_what_windows_writes_survives(text: str) -> None:
    """Extension characters, full-width signs of Windows and half-width kana are in the copy."""
    assert survives_cp932(text)


@pytest.mark.parametrize("text", ["𠮷田", "鷗", "神\ufe00", "辻\U000e0100", "1−2", "〜", "é", "\ue000", "\x80", "a\nb"])
def test_what_would_change_keeps_the_copy_out(text: str) -> None:
    """Beyond CP932, selectors, signs that share a code with another, private use and controls: there is no copy."""
    assert not survives_cp932(text)


def test_both_files_say_the_same(sealed: Played) -> None:
    """Where every character survives there is a copy in CP932, with the same rows, and the manifest names it."""
    members = open_package(_package(sealed), password=_password(sealed))
    if all(survives_cp932(f"{it.name}{it.postal_code}{it.address}") for it in sealed.addressees()):
        assert members[FILE_CP932].decode("cp932") == members[FILE].decode("utf-8-sig")
    assert (FILE_CP932 in members) == (FILE_CP932 in json.loads(members[MANIFEST])["sha256"])


def test_one_character_keeps_the_copy_out(year: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single name that CP932 cannot hold leaves UTF-8 alone in the package."""
    real = transfer.people_in

    def with_one(*arguments: Any) -> Iterator[Addressee]:
        yield from (replace(it, name="𠮷野 花") if it.serial == 3 else it for it in real(*arguments))

    monkeypatch.setattr(transfer, "people_in", with_one)
    year.seal()
    members = open_package(_package(year), password=_password(year))
    assert FILE_CP932 not in members
    assert "𠮷野 花" in members[FILE].decode("utf-8-sig")
    assert FILE_CP932 not in _record(year).members


# reading back, and the notice


def test_the_package_is_read_back_from_the_desk(year: Played) -> None:
    """The machine opens it as the contractor will, counts and compares; a damaged file is on record as it is."""
    year.seal()
    acting.perform(year.office, CYCLE, "read_back_package", by=REGISTRAR, fields={})
    told = year.facts().record("read_back_package", PackageReadBack)
    assert told
    assert (told.hash_agrees, told.opened, told.rows_agree) == (True, True, True)
    spoiled = bytearray(_package(year).read_bytes())
    spoiled[100] ^= 1
    _package(year).write_bytes(spoiled)
    year.set_clock(year.now + timedelta(minutes=1))
    acting.perform(year.office, CYCLE, "read_back_package", by=REGISTRAR, fields={})
    told = year.facts().record("read_back_package", PackageReadBack)
    assert told
    assert (told.hash_agrees, told.opened, told.rows_agree) == (False, False, False)
    with pytest.raises(Refused):
        year.do("hand_over_medium")


def test_rows_that_were_lost_are_found_by_counting(year: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that opens and has its hash, but not all its rows, does not pass the test."""
    with monkeypatch.context() as patch:
        real = transfer._Sealing.people
        patch.setattr(transfer._Sealing, "people", lambda *of: list(real(*of))[:-1])
        year.seal()
    year.set_clock(year.now + timedelta(minutes=1))
    acting.perform(year.office, CYCLE, "read_back_package", by=REGISTRAR, fields={})
    told = year.facts().record("read_back_package", PackageReadBack)
    assert told
    assert (told.opened, told.rows_agree) == (True, False)


def test_the_notice_is_taken_down_and_comes_back_by_an_act_alone(year: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once printed the PDF is removed; sealing again brings nothing, only a reprint with a reason does."""
    monkeypatch.setattr(Office, "is_rehearsal", property(lambda _self: False))
    notice = year.office.papers / "password-notice.pdf"
    year.seal()
    assert notice.exists()
    fields: dict[str, Any] = {"notice": "P-2026-01", "in_sealed_envelope": True}
    acting.perform(year.office, CYCLE, "record_notice_printed", by=REGISTRAR, fields=fields)
    assert not notice.exists()
    assert year.seal().repeated
    assert not notice.exists()
    acting.perform(year.office, CYCLE, "reprint_notice", by=REGISTRAR, fields={"reason": "damaged"})
    text = _text(notice)
    assert "再発行（P-2026-01 に代わるもの）" in text
    assert all(group in text for group in _password(year).split("-"))
    assert [item.number for item in year.facts().things_in("with_ward") if item.kind == "password_notice"] == [
        "P-2026-01", "P-2026-02",
    ]  # fmt: skip
    assert not any(group in json.dumps(year.entries()) for group in _password(year).split("-"))


def test_the_desk_seals_where_no_figures_are_typed(year: Played) -> None:
    """`act seal_package` does the machine's work; with typed figures it is refused."""
    with pytest.raises((Refused, BadInput)):
        acting.perform(year.office, CYCLE, "seal_package", by=REGISTRAR, fields={"size": 1})
    assert acting.perform(year.office, CYCLE, "seal_package", by=REGISTRAR, fields={}).trigger == "seal_package"
    assert _package(year).exists()
