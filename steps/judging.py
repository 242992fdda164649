"""Judging an extract: who is invited, who is not, and which rows wait for a named person.

`extract check` and `extract take` share this one judge. It works on whole columns: a first look at each finds the few
rows with anything out of the ordinary, and only those meet all the rules. What has few values (birth dates, postal
codes, changes) is read once a value. No cell is altered but by a named decision, the hyphen of a postal code excepted,
and that is said. What is found names rows, columns and codes, never a value.
"""

# polars' signatures name numpy, which is not needed and not installed:
# pyright: reportUnknownMemberType=false

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import polars as pl

from adapters.days import ReadDay, read_day
from adapters.fonts import NARROW_EM, SELECTORS, GlyphTable, default_font
from adapters.numbers import KEY, NUMBER, SPACES, is_number, keyed
from adapters.register import RegisterTable, read_register
from adapters.towns import Towns, towns_of
from models.errors import BadInput, BadSetting
from models.extract import (
    CODES,
    MOST_HELD,
    Decision,
    Finding,
    Judgement,
    UnreadableExtract,
    Verdict,
    by_row,
    characters,
)
from models.programme import Programme
from models.records.extraction import RowHeld
from models.words import _
from states.calendar import Calendar
from states.deadlines import Rule, anchors

NAME, POSTAL, ADDRESS, CARE_OF, BORN = "氏名", "郵便番号", "住所", "方書", "生年月日"
PROTECTED, REASON, CHANGED, STATE = "支援措置", "異動事由", "異動日", "住民状態"
_COLUMNS = (NUMBER, NAME, POSTAL, ADDRESS, CARE_OF, BORN, PROTECTED, REASON, CHANGED, STATE)
PRINTED = (NAME, ADDRESS, CARE_OF)
ADDRESSEES = {"row": pl.UInt32, NUMBER: pl.String, NAME: pl.String, POSTAL: pl.String, ADDRESS: pl.String}

UNPROTECTED = ("", "0", "０", "無")
_POSTAL = re.compile(r"[0-9]{3}-?[0-9]{4}")
_FORMULA = r"^\s*[=+\-@＝＋－＠]"
_MARKUP = r"<[A-Za-z/!?]|&#?[A-Za-z0-9]+;"
_NO_LETTER = r"^\P{L}*$"
_NOBODY = (
    r"(?i:^\s*(?:(?:氏名|住所|住居|居所)?(?:不明|不詳|不定|未定|未設定|未登録|空白|空欄)|該当なし|なし|無し|null|none|nan|n/a|test)"
    r"\s*$|^\s*#(?:N/A|REF!|VALUE!|NAME\?|NULL!|DIV/0!|NUM!))"
)
# What a cell looks like that belongs into another column, once it is in half width.
_AS_POSTAL = r"^〒?[0-9]{3}-[0-9]{4}$|^〒?[0-9]{7}$"
_AS_DAY = (
    r"^(?:[0-9]{4}|(?:明治?|大正?|昭和?|平成?|令和?|[MTSHR])(?:[0-9]{1,2}|元))[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?$"
)
_AS_NUMBER = r"^[0-9]{8,}$"
_AS_PLACE = (
    r"[0-9一二三四五六七八九十](?:丁目|番|号)|^(?:東京都|北海道|京都府|大阪府|\p{Han}{2,3}県)?\p{Han}{1,5}[市区郡]"
)
_KINDS = {NAME: (_AS_POSTAL, _AS_DAY, _AS_NUMBER, _AS_PLACE), ADDRESS: (_AS_POSTAL, _AS_DAY, _AS_NUMBER)} | {
    CARE_OF: (_AS_POSTAL, _AS_DAY)
}
_ELSEWHERE = {POSTAL: (_AS_DAY, _AS_PLACE), BORN: (_AS_POSTAL.partition("|")[0], _AS_PLACE)}
# The first look: nothing that one of the rules finds passes it. Chosen so that ordinary cells do.
_ODD = rf"{_FORMULA}|{_NO_LETTER}|{_NOBODY}|[<&]|[0-9０-９元]年"
_ODD_IN_NAME, _ODD_IN_PLACE = r"[0-9０-９]|丁目|^\p{Han}{3,9}[市区郡]", r"^\s*[0-9０-９〒A-Za-zＡ-Ｚａ-ｚ]"
_ODD_IN_CARE_OF = rf"{_FORMULA}|[<&]|[0-9０-９元]年|^〒?[0-9０-９]{{3}}"
_UNUSUAL = r"[\x{c0}-\x{24f}\x{1e00}-\x{1eff}\p{Hangul}]"
_RARE = rf"[{SELECTORS}\x{{e000}}-\x{{f8ff}}\x{{10000}}-\x{{10ffff}}]"
# Far beyond what paper takes: the widest names of the world have some sixty letters.
_LONGEST = {NUMBER: 40, NAME: 100, ADDRESS: 200, CARE_OF: 200}
# So many birth dates outside the window are no slips but a wrong condition (小山市: 1,719 letters, two years off).
_SLIPS, _SLIPS_SHARE = 20, 0.01
# Cells in the wrong column, addresses in a row that are not those of their postal code: more than slips of the hand.
_STRAY_CELLS, _STRAY_ROWS, _ENOUGH_TO_END = 3, 5, 20
# From so many persons on somebody is born in every month; one with fewer days in the window says nothing.
_ENOUGH, _WHOLE_MONTH = 500, 28
_LIKE_LAST_YEAR = 0.1
_TROUBLES = ("birth_format", "ambiguous_date", "impossible_date")
_ROWS_AT_ONCE = 100_000
_MOST_LINES = {NAME: 2, ADDRESS: 3}  # the invitation has room for so many
_TAIL_EM = 1.6  # the gap and 様, bound to the last word of the name
_IN_WORD = r"[^\s\x{2e80}-\x{10ffff}]"
_WORD_EM, _LONGER_WORD_EM = 9, 13  # a word with fewer letters is narrower
_LONG_WORD, _LONGER_WORD = (f"{_IN_WORD}{{{letters}}}" for letters in (_WORD_EM, _LONGER_WORD_EM))
_WIDEST_SHOWN = 30
_FORMS = r"[\x{ff00}-\x{ffef}]"
_FOUND = {"row": pl.UInt32, "column": pl.String, "code": pl.String, "detail": pl.String}


def judge_file(
    path: Path,
    *,
    programme: Programme,
    fiscal_year: int,
    glyphs: GlyphTable | None = None,
    **options: Any,
) -> tuple[Judgement, pl.LazyFrame]:
    """Read an extract and judge it as `judge` does, with its options; what cannot be read is refused.

    The default font prints it where no `glyphs` are given.

    Raises:
        BadInput: a decision does not fit.

    """
    try:
        table = read_register(path, programme=programme)
    except UnreadableExtract as refusal:
        return refusal.judgement, pl.LazyFrame(schema=ADDRESSEES)
    glyphs = glyphs or GlyphTable.load(default_font())
    return judge(table, programme=programme, fiscal_year=fiscal_year, glyphs=glyphs, **options)


def judge(
    table: RegisterTable,
    *,
    programme: Programme,
    fiscal_year: int,
    glyphs: GlyphTable,
    expect: tuple[int, int] | None = None,
    decisions: Sequence[Decision] = (),
    towns: Mapping[str, Collection[str]] | None = None,
    last_year: int | None = None,
    protected_removed: bool = False,
) -> tuple[Judgement, pl.LazyFrame]:
    """Judge an extract for a fiscal year, with the decisions about its held rows.

    `expect` is the plausible number of persons, the programme's where it is None; `last_year` what it was a year ago;
    `towns` names the towns of every postal code of the municipality, the programme's where it is None; a named person
    says that the register section took the protected persons out (`protected_removed`). Returns the judgement and the
    addressees with the columns row, 宛名番号, 氏名, 郵便番号 and 住所 (with 方書 after a full-width space); none where
    the extract is refused. They are written out only where somebody collects them.

    Raises:
        BadInput: a decision does not fit: its row is not held, has nothing to substitute, or cannot be accepted.
        BadSetting: the programme names no cut-off date, or towns that cannot be read.

    """
    year = _Year.of(programme, fiscal_year)
    rows = table.frame.with_columns(
        pl.lit("").alias(column) for column in _COLUMNS if column not in table.frame.columns
    )
    rows = _substituted(rows, decisions)
    values = _Values.of(rows)
    rows = rows.with_columns(born=values.born())
    judged = _Judge(
        programme=programme,
        year=year,
        glyphs=glyphs,
        towns=Towns.of(towns_of(programme) if towns is None else towns, municipality=programme.sections.municipality),
        values=values,
    ).all(rows)
    found = pl.concat(judged.found)
    held, struck = _decided(found, decisions)
    kept, goes_out = pl.concat(judged.kept), ~_among(held["row"]) & ~_among(struck)
    excluded = judged.excluded + Counter({"decided": struck.len()})
    warnings, broken = list(table.findings), list[Finding]()
    if not marks_protected(table) and not any(also in table.frame.columns for also in programme.extract.also_protect):
        code = "protection_removed" if protected_removed else "nobody_marked"
        (warnings if protected_removed else broken).append(Finding(code=code, row=1, column=PROTECTED))
    warnings += (
        Finding(code=code, column=column, count=count) for (code, column), count in judged.warned.items() if count
    )
    # A number that a spreadsheet rounded stands for ten persons, or for nobody.
    broken += by_row("number_form", NUMBER, rows.filter(~is_number() & ~_blank(NUMBER))["row"].to_list())
    broken += _shifts(rows, found, programme.extract.needed)
    outcome = _Outcome(
        table=table,
        year=year,
        exported=kept.select("row", "born").filter(goes_out),
        held=held,
        excluded={code: excluded[code] for code in CODES if excluded[code]},
        warnings=tuple(warnings),
        broken=tuple(broken),
        hard=judged.hard | {decision.row for decision in decisions if decision.how != "exclude"},
        widest=judged.widest,
        last_year=last_year,
    )
    judgement = outcome.judgement(expect or programme.extract.expect, named=expect is not None)
    addressees = (kept.clear() if judgement.verdict == "refused" else kept).lazy().filter(goes_out)
    postal = pl.col(POSTAL).str.replace("-", "", literal=True)
    return judgement, addressees.select("row", NUMBER, NAME, postal, _printed().alias(ADDRESS))


@dataclass(frozen=True, kw_only=True)
class _Year:
    """The dates that decide: the window of birth dates, and the cut-off date of changes."""

    window: tuple[date, date]
    cut_off: date

    @classmethod
    def of(cls, programme: Programme, fiscal_year: int) -> "_Year":
        rule, calendar = Rule.parse(programme.milestones.get("cutoff", "")), Calendar()
        # No other anchor: theirs may hang on holidays, which take longer to load than an extract to judge.
        anchor = {key: value for key, value in programme.anchors.items() if key == rule.anchor}
        if not anchor:
            raise BadSetting(
                _("milestones.cutoff hangs on {key}, which is no anchor.").format(key=rule.anchor),
                _("Let it hang on one of the programme's anchors."),
            )
        cut_off = rule.counted_from(anchors(anchor, fiscal_year, calendar)[rule.anchor], calendar)
        return cls(window=programme.extract.window(fiscal_year), cut_off=cut_off)

    def months(self) -> dict[str, int]:
        """Return every month of the window and how many of its days lie in it."""
        first, last = self.window
        days = (first + timedelta(days=after) for after in range((last - first).days + 1))
        return Counter(f"{day:%Y-%m}" for day in days)


@dataclass(frozen=True, kw_only=True)
class _Values:
    """The columns that hold few different values: each value is read once, in Python."""

    texts: Mapping[str, Sequence[str]]
    days: Mapping[str, ReadDay]

    @classmethod
    def of(cls, rows: pl.DataFrame) -> "_Values":
        texts = {column: rows[column].unique().to_list() for column in (POSTAL, BORN, REASON, CHANGED, STATE)}
        return cls(texts=texts, days={text: read_day(text) for column in (BORN, CHANGED) for text in texts[column]})

    def born(self) -> pl.Expr:
        """Read the birth dates; null where a text means no day, or several."""
        texts = self.texts[BORN]
        return pl.col(BORN).replace_strict(texts, [self.days[text].day for text in texts], return_dtype=pl.Date)

    def where(self, column: str, holds: Callable[[str], object]) -> pl.Expr:
        """Tell the rows whose value holds what is asked."""
        found = [text for text in self.texts[column] if holds(text)]
        return pl.col(column).is_in(found) if found else pl.lit(value=False)

    def codes(self) -> dict[str, str]:
        """Return the postal codes that are some, as they stand there, and the seven digits of each."""
        return {text: text.replace("-", "") for text in self.texts[POSTAL] if _POSTAL.fullmatch(text)}


def _repeats(rows: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Return the rows with the same number: those that repeat an earlier one in every cell, and the rest."""
    alike = (KEY, *_COLUMNS[1:])
    rows = keyed(rows)
    perhaps = rows.select("row", *alike).filter(_shared(rows[KEY].hash()))
    shared = perhaps.filter(~_blank(KEY) & pl.col(KEY).is_duplicated())
    first = shared.unique(subset=list(alike), keep="first", maintain_order=True)
    return shared.filter(~_among(first["row"]))["row"], first.filter(pl.col(KEY).is_duplicated())["row"]


def _twins(rows: pl.DataFrame, shared: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the rows with the same name and birth date that share no number: at one address, and at different ones.

    They are compared without width and spaces. A hash finds who may be alike, so that only few are written out.
    """
    narrow = pl.col(NAME).str.replace_all("　", "", literal=True).str.replace_all(" ", "", literal=True)
    keys = rows.select("row", key=narrow.hash() ^ pl.col("born").hash())
    if (wide := rows.filter(_any(NAME, _FORMS))).height:
        keys = keys.update(wide.select("row", key=_folded(NAME).hash() ^ pl.col("born").hash()), on="row")
    perhaps = rows.select("row", "born", NAME, ADDRESS, CARE_OF).filter(_shared(keys["key"]))
    perhaps = perhaps.filter(pl.col("born").is_not_null() & ~_blank(NAME) & ~_among(shared))
    person = perhaps.with_columns(_folded(NAME))
    alike = person.filter(_twice("born", NAME)).with_columns(_folded(ADDRESS), _folded(CARE_OF))
    is_same = alike.select(_twice("born", NAME, ADDRESS, CARE_OF)).to_series()
    return alike.filter(is_same)["row"], alike.filter(~is_same)["row"]


def _shared(keys: pl.Series) -> pl.Series:
    """Tell which keys stand more than once; sorting numbers finds them faster than counting each."""
    ordered = keys.sort()
    return keys.is_in(ordered.filter(ordered == ordered.shift(1)).unique().implode())


def _twice(*columns: str) -> pl.Expr:
    return pl.concat_str(*columns, separator="\n").is_duplicated()


def _folded(column: str) -> pl.Expr:
    return pl.col(column).str.normalize("NFKC").str.replace_all(r"\s", "").str.to_uppercase()


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """What came of the rows, gathered some ten thousand at a time."""

    found: list[pl.DataFrame] = field(default_factory=lambda: [pl.DataFrame(schema=_FOUND)])
    kept: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])
    excluded: Counter[str] = field(default_factory=Counter[str])
    warned: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    hard: set[int] = field(default_factory=set[int])
    widest: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """Looks at the rows, some ten thousand at a time so that memory stays bounded."""

    programme: Programme
    year: _Year
    glyphs: GlyphTable
    towns: Towns
    values: _Values

    def all(self, rows: pl.DataFrame) -> _Judged:
        """Return the cells to be held, the rows not excluded, exclusions, and warnings."""
        judged = _Judged()
        again, clashing = _repeats(rows)
        same, alike = _twins(rows, pl.concat([again, clashing]))
        out = self._excluded(rows, again)
        for some in rows.iter_slices(_ROWS_AT_ONCE):
            self._look_at(some.filter(~_among(out["row"])) if out.height else some, judged)
        strangers = self.towns.strangers(rows, codes=self.values.codes(), postal=POSTAL, address=ADDRESS)
        clashing, same, alike, strangers = (
            blamed.filter(~blamed.is_in(out["row"].implode())) for blamed in (clashing, same, alike, strangers)
        )
        judged.found.append(_held(clashing, NUMBER, "number_twice"))
        judged.found.append(_held(same, NAME, "person_twice"))
        judged.found.append(_held(strangers, ADDRESS, "town_mismatch"))
        judged.warned["same_name_and_birth", NAME] = alike.len()
        judged.excluded.update(out["out"])
        return judged

    def _excluded(self, rows: pl.DataFrame, again: pl.Series) -> pl.DataFrame:
        """Return the rows that nobody exports, and why."""
        gone = self._changed(lambda day: day is not None and day <= self.year.cut_off)
        said = [name for name in (PROTECTED, REASON, *self.programme.extract.optional) if name in rows.columns]
        marked = rows.filter(pl.any_horizontal(pl.col(name) != "" for name in said) | _among(again))
        reasons = (
            pl.when(is_protected(rows, self.programme))
            .then(pl.lit("protected"))
            .when(self._means("died") & (gone | _blank(CHANGED)))
            .then(pl.lit("dead"))
            .when(self._means("moved_out") & gone)
            .then(pl.lit("moved_out"))
            .when(_among(again))
            .then(pl.lit("duplicate"))
        )
        return marked.select("row", out=reasons).drop_nulls()

    def _look_at(self, mine: pl.DataFrame, judged: _Judged) -> None:
        """Judge some rows that are to be invited."""
        odd, names = mine.filter(self._odd()), self._names(mine)
        judged.found.extend((*self._cells(mine), *self._texts(odd), *self._characters(odd)))
        judged.found.extend((self._too_wide(names), self._too_high(mine, odd)))
        judged.warned.update(self._warnings(mine, odd, names))
        judged.hard.update(odd.filter(pl.any_horizontal(_any(column, _RARE) for column in PRINTED))["row"])
        judged.widest.extend(names.top_k(_WIDEST_SHOWN, by="em").select("em", "row").iter_rows())
        judged.kept.append(mine.select("row", NUMBER, NAME, POSTAL, ADDRESS, CARE_OF, "born"))

    def _means(self, *meanings: str) -> pl.Expr:
        """Tell the rows of whose change or state the programme says that it means this."""
        extract, where = self.programme.extract, self.values.where
        return where(REASON, lambda text: extract.reasons.of(text) in meanings) | where(
            STATE, lambda text: extract.states.of(text) in meanings
        )

    def _changed(self, holds: Callable[[date | None], bool]) -> pl.Expr:
        return self.values.where(CHANGED, lambda text: holds(self.values.days[text].day))

    def _odd(self) -> pl.Expr:
        """Take the first look: true where a cell of text might break a rule, and for few other rows."""
        strange = f"[^{self.glyphs.plain}]"
        patterns = {
            NAME: rf"{_ODD}|{_ODD_IN_NAME}|{_UNUSUAL}|{strange}",
            ADDRESS: rf"{_ODD}|{_ODD_IN_PLACE}|{_UNUSUAL}|{_LONG_WORD}|{strange}",
            CARE_OF: rf"{_ODD_IN_CARE_OF}|{_UNUSUAL}|{_LONG_WORD}|{strange}",
        }
        odd = _blank(NUMBER)
        for column, pattern in patterns.items():
            odd |= pl.col(column).str.contains(pattern)
        for column, most in _LONGEST.items():
            odd |= pl.col(column).str.len_bytes() > most
        return odd

    def _cells(self, mine: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Find what the columns of few values show. One line of the table is one rule."""
        where, days = self.values.where, self.values.days
        first, last = self.year.window
        yield from _broken(
            mine,
            *(("empty", column, where(column, lambda text: not text.strip())) for column in (POSTAL, BORN)),
            ("postal_code", POSTAL, where(POSTAL, lambda text: text.strip() and not _POSTAL.fullmatch(text))),
            *(
                (code, BORN, where(BORN, lambda text, code=code: text.strip() and days[text].trouble == code))
                for code in _TROUBLES
            ),
            ("out_of_window", BORN, where(BORN, lambda text: (day := days[text].day) and not first <= day <= last)),
        )
        yield from _broken(
            mine.filter((pl.col(REASON) != "") | (pl.col(STATE) != "") | self._is_unknown(STATE)),
            ("unclear_change", REASON, self._is_unclear() | self._is_unknown(REASON)),
            ("unclear_change", STATE, self._is_unknown(STATE)),
        )

    def _is_unclear(self) -> pl.Expr:
        """Died after the cut-off date, left on a day nobody can read, came after it, or was taken off the register."""
        late = self._changed(lambda day: day is None or day > self.year.cut_off)
        unread = self._changed(lambda day: day is None)
        came = self._means("moved_in") & late & ~_blank(CHANGED)
        return self._means("died", "taken_off") | (self._means("moved_out") & unread) | came

    def _is_unknown(self, column: str) -> pl.Expr:
        """Tell the values whose meaning the programme does not say; where there are states, a blank is one."""
        extract = self.programme.extract
        means = {REASON: extract.reasons, STATE: extract.states}[column].of
        blanks = column == STATE and any(text.strip() for text in self.values.texts[STATE])
        return self.values.where(column, lambda text: (blanks or text.strip()) and not means(text))

    def _texts(self, odd: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Find what the cells of text show, in the rows that the first look found."""
        needed = [column for column in (NUMBER, NAME, ADDRESS) if column in self.programme.extract.needed]
        yield from _broken(
            odd,
            *(("empty", column, _blank(column)) for column in needed),
            *(
                ("placeholder", column, ~_blank(column) & _any(column, _NO_LETTER, _NOBODY))
                for column in (NAME, ADDRESS)
            ),
            *(("wrong_kind", column, _any(column, *kinds, folded=True)) for column, kinds in _KINDS.items()),
            *(("too_long", column, pl.col(column).str.len_chars() > most) for column, most in _LONGEST.items()),
            *(("formula", column, _any(column, _FORMULA)) for column in PRINTED),
            *(("markup", column, _any(column, _MARKUP)) for column in PRINTED),
        )

    def _characters(self, odd: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Find what the font would not print as it is meant."""
        strange = f"[^{self.glyphs.plain}]"
        for column in PRINTED:
            hard = odd.filter(_any(column, strange)).select("row", column) if odd.height else odd.select("row", column)
            found = [
                (row, column, code, "")
                for row, text in hard.iter_rows()
                for code in dict.fromkeys(finding.code for finding in self.glyphs.judge(text))
            ]
            yield pl.DataFrame(found, schema=_FOUND, orient="row")

    def _names(self, mine: pl.DataFrame) -> pl.DataFrame:
        """Return row, lines and width in em of the names that do not fit on one line with 様."""
        paper = self.programme.paper
        room = paper.name_width_mm / self._em(paper.name_size_pt) - _TAIL_EM
        letters, narrow = pl.col(NAME).str.len_chars(), f"[{self.glyphs.narrow}]"
        long = mine.select("row", NAME).filter(letters > int(room))
        long = long.filter(~_any(NAME, f"^{narrow}{{0,{int(room / NARROW_EM)}}}$"))
        unsure = long.filter(letters - (1 - NARROW_EM) * pl.col(NAME).str.count_matches(narrow) > room)
        wide = unsure.with_columns(em=pl.Series(self.glyphs.ems(unsure[NAME]), dtype=pl.Float64))
        wide = wide.filter(pl.col("em") > room)
        # Two lines are enough where not even a word that moves to the second makes it too long.
        spare = 2 * room + _TAIL_EM - pl.col("em")
        wide_letter = f"[^{self.glyphs.narrow}]"
        words = (
            (_WORD_EM, (_LONG_WORD,)),
            (_LONGER_WORD_EM, (_LONGER_WORD,)),
            (_LONGER_WORD_EM * NARROW_EM, (_LONGER_WORD, wide_letter)),
        )
        sure = pl.any_horizontal((spare >= em) & ~_any(NAME, *patterns) for em, patterns in words)
        two = wide.filter(sure).select("row", "em", lines=pl.lit(2, dtype=pl.UInt32))
        more = wide.filter(~sure)
        place = {"size_pt": paper.name_size_pt, "width_mm": paper.name_width_mm, "tail_em": _TAIL_EM}
        lines = [self.glyphs.lines(name, **place) for name in more[NAME]]
        return pl.concat([two, more.select("row", "em", pl.Series("lines", lines, dtype=pl.UInt32))])

    def _too_wide(self, names: pl.DataFrame) -> pl.DataFrame:
        paper, most = self.programme.paper, _MOST_LINES[NAME]
        too_wide = names.filter(pl.col("lines") > most)
        details = [self._detail(em, paper.name_size_pt, paper.name_width_mm, most) for em in too_wide["em"]]
        return _held(too_wide["row"], NAME, "too_wide", details)

    def _too_high(self, mine: pl.DataFrame, odd: pl.DataFrame) -> pl.DataFrame:
        """Find addresses that take more lines than there are; a line may stay empty by a word that did not fit."""
        paper, most = self.programme.paper, _MOST_LINES[ADDRESS]
        size, width = paper.address_size_pt, paper.address_width_mm
        sure = most * width / self._em(size) - (most - 1) * _WORD_EM
        length = pl.sum_horizontal(pl.col(column).str.len_chars() for column in (ADDRESS, CARE_OF)) + 1
        long, wordy = mine.filter(length > int(sure)), odd.filter(_any(ADDRESS, _LONG_WORD) | _any(CARE_OF, _LONG_WORD))
        texts = pl.concat([long, wordy]).select("row", printed=_printed()).unique("row", maintain_order=True)
        high = [self.glyphs.lines(text, size_pt=size, width_mm=width) > most for text in texts["printed"]]
        texts = texts.filter(pl.Series(high, dtype=pl.Boolean))
        details = [self._detail(em, size, width, most) for em in self.glyphs.ems(texts["printed"])]
        return _held(texts["row"], ADDRESS, "too_wide", details)

    def _em(self, size_pt: float) -> float:
        return self.glyphs.width_mm("　", size_pt)

    def _detail(self, em: float, size_pt: float, width_mm: float, lines: int) -> str:
        return f"{em * self._em(size_pt):.1f} mm > {lines} × {width_mm:g} mm"

    def _warnings(self, mine: pl.DataFrame, odd: pl.DataFrame, names: pl.DataFrame) -> dict[tuple[str, str], int]:
        """Count what happened to many rows."""
        codes, towns, where = self.values.codes(), self.towns.of_code, self.values.where
        later = self._changed(lambda day: day is not None and day > self.year.cut_off)
        rules: dict[str, Callable[[str], bool]] = {
            "postal_hyphen": lambda text: text in codes and "-" in text,
            "unknown_postal_code": lambda text: bool(towns) and text in codes and codes[text] not in towns,
            "representative_code": lambda text: text in codes and codes[text] in towns and not towns[codes[text]],
        }
        found = mine.select(where(POSTAL, holds).sum().alias(code) for code, holds in rules.items()).row(0)
        moved = mine.select((self._means("moved_out") & later).sum()).item()
        unusual = {("unusual_script", column): odd.select(_any(column, _UNUSUAL).sum()).item() for column in PRINTED}
        two_lines = names.filter(pl.col("lines") == _MOST_LINES[NAME]).height
        counts = {(code, POSTAL): count for code, count in zip(rules, found, strict=True)}
        return {**counts, ("moved_later", REASON): moved, ("two_lines", NAME): two_lines, **unusual}


def _broken(rows: pl.DataFrame, *rules: tuple[str, str, pl.Expr]) -> Iterator[pl.DataFrame]:
    """Return the cells that break a rule: its code, the column it blames, and what the row then looks like."""
    found = rows.select("row", *(mask.alias(str(nth)) for nth, (_code, _column, mask) in enumerate(rules)))
    for nth, (code, column, _mask) in enumerate(rules):
        if found[str(nth)].any():
            yield _held(found.filter(pl.col(str(nth)))["row"], column, code)


def is_protected(frame: pl.DataFrame, programme: Programme) -> pl.Expr:
    """Tell the rows that stand under protection: marked, or with anything at all in a column that speaks of it."""
    also = [column for column in programme.extract.also_protect if column in frame.columns]
    marked = ~pl.col(PROTECTED).str.replace_all(SPACES, "").is_in(UNPROTECTED)
    return pl.any_horizontal(marked, *(pl.col(column).str.replace_all(SPACES, "") != "" for column in also))


def marks_protected(table: RegisterTable) -> bool:
    """Tell whether the column 支援措置 stands in a file."""
    return not any(finding.code == "absent_column" and finding.column == PROTECTED for finding in table.findings)


def _shifts(rows: pl.DataFrame, found: pl.DataFrame, needed: Sequence[str]) -> Iterator[Finding]:
    """Say where columns have moved against each other (つくば市: names deleted, those below moved up)."""
    stray = set(found.filter(pl.col("code") == "wrong_kind")["row"])
    for column, code in ((POSTAL, "postal_code"), (BORN, "birth_format")):
        blamed = rows.filter(_among(found.filter(pl.col("code") == code)["row"]))
        stray |= set(blamed.filter(_any(column, *_ELSEWHERE[column], folded=True))["row"])
    if len(stray) >= _STRAY_CELLS:
        yield Finding(code="column_shift", row=min(stray), count=len(stray))
    mismatched = found.filter(pl.col("code") == "town_mismatch")["row"].sort().to_list()
    # Rows that follow each other are as far from their place in the list.
    for _distance, run in groupby(enumerate(mismatched), key=lambda placed: placed[1] - placed[0]):
        if len(rows_of_run := [row for _place, row in run]) >= _STRAY_ROWS:
            yield Finding(code="column_shift", row=rows_of_run[0], column=ADDRESS, count=len(rows_of_run))
    if rows.height >= _ENOUGH_TO_END:
        yield from _early_ends(rows, needed)


def _early_ends(rows: pl.DataFrame, needed: Sequence[str]) -> Iterator[Finding]:
    """Say which needed columns end before the others do, or hold nothing at all."""
    ended = [column for column in needed if not rows[column][-1].strip()]
    if len(ended) == len(needed):
        return
    for column in ended:
        end = rows.select(pl.col("row").filter(~_blank(column)).max()).item()
        if end is None:
            yield Finding(code="empty_column", column=column)
        else:
            yield Finding(code="column_shift", row=end + 1, column=column, count=rows["row"][-1] - end)


def _any(column: str, *patterns: str, folded: bool = False) -> pl.Expr:
    """Tell whether a cell looks like one of the patterns, in half width where `folded`."""
    cell = pl.col(column).str.normalize("NFKC").str.strip_chars() if folded else pl.col(column)
    return cell.str.contains("|".join(f"(?:{pattern})" for pattern in patterns))


def _held(rows: pl.Series, column: str, code: str, details: Sequence[str] = ()) -> pl.DataFrame:
    detail = pl.Series("detail", details, dtype=pl.String) if details else pl.lit("").alias("detail")
    return rows.to_frame("row").select("row", pl.lit(column).alias("column"), pl.lit(code).alias("code"), detail)


def _printed() -> pl.Expr:
    return pl.when(_blank(CARE_OF)).then(pl.col(ADDRESS)).otherwise(pl.concat_str(ADDRESS, CARE_OF, separator="　"))


def _blank(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars() == ""


def _among(rows: pl.Series) -> pl.Expr:
    return pl.col("row").is_in(rows.implode())


def _substituted(rows: pl.DataFrame, decisions: Sequence[Decision]) -> pl.DataFrame:
    """Return the rows with the decided substitutions in name and address, and nothing else changed."""
    named = {decision.row for decision in decisions if decision.how == "substitute"}
    if not named:
        return rows
    touched = {row["row"]: row for row in rows.filter(pl.col("row").is_in(named)).iter_rows(named=True)}
    for decision in decisions:
        cells = touched.get(decision.row, {})
        for found, instead in decision.substitute.items():
            text = characters(found)
            columns = [column for column in PRINTED if text in cells.get(column, "")]
            if not columns:
                raise _unfit(_("Row {row} does not hold the characters to be substituted.").format(row=decision.row))
            cells.update({column: cells[column].replace(text, characters(instead)) for column in columns})
    return rows.update(pl.DataFrame(list(touched.values()), schema=rows.schema), on="row")


def _decided(found: pl.DataFrame, decisions: Sequence[Decision]) -> tuple[pl.DataFrame, pl.Series]:
    """Return what still waits for a decision, and the rows that a named person excluded."""
    by_how = {how: [decision.row for decision in decisions if decision.how == how] for how in ("exclude", "accept")}
    for row in (*by_how["exclude"], *by_how["accept"]):
        codes = found.filter(pl.col("row") == row)["code"]
        if codes.is_empty():
            raise _unfit(_("Row {row} is not held, so there is nothing to decide.").format(row=row))
        stubborn = [code for code in codes if not CODES[code].acceptable]
        if stubborn and row in by_how["accept"]:
            reason = _(CODES[stubborn[0]].sentence)
            raise _unfit(_("Row {row} cannot be accepted as it is: {reason}").format(row=row, reason=reason))
    struck = pl.Series(sorted(set(by_how["exclude"])), dtype=pl.UInt32)
    settled = pl.Series([*by_how["exclude"], *by_how["accept"]], dtype=pl.UInt32)
    return found.filter(~_among(settled)), struck


def _unfit(message: str) -> BadInput:
    return BadInput(message, _("Look at the held rows again and decide anew."))


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What came of every row, before anybody says what that means for the whole."""

    table: RegisterTable
    year: _Year
    exported: pl.DataFrame
    held: pl.DataFrame
    excluded: Mapping[str, int]
    warnings: tuple[Finding, ...]
    broken: tuple[Finding, ...]
    hard: Collection[int]
    widest: Sequence[tuple[float, int]]
    last_year: int | None

    def judgement(self, expect: tuple[int, int], *, named: bool) -> Judgement:
        """Return the judgement, with what the rows amount to; `named` where a person named what is expected."""
        waiting = self.held.unique("row", keep="first", maintain_order=True).sort("row").drop("detail")
        born, months = self.exported["born"], dict.fromkeys(self.year.months(), 0)
        for day, count in born.value_counts().iter_rows():
            months[f"{day:%Y-%m}"] += count
        refused = (*self.broken, *self._refusals(expect, waiting.height, months))
        if not named and self._is_unlike_last_year(waiting.height):
            refused = (*refused, Finding(code="unlike_last_year", count=self.exported.height))
        verdict: Verdict = "refused" if refused else "held" if waiting.height else "accepted"
        hard = set(self.hard) | {row for _em, row in sorted(self.widest, reverse=True)[:_WIDEST_SHOWN]}
        left_out = (Finding(code=code, count=count) for code, count in self.excluded.items())
        return Judgement(
            verdict=verdict,
            persons=self.table.frame.height,
            exported=born.len(),
            held=waiting.height,
            rows=tuple(RowHeld(**row) for row in waiting.head(MOST_HELD).iter_rows(named=True)),
            excluded=self.excluded,
            findings=(*refused, *self._listed(refused), *self.warnings, *left_out),
            encoding=self.table.encoding,
            months=months,
            born=(cast("date", born.min()), cast("date", born.max())) if born.len() else None,
            sha256=self.table.sha256,
            hard=tuple(self.exported.filter(_among(pl.Series(sorted(hard), dtype=pl.UInt32)))["row"]),
            last_year=self.last_year,
        )

    def _is_unlike_last_year(self, waiting: int) -> bool:
        """Tell whether the number differs from last year's by more than a tenth, whatever is decided about the held."""
        exported, tenth = self.exported.height, (self.last_year or 0) * _LIKE_LAST_YEAR
        return bool(self.last_year) and not (
            exported <= self.last_year + tenth and exported + waiting >= self.last_year - tenth
        )

    def _refusals(self, expect: tuple[int, int], waiting: int, months: Mapping[str, int]) -> Iterator[Finding]:
        """Say what is wrong with the whole of it."""
        outside = self.held.filter(pl.col("code") == "out_of_window").height
        persons, exported = self.table.frame.height, self.exported.height
        if outside > max(_SLIPS, _SLIPS_SHARE * persons) or outside * 2 > persons:
            yield Finding(code="birth_window", column=BORN, count=outside)
        if waiting > MOST_HELD:
            yield Finding(code="too_many_held", count=waiting)
        if exported + waiting == 0:
            yield Finding(code="nobody_eligible")
        elif exported > expect[1] or exported + waiting < expect[0]:
            yield Finding(code="count_implausible", count=exported)
        whole = [month for month, days in self.year.months().items() if days >= _WHOLE_MONTH]
        if exported >= _ENOUGH and (empty := [month for month in whole if not months[month]]):
            yield Finding(code="empty_month", column=BORN, count=len(empty))

    def _listed(self, refused: Iterable[Finding]) -> Iterator[Finding]:
        """List the held cells; so many of one kind that nobody reads them are counted, as is a wrong window."""
        wrong_window = any(finding.code == "birth_window" for finding in refused)
        for (column, code), cells in self.held.group_by("column", "code", maintain_order=True):
            if wrong_window and code == "out_of_window":
                continue
            if cells.height > MOST_HELD:
                yield Finding(code=str(code), column=str(column), count=cells.height)
            else:
                for row, detail in cells.select("row", "detail").iter_rows():
                    yield Finding(code=str(code), column=str(column), row=row, detail=detail)
