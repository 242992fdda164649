"""The register's lists: nobody is missed for how a number is written, and another list is told from the right one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from figures import Figures
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playing import CYCLE, Played, copied, copy_of, morning_of

from adapters.numbers import Form
from models.database import reading
from models.errors import BadInput, Refused
from models.extract import UnreadableExtract
from models.programme import Programme, text_of
from models.records.extraction import ChangesTaken, ProtectionRechecked
from models.serials import expand
from rehearsal.cast import REGISTRAR
from states.replay import Difference, differences
from states.table import BY_TRIGGER
from steps import acting, protection
from steps.erasure import needles_of
from steps.lists import read_list
from views import counting, standing

pytestmark = pytest.mark.xdist_group("lists")
PROGRAMME = Programme.parse(text_of(Path(__file__).parents[2] / "deploy/programmes/hatachi.toml"), name="hatachi.toml")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
FOUND: dict[str, Callable[[str], str]] = {
    "plain": lambda it: it,
    "quoted": lambda it: f'"{it}"',
    "without leading zeros": lambda it: it.lstrip("0"),
    "full width": lambda it: it.translate(WIDE),
    "space after": lambda it: f"{it} ",
    "space before": lambda it: f" {it}",
    "no-break space": lambda it: f"\u00a0{it}",
    "zero-width space": lambda it: f"{it[:4]}\u200b{it[4:]}",
    "extra zero": lambda it: f"0{it}",
    "thousands": lambda it: f'"{int(it):,}"',
    "decimal": lambda it: f"{it}.0",
    "hyphen": lambda it: f"{it[:4]}-{it[4:]}",
    "apostrophe": lambda it: f"'{it}",
    "formula of a text": lambda it: f'"=""{it}"""',
    "byte order mark": lambda it: f"\ufeff{it}",
}
REFUSED: dict[str, Callable[[str], str]] = {
    "exponent": lambda it: f"{int(it):.5E}",
    "letter O": lambda it: f"{it[:5]}O{it[6:]}",
    "letter l": lambda it: f"{it[:5]}l{it[6:]}",
    "too long": lambda it: f"{it}1",
    "formula": lambda _it: "=cmd|calc",
    "name": lambda _it: "山田太郎",
    "two numbers": lambda it: f"{it} {it}",
    "total with a name": lambda _it: "合計 山田",
}

extracted = morning_of("recheck_before_sealing")


@pytest.fixture(scope="module")
def bare(extracted: Played, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Give a year in which nothing is entered: what is refused leaves it as it is."""
    with copied(extracted, tmp_path_factory.mktemp("bare") / "year") as year:
        yield year


year = copy_of("extracted")


def _write(year: Played, *lines: str) -> Path:
    path = year.folder / "list.csv"
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    return path


def _recheck(year: Played, *rows: str, header: str = "宛名番号", **options: object) -> protection.Told:
    path = _write(year, header, *year.marked(), *rows)
    return protection.recheck(year.office, CYCLE, path, by=REGISTRAR, **options)


def _changes(year: Played, *rows: str, **options: object) -> protection.Told:
    path = _write(year, "宛名番号,異動事由,異動日,支援措置", *rows)
    return protection.take_changes(year.office, CYCLE, path, by=REGISTRAR, **options)


@pytest.mark.parametrize("spelling", FOUND)
def test_a_protected_person_is_found_however_the_number_is_written(
    year: Played, spelling: str, figures: Figures
) -> None:
    """The re-check finds the person whose number a program or a hand has written in another way."""
    person = next(it for it in year.addressees() if not it.number.startswith("0"))
    named = _recheck(year, FOUND[spelling](person.number)).named
    figures.tell("spellings of a number", where="found by a re-check", tried=1, held=named)
    assert named == 1
    record = year.facts().record("recheck_before_sealing", ProtectionRechecked)
    assert record
    assert record.newly_protected == str(person.serial)


@pytest.mark.parametrize("spelling", FOUND)
def test_a_changed_person_is_found_however_the_number_is_written(year: Played, spelling: str, figures: Figures) -> None:
    """So does a list of changes."""
    person = next(it for it in year.addressees() if not it.number.startswith("0"))
    named = _changes(year, f"{FOUND[spelling](person.number)},,,1").named
    figures.tell("spellings of a number", where="found by a list of changes", tried=1, held=named)
    assert named == 1
    record = year.facts().record("take_changes", ChangesTaken)
    assert record
    assert record.newly_protected == str(person.serial)


@pytest.mark.parametrize("spelling", REFUSED)
def test_a_row_that_is_no_number_refuses_the_list(bare: Played, spelling: str, figures: Figures) -> None:
    """Nothing is guessed: the row is named, never what stands in it, and no re-check is recorded."""
    number = next(it.number for it in bare.addressees() if not it.number.startswith("0"))  # as long as any is
    cell = REFUSED[spelling](number)
    for take, row, at in ((_recheck, cell, 2 + len(bare.marked())), (_changes, f"{cell},死亡,2026-11-10,", 2)):
        with pytest.raises(UnreadableExtract) as refused:
            take(bare, row)
        assert [(it.code, it.row) for it in refused.value.findings] == [("number_form", at)]
        assert cell not in str(refused.value)
        assert bare.entries()[-1]["data"]["findings"] == {"number_form": 1}
    done = "recheck_before_sealing" in bare.facts().done
    figures.tell("rows that are no number", where="refused by a list", tried=2, held=0 if done else 2)
    assert not done


def test_an_empty_cell_of_a_recheck_is_refused_by_row(bare: Played) -> None:
    """A row without a number is about somebody whom nobody can find."""
    for blank in ('""', " ", "\u3000\u200b"):
        with pytest.raises(UnreadableExtract) as refused:
            _recheck(bare, blank, bare.addressees()[0].number)
        assert [(it.code, it.row) for it in refused.value.findings] == [("no_number", 2 + len(bare.marked()))]


def test_nothing_is_sealed_after_a_list_that_was_refused(year: Played) -> None:
    """The gate before the sealing stays shut until a list is read whole."""
    with pytest.raises(UnreadableExtract):
        _recheck(year, "4.59603E+09")
    with pytest.raises(Refused) as refused:
        year.seal()
    assert "protection_is_freshly_rechecked" in {gap.guard for gap in refused.value.unmet}


def test_a_person_written_with_a_space_is_not_in_the_package(year: Played) -> None:
    """From a list with spaces to the sealed package: the person's letter is pulled before anything leaves."""
    person = year.addressees()[4]
    assert _recheck(year, f"{person.number} ").named == 1
    year.seal()
    assert person.serial in year.serials("pulled")


def test_a_list_without_whoever_was_protected_is_another_list(year: Played) -> None:
    """Whom the extract marked must stand on every list; the rows are named, and the ledger hears of it."""
    (marked,) = year.marked()
    path = _write(year, "宛名番号", year.addressees()[0].number)
    with pytest.raises(BadInput) as refused:
        protection.recheck(year.office, CYCLE, path, by=REGISTRAR)
    assert marked not in str(refused.value)
    assert year.entries()[-1]["event"] == "list_refused"
    assert year.entries()[-1]["data"]["findings"] == {"another_list": 1}
    assert "recheck_before_sealing" not in year.facts().done
    told = protection.recheck(year.office, CYCLE, path, by=REGISTRAR, no_longer_protected=1)
    record = year.facts().record("recheck_before_sealing", ProtectionRechecked)
    assert record
    assert (told.named, record.no_longer_protected, record.nobody_of_ours) == (1, 1, False)


def test_an_end_of_protection_is_not_said_beforehand(bare: Played) -> None:
    """Whoever says that protection ended of somebody who stands on the list has another list before him."""
    with pytest.raises(BadInput, match="終了した人はいない"):
        _recheck(bare, no_longer_protected=1)


def test_a_list_with_nobody_of_this_year_asks_for_a_named_decision(year: Played) -> None:
    """It is probably last year's; a named person may say that it is right, and the record says so."""
    path = _write(year, "宛名番号", "9999999998", "9999999999")
    options = {"by": REGISTRAR, "no_longer_protected": 1}
    with pytest.raises(BadInput, match="担当者の名で"):
        protection.recheck(year.office, CYCLE, path, **options)
    protection.recheck(year.office, CYCLE, path, nobody_of_ours=True, **options)
    record = year.facts().record("recheck_before_sealing", ProtectionRechecked)
    assert record
    assert record.nobody_of_ours
    with pytest.raises(BadInput, match="担当者の名で"):
        _changes(year, "9999999999,死亡,2026-11-10,")
    _changes(year, "9999999999,死亡,2026-11-10,", nobody_of_ours=True)
    changes = year.facts().record("take_changes", ChangesTaken)
    assert changes
    assert changes.nobody_of_ours


def test_footers_are_told_apart_and_counted(year: Played) -> None:
    """Totals and closing words are no rows; they are counted, said, and no needles of the search."""
    person = year.addressees()[0]
    told = _recheck(year, person.number, "合計：2件", "令和8年11月2日現在", "以上")
    assert (told.rows, told.named, told.footers) == (1 + len(year.marked()), 1, 3)
    vault = year.office.vault(CYCLE)
    kept = vault.read(next(it for it in vault.names() if it.startswith("recheck-"))).decode()
    assert "以上" not in kept


def test_a_date_that_could_be_a_number_refuses_the_list() -> None:
    """Where the register's own numbers are as long, nobody can say that a date alone is no person."""
    content = "宛名番号\n2026-11-02\n".encode()
    table = read_list(content, programme=PROGRAMME, form=Form(shortest=10, longest=10, padded=False))
    assert [(it.code, it.count) for it in table.findings if it.code == "footer"] == [("footer", 1)]
    for form in (Form(shortest=8, longest=8, padded=False), Form(shortest=10, longest=10, padded=True)):
        with pytest.raises(UnreadableExtract) as refused:
            read_list(content, programme=PROGRAMME, form=form)
        assert [(it.code, it.row) for it in refused.value.findings] == [("number_form", 2)]


@pytest.mark.parametrize("header", ["宛名番号 ", "宛名　番号", "\u200b宛名番号", "宛名\u00a0番号", '"=""宛名番号"""'])
def test_a_column_is_known_however_its_name_is_written(bare: Played, header: str) -> None:
    """Width and spaces of every kind make no other column."""
    content = f"{header}\n{bare.addressees()[0].number}\n".encode()
    table = read_list(content, programme=PROGRAMME, form=None)
    assert table.frame.height == 1


@given(noise=st.lists(st.sampled_from(sorted(FOUND)), max_size=4), number=st.integers(1, 10**10 - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("padded", [True, False])
def test_a_list_finds_the_person_or_is_refused(noise: list[str], number: int, *, padded: bool) -> None:
    """Whatever was done to a number, the list names that person or nobody reads it: it is never missed in silence."""
    number += 0 if padded else 10**9
    cell = written = f"{number:010}"
    for it in noise:
        try:
            cell = FOUND[it](cell.removeprefix('"').removesuffix('"').replace('""', '"'))
        except ValueError:  # no number any more, for which there are no thousands
            continue
    form = Form(shortest=10, longest=10, padded=padded)
    try:
        table = read_list(f"宛名番号\n{cell}\n".encode(), programme=PROGRAMME, form=form)
    except UnreadableExtract:
        return
    assert table.frame["宛名番号"].to_list() == [written.zfill(10) if padded else str(number)]


def _withdraw(year: Played, sha256: str) -> None:
    fields = {"list_sha256": sha256[:12], "reason": "wrong_list"}
    acting.perform(year.office, CYCLE, "withdraw_list", by=REGISTRAR, fields=fields)


def test_a_recheck_without_a_list_is_refused(bare: Played) -> None:
    """Who is newly protected cannot be typed, not even that nobody is: the refusal names the act of a list."""
    person = str(bare.addressees()[0].serial)
    for fields in ({}, {"newly_protected": ""}, {"newly_protected": person, "list_sha256": "0" * 64, "listed": 9}):
        with pytest.raises(Refused) as refused:
            acting.perform(bare.office, CYCLE, "recheck_before_sealing", by=REGISTRAR, fields=fields)
        (gap,) = refused.value.unmet
        assert BY_TRIGGER[gap.act].typed_as == "tsudoi extract recheck FILE"
    assert "recheck_before_sealing" not in bare.facts().done


def test_a_recheck_that_is_withdrawn_is_due_again(year: Played) -> None:
    """A wrong list counts no more: nothing is sealed, its rows leave the vault, and nobody is searched for in vain."""
    person = year.addressees()[3]
    told = _recheck(year, person.number, "8888888888")
    vault = year.office.vault(CYCLE)
    assert "8888888888" in needles_of(year.office, vault)
    _withdraw(year, told.list_sha256)
    entry = year.entries()[-1]
    assert (entry["event"], entry["by"]) == ("list_withdrawn", REGISTRAR)
    assert entry["data"]["record"]["list_sha256"] == told.list_sha256
    assert "8888888888" not in needles_of(year.office, vault)
    assert not [it for it in vault.names() if it.startswith("recheck-")]
    assert year.facts().newly_protected == ""
    with pytest.raises(Refused) as refused:
        year.seal()
    assert "protection_is_freshly_rechecked" in {gap.guard for gap in refused.value.unmet}
    assert year.serials("pulled") == [person.serial]  # what was pulled at once is a fact
    assert "recheck_before_sealing" in _next(year)
    assert _differences(year) == []
    _recheck(year)
    assert "recheck_before_sealing" not in _next(year)
    year.seal()
    assert _differences(year) == []


def test_a_withdrawn_recheck_is_asked_for_only_where_it_may_still_be_done(year: Played) -> None:
    """What the cycle has gone past stays done; nobody is reminded of an act that no list could do any more."""
    told = _recheck(year)
    year.play(before="recheck_before_enclosing")
    _withdraw(year, told.list_sha256)
    later = {it.act for it in year.office.see(CYCLE, standing.standing).later}
    assert "recheck_before_sealing" not in later | _next(year)
    assert _differences(year) == []


def test_a_recheck_before_the_posting_day_is_not_that_of_the_posting_day(year: Played) -> None:
    """Each re-check stands in the ledger under its own name; the one of the posting day stays owed until that day."""
    year.play(before="recheck_before_final_list")
    assert _recheck(year).outcome.trigger == "recheck_before_final_list"
    assert {"recheck_before_posting", "issue_final_pull_list"} <= _next(year)
    year.play(before="recheck_before_posting")
    assert _recheck(year).outcome.trigger == "recheck_before_posting"
    assert "recheck_before_posting" not in _next(year)


def _next(year: Played) -> set[str]:
    return {it.act for it in year.office.see(CYCLE, standing.standing).next}


def _differences(year: Played) -> list[Difference]:
    with reading(year.office.engine) as connection:
        return list(differences(connection))


def test_what_another_list_named_is_not_withdrawn(year: Played) -> None:
    """Only the wrong list goes; who was named by the right one stays named, and the right one may come again."""
    right, wrong = year.addressees()[:2]
    _recheck(year, right.number)
    told = _changes(year, f"{wrong.number},転出,2026-11-10,")
    _withdraw(year, told.list_sha256)
    assert year.office.see(CYCLE, counting.counts).holds
    facts = year.facts()
    assert (facts.newly_protected, facts.to_pull) == (str(right.serial), str(right.serial))
    assert "recheck_before_sealing" in facts.done
    assert not _changes(year, f"{wrong.number},転出,2026-11-10,").outcome.repeated
    assert set(expand(year.facts().to_pull)) == {right.serial, wrong.serial}
    assert year.office.see(CYCLE, counting.counts).holds


def test_only_a_list_of_this_year_is_withdrawn(bare: Played) -> None:
    """A hash that no list has, or none, withdraws nothing."""
    for digits in ("", "abc", "0" * 64):
        with pytest.raises(BadInput):
            protection.withdraw(bare.office, CYCLE, by=REGISTRAR, list_sha256=digits, reason="wrong_list")
