"""The transfer: encryption, separation, the receiver's own count (W-OP-07..09, C-OP-07..10)."""

from datetime import timedelta

from models.people import Role, Side
from models.records import transfer
from models.records.extraction import ExtractTaken, ProtectionRechecked
from models.records.oversight import Confirmed
from models.serials import compact, expand
from states.effects import Effect, MakeItem, MoveItem, MovePieces
from states.facts import Facts, Shortfall, Verdict
from states.rows import COORDINATOR, MANAGER, RECHECK, REGISTRAR, WHILE_SEALED, Row
from states.rules import custody
from states.rules.approvals import APPROVED
from states.rules.base import claims, claims_of, recorded
from states.rules.dates import dated_after
from states.rules.measures import measures_of, shown_by
from states.rules.protection import RECHECK_IS_GOOD_FOR, newly_protected_are_ours
from states.rules.supervision import certificate_is_in_force, every_subcontractor_has_consent

_SHOWN = 16  # digits of a SHA-256 that tell two apart in a refusal


@claims_of(transfer.PackageSealed, owes="take_extract")
def font_is_the_judged_one(facts: Facts, record: transfer.PackageSealed) -> Verdict:
    """The letters are printed with the font that the extract was judged with; otherwise install that font again."""
    taken = facts.record("take_extract", ExtractTaken)
    judged = taken.font_sha256 if taken else ""
    return record.font_sha256 == judged or Shortfall(names=f"{record.font_sha256[:_SHOWN]} ≠ {judged[:_SHOWN]}")


package_is_sealed = recorded(
    "package_is_sealed", "seal_package", "The encrypted package is sealed.", proves=("W-OP-07",)
)
medium_is_handed_over = recorded("medium_is_handed_over", "hand_over_medium", "The medium is handed over.")
password_is_handed_over = recorded(
    "password_is_handed_over", "hand_over_password", "The password notice is handed over."
)
receipt_is_reported = recorded(
    "receipt_is_reported", "report_receipt", "The contractor has reported the received count."
)


@claims(owes="recheck_before_sealing")
def protection_is_freshly_rechecked(facts: Facts) -> Verdict:
    """Protected persons were re-checked within the last 24 hours."""
    done = facts.done.get("recheck_before_sealing")
    return done is not None and timedelta(0) <= facts.now - done.occurred_at <= RECHECK_IS_GOOD_FOR


@claims_of(transfer.PackageSealed, proves=("W-OP-07",))
def package_was_read_back(_facts: Facts, record: transfer.PackageSealed) -> Verdict:
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


def wrongly_inside(facts: Facts) -> str:
    """Return the serials that are in the sealed package and were pulled since."""
    sealed = facts.record("seal_package", transfer.PackageSealed)
    if sealed is None or sealed.held_back is None:
        return ""
    return compact(facts.pieces.serials("pulled") - set(expand(sealed.held_back)))


@claims()
def sealed_medium_is_here(facts: Facts) -> Verdict:
    """The medium of the package sealed last has not left the ward yet."""
    sealed = custody.sealed_last(facts)
    return sealed is not None and custody.state_of(facts, sealed.medium) == "with_ward"


@claims_of(transfer.MediumHandedOver, proves=("W-SY-05", "C-SY-05"))
def medium_was_scanned_today(facts: Facts, record: transfer.MediumHandedOver) -> Verdict:
    """The virus scan found nothing and was made on the day the medium leaves."""
    return record.scan_clean and record.scanned_on == facts.today


@claims_of(transfer.Movement, proves=("W-OP-04", "C-OP-04"))
def both_hands_are_registered(facts: Facts, record: transfer.Movement) -> Verdict:
    """Giver and receiver are on the register of people, valid today, the receiver with the contractor."""
    return custody.hands(facts, record, receivers=(Side.CONTRACTOR,))


@claims_of(transfer.MediumHandedOver)
def item_is_the_sealed_medium(facts: Facts, record: transfer.MediumHandedOver) -> Verdict:
    """The item is the medium of the sealed package and is with the ward."""
    sealed = facts.record("seal_package", transfer.PackageSealed)
    return sealed is not None and record.item == sealed.medium and custody.state_of(facts, record.item) == "with_ward"


@claims_of(transfer.PasswordHandedOver)
def item_is_the_notice(facts: Facts, record: transfer.PasswordHandedOver) -> Verdict:
    """The item is the password notice of the sealed package, the one printed last, and is with the ward."""
    return record.item == custody.notice_in_force(facts) and custody.state_of(facts, record.item) == "with_ward"


@claims_of(transfer.MediumHandedOver, proves=("W-OP-07", "C-OP-07"))
def medium_goes_on_another_occasion(facts: Facts, record: transfer.MediumHandedOver) -> Verdict:
    """The medium goes on another occasion and another slip than a password notice, with the set interval between."""
    return custody.goes_apart(facts, record, custody.notices_out(facts))


@claims_of(transfer.PasswordHandedOver)
def another_person_carries_the_notice(facts: Facts, record: transfer.PasswordHandedOver) -> Verdict:
    """Another person carries the password notice than carried the medium."""
    return record.carried_by not in {past.record.carried_by for past in custody.media_out(facts)}


@claims_of(transfer.NoticePrinted)
def printed_notice_is_in_force(facts: Facts, record: transfer.NoticePrinted) -> Verdict:
    """The notice is the one printed last, and it is in a sealed envelope."""
    return record.in_sealed_envelope and record.notice == custody.notice_in_force(facts)


@claims()
def password_is_still_needed(facts: Facts) -> Verdict:
    """A package is sealed and the contractor has not yet acknowledged by his report that the notice opens it."""
    return custody.sealed_last(facts) is not None and not was_received(facts)


def was_received(facts: Facts) -> bool:
    """Tell whether the contractor has reported the receipt of the package sealed last."""
    sealing = custody.sealing_of(facts)
    sealed, report = facts.done.get(sealing), facts.done.get(custody.RECEIPTS[sealing])
    return sealed is not None and report is not None and report.seq > sealed.seq


@claims_of(transfer.NoticeReprinted)
def former_notice_is_not_lost(_facts: Facts, record: transfer.NoticeReprinted) -> Verdict:
    """The former notice is still in somebody's hands."""
    return record.reason != "lost"


@claims(owes="report_receipt")
def received_equals_exported(facts: Facts) -> Verdict:
    """Received equals exported: the contractor's own count, hash and the state on arrival agree."""
    report = facts.record("report_receipt", transfer.ReceiptReported)
    return report is not None and custody.came_whole(facts, report)


@claims_of(ProtectionRechecked)
def nothing_has_left_yet(facts: Facts, _record: ProtectionRechecked) -> Verdict:
    """The medium has not left the ward yet."""
    return "hand_over_medium" not in facts.done


# By what the record of this hand-over shows the measures.
CAME_WELL = (
    *(
        shown_by(guard, act, kind)
        for act, kind in (
            ("hand_over_medium", transfer.MediumHandedOver), ("hand_over_password", transfer.PasswordHandedOver),
        )
        for guard in (custody.bag_is_locked, custody.handed_over_in_person)
    ),
    shown_by(medium_was_scanned_today, "hand_over_medium", transfer.MediumHandedOver),
    shown_by(custody.ward_kept_it_locked, "hand_over_medium", transfer.MediumHandedOver),
    *(
        shown_by(guard, "report_receipt", transfer.ReceiptReported)
        for guard in (
            custody.arrived_clean_and_whole, custody.contractor_keeps_it_locked, custody.readers_are_the_contractors,
        )
    ),
)  # fmt: skip


def protected_pieces_stay(_facts: Facts, record: ProtectionRechecked) -> tuple[Effect, ...]:
    """Before anything has left, a newly protected person's piece is pulled at once."""
    return (MovePieces(serials=record.newly_protected, froms=("exported",), to="pulled"),)


def medium_and_notice_exist(facts: Facts, record: transfer.PackageSealed) -> tuple[Effect, ...]:
    """The medium and the password notice are custody items of the ward; the package lies there until it is erased."""
    return custody.sealed_items(facts, record, "sealed_package")


def item_goes_out(_facts: Facts, record: transfer.Movement) -> tuple[Effect, ...]:
    """The item is with the contractor."""
    return (MoveItem(number=record.item, to="with_contractor"),)


def new_notice_exists(_facts: Facts, record: transfer.NoticeReprinted) -> tuple[Effect, ...]:
    """The new notice is an item of the ward; the former stays with whoever has it, or is lost."""
    new = MakeItem(number=record.notice, kind="password_notice", state="with_ward", content="password")
    return (new, MoveItem(number=record.former, to="lost")) if record.reason == "lost" else (new,)


ROWS = (
    Row(
        trigger="recheck_before_sealing", event="protection_rechecked_before_sealing",
        ja="支援措置再確認（媒体作成直前）", en="Re-check protected persons before sealing", froms=("extracted",),
        who=REGISTRAR, owner=Side.REGISTER, due="D-14bd", after=("extract",), repeats=True,
        under_hold=True, by_machine=True, command=RECHECK, record=ProtectionRechecked,
        guards=(newly_protected_are_ours, nothing_has_left_yet),
        then=protected_pieces_stay, source="支援措置, domain.md 2",
    ),
    Row(
        trigger="seal_package", event="package_sealed", ja="暗号化パッケージ作成", en="Seal the encrypted package",
        froms=("extracted",), who=REGISTRAR, owner=Side.REGISTER, due="D-14bd", after=("extract",), by_machine=True,
        repeats=True, record=transfer.PackageSealed,
        guards=(
            no_good_package_is_sealed, nothing_has_left_yet, protection_is_freshly_rechecked, package_was_read_back,
            font_is_the_judged_one,
        ),
        then=medium_and_notice_exist, source="W-OP-07",
    ),
    Row(
        trigger="read_back_package", event="package_read_back", ja="読戻し試験", en="Read the package back",
        froms=WHILE_SEALED, who=(Role.REGISTRAR, Role.COORDINATOR), owner=Side.REGISTER, repeats=True,
        by_machine=True, record=transfer.PackageReadBack,
        guards=(package_is_sealed, sealed_medium_is_here), source="W-OP-07",
    ),
    Row(
        trigger="record_notice_printed", event="notice_printed", ja="パスワード通知書の印刷・封入",
        en="Record that the password notice is printed and in its envelope", froms=WHILE_SEALED,
        who=(Role.REGISTRAR, Role.COORDINATOR), owner=Side.REGISTER, repeats=True, under_hold=True,
        record=transfer.NoticePrinted, guards=(printed_notice_is_in_force,), source="W-OP-07",
    ),
    Row(
        trigger="reprint_notice", event="notice_reprinted", ja="パスワード通知書の再発行",
        en="Reprint the password notice", froms=WHILE_SEALED, who=(Role.REGISTRAR, Role.COORDINATOR),
        owner=Side.REGISTER, repeats=True, under_hold=True, by_machine=True, record=transfer.NoticeReprinted,
        guards=(password_is_still_needed,), deviations=(former_notice_is_not_lost,),
        then=new_notice_exists, source="W-OP-07",
    ),
    Row(
        trigger="hand_over_medium", event="medium_handed_over", ja="媒体手渡し", en="Hand over the medium",
        froms=("extracted",), who=COORDINATOR, owner=Side.WARD, due="D-14bd", after=("seal_package",), handover=True,
        record=transfer.MediumHandedOver,
        deviations=(
            package_is_sealed, item_is_the_sealed_medium, custody.giver_holds_it, protection_is_freshly_rechecked,
            nobody_protected_is_inside, custody.package_was_read_back_today, medium_was_scanned_today,
            medium_goes_on_another_occasion, custody.bag_is_locked, custody.handed_over_in_person,
            custody.arrived_in_good_condition, both_hands_are_registered, custody.contractors_hands_are_named,
            every_subcontractor_has_consent, certificate_is_in_force, custody.ward_kept_it_locked,
        ),
        then=item_goes_out, source="W-OP-07, W-OP-08, W-OP-09, W-OP-10",
    ),
    Row(
        trigger="hand_over_password", event="password_handed_over", ja="パスワード通知書手渡し（別機会）",
        en="Hand over the password notice", froms=("extracted",), who=COORDINATOR, owner=Side.WARD, due="D-13bd",
        after=("hand_over_medium",), repeats=True, handover=True, record=transfer.PasswordHandedOver,
        deviations=(
            medium_is_handed_over, item_is_the_notice, custody.giver_holds_it,
            custody.password_goes_on_another_occasion, custody.bag_is_locked, custody.handed_over_in_person,
            custody.arrived_in_good_condition, both_hands_are_registered, custody.contractors_hands_are_named,
        ),
        warnings=(another_person_carries_the_notice,),
        then=item_goes_out, source="W-OP-07, W-OP-08, W-OP-09",
    ),
    Row(
        trigger="report_receipt", event="receipt_reported", ja="受領件数・ウイルス検査報告", en="Report the receipt",
        froms=("extracted",), who=MANAGER, owner=Side.CONTRACTOR, due="D-12bd", after=("hand_over_password",),
        repeats=True, record=transfer.ReceiptReported,
        guards=(medium_is_handed_over, password_is_handed_over, dated_after("pattern_on")),
        deviations=(
            custody.received_count_agrees, custody.hash_is_the_sealed_one, custody.arrived_clean_and_whole,
            *custody.KEPT_BY_THE_CONTRACTOR,
        ),
        then=custody.copies_are_registered, source="C-OP-07, C-OP-09, C-OP-10, C-SY-05, C-SY-07",
    ),
    Row(
        trigger="hand_over", event="data_handed_over", ja="引渡し・受領確認", en="Confirm hand-over and receipt",
        froms=("extracted",), to="transferred", who=COORDINATOR, approval=True, owner=Side.WARD, due="D-12bd",
        after=("report_receipt",),
        carries=("report_receipt", "claim_measures"), record=Confirmed,
        guards=(
            medium_is_handed_over, password_is_handed_over, receipt_is_reported, received_equals_exported,
            every_subcontractor_has_consent, *APPROVED,
            measures_of("hand_over", every_subcontractor_has_consent, *custody.WENT_APART, *CAME_WELL),
        ),
        source="W-OP-09, Law 7",
    ),
)  # fmt: skip
