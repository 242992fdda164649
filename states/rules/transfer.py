"""Guards of the transfer: encryption, custody, separation, the receiver's own count (W-OP-07..09, C-OP-07..10)."""

import json
from datetime import datetime, timedelta

from models.clock import TOKYO, day_of
from models.people import Side
from models.records.extraction import ProtectionRechecked
from models.records.media_return import ItemsReturned
from models.records.transfer import (
    AdditionsReceived,
    AdditionsSealed,
    Carried,
    CopiesRegistered,
    ItemLost,
    ItemMoved,
    MediumHandedOver,
    Movement,
    NoticePrinted,
    NoticeReprinted,
    PackageReadBack,
    PackageSealed,
    PasswordHandedOver,
    ReceiptReported,
    SlipReprinted,
)
from models.serials import compact, expand
from states.facts import RECHECKS, Facts, Shortfall, Verdict
from states.rules.base import claims, claims_of, recorded, registered
from states.rules.supervision import may_subcontract

package_is_sealed = recorded(
    "seal_package", "The encrypted package is sealed.", name="package_is_sealed", proves=("W-OP-07",)
)
medium_is_handed_over = recorded("hand_over_medium", "The medium is handed over.", name="medium_is_handed_over")
password_is_handed_over = recorded(
    "hand_over_password", "The password notice is handed over.", name="password_is_handed_over"
)
receipt_is_reported = recorded(
    "report_receipt", "The contractor has reported the received count.", name="receipt_is_reported"
)

# What has a slip: every change of hands, and the posting.
_MOVEMENTS = ("receive_extract", "hand_over_medium", "hand_over_password", "record_movement", "return_items", "post")
_ELSEWHERE = ("with_contractor", "with_subcontractor")
_WARD = (Side.WARD, Side.REGISTER)
# Where an item is while somebody of this side hands it over.
_HELD_BY = {
    Side.WARD: ("with_ward",),
    Side.REGISTER: ("with_ward",),
    Side.CONTRACTOR: _ELSEWHERE,
}
# The additional extract tells it of the additional persons themselves.
_TELLS_WHO_IS_PROTECTED = ("take_additions", *RECHECKS[1:])
# By which act the contractor reports the receipt of what was sealed.
RECEIPTS = {"seal_package": "report_receipt", "seal_additions": "report_additions_receipt"}
RECHECK_IS_GOOD_FOR = timedelta(hours=24)  # domain.md 2: a snapshot of April did not know of May


@claims(owes="recheck_before_sealing")
def protection_is_freshly_rechecked(facts: Facts) -> Verdict:
    """Protected persons were re-checked within the last 24 hours."""
    done = facts.done.get("recheck_before_sealing")
    return done is not None and timedelta(0) <= facts.now - done.occurred_at <= RECHECK_IS_GOOD_FOR


@claims_of(PackageSealed, proves=("W-OP-07",))
def package_was_read_back(_facts: Facts, record: PackageSealed) -> Verdict:
    """The encrypted package was opened again and compared."""
    return record.read_back


@claims()
def no_good_package_is_sealed(facts: Facts) -> Verdict:
    """No package is sealed, or one that holds somebody who came under protection since."""
    return "seal_package" not in facts.done or bool(wrongly_inside(facts))


@claims(owes="seal_package")
def nobody_protected_is_inside(facts: Facts) -> Verdict:
    """Nobody who came under protection after the sealing is in the package; otherwise it is sealed anew."""
    inside = wrongly_inside(facts)
    return Shortfall(names=inside) if inside else True


def sealing_of(facts: Facts) -> str:
    """Return the act that sealed the package sealed last: the additions, once they are sealed."""
    return "seal_additions" if "seal_additions" in facts.done else "seal_package"


def sealed_last(facts: Facts) -> PackageSealed | None:
    """Return the package sealed last, None before the first."""
    return facts.record("seal_additions", AdditionsSealed) or facts.record("seal_package", PackageSealed)


def rows_sealed(facts: Facts) -> int:
    """Return how many persons the package sealed last holds."""
    additions = facts.record("seal_additions", AdditionsSealed)
    if additions is None:
        return facts.pieces.count("exported", origin="extract")
    return len(facts.pieces.serials(origin="addition") - set(expand(additions.held_back or "")))


def wrongly_inside(facts: Facts) -> str:
    """Return the serials that are in the sealed package and were pulled since."""
    sealed = facts.record("seal_package", PackageSealed)
    if sealed is None or sealed.held_back is None:
        return ""
    return compact(facts.pieces.serials("pulled") - set(expand(sealed.held_back)))


@claims()
def contractor_prints_additions(facts: Facts) -> Verdict:
    """The contractor prints the additional letters; where the ward does, they come by `tsudoi extract letters`."""
    return facts.programme.consignment.additions_printed_by == "contractor"


@claims()
def ward_prints_additions(facts: Facts) -> Verdict:
    """The ward prints the additional letters; where the contractor does, they leave as a package (`seal_additions`)."""
    return facts.programme.consignment.additions_printed_by == "ward"


@claims()
def additions_are_fresh(facts: Facts) -> Verdict:
    """The additional extract or a re-check of protected persons is of the last 24 hours (`tsudoi extract recheck`)."""
    told = (facts.done[act] for act in _TELLS_WHO_IS_PROTECTED if act in facts.done)
    return any(timedelta(0) <= facts.now - it.occurred_at <= RECHECK_IS_GOOD_FOR for it in told)


@claims()
def no_good_package_of_additions_is_sealed(facts: Facts) -> Verdict:
    """No additions are sealed, or they hold somebody to be pulled and are still here, or medium or notice is lost."""
    return sealed_additions_in_force(facts) is None


@claims_of(AdditionsSealed)
def nobody_to_be_pulled_is_sealed(facts: Facts, record: AdditionsSealed) -> Verdict:
    """Nobody who is pulled or to be pulled is in the package of additions."""
    inside = additions_held_back(facts) - set(expand(record.held_back or ""))
    return Shortfall(names=compact(inside)) if inside else True


@claims_of(ItemMoved, owes="seal_additions")
def additions_leave_without_the_protected(facts: Facts, record: ItemMoved) -> Verdict:
    """Nobody pulled or to be pulled since the sealing leaves on the medium of the additions: it is sealed anew."""
    leaving = _leaving(facts, record)
    return leaving is None or nobody_to_be_pulled_is_sealed.check(facts, leaving)


@claims_of(ItemMoved, owes="read_back_package")
def additions_were_read_back_today(facts: Facts, record: ItemMoved) -> Verdict:
    """The package of additions was opened again, rows counted and hash compared, on the day its medium leaves."""
    return _leaving(facts, record) is None or package_was_read_back_today.check(facts, record)


@claims_of(ItemMoved)
def medium_of_additions_was_scanned_today(facts: Facts, record: ItemMoved) -> Verdict:
    """The virus scan of the medium of the additions found nothing and was made on the day it leaves."""
    return _leaving(facts, record) is None or (record.scan_clean is True and record.scanned_on == facts.today)


@claims()
def additions_have_left(facts: Facts) -> Verdict:
    """Medium and password notice of the additions have been handed over (`record_movement`)."""
    sealed = facts.record("seal_additions", AdditionsSealed)
    if sealed is None:
        return False
    here = [it for it in (sealed.medium, notice_in_force(facts)) if _state_of(facts, it) not in _ELSEWHERE]
    return Shortfall(names=" ".join(here)) if here else True


@claims(owes="report_additions_receipt")
def printed_additions_were_received(facts: Facts) -> Verdict:
    """Where the contractor prints the additional letters, its own count, hash and the state on arrival agree."""
    if facts.programme.consignment.additions_printed_by == "ward" or not _additions_to_send(facts):
        return True
    report = facts.record("report_additions_receipt", AdditionsReceived)
    return report is not None and _came_whole(facts, report)


def _additions_to_send(facts: Facts) -> frozenset[int]:
    return facts.pieces.serials(origin="addition") - additions_held_back(facts)


def _leaving(facts: Facts, record: ItemMoved) -> AdditionsSealed | None:
    """Return the package of additions if it is its medium that leaves."""
    sealed = facts.record("seal_additions", AdditionsSealed)
    return sealed if sealed and record.item == sealed.medium and record.to != "ward" else None


def additions_held_back(facts: Facts) -> frozenset[int]:
    """Return the serials of additional persons who do not leave: they are pulled, or named to be pulled."""
    return facts.pieces.serials(origin="addition") & (facts.pieces.serials("pulled") | set(expand(facts.to_pull)))


def sealed_additions_in_force(facts: Facts) -> AdditionsSealed | None:
    """Return the package of additions that is good, None where one is to be sealed (again)."""
    sealed = facts.record("seal_additions", AdditionsSealed)
    if sealed is None or "lost" in {_state_of(facts, sealed.medium), _state_of(facts, notice_in_force(facts))}:
        return None
    has_left = _state_of(facts, sealed.medium) != "with_ward"
    return sealed if has_left or nobody_to_be_pulled_is_sealed.check(facts, sealed) is True else None


@claims(owes="read_back_package", proves=("W-OP-07",))
def package_was_read_back_today(facts: Facts) -> Verdict:
    """The package was opened again, its rows counted and its hash compared on the day the medium leaves."""
    sealed = sealed_last(facts)
    if sealed is None:
        return False
    done = facts.done[sealing_of(facts)]
    back, tested = facts.record("read_back_package", PackageReadBack), facts.done.get("read_back_package")
    if back and tested and tested.on == facts.today and back.package_sha256 == sealed.package_sha256:
        return read_back_found_nothing_wrong.check(facts, back)
    return done.on == facts.today and sealed.read_back


@claims()
def sealed_medium_is_here(facts: Facts) -> Verdict:
    """The medium of the package sealed last has not left the ward yet."""
    sealed = sealed_last(facts)
    return sealed is not None and _state_of(facts, sealed.medium) == "with_ward"


@claims_of(PackageReadBack)
def read_back_found_nothing_wrong(_facts: Facts, record: PackageReadBack) -> Verdict:
    """The sealed package has its hash, opens with its password, and holds the rows that were exported."""
    return record.hash_agrees and record.opened and record.rows_agree


@claims_of(MediumHandedOver, proves=("W-SY-05", "C-SY-05"))
def medium_was_scanned_today(facts: Facts, record: MediumHandedOver) -> Verdict:
    """The virus scan found nothing and was made on the day the medium leaves."""
    return record.scan_clean and record.scanned_on == facts.today


@claims_of(Carried, proves=("W-OP-08", "C-OP-08"))
def bag_is_locked(_facts: Facts, record: Carried) -> Verdict:
    """It is carried in a locked bag or the like."""
    return record.locked_bag


@claims_of(Movement, proves=("W-OP-08",))
def handed_over_in_person(_facts: Facts, record: Movement) -> Verdict:
    """It is handed over in person."""
    return record.in_person


@claims_of(ItemsReturned, proves=("W-OP-08",))
def returned_in_person(_facts: Facts, record: ItemsReturned) -> Verdict:
    """It is not returned by post or messenger but in person."""
    return record.in_person is not False


@claims_of(Carried)
def arrived_in_good_condition(_facts: Facts, record: Carried) -> Verdict:
    """It did not arrive damaged or with a broken seal."""
    return record.condition in {"", "good"}


@claims_of(Movement, proves=("W-OP-04", "C-OP-04"))
def both_hands_are_registered(facts: Facts, record: Movement) -> Verdict:
    """Giver and receiver are on the register of people, valid today, the receiver with the contractor."""
    return _hands(facts, record, receivers=(Side.CONTRACTOR,))


@claims_of(ItemsReturned, proves=("W-OP-04", "C-OP-04"))
def returning_hands_are_registered(facts: Facts, record: ItemsReturned) -> Verdict:
    """Giver, carrier and receiver of the return are on the register of people, valid today, the receiver the ward's."""
    return _hands(facts, record, receivers=_WARD)


@claims_of(ItemMoved, proves=("W-OP-04", "C-OP-04"))
def moving_hands_are_registered(facts: Facts, record: ItemMoved) -> Verdict:
    """Giver, carrier and receiver are on the register of people, valid today, the receiver on the side that has it."""
    return _hands(facts, record, receivers=_WARD if record.to == "ward" else (Side.CONTRACTOR,))


@claims_of(Movement)
def giver_holds_it(facts: Facts, record: Movement) -> Verdict:
    """The item is with the side that hands it over."""
    giver, state = facts.people.get(record.giver), _state_of(facts, record.item)
    if giver is None or not state:  # a stranger is told by another guard; a new stack is registered by its movement
        return True
    return True if state in _HELD_BY[giver.side] else Shortfall(names=record.item)


@claims_of(MediumHandedOver)
def item_is_the_sealed_medium(facts: Facts, record: MediumHandedOver) -> Verdict:
    """The item is the medium of the sealed package and is with the ward."""
    sealed = facts.record("seal_package", PackageSealed)
    return sealed is not None and record.item == sealed.medium and _state_of(facts, record.item) == "with_ward"


@claims_of(PasswordHandedOver)
def item_is_the_notice(facts: Facts, record: PasswordHandedOver) -> Verdict:
    """The item is the password notice of the sealed package, the one printed last, and is with the ward."""
    return record.item == notice_in_force(facts) and _state_of(facts, record.item) == "with_ward"


def notice_in_force(facts: Facts) -> str:
    """Return the number of the password notice that was printed last, "" before the sealing."""
    sealed, again = sealed_last(facts), facts.record("reprint_notice", NoticeReprinted)
    if sealed is None:
        return ""
    return max(sealed.notice, again.notice) if again else sealed.notice  # numbers go on, whichever came last


@claims_of(PasswordHandedOver, proves=("W-OP-07", "C-OP-07"))
def password_goes_on_another_occasion(facts: Facts, record: PasswordHandedOver) -> Verdict:
    """The password notice goes on another occasion and another slip than the medium, after the set interval."""
    return _goes_apart(facts, record, media_out(facts))


@claims_of(MediumHandedOver, proves=("W-OP-07", "C-OP-07"))
def medium_goes_on_another_occasion(facts: Facts, record: MediumHandedOver) -> Verdict:
    """The medium goes on another occasion and another slip than a password notice, with the set interval between."""
    return _goes_apart(facts, record, notices_out(facts))


@claims_of(ItemMoved, proves=("W-OP-07", "C-OP-07"))
def medium_and_notice_move_apart(facts: Facts, record: ItemMoved) -> Verdict:
    """On the way out medium and password notice move on other occasions and slips, with the set interval between."""
    others = {"medium": notices_out, "password_notice": media_out}.get(_kind_of(facts, record))
    return others is None or record.to == "ward" or _goes_apart(facts, record, others(facts))


@claims_of(PasswordHandedOver)
def another_person_carries_the_notice(facts: Facts, record: PasswordHandedOver) -> Verdict:
    """Another person carries the password notice than carried the medium."""
    return record.carried_by not in {move.carried_by for _at, move in media_out(facts)}


@claims_of(ItemsReturned)
def medium_and_notice_return_on_other_days(facts: Facts, record: ItemsReturned) -> Verdict:
    """Medium and password notice come back on different days."""
    returns = facts.every(ItemsReturned, "return_items")
    today = [items for at, items in returns if day_of(at) == facts.today]
    kinds = {facts.kind_of(number) for it in (record, *today) for number in it.items}
    return not {"medium", "password_notice"} <= kinds


@claims_of(ItemMoved, proves=("W-OP-03",))
def subcontractor_has_consent(facts: Facts, record: ItemMoved) -> Verdict:
    """Nothing goes to a subcontractor to whom the ward has not consented."""
    return record.to != "subcontractor" or may_subcontract(facts)


@claims_of(CopiesRegistered, proves=("W-OP-03",))
def copies_at_a_subcontractor_have_consent(facts: Facts, record: CopiesRegistered) -> Verdict:
    """No copy is with a subcontractor to whom the ward has not consented."""
    return record.holder != "subcontractor" or may_subcontract(facts)


@claims_of(CopiesRegistered)
def copies_have_numbers_of_their_own(facts: Facts, record: CopiesRegistered) -> Verdict:
    """Each copy has a number that no other item has."""
    numbers = [copy.copy_number for copy in record.copies]
    known = {item.number for item in facts.items}
    taken = {number for number in numbers if number in known or numbers.count(number) > 1}
    return Shortfall(names=" ".join(sorted(taken))) if taken else True


@claims_of(ItemLost)
def lost_item_was_in_somebodys_hands(facts: Facts, record: ItemLost) -> Verdict:
    """The lost item is registered and neither erased, destroyed nor lost already."""
    return _state_of(facts, record.item).startswith("with_") or Shortfall(names=record.item)


@claims_of(NoticePrinted)
def printed_notice_is_in_force(facts: Facts, record: NoticePrinted) -> Verdict:
    """The notice is the one printed last, and it is in a sealed envelope."""
    return record.in_sealed_envelope and record.notice == notice_in_force(facts)


@claims()
def password_is_still_needed(facts: Facts) -> Verdict:
    """A package is sealed and the contractor has not yet acknowledged by his report that the notice opens it."""
    return sealed_last(facts) is not None and not was_received(facts)


def was_received(facts: Facts) -> bool:
    """Tell whether the contractor has reported the receipt of the package sealed last."""
    sealing = sealing_of(facts)
    sealed, report = facts.done.get(sealing), facts.done.get(RECEIPTS[sealing])
    return sealed is not None and report is not None and report.seq > sealed.seq


@claims_of(NoticeReprinted)
def former_notice_is_not_lost(_facts: Facts, record: NoticeReprinted) -> Verdict:
    """The former notice is still in somebody's hands."""
    return record.reason != "lost"


@claims_of(SlipReprinted)
def slip_is_on_record(facts: Facts, record: SlipReprinted) -> Verdict:
    """A movement of that slip number is on record."""
    return any(json.loads(told.data)["slip"] == record.slip for told in facts.history.of(*_MOVEMENTS))


@claims_of(ReceiptReported)
def hash_is_the_sealed_one(facts: Facts, record: ReceiptReported) -> Verdict:
    """The SHA-256 that the contractor read is the one of the package sealed last."""
    sealed = sealed_last(facts)
    return sealed is not None and record.package_sha256 == sealed.package_sha256


@claims_of(ReceiptReported, proves=("C-SY-05",))
def arrived_clean_and_whole(_facts: Facts, record: ReceiptReported) -> Verdict:
    """Medium and seal arrived in good condition and the contractor's virus scan found nothing."""
    return record.condition_good and record.scan_clean


@claims_of(ReceiptReported, incident="count")
def received_count_agrees(facts: Facts, record: ReceiptReported) -> Verdict:
    """The contractor's own count equals what was sealed."""
    return record.received == rows_sealed(facts)


@claims(owes="report_receipt")
def received_equals_exported(facts: Facts) -> Verdict:
    """Received equals exported: the contractor's own count, hash and the state on arrival agree."""
    report = facts.record("report_receipt", ReceiptReported)
    return report is not None and _came_whole(facts, report)


def _came_whole(facts: Facts, report: ReceiptReported) -> bool:
    return all(
        guard.check(facts, report) for guard in (received_count_agrees, hash_is_the_sealed_one, arrived_clean_and_whole)
    )


@claims_of(ProtectionRechecked)
def nothing_has_left_yet(facts: Facts, _record: ProtectionRechecked) -> Verdict:
    """The medium has not left the ward yet."""
    return "hand_over_medium" not in facts.done


@claims(owes="return_items", proves=("W-OP-11", "C-OP-11"))
def every_item_is_back(facts: Facts) -> Verdict:
    """Every medium, password notice and imprinted sheet that went out is back."""
    out = facts.things_in(*_ELSEWHERE)
    return Shortfall(names=" ".join(item.number for item in out)) if out else True


@claims_of(ItemsReturned)
def returned_items_were_out(facts: Facts, record: ItemsReturned) -> Verdict:
    """Every returned item is a medium, a notice or a stack of sheets that was with the contractor."""
    strange = sorted(set(record.items) - {item.number for item in facts.things_in(*_ELSEWHERE)})
    return Shortfall(names=" ".join(strange)) if strange else True


Outward = tuple[tuple[datetime, Movement], ...]


def media_out(facts: Facts) -> Outward:
    """Return every movement by which a medium left the ward, with its moment."""
    return (*facts.every(MediumHandedOver, "hand_over_medium"), *_moved_out(facts, "medium"))


def notices_out(facts: Facts) -> Outward:
    """Return every movement by which a password notice left the ward, with its moment."""
    return (*facts.every(PasswordHandedOver, "hand_over_password"), *_moved_out(facts, "password_notice"))


def _moved_out(facts: Facts, kind: str) -> Outward:
    moves = facts.every(ItemMoved, "record_movement")
    return tuple((at, move) for at, move in moves if move.to != "ward" and _kind_of(facts, move) == kind)


def _goes_apart(facts: Facts, record: Movement, others: Outward) -> Verdict:
    """Name what both would share, and from when on they are far enough apart."""
    interval = timedelta(hours=facts.programme.consignment.separation_hours)
    shared: list[str] = []
    for at, other in others:
        if abs(facts.now - at) < interval:
            shared.append(f"≥ {(at + interval).astimezone(TOKYO):%Y-%m-%d %H:%M}")
        shared += [mine for mine, its in _places(record, other) if mine == its]
    return Shortfall(names="、".join(dict.fromkeys(shared))) if shared else True


def _places(record: Movement, other: Movement) -> tuple[tuple[str, str], ...]:
    return ((record.occasion, other.occasion), (record.slip, other.slip))


def _hands(facts: Facts, record: Carried, *, receivers: tuple[Side, ...]) -> bool:
    known = registered(facts, (record.giver, record.carried_by, record.receiver), facts.today)
    return known is True and facts.people[record.receiver].side in receivers


def _kind_of(facts: Facts, record: ItemMoved) -> str:
    return facts.kind_of(record.item) or record.kind


def _state_of(facts: Facts, number: str) -> str:
    return next((item.state for item in facts.items if item.number == number), "")
