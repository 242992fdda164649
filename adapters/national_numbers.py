"""Numbers that must never be in an extract: 個人番号 and 住民票コード, by header in any spelling and by value.

One number in ten has the right check digit by chance. So a column of numbers is judged by how many have it, and a
single number counts where no number of that length belongs: in a name, an address or a remark. Nothing here returns
a number.
"""

# polars' signatures name numpy, which is not needed and not installed:
# pyright: reportUnknownMemberType=false

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

# What a header holds once width, case, kana, signs and ー are taken out of it.
SPELLINGS = {
    "個人番号": """
        個人番号 個人NO 個人NUM 個人ナンバ 個人CD 個人コド 個番 マイナンバ マイナNO マイナ番号 コジンバンゴ MYNUM MYNO
        MYNAMBA MAINANBA MAINAMBA INDIVIDUALNUM INDIVIDUALNO KOJINBANGO KOJINNO""",
    "住民票コード": """
        住民票コド 住民票CD 住民票CODE 住民票NO 住民票番号 住民基本台帳コド 住民基本台帳番号 住基コド 住基CD 住基CODE
        住基番号 ジュウミンヒョウコド ジュウキコド JUMINHYO JUUMINHYO JUMINCODE JUMINCD JUKICODE JUKICD RESIDENTCODE
        RESIDENTRECORDCODE RESIDENTSCODE""",
}
_HIRAGANA, _TO_KATAKANA = range(ord("ぁ"), ord("ゖ") + 1), ord("ァ") - ord("ぁ")
_BY_CHANCE = 0.1
_BEYOND_CHANCE = 6 * math.log(10)  # one in a million
_SHARE, _RARE = 0.9, 0.01
_LEAST = 11
# A first look that nothing passes which holds no eleven digits, whatever stands between them.
_SIGNS = r"\s\-\x{2010}-\x{2015}\x{2212}\x{30fc}\x{ff0d}\x{ff70}"
_PERHAPS = rf"(?:[0-9０-９][{_SIGNS}]{{0,2}}){{{_LEAST}}}"

Standing = Literal["text", "number", "other"]


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """A number with a check digit: its length, the weights of the digits before it from the lowest on, its groups."""

    name: str
    digits: int
    weights: tuple[int, ...]
    groups: str

    def holds(self, number: pl.Expr) -> pl.Expr:
        """Tell whether the check digit holds: what is missing from the weighted sum to a multiple of eleven.

        Where ten or eleven is missing it is 0; a 住民票コード may then have a 1 as well (the last digit of eleven).
        """
        rest = sum((number // 10**at % 10 * weight for at, weight in enumerate(self.weights, 1)), pl.lit(0)) % 11
        check, due = number % 10, pl.when(rest < 2).then(0).otherwise(11 - rest)  # noqa: PLR2004 - 11 - 1 has two digits
        return (check == due) | ((check == 1) & (rest == 0) & (self.digits == _LEAST))


_KINDS = (
    # 平成26年総務省令第85号 5条
    _Kind(name="個人番号", digits=12, weights=(2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6), groups=r"\d{4}\D+\d{4}\D+\d{4}"),
    # 住民基本台帳法施行規則 1条
    _Kind(
        name="住民票コード",
        digits=11,
        weights=(2, 3, 4, 5, 6, 7, 2, 3, 4, 5),
        groups=r"\d{10}\D+\d|\d{4}\D+\d{4}\D+\d{3}|\d{3}\D+\d{4}\D+\d{4}|\d{5}\D+\d{6}|\d{6}\D+\d{5}",
    ),
)


def forbidden_headers(headers: Sequence[str]) -> list[str]:
    """Return which of the two numbers the headers of an extract name, in whatever spelling."""
    letters = [_letters(header) for header in headers]
    return [
        kind
        for kind, spellings in SPELLINGS.items()
        if any(spelling in each for spelling in spellings.split() for each in letters)
    ]


def forbidden_numbers(cells: pl.Series, *, standing: Standing) -> bool:
    """Tell whether a column holds numbers whose check digits hold more often than chance lets them.

    `standing` says what belongs into the column: "text", where a single such number is one too many; "number", the
    ward's own, where only chance decides; "other", anything else.
    """
    long = cells.filter(cells.str.len_chars() >= _LEAST)
    perhaps = long.filter(long.str.contains(_PERHAPS))
    if perhaps.is_empty():
        return False
    runs, filled = _runs(perhaps), cells.filter(cells != "").len()
    return any(_is_there(runs, kind, standing=standing, filled=filled) for kind in _KINDS)


def _letters(header: str) -> str:
    """Return a header without everything that a spelling may differ in."""
    plain = unicodedata.normalize("NFKC", header).upper()
    return "".join(
        chr(ord(letter) + _TO_KATAKANA) if ord(letter) in _HIRAGANA else letter
        for letter in plain
        if letter.isalnum() and letter != "ー"
    )


def _runs(cells: pl.Series) -> pl.DataFrame:
    """Return every run of digits, with what stands between its groups, and whether the cell is nothing else."""
    alone = cells.str.contains("^[0-9]+$")
    numbers = cells.filter(alone).alias("run").to_frame().with_columns(digits=pl.col("run"), whole=pl.lit(value=True))
    return pl.concat([numbers, _runs_among(cells.filter(~alone))])


def _runs_among(cells: pl.Series) -> pl.DataFrame:
    folded = pl.col("cell").str.normalize("NFKC").str.replace_all(rf"[{_SIGNS}]", "-").str.strip_chars("-")
    grouped = pl.col("cell").str.extract_all(r"[0-9]+(?:-{1,2}[0-9]+)*")
    runs = pl.concat_list(grouped, pl.col("cell").str.extract_all(r"[0-9]+")).list.unique()
    return (
        cells.alias("cell").to_frame().with_columns(folded).with_columns(run=runs).explode("run")
        .filter(pl.col("run").str.len_bytes() >= _LEAST)
        .with_columns(digits=pl.col("run").str.replace_all("-", "", literal=True))
        .select("run", "digits", whole=pl.col("cell") == pl.col("run"))
    )  # fmt: skip


def _is_there(runs: pl.DataFrame, kind: _Kind, *, standing: Standing, filled: int) -> bool:
    run = pl.col("run")
    of_kind = runs.filter(
        (pl.col("digits").str.len_bytes() == kind.digits)
        & (pl.col("whole") | (run == pl.col("digits")) | run.str.contains(f"^(?:{kind.groups})$"))
    )
    # A number that begins with 0 may be a telephone's; eleven digits of it say nothing alone.
    tell_tale = (kind.digits != _LEAST) | ~pl.col("digits").str.starts_with("0")
    holds = kind.holds(pl.col("digits").cast(pl.Int64))
    tried, held, proofs = of_kind.select(pl.len(), held=holds.sum(), proofs=(holds & tell_tale).sum()).row(0)
    if _is_beyond_chance(held, tried):
        return True
    if standing == "number":
        return False
    return bool(proofs) and (standing == "text" or proofs >= _SHARE * tried or tried <= _RARE * filled)


def _is_beyond_chance(held: int, tried: int) -> bool:
    """Tell whether chance alone gives so many less than once in a million times (Chernoff's bound)."""
    share = held / tried if tried else 0.0
    if share <= _BY_CHANCE:
        return False
    off = (1 - share) * math.log((1 - share) / (1 - _BY_CHANCE)) if share < 1 else 0.0
    return tried * (share * math.log(share / _BY_CHANCE) + off) >= _BEYOND_CHANCE - 1e-9
