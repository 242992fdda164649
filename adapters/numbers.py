"""宛名番号 in one normal form: however a program or a person wrote it, the same person is found or the list refused.

Digits as the register writes them, without what stands around and between them: width, spaces of every kind, hyphens,
thousands commas, a decimal `.0`, `'` and `="…"`. What then is not all digits is no number; nothing is guessed of an
exponent, or of a letter that looks like a digit. Leading zeros stay as they were written, and two numbers are compared
by what comes after them. The check digit that some registers have is not asked for.
"""

# polars' signatures name numpy, which is not needed and not installed:
# pyright: reportUnknownMemberType=false

from dataclasses import dataclass
from typing import Self

import polars as pl

NUMBER = "宛名番号"
KEY = "key"  # by what two numbers are compared
SPACES = r"[\s\p{Z}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\x{2800}]"  # the last is a Braille cell without dots

_NUMBER = "^0*[1-9][0-9]*$"
_HYPHENS = r"[\p{Pd}\x{2043}\x{2212}\x{30fc}\x{2500}\x{2501}]"
_QUOTED = r"""^=?["'`´‘’“”]+|["'`´‘’“”]+$"""
_GROUPED = r"^[0-9]{1,3}(?:,[0-9]{3})+$"
# Footnote marks, numbers in a circle: a digit in normal form, but none of the number's.
_OTHER_DIGITS = r"\p{No}"

_WORD = (
    r"(?:以上|終わり|おわり|(?:総|合|小|累)?計|(?:合計|総|抽出|出力|対象|データ|レコード)?(?:件数|人数|者数|行数)"
    r"|(?:出力|作成|抽出|処理|基準|印刷|現在)(?:年月)?(?:日時|日付|日)?)"
)
_COUNT = r"[0-9][0-9,]*(?:件|名|人|行)"
_DAY = (
    r"(?:(?:19|20)[0-9]{2}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?|(?:令和|R)(?:[0-9]{1,2}|元)[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?)"
    r"(?:[0-9]{1,2}[:時][0-9]{1,2}(?:[:分][0-9]{0,2})?[分秒]?)?"
)
_SIGNS = r"[^0-9\p{L}]*"
_FOOTER = (
    rf"^{_SIGNS}(?:{_WORD}{_SIGNS}(?:(?:{_DAY}|{_COUNT}|[0-9][0-9,]*){_SIGNS})?(?:現在|出力|作成)?|{_COUNT}|"
    rf"{_DAY}(?:現在|出力|作成)?){_SIGNS}$"
)


def read_numbers(cells: pl.Series) -> pl.Series:
    """Return the digits of each cell, "" of one that is blank, None of one that is no number."""
    odd = ~cells.str.contains(_NUMBER)
    if not odd.any():
        return cells
    cell, text, digits = pl.col("cell"), pl.col("text"), pl.col("digits")
    bare = digits.str.replace_all(_HYPHENS, "").str.replace(r"\.0{0,2}$", "")
    joined = (
        pl.when(digits.str.contains(_GROUPED)).then(digits.str.replace_all(",", "", literal=True)).otherwise(digits)
    )
    doubtful = text.str.contains(f"^{_DAY}$") | cell.str.contains(_OTHER_DIGITS)
    read = (
        cells.filter(odd).alias("cell").to_frame()
        .with_columns(text=cell.str.normalize("NFKC").str.replace_all(SPACES, "").str.replace_all(_QUOTED, ""))
        .with_columns(digits=text).with_columns(digits=bare).with_columns(digits=joined)
        .select(pl.when(digits.str.contains(f"^$|{_NUMBER}") & ~doubtful).then(digits))
        .to_series()
    )  # fmt: skip
    return cells.clone().scatter(odd.arg_true(), read)  # which would else write into the cells themselves


def is_number(column: str = NUMBER) -> pl.Expr:
    """Tell whether a cell that was read is a number, and not what was left as it is because it is none."""
    return pl.col(column).str.contains(_NUMBER)


def key_of(column: str = NUMBER) -> pl.Expr:
    """Return what numbers are compared by: the digits after leading zeros, which programs add and take away."""
    return pl.col(column).str.strip_chars_start("0").alias(KEY)


def keyed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with what their numbers are compared by; a row without a number is like no other."""
    return frame.with_columns(key_of())


def is_footer(column: str = NUMBER) -> pl.Expr:
    """Tell the cells that a total, a count, a date of printing or 以上 stands in, and nothing besides."""
    return pl.col(column).str.normalize("NFKC").str.replace_all(SPACES, "").str.contains(_FOOTER)


@dataclass(frozen=True, kw_only=True)
class Form:
    """The form of a register's numbers, from those of its extract: how long they are, and whether zeros lead them."""

    shortest: int
    longest: int
    padded: bool

    @classmethod
    def of(cls, numbers: pl.Series) -> Self | None:
        """Return the form of these numbers, None where there is none."""
        found = numbers.filter(numbers.str.contains(_NUMBER))
        if found.is_empty():
            return None
        lengths = found.str.len_bytes()
        return cls(
            shortest=int(lengths.min()),  # pyright: ignore[reportArgumentType] - a column of numbers
            longest=int(lengths.max()),  # pyright: ignore[reportArgumentType] - a column of numbers
            padded=found.str.starts_with("0").any(),
        )

    def fits(self, column: str = NUMBER) -> pl.Expr:
        """Tell whether a number may be one of this register: only leading zeros may be too many, or be lost."""
        length = pl.col(column).str.len_bytes()
        return (key_of(column).str.len_bytes() <= self.longest) & ((length >= self.shortest) | self.padded)

    def looks_fit(self, column: str = NUMBER) -> pl.Expr:
        """Tell whether the digits of a cell, such as those of a date, could be a number of this register."""
        digits = pl.col(column).str.normalize("NFKC").str.replace_all("[^0-9]", "").str.strip_chars_start("0")
        return digits.str.len_bytes().is_between(1 if self.padded else self.shortest, self.longest)

    def written(self, column: str = NUMBER) -> pl.Expr:
        """Return numbers with as many leading zeros as the extract's have at least, as they stand elsewhere."""
        return key_of(column).str.zfill(self.shortest).alias(column)
