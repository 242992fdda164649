"""The judge of the register extract: nothing wrong gets in, nothing right is lost, and no value gets out."""

import csv
import io
import json
import logging
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, reject, settings
from hypothesis import strategies as st
from noto_cjk_sans_jp_regular import FONT_PATH

from adapters.fonts import FontFile, GlyphTable
from adapters.register import read_register
from adapters.sample import planted, sample_extract, write_sample
from adapters.towns import towns_of
from models.errors import BadInput, BadSetting
from models.extract import CODES, MOST_HELD, Decision, Judgement
from models.programme import Programme, text_of
from steps.judging import _TAIL_EM, ADDRESSEES, judge, judge_file

PROGRAMME = Programme.parse(text_of(Path(__file__).parents[2] / "deploy/programmes/hatachi.toml"), name="hatachi.toml")
SMALL = PROGRAMME.model_copy(update={"extract": PROGRAMME.extract.model_copy(update={"expect": (1, 99)})})
COLUMNS = (*PROGRAMME.extract.needed, *PROGRAMME.extract.known)
PLAIN = {
    "郵便番号": "1600023",
    "住所": "東京都新宿区西新宿二丁目８番１号",
    "生年月日": "2006-08-15",
}
TOWNS = {"1600023": ["西新宿"], "1600013": ["霞ヶ丘町"]}

WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")
KANJI = str.maketrans("0123456789", "零一二三四五六七八九")

Cells = Mapping[str, str]


@pytest.fixture(scope="module")
def glyphs() -> GlyphTable:
    """Load the font that comes with the product, so that every machine judges alike."""
    return _glyphs()


def _glyphs() -> GlyphTable:
    return GlyphTable.load(FontFile.read(Path(str(FONT_PATH))))


@pytest.fixture
def judged(tmp_path: Path, glyphs: GlyphTable) -> Any:
    """Write people into a file, each valid but for the cells named, and judge it as a small extract."""

    def run(*people: Cells, **options: Any) -> tuple[Judgement, pl.DataFrame]:
        path = tmp_path / "extract.csv"
        path.write_text(_csv(*people), encoding="utf-8", newline="")
        options = {"fiscal_year": 2026, "expect": (1, 10**7), "programme": PROGRAMME, **options}
        judgement, addressees = judge(read_register(path, programme=PROGRAMME), glyphs=glyphs, **options)
        return judgement, addressees.collect()

    return run


def _csv(*people: Cells) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    for nth, person in enumerate(people):
        writer.writerow({"宛名番号": str(700_000_000 + nth), "氏名": _name(nth), **PLAIN, **person})
    return out.getvalue()


def _name(nth: int) -> str:
    """Return a name that nobody else has."""
    return f"試験　{str(nth).translate(KANJI)}郎"


def _codes(judgement: Judgement) -> list[tuple[str, int | None, str]]:
    return [(it.code, it.row, it.column) for it in judgement.findings]


def test_a_valid_extract_is_accepted(judged: Any) -> None:
    """Nothing is found in a plain extract; serial-free addressees come out with exactly five columns."""
    judgement, addressees = judged({}, {"方書": "梅荘　１０１号"})
    assert (judgement.verdict, judgement.persons, judgement.exported, judgement.held) == ("accepted", 2, 2, 0)
    assert judgement.findings == ()
    assert addressees.schema == ADDRESSEES
    assert addressees["row"].to_list() == [2, 3]
    assert addressees["住所"].to_list() == [PLAIN["住所"], f"{PLAIN['住所']}　梅荘　１０１号"]
    assert judgement.born == (date(2006, 8, 15), date(2006, 8, 15))
    assert judgement.months["2006-08"] == 2
    assert list(judgement.months)[::12] == ["2006-04", "2007-04"]


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        *(({column: blank}, "empty", column) for column in PROGRAMME.extract.needed for blank in ("", " 　")),
        *(({"郵便番号": it}, "postal_code", "郵便番号")
          for it in ("160023", "16000233", "１６００２３", "〒1600023", "1600-023", "160 0023", "1600023.0")),
        *(({"生年月日": it}, "birth_format", "生年月日")
          for it in ("2006-08/15", "二〇〇六年八月十五日", "不明", "2006-08")),
        *(({"生年月日": it}, "ambiguous_date", "生年月日")
          for it in ("18.8.15", "15/08/2006", "06-08-15", "4180815", "180815", "38944", "4-18-08-15")),
        *(({"生年月日": it}, "impossible_date", "生年月日")
          for it in ("2006-02-30", "20070229", "2006/13/01", "平成31年5月1日", "H18.2.29")),
        *(({"生年月日": it}, "out_of_window", "生年月日")
          for it in ("2006-04-01", "2007-04-02", "2004-08-15", "1006-08-15")),
        *(({"異動事由": reason, "異動日": day}, "unclear_change", "異動事由")
          for reason, day in (("死亡", "2026-11-02"), ("死亡", "不明"), ("転出", ""), ("転出", "11月1日"),
                              ("転出取消", ""), ("職権消除", "2026-10-01"), ("転入", "2026-11-02"),
                              ("転入", "18.4.2"))),
        *(({column: it}, "formula", column)
          for column in ("氏名", "住所", "方書") for it in ("=1+1", "＝Ａ１", "@SUM", " +81", "-1")),
        *(({"氏名": it}, "markup", "氏名") for it in ("<b>太郎", "太郎&amp;花子", "太郎</td>")),
        ({"氏名": "辻\U000e0102　花子"}, "no_ivs", "氏名"),
        ({"方書": "辻\U000e0102荘"}, "no_ivs", "方書"),
        ({"住所": "東京都新宿区ꀀ町"}, "no_glyph", "住所"),
        ({"氏名": "\ue000　花子"}, "private_use", "氏名"),
        *(({"氏名": f"山{it}　花子"}, "suspect", "氏名") for it in ("〓", "□", "？", "_", "\ufffd", "\u200b", "\n")),
        ({"氏名": "国" * 33}, "too_wide", "氏名"),
        ({"氏名": "WICKRAMASINGHE " * 4 + "MOHOTTALALAGE"}, "too_wide", "氏名"),
        ({"方書": "国" * 50}, "too_wide", "住所"),
    ],
)  # fmt: skip
def test_a_doubtful_cell_holds_its_row(judged: Any, cells: Cells, code: str, column: str) -> None:
    """Each doubtful cell holds its row, names row, column and code, and leaves everybody else alone."""
    judgement, addressees = judged({}, cells, {})
    assert judgement.verdict == "held"
    assert (code, 3, column) in _codes(judgement)
    assert [(it.row, it.column) for it in judgement.rows] == [(3, column)]
    assert (judgement.exported, judgement.held, addressees["row"].to_list()) == (2, 1, [2, 4])


@pytest.mark.parametrize(
    "cells",
    [
        *(
            {"生年月日": it}
            for it in ["2006-04-02", "2007-04-01", "20060402", "2006/04/02", "20070228", "2006/4/2", "平成18年4月2日"]
        ),
        *({"生年月日": it} for it in ["H18.8.15", "２００６-０８-１５", "平18/8/15", "h180815"]),
        *({"支援措置": it} for it in ("", "0", "０", "無", " ")),
        *({"異動事由": it, "異動日": "2026-10-01"} for it in ("", "転入", "転居", "氏名変更", "出生")),
        {"氏名": "NGUYEN THI HONG NHUNG"},
        {"氏名": "辻\U000e0100　𠮷子"},
        {"郵便番号": "1600013", "住所": "東京都新宿区霞ケ丘町－１番＝２号"},
        {"郵便番号": "1600013", "住所": "新宿区 霞ヶ丘町１番２号"},
        {"住所": "西新宿2-8-1"},
        {"異動事由": "転入", "異動日": "令和8年11月1日"},
        {"方書": "コーポ“梅”＆松　Ｂ－１０１"},
    ],
)
def test_a_rightful_cell_is_left_alone(judged: Any, cells: Cells) -> None:
    """Both edge days of the window, every accepted date form, other changes and rare names are invited."""
    judgement, addressees = judged(cells)
    assert (judgement.verdict, judgement.exported) == ("accepted", 1)
    assert not [it for it in judgement.findings if it.verdict != "warning"]
    assert addressees["氏名"].to_list() == [cells.get("氏名", _name(0))]


def test_the_window_moves_with_the_fiscal_year(judged: Any) -> None:
    """The same births belong to one year only, and 29 February is a day like any other."""
    assert judged({"生年月日": "2004-02-29"}, fiscal_year=2023)[0].verdict == "accepted"
    assert judged({"生年月日": "2004-02-29"}, fiscal_year=2024)[0].verdict != "accepted"
    assert judged({"生年月日": "2008-02-29"}, fiscal_year=2027)[0].verdict == "accepted"


def test_a_hyphen_in_a_postal_code_is_taken_out_and_said(judged: Any) -> None:
    """A postal code of three and four digits loses its hyphen, with a warning that counts them."""
    judgement, addressees = judged({"郵便番号": "160-0023"}, {}, {"郵便番号": "160-0023"})
    assert judgement.verdict == "accepted"
    assert judgement.warnings == {"postal_hyphen": 2}
    assert addressees["郵便番号"].to_list() == ["1600023"] * 3


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"支援措置": "1"}, "protected"),
        ({"支援措置": "有"}, "protected"),
        ({"支援措置": "1", "異動事由": "死亡"}, "protected"),
        ({"支援措置": "1", "氏名": "", "郵便番号": "x"}, "protected"),
        ({"異動事由": "死亡"}, "dead"),
        ({"異動事由": "死亡", "異動日": "2026-11-01"}, "dead"),
        ({"異動事由": "転出", "異動日": "20261101"}, "moved_out"),
        ({"異動事由": "転出 ", "異動日": "2026/04/05"}, "moved_out"),
    ],
)
def test_who_is_not_to_be_invited_is_excluded_by_reason(judged: Any, cells: Cells, reason: str) -> None:
    """Protected, dead and moved persons are out and counted; nothing else in their rows asks for a decision."""
    judgement, addressees = judged({}, cells)
    assert judgement.verdict == "accepted"
    assert judgement.excluded == {reason: 1}
    assert (reason, None, "") in _codes(judgement)
    assert addressees["row"].to_list() == [2]


def test_who_leaves_after_the_cut_off_stays_with_a_warning(judged: Any) -> None:
    """Moving out on 2 November comes too late to be left out; the count is said."""
    judgement, addressees = judged({"異動事由": "転出", "異動日": "2026-11-02"})
    assert (judgement.verdict, addressees.height) == ("accepted", 1)
    assert judgement.warnings == {"moved_later": 1}


def test_the_same_row_twice_is_one_person(judged: Any) -> None:
    """Later copies of a row are excluded as duplicates, the first is invited."""
    twin = {"宛名番号": "800000001", "氏名": "試験　花子"}
    judgement, addressees = judged(twin, {}, twin, twin)
    assert (judgement.verdict, judgement.excluded) == ("accepted", {"duplicate": 2})
    assert addressees["row"].to_list() == [2, 3]


def test_one_number_in_different_rows_holds_them_all(judged: Any) -> None:
    """Nobody guesses which of two rows with one number is right, also where one of them is a protected person's."""
    same = {"宛名番号": "800000001", "氏名": "試験　花子"}
    judgement, _addressees = judged(same, {**same, "氏名": "試験　次郎"}, {}, same)
    assert [it.row for it in judgement.rows if it.code == "number_twice"] == [2, 3]
    assert judgement.excluded == {"duplicate": 1}
    judgement, addressees = judged(same, {**same, "支援措置": "1"}, {})
    assert (judgement.excluded, [it.row for it in judgement.rows]) == ({"protected": 1}, [2])
    assert addressees["row"].to_list() == [4]


def test_a_long_name_may_take_two_lines(judged: Any) -> None:
    """A name for two lines is a warning with its count, whatever its script."""
    judgement, addressees = judged({"氏名": "国" * 20}, {"氏名": "RANASINGHE ARACHCHIGE KASUN LAKSHAN"}, {})
    assert judgement.warnings == {"two_lines": 2}
    assert addressees.height == 3


def test_the_towns_of_a_postal_code_are_compared(judged: Any) -> None:
    """An address outside the towns of its code is held, an unknown code a warning; ケ and ヶ are one letter."""
    judgement, _addressees = judged(
        {},
        {"住所": "東京都新宿区大久保一丁目１番１号"},
        {"郵便番号": "1600013", "住所": "東京都新宿区霞ケ丘町１番１号"},
        {"郵便番号": "1008111"},
        towns=TOWNS,
    )
    assert [(it.row, it.code) for it in judgement.rows] == [(3, "town_mismatch")]
    assert judgement.warnings == {"unknown_postal_code": 1}


def _year_of_people(count: int, *, shift: int = 0) -> list[dict[str, str]]:
    first = date(2006 + shift, 4, 2)
    return [{"生年月日": str(first + timedelta(days=nth % 365))} for nth in range(count)]


def test_a_wrong_window_refuses_the_whole(judged: Any) -> None:
    """Births two years off, the accident of Oyama, are a wrong condition and no thousand slips."""
    people = [*_year_of_people(1000), *_year_of_people(800, shift=-2)]
    judgement, addressees = judged(*people)
    assert judgement.verdict == "refused"
    assert [(it.code, it.count) for it in judgement.findings] == [("birth_window", 800)]
    assert addressees.schema == ADDRESSEES
    assert addressees.is_empty()


def test_single_slips_are_held_until_they_are_too_many(judged: Any) -> None:
    """Up to twenty births outside, or one in a hundred, are held one by one; half of a small file is too many."""
    slips = [{"生年月日": "2004-08-15"}] * 20
    assert judged(*_year_of_people(30), *slips)[0].verdict == "held"
    assert judged(*_year_of_people(30), *slips, slips[0])[0].verdict == "refused"
    assert judged(*_year_of_people(3), *slips[:2])[0].verdict == "held"
    assert judged(*_year_of_people(3), *slips[:4])[0].verdict == "refused"


@pytest.mark.parametrize(("expect", "verdict"), [((3, 3), "accepted"), ((4, 9), "refused"), ((1, 2), "refused")])
def test_an_implausible_number_is_refused(judged: Any, expect: tuple[int, int], verdict: str) -> None:
    """More or fewer persons than expected are refused; both ends of the band belong to it."""
    judgement, _addressees = judged({}, {}, {}, expect=expect)
    assert judgement.verdict == verdict
    assert ("count_implausible", None, "") in _codes(judgement) or verdict == "accepted"


def test_held_rows_may_still_make_up_the_number(judged: Any) -> None:
    """What is held may be exported after a decision, so it is not missing yet."""
    assert judged({}, {}, {"氏名": ""}, expect=(3, 9))[0].verdict == "held"


def test_the_programme_says_what_is_expected(judged: Any) -> None:
    """Without a band of its own the judge takes the programme's."""
    assert _codes(judged({}, expect=None)[0]) == [("count_implausible", None, "")]


def test_an_empty_month_is_refused(judged: Any) -> None:
    """Where nobody was born in a whole month a part of the extract is missing; a small extract says nothing."""
    people = [it for it in _year_of_people(730) if not it["生年月日"].startswith("2006-12")]
    judgement, _addressees = judged(*people)
    assert [(it.code, it.count) for it in judgement.findings] == [("empty_month", 1)]
    assert judged(*people[:400])[0].verdict == "accepted"
    assert judged(*_year_of_people(364), *_year_of_people(364))[0].verdict == "accepted"  # nobody on 1 April


def test_nobody_eligible_is_refused(judged: Any) -> None:
    """An extract of excluded persons only is refused."""
    judgement, _addressees = judged({"支援措置": "1"}, {"異動事由": "死亡"}, expect=(1, 2))
    assert judgement.verdict == "refused"
    assert judgement.findings[0].code == "nobody_eligible"


def test_more_held_rows_than_anybody_decides_are_refused(judged: Any) -> None:
    """Thousands of held rows are counted by kind instead of listed, and another extract is asked for."""
    judgement, _addressees = judged(*[{"郵便番号": "160"}] * (MOST_HELD + 1), {})
    assert [(it.code, it.row, it.count) for it in judgement.findings] == [
        ("too_many_held", None, MOST_HELD + 1),
        ("postal_code", None, MOST_HELD + 1),
    ]
    assert (judgement.held, len(judgement.rows)) == (MOST_HELD + 1, MOST_HELD)


def test_a_row_excluded_by_decision_is_counted(judged: Any) -> None:
    """A held row that a person excludes is out, and the rest is accepted."""
    judgement, addressees = judged({}, {"氏名": ""}, decisions=[Decision(row=3, how="exclude", reason="mistake")])
    assert (judgement.verdict, judgement.excluded, judgement.held) == ("accepted", {"decided": 1}, 0)
    assert (judgement.persons, judgement.exported, addressees["row"].to_list()) == (2, 1, [2])


def test_a_row_accepted_by_decision_goes_out_as_it_is(judged: Any) -> None:
    """A suspect but printable name is exported unchanged once a person accepts it."""
    name = "山□　花子"
    judgement, addressees = judged({"氏名": name}, decisions=[Decision(row=2, how="accept", reason="as_registered")])
    assert (judgement.verdict, judgement.findings, addressees["氏名"].to_list()) == ("accepted", (), [name])


@pytest.mark.parametrize(
    "cells",
    [
        {"氏名": "辻\U000e0102　花子"},
        {"氏名": "ꀀ　花子"},
        {"氏名": "\ue000　花子"},
        {"氏名": ""},
        {"郵便番号": "160"},
        {"生年月日": "2004-08-15"},
        {"氏名": "山□　辻\U000e0102"},
    ],
)
def test_what_cannot_be_printed_or_sent_is_not_accepted(judged: Any, cells: Cells) -> None:
    """Acceptance is refused where the font has no glyph or ignores the variation, and where the rule allows none."""
    with pytest.raises(BadInput) as caught:
        judged({}, cells, decisions=[Decision(row=3, how="accept", reason="as_registered")])
    assert not [it for it in cells.values() if it and it in str(caught.value)]


def test_a_substitution_changes_its_row_and_nothing_else(judged: Any) -> None:
    """The listed characters are replaced in name, address and 方書 of the named row; other rows stay held."""
    cells = {"氏名": "辻\U000e0102　辻子", "方書": "辻\U000e0102方"}
    decision = Decision(row=2, how="substitute", reason="listed", substitute={"U+8FBB U+E0102": "U+8FBB U+E0101"})
    judgement, addressees = judged(cells, cells, {}, decisions=[decision])
    assert addressees.row(0)[2:] == ("辻\U000e0101　辻子", "1600023", f"{PLAIN['住所']}　辻\U000e0101方")
    assert (judgement.verdict, [it.row for it in judgement.rows]) == ("held", [3])
    assert addressees["row"].to_list() == [2, 4]


def test_a_substituted_row_is_judged_again(judged: Any) -> None:
    """What the substitution leaves or brings is held as before; several decisions may fall on one row."""
    cells = {"氏名": "\ue000辻\U000e0102□"}

    def decided(*substitutes: dict[str, str], accept: bool = False) -> Judgement:
        decisions = [Decision(row=2, how="substitute", reason="listed", substitute=it) for it in substitutes]
        decisions += [Decision(row=2, how="accept", reason="listed")] if accept else []
        return judged(cells, {}, decisions=decisions)[0]

    private, variation = {"U+E000": "U+5C71"}, {"U+8FBB U+E0102": "U+8FBB"}
    assert {it.code for it in decided(private).findings} == {"no_ivs", "suspect"}
    assert {it.code for it in decided(private, {"U+8FBB": "U+571F"}).findings} == {"no_ivs", "suspect"}
    assert {it.code for it in decided(private, variation).findings} == {"suspect"}
    assert decided(private, variation, accept=True).verdict == "accepted"
    assert decided({**private, **variation, "U+25A1": ""}).verdict == "accepted"


@pytest.mark.parametrize(
    "decision",
    [
        Decision(row=2, how="exclude", reason="mistake"),
        Decision(row=2, how="accept", reason="mistake"),
        Decision(row=99, how="exclude", reason="mistake"),
        Decision(row=99, how="substitute", reason="listed", substitute={"U+8FBB": "U+571F"}),
        Decision(row=3, how="substitute", reason="listed", substitute={"U+9AD9": "U+9AD8"}),
        Decision(row=3, how="substitute", reason="listed", substitute={"辻": "土"}),
    ],
)
def test_a_decision_that_does_not_fit_is_refused(judged: Any, decision: Decision) -> None:
    """Nobody decides about a row that is not held or not there, or substitutes what does not stand there."""
    with pytest.raises(BadInput):
        judged({}, {"氏名": "辻\U000e0102"}, decisions=[decision])


def test_the_cut_off_is_the_programmes(judged: Any, tmp_path: Path, glyphs: GlyphTable) -> None:
    """Another programme's cut-off date decides its own changes, and one without a cut-off date is told so."""
    judged({"異動事由": "転出", "異動日": "2026-11-02"})
    table = read_register(tmp_path / "extract.csv", programme=PROGRAMME)
    later = PROGRAMME.model_copy(update={"milestones": {"cutoff": "R+1d"}})
    judgement, _addressees = judge(table, programme=later, fiscal_year=2026, glyphs=glyphs, expect=(1, 1))
    assert judgement.excluded == {"moved_out": 1}
    for milestones in ({}, {"cutoff": "nowhere"}):
        broken = PROGRAMME.model_copy(update={"milestones": milestones})
        with pytest.raises(BadSetting):
            judge(table, programme=broken, fiscal_year=2026, glyphs=glyphs)


def test_a_programme_with_fewer_columns_is_judged(tmp_path: Path, glyphs: GlyphTable) -> None:
    """A programme that knows no 方書 and no changes judges what it has."""
    path = tmp_path / "extract.csv"
    path.write_text(_csv({}), encoding="utf-8")
    lean = PROGRAMME.model_copy(update={"extract": PROGRAMME.extract.model_copy(update={"known": ("支援措置",)})})
    judgement, addressees = judge_file(path, programme=lean, fiscal_year=2026, glyphs=glyphs, expect=(1, 1))
    assert (judgement.verdict, addressees.collect().height) == ("accepted", 1)


def test_a_file_that_cannot_be_read_is_judged_refused(tmp_path: Path, glyphs: GlyphTable) -> None:
    """Check and take get a judgement also where there is nothing to judge."""
    judgement, addressees = judge_file(tmp_path / "試験太郎.csv", programme=PROGRAMME, fiscal_year=2026, glyphs=glyphs)
    assert judgement.report() == {
        "verdict": "refused",
        "persons": 0,
        "exported": 0,
        "held": 0,
        "excluded": {},
        "findings": [{"code": "no_file", "row": None, "column": "", "count": 1}],
    }
    assert addressees.collect_schema() == ADDRESSEES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_sample_is_judged_as_it_was_planted(tmp_path: Path, glyphs: GlyphTable, encoding: str) -> None:
    """Of the fictional extract exactly the planted rows are excluded, held or warned about."""
    write_sample(sample_extract(fiscal_year=2026), tmp_path / "extract.csv", encoding=encoding)
    judgement, addressees = judge_file(
        tmp_path / "extract.csv", programme=PROGRAMME, fiscal_year=2026, glyphs=glyphs
    )  # fmt: skip
    kinds = planted(4000)
    assert judgement.encoding == encoding
    assert judgement.verdict == "held"
    assert judgement.excluded == {it: kinds[it] for it in ("protected", "dead", "moved_out", "duplicate")}
    codes = [it.code for it in judgement.rows]
    assert codes.count("out_of_window") == kinds["out_of_window"]
    assert codes.count("no_ivs") == kinds["unknown_selector"]
    assert codes.count("private_use") == kinds["private_use"]
    assert judgement.warnings["moved_later"] == kinds["moved_later"]
    assert judgement.persons == 4000 == judgement.exported + judgement.held + sum(judgement.excluded.values())
    assert addressees.collect().height == judgement.exported == sum(judgement.months.values())


_KANJI_USED = "佐藤鈴木髙橋渡邊辺𠮷田﨑濵德々ヶケあいうアイウー"
_TOWNS = [(code, town) for code, towns in towns_of(PROGRAMME).items() for town in towns]
_PREFECTURE = st.sampled_from(["東京都新宿区", "新宿区", "", "東京都 新宿区"])
_NUMBERS = st.sampled_from(["１番２号", "一丁目３番４号", "2-8-1", "8番1号"])
_PLACE = st.one_of(
    st.tuples(_PREFECTURE, st.sampled_from(_TOWNS), _NUMBERS).map(lambda it: (it[1][0], f"{it[0]}{it[1][1]}{it[2]}")),
    st.tuples(st.just("1630001"), st.text(_KANJI_USED + "１２３丁目番号", max_size=25).map("佐{}".format)),
)
_NAMED = st.text(_KANJI_USED + "　 ", min_size=1, max_size=20).filter(str.strip) | st.text(
    "ABCNWi '-", min_size=1, max_size=12
).filter(lambda it: it[0].isalpha() and it.strip().upper() not in {"NAN", "NA"})
_DAY_FORMS = (
    lambda day: f"{day:%Y-%m-%d}",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: f"{day:%Y.%m.%d}".translate(WIDE),
    lambda day: f"平成{day.year - 1988}年{day.month}月{day.day}日",
    lambda day: f"H{day.year - 1988}.{day.month}.{day.day}",
    lambda day: f"h{day.year - 1988}{day:%m%d}",
)
_BORN = st.tuples(st.dates(date(2006, 4, 2), date(2007, 4, 1)), st.sampled_from(_DAY_FORMS)).map(
    lambda it: it[1](it[0])
)
_PERSON = st.fixed_dictionaries(
    {
        "氏名": _NAMED,
        "place": _PLACE,
        "方書": st.text(_KANJI_USED + "１２３　", max_size=18).filter(lambda it: not it[:3].isdigit()),
        "生年月日": _BORN,
        "異動事由": st.sampled_from(["", "転入", "転居"]),
        "備考": st.text(_KANJI_USED + '<=〓",\n', max_size=5),
    }
)
_SHAPE = st.tuples(
    st.permutations([*COLUMNS, "備考"]),
    st.sampled_from([lambda it: it, lambda it: f" {it}　", lambda it: f"{it[0]}　{it[1:]}"]),
    st.sampled_from([(csv.QUOTE_MINIMAL, "\n"), (csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r")]),
    st.sampled_from(["", "\x1a", "\n\x1a"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp932"]),
)


@given(st.lists(_PERSON, min_size=1, max_size=12, unique_by=lambda it: _person(it["氏名"])), _SHAPE)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_valid_extracts_of_any_shape_come_out_unchanged(
    tmp_path: Path, people: list[dict[str, Any]], shape: tuple[Any, ...]
) -> None:
    """Order, header, encoding, quoting, line ends and the way of dates are free: nobody's cell is altered."""
    (order, spelt, form, end, encoding), out = shape, io.StringIO(newline="")
    writer = csv.DictWriter(out, order, restval="", quoting=form[0], lineterminator=form[1])
    writer.writerow({it: spelt(it) for it in order})
    rows = [
        {"宛名番号": str(900_000 + nth), "郵便番号": it["place"][0], "住所": it["place"][1], **it}
        for nth, it in enumerate(people)
    ]
    writer.writerows({column: row.get(column, "") for column in order} for row in rows)
    try:
        data = (out.getvalue() + end).encode(encoding)
    except UnicodeEncodeError:
        reject()
    path = tmp_path / "extract.csv"
    path.write_bytes(data)
    judgement, addressees = judge_file(
        path, programme=PROGRAMME, fiscal_year=2026, glyphs=_glyphs(), expect=(1, len(people))
    )
    assert (judgement.verdict, judgement.excluded) == ("accepted", {})
    assert addressees.collect().rows() == [
        (
            nth,
            row["宛名番号"],
            row["氏名"],
            row["郵便番号"],
            f"{row['住所']}　{row['方書']}" if row["方書"].strip() else row["住所"],
        )
        for nth, row in enumerate(rows, start=2)
    ]


def _person(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).upper().split())


def test_no_value_ever_gets_out(judged: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is wrong with a row, no cell of it stands in the report, a sentence, the judgement or a log."""
    secret = {"氏名": "秘密\U000e0102\ue000〓", "住所": "=秘密区<b>", "方書": "秘密荘ꀀ" * 20, "生年月日": "秘密の日"}
    secret |= {"郵便番号": "秘密-1", "宛名番号": "=秘密番号", "異動事由": "転出秘密", "異動日": "秘密"}
    caplog.set_level(logging.DEBUG)
    judgement, _addressees = judged(secret, secret, {**secret, "氏名": "秘密"})
    assert len({it.code for it in judgement.findings}) > 8
    said = json.dumps(judgement.report(), ensure_ascii=False) + repr(judgement) + "".join(map(str, judgement.findings))
    assert "秘密" not in said + caplog.text
    for row in judgement.rows:
        with pytest.raises(BadInput) as caught:
            judged(secret, secret, secret, decisions=[Decision(row=row.row, how="accept", reason="any")])
        assert "秘密" not in str(caught.value)


def test_every_code_of_the_judge_is_in_the_table(judged: Any) -> None:
    """Whatever the judge finds has its weight and sentence in the table that the documentation prints."""
    judgement, _addressees = judged({"氏名": ""}, {"支援措置": "1"}, {"郵便番号": "160-0023"}, expect=(9, 9))
    assert {it.verdict for it in judgement.findings} == {"held", "excluded", "warning", "refused"}
    assert all(it.code in CODES and it.sentence for it in judgement.findings)


def test_a_person_under_two_numbers_is_held(judged: Any) -> None:
    """The same name, birth date and address are held whatever their width and spaces; a person may accept them."""
    once = {"氏名": "ﾀﾅｶ　ＴＡＲＯ", "方書": "梅荘１０１"}
    again = {"氏名": "タナカ TARO", "方書": "梅荘 101"}
    judgement, _addressees = judged({}, once, again, {})
    assert [(it.row, it.code) for it in judgement.rows] == [(3, "person_twice"), (4, "person_twice")]
    accepted = [Decision(row=row, how="accept", reason="twins") for row in (3, 4)]
    judgement, _addressees = judged({}, once, again, {}, decisions=accepted)
    assert (judgement.verdict, judgement.hard) == ("accepted", (3, 4))


def test_a_protected_person_under_another_number_holds_the_twin(judged: Any) -> None:
    """Nobody writes to a protected person's address because a second number lacks the mark."""
    judgement, addressees = judged({"氏名": "田中　花子"}, {"氏名": "田中　花子", "支援措置": "1"}, {})
    assert [(it.row, it.code) for it in judgement.rows] == [(2, "person_twice")]
    assert addressees["row"].to_list() == [4]


def test_namesakes_born_on_one_day_are_a_warning(judged: Any) -> None:
    """The same name and birth date at different addresses may well be two people."""
    judgement, _addressees = judged({"氏名": "田中　花子"}, {"氏名": "田中　花子", "住所": "東京都新宿区西新宿１番"})
    assert (judgement.verdict, judgement.warnings) == ("accepted", {"same_name_and_birth": 2})


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        *(({"氏名": it}, "placeholder", "氏名") for it in ("不明", "氏名不詳", "NULL", "#N/A", "　・　", "該当なし")),
        *(({"住所": it}, "placeholder", "住所") for it in ("不明", "住所不定", "N/A", "８－１")),
        *(({"氏名": it}, "wrong_kind", "氏名")
          for it in ("160-0023", "２００６年４月２日", "平成18年4月2日", "1000000001", "西新宿二丁目８番１号")),
        *(({"住所": it}, "wrong_kind", "住所") for it in ("１６０－００２３", "2006-04-02", "H18.4.2")),
        *(({"方書": it}, "wrong_kind", "方書") for it in ("160-0023", "1600023", "2006-04-02")),
        ({"氏名": "試" * 101}, "too_long", "氏名"),
        ({"方書": "荘" * 201}, "too_long", "方書"),
    ],
)  # fmt: skip
def test_what_no_name_or_address_can_be_is_held_for_good(judged: Any, cells: Cells, code: str, column: str) -> None:
    """A placeholder, another column's cell and an endless one are held, and nobody may accept them."""
    judgement, _addressees = judged({}, cells, {})
    assert judgement.verdict == "held"
    assert (code, 3, column) in _codes(judgement)
    with pytest.raises(BadInput):
        judged({}, cells, {}, decisions=[Decision(row=3, how="accept", reason="any")])


@pytest.mark.parametrize("number", ["4.59603E+09", "70000000O1", "試験　太郎", "=1", "合計"])
def test_an_extract_with_what_is_no_number_is_refused_by_row(judged: Any, number: str) -> None:
    """An exponent stands for ten persons, a letter or a word for nobody: the file is refused, and the row is named."""
    judgement, addressees = judged({}, {"宛名番号": number}, {})
    assert (judgement.verdict, addressees.height) == ("refused", 0)
    assert ("number_form", 3, "宛名番号") in _codes(judgement)


def test_a_number_written_twice_in_two_ways_is_one_number(judged: Any) -> None:
    """Width, spaces and leading zeros make no second person."""
    twins = [{"宛名番号": it, "氏名": "試験　花子"} for it in ("800000001", "０８０００００００１ ")]
    judgement, _addressees = judged(*twins)
    assert (judgement.exported, judgement.excluded) == (1, {"duplicate": 1})
    assert judgement.warnings["number_spelling"] == 1


def test_three_cells_of_another_column_are_a_shift(judged: Any) -> None:
    """Two strays are slips of the hand and held; three are columns that have moved, and the whole is refused."""
    stray = {"氏名": "160-0023"}
    assert judged({}, stray, {}, {"郵便番号": "2006-04-02"}, {})[0].verdict == "held"
    judgement, _addressees = judged({}, stray, {}, {"郵便番号": "2006-04-02"}, {"生年月日": "160-0023"})
    assert judgement.verdict == "refused"
    assert (judgement.findings[0].code, judgement.findings[0].count) == ("column_shift", 3)


def test_a_needed_column_that_ends_early_is_a_shift(judged: Any) -> None:
    """In a file of twenty rows an empty last cell beside filled ones means that the column moved up."""
    assert judged(*[{}] * 18, {"氏名": ""})[0].verdict == "held"
    judgement, _addressees = judged(*[{}] * 18, {"氏名": ""}, {"氏名": ""})
    assert _codes(judgement)[0] == ("column_shift", 20, "氏名")
    assert judged(*[{}] * 18, {"氏名": ""}, {})[0].verdict == "held"
    assert _codes(judged(*[{"住所": ""}] * 20)[0])[0] == ("empty_column", None, "住所")


def test_a_row_of_addresses_of_other_codes_is_a_shift(judged: Any) -> None:
    """Four addresses out of their postal code are held, five in a row refuse the whole."""
    elsewhere = {"住所": "東京都新宿区大久保一丁目１番"}
    assert judged({}, *[elsewhere] * 4, {})[0].verdict == "held"
    judgement, _addressees = judged({}, *[elsewhere] * 5, {})
    assert (judgement.verdict, _codes(judgement)[0]) == ("refused", ("column_shift", 3, "住所"))


def test_the_programmes_towns_are_compared_without_asking(judged: Any) -> None:
    """Check and take know the towns; a code of no town and a code of none of ours are warnings."""
    judgement, _addressees = judged(
        {},
        {"住所": "東京都新宿区四谷坂町１番", "郵便番号": "1600004"},
        {"住所": "東京都渋谷区西原１番"},
        {"郵便番号": "1600000"},
        {"郵便番号": "163-0690", "住所": "東京都新宿区西新宿一丁目"},
    )
    assert [(it.row, it.code) for it in judgement.rows] == [(3, "town_mismatch"), (4, "town_mismatch")]
    assert judgement.warnings == {"postal_hyphen": 1, "unknown_postal_code": 1, "representative_code": 1}


def test_last_years_number_is_compared(judged: Any) -> None:
    """More than a tenth off is refused, exactly a tenth is not, and a band that a person names comes first."""
    people = _year_of_people(45)
    for last_year, verdict in ((50, "accepted"), (41, "accepted"), (51, "refused"), (40, "refused")):
        judgement, _addressees = judged(*people, expect=None, last_year=last_year, programme=SMALL)
        assert (judgement.verdict, judgement.last_year) == (verdict, last_year)
        assert ("unlike_last_year", None, "") in _codes(judgement) or verdict == "accepted"
    assert judged(*people, expect=(1, 99), last_year=400)[0].verdict == "accepted"


def test_the_hard_rows_are_named_for_the_imprint_sample(judged: Any) -> None:
    """Rare characters, variations and the thirty widest names are named; plain and excluded rows are not."""
    rare = [{"氏名": "𠮷田　花子"}, {"氏名": "辻\U000e0100　花子"}, {"氏名": "𠮷川　花子", "支援措置": "1"}, {}]
    wide = [{"氏名": "国" * (15 + nth % 2) + chr(0x4E00 + nth)} for nth in range(40)]
    judgement, _addressees = judged(*rare, *wide)
    assert judgement.hard[:2] == (2, 3)
    assert len(judgement.hard) == 2 + 30
    assert {row for row in judgement.hard[2:] if row % 2} >= set(range(7, 46, 2))


_LATIN = st.text("AIMWVao国", min_size=1, max_size=16)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([["W" * 9, "W" * 10, "W" * 7]])
@given(st.lists(st.lists(_LATIN, min_size=1, max_size=6), min_size=1, max_size=12))
def test_shortcuts_count_the_lines_of_a_name_as_setting_it_does(
    judged: Any, glyphs: GlyphTable, people: list[list[str]]
) -> None:
    """A name is told to take two lines, or too many, exactly where its words laid out one by one do."""
    names, paper = [" ".join(words) for words in people], PROGRAMME.paper
    lines = [
        glyphs.lines(it, size_pt=paper.name_size_pt, width_mm=paper.name_width_mm, tail_em=_TAIL_EM) for it in names
    ]
    judgement, _addressees = judged(*({"氏名": name} for name in names))
    assert judgement.warnings.get("two_lines", 0) == lines.count(2)
    assert {it.row for it in judgement.rows if it.code == "too_wide"} == {
        row for row, taken in enumerate(lines, start=2) if taken > 2
    }


def test_a_name_that_is_too_wide_says_by_how_much(judged: Any) -> None:
    """The line for people and the report carry millimetres, which tell nothing about the name."""
    judgement, _addressees = judged({}, {"氏名": "国" * 33})
    (finding,) = judgement.findings
    assert finding.detail == "163.0 mm > 2 × 80 mm"
    assert finding.detail in str(finding)
    assert finding.report()["detail"] == finding.detail
    assert "detail" not in judged({}, {"氏名": ""})[0].findings[0].report()


def test_accents_and_hangul_are_a_warning(judged: Any) -> None:
    """The register holds neither; what the font can print goes out, and the count is said."""
    judgement, _addressees = judged({"氏名": "NGUYỄN THỊ"}, {"氏名": "김 하나"}, {})
    assert judgement.warnings.get("unusual_script", 0) == 2
