"""The second package: what the contractor prints of the additional persons leaves as the first did, and comes back."""

import csv
import hashlib
import io
import json
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from lifting import lifted
from playing import CYCLE, PERSONS, YEAR, Played, begun, copied, copy_of, killed_at
from sqlalchemy import select, update
from sqlmodel import col

from adapters.package import seven_zip
from adapters.sample import additional_extract, sample_extract, write_sample
from adapters.scanner import scan
from contractor.printing import print_letters
from contractor.transfer import open_to
from models import tables
from models.errors import BadInput, Refused
from models.package import FILE
from models.records.transfer import AdditionsSealed, PackageReadBack
from models.serials import expand
from papers import media_return
from rehearsal.cast import COORDINATOR, MANAGER, REGISTRAR
from states.acts import Outcome
from states.rules.custody import notice_in_force
from states.rules.erasure import registered_copies
from steps import acting, driving, extraction, papers, protection, transfer
from steps.erasure import needles_of
from steps.extraction import ADDITIONS
from steps.office import Office
from steps.transfer import PASSWORD, SEAL_ADDITIONS
from views import counting

pytestmark = pytest.mark.xdist_group("second_package")
LATE = 4


@pytest.fixture(scope="module")
def late(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Give a year whose contractor prints the additional letters, on the day on which they came."""
    with begun(template_home, tmp_path_factory.mktemp("late") / "year") as year:
        _let_the_contractor_print(year)
        year.play(before="take_additions")
        first = sample_extract(fiscal_year=YEAR, persons=PERSONS)
        write_sample(additional_extract(fiscal_year=YEAR, persons=LATE, after=first), year.extract)
        extraction.take_additions(year.office, CYCLE, year.extract, by=REGISTRAR)
        yield year


year = copy_of("late")


def _let_the_contractor_print(year: Played) -> None:
    ward, company = (f'additions_printed_by = "{who}"' for who in ("ward", "contractor"))
    with lifted(year.office.engine) as connection:
        text = connection.execute(select(col(tables.Cycle.programme_text))).scalar_one()
        assert ward in text
        connection.execute(update(tables.Cycle).values(programme_text=text.replace(ward, company)))


def _seal(year: Played) -> AdditionsSealed:
    acting.perform(year.office, CYCLE, SEAL_ADDITIONS, by=REGISTRAR, fields={})
    return _record(year)


def _record(year: Played) -> AdditionsSealed:
    record = year.facts().record(SEAL_ADDITIONS, AdditionsSealed)
    assert record
    return record


def _package(year: Played) -> Path:
    return year.office.outgoing(f"{CYCLE}-additions", "7z")


def _password(year: Played) -> str:
    return year.office.vault(CYCLE).read(f"{PASSWORD}-additions").decode()


def _notice(year: Played) -> Path:
    return year.office.papers / "password-notice-additions.pdf"


def _text(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as paper:
        return "\n".join(page.get_textpage().get_text_range() for page in paper)


def _serials(year: Played) -> list[int]:
    """Return the serials that 7-Zip itself finds in the addressee file."""
    command = [seven_zip(), "x", "-so", f"-p{_password(year)}", str(_package(year)), FILE]
    done = subprocess.run(command, capture_output=True, check=True)
    _header, *rows = csv.reader(io.StringIO(done.stdout.decode("utf-8-sig"), newline=""))
    return [int(row[0]) for row in rows]


def _added(year: Played) -> list[int]:
    return [it.serial for it in year.addressees(ADDITIONS)]


def _protect(year: Played, serial: int) -> None:
    year.do("recheck_before_enclosing", newly_protected=str(serial))


def _move(year: Played, item: str, **changes: Any) -> None:
    scan = {"scanned_on": year.now.date(), "scan_clean": True} if item.startswith("M-") else {}
    fields = {
        "item": item, "to": "contractor", "giver": COORDINATOR, "receiver": "asahi", "occasion": item, "slip": item,
        "locked_bag": True, "in_person": True, **scan, **changes,
    }  # fmt: skip
    acting.perform(year.office, CYCLE, "record_movement", by=COORDINATOR, fields=fields)


def _hand_over(year: Played) -> None:
    """Bring the medium, and a day later the notice."""
    _move(year, "M-2026-02")
    year.set_clock(year.now + timedelta(days=1))
    _move(year, notice_in_force(year.facts()))


def _receive(year: Played, **changes: Any) -> Outcome:
    fields = {
        "received": LATE, "package_sha256": _record(year).package_sha256, "pattern_on": year.now.date(),
        "scan_clean": True, "condition_good": True,
        "copies": [{"copy_number": "C-2026-07", "kind": "server", "place": "第一工場", "storage": "ssd"}], **changes,
    }  # fmt: skip
    return acting.perform(year.office, CYCLE, "report_additions_receipt", by=MANAGER, fields=fields)


def _guards(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {gap.guard for gap in refusal.value.unmet}


def test_exactly_the_additions_leave_under_numbers_of_their_own(year: Played) -> None:
    """7-Zip finds the additional serials and no other; package, password, medium, notice and papers are second ones."""
    record = _seal(year)
    assert _serials(year) == _added(year)
    assert len(_serials(year)) == LATE
    assert (record.medium, record.notice, record.held_back) == ("M-2026-02", "P-2026-02", "")
    assert record.package_sha256 == hashlib.sha256(_package(year).read_bytes()).hexdigest()
    items = {(it.number, it.kind, it.state) for it in year.facts().items}
    assert {("M-2026-02", "medium", "with_ward"), ("P-2026-02", "password_notice", "with_ward")} <= items
    assert ("WC-2026-06", "electronic_copy", "with_ward") in items
    groups = _password(year).split("-")
    assert all(group in _text(_notice(year)) for group in groups)
    assert "P-2026-02" in _text(_notice(year))
    sheet = _text(year.office.papers / "control-sheet-additions.pdf")
    assert "M-2026-02" in sheet
    assert f"{CYCLE}-additions" in sheet
    assert record.package_sha256[:8] in sheet
    assert not [group for group in groups if group in json.dumps(year.entries())]


def test_nobody_can_be_read_outside_the_vault(year: Played) -> None:
    """After the sealing the scanner finds no additional person in the data directory."""
    _seal(year)
    needles = needles_of(year.office, year.office.vault(CYCLE))
    assert {it.name for it in year.addressees(ADDITIONS)} <= needles
    assert scan([year.folder / "home", year.folder / "inbox"], needles, exclude=()).found == 0


def test_whoever_is_to_be_pulled_stays(year: Played) -> None:
    """An additional person who came under protection is not in the package, and the record tells the serial."""
    protected = _added(year)[1]
    _protect(year, protected)
    assert _seal(year).held_back == str(protected)
    assert set(_serials(year)) == set(_added(year)) - {protected}


def test_where_nobody_is_left_nothing_is_sealed(year: Played) -> None:
    """A package without persons is not made."""
    for serial in _added(year):
        _protect(year, serial)
    with pytest.raises(BadInput):
        _seal(year)
    assert not _package(year).exists()


def test_a_medium_with_a_protected_person_does_not_leave_and_is_sealed_anew(year: Played) -> None:
    """Who came under protection after the sealing stops the movement; the new package has new numbers and password."""
    _seal(year)
    former, protected = _password(year), _added(year)[0]
    year.set_clock(year.now + timedelta(minutes=5))
    _protect(year, protected)
    with pytest.raises(Refused) as refusal:
        _move(year, "M-2026-02")
    assert _guards(refusal) == {"additions_leave_without_the_protected"}
    record = _seal(year)
    assert (record.medium, record.notice, record.held_back) == ("M-2026-03", "P-2026-03", str(protected))
    assert protected not in _serials(year)
    assert _password(year) != former
    _move(year, "M-2026-03")


def test_sealing_again_is_no_third_package(year: Played) -> None:
    """A good package is not sealed again, neither here nor after the medium has left."""
    _seal(year)
    before = (_package(year).read_bytes(), _password(year), len(year.entries()))
    assert transfer.seal_additions(year.office, CYCLE, by=REGISTRAR).repeated
    assert (_package(year).read_bytes(), _password(year), len(year.entries())) == before
    _move(year, "M-2026-02")
    _protect(year, _added(year)[0])
    assert transfer.seal_additions(year.office, CYCLE, by=REGISTRAR).repeated


def test_only_a_registrar_seals_and_only_for_a_contractor_that_prints(late: Played, tmp_path: Path) -> None:
    """The coordinator may not; where the ward prints the refusal names the act that gives its clerk the letters."""
    with copied(late, tmp_path / "year") as year:
        with pytest.raises(Refused):
            transfer.seal_additions(year.office, CYCLE, by=COORDINATOR)
        ward, company = (f'additions_printed_by = "{who}"' for who in ("ward", "contractor"))
        with lifted(year.office.engine) as connection:
            text = connection.execute(select(col(tables.Cycle.programme_text))).scalar_one()
            connection.execute(update(tables.Cycle).values(programme_text=text.replace(company, ward)))
        with pytest.raises(Refused) as refusal:
            transfer.seal_additions(year.office, CYCLE, by=REGISTRAR)
        assert "contractor_prints_additions" in _guards(refusal)
        assert "hand_out_letters" in str(refusal.value.unmet)
        assert not _package(year).exists()


def test_figures_are_not_typed(year: Played) -> None:
    """With typed figures the act is refused: the machine brings them."""
    with pytest.raises((Refused, BadInput)):
        acting.perform(year.office, CYCLE, SEAL_ADDITIONS, by=REGISTRAR, fields={"size": 1})
    assert not _package(year).exists()


def test_a_day_later_protection_is_looked_up_again(year: Played) -> None:
    """The additional extract tells who is protected for a day; then a re-check comes first."""
    year.set_clock(year.now + timedelta(hours=25))
    with pytest.raises(Refused) as refusal:
        _seal(year)
    assert _guards(refusal) == {"additions_are_fresh"}
    year.do("recheck_before_enclosing", newly_protected="")
    _seal(year)


@pytest.mark.parametrize("moment", ["seal", "perform", "print_package_papers"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_sealing_goes_on(year: Played, moment: str, when: str) -> None:
    """Killed before or after any of its steps and run again: one record; paper, package and password fit together."""
    where = {"seal": transfer, "perform": year.office.door, "print_package_papers": transfer}[moment]
    with killed_at(where, moment, when):
        _seal(year)
    transfer.seal_additions(year.office, CYCLE, by=REGISTRAR)
    assert year.events().count("additions_sealed") == 1
    assert hashlib.sha256(_package(year).read_bytes()).hexdigest() == _record(year).package_sha256
    assert _serials(year) == _added(year)
    assert all(group in _text(_notice(year)) for group in _password(year).split("-"))


def test_the_contractor_prints_from_the_second_package(year: Played, tmp_path: Path) -> None:
    """Opened with the typed password, the folder gives one letter of each additional person, by serial."""
    record = _seal(year)
    opened = open_to(tmp_path / "work", _package(year), password=_password(year).lower(), sha256=record.package_sha256)
    assert (opened.persons, opened.package_sha256) == (LATE, record.package_sha256)
    printed = print_letters(tmp_path / "work")
    assert (set(expand(printed.good)), printed.missing) == (set(_added(year)), "")
    text = "".join(map(_text, sorted((tmp_path / "work" / "letters").glob("*.pdf"))))
    assert all(f"No. {serial:07}" in text for serial in _added(year))


def test_medium_and_notice_go_apart_with_slips_and_come_back(year: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both need occasions of their own; each prints its slip, and without their return the year does not go on.

    The notice's file goes with its paper, the password once the receipt is reported, the package with the year.
    """
    monkeypatch.setattr(Office, "is_rehearsal", property(lambda _self: False))
    _seal(year)
    _move(year, "M-2026-02")
    with pytest.raises(Refused) as refusal:
        _move(year, "P-2026-02")
    assert _guards(refusal) == {"medium_and_notice_move_apart"}
    assert _notice(year).exists()
    year.set_clock(year.now + timedelta(days=1))
    _move(year, "P-2026-02")
    assert not _notice(year).exists()
    for number in ("m-2026-02", "p-2026-02"):
        assert number.upper() in _text(year.office.papers / f"slip-{number}.pdf")
    assert _password(year)
    _receive(year)
    assert f"{PASSWORD}-additions" not in year.office.vault(CYCLE).names()

    year.play(before="enclose_additions")
    acting.perform(year.office, CYCLE, "enclose_additions", by=MANAGER, fields={"letters_enclosed": LATE})
    year.play(before="return_items")
    out = {it.number for it in year.facts().things_in("with_contractor")}
    assert {"M-2026-02", "P-2026-02"} <= out
    year.do("return_items", items=sorted(out - {"M-2026-02", "P-2026-02"}))
    with pytest.raises(Refused) as refusal:
        year.do("return_media")
    assert "every_item_is_back" in _guards(refusal)
    year.do("return_items", items=["M-2026-02"], slip="K-2026-08")
    year.set_clock(year.now + timedelta(days=1))
    year.do("return_items", items=["P-2026-02"], slip="K-2026-09")
    assert _package(year).exists()
    year.play(before="close")
    assert not _package(year).exists()
    states = {it.number: it.state for it in year.facts().items}
    assert (states["M-2026-02"], states["P-2026-02"], states["WC-2026-06"]) == ("destroyed", "destroyed", "erased")


@pytest.mark.parametrize(
    ("scan", "later", "broken"),
    [
        ({"scan_clean": False}, timedelta(0), {"medium_of_additions_was_scanned_today"}),
        ({"scanned_on": None, "scan_clean": None}, timedelta(0), {"medium_of_additions_was_scanned_today"}),
        ({}, timedelta(days=1), {"additions_were_read_back_today"}),
    ],
)
def test_the_medium_leaves_scanned_and_read_back_on_its_day(
    year: Played, scan: dict[str, Any], later: timedelta, broken: set[str]
) -> None:
    """Without the virus scan, or a day after it was opened last, the second medium does not leave either."""
    _seal(year)
    year.set_clock(year.now + later)
    with pytest.raises(Refused) as refusal:
        _move(year, "M-2026-02", **scan)
    assert _guards(refusal) == broken
    acting.perform(year.office, CYCLE, "read_back_package", by=REGISTRAR, fields={})
    back = year.facts().record("read_back_package", PackageReadBack)
    assert back
    assert (back.package_sha256, back.hash_agrees, back.opened, back.rows_agree) == (
        _record(year).package_sha256, True, True, True,
    )  # fmt: skip
    _move(year, "M-2026-02")
    with pytest.raises(Refused):
        acting.perform(year.office, CYCLE, "read_back_package", by=REGISTRAR, fields={})


def test_a_second_package_that_was_changed_is_not_read_back(year: Played) -> None:
    """One flipped byte is found, is on record, and the medium stays."""
    _seal(year)
    content = bytearray(_package(year).read_bytes())
    content[len(content) // 2] ^= 1
    _package(year).write_bytes(content)
    acting.perform(year.office, CYCLE, "read_back_package", by=REGISTRAR, fields={})
    back = year.facts().record("read_back_package", PackageReadBack)
    assert back
    assert (back.hash_agrees, back.opened) == (False, False)
    with pytest.raises(Refused) as refusal:
        _move(year, "M-2026-02")
    assert _guards(refusal) == {"additions_were_read_back_today"}


def test_the_contractors_own_count_comes_before_its_letters(year: Played) -> None:
    """No receipt before both have left; without it nothing is enclosed; another count is an incident of its kind."""
    _seal(year)
    with pytest.raises(Refused) as refusal:
        _receive(year)
    assert _guards(refusal) == {"additions_have_left"}
    _hand_over(year)
    year.play(before="issue_final_pull_list")
    with pytest.raises(Refused) as refusal:
        acting.perform(year.office, CYCLE, "enclose_additions", by=MANAGER, fields={"letters_enclosed": LATE})
    assert _guards(refusal) == {"printed_additions_were_received"}
    assert _receive(year, received=LATE - 1).deviations == ("received_count_agrees",)
    with year.office.engine.connect() as connection:
        assert connection.execute(select(col(tables.Incident.kind))).scalars().all() == ["count"]
    assert year.office.see(CYCLE, counting.counts).by_key["received_additions"] == LATE - 1


def test_a_receipt_registers_the_copies_and_is_counted(year: Played) -> None:
    """The copies that the contractor made of the second package are its duty to erase."""
    _seal(year)
    _hand_over(year)
    assert _receive(year).deviations == ()
    assert {it.number: it.state for it in year.facts().items}["C-2026-07"] == "with_contractor"
    assert year.office.see(CYCLE, lambda here: registered_copies(here.facts))["C-2026-07"].lies_on == "ssd"
    assert year.office.see(CYCLE, counting.counts).by_key["received_additions"] == LATE


def test_the_second_notice_is_printed_again_until_the_receipt(year: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged notice gets a new number and opens the same package; nothing is sealed anew, and it goes as the first.

    Once its envelope is closed its file is gone.
    """
    monkeypatch.setattr(Office, "is_rehearsal", property(lambda _self: False))
    before = _seal(year)
    acting.perform(year.office, CYCLE, "reprint_notice", by=REGISTRAR, fields={"reason": "damaged"})
    text = _text(_notice(year))
    assert "P-2026-03" in text
    assert "P-2026-02 に代わるもの" in text
    assert all(group in text for group in _password(year).split("-"))
    assert transfer.seal_additions(year.office, CYCLE, by=REGISTRAR).repeated
    assert _record(year) == before
    fields = {"notice": "P-2026-03", "in_sealed_envelope": True}
    acting.perform(year.office, CYCLE, "record_notice_printed", by=REGISTRAR, fields=fields)
    assert not _notice(year).exists()
    _hand_over(year)
    _receive(year)
    with pytest.raises(Refused) as refusal:
        acting.perform(year.office, CYCLE, "reprint_notice", by=REGISTRAR, fields={"reason": "damaged"})
    assert _guards(refusal) == {"password_is_still_needed"}


def test_who_is_to_be_pulled_is_pulled_before_the_others_are_enclosed(year: Played) -> None:
    """Who came under protection last is not counted as enclosed: that serial is pulled first, then the rest go."""
    _seal(year)
    _hand_over(year)
    _receive(year)
    year.play(before="issue_final_pull_list")
    protected = _added(year)[1]
    year.do("recheck_before_posting", newly_protected=str(protected))
    enclosed = {"letters_enclosed": LATE - 1}
    with pytest.raises(Refused) as refusal:
        acting.perform(year.office, CYCLE, "enclose_additions", by=MANAGER, fields=enclosed)
    assert "additions_to_be_pulled_are_pulled" in _guards(refusal)
    protection.issue_pull_list(year.office, CYCLE, by=REGISTRAR)
    year.play(before="inspect_delivery")
    acting.perform(year.office, CYCLE, "enclose_additions", by=MANAGER, fields=enclosed)
    counted = year.office.see(CYCLE, counting.counts)
    assert counted.holds
    assert protected in year.serials("pulled")


def test_the_machine_seals_in_the_name_of_who_took_the_additions(year: Played) -> None:
    """Where the contractor prints, the machine's next work is the second package, and the ward makes no letters."""
    (todo,) = driving.work(year.office)
    assert (todo.act, todo.by) == (SEAL_ADDITIONS, REGISTRAR)
    _seal(year)
    assert driving.work(year.office) == ()


def test_the_second_medium_gets_a_number_that_nothing_else_has(year: Played) -> None:
    """Where somebody has given a copy a medium's number that is not the next, the second medium takes a free one."""
    copies = [{"copy_number": "M-2026-03", "kind": "backup", "place": "本社"}]
    acting.perform(year.office, CYCLE, "register_copies", by=MANAGER, fields={"copies": copies})
    assert _seal(year).medium == "M-2026-02"


def test_a_second_medium_lost_at_the_contractors_is_on_the_return_note(year: Played) -> None:
    """What left with `record_movement` and is lost there is named as lost, as the first medium would be."""
    _seal(year)
    _move(year, "M-2026-02")
    fields = {"item": "M-2026-02", "noticed_on": year.now.date()}
    acting.perform(year.office, CYCLE, "record_loss", by=COORDINATOR, fields=fields)
    told = _text(papers.print_sheets(year.office, CYCLE, media_return.return_note)[0])
    assert "M-2026-02" in told
    assert "紛失" in told
