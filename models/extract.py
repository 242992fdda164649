"""What an extract of the register was judged to be, and what named persons decided about its held rows.

Nothing here can hold a cell's value: rows are counted as a spreadsheet shows them (the header is row 1), columns are
named, reasons are codes, characters of a substitution are code points.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Literal, NamedTuple

from models.errors import BadInput
from models.records.extraction import RowHeld
from models.words import N_, _

Verdict = Literal["accepted", "held", "refused"]
Weight = Literal["warning", "held", "refused", "excluded"]

# Whoever holds so many rows for decisions needs another extract, and the record of the act takes no more.
MOST_HELD = 5000
_WEIGHTS: Mapping[Weight, str] = {
    "warning": N_("Warning"), "held": N_("Held"), "refused": N_("Refused"), "excluded": N_("Excluded"),
}  # fmt: skip
_POINTS = re.compile(r"(U\+[0-9A-F]{4,6}( U\+[0-9A-F]{4,6})*)?")
_SHOWN = 20  # rows that a refusal names one by one; the rest is counted


class Meaning(NamedTuple):
    """What a code means: its weight, the sentence a person reads, and whether a held row may be accepted as it is."""

    weight: Weight
    sentence: str
    acceptable: bool = False


_warns, _holds = partial(Meaning, "warning"), partial(Meaning, "held")
_refuses, _excludes = partial(Meaning, "refused"), partial(Meaning, "excluded")

# Every code of a finding. The documentation prints this table.
CODES: Mapping[str, Meaning] = {
    # the file
    "no_file": _refuses(N_("There is no extract at that place, or it cannot be read.")),
    "not_regular": _refuses(N_("The extract is not a plain file: a link, a folder or a device is not read.")),
    "too_large": _refuses(N_("The extract is larger than the programme allows.")),
    "not_csv": _refuses(N_("The extract is no CSV but a file of another kind: a workbook, an archive, PDF or HTML.")),
    "not_text": _refuses(N_("The extract is no text: it holds bytes that no CSV has, or UTF-16 without its mark.")),
    "undecodable": _refuses(N_("The extract is neither UTF-8 nor UTF-16 nor CP932 throughout.")),
    "mixed_encoding": _refuses(N_("The extract changes its encoding in the middle.")),
    "tab_separated": _refuses(N_("The cells are separated by tabs; a CSV separates them by commas.")),
    "control_character": _refuses(N_("The extract holds a control character.")),
    "broken_quote": _refuses(N_("A quotation mark is not closed, or stands where none may stand.")),
    "row_width": _refuses(N_("The row has not as many cells as the header.")),
    "empty_file": _refuses(N_("The extract holds no rows.")),
    "missing_column": _refuses(N_("The column is missing.")),
    "doubled_column": _refuses(N_("The column stands twice.")),
    "forbidden_column": _refuses(
        N_("The extract has a column for individual numbers or resident record codes, which must never be here.")
    ),
    "speaks_of_protection": _refuses(
        N_("The name of this column speaks of protection, and the programme does not know it: nobody may be missed.")
    ),
    "individual_number": _refuses(
        N_("A column holds individual numbers or resident record codes, which must never be here.")
    ),
    "header_spelling": _warns(N_("The header is written in another width or with spaces; it was read as this column.")),
    "unknown_column": _warns(N_("The programme does not know this column; it was dropped.")),
    "absent_column": _warns(N_("The extract does not have this column, so nothing in it could be checked.")),
    "number_spelling": _warns(
        N_("Numbers were written in another width, or with spaces, signs or quotation marks; they were read as digits.")
    ),
    # a list of the register
    "no_number": _refuses(N_("The row has no number, so nobody can say whom it is about.")),
    "number_form": _refuses(
        N_("This is no number of this register: an exponent, a letter or a word, or longer or shorter than its own.")
    ),
    "footer": _warns(N_("Totals, dates or closing words stand under the rows; they were told apart and not counted.")),
    # the whole of it
    "nobody_marked": _refuses(
        N_(
            "No column tells who is under protection. Give the list of them with the extract, or a named person says"
            " that the register section took them out."
        )
    ),
    "protection_removed": _warns(
        N_("No column tells who is under protection: the register section took them out, as a named person says.")
    ),
    "column_shift": _refuses(
        N_("Cells stand in rows or columns that they do not belong to: columns have moved against each other.")
    ),
    "empty_column": _refuses(N_("The column is empty from the first row to the last.")),
    "birth_window": _refuses(N_("So many birth dates lie outside the window that the condition must be wrong.")),
    "nobody_eligible": _refuses(N_("Nobody in the extract is to be invited.")),
    "count_implausible": _refuses(N_("The number of persons lies outside what is expected.")),
    "unlike_last_year": _refuses(
        N_("The number of persons differs from last year's by more than a tenth; a named band lets it pass.")
    ),
    "empty_month": _refuses(N_("There is a month of the window in which nobody was born.")),
    "too_many_held": _refuses(N_("More rows are held than anybody can decide about.")),
    # rows that nobody exports
    "protected": _excludes(N_("Under protective measures: stays out of the file; the ward writes itself.")),
    "dead": _excludes(N_("Died.")),
    "moved_out": _excludes(N_("Moved out on or before the cut-off date.")),
    "duplicate": _excludes(N_("The same row stands in the extract once more.")),
    "decided": _excludes(N_("Excluded by a named person.")),
    # cells
    "empty": _holds(N_("The cell is empty.")),
    "placeholder": _holds(N_("The cell holds no name or address but a sign or a word that stands for none.")),
    "wrong_kind": _holds(N_("The cell holds what belongs into another column.")),
    "too_long": _holds(N_("The cell is far longer than any paper takes.")),
    "number_twice": _holds(N_("The number stands in different rows."), acceptable=True),
    "person_twice": _holds(
        N_("The same name, birth date and address stand under another number as well."), acceptable=True
    ),
    "postal_code": _holds(N_("The postal code is not seven digits.")),
    "town_mismatch": _holds(N_("The address does not lie in a town of the postal code."), acceptable=True),
    "birth_format": _holds(
        N_("The birth date is written in no known way, such as 2006-04-02, 20060402, 平成18年4月2日 or H18.4.2.")
    ),
    "ambiguous_date": _holds(N_("The birth date could mean several days: the year needs four digits or its era.")),
    "impossible_date": _holds(N_("There is no such day, or it lies outside its era.")),
    "out_of_window": _holds(N_("The birth date lies outside the window of the fiscal year.")),
    "unclear_change": _holds(N_("Reason and date of the change do not say whether to invite."), acceptable=True),
    "formula": _holds(N_("The cell would be taken for a formula."), acceptable=True),
    "markup": _holds(N_("The cell looks like markup."), acceptable=True),
    "no_glyph": _holds(N_("The font has no glyph for a character.")),
    "no_ivs": _holds(N_("The font would silently ignore a variation and print the common shape.")),
    "private_use": _holds(N_("A private use character means something in its own font only."), acceptable=True),
    "suspect": _holds(N_("A character looks like the trace of one that was lost."), acceptable=True),
    "too_wide": _holds(N_("The text is too wide for its place on the letter."), acceptable=True),
    "postal_hyphen": _warns(N_("Postal codes were written with a hyphen; it was taken out.")),
    "moved_later": _warns(N_("Moved out after the cut-off date; invited all the same.")),
    "unknown_postal_code": _warns(
        N_("The postal code belongs to none of the municipality's towns; it may be a large building's.")
    ),
    "representative_code": _warns(N_("The postal code stands for no town; no customer barcode can be printed.")),
    "same_name_and_birth": _warns(N_("The same name and birth date stand in several rows with different addresses.")),
    "unusual_script": _warns(N_("Hangul or letters with accents, which the register should not hold.")),
    "two_lines": _warns(N_("The name takes two lines.")),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found, where. `row` is None where it concerns many rows or none; `count` says how many times.

    `detail` may say how much is too much ("96.4 mm > 2 × 80 mm"); it is measured, never taken from a cell.
    """

    code: str
    row: int | None = None
    column: str = ""
    count: int = 1
    detail: str = ""

    @property
    def verdict(self) -> Weight:
        """Return what it leads to."""
        return CODES[self.code].weight

    @property
    def sentence(self) -> str:
        """Return what it means, without the place."""
        return _(CODES[self.code].sentence)

    def __str__(self) -> str:
        """Return a line for a person: weight, place, meaning."""
        row = _("row {row}").format(row=self.row) if self.row else ""
        count = _("{count} times").format(count=self.count) if self.count > 1 else ""
        place = " ".join(filter(None, (row, self.column, count)))
        detail = f" ({self.detail})" if self.detail else ""
        return ": ".join(filter(None, (_(_WEIGHTS[self.verdict]), place, self.sentence))) + detail

    def report(self) -> dict[str, str | int | None]:
        """Return it for JSON."""
        detail = {"detail": self.detail} if self.detail else {}
        return {"code": self.code, "row": self.row, "column": self.column, "count": self.count, **detail}


def by_row(code: str, column: str, rows: Sequence[int]) -> Iterator[Finding]:
    """Name the rows of a refusal, the first few one by one."""
    yield from (Finding(code=code, row=row, column=column) for row in rows[:_SHOWN])
    if left := len(rows[_SHOWN:]):
        yield Finding(code=code, column=column, count=left)


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how often each code was found."""
    codes = Counter[str]()
    for finding in findings:
        codes[finding.code] += finding.count
    return dict(codes)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the judge says about an extract: persons = exported + excluded + held.

    `persons` counts the data rows read, `held` the rows nobody has decided about yet; `rows` lists them by the first
    reason found, the first MOST_HELD of them. `months` counts the exported by birth month over the whole window,
    "2006-04" to "2007-04"; `born` is the first and last birth date of the exported, None where there are none. A
    refused file exports nothing: `exported` is then what it would have been. `hard` are the rows of exported persons
    that belong into the imprint sample: rare characters, the widest names, and everything that a named person accepted
    or substituted. `last_year` is the number of persons a year ago, None where nobody named it.
    """

    verdict: Verdict
    persons: int = 0
    exported: int = 0
    held: int = 0
    rows: tuple[RowHeld, ...] = ()
    excluded: Mapping[str, int] = field(default_factory=dict[str, int])
    findings: tuple[Finding, ...] = ()
    encoding: str = ""
    months: Mapping[str, int] = field(default_factory=dict[str, int])
    born: tuple[date, date] | None = None
    sha256: str = ""
    hard: tuple[int, ...] = ()
    last_year: int | None = None

    @property
    def warnings(self) -> dict[str, int]:
        """Return how often each code warned."""
        return counted(finding for finding in self.findings if finding.verdict == "warning")

    def report(self) -> dict[str, Any]:
        """Return it for JSON, as `tsudoi extract check --json` prints it."""
        return {
            "verdict": self.verdict,
            "persons": self.persons,
            "exported": self.exported,
            "held": self.held,
            "excluded": dict(self.excluded),
            "findings": [finding.report() for finding in self.findings],
        }


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A named person's decision about a held row.

    `substitute` maps the code points found to those to print instead ("U+8FBB U+E0102" to "U+8FBB"), and is empty
    unless `how` is "substitute".
    """

    row: int
    how: Literal["exclude", "accept", "substitute"]
    reason: str
    substitute: Mapping[str, str] = field(default_factory=dict[str, str])


class UnreadableExtract(BadInput):
    """The extract cannot be used as a whole. `findings` say why and where."""

    def __init__(self, findings: Iterable[Finding], *, sha256: str = "", encoding: str = "") -> None:
        """Take what was found; hash and encoding as far as they are known."""
        self.findings = tuple(findings)
        self.sha256 = sha256
        self.encoding = encoding
        super().__init__("\n".join(map(str, self.findings)), _("Ask the register section for another extract."))

    @property
    def judgement(self) -> Judgement:
        """Return it as the judgement that refuses the extract."""
        return Judgement(verdict="refused", findings=self.findings, sha256=self.sha256)


def code_points(text: str) -> str:
    """Write characters as code points: "U+8FBB U+E0102"."""
    return " ".join(f"U+{ord(character):04X}" for character in text)


def characters(points: str) -> str:
    """Read "U+8FBB U+E0102" back; "" is no character.

    Raises:
        BadInput: this is not a list of code points.

    """
    with suppress(ValueError):  # beyond Unicode, or half a pair
        if _POINTS.fullmatch(points):
            text = "".join(chr(int(point.removeprefix("U+"), 16)) for point in points.split())
            text.encode()
            return text
    raise BadInput(_("These are not code points: write them as U+8FBB U+E0102."), _("Enter the substitution again."))


def substitution(text: str) -> dict[str, str]:
    """Read the substitution of a decision's record, "U+8FBB U+E0102>U+8FBB", into what `Decision` carries.

    Raises:
        BadInput: this is not a substitution.

    """
    found, _arrow, instead = text.partition(">")
    characters(instead)
    return {found: instead} if characters(found) else {}
