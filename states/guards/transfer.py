"""Guards of the transfer: encryption, custody, separation, the receiver's own count (W-OP-07..09, C-OP-07..10)."""

from datetime import timedelta

from models.people import Side
from models.records.extraction import ProtectionRechecked
from models.records.media_return import ItemsReturned
from models.records.transfer import MediumHandedOver, Movement, PackageSealed, PasswordHandedOver, ReceiptReported
from states.facts import Facts, Shortfall, Verdict
from states.guards.base import claims, claims_of, recorded

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

# What comes back; electronic copies are erased (Law 7).
_THINGS = ("medium", "password_notice", "spoiled_sheets", "pulled_pieces")
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


@claims_of(MediumHandedOver, proves=("W-SY-05", "C-SY-05"))
def medium_was_scanned_today(facts: Facts, record: MediumHandedOver) -> Verdict:
    """The virus scan found nothing and was made on the day the medium leaves."""
    return record.scan_clean and record.scanned_on == facts.today


@claims_of(Movement, proves=("W-OP-08", "C-OP-08"))
def bag_is_locked(_facts: Facts, record: Movement) -> Verdict:
    """It is carried in a locked bag or the like."""
    return record.locked_bag


@claims_of(Movement, proves=("W-OP-08",))
def handed_over_in_person(_facts: Facts, record: Movement) -> Verdict:
    """It is handed over in person."""
    return record.in_person


@claims_of(Movement, proves=("W-OP-04", "C-OP-04"))
def both_hands_are_registered(facts: Facts, record: Movement) -> Verdict:
    """Giver and receiver are on the register of people, valid today, the receiver with the contractor."""
    giver, receiver = facts.people.get(record.giver), facts.people.get(record.receiver)
    return (
        giver is not None
        and receiver is not None
        and giver.is_valid_on(facts.today)
        and receiver.is_valid_on(facts.today)
        and receiver.side is Side.CONTRACTOR
    )


@claims_of(MediumHandedOver)
def item_is_the_sealed_medium(facts: Facts, record: MediumHandedOver) -> Verdict:
    """The item is the medium of the sealed package and is with the ward."""
    return _is_with_ward(facts, record.item, "medium")


@claims_of(PasswordHandedOver)
def item_is_the_notice(facts: Facts, record: PasswordHandedOver) -> Verdict:
    """The item is the password notice of the sealed package and is with the ward."""
    return _is_with_ward(facts, record.item, "password_notice")


@claims_of(PasswordHandedOver, proves=("W-OP-07", "C-OP-07"))
def password_goes_on_another_occasion(facts: Facts, record: PasswordHandedOver) -> Verdict:
    """The password notice goes on another occasion and another slip than the medium, after the set interval."""
    medium, done = facts.record("hand_over_medium", MediumHandedOver), facts.done.get("hand_over_medium")
    if medium is None or done is None:
        return False
    apart = facts.now - done.occurred_at >= timedelta(hours=facts.programme.consignment.separation_hours)
    return apart and record.occasion != medium.occasion and record.slip != medium.slip


@claims_of(ReceiptReported)
def hash_is_the_sealed_one(facts: Facts, record: ReceiptReported) -> Verdict:
    """The SHA-256 that the contractor read is the one of the sealed package."""
    sealed = facts.record("seal_package", PackageSealed)
    return sealed is not None and record.package_sha256 == sealed.package_sha256


@claims_of(ReceiptReported, proves=("C-SY-05",))
def arrived_clean_and_whole(_facts: Facts, record: ReceiptReported) -> Verdict:
    """Medium and seal arrived in good condition and the contractor's virus scan found nothing."""
    return record.condition_good and record.scan_clean


@claims_of(ReceiptReported)
def received_count_agrees(facts: Facts, record: ReceiptReported) -> Verdict:
    """The contractor's own count equals what was sealed."""
    return record.received == facts.pieces.count("exported", origin="extract")


@claims(owes="report_receipt")
def received_equals_exported(facts: Facts) -> Verdict:
    """Received equals exported: the contractor's own count, hash and the state on arrival agree."""
    report = facts.record("report_receipt", ReceiptReported)
    return report is not None and all(
        guard.check(facts, report) for guard in (received_count_agrees, hash_is_the_sealed_one, arrived_clean_and_whole)
    )


@claims_of(ProtectionRechecked)
def nothing_has_left_yet(facts: Facts, _record: ProtectionRechecked) -> Verdict:
    """The encrypted package is not sealed yet."""
    return "seal_package" not in facts.done


@claims(owes="return_items", proves=("W-OP-11", "C-OP-11"))
def every_item_is_back(facts: Facts) -> Verdict:
    """Every medium, password notice and imprinted sheet that went out is back."""
    out = facts.items_in("with_contractor", *_THINGS)
    return Shortfall(names=" ".join(item.number for item in out)) if out else True


@claims_of(ItemsReturned)
def returned_items_were_out(facts: Facts, record: ItemsReturned) -> Verdict:
    """Every returned item is a medium, a notice or a stack of sheets that was with the contractor."""
    out = {item.number for item in facts.items_in("with_contractor", *_THINGS)}
    strange = sorted(set(record.items) - out)
    return Shortfall(names=" ".join(strange)) if strange else True


def _is_with_ward(facts: Facts, number: str, kind: str) -> bool:
    return any(item.number == number for item in facts.items_in("with_ward", kind))
