"""The fictional extract: what its rows promise to every test, rehearsal and demonstration that stands on it."""

import csv
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from fontTools.ttLib import TTFont
from noto_cjk_sans_jp_regular import FONT_PATH

from adapters import sample
from adapters.sample import COLUMNS, additional_extract, planted, sample_extract, write_sample
from models.errors import BadInput

ROOT = Path(__file__).parents[2]
TOWNS = [
    (row["town"], row["postal_code"], row["note"], row["has_chome"] == "1")
    for row in csv.DictReader((ROOT / "deploy/programmes/hatachi/towns.csv").read_text(encoding="utf-8").splitlines())
    if row["town"]
]
ADDRESS = re.compile(r"東京都新宿区(.+?)(?:([一二三四五六七八])丁目)?([０-９]+)番([０-９]+)号")
# Every rehearsal stands on these rows: who changes the generator or its lists changes this line on purpose.
SHA256_OF_SEED_1 = "eebb8a2fbc54958b2ae9cda8c1fefdaae7b1df8910980c3fbd54d183c9c33a6e"


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    """Draw the default extract of fiscal year 2026."""
    return sample_extract(fiscal_year=2026)


@pytest.fixture(scope="module")
def font() -> tuple[set[int], set[tuple[int, int]]]:
    """Read the characters and the variation sequences that the default font draws."""
    cmap = TTFont(str(FONT_PATH), lazy=True)["cmap"]
    sequences = next(table.uvsDict for table in cmap.tables if table.format == 14)
    return set(cmap.getBestCmap() or {}), {(base, mark) for mark, pairs in sequences.items() for base, _glyph in pairs}


def _bytes(frame: pl.DataFrame, folder: Path, encoding: str = "utf-8-sig") -> bytes:
    path = folder / "extract.csv"
    write_sample(frame, path, encoding=encoding)
    return path.read_bytes()


def _spots(frame: pl.DataFrame) -> list[tuple[str, str, int, int, int]]:
    """Split every row into postal code, town, 丁目 (0 where there is none), 番 and 号."""
    spots = []
    for code, address in frame.select("郵便番号", "住所").iter_rows():
        found = ADDRESS.fullmatch(address)
        assert found, "an address of another form"
        town, chome, block, house = found.groups()
        spots.append((code, town, "一二三四五六七八".index(chome) + 1 if chome else 0, int(block), int(house)))
    return spots


def _undrawn(text: str, font: tuple[set[int], set[tuple[int, int]]]) -> list[str]:
    """List what the font does not draw: single characters, and selectors it would ignore silently."""
    characters, sequences = font
    points = [ord(character) for character in text]
    missing = []
    for before, point in zip([0, *points], points, strict=False):
        selector = 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF
        if selector and (before, point) not in sequences:
            missing.append("selector")
        elif not selector and point not in characters:
            missing.append(f"U+{point:04X}")
    return missing


def _alive(frame: pl.DataFrame) -> pl.DataFrame:
    window = pl.col("生年月日").is_between(pl.lit("2006-04-02"), pl.lit("2007-04-01"))
    return frame.filter(window & (pl.col("支援措置") == "") & (pl.col("異動事由") == ""))


def test_the_columns_are_those_of_the_programme_and_all_of_them_text(frame: pl.DataFrame) -> None:
    """The extract has the nine columns in their order, 4,000 rows, and text in every cell."""
    assert tuple(frame.columns) == COLUMNS
    assert frame.shape == (4000, 9)
    assert set(frame.dtypes) == {pl.String}
    assert frame.null_count().sum_horizontal().item() == 0


def test_a_seed_gives_the_same_bytes_and_another_seed_others(frame: pl.DataFrame, tmp_path: Path) -> None:
    """The same seed gives the same bytes twice, on every machine; another seed or year gives others."""
    first = _bytes(frame, tmp_path)
    assert hashlib.sha256(first).hexdigest() == SHA256_OF_SEED_1
    assert _bytes(sample_extract(fiscal_year=2026), tmp_path) == first
    assert _bytes(sample_extract(fiscal_year=2026, seed=2), tmp_path) != first
    assert _bytes(sample_extract(fiscal_year=2027), tmp_path) != first


def test_the_rows_do_not_depend_on_the_process(frame: pl.DataFrame) -> None:
    """Another process with another hash seed draws the same rows."""
    script = (
        "import hashlib, json; from adapters.sample import sample_extract; "
        "rows = sample_extract(fiscal_year=2026).rows(); "
        "print(hashlib.sha256(json.dumps(rows).encode()).hexdigest())"
    )
    command = [sys.executable, "-c", script]
    there = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=ROOT, env={"PYTHONHASHSEED": "7"}
    ).stdout.strip()
    assert there == hashlib.sha256(json.dumps(frame.rows()).encode()).hexdigest()


def test_numbers_are_ten_digits_and_unique_except_the_planted_copies(frame: pl.DataFrame) -> None:
    """宛名番号 has ten digits, follows no order, and repeats only in the planted rows, which repeat whole."""
    numbers = frame["宛名番号"].to_list()
    assert all(re.fullmatch(r"[0-9]{10}", number) for number in numbers)
    assert numbers != sorted(numbers)
    assert len(numbers) - len(set(numbers)) == planted(4000)["duplicate"]
    assert frame.unique().height == len(set(numbers))
    assert max(Counter(numbers).values()) == 2


def test_planted_counts_scale_and_stop_for_small_samples() -> None:
    """Defects scale from 4,000 rows, are at least one of each from 200 rows on, and none below 50."""
    assert planted(4000) == {
        "protected": 40,
        "dead": 12,
        "moved_out": 60,
        "moved_later": 4,
        "duplicate": 8,
        "out_of_window": 6,
        "unknown_selector": 5,
        "private_use": 2,
    }
    assert planted(1_100_000)["duplicate"] == 2200
    assert min(planted(200).values()) == 1
    assert set(planted(49).values()) == {0}


@pytest.mark.parametrize("persons", [200, 1000, 4000])
def test_every_defect_stands_in_its_number(persons: int, font: tuple[set[int], set[tuple[int, int]]]) -> None:
    """Each kind of defect is found exactly as often as `planted` says, whatever the size and the seed."""
    frame = sample_extract(fiscal_year=2026, persons=persons, seed=persons)
    trouble = [_undrawn(name, font) for name in frame["氏名"]]
    gone = frame.filter(pl.col("異動日") < "2026-11-01")
    found = {
        "protected": (frame["支援措置"] == "1").sum(),
        "dead": (gone["異動事由"] == "死亡").sum(),
        "moved_out": (gone["異動事由"] == "転出").sum(),
        "moved_later": frame.filter((pl.col("異動日") > "2026-11-01") & (pl.col("異動事由") == "転出")).height,
        "duplicate": frame.height - frame.unique().height,
        "out_of_window": frame.filter(
            ~pl.col("生年月日").is_between(pl.lit("2006-04-02"), pl.lit("2007-04-01"))
        ).height,
        "unknown_selector": trouble.count(["selector"]),
        "private_use": trouble.count(["U+E000"]),
    }
    assert found == planted(persons)


def test_a_row_carries_one_defect_at_most(frame: pl.DataFrame) -> None:
    """Protected, dead, moved, out of the window, duplicate: no row is two of them, so the counts add up."""
    marked = planted(4000)
    reasons = sum(marked[kind] for kind in ("protected", "dead", "moved_out", "moved_later", "out_of_window"))
    assert _alive(frame).height == 4000 - reasons
    repeated = frame.filter(pl.struct(pl.all()).is_duplicated())
    assert repeated.height == 2 * marked["duplicate"]
    assert _alive(repeated).height == repeated.height


def test_marks_are_of_the_register_s_words_and_dates_go_with_reasons(frame: pl.DataFrame) -> None:
    """支援措置 and 異動事由 hold only their words, and an 異動日 stands exactly where a reason does."""
    assert set(frame["支援措置"]) == {"", "1"}
    assert set(frame["異動事由"]) == {"", "死亡", "転出"}
    assert frame.filter(pl.col("異動日") != "").equals(frame.filter(pl.col("異動事由") != ""))


def test_nobody_moves_on_the_cut_off_itself() -> None:
    """Every 異動日 lies from April to 31 October or from 2 to 20 November, so the rule can be read one way."""
    crowd = sample_extract(fiscal_year=2026, persons=60_000)
    days = sorted(set(crowd["異動日"]) - {""})
    before, after = [day for day in days if day < "2026-11-01"], [day for day in days if day >= "2026-11-01"]
    assert (before[0], before[-1]) == ("2026-04-01", "2026-10-31")
    assert (after[0], after[-1]) == ("2026-11-02", "2026-11-20")


@pytest.mark.parametrize("fiscal_year", [2026, 2027, 2028])
@pytest.mark.parametrize("persons", [13, 40, 4000])
def test_both_edge_days_and_every_month_are_there(fiscal_year: int, persons: int) -> None:
    """People born on the first and the last day of the window, and in each month, are eligible in every sample."""
    frame = sample_extract(fiscal_year=fiscal_year, persons=persons)
    first, last = f"{fiscal_year - 20}-04-02", f"{fiscal_year - 19}-04-01"
    plain = frame.filter((pl.col("支援措置") == "") & (pl.col("異動事由") == ""))
    births = plain.filter(pl.col("生年月日").is_between(pl.lit(first), pl.lit(last)))["生年月日"]
    assert (births.min(), births.max()) == (first, last)
    assert len({day[5:7] for day in births}) == 12


def test_twelve_people_hold_both_edge_days(frame: pl.DataFrame) -> None:
    """Twelve rows hold the first and the last day of the window; thirteen are needed for every month."""
    for extract in (sample_extract(fiscal_year=2026, persons=12), additional_extract(fiscal_year=2026, after=frame)):
        assert {"2006-04-02", "2007-04-01"} <= set(extract["生年月日"])


def test_birth_dates_are_spread_evenly_and_outside_dates_are_the_known_accidents(frame: pl.DataFrame) -> None:
    """No month has twice another's share; outside the window stand a day before, a day after, and two years before."""
    inside = frame.filter(pl.col("生年月日").is_between(pl.lit("2006-05-01"), pl.lit("2007-03-31")))
    months = Counter(day[:7] for day in inside["生年月日"])
    assert max(months.values()) < 1.5 * min(months.values())
    outside = sorted(day for day in frame["生年月日"] if not "2006-04-02" <= day <= "2007-04-01")
    assert outside[-2:] == ["2006-04-01", "2007-04-02"]
    assert all("2004-04-02" <= day <= "2005-04-01" for day in outside[:-2])


def test_postal_codes_are_those_of_the_town_list(frame: pl.DataFrame) -> None:
    """Every postal code belongs to its town, towns with 丁目 have one, and every row of the list is lived in."""
    spots = _spots(frame)
    assert {(town, code) for code, town, *_rest in spots} == {(town, code) for town, code, *_rest in TOWNS}
    with_chome = {town for town, _code, _note, has in TOWNS if has}
    assert all((chome > 0) == (town in with_chome) for _code, town, chome, _block, _house in spots)


def test_split_towns_use_the_code_of_the_block(frame: pl.DataFrame) -> None:
    """西早稲田 and 戸山 use their second code in exactly the blocks that the note of the town list names."""
    notes = {code: note for _town, code, note, _has in TOWNS}
    assert (notes["1620051"], notes["1690052"]) == ("2丁目1番1〜23号、2番", "3丁目18・21番")
    for code, town, chome, block, house in _spots(frame) + _spots(sample_extract(fiscal_year=2026, seed=5)):
        if town == "西早稲田":
            assert (code == "1620051") == (chome == 2 and (block == 2 or (block == 1 and house <= 23)))
        if town == "戸山":
            assert (code == "1690052") == (chome == 3 and block in {18, 21})


def test_nobody_lives_in_an_office_building(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ward office and the metropolitan government are nobody's address, even in a ward of one house a block."""
    offices = {"東京都新宿区歌舞伎町一丁目４番１号", "東京都新宿区西新宿二丁目８番１号"}
    addresses = sample._toml("addresses.toml")
    monkeypatch.setitem(addresses, "blocks", 8)
    monkeypatch.setitem(addresses, "houses", 1)
    assert not offices & set(sample_extract(fiscal_year=2026, persons=20_000)["住所"])
    monkeypatch.setitem(addresses, "never", [])
    assert offices <= set(sample_extract(fiscal_year=2026, persons=20_000)["住所"])


def test_the_towns_where_the_young_live_are_the_fullest(frame: pl.DataFrame) -> None:
    """The six named towns hold more people than any other town."""
    people = Counter(town for _code, town, *_rest in _spots(frame))
    assert {town for town, _count in people.most_common(6)} == {
        "大久保",
        "百人町",
        "北新宿",
        "高田馬場",
        "西新宿",
        "新宿",
    }


def test_buildings_come_in_their_shares(frame: pl.DataFrame) -> None:
    """70 % of the rows have a 方書; of these 25 % have a letter in the room and 3 % are in somebody's household."""
    filled = frame.filter(pl.col("方書") != "")["方書"]
    assert len(filled) / 4000 == pytest.approx(0.70, abs=0.03)
    assert filled.str.contains("[Ａ-Ｆ]").mean() == pytest.approx(0.25, abs=0.03)
    assert filled.str.ends_with("様方").mean() == pytest.approx(0.03, abs=0.015)


def test_half_of_the_people_are_foreign_residents(frame: pl.DataFrame) -> None:
    """51 % bear Japanese names; of the Latin names 45 % are Chinese, and about half of those with kanji show it."""
    names = frame["氏名"]
    latin = names.filter(names.str.contains("^[A-Z]"))
    assert len(latin) / 4000 == pytest.approx(0.49 * 0.96, abs=0.03)
    assert latin.str.contains("　").mean() == pytest.approx((0.45 + 0.09 + 0.05) / 2, abs=0.04)
    vietnamese = latin.str.contains("^(NGUYEN|TRAN) ").mean()
    assert vietnamese == pytest.approx(0.10 * 5 / 30, abs=0.01)


def test_latin_names_are_capitals_of_at_most_45_letters() -> None:
    """A Latin name is unaccented capitals; no choice from the lists can be longer than 45, and some are over 35."""
    pattern = re.compile(r"[A-Z]+( [A-Z]+)*(　[^ -~　]+)?")
    names = sample_extract(fiscal_year=2026, persons=20_000)["氏名"].to_list()
    latin = [name for name in names if "A" <= name[0] <= "Z"]
    assert all(pattern.fullmatch(name) for name in latin)
    assert max(map(len, latin)) > 35
    for group in sample._toml("names.toml")["groups"]:
        longest = [max(len(name.partition("/")[0]) for name in part) for part in group["parts"]]
        assert sum(longest) + len(longest) - 1 <= 45


def test_rare_characters_are_all_there_and_about_three_in_a_hundred(frame: pl.DataFrame) -> None:
    """Every rare form stands in the default sample, in about 3 % of the Japanese names."""
    stems = [re.sub(r"\{\w+\}|　", "", form) for form in sample._toml("names.toml")["rare"]]
    names = frame["氏名"].to_list()
    assert all(any(stem in name for name in names) for stem in stems)
    rare = sum(any(stem in name for stem in stems) for name in names)
    assert rare / (4000 * 0.51) == pytest.approx(0.03, abs=0.012)


def test_the_default_font_draws_every_cell_but_the_planted_names(
    frame: pl.DataFrame, font: tuple[set[int], set[tuple[int, int]]]
) -> None:
    """Outside the planted names no cell holds a character or selector that Noto Sans CJK JP cannot draw."""
    for column in set(COLUMNS) - {"氏名"}:
        assert _undrawn("".join(frame[column]), font) == []
    held = [missing for name in frame["氏名"] if (missing := _undrawn(name, font))]
    assert len(held) == planted(4000)["unknown_selector"] + planted(4000)["private_use"]


def test_late_move_ins_share_no_number_and_carry_no_defect(frame: pl.DataFrame) -> None:
    """The additional extract repeats no 宛名番号 of the first, even with its seed, and every row is plain."""
    for seed in (1, 2):
        late = additional_extract(fiscal_year=2026, persons=300, seed=seed, after=frame)
        assert late.columns == frame.columns
        assert not set(late["宛名番号"]) & set(frame["宛名番号"])
        assert late["宛名番号"].n_unique() == _alive(late).height == 300
    assert additional_extract(fiscal_year=2026, after=frame).height == 12


@pytest.mark.parametrize(
    ("encoding", "beginning"),
    [
        ("utf-8", "宛名番号".encode()),
        ("utf-8-sig", b"\xef\xbb\xbf" + "宛名番号".encode()),
        ("utf-16", b"\xff\xfe" + "宛名番号".encode("utf-16-le")),
    ],
)
def test_what_is_written_is_read_back_unchanged(
    frame: pl.DataFrame, tmp_path: Path, encoding: str, beginning: bytes
) -> None:
    """Every encoding gives back every cell, with its mark, CRLF at each line, and no needless quotes."""
    data = _bytes(frame, tmp_path, encoding)
    text = data.decode(encoding)
    assert data.startswith(beginning)
    assert text.count("\r\n") == text.count("\n") == 4001
    assert '"' not in text
    assert [tuple(row) for row in csv.reader(text.splitlines())] == [COLUMNS, *frame.iter_rows()]


def test_the_file_is_its_owner_s_alone_and_replaces_the_old_one_whole(frame: pl.DataFrame, tmp_path: Path) -> None:
    """A sample file has mode 0600 even over an open one, and nothing else stays in the folder."""
    path = tmp_path / "extract.csv"
    path.write_text("old")
    path.chmod(0o644)
    write_sample(frame.head(3), path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().count(b"\r\n") == 4
    assert list(tmp_path.iterdir()) == [path]


def test_cp932_names_the_rows_it_cannot_hold(frame: pl.DataFrame, tmp_path: Path) -> None:
    """CP932 writes what it can hold, and refuses the rest by row number, with no name and no file."""
    plain = frame.filter(pl.col("氏名").str.contains("^[A-Z ]+$")).head(4)
    assert _bytes(plain, tmp_path, "cp932").decode("cp932").count("\r\n") == 5
    rare = plain.with_columns(
        氏名=pl.Series(
            ["髙橋　葵", "\U00020bb7田　葵", "田中　葵", "辻\U000e0100　葵"]
        )  # the first is an IBM extension
    )
    with pytest.raises(BadInput) as refusal:
        write_sample(rare, tmp_path / "rare.csv", encoding="cp932")
    assert re.findall(r"[\d,]*\d", refusal.value.message.replace("CP932", "")) == ["2", "2,4"]
    assert "葵" not in str(refusal.value)
    assert not (tmp_path / "rare.csv").exists()


def test_what_cannot_be_done_is_refused_in_words(frame: pl.DataFrame, tmp_path: Path) -> None:
    """An unknown encoding, no place to write, an empty sample and a year that is none raise BadInput with a remedy."""
    folder = tmp_path / "folder"
    folder.mkdir()
    attempts = [
        lambda: write_sample(frame, tmp_path / "a.csv", encoding="latin-1"),
        lambda: write_sample(frame, folder / "missing" / "a.csv"),
        lambda: write_sample(frame, folder),
        lambda: sample_extract(fiscal_year=2026, persons=0),
        lambda: sample_extract(fiscal_year=26),
    ]
    for attempt in attempts:
        with pytest.raises(BadInput) as refusal:
            attempt()
        assert refusal.value.remedy
        assert "missing" not in str(refusal.value)
    assert list(tmp_path.rglob("*")) == [folder]
