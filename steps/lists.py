"""The register's lists: of changes, and of protected persons. Read by one reader, or refused by row as a whole.

A row that cannot be told to be a person's refuses the list: whoever is missed in silence gets a letter. Totals, dates
and closing words that cannot be numbers are told apart, counted and said.
"""

# polars' signatures name numpy, which is not needed and not installed
# pyright: reportUnknownMemberType=false
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace

import polars as pl

from adapters.numbers import KEY, NUMBER, SPACES, Form, is_footer, is_number, key_of, keyed
from adapters.register import RegisterTable, parse_register
from models.extract import Finding, UnreadableExtract, by_row
from models.programme import Programme
from steps.judging import CHANGED, PROTECTED, REASON, is_protected, marks_protected


def as_lists(programme: Programme, needed: tuple[str, ...] = (NUMBER,)) -> Programme:
    """Return the programme with the columns of the register's lists in place of the extract's."""
    known = tuple(name for name in (NUMBER, REASON, CHANGED, PROTECTED) if name not in needed)
    return programme.model_copy(
        update={"extract": programme.extract.model_copy(update={"needed": needed, "known": known})}
    )


def read_list(
    content: bytes, *, programme: Programme, form: Form | None, needed: tuple[str, ...] = (NUMBER,)
) -> RegisterTable:
    """Read a list whose numbers have the form of the year's extract; they come back as the extract writes them.

    Raises:
        UnreadableExtract: it is refused as a whole, by row where rows are no numbers of this register.

    """
    table = parse_register(content, programme=as_lists(programme, needed))
    frame, apart = table.frame, _stands_apart(table.frame, form)
    footers = frame.filter(apart)["row"].to_list()
    frame = frame.filter(~apart)
    blank = frame.filter(pl.col(NUMBER) == "")["row"].to_list()
    fits = is_number() & (form.fits() if form else True)
    strange = frame.filter((pl.col(NUMBER) != "") & ~fits)["row"].to_list()
    if blank or strange:
        findings = (*by_row("no_number", NUMBER, blank), *by_row("number_form", NUMBER, strange))
        raise UnreadableExtract(findings, sha256=table.sha256, encoding=table.encoding)
    warnings = (Finding(code="footer", row=footers[0], column=NUMBER, count=len(footers)),) if footers else ()
    frame = frame.with_columns(form.written()) if form else frame
    return replace(table, frame=frame, findings=(*table.findings, *warnings))


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """Write rows as CSV with CRLF, quoted where they must be."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _stands_apart(frame: pl.DataFrame, form: Form | None) -> pl.Expr:
    """Tell the totals, dates and closing words: nothing else stands in their row, and they cannot be a number."""
    others = [name for name in frame.columns if name not in {"row", NUMBER}]
    alone = pl.all_horizontal(pl.lit(value=True), *(pl.col(name).str.replace_all(SPACES, "") == "" for name in others))
    has_words = pl.col(NUMBER).str.contains(r"\p{L}")
    return is_footer() & alone & (has_words | ~(form.looks_fit() if form else pl.lit(value=False)))


def with_marks(table: RegisterTable, listed: RegisterTable, *, programme: Programme) -> RegisterTable:
    """Return an extract in which whoever a list names as protected is marked, as if the register had marked them."""
    keys = protected_on(listed, programme)[KEY]
    marks = pl.when(key_of().is_in(keys.implode())).then(pl.lit(_ON_THE_LIST)).otherwise(pl.col(PROTECTED))
    findings = tuple(
        finding for finding in table.findings if (finding.code, finding.column) != ("absent_column", PROTECTED)
    )
    return replace(table, frame=table.frame.with_columns(marks.alias(PROTECTED)), findings=findings)


def protected_on(listed: RegisterTable, programme: Programme) -> pl.DataFrame:
    """Return whom a list names as protected, by the key of the number: every row, unless the list marks them."""
    marked = is_protected(listed.frame, programme) if marks_protected(listed) else pl.lit(value=True)
    return keyed(listed.frame.filter(marked))


_ON_THE_LIST = "一覧"
