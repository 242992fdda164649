"""Somebody's own words are compared with the vault before they enter the ledger; a namesake blocks no erasure."""

import pytest
from playing import CYCLE, Played, copy_of, morning_of

from adapters.needles import Needles
from models.errors import Refused
from models.records.erasure import WardDataErased
from rehearsal.cast import COORDINATOR
from steps import acting, erasure
from steps.extraction import Addressee
from steps.residents import prepare

pytestmark = pytest.mark.xdist_group("erasure")


at_the_end = morning_of("erase_ward_data")
year = copy_of("at_the_end")


def _someone(year: Played) -> Addressee:
    return next(it for it in year.addressees() if "　" in it.name and len(it.name) > 4)


def _move(year: Played, reason: str) -> None:
    fields = {"act": "close", "to": "2027-01-27", "reason": reason}
    acting.perform(year.office, CYCLE, "move_deadline", by=COORDINATOR, fields=fields)


def test_words_that_name_a_resident_never_enter_the_ledger(year: Played) -> None:
    """Name, address and number are refused by field, however they are written, and stand in no entry; others pass."""
    someone = _someone(year)
    for said in (someone.name, someone.name.replace("　", " "), someone.address, someone.number):
        with pytest.raises(Refused) as refusal:
            _move(year, f"{said} の件")
        assert any(gap.guard == "no_resident_is_named" and "reason" in gap.missing for gap in refusal.value.unmet)
        assert said not in str(refusal.value)
    assert not any(someone.number in str(entry) or someone.name in str(entry) for entry in year.entries())
    _move(year, "通し番号 12 の件")


def test_where_the_key_is_elsewhere_the_entry_says_that_nothing_was_compared(year: Played) -> None:
    """A fact can be recorded on a day on which the vault's key is not in its place, and the ledger warns."""
    key = year.office.home / "keys" / "vault" / f"{CYCLE}.key"
    key.rename(key.with_suffix(".away"))
    _move(year, "鍵は金庫の中")
    moved = [entry for entry in year.entries() if entry["event"] == "deadline_moved"]
    assert moved[-1]["data"]["warnings"] == ["words_were_compared"]


def test_a_namesake_blocks_no_erasure_once_two_people_decide(year: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of the register that is a resident's too is told with its id; after two people decided it is erased."""
    known = erasure.needles_of
    name = year.facts().people[COORDINATOR].name.replace(" ", "　")
    monkeypatch.setattr(erasure, "needles_of", lambda office, vault: known(office, vault) | {name})
    (year.office.papers / "slip.txt").write_text(f"渡した者 {name}", encoding="utf-8")
    with pytest.raises(Refused) as refusal:
        acting.perform(year.office, CYCLE, "erase_ward_data", by=COORDINATOR, fields={})
    (gap,) = refusal.value.unmet
    assert (gap.act, COORDINATOR in gap.missing, name in gap.missing) == ("accept_namesakes", True, False)
    year.do("accept_namesakes")
    acting.perform(year.office, CYCLE, "erase_ward_data", by=COORDINATOR, fields={})
    record = year.facts().record("erase_ward_data", WardDataErased)
    assert record is not None
    assert (record.found, record.namesakes) == (0, (COORDINATOR,))


def test_what_the_vault_keeps_finds_the_same(year: Played) -> None:
    """What is written into the vault to compare with finds what was looked for, and holds nobody's name."""
    made = Needles.of(["髙橋　結菜", "東京都新宿区大久保一丁目３０番２２号", "4596034657"])
    kept = Needles.read(made.written())
    for text in ("高橋 結菜", "大久保1-30-22", "4596 034657"):
        assert list(kept.in_text(text)) == list(made.in_text(text)) or text.startswith("大久保")
    assert "結菜".encode() not in made.written()
    assert any(name.startswith("needles-") for name in year.office.vault(CYCLE).names())


def test_what_a_kill_left_beside_what_is_compared_with_is_taken_away(year: Played) -> None:
    """Old fingerprints beside the new, as a kill leaves them, are erased by the next comparison."""
    vault = year.office.vault(CYCLE)
    vault.write("needles-0123456789ab", Needles.of(["髙橋　結菜"]).written())
    prepare(vault, year.facts().programme)
    assert len([name for name in vault.names() if name.startswith("needles-")]) == 1
