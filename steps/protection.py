"""Protection and changes: what the register section tells after the extraction, matched to serials in the vault.

A change list becomes the pull list; a list of protected persons becomes the re-check that is due (domain.md 2, the
accident of Meguro). Names and addresses are in neither: the lists hold 宛名番号, the ledger gets serials and counts.
"""

# polars' signatures name numpy, which is not needed and not installed
# pyright: reportUnknownMemberType=false
import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from adapters.register import RegisterTable, parse_register
from models.errors import BadInput
from models.extract import UnreadableExtract
from models.programme import Programme
from models.records.extraction import AdditionsTaken, ChangesTaken, ExtractTaken, ProtectedListed
from models.serials import compact, count, expand
from models.words import _
from states.door import Ask, Outcome
from states.facts import Evidence, Facts
from steps import arriving, papers, roll
from steps.acting import perform
from steps.judging import UNPROTECTED
from steps.office import Office
from steps.roll import NUMBER

REASON, CHANGED, PROTECTED = "異動事由", "異動日", "支援措置"
HEADER = ("区分", "通し番号", NUMBER, "氏名", "郵便番号", "住所", "方書")
RECHECKS = ("recheck_before_sealing", "recheck_before_enclosing", "recheck_before_posting")
# What becomes of a letter when the register tells of a change. Whoever moved within the ward is reached by forwarding.
_KINDS = {
    "死亡": "died",
    "転出": "moved", "国外転出": "moved", "職権消除": "moved",
    "転居": "staying", "氏名変更": "staying",
}  # fmt: skip
_DATE = r"^[0-9]{4}(-[0-9]{2}-[0-9]{2}|/[0-9]{2}/[0-9]{2}|[0-9]{4})$"
_NEUTRAL = "r1"  # one code for every reason: a list with two would tell who is protected
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Told:
    """What came of a list: the act, how many rows it had, how many of this year it named, and whether it lies there."""

    outcome: Outcome
    rows: int
    named: int
    strangers: int = 0
    source_left: bool = False


def take_changes(office: Office, cycle_id: str, path: Path, *, by: str, via: str = "desk") -> Told:
    """Take a change list: whoever moved out, died or came under protection is to be pulled.

    Raises:
        BadInput: the list cannot be read, or a row says neither what happened nor whether to pull; it names the rows.
        Refused: it is not the time for it.

    """
    office.door.ask_first(cycle_id, "take_changes", by=by, via=via)
    facts = papers.facts_of(office, cycle_id)
    table = _read(office, facts, path, (NUMBER, REASON, CHANGED, PROTECTED), by=by, via=via)
    kinds = _kinds(table.frame)
    vault = office.vault(cycle_id)
    vault.write(f"changes-{table.sha256[:12]}", roll.minimised(table.frame))
    ours = _ours(office, cycle_id, roll.serials_of(vault, kinds[NUMBER])).join(kinds, on=NUMBER)
    by_kind = {kind: compact(ours.filter(pl.col("kind") == kind)["serial"].to_list()) for kind in _PULLED}
    record = ChangesTaken(
        list_sha256=table.sha256,
        rows=table.frame.height,
        staying=ours.filter(pl.col("kind") == "staying").height,
        strangers=kinds.filter(~pl.col(NUMBER).is_in(ours[NUMBER].implode())).height,
        **by_kind,
    )
    outcome = office.door.perform(
        Ask(
            cycle_id=cycle_id, trigger="take_changes", by=by, record=record, via=via,
            key=f"{cycle_id}/take_changes/{table.sha256}", evidence=Evidence(by_machine=True),
        )
    )  # fmt: skip
    return Told(
        outcome=outcome, rows=record.rows, named=sum(map(count, by_kind.values())), strangers=record.strangers,
        source_left=not arriving.emptied(office, path),
    )  # fmt: skip


_PULLED = ("newly_protected", "moved", "died")


def recheck(office: Office, cycle_id: str, path: Path, *, by: str, via: str = "desk") -> Told:
    """Compare the register's present list of protected persons with this year's serials: the re-check that is due.

    Raises:
        BadInput: the list cannot be read.
        Refused: no re-check belongs to where the cycle stands.

    """
    facts = papers.facts_of(office, cycle_id)
    act = due_recheck(facts)
    office.door.ask_first(cycle_id, act, by=by, via=via)
    table = _read(office, facts, path, (NUMBER,), by=by, via=via)
    vault = office.vault(cycle_id)
    vault.write(f"recheck-{table.sha256[:12]}", roll.minimised(table.frame))
    marks = not any(it.code == "absent_column" and it.column == PROTECTED for it in table.findings)
    listed = table.frame.filter(_protected())[NUMBER] if marks else table.frame[NUMBER]
    ours = _ours(office, cycle_id, roll.serials_of(vault, listed))["serial"].to_list()
    new = compact(set(ours) - set(expand(facts.newly_protected)))
    fields = {"newly_protected": new, "list_sha256": table.sha256, "listed": table.frame.height}
    outcome = perform(office, cycle_id, act, by=by, fields=fields, via=via)
    return Told(
        outcome=outcome, rows=table.frame.height, named=count(new), source_left=not arriving.emptied(office, path)
    )


def due_recheck(facts: Facts) -> str:
    """Return the re-check that belongs to where the cycle stands."""
    if facts.state == "extracted":
        return "recheck_before_sealing"
    return "recheck_before_posting" if facts.state == "enclosed" else "recheck_before_enclosing"


def issue_pull_list(office: Office, cycle_id: str, *, by: str, via: str = "desk") -> Outcome:
    """Issue the pull list that is due, with exactly the serials that changes and re-checks name and are not pulled.

    Raises:
        BadInput: protected persons were not re-checked yet.
        Refused: it is not the time for it, or they were not re-checked today.

    """
    facts = papers.facts_of(office, cycle_id)
    rechecked = [facts.done[act].on for act in RECHECKS if act in facts.done]
    if not rechecked:
        raise BadInput(
            _("Protected persons were not re-checked yet."),
            _("First: tsudoi extract recheck FILE --year YEAR --by PERSON"),
        )
    left = compact(papers.pieces_in(office, cycle_id, "exported", "printed", "enclosed") & set(expand(facts.to_pull)))
    act = "issue_final_pull_list" if facts.state == "enclosed" else "issue_pull_list"
    reasons = {_NEUTRAL: count(left)} if left else {}
    fields = {"pulled": left, "reasons": reasons, "rechecked_on": max(rechecked)}
    return perform(office, cycle_id, act, by=by, fields=fields, via=via)


def list_protected(office: Office, cycle_id: str, path: Path, *, by: str, via: str = "desk") -> Told:
    """Write the protected persons for ward staff, who write to them by hand; readable by its owner only.

    On it are those whom the extract marked and those who came under protection afterwards. The ledger gets their number
    and the file's hash; the file is a copy to be destroyed.

    Raises:
        BadInput: something stands at the path already, or it cannot be written.
        Refused: whoever asks is no registrar, or nothing is extracted yet.

    """
    office.door.ask_first(cycle_id, "list_protected", by=by, via=via)
    facts = papers.facts_of(office, cycle_id)
    rows = list(_protected_rows(office, facts))
    content = _as_csv(rows)
    record = ProtectedListed(
        persons=len(rows),
        sha256=hashlib.sha256(content).hexdigest(),
        item=arriving.free_number(facts, arriving.PROTECTED_LIST),
    )
    ask = Ask(
        cycle_id=cycle_id, trigger="list_protected", by=by, record=record, via=via,
        key=f"{cycle_id}/list_protected/{record.item}", evidence=Evidence(by_machine=True),
    )  # fmt: skip
    with arriving.handed_out(path, content):
        outcome = office.door.perform(ask)
    return Told(outcome=outcome, rows=len(rows), named=len(rows))


def as_lists(programme: Programme, needed: tuple[str, ...] = (NUMBER,)) -> Programme:
    """Return the programme with the columns of the register's lists in place of the extract's."""
    known = tuple(name for name in (NUMBER, REASON, CHANGED, PROTECTED) if name not in needed)
    return programme.model_copy(
        update={"extract": programme.extract.model_copy(update={"needed": needed, "known": known})}
    )


def _read(office: Office, facts: Facts, path: Path, needed: tuple[str, ...], *, by: str, via: str) -> RegisterTable:
    """Read a list by the rules of an extract; of one that is refused the ledger is told."""
    programme = as_lists(facts.programme, needed)
    try:
        return parse_register(arriving.read_in(path, programme=programme).content, programme=programme)
    except UnreadableExtract as refusal:
        data: Mapping[str, Any] = {
            "list_sha256": refusal.sha256,
            "findings": {finding.code: finding.count for finding in refusal.findings},
        }
        office.door.note(facts.cycle_id, "list_refused", by=by, via=via, data=data)
        raise


def _kinds(frame: pl.DataFrame) -> pl.DataFrame:
    """Return 宛名番号 and what its row says: protection before everything else.

    Raises:
        BadInput: rows whose reason or date nobody knows; they are named by row and column.

    """
    kinds = frame.with_columns(
        kind=pl.when(_protected())
        .then(pl.lit("newly_protected"))
        .otherwise(pl.col(REASON).str.strip_chars().replace_strict(_KINDS, default=None))
    )
    cell = pl.col(CHANGED).str.strip_chars()
    day = pl.when(cell.str.contains(_DATE)).then(cell.str.replace_all("[-/]", "").str.to_date("%Y%m%d", strict=False))
    wrong = {
        NUMBER: kinds.filter(pl.col(NUMBER).str.strip_chars() == ""),
        REASON: kinds.filter(pl.col("kind").is_null()),
        CHANGED: kinds.filter(day.is_null() & ((cell != "") | (pl.col("kind") != "newly_protected"))),
    }
    if any(rows.height for rows in wrong.values()):
        places = "; ".join(f"{column}: {_rows(rows)}" for column, rows in wrong.items() if rows.height)
        raise BadInput(
            _("The change list has rows that cannot be understood ({places}).").format(places=places),
            _("Have these rows corrected; {reasons} are known.").format(reasons="、".join(_KINDS)),
        )
    return kinds.select(NUMBER, "kind")


def _rows(rows: pl.DataFrame) -> str:
    shown = ", ".join(map(str, rows["row"].head(_SHOWN).to_list()))
    return shown if rows.height <= _SHOWN else f"{shown} … (+{rows.height - _SHOWN})"


def _protected() -> pl.Expr:
    return ~pl.col(PROTECTED).str.strip_chars().is_in(UNPROTECTED)


def _ours(office: Office, cycle_id: str, found: pl.DataFrame) -> pl.DataFrame:
    """Return those of the pairs whose serial is a piece of this year."""
    return found.filter(pl.col("serial").is_in(list(papers.pieces_in(office, cycle_id))))


def _protected_rows(office: Office, facts: Facts) -> Iterator[tuple[str, ...]]:
    """Walk over the protected: of each extract those it marked, and those whose serials came under protection later."""
    vault = office.vault(facts.cycle_id)
    later = roll.numbers_of(vault, facts.newly_protected)
    for sha256 in _extracts(facts):
        frame = roll.kept(vault, sha256, facts.programme).frame
        marked = frame.filter(_protected()).with_columns(kind=pl.lit("抽出時"), serial=pl.lit(""))
        since = frame.join(later, on=NUMBER).with_columns(pl.col("serial").cast(pl.String), kind=pl.lit("抽出後"))
        for found in (marked, since.unique("serial", keep="first", maintain_order=True)):
            yield from found.select("kind", "serial", *HEADER[2:]).iter_rows()


def _extracts(facts: Facts) -> list[str]:
    taken = facts.record("take_extract", ExtractTaken), facts.record("take_additions", AdditionsTaken)
    return [record.extract_sha256 for record in taken if record and record.extract_sha256]


def _as_csv(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([HEADER, *rows])
    return text.getvalue().encode("utf-8-sig")
