"""What the register section tells after the extraction: matched in the vault, acted on by serial, told to nobody."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playing import CYCLE, Played, copied, copy_of, everything_under, morning_of

from adapters.numbers import NUMBER
from adapters.scanner import scan
from models.database import reading
from models.errors import BadInput, Refused
from models.extract import UnreadableExtract
from models.people import SYSTEM
from models.records.enclosing import PullListIssued
from models.records.extraction import ChangesTaken, ProtectionRechecked
from models.serials import compact, count, expand
from rehearsal.cast import COORDINATOR, REGISTRAR
from states import ledger
from steps import protection
from steps.after import again
from steps.erasure import needles_of
from steps.extraction import Addressee
from views import counting

pytestmark = pytest.mark.xdist_group("protection")
STRANGER = "424242"
HEADER = "宛名番号,異動事由,異動日,支援措置"


extracted = morning_of("recheck_before_sealing")


@pytest.fixture(scope="module")
def printed(extracted: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Give the year once the letters are printed."""
    with copied(extracted, tmp_path_factory.mktemp("printed") / "year") as year:
        year.play(before="issue_pull_list")
        yield year


year = copy_of("extracted")


@pytest.fixture
def later(printed: Played, tmp_path: Path) -> Iterator[Played]:
    """Give a copy of the year once the letters are printed."""
    with copied(printed, tmp_path / "later") as year:
        yield year


def _list(year: Played, *rows: str, header: str = HEADER) -> Path:
    path = year.folder / "changes.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def _people(year: Played) -> list[Addressee]:
    return year.addressees()


def _take(year: Played, *rows: str) -> protection.Told:
    return protection.take_changes(year.office, CYCLE, _list(year, *rows), by=REGISTRAR)


def test_changes_become_serials_of_their_kind(later: Played) -> None:
    """Moved, died and protected are told apart in the record by serial; who stays or is not ours is counted."""
    a, b, c, d = _people(later)[:4]
    told = _take(
        later, f"{a.number},転出,2026-11-10,", f"{b.number},死亡,2026/11/11,", f"{c.number},転出,20261112,1",
        f"{d.number},転居,2026-11-12,", "999999,転出,2026-11-12,",
    )  # fmt: skip
    record = later.facts().record("take_changes", ChangesTaken)
    assert record
    assert (record.moved, record.died, record.newly_protected) == (str(a.serial), str(b.serial), str(c.serial))
    assert (record.rows, record.staying, record.strangers) == (5, 1, 1)
    assert (told.rows, told.named, told.strangers, told.source_left) == (5, 3, 1, True)
    assert _take(later, *(later.folder / "changes.csv").read_text().splitlines()[1:]).outcome.repeated


def test_before_the_sealing_everybody_named_is_pulled_at_once(year: Played) -> None:
    """Nothing has left yet, so that nobody whom the list names is in the package."""
    named = _people(year)[:3]
    _take(
        year,
        *(f"{it.number},{why}" for it, why in zip(named, ("転出,2026-11-10,", "死亡,2026-11-10,", ",,1"), strict=True)),
    )
    assert _serials(year, "pulled") == {it.serial for it in named}
    _recheck_today(year)
    year.seal()
    table = year.office.see(CYCLE, counting.counts)
    assert table.holds
    assert {line.key: line.count for line in table.lines}["pulled_transfer"] == 3


def _serials(year: Played, *states: str) -> frozenset[int]:
    with year.office.engine.connect() as connection:
        return year.office.door.facts(connection, CYCLE).pieces.serials(*states)


def test_the_pull_list_is_what_changes_and_rechecks_name(later: Played) -> None:
    """It holds exactly the serials not yet pulled, under one neutral code; a list that leaves one out is refused."""
    found = later.facts().record("recheck_before_enclosing", ProtectionRechecked)
    assert found
    moved, protected = _people(later)[2], _people(later)[5]
    _take(later, f"{moved.number},転出,2026-11-10,", f"{protected.number},,,1")
    with pytest.raises(Refused) as refused:
        later.do("issue_pull_list", pulled=found.newly_protected, reasons={"r1": 1})
    (gap,) = refused.value.unmet
    assert gap.guard == "changes_are_on_the_pull_list"
    assert compact({moved.serial, protected.serial}) in gap.missing
    _recheck_today(later, STRANGER)
    protection.issue_pull_list(later.office, CYCLE, by=REGISTRAR)
    issued = later.facts().record("issue_pull_list", PullListIssued)
    assert issued
    assert set(expand(issued.pulled)) == {moved.serial, protected.serial, *expand(found.newly_protected)}
    assert set(issued.reasons) == {"r1"}


def _recheck_today(year: Played, *numbers: str) -> protection.Told:
    rows = (*year.marked(), *numbers)
    return protection.recheck(year.office, CYCLE, _list(year, *rows, header="宛名番号"), by=REGISTRAR)


def test_a_pull_list_wants_a_recheck_of_the_day(later: Played) -> None:
    """The day of the re-check is the one of the record, not the one on which the list is asked for."""
    later.set_clock(later.now.replace(day=later.now.day + 1))
    with pytest.raises(Refused) as refused:
        protection.issue_pull_list(later.office, CYCLE, by=REGISTRAR)
    assert "pull_list_was_rechecked_today" in {gap.guard for gap in refused.value.unmet}


def test_enclosing_waits_until_the_protected_are_pulled(later: Played) -> None:
    """A person who comes under protection after the pull list was answered stops the enclosing by serial."""
    _recheck_today(later, STRANGER)
    protection.issue_pull_list(later.office, CYCLE, by=REGISTRAR)
    later.do("acknowledge_pull_list")
    late = next(it for it in _people(later) if it.serial in _serials(later, "printed"))
    _take(later, f"{late.number},,,1")
    with pytest.raises(Refused) as refused:
        later.do("report_enclosing")
    gaps = {gap.guard: gap.missing for gap in refused.value.unmet}
    assert f"[{late.serial}]" in gaps["no_protected_piece_is_sealed"]
    protection.issue_pull_list(later.office, CYCLE, by=REGISTRAR)
    later.do("acknowledge_pull_list")
    later.do("report_enclosing")


def test_the_recheck_that_is_due_tells_only_who_is_new(year: Played) -> None:
    """The register's whole list is compared: strangers do not count, and whoever was found before is not told again."""
    first, second = _people(year)[:2]
    told = _recheck_today(year, first.number, STRANGER)
    assert (told.rows, told.named, told.outcome.trigger) == (3, 1, "recheck_before_sealing")
    assert _recheck_today(year, first.number, second.number, STRANGER).named == 1
    record = year.facts().record("recheck_before_sealing", ProtectionRechecked)
    assert record
    assert (record.newly_protected, record.listed) == (str(second.serial), 4)
    assert _serials(year, "pulled") == {first.serial, second.serial}


def test_a_list_with_marks_protects_those_who_have_one(year: Played) -> None:
    """Where the list has the column 支援措置, only its marked rows are protected."""
    first, second = _people(year)[:2]
    marked = (f"{it},1" for it in year.marked())
    path = _list(year, *marked, f"{first.number},1", f"{second.number},0", header="宛名番号,支援措置")
    assert protection.recheck(year.office, CYCLE, path, by=REGISTRAR).named == 1


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("1,引越し,2026-11-10,", "異動事由"), ("1,,,", "異動事由"), ("1,死亡,,", "異動日"),
        ("1,死亡,2026-02-30,", "異動日"),
    ],
)  # fmt: skip
def test_a_change_nobody_understands_is_refused_by_row(later: Played, row: str, column: str) -> None:
    """A reason or date that is not known refuses the whole list by row and column, never by value."""
    before = len(later.entries())
    with pytest.raises(BadInput) as refused:
        _take(later, "2,死亡,2026-11-10,", row)
    assert f"{column}: 3" in refused.value.message
    assert "引越し" not in str(refused.value)
    assert len(later.entries()) == before


def test_a_change_list_with_a_forbidden_column_is_refused_and_told(later: Played) -> None:
    """A list with individual numbers is refused; the ledger gets its code and no number."""
    path = _list(later, "1,死亡,2026-11-10,,123456789018", header=f"{HEADER},個人番号")
    with pytest.raises(UnreadableExtract):
        protection.take_changes(later.office, CYCLE, path, by=REGISTRAR)
    note = later.entries()[-1]
    assert (note["event"], note["data"]["findings"]) == ("list_refused", {"forbidden_column": 1})


def test_names_on_a_change_list_are_dropped(later: Played) -> None:
    """A name that comes with the list is in no store; its numbers are looked for at the end."""
    person = _people(later)[0]
    path = _list(
        later, f"{person.number},死亡,2026-11-10,,余計　名前", "777777,死亡,2026-11-10,,x", header=f"{HEADER},氏名"
    )
    protection.take_changes(later.office, CYCLE, path, by=REGISTRAR)
    path.unlink()
    vault = later.office.vault(CYCLE)
    opened = b"".join(vault.read(name) for name in vault.names())
    assert "余計　名前".encode() not in opened + everything_under(later.folder)
    assert {person.number, "0000777777"} <= needles_of(later.office, vault)
    assert scan([later.folder], {person.number}).found == 0


def test_the_protected_are_handed_to_ward_staff_only(year: Played) -> None:
    """A registrar gets the list in a file of his own; the ledger gets count and hash, and the ward an item."""
    late = _people(year)[0]
    _recheck_today(year, late.number)
    out = year.folder / "list.csv"
    with pytest.raises(Refused):
        protection.list_protected(year.office, CYCLE, out, by=COORDINATOR)
    assert not out.exists()
    told = protection.list_protected(year.office, CYCLE, out, by=REGISTRAR)
    rows = list(csv.DictReader(io.StringIO(out.read_bytes().decode("utf-8-sig"))))
    assert told.named == len(rows)
    assert [(it["区分"], it["通し番号"], it["氏名"]) for it in rows if it["区分"] == "抽出後"] == [
        ("抽出後", str(late.serial), late.name)
    ]
    assert out.stat().st_mode & 0o077 == 0
    entry = year.entries()[-1]
    assert entry["event"] == "protected_listed"
    assert set(entry["data"]["record"]) == {"persons", "sha256", "item"}
    assert ("L-2026-01", "protected_list") in {(it.number, it.kind) for it in year.facts().items}
    with pytest.raises(BadInput):
        protection.list_protected(year.office, CYCLE, out, by=REGISTRAR)


# a re-check and its pull list in one sending


def _entered(year: Played, since: int) -> list[dict[str, Any]]:
    with reading(year.office.engine) as connection:
        return [entry for entry in ledger.told(connection, cycle_id=CYCLE) if entry["seq"] > since]


def _rechecked(year: Played, *rows: str, **said: Any) -> protection.Told:
    listed = _list(year, *rows, header="宛名番号")
    return protection.recheck(year.office, CYCLE, listed, by=REGISTRAR, pull_list=True, **said)


def test_a_re_check_issues_the_pull_list_that_is_due(later: Played) -> None:
    """One sending, two entries: whoever was found, whoever waits of a change list, and the serials named beside."""
    moved, found, other = _people(later)[:3]
    _take(later, f"{moved.number},転出,2026-11-10,")
    everybody = protection.everybody(later.office, later.facts())
    known = everybody.filter(everybody["protected"])[NUMBER].to_list()
    before = _entered(later, 0)[-1]["seq"]
    told = _rechecked(later, *known, found.number, also_pulled={"r3": str(other.serial)})
    recheck, issued, *_after = _entered(later, before)
    assert told.issued
    assert (recheck["event"], issued["event"]) == ("protection_rechecked_before_enclosing", "pull_list_issued")
    assert issued["data"]["entered_with"] == recheck["seq"]
    assert (recheck["seq"], issued["seq"]) == (told.outcome.seq, told.issued.seq)
    record = later.facts().record("issue_pull_list", PullListIssued)
    assert record
    assert set(expand(record.pulled)) >= {moved.serial, found.serial, other.serial}
    assert record.reasons == {"r1": count(record.pulled) - 1, "r3": 1}
    assert "acknowledge_pull_list" not in later.facts().done


def test_who_is_named_beside_and_waits_already_counts_once(later: Played) -> None:
    """The neutral code stands for whoever a list named, whatever reason somebody gives beside."""
    moved = _people(later)[0]
    _take(later, f"{moved.number},転出,2026-11-10,")
    known = protection.everybody(later.office, later.facts())
    _rechecked(later, *known.filter(known["protected"])[NUMBER].to_list(), also_pulled={"r3": str(moved.serial)})
    record = later.facts().record("issue_pull_list", PullListIssued)
    assert record
    assert "r3" not in record.reasons


def test_a_re_check_whose_pull_list_is_refused_is_not_done(later: Played) -> None:
    """Both or none: who named a serial that is not ours does the re-check again with the right one."""
    known = protection.everybody(later.office, later.facts())
    before = later.facts().done["recheck_before_enclosing"].seq
    with pytest.raises(Refused) as refused:
        _rechecked(later, *known.filter(known["protected"])[NUMBER].to_list(), also_pulled={"r3": "9999"})
    assert "pulled_serials_are_ours" in {gap.guard for gap in refused.value.unmet}
    assert later.facts().done["recheck_before_enclosing"].seq == before


def test_a_re_check_before_the_sealing_has_no_pull_list(year: Played) -> None:
    """Nothing is printed yet: whoever is found is pulled at once, and no list belongs to it."""
    known = protection.everybody(year.office, year.facts())
    with pytest.raises(BadInput):
        _rechecked(year, *known.filter(known["protected"])[NUMBER].to_list())


def test_the_system_answers_an_empty_list(later: Played) -> None:
    """Nobody is to be pulled: the list is answered as soon as it is issued, in the system's name, and once."""
    done = later.facts().done["recheck_before_enclosing"]
    withdrawn = ProtectionRechecked.model_validate_json(done.data).list_sha256
    protection.withdraw(later.office, CYCLE, by=REGISTRAR, list_sha256=withdrawn, reason="wrong_list")
    known = protection.everybody(later.office, later.facts())
    listed = known.filter(known["protected"])[NUMBER].to_list()
    told = _rechecked(later, *listed)
    assert told.issued
    assert told.issued.left == ()
    answers = [entry for entry in _entered(later, told.issued.seq) if entry["event"] == "pull_list_acknowledged"]
    assert [(entry["by"], entry["data"]["record"]["pulled"]) for entry in answers] == [(SYSTEM, "")]
    again(later.office, later.facts(), "issue_pull_list", by=REGISTRAR)
    assert _entered(later, answers[0]["seq"]) == []  # the list is printed again, and not answered again
    assert not later.office.door.missing(CYCLE, "report_enclosing")
