"""Extraction: what comes in goes into the vault once, what is doubtful waits for a named person, nothing leaks."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playing import CYCLE, YEAR, Played, begun, copied

from adapters.scanner import scan, scan_text
from desk.cast import COORDINATOR, REGISTRAR
from models.errors import BadInput, Refused, Unknown
from models.records.extraction import AdditionsTaken, ExtractTaken
from models.serials import expand
from steps import extraction
from steps.extraction import ADDITIONS, Taken
from steps.sample import COLUMNS, additional_extract, sample_extract, write_sample

pytestmark = pytest.mark.xdist_group("extraction")
CANARIES = ("鸛巣　雷鳥丸", "ZZYZXOVA QUILLFEATHER NIGHTJAR")
DWELLING = "東京都新宿区西新宿二丁目九十九番九九号"
PLAIN = {"郵便番号": "1600023", "住所": DWELLING, "生年月日": "2006-08-15"}
CATALOGUE = {"氏名": "試験　太郎", **PLAIN}

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def ready(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Give the year on the morning of the extraction."""
    with begun(template_home, tmp_path_factory.mktemp("ready") / "year") as year:
        year.play(before="take_extract")
        yield year


@pytest.fixture
def year(ready: Played, tmp_path: Path) -> Iterator[Played]:
    """Give a copy of that morning."""
    with copied(ready, tmp_path / "year") as year:
        yield year


@pytest.fixture
def write(year: Played) -> Write:
    """Write an extract of plain people, each changed as named, into the inbox or elsewhere."""

    def write(*people: Mapping[str, str], path: Path | None = None) -> Path:
        into = path or year.extract
        with into.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.DictWriter(file, COLUMNS, restval="")
            rows.writeheader()
            rows.writerows({"宛名番号": str(7_000_000_001 + n), **CATALOGUE, **it} for n, it in enumerate(people))
        return into

    return write


def _taken(year: Played) -> ExtractTaken:
    record = year.facts().record("take_extract", ExtractTaken)
    assert record
    return record


def _decide(year: Played, row: int, how: str, **options: Any) -> Taken | None:
    return extraction.decide(
        year.office, CYCLE, **{"row": row, "how": how, "reason": "seen", "by": REGISTRAR, **options}
    )


def test_an_extract_is_taken_into_the_vault_and_nowhere_else(year: Played, write: Write) -> None:
    """The vault holds the extract as it came; canaries that the scanner finds in the input are nowhere else."""
    came = write(*({"氏名": name, "方書": "金糸雀荘"} for name in CANARIES)).read_bytes()
    needles = {*CANARIES, f"{DWELLING}　金糸雀荘", DWELLING, "7000000001", "7000000002"}
    assert scan([year.extract], needles).found >= len(needles)
    taken = year.take()
    assert taken.judgement.verdict == "accepted"
    assert not taken.source_left
    assert list(year.extract.parent.iterdir()) == []
    left = scan([year.folder], needles)
    assert (left.found, left.places, left.needles) == (0, (), len(needles))
    digest = _taken(year).extract_sha256
    assert year.office.vault(CYCLE).read(f"extract-{digest[:12]}") == came
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
    assert scan_text(json.dumps(note, ensure_ascii=False), CANARIES) == 0
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
    assert _decide(year, 3, "substitute", substitute="U+8FBB U+E0102>U+8FBB") is None
    assert extraction.undecided(year.office, CYCLE) == 1
    done = _decide(year, 4, "exclude")
    assert done
    assert done.judgement.verdict == "accepted"
    assert {it.name for it in year.addressees()} == {"無事　一郎", "辻　花子"}
    assert _taken(year).excluded == {"decided": 1}
    assert _taken(year).held == 0
    decided = [entry["data"]["record"] for entry in year.entries() if entry["event"] == "row_decided"]
    assert [(it["row"], it["how"]) for it in decided] == [(3, "substitute"), (4, "exclude")]


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
    assert extraction.undecided(year.office, CYCLE) == 1


def test_a_decision_may_be_changed_while_rows_wait(year: Played, write: Write) -> None:
    """The last decision about a row counts; the ledger keeps both."""
    write({}, {"氏名": "山〓　花子"}, {"氏名": "川〓　花子"})
    year.take()
    _decide(year, 3, "accept")
    _decide(year, 3, "exclude")
    assert _decide(year, 4, "accept")
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
    assert extraction.undecided(year.office, CYCLE) == 1


def test_serials_tell_nothing_about_the_order_of_the_extract(year: Played, write: Write) -> None:
    """Serials run from 1 without a gap, in an order that is not the extract's and differs from taking to taking."""
    names = [f"順番　{n}子" for n in range(1, 41)]
    orders: list[list[str]] = []
    for town in ("一丁目", "二丁目"):
        write(*({"氏名": name, "住所": f"東京都新宿区西新宿{town}１番１号"} for name in names))
        year.take()
        people = year.addressees()
        assert [it.serial for it in people] == list(range(1, 41))
        assert sorted(it.name for it in people) == sorted(names)
        orders.append([it.name for it in people])
    assert names not in orders
    assert orders[0] != orders[1]


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
