"""Judging an extract: who is invited, who is not, and which rows wait for a named person.

`extract check` and `extract take` share this one judge. It works on whole columns; a row is looked at alone only where
a test of its column found it. No cell is altered but by a named decision, the hyphen of a postal code excepted, and
that is said. What is found names rows, columns and codes, never a value.
"""

# polars' signatures name numpy, which is not needed and not installed:
# pyright: reportUnknownMemberType=false

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import cast

import polars as pl

from adapters.fonts import GlyphTable, default_font
from adapters.register import RegisterTable, read_register
from models.errors import BadInput, BadSetting
from models.extract import (
    CODES,
    MOST_HELD,
    Decision,
    Finding,
    HeldRow,
    Judgement,
    UnreadableExtract,
    Verdict,
    characters,
)
from models.programme import Programme
from models.words import _
from states.calendar import Calendar
from states.deadlines import Rule, anchors

NUMBER, NAME, POSTAL, ADDRESS, CARE_OF, BORN = "宛名番号", "氏名", "郵便番号", "住所", "方書", "生年月日"
PROTECTED, REASON, CHANGED = "支援措置", "異動事由", "異動日"
_COLUMNS = (NUMBER, NAME, POSTAL, ADDRESS, CARE_OF, BORN, PROTECTED, REASON, CHANGED)
PRINTED = (NAME, ADDRESS, CARE_OF)
ADDRESSEES = {"row": pl.UInt32, NUMBER: pl.String, NAME: pl.String, POSTAL: pl.String, ADDRESS: pl.String}

_UNPROTECTED = ("", "0", "０", "無")
_DATE = r"^[0-9]{4}(-[0-9]{2}-[0-9]{2}|/[0-9]{2}/[0-9]{2}|[0-9]{4})$"
_POSTAL, _POSTAL_HYPHEN = r"^[0-9]{3}-?[0-9]{4}$", r"^[0-9]{3}-[0-9]{4}$"
_FORMULA = r"^\s*[=+\-@＝＋－＠]"
_MARKUP = r"<[A-Za-z/!?]|&#?[A-Za-z0-9]+;"
_LEAVING = r"死亡|転出|消除|取消|喪失"
# So many birth dates outside the window are no slips but a wrong condition (小山市: 1,719 letters, two years off).
_SLIPS, _SLIPS_SHARE = 20, 0.01
# From so many persons on somebody is born in every month; one with fewer days in the window says nothing.
_ENOUGH, _WHOLE_MONTH = 500, 28
_ROWS_AT_ONCE = 50_000
_MOST_LINES = {NAME: 2, ADDRESS: 3}  # the invitation has room for so many
_TAIL_EM = 1.6  # the gap and 様, bound to the last word of the name
_LONG_WORD, _WORD_EM = r"[^\s\x{2e80}-\x{10ffff}]{9}", 9.0
_FOUND = {"row": pl.UInt32, "column": pl.String, "code": pl.String}


def judge_file(
    path: Path,
    *,
    programme: Programme,
    fiscal_year: int,
    glyphs: GlyphTable | None = None,
    expect: tuple[int, int] | None = None,
    decisions: Sequence[Decision] = (),
    towns: Mapping[str, Collection[str]] | None = None,
) -> tuple[Judgement, pl.DataFrame]:
    """Read an extract and judge it as `judge` does; what cannot be read is refused. The default font prints it.

    Raises:
        BadInput: a decision does not fit.

    """
    try:
        table = read_register(path, programme=programme)
    except UnreadableExtract as refusal:
        judgement = Judgement(verdict="refused", findings=refusal.findings, sha256=refusal.sha256)
        return judgement, pl.DataFrame(schema=ADDRESSEES)
    return judge(
        table,
        programme=programme,
        fiscal_year=fiscal_year,
        glyphs=glyphs or GlyphTable.load(default_font()),
        expect=expect,
        decisions=decisions,
        towns=towns,
    )


def judge(
    table: RegisterTable,
    *,
    programme: Programme,
    fiscal_year: int,
    glyphs: GlyphTable,
    expect: tuple[int, int] | None = None,
    decisions: Sequence[Decision] = (),
    towns: Mapping[str, Collection[str]] | None = None,
) -> tuple[Judgement, pl.DataFrame]:
    """Judge an extract for a fiscal year, with the decisions about its held rows.

    `expect` is the plausible number of persons, the programme's where it is None; `towns` names the towns of every
    postal code of the municipality. Returns the judgement and the addressees with the columns row, 宛名番号, 氏名,
    郵便番号 and 住所 (with 方書 after a full-width space); none where the extract is refused.

    Raises:
        BadInput: a decision does not fit: its row is not held, has nothing to substitute, or cannot be accepted.
        BadSetting: the programme names no cut-off date.

    """
    year = _Year.of(programme, fiscal_year)
    rows = table.frame.with_columns(pl.lit("").alias(it) for it in _COLUMNS if it not in table.frame.columns)
    found, kept, excluded, warned = _Judge(
        programme=programme, year=year, glyphs=glyphs, towns=towns, repeats=_Repeats.of(rows)
    ).all(_substituted(rows, decisions))
    held, struck = _decided(found, decisions)
    outcome = _Outcome(
        table=table,
        year=year,
        exported=kept.filter(~_among(held["row"]) & ~_among(struck)),
        held=held,
        excluded=excluded | ({"decided": struck.len()} if struck.len() else {}),
        warnings=(*table.findings, *warned),
    )
    judgement = outcome.judgement(expect or programme.extract.expect)
    addressees = outcome.exported.select(list(ADDRESSEES))
    return judgement, addressees.clear() if judgement.verdict == "refused" else addressees


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
class _Repeats:
    """Rows with the same number: those that repeat an earlier one in every cell, and the rest."""

    again: pl.Series
    clashing: pl.Series

    @classmethod
    def of(cls, rows: pl.DataFrame) -> "_Repeats":
        shared = rows.filter(~_blank(NUMBER) & pl.col(NUMBER).is_duplicated())
        first = shared.unique(subset=[it for it in rows.columns if it != "row"], keep="first", maintain_order=True)
        clashing = first.filter(pl.col(NUMBER).is_duplicated())
        return cls(again=shared.filter(~_among(first["row"]))["row"], clashing=clashing["row"])


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """Looks at the rows, some ten thousand at a time so that memory stays bounded; `plain` is what it has learnt."""

    programme: Programme
    year: _Year
    glyphs: GlyphTable
    towns: Mapping[str, Collection[str]] | None
    repeats: _Repeats
    plain: set[str] = field(default_factory=lambda: {" "})

    def all(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int], list[Finding]]:
        """Return the cells to be held, the rows not excluded as they would be exported, exclusions, and warnings."""
        found: list[pl.DataFrame] = []
        kept: list[pl.DataFrame] = []
        excluded, warned = Counter[str](), Counter[tuple[str, str]]()
        for some in rows.iter_slices(_ROWS_AT_ONCE):
            read = some.with_columns(born=_day(BORN), changed=_day(CHANGED)).with_columns(out=self._exclusion())
            mine = read.filter(pl.col("out").is_null()).with_columns(printed=_printed())
            long_names, long_addresses = self._long(mine)
            found += [*self._cells(mine), *self._characters(mine), *self._strangers(mine)]
            found += [_too_wide(long_names, NAME), _too_wide(long_addresses, ADDRESS)]
            excluded.update(read["out"].drop_nulls())
            warned.update(self._warnings(mine, long_names))
            kept.append(mine.select("row", NUMBER, NAME, _postal(), pl.col("printed").alias(ADDRESS), "born"))
        warnings = [Finding(code=code, column=column, count=n) for (code, column), n in warned.items() if n]
        return pl.concat(found), pl.concat(kept), {code: excluded[code] for code in CODES if excluded[code]}, warnings

    def _exclusion(self) -> pl.Expr:
        """Say why nobody exports a row; null for those who are to be invited."""
        gone = pl.col("changed") <= self.year.cut_off
        return (
            pl.when(~pl.col(PROTECTED).str.strip_chars().is_in(_UNPROTECTED))
            .then(pl.lit("protected"))
            .when((_reason() == "死亡") & (gone | _blank(CHANGED)))
            .then(pl.lit("dead"))
            .when((_reason() == "転出") & gone)
            .then(pl.lit("moved_out"))
            .when(_among(self.repeats.again))
            .then(pl.lit("duplicate"))
        )

    def _cells(self, mine: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Find what the cells alone show. One line of the table is one rule."""
        postal, born, changed = pl.col(POSTAL), pl.col("born"), pl.col("changed")
        is_date = pl.col(BORN).str.contains(_DATE)
        leaves = _reason().is_in(["死亡", "転出"])
        # Died after the cut-off date, left on a day nobody can read, or in words that are neither.
        unclear = (
            pl.when(leaves).then(changed.is_null() | (_reason() == "死亡")).otherwise(_reason().str.contains(_LEAVING))
        )
        rules = [
            *(("empty", column, _blank(column)) for column in self.programme.extract.needed),
            ("number_twice", NUMBER, _among(self.repeats.clashing)),
            ("postal_code", POSTAL, ~_blank(POSTAL) & ~postal.str.contains(_POSTAL)),
            ("birth_format", BORN, ~_blank(BORN) & ~is_date),
            ("impossible_date", BORN, is_date & born.is_null()),
            ("out_of_window", BORN, ~born.is_between(*self.year.window)),
            ("unclear_change", REASON, unclear),
            *(("formula", column, pl.col(column).str.contains(_FORMULA)) for column in (NUMBER, *PRINTED)),
            *(("markup", column, pl.col(column).str.contains(_MARKUP)) for column in PRINTED),
        ]
        found = mine.select("row", *(mask.alias(str(nth)) for nth, (_code, _column, mask) in enumerate(rules)))
        for nth, (code, column, _mask) in enumerate(rules):
            yield _held(found.filter(pl.col(str(nth)))["row"], column, code)

    def _characters(self, mine: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Find what the font would not print as it is meant."""
        for column in PRINTED:
            hard = self._hard(mine.select("row", column))
            found = [(row, column, code) for row, text in hard.iter_rows() for code in self._codes(text)]
            yield pl.DataFrame(found, schema=_FOUND, orient="row")

    def _codes(self, text: str) -> Iterable[str]:
        return dict.fromkeys(finding.code for finding in self.glyphs.judge(text))

    def _hard(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Return the cells that hold anything but plain characters, having learnt those that are."""
        unknown = cells.filter(pl.col(cells.columns[1]).str.contains(_any_but(self.plain)))
        self.plain.update(filter(self.glyphs.is_plain, set[str]().union(*unknown[cells.columns[1]])))
        return unknown.filter(pl.col(cells.columns[1]).str.contains(_any_but(self.plain)))

    def _long(self, mine: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return row and lines of the names that take more than one line and of the addresses that take too many."""
        paper = self.programme.paper
        name = _Box(width_mm=paper.name_width_mm, size_pt=paper.name_size_pt, tail_em=_TAIL_EM, lines=1)
        address = _Box(width_mm=paper.address_width_mm, size_pt=paper.address_size_pt, lines=_MOST_LINES[ADDRESS])
        return name.outgrown(mine, NAME, self.glyphs), address.outgrown(mine, "printed", self.glyphs)

    def _strangers(self, mine: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Find addresses that lie in none of the towns of their postal code; ケ and ヶ are one."""
        pairs = [(code, town.replace("ヶ", "ケ")) for code, named in (self.towns or {}).items() for town in named]
        if pairs:
            known = pl.DataFrame(pairs, schema={"code": pl.String, "town": pl.String}, orient="row")
            address = pl.col(ADDRESS).str.replace_all("ヶ", "ケ", literal=True)
            lies = pl.col(ADDRESS).str.contains(pl.col("town"), literal=True).any()
            rows = mine.select("row", _postal().alias("code"), address).join(known, on="code")
            found = rows.group_by("row", maintain_order=True).agg(lies.alias("lies"))
            yield _held(found.filter(~pl.col("lies"))["row"], ADDRESS, "town_mismatch")

    def _warnings(self, mine: pl.DataFrame, long_names: pl.DataFrame) -> dict[tuple[str, str], int]:
        """Count what happened to many rows."""
        unknown = ~_postal().is_in(list(self.towns)) if self.towns else pl.lit(value=False)
        counts = {
            ("postal_hyphen", POSTAL): pl.col(POSTAL).str.contains(_POSTAL_HYPHEN),
            ("unknown_postal_code", POSTAL): unknown,
            ("moved_later", REASON): (_reason() == "転出") & (pl.col("changed") > self.year.cut_off),
        }
        found = mine.select(mask.sum().alias(code) for (code, _column), mask in counts.items()).row(0)
        two_lines = long_names.filter(pl.col("lines") == _MOST_LINES[NAME]).height
        return {**dict(zip(counts, found, strict=True)), ("two_lines", NAME): two_lines}


@dataclass(frozen=True, kw_only=True)
class _Box:
    """A place on the letter: its width, the size of its text, what is bound to its last word, and its lines."""

    width_mm: float
    size_pt: float
    lines: int
    tail_em: float = 0.0

    def outgrown(self, mine: pl.DataFrame, column: str, glyphs: GlyphTable) -> pl.DataFrame:
        """Return row and lines of every text that takes more lines; only where it might is it measured."""
        em = glyphs.width_mm("　", self.size_pt)
        # A line may stay empty by as much as the word that did not fit.
        sure = self.lines * self.width_mm / em - self.tail_em - (self.lines - 1) * _WORD_EM
        unsure = pl.col(column).str.len_chars() > int(sure)
        if self.lines > 1:
            unsure |= pl.col(column).str.contains(_LONG_WORD)
        texts = mine.filter(unsure).select("row", column)
        lines = [self._lines(text, glyphs) for text in texts[column]]
        return texts.select("row", pl.Series("lines", lines, dtype=pl.UInt32)).filter(pl.col("lines") > self.lines)

    def _lines(self, text: str, glyphs: GlyphTable) -> int:
        return glyphs.lines(text, size_pt=self.size_pt, width_mm=self.width_mm, tail_em=self.tail_em)


def _too_wide(long: pl.DataFrame, column: str) -> pl.DataFrame:
    return _held(long.filter(pl.col("lines") > _MOST_LINES[column])["row"], column, "too_wide")


def _any_but(plain: Iterable[str]) -> str:
    return "[^" + "".join(rf"\x{{{ord(character):x}}}" for character in sorted(plain)) + "]"


def _held(rows: pl.Series, column: str, code: str) -> pl.DataFrame:
    return rows.to_frame("row").with_columns(column=pl.lit(column), code=pl.lit(code))


def _postal() -> pl.Expr:
    return pl.col(POSTAL).str.replace("-", "", literal=True)


def _day(column: str) -> pl.Expr:
    """Read a date; null where it is written in another way or there is no such day."""
    cell = pl.col(column)
    return pl.when(cell.str.contains(_DATE)).then(cell.str.replace_all("[-/]", "").str.to_date("%Y%m%d", strict=False))


def _printed() -> pl.Expr:
    return pl.when(_blank(CARE_OF)).then(pl.col(ADDRESS)).otherwise(pl.concat_str(ADDRESS, CARE_OF, separator="　"))


def _reason() -> pl.Expr:
    return pl.col(REASON).str.strip_chars()


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
        for found, instead in decision.substitute.items():
            _substitute(touched.get(decision.row, {}), decision.row, characters(found), characters(instead))
    return rows.update(pl.DataFrame(list(touched.values()), schema=rows.schema), on="row")


def _substitute(cells: dict[str, str], row: int, found: str, instead: str) -> None:
    columns = [column for column in PRINTED if found in cells.get(column, "")]
    if not columns:
        raise _unfit(_("Row {row} does not hold the characters to be substituted.").format(row=row))
    cells.update({column: cells[column].replace(found, instead) for column in columns})


def _decided(found: pl.DataFrame, decisions: Sequence[Decision]) -> tuple[pl.DataFrame, pl.Series]:
    """Return what still waits for a decision, and the rows that a named person excluded."""
    by_how = {how: [it.row for it in decisions if it.how == how] for how in ("exclude", "accept")}
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


def _counted(values: pl.Series) -> dict[str, int]:
    return dict(values.value_counts(sort=True).iter_rows())


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What came of every row, before anybody says what that means for the whole."""

    table: RegisterTable
    year: _Year
    exported: pl.DataFrame
    held: pl.DataFrame
    excluded: Mapping[str, int]
    warnings: tuple[Finding, ...]

    def judgement(self, expect: tuple[int, int]) -> Judgement:
        """Return the judgement, with what the rows amount to."""
        waiting = self.held.unique("row", keep="first", maintain_order=True).sort("row")
        months = dict.fromkeys(self.year.months(), 0) | _counted(self.exported["born"].dt.strftime("%Y-%m"))
        refused = tuple(self._refusals(expect, waiting.height, months))
        verdict: Verdict = "refused" if refused else "held" if waiting.height else "accepted"
        born = self.exported["born"]
        return Judgement(
            verdict=verdict,
            persons=self.table.frame.height,
            exported=born.len(),
            held=waiting.height,
            rows=tuple(HeldRow(**row) for row in waiting.head(MOST_HELD).iter_rows(named=True)),
            excluded=self.excluded,
            findings=(*refused, *self._listed(refused), *self.warnings, *self._left_out()),
            encoding=self.table.encoding,
            months=months,
            born=(cast("date", born.min()), cast("date", born.max())) if born.len() else None,
            sha256=self.table.sha256,
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
        wrong_window = any(it.code == "birth_window" for it in refused)
        for (column, code), cells in self.held.group_by("column", "code", maintain_order=True):
            if wrong_window and code == "out_of_window":
                continue
            if cells.height > MOST_HELD:
                yield Finding(code=str(code), column=str(column), count=cells.height)
            else:
                yield from (Finding(code=str(code), column=str(column), row=row) for row in cells["row"])

    def _left_out(self) -> Iterator[Finding]:
        return (Finding(code=code, count=count) for code, count in self.excluded.items())
