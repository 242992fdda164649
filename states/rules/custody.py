"""Custody over all stages: hands, bags, slips, copies; medium and password notice apart; what is sealed and out."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from models.clock import TOKYO
from models.people import Side
from models.records import transfer
from models.records.enclosing import DeliveryInspected
from models.records.extraction import FileTaken
from models.records.mailing import MailReturned, Posted
from models.records.preparation import HandlersRegistered
from models.records.printing import ImprintSampleSubmitted
from models.serials import compact, expand, minus
from models.words import _
from states.effects import Effect, MakeItem, MoveItem, OpenIncident, SetHold
from states.facts import ELECTRONIC, Facts, Past, Shortfall, Verdict
from states.rows import ANYBODY, LIVE, Row
from states.rules.base import claims, claims_of, no_serial_of, none_of, registered
from states.rules.dates import dated_after
from states.rules.measures import shown_by
from states.rules.supervision import flow_is_acknowledged, may_subcontract

# What has a slip: every change of hands, and the posting.
_MOVEMENTS = (
    "receive_extract", "hand_over_medium", "hand_over_password", "record_movement", "submit_imprint_sample",
    "inspect_delivery", "post", "record_returned_mail", "return_items", "destroy_items",
)  # fmt: skip
ELSEWHERE = ("with_contractor", "with_subcontractor")
WARD_SIDES = (Side.WARD, Side.REGISTER)
# Where an item is while somebody of this side hands it over.
_HELD_BY = {Side.WARD: ("with_ward",), Side.REGISTER: ("with_ward",), Side.CONTRACTOR: ELSEWHERE}
# By which act the contractor reports the receipt of what was sealed.
RECEIPTS = {"seal_package": "report_receipt", "seal_additions": "report_additions_receipt"}


def sealing_of(facts: Facts) -> str:
    """Return the act that sealed the package sealed last: the additions, once they are sealed."""
    return "seal_additions" if "seal_additions" in facts.done else "seal_package"


def sealed_last(facts: Facts) -> transfer.PackageSealed | None:
    """Return the package sealed last, None before the first."""
    return facts.record("seal_additions", transfer.AdditionsSealed) or facts.record(
        "seal_package", transfer.PackageSealed
    )


def rows_sealed(facts: Facts) -> int:
    """Return how many persons the package sealed last holds."""
    additions = facts.record("seal_additions", transfer.AdditionsSealed)
    if additions is None:
        return facts.pieces.count("exported", origin="extract")
    return len(facts.pieces.serials(origin="addition") - set(expand(additions.held_back or "")))


@claims_of(transfer.AdditionsSealed)
def nobody_to_be_pulled_is_sealed(facts: Facts, record: transfer.AdditionsSealed) -> Verdict:
    """Nobody who is pulled or to be pulled is in the package of additions."""
    return no_serial_of(additions_held_back(facts) - set(expand(record.held_back or "")))


@claims_of(transfer.ItemMoved, owes="seal_additions")
def additions_leave_without_the_protected(facts: Facts, record: transfer.ItemMoved) -> Verdict:
    """Nobody pulled or to be pulled since the sealing leaves on the medium of the additions: it is sealed anew."""
    leaving = _leaving(facts, record)
    return leaving is None or nobody_to_be_pulled_is_sealed.check(facts, leaving)


@claims_of(transfer.ItemMoved, owes="read_back_package")
def additions_were_read_back_today(facts: Facts, record: transfer.ItemMoved) -> Verdict:
    """The package of additions was opened again, rows counted and hash compared, on the day its medium leaves."""
    return _leaving(facts, record) is None or package_was_read_back_today.check(facts, record)


@claims_of(transfer.ItemMoved)
def medium_of_additions_was_scanned_today(facts: Facts, record: transfer.ItemMoved) -> Verdict:
    """The virus scan of the medium of the additions found nothing and was made on the day it leaves."""
    return _leaving(facts, record) is None or (record.scan_clean is True and record.scanned_on == facts.today)


def _leaving(facts: Facts, record: transfer.ItemMoved) -> transfer.AdditionsSealed | None:
    """Return the package of additions if it is its medium that leaves."""
    sealed = facts.record("seal_additions", transfer.AdditionsSealed)
    return sealed if sealed and record.item == sealed.medium and record.to != "ward" else None


def additions_held_back(facts: Facts) -> frozenset[int]:
    """Return the serials of additional persons who do not leave: they are pulled, or named to be pulled."""
    return facts.pieces.serials(origin="addition") & (facts.pieces.serials("pulled") | set(expand(facts.to_pull)))


@claims(owes="read_back_package", proves=("W-OP-07",))
def package_was_read_back_today(facts: Facts) -> Verdict:
    """The package was opened again, its rows counted and its hash compared on the day the medium leaves."""
    sealed = sealed_last(facts)
    if sealed is None:
        return False
    done = facts.done[sealing_of(facts)]
    back, tested = facts.record("read_back_package", transfer.PackageReadBack), facts.done.get("read_back_package")
    if back and tested and tested.on == facts.today and back.package_sha256 == sealed.package_sha256:
        return read_back_found_nothing_wrong.check(facts, back)
    return done.on == facts.today and sealed.read_back


@claims_of(transfer.PackageReadBack)
def read_back_found_nothing_wrong(_facts: Facts, record: transfer.PackageReadBack) -> Verdict:
    """The sealed package has its hash, opens with its password, and holds the rows that were exported."""
    return record.hash_agrees and record.opened and record.rows_agree


@claims_of(transfer.Handed, proves=("W-OP-07", "C-OP-07", "W-OP-08", "C-OP-08"))
def bag_is_locked(facts: Facts, record: transfer.Handed) -> Verdict:
    """It is carried in a locked bag or the like."""
    return bool(record.locked_bag) or not is_handed_over(facts, record)


@claims_of(transfer.Handed, proves=("W-OP-09", "C-OP-09"))
def hands_and_slip_are_told(facts: Facts, record: transfer.Handed) -> Verdict:
    """Who handed it over, who received it and the number of its slip are told; sheets of a sample have a number too."""
    if not is_handed_over(facts, record):
        return True
    asked = ["giver", "receiver", "slip", *(["sample_stack"] if isinstance(record, ImprintSampleSubmitted) else [])]
    return none_of(_(type(record).model_fields[name].title or name) for name in asked if not getattr(record, name))


@claims_of(transfer.Handed, proves=("W-OP-04", "C-OP-04"))
def contractor_gives_to_the_ward(facts: Facts, record: transfer.Handed) -> Verdict:
    """The contractor's people hand it over and carry it, the ward's receive it: all on the register of people today."""
    brings = [(person, (Side.CONTRACTOR,)) for person in (record.giver, record.carried_by)]
    return on_their_sides(facts, (*brings, (record.receiver, WARD_SIDES)))


def on_their_sides(facts: Facts, hands_of: Iterable[tuple[str, tuple[Side, ...]]]) -> Verdict:
    """Name who of those told is not on the register today, or on another side; "" is another claim's."""
    known = ((name, facts.people.get(name), sides) for name, sides in hands_of if name)
    return none_of(
        dict.fromkeys(
            name
            for name, person, sides in known
            if person is None or not person.is_valid_on(facts.today) or person.side not in sides
        )
    )


def is_handed_over(facts: Facts, record: transfer.Handed) -> bool:
    """Tell what moves something from a second look at a delivery, and from a sample without a sheet of a resident."""
    if isinstance(record, ImprintSampleSubmitted):
        return bool(record.sample_stack) or record.shows_residents
    if isinstance(record, DeliveryInspected):
        before = facts.past("inspect_delivery", DeliveryInspected)
        return record.tells_hands or not any(past.record.tells_hands for past in before)
    return True


@claims_of(transfer.Movement, proves=("W-OP-07", "C-OP-07", "W-OP-08", "C-OP-08"))
def handed_over_in_person(_facts: Facts, record: transfer.Movement) -> Verdict:
    """It is handed over in person."""
    return record.in_person


@claims_of(transfer.Handed)
def arrived_in_good_condition(_facts: Facts, record: transfer.Handed) -> Verdict:
    """It did not arrive damaged or with a broken seal."""
    return record.condition in {"", "good"}


@claims_of(transfer.ItemMoved, proves=("W-OP-04", "C-OP-04"))
def moving_hands_are_registered(facts: Facts, record: transfer.ItemMoved) -> Verdict:
    """Giver, carrier and receiver are on the register of people, valid today, the receiver on the side that has it."""
    return hands(facts, record, receivers=WARD_SIDES if record.to == "ward" else (Side.CONTRACTOR,))


@claims_of(transfer.Handed, owes="register_handlers", proves=("W-OP-04", "C-OP-04"))
def contractors_hands_are_named(facts: Facts, record: transfer.Handed | Posted) -> Verdict:
    """Who carries or receives for the contractor is named in this year's notice of handlers, or in a change of it."""
    hands_told = (record.giver, record.carrier, "" if isinstance(record, Posted) else record.receiver)
    theirs = (name for name in hands_told if name in facts.people and facts.people[name].side is Side.CONTRACTOR)
    named = named_in_the_notice(facts)
    return none_of(dict.fromkeys(name for name in theirs if name not in named))


def named_in_the_notice(facts: Facts) -> frozenset[str]:
    """Return whom the contractor's notice named at that moment: a later one takes the place of an earlier."""
    filed = facts.past("register_handlers", HandlersRegistered)
    notices = [past.record for past in filed if past.at <= facts.now]
    return frozenset({notices[-1].handling_manager, *notices[-1].handlers}) if notices else frozenset()


@claims_of(transfer.Movement)
def giver_holds_it(facts: Facts, record: transfer.Movement) -> Verdict:
    """The item is with the side that hands it over."""
    giver, state = facts.people.get(record.giver), state_of(facts, record.item)
    if giver is None or not state:  # a stranger is told by another guard; a new stack is registered by its movement
        return True
    return True if state in _HELD_BY[giver.side] else Shortfall(names=record.item)


def notice_in_force(facts: Facts) -> str:
    """Return the number of the password notice that was printed last, "" before the sealing."""
    sealed, again = sealed_last(facts), facts.record("reprint_notice", transfer.NoticeReprinted)
    if sealed is None:
        return ""
    return max(sealed.notice, again.notice) if again else sealed.notice  # numbers go on, whichever came last


@claims_of(transfer.ItemMoved, proves=("W-OP-07", "C-OP-07"))
def medium_and_notice_move_apart(facts: Facts, record: transfer.ItemMoved) -> Verdict:
    """On the way out medium and password notice move on other occasions and slips, with the set interval between."""
    others = {"medium": notices_out, "password_notice": media_out}.get(_kind_of(facts, record))
    return others is None or record.to == "ward" or goes_apart(facts, record, others(facts))


@claims_of(transfer.ItemMoved, proves=("W-OP-03",))
def subcontractor_has_consent(facts: Facts, record: transfer.ItemMoved) -> Verdict:
    """Nothing goes to a subcontractor to whom the ward has not consented."""
    return record.to != "subcontractor" or may_subcontract(facts)


@claims_of(transfer.CopiesRegistered, proves=("W-OP-03",))
def copies_at_a_subcontractor_have_consent(facts: Facts, record: transfer.CopiesRegistered) -> Verdict:
    """No copy is with a subcontractor to whom the ward has not consented."""
    return record.holder != "subcontractor" or may_subcontract(facts)


@claims_of(transfer.CopiesRegistered)
def copies_have_numbers_of_their_own(facts: Facts, record: transfer.CopiesRegistered) -> Verdict:
    """Each copy has a number that no other item has."""
    numbers = [copy.copy_number for copy in record.copies]
    known = {item.number for item in facts.items}
    taken = {number for number in numbers if number in known or numbers.count(number) > 1}
    return none_of(sorted(taken))


@claims_of(transfer.ItemLost)
def lost_item_was_in_somebodys_hands(facts: Facts, record: transfer.ItemLost) -> Verdict:
    """The lost item is registered and neither erased, destroyed nor lost already."""
    return state_of(facts, record.item).startswith("with_") or Shortfall(names=record.item)


@claims_of(transfer.SlipReprinted)
def slip_is_on_record(facts: Facts, record: transfer.SlipReprinted) -> Verdict:
    """A movement of that slip number is on record."""
    return any(json.loads(movement.data).get("slip") == record.slip for movement in facts.history.of(*_MOVEMENTS))


def slips_of_movements(facts: Facts) -> tuple[str, ...]:
    """Return the numbers of the slips that both sides stamp, in the order of the movements; the posting has its own."""
    moved = facts.history.of(*(act for act in _MOVEMENTS if act != "post"))
    return tuple(filter(None, dict.fromkeys(str(json.loads(movement.data).get("slip") or "") for movement in moved)))


@claims_of(transfer.ReceiptReported)
def hash_is_the_sealed_one(facts: Facts, record: transfer.ReceiptReported) -> Verdict:
    """The SHA-256 that the contractor read is the one of the package sealed last."""
    sealed = sealed_last(facts)
    return sealed is not None and record.package_sha256 == sealed.package_sha256


@claims_of(transfer.ReceiptReported, proves=("C-SY-05",))
def arrived_clean_and_whole(_facts: Facts, record: transfer.ReceiptReported) -> Verdict:
    """Medium and seal arrived in good condition and the contractor's virus scan found nothing."""
    return record.condition_good and record.scan_clean


def is_under_lock(place: str, *, locked: bool | None) -> bool:
    """Tell whether nothing is kept without a lock: no place is told without it, and no lock is denied."""
    return locked is True or (locked is None and not place)


@claims_of(transfer.ReceiptReported, proves=("C-OP-10",), tells="storage_place")
def contractor_keeps_it_locked(_facts: Facts, record: transfer.ReceiptReported) -> Verdict:
    """The contractor keeps the medium in a place that is locked."""
    return is_under_lock(record.storage_place, locked=record.locked)


@claims_of(transfer.MediumHandedOver, proves=("W-OP-10",), tells="storage_place")
def ward_kept_it_locked(_facts: Facts, record: transfer.MediumHandedOver) -> Verdict:
    """The ward kept the medium in a place that is locked until it left: it is put under lock and both are told."""
    return is_under_lock(record.storage_place, locked=record.locked)


@claims_of(transfer.ReceiptReported, proves=("C-SY-07",), tells="readers")
def readers_are_the_contractors(facts: Facts, record: transfer.ReceiptReported) -> Verdict:
    """Whoever may read the working folder is on the register today, with the contractor."""
    return on_their_sides(facts, ((person, (Side.CONTRACTOR,)) for person in record.readers))


@claims_of(transfer.ReceiptReported, proves=("C-OP-07",), tells="copies_encrypted")
def working_copies_are_encrypted(_facts: Facts, record: transfer.ReceiptReported) -> Verdict:
    """The contractor's working copies are encrypted."""
    return record.copies_encrypted is not False


@claims(owes="report_receipt", proves=("C-OP-09",))
def contractor_entered_it_in_his_ledger(facts: Facts) -> Verdict:
    """The contractor has told under which number he entered the receipt in his own control ledger."""
    report = facts.record("report_receipt", transfer.ReceiptReported)
    return report is not None and bool(report.ledger_line)


# What of a receipt makes a deviation beside its count, hash and scan.
KEPT_BY_THE_CONTRACTOR = (contractor_keeps_it_locked, readers_are_the_contractors, working_copies_are_encrypted)


@claims_of(transfer.ReceiptReported, incident="count")
def received_count_agrees(facts: Facts, record: transfer.ReceiptReported) -> Verdict:
    """The contractor's own count equals what was sealed."""
    return record.received == rows_sealed(facts)


def came_whole(facts: Facts, report: transfer.ReceiptReported) -> bool:
    return all(
        guard.check(facts, report) for guard in (received_count_agrees, hash_is_the_sealed_one, arrived_clean_and_whole)
    )


Outward = tuple[Past[transfer.Movement], ...]


def media_out(facts: Facts) -> Outward:
    """Return every movement by which a medium left the ward."""
    return (*facts.past("hand_over_medium", transfer.MediumHandedOver), *_moved_out(facts, "medium"))


def notices_out(facts: Facts) -> Outward:
    """Return every movement by which a password notice left the ward."""
    return (*facts.past("hand_over_password", transfer.PasswordHandedOver), *_moved_out(facts, "password_notice"))


def _moved_out(facts: Facts, kind: str) -> Outward:
    moves = facts.past("record_movement", transfer.ItemMoved)
    return tuple(it for it in moves if it.record.to != "ward" and _kind_of(facts, it.record) == kind)


def goes_apart(facts: Facts, record: transfer.Movement, others: Outward) -> Verdict:
    """Name what both would share, and from when on they are far enough apart."""
    interval = timedelta(hours=facts.programme.consignment.separation_hours)
    shared: list[str] = []
    for other in others:
        if abs(facts.now - other.at) < interval:
            shared.append(f"≥ {(other.at + interval).astimezone(TOKYO):%Y-%m-%d %H:%M}")
        places = ((record.occasion, other.record.occasion), (record.slip, other.record.slip))
        shared += [mine for mine, its in places if mine == its]
    return none_of(dict.fromkeys(shared), "、")


@claims_of(transfer.PasswordHandedOver, proves=("W-OP-07", "C-OP-07"))
def password_goes_on_another_occasion(facts: Facts, record: transfer.PasswordHandedOver) -> Verdict:
    """The password notice goes on another occasion and another slip than the medium, after the set interval."""
    return goes_apart(facts, record, media_out(facts))


# By what the record of a hand-over shows the measures, also to the steps after it.
WENT_APART = (
    shown_by(password_goes_on_another_occasion, "hand_over_password", transfer.PasswordHandedOver),
    shown_by(working_copies_are_encrypted, "report_receipt", transfer.ReceiptReported),
    contractor_entered_it_in_his_ledger,
    flow_is_acknowledged,
)


def hands(facts: Facts, record: transfer.Carried, *, receivers: tuple[Side, ...]) -> bool:
    known = registered(facts, (record.giver, record.carried_by, record.receiver), facts.today)
    return known is True and facts.people[record.receiver].side in receivers


def _kind_of(facts: Facts, record: transfer.ItemMoved) -> str:
    return facts.kind_of(record.item) or record.kind


def state_of(facts: Facts, number: str) -> str:
    return next((item.state for item in facts.items if item.number == number), "")


class Returned(NamedTuple):
    """A letter that came back: what became of it, and the stack in which it lies or lay."""

    outcome: str
    stack: str


def returned_letters(facts: Facts) -> dict[int, Returned]:
    """Return by serial what became of each letter that came back; one whose stack is destroyed is destroyed."""
    letters: dict[int, Returned] = {}
    for past in facts.past("record_returned_mail", MailReturned):
        for serial in expand(past.record.serials):
            before = letters.get(serial, Returned("", ""))
            letters[serial] = Returned(past.record.outcome, past.record.stack or before.stack)
    return {
        serial: letter._replace(outcome="destroyed")
        if letter.outcome == "kept" and state_of(facts, letter.stack) == "destroyed" else letter
        for serial, letter in letters.items()
    }  # fmt: skip


def coming_in(facts: Facts, record: MailReturned) -> str:
    """Return the letters that come in from the post office by a record: those that the ward does not have already."""
    return minus(record.serials, compact(at_the_ward(returned_letters(facts))))


def at_the_ward(letters: dict[int, Returned], *stacks: str) -> set[int]:
    """Return which of these letters the ward keeps, in any stack or in these."""
    return {
        serial for serial, (outcome, stack) in letters.items()
        if outcome == "kept" and (not stacks or stack in stacks)
    }  # fmt: skip


# The ward's copies that the machine makes and erases itself, numbered in this order.
WARD_COPY = "WC"
WARD_COPIES = ("inbox", "vault", "vault_key", "vault_key_backup", "sealed_package", "sealed_additions")


def left_elsewhere(record: FileTaken) -> tuple[MakeItem, ...]:
    return (original(record.original, "plain_extract"),) if record.original else ()


def original(number: str, content: str) -> MakeItem:
    return MakeItem(number=number, kind="extract_original", state="with_ward", content=content)


def ward_copies(facts: Facts, contents: tuple[str, ...]) -> tuple[Effect, ...]:
    known = {item.number for item in facts.items}
    numbers = {content: f"{WARD_COPY}-{facts.fiscal_year}-{WARD_COPIES.index(content) + 1:02}" for content in contents}
    return tuple(
        MakeItem(number=number, kind=ELECTRONIC, state="with_ward", content=content)
        for content, number in numbers.items()
        if number not in known
    )


def sealed_items(facts: Facts, record: transfer.PackageSealed, copy: str) -> tuple[Effect, ...]:
    return (
        *ward_copies(facts, (copy,)),
        MakeItem(number=record.medium, kind="medium", state="with_ward", content="encrypted_package"),
        MakeItem(number=record.notice, kind="password_notice", state="with_ward", content="password"),
    )


def item_changes_hands(facts: Facts, record: transfer.ItemMoved) -> tuple[Effect, ...]:
    """The item is with whoever received it; what was not registered is registered by its movement."""
    state = f"with_{record.to}"
    if facts.kind_of(record.item):
        return (MoveItem(number=record.item, to=state),)
    return (MakeItem(number=record.item, kind=record.kind, state=state, content=record.kind),)


def item_is_lost(facts: Facts, record: transfer.ItemLost) -> tuple[Effect, ...]:
    """The item is lost, an incident is open and the cycle is held."""
    return (MoveItem(number=record.item, to="lost"), OpenIncident(kind="loss", known_on=facts.today), SetHold(on=True))


def copies_are_registered(facts: Facts, record: transfer.ReceiptReported) -> tuple[Effect, ...]:
    """Every copy made is a duty to erase; one that is registered already stays as it is."""
    return _registered(facts, record.copies, "contractor")


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


def stacked(facts: Facts, number: str, kind: str, *, state: str = "with_contractor") -> tuple[MakeItem, ...]:
    """Make a stack of imprinted paper, with the contractor unless told otherwise; none where it is known already."""
    if not number or number in {item.number for item in facts.items}:
        return ()
    return (MakeItem(number=number, kind=kind, state=state, content="imprinted"),)


ROWS = (
    Row(
        trigger="record_movement", event="item_moved", ja="受渡しの記録", en="Record a movement", froms=LIVE,
        who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True, handover=True, record=transfer.ItemMoved,
        deviations=(
            giver_holds_it, medium_and_notice_move_apart, additions_leave_without_the_protected,
            additions_were_read_back_today, medium_of_additions_was_scanned_today, bag_is_locked,
            handed_over_in_person, arrived_in_good_condition, moving_hands_are_registered, contractors_hands_are_named,
            subcontractor_has_consent,
        ),
        then=item_changes_hands, source="W-OP-08, W-OP-09, 管理簿",
    ),
    Row(
        trigger="register_copies", event="copies_registered", ja="複製の登録", en="Register copies", froms=LIVE,
        who=ANYBODY, owner=Side.CONTRACTOR, repeats=True, under_hold=True, record=transfer.CopiesRegistered,
        guards=(copies_have_numbers_of_their_own,),
        deviations=(copies_at_a_subcontractor_have_consent,),
        then=named_copies_are_registered, source="C-OP-11, 複写の禁止",
    ),
    Row(
        trigger="record_loss", event="item_lost", ja="紛失の記録", en="Record a loss", froms=LIVE, who=ANYBODY,
        owner=Side.WARD, repeats=True, under_hold=True, record=transfer.ItemLost,
        guards=(lost_item_was_in_somebodys_hands, dated_after("noticed_on")),
        then=item_is_lost, source="W-OP-13, Law 8",
    ),
    Row(
        trigger="reprint_slip", event="slip_reprinted", ja="確認記録票の再発行", en="Reprint a slip", froms=LIVE,
        who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True, record=transfer.SlipReprinted,
        guards=(slip_is_on_record,), source="W-OP-09",
    ),
)  # fmt: skip
