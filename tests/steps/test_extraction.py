"""Extraction: what comes in goes into the vault once, what is doubtful waits for a named person, nothing leaks."""

import csv
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pypdfium2 as pdfium
import pytest
from lifting import lifted
from playing import CYCLE, YEAR, Played, copy_of, everything_under, morning_of
from sqlalchemy import insert

from adapters.finder import Finder
from adapters.sample import COLUMNS, additional_extract, sample_extract, write_sample
from adapters.scanner import scan
from models import tables
from models.database import reading
from models.errors import BadInput, Refused, Unknown
from models.records.enclosing import PullListIssued
from models.records.extraction import AdditionsTaken, ExtractTaken
from models.records.printing import LettersHandedOut
from models.serials import count, expand
from papers import checking
from rehearsal.cast import COORDINATOR, REGISTRAR
from states.acts import Outcome
from steps import extraction, printing, protection, roll
from steps.extraction import ADDITIONS, ProtectedBy, Taken
from steps.preparation import open_year
from views import counting

pytestmark = pytest.mark.xdist_group("extraction")
CANARIES = ("鸛巣　雷鳥丸", "ZZYZXOVA QUILLFEATHER NIGHTJAR")
NEW_ADDRESS = "東京都新宿区西新宿二丁目9番1号"
DWELLING = "東京都新宿区西新宿二丁目九十九番九九号"
PLAIN = {"郵便番号": "1600023", "住所": DWELLING, "生年月日": "2006-08-15"}
CATALOGUE = {"氏名": "試験　太郎", **PLAIN}

Write = Callable[..., Path]


ready = morning_of("take_extract")
year = copy_of("ready")


@pytest.fixture
def write(year: Played) -> Write:
    """Write an extract of plain people, each changed as named, into the inbox or elsewhere."""

    def write(*people: Mapping[str, str], path: Path | None = None) -> Path:
        into = path or year.extract
        with into.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.DictWriter(file, COLUMNS, restval="")
            rows.writeheader()
            for n, it in enumerate(people):
                number = it.get("宛名番号", str(7_000_000_001 + n))
                born = f"2006-08-{int(number) % 28 + 1:02}"  # nobody stands there under two numbers
                rows.writerow({"宛名番号": number, **CATALOGUE, "生年月日": born, **it})
        return into

    return write


def _taken(year: Played) -> ExtractTaken:
    record = year.facts().record("take_extract", ExtractTaken)
    assert record
    return record


def _decide(year: Played, row: int, how: str, **options: Any) -> Taken | Outcome:
    return extraction.decide(
        year.office, CYCLE, **{"row": row, "how": how, "reason": "seen", "by": REGISTRAR, **options}
    )


def test_an_extract_is_taken_into_the_vault_and_nowhere_else(year: Played, write: Write) -> None:
    """The vault holds what the programme knows of it; canaries that the scanner finds in the input are nowhere else."""
    write(*({"氏名": name, "方書": "金糸雀荘"} for name in CANARIES))
    needles = {*CANARIES, f"{DWELLING}　金糸雀荘", DWELLING, "7000000001", "7000000002"}
    assert scan([year.extract], needles).found >= len(needles)
    taken = year.take()
    assert taken.judgement.verdict == "accepted"
    assert not taken.source_left
    assert list(year.extract.parent.iterdir()) == []
    left = scan([year.folder], needles)
    assert (left.found, left.places, left.needles) == (0, (), len(needles))
    digest = _taken(year).extract_sha256
    kept = roll.kept(year.office.vault(CYCLE), digest, year.facts().programme)
    assert kept.frame["氏名"].to_list() == list(CANARIES)
    assert sorted(it.name for it in year.addressees()) == sorted(CANARIES)


def test_an_extract_that_lies_elsewhere_is_left_to_its_owner(year: Played, write: Write, tmp_path: Path) -> None:
    """A file outside the inbox is taken but not erased, and the taking says that it is left."""
    elsewhere = write({}, {}, path=tmp_path / "mine.csv")
    assert year.take(elsewhere).source_left
    assert elsewhere.exists()


def test_the_same_extract_taken_again_changes_nothing(year: Played, write: Write) -> None:
    """Taking the same bytes again is a no-op: no ledger entry, no other serials; the inbox is emptied all the same."""
    write({}, {}, {})
    year.take()
    before, people = len(year.entries()), year.addressees()
    write({}, {}, {})
    again = year.take()
    assert again.outcome
    assert again.outcome.repeated
    assert not year.extract.exists()
    assert (len(year.entries()), year.addressees()) == (before, people)


def test_another_extract_takes_the_place_of_the_first(year: Played, write: Write) -> None:
    """Before it is checked a corrected extract replaces the one before, with addressees of its own."""
    write({"氏名": "旧版　一郎"}, {"氏名": "旧版　二郎"})
    year.take()
    write({"氏名": "新版　一郎"})
    year.take()
    assert [it.name for it in year.addressees()] == ["新版　一郎"]
    assert _taken(year).exported == 1


def test_a_refused_extract_leaves_only_a_note_of_codes(year: Played, write: Write) -> None:
    """A refused extract leaves codes, counts and a hash in the ledger, no vault, and stays where it was."""
    write({"氏名": CANARIES[0], "生年月日": "1990-01-01"}, {"生年月日": "1990-01-01"})
    before = len(year.entries())
    taken = year.take()
    assert (taken.outcome, taken.source_left, taken.judgement.verdict) == (None, True, "refused")
    assert year.extract.exists()
    (note,) = year.entries()[before:]
    assert note["event"] == "extract_refused"
    assert set(note["data"]) == {"extract_sha256", "findings"}
    assert note["data"]["findings"]["birth_window"] == 2
    assert "take_extract" not in year.facts().done
    assert not Finder(CANARIES).found_in_text(json.dumps(note, ensure_ascii=False))
    assert not (year.office.home / "vault" / CYCLE).exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"%PDF-1.7\n%%EOF", "not_csv"),
        (b"PK\x03\x04 a workbook", "not_csv"),
        ("宛名番号,氏名\r\n1,試験　太郎\r\n".encode(), "missing_column"),
        ("宛名番号,氏名,郵便番号,住所,生年月日,個人番号\r\n".encode(), "forbidden_column"),
        ('宛名番号,氏名,郵便番号,住所,生年月日\r\n1,"試験,1600023\r\n'.encode(), "broken_quote"),
        (b"\xff\xff\x00\x81", "undecodable"),
    ],
)
def test_what_is_no_extract_is_refused_by_code(year: Played, content: bytes, code: str) -> None:
    """A file that is no register extract is refused with the code of what is wrong; nothing enters the vault."""
    year.extract.write_bytes(content)
    taken = year.take()
    assert taken.judgement.verdict == "refused"
    assert code in {finding.code for finding in taken.judgement.findings}
    assert year.events()[-1] == "extract_refused"


def test_the_inbox_must_hold_one_extract(year: Played, write: Write) -> None:
    """An empty inbox and one with two files are told apart from an extract; hidden files do not count."""
    with pytest.raises(Unknown, match="0"):
        year.take()
    write({})
    write({}, path=year.extract.with_name("second.csv"))
    with pytest.raises(Unknown, match="2"):
        year.take()
    year.extract.rename(year.extract.with_name(".hidden.csv"))
    assert year.take().outcome


def test_nobody_but_a_registrar_takes_an_extract(year: Played, write: Write) -> None:
    """Whoever is no registrar, or nobody known, is refused before the extract is read; it stays in the inbox."""
    write({})
    for person in (COORDINATOR, "nobody"):
        with pytest.raises(Refused):
            year.take(by=person)
    assert year.extract.exists()
    assert year.events()[-2:] == ["act_refused", "act_refused"]
    assert not (year.office.home / "vault" / CYCLE).exists()


def test_a_held_extract_waits_with_row_column_and_code(year: Played, write: Write) -> None:
    """A doubtful cell holds the whole extract: it is in the vault, but nobody has a serial and it cannot be checked."""
    write({"氏名": "試験　一郎"}, {"氏名": "辻\U000e0102　花子"}, {"生年月日": "2001-01-01"}, {})
    taken = year.take()
    assert taken.judgement.verdict == "held"
    record = _taken(year)
    assert [(it.row, it.column, it.code) for it in record.rows] == [
        (3, "氏名", "no_ivs"), (4, "生年月日", "out_of_window"),
    ]  # fmt: skip
    assert record.addressees_sha256 == ""
    assert year.addressees() == []
    with pytest.raises(Refused):
        year.do("extract")


def test_decisions_are_carried_out_to_the_letter(year: Played, write: Write) -> None:
    """A substitution changes the named characters only, an exclusion leaves the person out, the rest is as it came."""
    write({"氏名": "無事　一郎"}, {"氏名": "辻\U000e0102　花子"}, {"氏名": "昔々　次郎", "生年月日": "2001-01-01"})
    year.take()
    assert extraction.proposals(year.office, CYCLE) == [
        (3, "substitute", "U+8FBB U+E0102>U+8FBB"), (4, "exclude", ""),
    ]  # fmt: skip
    assert isinstance(_decide(year, 3, "substitute", substitute="U+8FBB U+E0102>U+8FBB"), Outcome)
    assert year.office.facts(CYCLE).undecided == 1
    done = _decide(year, 4, "exclude")
    assert isinstance(done, Taken)
    assert done.judgement.verdict == "accepted"
    assert {it.name for it in year.addressees()} == {"無事　一郎", "辻　花子"}
    assert _taken(year).excluded == {"decided": 1}
    assert _taken(year).held == 0
    decided = [entry["data"]["record"] for entry in year.entries() if entry["event"] == "row_decided"]
    assert [(it["row"], it["how"]) for it in decided] == [(3, "substitute"), (4, "exclude")]


def test_several_rows_are_decided_by_one_form(year: Played, write: Write) -> None:
    """Each decision has its own entry; one that cannot be carried out leaves them all undecided."""
    write({}, {"氏名": "山〓　花子"}, {"氏名": "川〓　花子"}, {"住所": "東京都新宿区ꀀ町"})
    year.take()
    said = {"reason": "seen", "substitute": ""}
    form = [{"row": row, "how": "accept", **said} for row in (3, 4)]
    before = len(year.entries())
    with pytest.raises(BadInput):
        extraction.decide_all(year.office, CYCLE, [*form, {"row": 5, "how": "accept", **said}], by=REGISTRAR)
    assert (len(year.entries()), year.office.facts(CYCLE).undecided) == (before, 3)
    done = extraction.decide_all(year.office, CYCLE, [*form, {"row": 5, "how": "exclude", **said}], by=REGISTRAR)
    assert isinstance(done, Taken)
    decided = [entry for entry in year.entries() if entry["event"] == "row_decided"]
    assert [entry["data"]["record"]["row"] for entry in decided] == [3, 4, 5]
    assert [entry["data"].get("entered_with") for entry in decided] == [None, *[decided[0]["seq"]] * 2]


def test_a_decision_that_cannot_be_carried_out_changes_nothing(year: Played, write: Write) -> None:
    """What the font cannot draw is not accepted, a row that is not held is not decided, and nothing of it is kept."""
    write({}, {"住所": "東京都新宿区ꀀ町"})
    year.take()
    before = len(year.entries())
    with pytest.raises(BadInput):
        _decide(year, 3, "accept")
    with pytest.raises(BadInput):
        _decide(year, 3, "substitute", substitute="U+3042>U+3044")
    with pytest.raises(BadInput):
        _decide(year, 2, "exclude")
    with pytest.raises(BadInput):
        _decide(year, 3, "perhaps")
    assert len(year.entries()) == before
    assert year.office.facts(CYCLE).undecided == 1


def test_a_decision_may_be_changed_while_rows_wait(year: Played, write: Write) -> None:
    """The last decision about a row counts; the ledger keeps both."""
    write({}, {"氏名": "山〓　花子"}, {"氏名": "川〓　花子"})
    year.take()
    _decide(year, 3, "accept")
    _decide(year, 3, "exclude")
    assert isinstance(_decide(year, 4, "accept"), Taken)
    assert {it.name for it in year.addressees()} == {CATALOGUE["氏名"], "川〓　花子"}
    assert year.events().count("row_decided") == 3


def test_decisions_are_kept_when_the_same_held_extract_is_taken_again(year: Played, write: Write) -> None:
    """Whoever takes the held extract once more does not decide again."""
    people = ({}, {"氏名": "\ue000　花子"}, {"氏名": "\ue001　花子"})
    write(*people)
    year.take()
    _decide(year, 3, "exclude")
    write(*people)
    assert year.take().judgement.held == 1
    assert year.office.facts(CYCLE).undecided == 1


def test_serials_tell_nothing_about_the_order_of_the_extract(year: Played, write: Write) -> None:
    """Serials run from 1 without a gap, in an order that is not the extract's."""
    names = [f"順番　{n}子" for n in range(1, 41)]
    write(*({"氏名": name} for name in names))
    year.take()
    people = year.addressees()
    assert [it.serial for it in people] == list(range(1, 41))
    assert sorted(it.name for it in people) == sorted(names)
    assert names != [it.name for it in people]


def test_a_person_keeps_the_serial_over_corrected_extracts(year: Played, write: Write) -> None:
    """Who is in the corrected extract again keeps his serial; new ones go on, and a lost one is never given again."""
    write({"宛名番号": "1"}, {"宛名番号": "2"}, {"宛名番号": "3"})
    year.take()
    first = {it.number: it.serial for it in year.addressees()}
    write({"宛名番号": "4"}, {"宛名番号": "3", "住所": f"{DWELLING}別棟"}, {"宛名番号": "1"})
    year.take()
    second, taken = {it.number: it.serial for it in year.addressees()}, _taken(year)
    assert second == {"1": first["1"], "3": first["3"], "4": 4}
    assert (taken.added, taken.removed, taken.changed) == ("4", str(first["2"]), str(first["3"]))
    write({"宛名番号": "2"}, {"宛名番号": "5"})
    year.take()
    assert {it.number: it.serial for it in year.addressees()} == {"2": first["2"], "5": 5}


def test_pieces_are_the_serials_of_the_extract(year: Played, write: Write) -> None:
    """The pieces of the year are exactly the serials of the extract that was checked, gaps and all."""
    write({"宛名番号": "1"}, {"宛名番号": "2"}, {"宛名番号": "3"})
    year.take()
    gone = next(it.serial for it in year.addressees() if it.number == "1")
    write({"宛名番号": "2"}, {"宛名番号": "3"}, {"宛名番号": "4"})
    year.take()
    year.do("extract")
    with reading(year.office.engine) as connection:
        pieces = year.office.door.facts(connection, CYCLE).pieces.serials()
    assert pieces == {1, 2, 3, 4} - {gone}


def test_two_people_under_one_number_have_two_serials(year: Played, write: Write) -> None:
    """A number that stands twice by mistake and is accepted gives two serials, the same ones again next time."""
    people = ({"宛名番号": "1", "氏名": "双子　一郎"}, {"宛名番号": "1", "氏名": "双子　二郎"}, {"宛名番号": "2"})
    write(*people)
    year.take()
    _decide(year, 2, "accept")
    _decide(year, 3, "accept")
    first = [(it.serial, it.name) for it in year.addressees()]
    assert len(first) == 3
    write(*people, {"宛名番号": "3"})
    year.take()
    _decide(year, 2, "accept")
    _decide(year, 3, "accept")
    assert [(it.serial, it.name) for it in year.addressees()][:3] == first


def test_what_the_programme_does_not_know_is_nowhere(year: Played, tmp_path: Path) -> None:
    """A value of an unknown column is in no file of the data directory, not even in the vault when it is opened."""
    secret = "ｷﾇﾂﾞﾘ-0417-旧姓鵤"
    header = ("旧姓", "宛名番号", "氏名", "郵便番号", "住所", "生年月日")
    row = (secret, "1", "試験　太郎", "1600023", DWELLING, "2006-08-15")
    held = (secret, "2", "山〓　花子", "1600023", DWELLING, "2006-08-15")
    year.extract.write_text("\n".join(",".join(it) for it in (header, row, held)) + "\n", encoding="utf-8")
    taken = year.take(protected=ProtectedBy(removed=True))
    assert ("unknown_column", "旧姓") in {(it.code, it.column) for it in taken.judgement.findings}
    _decide(year, 3, "accept")
    assert _taken(year).warnings["unknown_column"] == 1
    vault = year.office.vault(CYCLE)
    opened = b"".join(vault.read(name) for name in vault.names())
    assert "試験　太郎".encode() in opened
    for encoding in ("utf-8", "utf-16-le", "cp932"):
        assert secret.encode(encoding, "ignore") not in opened + everything_under(year.folder)
    assert scan([year.folder], {secret}).found == 0


def test_rows_count_as_they_did_when_the_extract_came(year: Played) -> None:
    """Line breaks in a dropped column, another order and CP932 leave row numbers and warnings as they were."""
    header = "氏名,生年月日,住所,備考,宛名番号,郵便番号"
    rows = [
        f'試験　一郎,2006-08-15,{DWELLING},"一\n二",1,1600023',
        f"山〓　花子,2006-08-15,{DWELLING},y,2,1600023",
    ]
    year.extract.write_bytes("\r\n".join([header, *rows]).encode("cp932"))
    year.take(protected=ProtectedBy(removed=True))
    before = _taken(year)
    assert [(it.row, it.code) for it in before.rows] == [(3, "suspect")]
    _decide(year, 3, "accept")
    after = _taken(year)
    assert (after.extract_sha256, after.encoding, after.warnings) == (before.extract_sha256, "cp932", before.warnings)
    assert {it.name for it in year.addressees()} == {"試験　一郎", "山〓　花子"}


def test_a_row_to_be_corrected_waits_for_another_extract(year: Played, write: Write) -> None:
    """The named decision "corrected" is in the ledger and goes on blocking; only another extract ends it."""
    write({}, {"氏名": "山〓　花子"})
    year.take()
    assert isinstance(_decide(year, 3, "corrected"), Outcome)
    assert year.office.facts(CYCLE).undecided == 1
    with pytest.raises(Refused) as refused:
        year.do("extract")
    assert "no_row_is_held" in {gap.guard for gap in refused.value.unmet}
    write({}, {"氏名": "山〓　花子"})
    assert year.take().judgement.held == 1  # the same extract does not correct anything
    assert year.office.facts(CYCLE).undecided == 1
    write({}, {"氏名": "山田　花子"})
    year.take()
    year.do("extract")
    assert [it["data"]["record"]["how"] for it in year.entries() if it["event"] == "row_decided"] == ["corrected"]


def test_only_a_listed_character_is_printed_instead(year: Played, write: Write) -> None:
    """A substitute that the programme does not list is refused by its guard; leaving out a selector is not."""
    write({}, {"氏名": "\u9ad9橋〓　花子"}, {"氏名": "辻\U000e0102　花子"})
    year.take()
    with pytest.raises(Refused) as refused:
        _decide(year, 3, "substitute", substitute="U+3013>U+5C71")
    assert [gap.guard for gap in refused.value.unmet] == ["substitute_is_listed"]
    with pytest.raises(Refused):
        _decide(year, 4, "substitute", substitute="U+8FBB U+E0102>U+5C71")
    with pytest.raises(BadInput):  # listed, but the row would be held all the same
        _decide(year, 3, "substitute", substitute="U+9AD9>U+9AD8")
    _decide(year, 3, "exclude")
    assert isinstance(_decide(year, 4, "substitute", substitute="U+8FBB U+E0102>U+8FBB"), Taken)
    assert {it.name for it in year.addressees()} == {CATALOGUE["氏名"], "辻　花子"}


def test_several_characters_of_a_row_are_replaced_at_once(year: Played, write: Write) -> None:
    """One decision names every substitution of its row; the row goes into the imprint sample by its serial."""
    write({}, {"氏名": "辻\U000e0102　葛\U000e0103子"})
    year.take()
    (held,) = extraction.held_rows(year.office, CYCLE)
    assert held.proposals == ("U+8FBB U+E0102>U+8FBB", "U+845B U+E0103>U+845B")
    assert isinstance(_decide(year, 3, "substitute", substitute=",".join(held.proposals)), Taken)
    person = next(it for it in year.addressees() if it.name == "辻　葛子")
    assert _taken(year).hard == str(person.serial)


def test_the_year_before_is_compared_where_it_is_known(year: Played, write: Write) -> None:
    """The exported count of the year before is in record and sheet; without that year nothing is compared."""
    write({})
    year.take()
    assert _taken(year).last_year is None
    open_year(year.office, YEAR - 1)
    before = _taken(year).model_copy(update={"exported": 4301}).model_dump_json()
    with lifted(year.office.engine) as connection:
        connection.execute(
            insert(tables.Record).values(
                cycle_id=f"hatachi-{YEAR - 1}", act="take_extract", key="before", status="done", by=REGISTRAR,
                via="desk", occurred_at=year.now, entered_at=year.now, data=before, confirmed_by="", ledger_seq=1,
            )
        )  # fmt: skip
    write({}, {})
    year.take()
    assert _taken(year).last_year == 4301
    assert "4,301" in dict(year.office.see(CYCLE, checking.report_of).comparison)["前年度の引渡し件数"]


def test_an_extract_left_elsewhere_is_a_copy_to_destroy(year: Played, write: Write, tmp_path: Path) -> None:
    """A plain file taken from elsewhere than the inbox is an item of the ward; the close asks for its destruction."""
    year.take(write({}, {}, path=tmp_path / "mine.csv"))
    items = [(it.number, it.kind, it.state) for it in year.facts().items if it.is_thing]
    assert items == [("E-2026-01", "extract_original", "with_ward")]
    missing = {gap.guard: gap.missing for gap in year.office.door.missing(CYCLE, "close")}
    assert "E-2026-01" in missing["no_item_is_left"]


def test_additions_that_cannot_be_read_are_told_to_the_ledger(year: Played) -> None:
    """An additional file that is no extract at all leaves a note of its code; nothing else happens."""
    year.play(before="take_additions")
    year.extract.write_bytes(b"%PDF-1.7\n%%EOF")
    taken = extraction.take_additions(year.office, CYCLE, year.extract, by=REGISTRAR)
    assert isinstance(taken, Taken)
    assert taken.outcome is None
    note = year.entries()[-1]
    assert (note["event"], note["data"]["findings"]) == ("extract_refused", {"not_csv": 1})


def test_nobody_gets_a_serial_that_was_ever_given(year: Played, write: Write) -> None:
    """A late move-in goes on from the last serial ever given, also where the last ones were of people left out."""
    write({"宛名番号": "1"}, *({"宛名番号": str(n), "氏名": "山〓　花子"} for n in range(2, 6)))
    year.take()
    for row in range(3, 7):
        _decide(year, row, "exclude")
    year.play(before="take_additions")
    write({"宛名番号": "9"}, {"宛名番号": "1"})
    taken = extraction.take_additions(year.office, CYCLE, year.extract, by=REGISTRAR)
    assert isinstance(taken, Taken)
    record = year.facts().record("take_additions", AdditionsTaken)
    assert record
    assert (record.serials, record.excluded) == ("6", {"known": 1})


def test_additions_never_repeat_a_serial_or_a_person(year: Played) -> None:
    """Late move-ins get the serials after the last; whoever was in the first extract is excluded as known."""
    year.play(before="take_additions")
    first, last = year.addressees(), max(it.serial for it in year.addressees())
    late = additional_extract(fiscal_year=YEAR, persons=5, after=sample_extract(fiscal_year=YEAR, persons=60))
    known = sample_extract(fiscal_year=YEAR, persons=60).filter(pl.col("宛名番号").is_in([it.number for it in first]))
    write_sample(late.vstack(known.head(2)), year.extract)
    taken = extraction.take_additions(year.office, CYCLE, year.extract, by=REGISTRAR)
    assert isinstance(taken, Taken)
    record = year.facts().record("take_additions", AdditionsTaken)
    assert record
    assert list(expand(record.serials)) == list(range(last + 1, last + 6))
    assert (record.raw_hits, record.excluded) == (7, {"known": 2})
    assert {it.number for it in year.addressees(ADDITIONS)} == set(late["宛名番号"])
    assert not year.extract.exists()


def _additions(year: Played, *, replace: bool | None = None) -> AdditionsTaken:
    extraction.take_additions(year.office, CYCLE, year.extract, by=REGISTRAR, replace=replace)
    record = year.facts().record("take_additions", AdditionsTaken)
    assert record
    return record


def _moved(year: Played, write: Write) -> int:
    """Let the first person of the package move house; return the serial of the letter with the old address."""
    year.play(before="take_additions")
    old = next(iter(year.addressees()))
    write({"宛名番号": "9999999901"}, {"宛名番号": old.number, "氏名": old.name, "住所": NEW_ADDRESS})
    return old.serial


def test_an_old_address_is_neither_kept_nor_replaced_silently(year: Played, write: Write) -> None:
    """Somebody who has a letter stands in the additions with another address: a person says what becomes of it."""
    old = _moved(year, write)
    with pytest.raises(BadInput, match=rf"[:：] ?{old} →"):
        extraction.take_additions(year.office, CYCLE, year.extract, by=REGISTRAR)
    assert "take_additions" not in year.facts().done
    assert year.extract.exists()
    record = _additions(year, replace=False)
    assert (record.replaced, count(record.serials), record.excluded) == ("", 1, {"known": 1})


def test_a_replacement_gets_a_new_serial_and_names_the_old(year: Played, write: Write) -> None:
    """The new letter shows the new address under a new serial; who has both is found with both."""
    old = _moved(year, write)
    last = max(it.serial for it in year.addressees())
    record = _additions(year, replace=True)
    assert (record.replaced, record.raw_hits, record.excluded) == (str(old), 2, {})
    assert list(expand(record.serials)) == [last + 1, last + 2]
    new = next(it for it in year.addressees(ADDITIONS) if it.address == NEW_ADDRESS)
    assert new.number == next(it.number for it in year.addressees() if it.serial == old)
    write(*({"宛名番号": it, "支援措置": "1"} for it in (*year.marked(), new.number)))
    year.play(before="recheck_before_enclosing")
    protection.recheck(year.office, CYCLE, year.extract, by=REGISTRAR)
    assert set(expand(year.facts().newly_protected)) == {old, new.serial}


def test_additional_letters_are_handed_out_to_be_printed(year: Played, write: Write, tmp_path: Path) -> None:
    """A clerk gets them in a file of his own, with nobody else's; ledger and register know the copy by its hash."""
    year.play(before="take_additions")
    write({"宛名番号": "9999999901", "氏名": CANARIES[0]}, {"宛名番号": "9999999902", "氏名": CANARIES[1]})
    early, out = tmp_path / "early.pdf", tmp_path / "letters.pdf"
    with pytest.raises(Refused):
        printing.hand_out_letters(year.office, CYCLE, early, by=COORDINATOR)
    assert not early.exists()
    _additions(year)
    year.play(before="enclose_additions")
    printing.hand_out_letters(year.office, CYCLE, out, by=COORDINATOR)
    record = year.facts().record("hand_out_letters", LettersHandedOut)
    assert record
    assert (record.letters, record.sha256) == (2, hashlib.sha256(out.read_bytes()).hexdigest())
    pages = [" ".join(page.get_textpage().get_text_range().split()) for page in pdfium.PdfDocument(out)]
    assert [any(" ".join(canary.split()) in page for page in pages) for canary in CANARIES] == [True, True]
    assert out.stat().st_mode & 0o077 == 0
    assert (record.item, "letters_file", "with_ward") in {(it.number, it.kind, it.state) for it in year.facts().items}
    with pytest.raises(BadInput):
        printing.hand_out_letters(year.office, CYCLE, out, by=COORDINATOR)


def test_a_replaced_letter_is_on_the_pull_list_by_itself(year: Played, write: Write) -> None:
    """The next pull list names it, and the table counts one pulled and one added letter more."""
    old = _moved(year, write)
    _additions(year, replace=True)
    year.play(before="issue_pull_list")
    protection.issue_pull_list(year.office, CYCLE, by=REGISTRAR)
    issued = year.facts().record("issue_pull_list", PullListIssued)
    assert issued
    assert old in expand(issued.pulled)
    year.play(before="return_media")
    told = year.office.see(CYCLE, counting.counts)
    lines = {line.key: line for line in told.lines}
    pulled = year.serials("pulled")
    assert old in pulled
    assert (lines["added"].count, lines["replaced"].count, lines["pulled"].count) == (2, 1, len(pulled))
    assert lines["posted"].count == lines["exported"].count + 2 - len(pulled)
    assert not told.differences


def test_whoever_is_to_be_pulled_anyway_gets_no_new_letter(year: Played, write: Write) -> None:
    """A person who came under protection is not written to again because the address has changed."""
    year.play(before="take_additions")
    old = next(iter(year.addressees()))
    write({"宛名番号": old.number, "支援措置": "1"})
    protection.take_changes(year.office, CYCLE, year.extract, by=REGISTRAR)
    write({"宛名番号": old.number, "住所": NEW_ADDRESS})
    record = _additions(year, replace=True)
    assert (record.replaced, record.serials, record.excluded) == ("", "", {"known": 1})


def test_additions_that_must_be_decided_are_corrected_at_their_source(year: Played, write: Write) -> None:
    """An additional extract with a doubtful row is not taken: a note remains, and the file stays for correction."""
    year.play(before="take_additions")
    write({"氏名": "\ue000　花子"})
    taken = extraction.take_additions(year.office, CYCLE, year.extract, by=REGISTRAR)
    assert isinstance(taken, Taken)
    assert taken.outcome is None
    assert year.extract.exists()
    assert "take_additions" not in year.facts().done


def test_the_checkers_sheet_shows_counts_and_no_person(year: Played, write: Write) -> None:
    """The sheet for the two checkers is printed with every taking and decision; the scanner finds nobody on it."""
    write({"氏名": CANARIES[0]}, {"氏名": "山〓　花子"})
    year.take()
    _decide(year, 3, "accept")
    sheet = year.office.papers / "extract-report.pdf"
    assert sheet.read_bytes().startswith(b"%PDF-")
    assert scan([year.office.papers], {*CANARIES, DWELLING, "7000000001"}).found == 0
