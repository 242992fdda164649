"""Extraction: the register extract is judged, what is right goes into the vault, what is doubtful is held (Laws 4, 6).

The vault keeps the known columns of the extract and, once no row is held, the addressees with their meaningless
serials. The database gets counts, hashes, serials and row numbers.
"""

# polars' signatures name numpy, which is not needed and not installed
# pyright: reportUnknownMemberType=false
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from operator import attrgetter
from typing import Any

import polars as pl

from adapters.fonts import GlyphTable, default_font
from adapters.numbers import KEY, NUMBER, Form, is_number, keyed
from adapters.register import RegisterTable, parse_register, register_bytes
from adapters.vault import Vault
from models.errors import BadInput, Damaged, Unknown
from models.extract import (
    CODES,
    Decision,
    Finding,
    Judgement,
    UnreadableExtract,
    by_row,
    characters,
    counted,
    substitution,
)
from models.programme import Programme
from models.records.extraction import AdditionsTaken, ExtractTaken, RowDecided
from models.serials import compact, expand, union
from models.words import _
from papers import checking
from states.acts import Outcome
from states.facts import Facts
from states.opening import cycle_id_of
from steps import after, arriving, residents, roll
from steps.acting import Typed, by_machine, enter, record_of
from steps.judging import ADDRESS, NAME, POSTAL, judge
from steps.lists import read_list, with_marks
from steps.office import Office

_ANY_NUMBER = (0, 10_000_000)
# What differs when the same extract is taken in another way.
_HOW_IT_CAME = {"travelled_sha256", "original"}
_TOLD = ("protected_list_sha256", "protected_removed")


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """One person who gets an invitation: the serial, and what the vault knows under it."""

    serial: int
    number: str
    name: str
    postal_code: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What came of taking an extract; no outcome where it was refused. `before` tells that it was taken already."""

    judgement: Judgement
    outcome: Outcome | None
    source_left: bool = False
    before: bool = False


@dataclass(frozen=True, kw_only=True)
class HeldRow:
    """A held row as the desk lists it: what is asked of it, and the substitutions that may be proposed for it.

    `characters` are those that are not printed as they are meant, as code points like the substitutions.
    """

    row: int
    column: str
    code: str
    how: str
    decided_by: str
    characters: tuple[str, ...]
    proposals: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ProtectedBy:
    """What tells who is protected, beside the extract's own marks: a list that comes with it, or a named person's word.

    That nobody of the extract stands on the list (`nobody_of_ours`) is said by a named person as well.
    """

    listed: arriving.Source | None = field(default=None, repr=False)
    removed: bool = False
    nobody_of_ours: bool = False


BY_ITSELF = ProtectedBy()


@dataclass(frozen=True, kw_only=True)
class _Read:
    """An extract that was read and judged: `frame` holds the addressees."""

    table: RegisterTable
    judgement: Judgement
    frame: pl.DataFrame


def take_extract(
    office: Office,
    cycle_id: str,
    source: arriving.Source | None,
    *,
    by: str,
    expect: tuple[int, int] | None = None,
    ask: arriving.Ask = arriving.no_password,
    protected: ProtectedBy = BY_ITSELF,
    via: str = "desk",
) -> Taken:
    """Judge an extract (the one in the inbox when none is given) and take it into the vault.

    A refused extract is a ledger entry of codes and counts. An extract taken once is taken; a killed run goes on.

    Raises:
        Unknown: there is no extract, or more than one.
        BadInput: it is encrypted and the password is missing or wrong.
        Damaged: it is encrypted and cannot be opened, which is told to the ledger too.
        Refused: it is not the time for it, or its receipt is not recorded.

    """
    arriving.erase_what_is_taken(office)
    if taken := _taken_before(office, cycle_id, source, protected, by=by, via=via):
        return taken
    office.door.ask_first(cycle_id, "take_extract", by=by, via=via)
    facts = office.facts(cycle_id)
    if source is None:
        source = arriving.from_inbox(office, beside=protected.listed)
    try:
        table, came = _arrived(office, facts, source, ask, protected, by=by, via=via)
    except UnreadableExtract as refusal:
        return _refused(office, facts, refusal.judgement, by=by, via=via)
    taken = facts.record("take_extract", ExtractTaken)
    is_the_same = taken is not None and taken.extract_sha256 == table.sha256
    decisions = _stored_decisions(office, cycle_id) if is_the_same else ()
    read = _judged(
        table, facts, expect=expect, decisions=decisions, last_year=_last_year(office, facts),
        protected_removed=protected.removed,
    )  # fmt: skip
    if read.judgement.verdict == "refused":
        return _refused(office, facts, read.judgement, by=by, via=via)
    outcome = _into_the_vault(office, facts, read, came, by=by, via=via)
    left = [file for file in (source, protected.listed) if file and not arriving.emptied(office, file)]
    return Taken(judgement=read.judgement, outcome=outcome, source_left=bool(left))


def _taken_before(
    office: Office, cycle_id: str, source: arriving.Source | None, protected: ProtectedBy, *, by: str, via: str
) -> Taken | None:
    """Return what the record says of an extract that is in the vault, and erase it from the inbox: a kill came between.

    None where it is another extract, or told of protection otherwise, or decisions on its rows were not carried out.
    """
    facts = office.facts(cycle_id)
    record = facts.record("take_extract", ExtractTaken)
    if record is None or record.held != facts.undecided or protected != ProtectedBy(removed=record.protected_removed):
        return None
    try:
        source = arriving.from_inbox(office) if source is None else source
        digest = hashlib.sha256(register_bytes(source, programme=facts.programme)).hexdigest()
    except (Unknown, UnreadableExtract):
        return None
    if digest not in {record.extract_sha256, record.travelled_sha256}:
        return None
    judgement = Judgement(
        verdict="held" if record.held else "accepted", persons=record.raw_hits, exported=record.exported,
        held=record.held, excluded=record.excluded, encoding=record.encoding, sha256=record.extract_sha256,
        findings=tuple(Finding(code=code, count=count) for code, count in record.warnings.items()),
        rows=record.rows,
    )  # fmt: skip
    outcome = after.again(office, facts, "take_extract", by=by, via=via)
    return Taken(judgement=judgement, outcome=outcome, source_left=not arriving.emptied(office, source), before=True)


def check(
    source: arriving.Source,
    *,
    programme: Programme,
    fiscal_year: int,
    ask: arriving.Ask = arriving.no_password,
    protected: ProtectedBy = BY_ITSELF,
    **options: Any,
) -> Judgement:
    """Read and judge an extract and store nothing; an encrypted one is opened in memory. `options` are the judge's.

    Raises:
        BadInput: it is encrypted and the password is missing or wrong.
        Damaged: it is encrypted and cannot be opened.

    """
    try:
        table = parse_register(arriving.read_in(source, programme=programme, ask=ask).content, programme=programme)
    except UnreadableExtract as refusal:
        return refusal.judgement
    table, _told = _told_apart(table, programme, protected)
    options |= {"glyphs": GlyphTable.load(default_font()), "protected_removed": protected.removed}
    return judge(table, programme=programme, fiscal_year=fiscal_year, **options)[0]


def judge_first(
    office: Office,
    cycle_id: str,
    source: arriving.Source,
    *,
    expect: tuple[int, int] | None = None,
    ask: arriving.Ask = arriving.no_password,
    protected: ProtectedBy = BY_ITSELF,
) -> Judgement:
    """Judge an extract as `take_extract` would, and store nothing.

    Raises:
        BadInput: it is encrypted and the password is missing or wrong.
        Damaged: it is encrypted and cannot be opened.

    """
    facts = office.facts(cycle_id)
    return check(
        source, programme=facts.programme, fiscal_year=facts.fiscal_year, ask=ask, protected=protected, expect=expect,
        last_year=_last_year(office, facts),
    )  # fmt: skip


def _told_apart(
    table: RegisterTable, programme: Programme, protected: ProtectedBy
) -> tuple["RegisterTable", dict[str, Any]]:
    """Mark whoever stands on the list that came with an extract; return what the record says of list and word."""
    statement: dict[str, Any] = {"protected_removed": True} if protected.removed else {}
    if protected.listed is None:
        return table, statement
    try:
        content = arriving.read_in(protected.listed, programme=programme).content
        listed = read_list(content, programme=programme, form=Form.of(table.frame[NUMBER]))
    except UnreadableExtract as refusal:
        raise BadInput(
            _("The list of protected persons cannot be used:") + f"\n{refusal.message}",
            _("Ask the register section for another list."),
        ) from None
    nobody = keyed(table.frame).join(keyed(listed.frame), on=KEY, how="semi").is_empty()
    if nobody and not protected.nobody_of_ours:
        raise BadInput(
            _("Nobody of the extract stands on the list of protected persons: it is probably another list."),
            _("Look whether it is the right one. If it is, a named person says so."),
        )
    return with_marks(table, listed, programme=programme), statement | {"protected_list_sha256": listed.sha256}


def decide(
    office: Office, cycle_id: str, *, row: int, how: str, reason: str, substitute: str = "", by: str, via: str = "desk"
) -> Taken | Outcome:
    """Decide on a held row, as `decide_all` decides on several."""
    decided = {"row": row, "how": how, "reason": reason, "substitute": substitute}
    return decide_all(office, cycle_id, [decided], by=by, via=via)


def decide_all(
    office: Office, cycle_id: str, form: Sequence[Mapping[str, Any]], *, by: str, via: str = "desk"
) -> Taken | Outcome:
    """Decide on held rows by one form; after the last row the extract is judged again with all decisions.

    Each decision is named by the fields of its record. Returns what came of the last of them alone while rows still
    wait; a row that is to be corrected waits until another extract is taken.

    Raises:
        Refused: a row is not held, the substitute is not listed, or it is not the time.
        BadInput: a decision cannot be carried out, such as accepting what the font cannot draw.

    """
    facts = office.facts(cycle_id)
    decisions = [decision for said in form if (decision := _read_decision(said))]
    if decisions and facts.record("take_extract", ExtractTaken) is not None:
        _try(office, facts, decisions)
    once = secrets.token_hex(4)
    typed = [
        Typed(
            trigger="decide_row", by=by, fields=said,
            key=f"{cycle_id}/decide_row/{said['row']}/{said['how']}/{said['substitute']}/{once}",
        )
        for said in form
    ]  # fmt: skip
    decided = enter(office, cycle_id, typed, via=via)[-1]
    facts = office.facts(cycle_id)
    if facts.undecided:
        return decided
    statement = _told_of(facts)
    read = _judged(
        _kept(office, facts), facts, expect=_ANY_NUMBER, decisions=_stored_decisions(office, cycle_id),
        last_year=_last_year(office, facts), protected_removed=statement["protected_removed"],
    )  # fmt: skip
    outcome = _into_the_vault(office, facts, read, statement, by=by, via=via)
    return Taken(judgement=read.judgement, outcome=outcome)


def _read_decision(said: Mapping[str, Any]) -> Decision | None:
    """Read a decision as it was typed, None where the row waits for another extract; what is wrong is said of its row.

    Raises:
        BadInput: it cannot be read.

    """
    try:
        record_of(RowDecided, said)
        return None if said["how"] == "corrected" else _decision(**said)
    except BadInput as wrong:
        words = _("Row {row}: {wrong}").format(row=said["row"], wrong=wrong.message)
        raise BadInput(words, wrong.remedy) from None


def _told_of(facts: Facts) -> dict[str, Any]:
    """Return what was said of protection when the extract was taken that stands in the vault."""
    taken = facts.record("take_extract", ExtractTaken)
    return {name: getattr(taken, name) if taken else ExtractTaken.model_fields[name].default for name in _TOLD}


def _try(office: Office, facts: Facts, decisions: Sequence[Decision]) -> None:
    """Judge as if it were decided: a decision that cannot be carried out, or settles nothing, is not recorded."""
    rows = {decision.row for decision in decisions}
    others = [other for other in _stored_decisions(office, facts.cycle_id) if other.row not in rows]
    read = _judged(
        _kept(office, facts), facts, expect=_ANY_NUMBER, decisions=[*others, *decisions],
        protected_removed=_told_of(facts)["protected_removed"],
    )  # fmt: skip
    if left := next((held for held in read.judgement.rows if held.row in rows), None):
        raise BadInput(
            _("Row {row} would still be held: {reason}").format(row=left.row, reason=_(CODES[left.code].sentence)),
            _("Name every substitution of the row at once (A>B,C>D), or exclude the row."),
        )


def take_additions(
    office: Office,
    cycle_id: str,
    source: arriving.Source | None,
    *,
    by: str,
    ask: arriving.Ask = arriving.no_password,
    replace: bool | None = None,
    protected: ProtectedBy = BY_ITSELF,
    via: str = "desk",
) -> Taken | Outcome:
    """Take the additional extract of late move-ins; without one there were none, which is recorded too.

    Somebody who has a letter already may stand in it with another name or address. With `replace` they get a new letter
    with a new serial, and the old one goes onto the pull list; with False the old letter stays. One that cannot be
    read, is refused, or has rows to decide is told to the ledger, corrected at its source and taken again.

    Raises:
        BadInput: it is encrypted and the password is missing or wrong, or nobody said whether to replace.
        Refused: it is not the time for it, or its receipt is not recorded.

    """
    arriving.erase_what_is_taken(office)
    office.door.ask_first(cycle_id, "take_additions", by=by, via=via)
    facts = office.facts(cycle_id)
    if source is None:
        record = AdditionsTaken(extract_sha256="", raw_hits=0, excluded={})
        return by_machine(office, cycle_id, "take_additions", record, by=by, via=via, key="")
    try:
        table, came = _arrived(office, facts, source, ask, protected, by=by, via=via)
        _must_be_of_one_register(_kept(office, facts), table)
    except UnreadableExtract as refusal:
        return _refused(office, facts, refusal.judgement, by=by, via=via)
    read = _judged(table, facts, expect=_ANY_NUMBER, protected_removed=protected.removed)
    if read.judgement.verdict != "accepted":
        return _refused(office, facts, read.judgement, by=by, via=via)
    record = _additions_into_the_vault(office, facts, read, replace=replace).model_copy(update=came)
    residents.prepare(office.vault(cycle_id), facts.programme)
    outcome = by_machine(office, cycle_id, "take_additions", record, by=by, via=via, key=record.extract_sha256)
    left = [file for file in (source, protected.listed) if file and not arriving.emptied(office, file)]
    return Taken(judgement=read.judgement, outcome=outcome, source_left=bool(left))


def take_from_inbox(
    office: Office, cycle_id: str, *, by: str, via: str, expect: tuple[int, int] | None = None
) -> Outcome:
    """Take the extract of the inbox.

    Raises:
        BadInput: it is refused; the message names the codes of its findings.

    """
    return _came_of(take_extract(office, cycle_id, None, by=by, expect=expect, via=via))


def take_additions_from_inbox(
    office: Office, cycle_id: str, *, by: str, via: str, none_came: bool = False, replace: bool | None = None
) -> Outcome:
    """Take the additional extract of the inbox, or record that there was none.

    Raises:
        BadInput: it is refused; the message names the codes of its findings.

    """
    path = None if none_came else arriving.from_inbox(office)
    taken = take_additions(office, cycle_id, path, by=by, replace=replace, via=via)
    return _came_of(taken) if isinstance(taken, Taken) else taken


def _came_of(taken: Taken) -> Outcome:
    if taken.outcome:
        return taken.outcome
    codes = sorted({finding.code for finding in taken.judgement.findings if finding.verdict == "refused"})
    raise BadInput(
        _("The extract is refused: {codes}").format(codes="、".join(codes)),
        _("Have it only judged: that shows each finding."),
        act="take_extract",
    )


def _must_be_of_one_register(first: RegisterTable, table: RegisterTable) -> None:
    """Refuse additions whose numbers have not the form of the first extract's: nobody would be known again."""
    form = Form.of(first.frame[NUMBER])
    if form and (strange := table.frame.filter(is_number() & ~form.fits())["row"].to_list()):
        raise UnreadableExtract(by_row("number_form", NUMBER, strange), sha256=table.sha256, encoding=table.encoding)


ADDRESSEES, ADDITIONS = "take_extract", "take_additions"


def addressees_of(office: Office, cycle_id: str, act: str) -> Iterator[Addressee]:
    """Walk over the addressees that an act put into the vault, in serial order."""
    name = office.see(cycle_id, lambda here: addressee_list(here.facts, act))
    return people_in(office.vault(cycle_id), name) if name else iter(())


def addressee_list(facts: Facts, act: str) -> str:
    """Return the vault's name of the addressees that an act brought, "" where there are none."""
    record = _brought_by(act, facts)
    return f"addressees-{record.addressees_sha256[:12]}" if record and record.addressees_sha256 else ""


def _brought_by(act: str, facts: Facts) -> ExtractTaken | AdditionsTaken | None:
    return facts.record(act, ExtractTaken if act == ADDRESSEES else AdditionsTaken)


def people_in(vault: Vault, name: str) -> Iterator[Addressee]:
    """Walk over a list of addressees, a block of it in memory at a time."""
    return (Addressee(**json.loads(line)) for line in lines_in(vault.stream(name)))


def lines_in(chunks: Iterable[bytes]) -> Iterator[str]:
    """Walk over the lines of what comes in chunks."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (f"{line.decode()}\n" for line in lines)
    if rest:
        yield rest.decode()


def rows_of(office: Office, cycle_id: str, act: str, serials: str) -> dict[int, int]:
    """Return the row of the extract, as a spreadsheet counts, in which each of these serials stands."""
    facts, vault = office.facts(cycle_id), office.vault(cycle_id)
    record = _brought_by(act, facts)
    if record is None or not serials:
        return {}
    frame = roll.kept(vault, record.extract_sha256, facts.programme).frame
    found = keyed(frame).join(roll.numbers_of(vault, serials), on=KEY).unique("serial", keep="first")
    return dict(found.select("serial", "row").iter_rows())


def held_rows(office: Office, cycle_id: str) -> list[HeldRow]:
    """Return every held row with the decision on it and the substitutions that may be proposed."""
    with office.look(cycle_id) as here:
        facts, stored = here.facts, checking.stored_rows(here)
    frame, glyphs = _kept(office, facts).frame, GlyphTable.load(default_font())
    cells = {
        row["row"]: row for row in frame.filter(frame["row"].is_in([held.row for held in stored])).iter_rows(named=True)
    }
    values = [(held, cells[held.row].get(held.column, "")) for held in stored]
    return [
        HeldRow(
            row=held.row, column=held.column, code=held.code, how=held.how, decided_by=held.decided_by,
            characters=tuple(dict.fromkeys(finding.sequence for finding in glyphs.judge(value))),
            proposals=tuple(_substitutes(value, glyphs, facts.programme)),
        )
        for held, value in values
    ]  # fmt: skip


def proposals(office: Office, cycle_id: str) -> list[tuple[int, str, str]]:
    """Return a proposed decision for each row that waits: row, how, and the substitute as code points.

    A variation that the font ignores may be left out, a listed character be replaced; everything else is proposed for
    exclusion. Nothing is decided here: a person takes the proposal up, or not (Law 6).
    """
    return [
        (held.row, "substitute" if held.proposals else "exclude", ",".join(held.proposals))
        for held in held_rows(office, cycle_id)
        if not held.how
    ]


def _substitutes(cell: str, glyphs: GlyphTable, programme: Programme) -> Iterator[str]:
    """Walk over one substitution for every character that is not printed as it is meant; none where one has none."""
    table, found = programme.extract.substitutes, list[str]()
    for finding in dict.fromkeys(glyphs.judge(cell)):
        plain = finding.sequence.split()[0]
        instead = plain if finding.code == "no_ivs" else next(iter(table.get(plain, ())), "")
        if not instead or glyphs.judge(characters(instead)):
            return
        found.append(f"{finding.sequence}>{instead}")
    yield from found


def _arrived(
    office: Office,
    facts: Facts,
    source: arriving.Source,
    ask: arriving.Ask,
    protected: ProtectedBy,
    *,
    by: str,
    via: str,
) -> tuple[RegisterTable, dict[str, Any]]:
    """Read the file in, and what the record says of how it came; of one that is damaged the ledger is told."""
    try:
        arrived = arriving.read_in(source, programme=facts.programme, ask=ask)
    except Damaged:
        office.door.note(facts.cycle_id, "extract_refused", by=by, via=via, data={"findings": {"damaged": 1}})
        raise
    table = parse_register(arrived.content, programme=facts.programme)
    table, statement = _told_apart(table, facts.programme, protected)
    original = arriving.original_of(office, facts, source, arrived)
    return table, {"travelled_sha256": arrived.travelled_sha256, "original": original, **statement}


def _kept(office: Office, facts: Facts) -> RegisterTable:
    """Return the extract that was taken, from the vault."""
    taken = facts.record("take_extract", ExtractTaken)
    if taken is None:
        raise Unknown(_("No extract is taken yet."), _("Take it first."), act="take_extract")
    return roll.kept(office.vault(facts.cycle_id), taken.extract_sha256, facts.programme)


def _judged(table: RegisterTable, facts: Facts, **options: Any) -> _Read:
    """Judge for the year of the facts, with the default font; `options` are the judge's."""
    judgement, frame = judge(
        table,
        programme=facts.programme,
        fiscal_year=facts.fiscal_year,
        glyphs=GlyphTable.load(default_font()),
        **options,
    )
    return _Read(table=table, judgement=judgement, frame=frame.collect())


def _last_year(office: Office, facts: Facts) -> int | None:
    """Return how many were exported in the fiscal year before, if that year is in the database."""
    try:
        before = office.facts(cycle_id_of(facts.programme.key, facts.fiscal_year - 1))
    except Unknown:
        return None
    taken = before.record("take_extract", ExtractTaken)
    return taken.exported if taken else None


def _into_the_vault(
    office: Office, facts: Facts, read: _Read, came: Mapping[str, Any], *, by: str, via: str
) -> Outcome:
    """Write the vault first, then the act: a vault file that no record names is never read, and is overwritten."""
    before = facts.record("take_extract", ExtractTaken)
    vault = office.vault(facts.cycle_id, new=True)
    marked_by = (read.judgement.sha256, came.get("protected_list_sha256", ""))
    if before is None or (before.extract_sha256, before.protected_list_sha256) != marked_by:
        roll.keep(vault, read.table)
    record = _record(facts, vault, read, before).model_copy(update=dict(came))
    if before and before.model_dump(exclude=_HOW_IT_CAME) == record.model_dump(exclude=_HOW_IT_CAME):
        return after.again(office, facts, "take_extract", by=by, via=via)
    residents.prepare(vault, facts.programme)
    return by_machine(office, facts.cycle_id, "take_extract", record, by=by, via=via)


def _record(facts: Facts, vault: Vault, read: _Read, before: ExtractTaken | None) -> ExtractTaken:
    judgement, window = read.judgement, facts.programme.extract.window(facts.fiscal_year)
    waiting = pl.Series("row", [held.row for held in judgement.rows], dtype=pl.UInt32)
    serials = roll.enrolled(vault, read.table.frame, read.frame["row"].append(waiting))
    is_accepted = judgement.verdict == "accepted"
    record = ExtractTaken(
        extract_sha256=judgement.sha256,
        encoding=judgement.encoding,
        raw_hits=judgement.persons,
        excluded=dict(judgement.excluded),
        exported=judgement.exported,
        held=judgement.held,
        rows=judgement.rows,
        born_from=judgement.born[0] if judgement.born else window[0],
        born_to=judgement.born[1] if judgement.born else window[1],
        window_from=window[0],
        window_to=window[1],
        months=dict(judgement.months),
        font_sha256=default_font().sha256,
        warnings=judgement.warnings,
        addressees_sha256=_write_addressees(vault, read.frame, serials) if is_accepted else "",
        serials=_among(serials, read.frame["row"]),
        waiting=_among(serials, waiting),
        hard=_among(serials, pl.Series("row", judgement.hard, dtype=pl.UInt32)),
        last_year=judgement.last_year,
    )
    return record.model_copy(update=_compared(vault, read, record, before, facts.programme))


def _among(serials: pl.DataFrame, rows: pl.Series) -> str:
    return compact(serials.join(rows.to_frame("row"), on="row", how="semi")["serial"])


def _compared(
    vault: Vault, read: _Read, record: ExtractTaken, before: ExtractTaken | None, programme: Programme
) -> dict[str, str]:
    """Compare with the extract before; one that is judged again keeps its comparison."""
    if before is None:
        return {}
    if before.extract_sha256 == record.extract_sha256:
        return before.model_dump(include={"before_sha256", "added", "removed", "changed"})
    was = roll.kept(vault, before.extract_sha256, programme).frame
    found = roll.compared(
        vault,
        (was, union(before.serials, before.waiting)),
        (read.table.frame, union(record.serials, record.waiting)),
    )
    return {"before_sha256": before.extract_sha256, **found}


def _write_addressees(vault: Vault, frame: pl.DataFrame, serials: pl.DataFrame) -> str:
    people = _people_of(frame.join(serials, on="row").sort("serial"))
    text = "".join(json.dumps(asdict(person), ensure_ascii=False) + "\n" for person in people).encode()
    return vault.write(f"addressees-{hashlib.sha256(text).hexdigest()[:12]}", text)


def _people_of(rows: pl.DataFrame) -> Iterator[Addressee]:
    named = rows.select("serial", number=NUMBER, name=NAME, postal_code=POSTAL, address=ADDRESS)
    return (Addressee(**row) for row in named.iter_rows(named=True))


def _additions_into_the_vault(office: Office, facts: Facts, read: _Read, *, replace: bool | None) -> AdditionsTaken:
    """Write the late move-ins and replacements; whoever else has a piece is known, and no serial is used twice."""
    vault = office.vault(facts.cycle_id, new=True)
    pieces = office.see(facts.cycle_id, lambda here: here.facts.pieces.serials())
    serials = roll.enrolled(vault, read.table.frame, read.frame["row"], after=max(pieces, default=0))
    changed = _with_another_imprint(office, facts.cycle_id, read.frame.join(serials, on="row"))
    if changed and replace is None:  # a letter with an old address is never kept silently
        raise BadInput(
            _("These letters show another name or address than this extract: {serials}").format(serials=changed),
            _("Say what becomes of them: new letters for which the old ones are pulled, or they stay."),
        )
    replaced = changed if replace else ""
    roll.keep(vault, read.table)
    renewed = roll.renewed(vault, replaced, after=max(pieces, default=0))
    serials = serials.with_columns(serials["serial"].replace(renewed))
    fresh = serials.filter(~serials["serial"].is_in(list(pieces)))
    excluded = {**read.judgement.excluded, "known": read.frame.height - fresh.height}
    return AdditionsTaken(
        extract_sha256=read.judgement.sha256,
        raw_hits=read.judgement.persons,
        excluded={reason: count for reason, count in excluded.items() if count},
        serials=compact(fresh["serial"].to_list()),
        replaced=replaced,
        addressees_sha256=_write_addressees(vault, read.frame, fresh),
    )


def _with_another_imprint(office: Office, cycle_id: str, rows: pl.DataFrame) -> str:
    """Return the serials whose letter shows another name or address than these rows; not those to be pulled anyway."""
    with office.look(cycle_id) as here:
        waiting = here.facts.pieces.serials("exported", "printed", "enclosed").difference(expand(here.facts.to_pull))
    imprint = attrgetter("name", "postal_code", "address")  # a number may be written with other zeros and mean the same
    shown = {person.serial: imprint(person) for person in addressees_of(office, cycle_id, ADDRESSEES)}
    now = {person.serial: imprint(person) for person in _people_of(rows)}
    return compact(serial for serial in waiting & now.keys() & shown.keys() if shown[serial] != now[serial])


def _refused(office: Office, facts: Facts, judgement: Judgement, *, by: str, via: str) -> Taken:
    """Tell the ledger of an extract that was not taken, in codes and counts; it stays where it lies."""
    # What is held is refused where nobody can decide on it.
    codes = counted(finding for finding in judgement.findings if finding.verdict in {"refused", judgement.verdict})
    data: Mapping[str, object] = {"extract_sha256": judgement.sha256, "findings": codes}
    office.door.note(facts.cycle_id, "extract_refused", by=by, via=via, data=data)
    return Taken(judgement=judgement, outcome=None, source_left=True)


def _stored_decisions(office: Office, cycle_id: str) -> Sequence[Decision]:
    rows = office.see(cycle_id, checking.stored_rows)
    return [
        _decision(held.row, held.how, held.reason, held.substitute)
        for held in rows
        if held.how not in {"", "corrected"}
    ]


def _decision(row: int, how: str, reason: str, substitute: str) -> Decision:
    for known in ("exclude", "accept", "substitute"):
        if how == known:
            pairs = {k: v for pair in filter(None, substitute.split(",")) for k, v in substitution(pair).items()}
            return Decision(row=row, how=known, reason=reason, substitute=pairs)
    raise BadInput(_("A decision is corrected, exclude, accept or substitute."), _("Choose one of them."))
