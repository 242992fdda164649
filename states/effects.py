"""What an act changes beside the state: a closed list of effects, and the pure functions that name them.

The door carries effects out in the transaction of the act. An effect is plain data: nothing here touches a database.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar, cast

from models.records import (
    enclosing,
    erasure,
    extraction,
    mailing,
    media_return,
    oversight,
    people,
    printing,
    supervision,
    transfer,
)
from models.records.base import ActRecord
from states.facts import ELECTRONIC, RECHECKS, Facts, Guard
from states.rules.supervision import next_due, open_findings

# The ward's copies that the machine makes and erases itself, numbered in this order.
WARD_COPY = "WC"
LETTERS = "LT"  # the letters of a cancelled year, one stack
WARD_COPIES = ("inbox", "vault", "vault_key", "vault_key_backup", "sealed_package", "sealed_additions")

R = TypeVar("R", bound=ActRecord)


@dataclass(frozen=True, kw_only=True)
class AddPieces:
    """Serials come into being."""

    serials: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class MovePieces:
    """Serials go on to a state; None means every piece of `origin` that is in one of `froms`, "" means no piece."""

    to: str
    froms: tuple[str, ...]
    serials: str | None = None
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class MakeItem:
    """A custody item comes into being with somebody."""

    number: str
    kind: str
    state: str
    content: str


@dataclass(frozen=True, kw_only=True)
class MoveItem:
    """A custody item changes hands or ends; where the rules know no such change, only the ledger tells it (Law 8)."""

    number: str
    to: str


@dataclass(frozen=True, kw_only=True)
class HoldRows:
    """The held rows of an extract replace those of the one before; decisions stay where it is the same extract."""

    rows: tuple[extraction.RowHeld, ...]
    same_extract: bool


@dataclass(frozen=True, kw_only=True)
class DecideRow:
    """A held row is decided by the actor."""

    decision: extraction.RowDecided


@dataclass(frozen=True, kw_only=True)
class SetHold:
    """The cycle is held, or goes on."""

    on: bool


@dataclass(frozen=True, kw_only=True)
class OpenIncident:
    """An incident opens."""

    kind: str
    known_on: date


@dataclass(frozen=True, kw_only=True)
class SettleIncident:
    """An incident is settled."""

    incident: int


@dataclass(frozen=True, kw_only=True)
class ClaimMeasures:
    """Measures are claimed with evidence."""

    claim: oversight.MeasuresClaimed
    received_on: date


@dataclass(frozen=True, kw_only=True)
class RedactText:
    """A text beside the ledger, and every copy of it in the tables, is taken out."""

    entry: int
    place: str


@dataclass(frozen=True, kw_only=True)
class MoveDeadline:
    """An act is owed on another day."""

    act: str
    to: date
    reason: str


@dataclass(frozen=True, kw_only=True)
class OweAct:
    """An act that the schedule does not hold by itself is owed by a day that was set when it was found necessary."""

    act: str
    due_on: date


@dataclass(frozen=True, kw_only=True)
class OweAgain:
    """An act of the schedule that was done counts no more: it is owed again by its day, where it may still be done."""

    act: str


@dataclass(frozen=True, kw_only=True)
class DropActs:
    """What the schedule still holds for a cycle that is cancelled or closed is owed no more, but for these acts."""

    keep: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EnterPeople:
    """People stand on the register as their entries say; a key that they have stays."""

    people: tuple[people.PersonEntered, ...]


@dataclass(frozen=True, kw_only=True)
class GiveKey:
    """From now on this is a person's public key."""

    person: str
    public_key: str


Effect = (
    AddPieces
    | MovePieces
    | MakeItem
    | MoveItem
    | HoldRows
    | DecideRow
    | SetHold
    | OpenIncident
    | SettleIncident
    | ClaimMeasures
    | MoveDeadline
    | RedactText
    | OweAct
    | OweAgain
    | DropActs
    | EnterPeople
    | GiveKey
)
Effects = Callable[[Facts, ActRecord], tuple[Effect, ...]]


def effects_of(_kind: type[R]) -> Callable[[Callable[[Facts, R], tuple[Effect, ...]]], Effects]:
    """Mark a function as the effects of an act that brings this kind of record."""

    def mark(function: Callable[[Facts, R], tuple[Effect, ...]]) -> Effects:
        def effects(facts: Facts, record: ActRecord) -> tuple[Effect, ...]:
            return function(facts, cast("R", record))

        return effects

    return mark


def nothing_more(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """An act that changes no more than itself."""
    return ()


@effects_of(extraction.ExtractReceived)
def original_exists(_facts: Facts, record: extraction.ExtractReceived) -> tuple[Effect, ...]:
    """The encrypted file that the register section handed over is a copy to be destroyed."""
    return (_original(record.item, "encrypted_extract"),)


@effects_of(extraction.ExtractTaken)
def rows_are_held(facts: Facts, record: extraction.ExtractTaken) -> tuple[Effect, ...]:
    """The held rows wait for decisions; a file that still lies elsewhere is a copy to be destroyed."""
    before = facts.record("take_extract", extraction.ExtractTaken)
    same = before is not None and before.extract_sha256 == record.extract_sha256
    return (HoldRows(rows=record.rows, same_extract=same), *_left_elsewhere(record))


def _left_elsewhere(record: extraction.FileTaken) -> tuple[MakeItem, ...]:
    return (_original(record.original, "plain_extract"),) if record.original else ()


def _original(number: str, content: str) -> MakeItem:
    return MakeItem(number=number, kind="extract_original", state="with_ward", content=content)


@effects_of(extraction.RowDecided)
def row_is_decided(_facts: Facts, record: extraction.RowDecided) -> tuple[Effect, ...]:
    """One held row is decided."""
    return (DecideRow(decision=record),)


@effects_of(extraction.ExtractChecked)
def pieces_are_exported(facts: Facts, _record: extraction.ExtractChecked) -> tuple[Effect, ...]:
    """Every exported person becomes a piece under the serial that the extract gave."""
    taken = facts.record("take_extract", extraction.ExtractTaken)
    return (AddPieces(serials=taken.serials, origin="extract"),) if taken else ()


@effects_of(extraction.ProtectionRechecked)
def protected_pieces_stay(_facts: Facts, record: extraction.ProtectionRechecked) -> tuple[Effect, ...]:
    """Before anything has left, a newly protected person's piece is pulled at once."""
    return (MovePieces(serials=record.newly_protected, froms=("exported",), to="pulled"),)


@effects_of(extraction.ChangesTaken)
def changed_pieces_stay(facts: Facts, record: extraction.ChangesTaken) -> tuple[Effect, ...]:
    """Before anything has left, everybody whom the change list names is pulled at once; then a pull list is due."""
    if "seal_package" in facts.done:
        return ()
    named = (record.newly_protected, record.moved, record.died)
    return tuple(MovePieces(serials=serials, froms=("exported",), to="pulled") for serials in named)


@effects_of(extraction.ListWithdrawn)
def rechecks_are_owed_again(facts: Facts, record: extraction.ListWithdrawn) -> tuple[Effect, ...]:
    """A re-check by the wrong list was none."""
    told = {act: facts.record(act, extraction.ProtectionRechecked) for act in RECHECKS}
    return tuple(OweAgain(act=act) for act, it in told.items() if it and it.list_sha256 == record.list_sha256)


@effects_of(extraction.ProtectedListed)
def list_of_protected_exists(_facts: Facts, record: extraction.ProtectedListed) -> tuple[Effect, ...]:
    """The list for ward staff is a copy to be destroyed."""
    return (MakeItem(number=record.item, kind="protected_list", state="with_ward", content="protected_persons"),)


@effects_of(printing.LettersHandedOut)
def file_of_letters_exists(_facts: Facts, record: printing.LettersHandedOut) -> tuple[Effect, ...]:
    """The letters that left the vault to be printed are a copy to be destroyed."""
    return (MakeItem(number=record.item, kind="letters_file", state="with_ward", content="addressees"),)


@effects_of(extraction.AdditionsTaken)
def pieces_are_added(_facts: Facts, record: extraction.AdditionsTaken) -> tuple[Effect, ...]:
    """Late move-ins become new serials; a file that still lies elsewhere is a copy to be destroyed."""
    return (AddPieces(serials=record.serials, origin="addition"), *_left_elsewhere(record))


@effects_of(extraction.ExtractTaken)
def rows_are_held_and_copies_registered(facts: Facts, record: extraction.ExtractTaken) -> tuple[Effect, ...]:
    """The held rows wait for decisions; what the machine itself keeps is in the register of copies."""
    return (*rows_are_held(facts, record), *_ward_copies(facts, ("inbox", "vault", "vault_key", "vault_key_backup")))


def _ward_copies(facts: Facts, contents: tuple[str, ...]) -> tuple[Effect, ...]:
    known = {item.number for item in facts.items}
    numbers = {content: f"{WARD_COPY}-{facts.fiscal_year}-{WARD_COPIES.index(content) + 1:02}" for content in contents}
    return tuple(
        MakeItem(number=number, kind=ELECTRONIC, state="with_ward", content=content)
        for content, number in numbers.items()
        if number not in known
    )


@effects_of(erasure.WardDataErased)
def ward_copies_are_erased(facts: Facts, _record: erasure.WardDataErased) -> tuple[Effect, ...]:
    """What the machine itself kept is gone: vault, key and its backup, inbox, the sealed packages."""
    mine = (item for item in facts.copies_in("with_ward") if item.number.startswith(f"{WARD_COPY}-"))
    return tuple(MoveItem(number=item.number, to="erased") for item in mine)


@effects_of(erasure.WardCopiesErased)
def named_copies_are_erased(_facts: Facts, record: erasure.WardCopiesErased) -> tuple[Effect, ...]:
    """The ward's copies that are named are erased."""
    return tuple(MoveItem(number=copy.copy_number, to="erased") for copy in record.copies)


@effects_of(transfer.PackageSealed)
def medium_and_notice_exist(facts: Facts, record: transfer.PackageSealed) -> tuple[Effect, ...]:
    """The medium and the password notice are custody items of the ward; the package lies there until it is erased."""
    return _sealed(facts, record, "sealed_package")


@effects_of(transfer.AdditionsSealed)
def medium_and_notice_of_additions_exist(facts: Facts, record: transfer.AdditionsSealed) -> tuple[Effect, ...]:
    """The second package has a medium, a password notice and a ward copy of its own."""
    return _sealed(facts, record, "sealed_additions")


def _sealed(facts: Facts, record: transfer.PackageSealed, copy: str) -> tuple[Effect, ...]:
    return (
        *_ward_copies(facts, (copy,)),
        MakeItem(number=record.medium, kind="medium", state="with_ward", content="encrypted_package"),
        MakeItem(number=record.notice, kind="password_notice", state="with_ward", content="password"),
    )


@effects_of(transfer.Movement)
def item_goes_out(_facts: Facts, record: transfer.Movement) -> tuple[Effect, ...]:
    """The item is with the contractor."""
    return (MoveItem(number=record.item, to="with_contractor"),)


@effects_of(transfer.ItemMoved)
def item_changes_hands(facts: Facts, record: transfer.ItemMoved) -> tuple[Effect, ...]:
    """The item is with whoever received it; what was not registered is registered by its movement."""
    state = f"with_{record.to}"
    if facts.kind_of(record.item):
        return (MoveItem(number=record.item, to=state),)
    return (MakeItem(number=record.item, kind=record.kind, state=state, content=record.kind),)


@effects_of(transfer.ItemLost)
def item_is_lost(facts: Facts, record: transfer.ItemLost) -> tuple[Effect, ...]:
    """The item is lost, an incident is open and the cycle is held."""
    return (
        MoveItem(number=record.item, to="lost"),
        OpenIncident(kind="loss", known_on=facts.today),
        SetHold(on=True),
    )


@effects_of(transfer.NoticeReprinted)
def new_notice_exists(_facts: Facts, record: transfer.NoticeReprinted) -> tuple[Effect, ...]:
    """The new notice is an item of the ward; the former stays with whoever has it, or is lost."""
    new = MakeItem(number=record.notice, kind="password_notice", state="with_ward", content="password")
    return (new, MoveItem(number=record.former, to="lost")) if record.reason == "lost" else (new,)


@effects_of(transfer.ReceiptReported)
def copies_are_registered(facts: Facts, record: transfer.ReceiptReported) -> tuple[Effect, ...]:
    """Every copy made is a duty to erase; one that is registered already stays as it is."""
    return _registered(facts, record.copies, "contractor")


@effects_of(transfer.CopiesRegistered)
def named_copies_are_registered(facts: Facts, record: transfer.CopiesRegistered) -> tuple[Effect, ...]:
    """Every copy named is a duty to erase of whoever has it; on paper it is a duty to return."""
    return _registered(facts, record.copies, record.holder)


def _registered(facts: Facts, copies: tuple[transfer.CopyMade, ...], holder: transfer.Holder) -> tuple[Effect, ...]:
    known = {item.number for item in facts.items}
    return tuple(
        MakeItem(
            number=copy.copy_number,
            kind="paper" if copy.lies_on == "paper" else ELECTRONIC,
            state=f"with_{holder}",
            content=copy.kind,
        )
        for copy in copies
        if copy.copy_number not in known
    )


@effects_of(printing.ImprintSampleSubmitted)
def sample_is_an_item(facts: Facts, record: printing.ImprintSampleSubmitted) -> tuple[Effect, ...]:
    """Sample sheets with real names are a stack that must come back."""
    if not record.sample_stack or facts.kind_of(record.sample_stack):
        return ()
    stack = MakeItem(
        number=record.sample_stack, kind="proof_sheets", state="with_contractor", content="imprinted"
    )  # fmt: skip
    return (stack,)


@effects_of(printing.PrintingReported)
def letters_are_printed(facts: Facts, record: printing.PrintingReported) -> tuple[Effect, ...]:
    """Serials printed well go on; spoiled imprinted sheets become a stack that must come back."""
    good = MovePieces(serials=record.good, froms=("exported",), to="printed")
    return (good, *_stacked(facts, record.spoiled_stack if record.spoiled else "", "spoiled_sheets"))


@effects_of(enclosing.PullListAcknowledged)
def pieces_are_pulled(facts: Facts, record: enclosing.PullListAcknowledged) -> tuple[Effect, ...]:
    """Pulled serials end as pulled, whatever stage they had reached; what is imprinted must come back."""
    pulled = MovePieces(serials=record.pulled, froms=("exported", "printed", "enclosed"), to="pulled")
    imprinted = facts.pieces.within(record.pulled, "printed", "enclosed")
    return (pulled, *_stacked(facts, _stack_of(facts, record) if imprinted else "", "pulled_pieces"))


@effects_of(enclosing.DifferencesSettled)
def replaced_sheets_are_kept(facts: Facts, record: enclosing.DifferencesSettled) -> tuple[Effect, ...]:
    """What was replaced or taken out is imprinted and must come back."""
    return _stacked(facts, record.stack, "spoiled_sheets")


@effects_of(enclosing.EnclosingReported)
def letters_are_enclosed(_facts: Facts, record: enclosing.EnclosingReported) -> tuple[Effect, ...]:
    """Sealed serials go on."""
    return (MovePieces(serials=record.sealed, froms=("printed",), to="enclosed"),)


def additions_go_through(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """Whoever the programme says has printed and enclosed the additional letters."""
    return (
        MovePieces(origin="addition", froms=("exported",), to="printed"),
        MovePieces(origin="addition", froms=("printed",), to="enclosed"),
    )


def letters_are_posted(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """Every enclosed piece is posted."""
    return (MovePieces(froms=("enclosed",), to="posted"),)


@effects_of(mailing.RetrievalRequested)
def retrieval_is_an_incident(_facts: Facts, record: mailing.RetrievalRequested) -> tuple[Effect, ...]:
    """What is asked back should not have been posted: an incident opens and the cycle is held."""
    return (OpenIncident(kind="retrieval", known_on=record.requested_on), SetHold(on=True))


@effects_of(supervision.ContractorInspected)
def findings_are_owed(facts: Facts, record: supervision.ContractorInspected) -> tuple[Effect, ...]:
    """What was found is to be put right by its date, the earliest first."""
    due_on = next_due(facts, record.found)
    return (OweAct(act="settle_finding", due_on=due_on),) if due_on else ()


@effects_of(supervision.FindingSettled)
def other_findings_stay_owed(facts: Facts, record: supervision.FindingSettled) -> tuple[Effect, ...]:
    """The findings that are left are owed by the earliest of their dates."""
    due_on = next_due(facts, settled=record.finding)
    return (OweAct(act="settle_finding", due_on=due_on),) if due_on else ()


@effects_of(media_return.ItemsReturned)
def items_come_back(_facts: Facts, record: media_return.ItemsReturned) -> tuple[Effect, ...]:
    """Returned items are with the ward again."""
    return tuple(MoveItem(number=number, to="with_ward") for number in record.items)


@effects_of(erasure.ErasureReported)
def copies_are_erased(_facts: Facts, record: erasure.ErasureReported) -> tuple[Effect, ...]:
    """Every covered copy is erased."""
    return tuple(MoveItem(number=copy.copy_number, to="erased") for copy in record.copies)


@effects_of(erasure.ItemsDestroyed)
def items_are_destroyed(_facts: Facts, record: erasure.ItemsDestroyed) -> tuple[Effect, ...]:
    """Destroyed items end."""
    return tuple(MoveItem(number=number, to="destroyed") for number in record.items)


@effects_of(erasure.ItemsDestroyedElsewhere)
def items_are_destroyed_elsewhere(_facts: Facts, record: erasure.ItemsDestroyedElsewhere) -> tuple[Effect, ...]:
    """Destroyed items end."""
    return tuple(MoveItem(number=number, to="destroyed") for number in record.items)


@effects_of(oversight.MeasuresClaimed)
def measures_count_as_claimed(facts: Facts, record: oversight.MeasuresClaimed) -> tuple[Effect, ...]:
    """The claims stand in this cycle only; next year begins with none."""
    return (ClaimMeasures(claim=record, received_on=facts.today),)


def cycle_stops(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """The cycle is held."""
    return (SetHold(on=True),)


def cycle_goes_on(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """The hold ends."""
    return (SetHold(on=False),)


def schedule_ends(facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """A cancelled cycle owes only return, erasure and close, and of these only what it gave cause for.

    No letter of it is posted: every piece is pulled, and what is imprinted already is a stack that must come back.
    """
    letters = _imprinted_letters(facts)
    causes = {
        "return_items": facts.went_out(),
        "return_media": True,
        "report_erasure": facts.went_out(),
        "confirm_erasure": True,
        "end_returned_mail": "post" in facts.done,
        "erase_ward_data": "take_extract" in facts.done,
        "settle_finding": bool(open_findings(facts)),
        "destroy_items": bool(letters) or any(item.is_thing for item in facts.items),
        "close": True,
    }
    keep = DropActs(keep=tuple(act for act, caused in causes.items() if caused))
    if "post" in facts.done:
        return (keep, SetHold(on=False))
    return (keep, SetHold(on=False), *letters, MovePieces(to="pulled", froms=("exported", "printed", "enclosed")))


def _imprinted_letters(facts: Facts) -> tuple[MakeItem, ...]:
    """Return the letters of a year that is cancelled: at the ward once delivered there, else at the contractor's."""
    if "post" in facts.done or not facts.pieces.count("printed", "enclosed"):
        return ()
    delivered = "inspect_delivery" in facts.done and facts.programme.consignment.poster == "ward"
    state = "with_ward" if delivered else "with_contractor"
    return (MakeItem(number=f"{LETTERS}-{facts.fiscal_year}-01", kind="letters", state=state, content="imprinted"),)


def year_ends(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """A closed cycle owes nothing: nobody is reminded of it any more."""
    return (DropActs(keep=("close",)),)


@effects_of(oversight.IncidentReported)
def incident_opens(_facts: Facts, record: oversight.IncidentReported) -> tuple[Effect, ...]:
    """The incident opens and the cycle is held."""
    return (OpenIncident(kind=record.kind, known_on=record.known_on), SetHold(on=True))


@effects_of(oversight.DeviationRecorded)
def deviation_opens_an_incident(facts: Facts, _record: oversight.DeviationRecorded) -> tuple[Effect, ...]:
    """A deviation is an incident until somebody settles it."""
    return (OpenIncident(kind="deviation", known_on=facts.today), SetHold(on=True))


def deviation(guards: Iterable[Guard], broken: Iterable[str], today: date) -> tuple[Effect, ...]:
    """What broke a rule and happened all the same opens an incident of its kind and holds the cycle (Law 8)."""
    kinds = {guard.incident for guard in guards if guard.name in broken}
    return (OpenIncident(kind=min(kinds - {"deviation"}, default="deviation"), known_on=today), SetHold(on=True))


@effects_of(oversight.IncidentSettled)
def incident_is_settled(_facts: Facts, record: oversight.IncidentSettled) -> tuple[Effect, ...]:
    """The incident ends; the hold stays until it is released."""
    return (SettleIncident(incident=record.incident),)


@effects_of(oversight.DeadlineMoved)
def deadline_moves(_facts: Facts, record: oversight.DeadlineMoved) -> tuple[Effect, ...]:
    """The act is owed on the new day; the plan stays beside it."""
    return (MoveDeadline(act=record.act, to=record.to, reason=record.reason),)


@effects_of(oversight.TextRedacted)
def text_is_taken_out(_facts: Facts, record: oversight.TextRedacted) -> tuple[Effect, ...]:
    """The text is gone wherever the database had it; its commitment stays and opens for nobody."""
    return (RedactText(entry=record.entry, place=record.place),)


def _stacked(facts: Facts, number: str, kind: str) -> tuple[MakeItem, ...]:
    """Make a stack of imprinted paper that is with the contractor, unless there is none or it is known already."""
    if not number or number in {item.number for item in facts.items}:
        return ()
    return (MakeItem(number=number, kind=kind, state="with_contractor", content="imprinted"),)


def _stack_of(facts: Facts, record: enclosing.PullListAcknowledged) -> str:
    """Return the stack that was named, else the one of the spoiled sheets, else the year's first."""
    known = next((item.number for item in facts.items if item.kind == "spoiled_sheets"), "")
    return record.stack or known or f"S-{facts.fiscal_year}-01"


@effects_of(people.PeopleEntered)
def register_says_so(_facts: Facts, record: people.PeopleEntered) -> tuple[Effect, ...]:
    """The entries stand on the register."""
    return (EnterPeople(people=record.people),)


@effects_of(people.KeyGiven)
def key_is_in_force(_facts: Facts, record: people.KeyGiven) -> tuple[Effect, ...]:
    """The person signs with this key, and with no other."""
    return (GiveKey(person=record.person, public_key=record.public_key),)
