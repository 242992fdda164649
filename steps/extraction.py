"""Extraction: the register extract is judged, what is right goes into the vault, what is doubtful is held (Laws 4, 6).

The vault keeps the extract as it came and, once no row is held, the addressees with their meaningless serials. The
database gets counts, hashes and row numbers.
"""

# polars' signatures name numpy, which is not needed and not installed
# pyright: reportUnknownMemberType=false
import hashlib
import json
import random
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.database import reading
from models.errors import BadInput, Unknown
from models.extract import Decision, Judgement, UnreadableExtract, substitution
from models.records.extraction import AdditionsTaken, ExtractTaken, RowHeld
from models.serials import compact
from models.words import _
from states.door import Ask, Outcome
from states.facts import Evidence, Facts
from steps import papers
from steps.acting import perform
from steps.office import Office

if TYPE_CHECKING:
    import polars as pl

    from adapters.vault import Vault

_ANY_NUMBER = (0, 10_000_000)
_TAKEN = ".taken"


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
    """What came of taking an extract; no outcome where the extract was refused."""

    judgement: Judgement
    outcome: Outcome | None
    source_left: bool = False


def take_extract(
    office: Office,
    cycle_id: str,
    path: Path | None,
    *,
    by: str,
    expect: tuple[int, int] | None = None,
    via: str = "desk",
) -> Taken:
    """Judge an extract (the one in the inbox when no path is given) and take it into the vault.

    A refused extract is a ledger entry of codes and counts. An extract taken once is taken; a killed run goes on.

    Raises:
        Unknown: there is no extract, or more than one.
        Refused: it is not the time for it.

    """
    _erase_what_is_taken(office)
    office.door.ask_first(cycle_id, "take_extract", by=by, via=via)
    facts, source = papers.facts_of(office, cycle_id), path or from_inbox(office)
    try:
        content = _content_of(source, facts)
        judgement, frame = _judge(content, facts, expect=expect, decisions=_decisions(office, cycle_id, content))
    except UnreadableExtract as refusal:
        judgement = Judgement(verdict="refused", findings=refusal.findings, sha256=refusal.sha256)
        return _refused(office, facts, judgement, by=by, via=via)
    if judgement.verdict == "refused":
        return _refused(office, facts, judgement, by=by, via=via)
    outcome = _into_the_vault(office, facts, content, judgement, frame, by=by, via=via)
    papers.print_extract_report(office, cycle_id)
    return Taken(judgement=judgement, outcome=outcome, source_left=not _emptied(office, source))


def decide(
    office: Office, cycle_id: str, *, row: int, how: str, reason: str, substitute: str = "", by: str, via: str = "desk"
) -> Taken | None:
    """Decide on a held row; after the last one the extract is judged again with all decisions.

    Returns None while rows still wait.

    Raises:
        Refused: the row is not held, or it is not the time.
        BadInput: the decision cannot be carried out, such as accepting what the font cannot draw.

    """
    facts = papers.facts_of(office, cycle_id)
    decisions = [d for d in _stored_decisions(office, cycle_id) if d.row != row]
    fields: dict[str, Any] = {"row": row, "how": how, "reason": reason, "substitute": substitute}
    if facts.record("take_extract", ExtractTaken) is not None:
        trial = [*decisions, _decision(row, how, reason, substitute)]
        _judge(_taken_content(office, facts), facts, expect=_ANY_NUMBER, decisions=trial)
    key = f"{cycle_id}/decide_row/{row}/{how}/{substitute}/{secrets.token_hex(4)}"
    perform(office, cycle_id, "decide_row", by=by, fields=fields, key=key, via=via)
    facts = papers.facts_of(office, cycle_id)
    if facts.undecided:
        return None
    content = _taken_content(office, facts)
    judgement, frame = _judge(content, facts, expect=_ANY_NUMBER, decisions=_stored_decisions(office, cycle_id))
    outcome = _into_the_vault(office, facts, content, judgement, frame, by=by, via=via)
    papers.print_extract_report(office, cycle_id)
    return Taken(judgement=judgement, outcome=outcome)


def take_additions(office: Office, cycle_id: str, path: Path | None, *, by: str, via: str = "desk") -> Taken | Outcome:
    """Take the additional extract of late move-ins; with no path there were none, which is recorded too.

    Raises:
        BadInput: it is refused or has rows to decide; it is corrected at its source and taken again.

    """
    _erase_what_is_taken(office)
    office.door.ask_first(cycle_id, "take_additions", by=by, via=via)
    facts = papers.facts_of(office, cycle_id)
    if path is None:
        return _perform_additions(office, facts, AdditionsTaken(extract_sha256="", raw_hits=0, excluded={}), by, via)
    content = _content_of(path, facts)
    judgement, frame = _judge(content, facts, expect=_ANY_NUMBER, decisions=())
    if judgement.verdict != "accepted":
        return _refused(office, facts, judgement, by=by, via=via)
    known = {row.number for row in addressees_of(office, cycle_id, ADDRESSEES)}
    fresh = frame.filter(~frame["宛名番号"].is_in(list(known)))
    rows = _with_serials(fresh, first=_last_serial(office, cycle_id) + 1)
    vault, text = office.vault(cycle_id), _as_lines(rows)
    vault.write(f"extract-{_sha(content)[:12]}", content)
    digest = vault.write(f"addressees-{_sha(text)[:12]}", text)
    excluded = {**judgement.excluded, "known": frame.height - fresh.height}
    record = AdditionsTaken(
        extract_sha256=_sha(content),
        raw_hits=judgement.persons,
        excluded={reason: count for reason, count in excluded.items() if count},
        serials=compact(row.serial for row in rows),
        addressees_sha256=digest,
    )
    outcome = _perform_additions(office, facts, record, by, via)
    return Taken(judgement=judgement, outcome=outcome, source_left=not _emptied(office, path))


ADDRESSEES, ADDITIONS = "take_extract", "take_additions"


def addressees_of(office: Office, cycle_id: str, act: str) -> Iterator[Addressee]:
    """Walk over the addressees that an act put into the vault, in serial order."""
    facts = papers.facts_of(office, cycle_id)
    record = facts.record(act, ExtractTaken if act == ADDRESSEES else AdditionsTaken)
    if record is None or not record.addressees_sha256:
        return
    for line in office.vault(cycle_id).read(f"addressees-{record.addressees_sha256[:12]}").splitlines():
        yield Addressee(**json.loads(line))


def needles_of(vault: "Vault", facts: Facts) -> set[str]:
    """Return what the search for residents' data looks for: names, addresses and numbers of everybody in an extract."""
    from adapters.register import parse_register  # noqa: PLC0415 - polars is not needed to show a table

    found: set[str] = set()
    for name in vault.names():
        if name.startswith("extract-"):
            found |= needles_in(parse_register(vault.read(name), programme=facts.programme).frame)
    return found


def needles_in(frame: "pl.DataFrame") -> set[str]:
    """Return names, addresses and numbers of everybody in the rows of an extract."""
    return {cell for column in ("宛名番号", "氏名", "住所") for cell in frame[column].to_list() if cell}


def undecided(office: Office, cycle_id: str) -> int:
    """Return how many held rows still wait for a decision."""
    return papers.facts_of(office, cycle_id).undecided


def proposals(office: Office, cycle_id: str) -> list[tuple[int, str, str]]:
    """Return a proposed decision for each held row: row, how, and the substitute as code points.

    A variation that the font ignores may be left out; everything else is proposed for exclusion. Nothing is decided
    here: a person takes the proposal up, or not (Law 6).
    """
    from adapters.fonts import GlyphTable, default_font  # noqa: PLC0415 - fonts are not needed to show a table
    from adapters.register import parse_register  # noqa: PLC0415 - polars is not needed to show a table

    facts, glyphs = papers.facts_of(office, cycle_id), GlyphTable.load(default_font())
    frame = parse_register(_taken_content(office, facts), programme=facts.programme).frame
    taken = facts.record("take_extract", ExtractTaken)
    proposed: list[tuple[int, str, str]] = []
    for held in taken.rows if taken else ():
        ignored: list[str] = []
        if held.code == "no_ivs":
            cell = frame.filter(frame["row"] == held.row)[held.column].item()
            ignored = [finding.sequence for finding in glyphs.judge(cell) if finding.code == "no_ivs"]
        if ignored:
            proposed.append((held.row, "substitute", f"{ignored[0]}>{ignored[0].split()[0]}"))
        else:
            proposed.append((held.row, "exclude", ""))
    return proposed


def _judge(
    content: bytes, facts: Facts, *, expect: tuple[int, int] | None, decisions: Sequence[Decision]
) -> tuple[Judgement, "pl.DataFrame"]:
    from adapters.fonts import GlyphTable, default_font  # noqa: PLC0415 - fonts are not needed to show a table
    from adapters.register import parse_register  # noqa: PLC0415 - polars is not needed to show a table
    from steps.judging import judge  # noqa: PLC0415 - polars is not needed to show a table

    return judge(
        parse_register(content, programme=facts.programme),
        programme=facts.programme,
        fiscal_year=facts.fiscal_year,
        glyphs=GlyphTable.load(default_font()),
        expect=expect,
        decisions=decisions,
    )


def _into_the_vault(
    office: Office, facts: Facts, content: bytes, judgement: Judgement, frame: "pl.DataFrame", *, by: str, via: str
) -> Outcome:
    """Write the vault first, then the act: a vault file that no record names is never read, and is overwritten."""
    digest, before = _sha(content), facts.record("take_extract", ExtractTaken)
    if before and (before.extract_sha256, before.held, before.exported) == (
        digest,
        judgement.held,
        judgement.exported,
    ):
        return Outcome(trigger="take_extract", state=facts.state, seq=0, repeated=True)
    vault = office.vault(facts.cycle_id, new=True)
    vault.write(f"extract-{digest[:12]}", content)
    addressees = ""
    if judgement.verdict == "accepted":
        text = _as_lines(_with_serials(frame, first=1))
        addressees = vault.write(f"addressees-{_sha(text)[:12]}", text)
    record = _record(facts, judgement, addressees)
    return office.door.perform(
        Ask(
            cycle_id=facts.cycle_id,
            trigger="take_extract",
            by=by,
            record=record,
            key=f"{facts.cycle_id}/take_extract/{secrets.token_hex(8)}",
            via=via,
            evidence=Evidence(by_machine=True),
        )
    )


def _record(facts: Facts, judgement: Judgement, addressees: str) -> ExtractTaken:
    from adapters.fonts import default_font  # noqa: PLC0415 - fonts are not needed to show a table

    window = facts.programme.extract.window(facts.fiscal_year)
    return ExtractTaken(
        extract_sha256=judgement.sha256,
        encoding=judgement.encoding,
        raw_hits=judgement.persons,
        excluded=dict(judgement.excluded),
        exported=judgement.exported,
        held=judgement.held,
        rows=tuple(RowHeld(row=held.row, column=held.column, code=held.code) for held in judgement.rows),
        born_from=judgement.born[0] if judgement.born else window[0],
        born_to=judgement.born[1] if judgement.born else window[1],
        window_from=window[0],
        window_to=window[1],
        months=dict(judgement.months),
        font_sha256=default_font().sha256,
        warnings=judgement.warnings,
        addressees_sha256=addressees,
    )


def _perform_additions(office: Office, facts: Facts, record: AdditionsTaken, by: str, via: str) -> Outcome:
    return office.door.perform(
        Ask(
            cycle_id=facts.cycle_id, trigger="take_additions", by=by, record=record, via=via,
            key=f"{facts.cycle_id}/take_additions/{record.extract_sha256}", evidence=Evidence(by_machine=True),
        )
    )  # fmt: skip


def _refused(office: Office, facts: Facts, judgement: Judgement, *, by: str, via: str) -> Taken:
    """Tell the ledger of an extract that was not taken, in codes and counts; it stays where it lies."""
    codes: dict[str, int] = {}
    for finding in judgement.findings:
        if finding.verdict == "refused":
            codes[finding.code] = codes.get(finding.code, 0) + finding.count
    data: Mapping[str, object] = {"extract_sha256": judgement.sha256, "findings": codes}
    office.door.note(facts.cycle_id, "extract_refused", by=by, via=via, data=data)
    return Taken(judgement=judgement, outcome=None, source_left=True)


def _with_serials(frame: "pl.DataFrame", *, first: int) -> list[Addressee]:
    """Give serials in an order that tells nothing about anybody, and return the addressees in serial order."""
    rows = list(frame.select("宛名番号", "氏名", "郵便番号", "住所").iter_rows())
    random.SystemRandom().shuffle(rows)
    return [
        Addressee(serial=serial, number=number, name=name, postal_code=postal_code, address=address)
        for serial, (number, name, postal_code, address) in enumerate(rows, start=first)
    ]


def _as_lines(rows: Sequence[Addressee]) -> bytes:
    return "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows).encode()


def _last_serial(office: Office, cycle_id: str) -> int:
    with reading(office.engine) as connection:
        return max(office.door.facts(connection, cycle_id).pieces.serials(), default=0)


def _decisions(office: Office, cycle_id: str, content: bytes) -> Sequence[Decision]:
    """Return the stored decisions if they are about this very extract."""
    taken = papers.facts_of(office, cycle_id).record("take_extract", ExtractTaken)
    same = taken is not None and taken.extract_sha256 == _sha(content)
    return _stored_decisions(office, cycle_id) if same else ()


def _stored_decisions(office: Office, cycle_id: str) -> Sequence[Decision]:
    held = tables.HeldRow
    query = select(held).where(col(held.cycle_id) == cycle_id, col(held.how) != "").order_by(col(held.row))
    with reading(office.engine) as connection:
        return [_decision(row.row, row.how, row.reason, row.substitute) for row in connection.execute(query)]


def _decision(row: int, how: str, reason: str, substitute: str) -> Decision:
    for known in ("exclude", "accept", "substitute"):
        if how == known:
            return Decision(row=row, how=known, reason=reason, substitute=substitution(substitute))
    raise BadInput(_("A decision is exclude, accept or substitute."), _("Choose one with --as."))


def _taken_content(office: Office, facts: Facts) -> bytes:
    taken = facts.record("take_extract", ExtractTaken)
    if taken is None:
        raise Unknown(_("No extract is taken yet."), _("Take it first: tsudoi extract take FILE --year YEAR"))
    return office.vault(facts.cycle_id).read(f"extract-{taken.extract_sha256[:12]}")


def _content_of(path: Path, facts: Facts) -> bytes:
    from adapters.register import register_bytes  # noqa: PLC0415 - polars is not needed to show a table

    return register_bytes(path, programme=facts.programme)


def from_inbox(office: Office) -> Path:
    inbox = office.settings.inbox
    found = sorted(p for p in inbox.glob("*") if not p.name.startswith(".")) if inbox.is_dir() else []
    if len(found) != 1:
        raise Unknown(
            _("The inbox holds {count} files; one extract is expected.").format(count=len(found)),
            _("Put the extract into {inbox}, alone.").format(inbox=inbox),
        )
    return found[0]


def _emptied(office: Office, source: Path) -> bool:
    """Erase the extract from the inbox after taking; a file that lies elsewhere is not ours to erase.

    It is set apart first: a kill leaves it whole, or apart for the next taking to erase, but never half erased for an
    extract.
    """
    if source.resolve().parent != office.settings.inbox.resolve():
        return False
    source.rename(source.with_name(f".{source.name}{_TAKEN}"))
    _erase_what_is_taken(office)
    return True


def _erase_what_is_taken(office: Office) -> None:
    from adapters.vault import shred  # noqa: PLC0415 - cryptography is not needed to show a table

    for path in office.settings.inbox.glob(f".*{_TAKEN}"):
        shred(path)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
