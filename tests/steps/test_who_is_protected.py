"""At the extraction already: whoever is under protection, has died or moved is exported under no column and no code."""

from pathlib import Path

import pytest
from playing import CYCLE, Played, copy_of, killed_at, morning_of

from adapters.fonts import GlyphTable, default_font
from adapters.register import parse_register
from models.errors import BadInput
from models.extract import Judgement, UnreadableExtract
from models.programme import Programme
from models.records.extraction import AdditionsTaken, ExtractTaken, ProtectionRechecked
from rehearsal.cast import REGISTRAR
from steps import extraction, protection
from steps.extraction import ProtectedBy, Taken
from steps.judging import judge

pytestmark = pytest.mark.xdist_group("who_is_protected")
TEXT = (Path(__file__).parents[2] / "deploy/programmes/hatachi.toml").read_text(encoding="utf-8")
PROGRAMME = Programme.parse(TEXT, name="hatachi")
HEADER = "宛名番号,氏名,郵便番号,住所,生年月日"

ready = morning_of("take_extract")
year = copy_of("ready")


def _csv(*rows: str, header: str = "") -> str:
    """Write people, the first with number 7000000001, each with what is named in further columns."""
    columns = ",".join(filter(None, (HEADER, header)))
    people = (
        f"{7_000_000_001 + nth},試験　{'一二三四五'[nth]}郎,1600023,東京都新宿区西新宿一丁目1番,2006-08-{nth + 1:02}"
        for nth in range(len(rows))
    )
    return "\n".join((columns, *map(",".join, zip(people, rows, strict=True) if header else zip(people)))) + "\n"


def _judged(text: str, programme: Programme = PROGRAMME, *, removed: bool = False) -> Judgement:
    table = parse_register(text.encode(), programme=programme)
    glyphs = GlyphTable.load(default_font())
    return judge(
        table, programme=programme, fiscal_year=2026, glyphs=glyphs, expect=(1, 9), protected_removed=removed
    )[0]  # fmt: skip


@pytest.mark.parametrize(
    "column",
    [
        "仮支援措置",
        "抑止フラグ",
        "ＤＶ等",
        "dv_flg",
        "D V",
        "併せて支援を求める者",
        "住民票　抑止",
        "支 援",
        "保護\u200b区分",
    ],
)
def test_an_unknown_column_that_speaks_of_protection_refuses_the_file(column: str) -> None:
    """Nobody knows what stands in it, and whoever is marked there would be exported."""
    with pytest.raises(UnreadableExtract) as refused:
        _judged(_csv(",1", ",0", header=f"支援措置,{column}"))
    assert [(it.code, it.row) for it in refused.value.findings] == [("speaks_of_protection", 1)]


@pytest.mark.parametrize("column", ["支援措置区分", "支援措置開始年月日", "支援措置終了年月日"])
@pytest.mark.parametrize("cell", ["01", "2020-03-31", "0"])
def test_an_end_date_in_the_past_frees_nobody(column: str, cell: str) -> None:
    """Whoever has anything in a column of protection is held out, whether or not the mark is set."""
    judgement = _judged(_csv(f",{cell}", ",", header=f"支援措置,{column}"))
    assert (judgement.exported, judgement.excluded) == (1, {"protected": 1})


def test_a_mark_holds_out_though_its_end_has_passed() -> None:
    """抑止 does not lapse by itself when its end date passes (住民記録システム標準仕様書 3.1)."""
    assert _judged(_csv("1,2020-03-31", ",", header="支援措置,支援措置終了年月日")).excluded == {"protected": 1}


def test_an_extract_that_tells_nobody_protected_is_refused() -> None:
    """Without a column, a list or a named person's word nobody knows who must not get a letter."""
    judgement = _judged(_csv("", ""))
    assert judgement.verdict == "refused"
    assert "nobody_marked" in {it.code for it in judgement.findings}
    said = _judged(_csv("", ""), removed=True)
    assert (said.verdict, said.warnings["protection_removed"]) == ("accepted", 1)


@pytest.mark.parametrize(
    ("column", "value"),
    [("異動事由", "03"), ("異動事由", "住所設定"), ("住民状態", "2"), ("住民状態", "転出予定"), ("住民状態", "")],
)
def test_a_value_nobody_knows_is_held(column: str, value: str) -> None:
    """A code that the programme does not explain may mean that the person has died."""
    rows = {"異動事由": f",{value},", "住民状態": f",,{value}"}
    judgement = _judged(_csv(rows[column], ",,住民", header="支援措置,異動事由,住民状態"))
    assert [(it.row, it.column, it.code) for it in judgement.rows] == [(2, column, "unclear_change")]


def test_a_programme_says_what_the_registers_codes_mean() -> None:
    """Codes of a vendor are data of the programme: with them the dead and the moved are excluded."""
    states = 'died = ["2", "死亡", "死亡者"]\nmoved_out = ["3", "転出", "転出者"]'
    text = TEXT.replace('died = ["死亡", "死亡者"]\nmoved_out = ["転出", "転出者"]', states)
    assert text != TEXT
    programme = Programme.parse(text, name="codes")
    rows = (",２,2026-10-01", ",3,2026-10-01", ",住民,")
    judgement = _judged(_csv(*rows, header="支援措置,住民状態,異動日"), programme)
    assert (judgement.exported, judgement.excluded) == (1, {"dead": 1, "moved_out": 1})


def _put(year: Played, *rows: str, header: str = "") -> Path:
    year.extract.write_text(_csv(*rows, header=header), encoding="utf-8")
    return year.extract


def _listed(year: Played, *rows: str) -> Path:
    path = year.folder / "inbox" / "protected.csv"
    path.write_text("\n".join(("宛名番号", *rows)) + "\n", encoding="utf-8")
    return path


def test_a_list_that_comes_with_the_extract_holds_out_as_marks_do(year: Played) -> None:
    """Whoever stands on it has no serial, is on the ward's own list, and must stand on every re-check."""
    _put(year, "", "", "")
    listed = _listed(year, "７００００００００２", "合計：1件")
    taken = year.take(protected=ProtectedBy(listed=listed))
    assert (taken.judgement.exported, taken.judgement.excluded, taken.source_left) == (2, {"protected": 1}, False)
    assert not listed.exists()
    record = year.facts().record("take_extract", ExtractTaken)
    assert record
    assert len(record.protected_list_sha256) == 64
    assert year.marked() == ["7000000002"]
    assert "7000000002" not in {it.number for it in year.addressees()}


def test_a_list_that_names_nobody_of_the_extract_asks_for_a_named_word(year: Played) -> None:
    """It is probably another list; nothing is taken until somebody says that it is the right one."""
    _put(year, "", "")
    listed = _listed(year, "7999999999")
    with pytest.raises(BadInput, match="担当者の名で"):
        year.take(protected=ProtectedBy(listed=listed))
    assert year.take(protected=ProtectedBy(listed=listed, nobody_of_ours=True)).judgement.exported == 2


def test_a_list_that_cannot_be_read_takes_nothing(year: Played) -> None:
    """A rounded number on the list refuses it by row, and the extract waits."""
    _put(year, "", "")
    with pytest.raises(BadInput, match="3"):
        year.take(protected=ProtectedBy(listed=_listed(year, "7000000001", "7.00000E+09")))
    assert "take_extract" not in year.facts().done
    assert year.extract.exists()


def test_the_ledger_tells_who_said_that_the_protected_were_taken_out(year: Played) -> None:
    """The word stands in the record of whoever took the extract, and is kept when rows are decided."""
    _put(year, "", "")
    assert year.take().judgement.verdict == "refused"
    _put(year, "", "")
    year.take(protected=ProtectedBy(removed=True))
    entry = next(it for it in reversed(year.entries()) if it["event"] == "extract_taken")
    assert (entry["by"], entry["data"]["record"]["protected_removed"]) == (REGISTRAR, True)


def test_additions_tell_who_is_protected_too(year: Played, tmp_path: Path) -> None:
    """The additional extract is refused without a column, a list or a word, and where its numbers have another form."""
    _put(year, ",", ",1", header="氏名カナ,支援措置")
    year.take()
    year.play(before="take_additions")

    def add(text: str, protected: ProtectedBy = extraction.BY_ITSELF) -> Taken:
        path = tmp_path / "additions.csv"
        path.write_text(text, encoding="utf-8")
        taken = extraction.take_additions(year.office, CYCLE, path, by=REGISTRAR, protected=protected)
        assert isinstance(taken, Taken)
        return taken

    late = _csv("", "", "", "")
    assert add(late).outcome is None
    assert add(_csv("", header="支援措置").replace("7000000001", "70000000011")).outcome is None
    assert year.entries()[-1]["data"]["findings"] == {"number_form": 1}
    assert add(late, ProtectedBy(listed=_listed(year, "7000000004"))).outcome
    record = year.facts().record("take_additions", AdditionsTaken)
    assert record
    assert (record.excluded["protected"], len(record.protected_list_sha256)) == (1, 64)
    year.play(before="recheck_before_enclosing")
    with pytest.raises(BadInput):
        protection.recheck(year.office, CYCLE, _listed(year, "7000000002"), by=REGISTRAR)
    protection.recheck(year.office, CYCLE, _listed(year, "7000000002", "7000000004"), by=REGISTRAR)
    assert year.facts().record("recheck_before_enclosing", ProtectionRechecked)


def test_an_extract_that_was_taken_is_erased_and_not_judged_anew(year: Played) -> None:
    """A kill before the erasing leaves it in the inbox; taking it again says so, whatever number is expected."""
    path = _put(year, ",", ",1", header="氏名カナ,支援措置")
    content = path.read_bytes()
    with killed_at(extraction.arriving, "emptied", "before"):
        year.take()
    before = len(year.entries())
    assert year.extract.read_bytes() == content
    again = year.take(expect=(100, 200))
    assert again.before
    assert again.outcome
    assert (again.judgement.verdict, again.judgement.exported, again.outcome.repeated) == ("accepted", 1, True)
    assert not year.extract.exists()
    assert len(year.entries()) == before
