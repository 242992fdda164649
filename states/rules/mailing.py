"""The go, the posting and what comes back: zero differences, and the check of the day itself."""

from models import postage
from models.people import Side
from models.records import mailing
from models.records.base import ActRecord
from models.records.enclosing import DeliveryInspected
from models.records.extraction import AdditionsTaken, ProtectionRechecked
from models.serials import count, expand
from models.words import _
from states.effects import Effect, MovePieces, OpenIncident, SetHold
from states.facts import Facts, Shortfall, Verdict
from states.rows import AFTER_POSTING, APPROVERS, COORDINATOR, EVER_AFTER, RECHECK, REGISTRAR, Row
from states.rules.base import agree, claims, claims_of, done_today, none_of, recorded
from states.rules.custody import WARD_SIDES, on_their_sides
from states.rules.measures import measures_of
from states.rules.protection import (
    final_pull_list_is_acknowledged,
    newly_protected_are_ours,
    no_changed_piece_is_left,
    no_protected_piece_is_left,
)

additions_are_enclosed = recorded("additions_are_enclosed", "enclose_additions", "The additional letters are enclosed.")
delivery_is_inspected = recorded(
    "delivery_is_inspected", "inspect_delivery", "The delivery is inspected and reconciled."
)


@claims(owes="inspect_delivery")
def last_inspection_found_nothing_wrong(facts: Facts) -> Verdict:
    """The last inspection of the delivery found nothing wrong."""
    last = facts.record("inspect_delivery", DeliveryInspected)
    return last is not None and last.wrong == 0


@claims(owes="acknowledge_final_pull_list")
def replaced_pieces_are_pulled(facts: Facts) -> Verdict:
    """Every piece that was replaced by a new one is pulled."""
    added = facts.record("take_additions", AdditionsTaken)
    left = facts.pieces.within(added.replaced, "exported", "printed", "enclosed") if added else 0
    return left == 0 or Shortfall(names=added.replaced if added else "")


@claims(owes="complete_enclosing")
def every_serial_is_enclosed_or_pulled(facts: Facts) -> Verdict:
    """Every serial is enclosed or pulled: exported and added equal enclosed and pulled."""
    left = facts.pieces.named("exported", "printed")
    return Shortfall(names=left) if left else True


@claims_of(mailing.PostingApproved)
def approved_count_agrees(facts: Facts, record: mailing.PostingApproved) -> Verdict:
    """The approved number is the number of enclosed pieces."""
    return agree(facts.pieces.count("enclosed"), record.letters)


@claims_of(mailing.PostingApproved)
def approved_number_earns_its_discounts(facts: Facts, record: mailing.PostingApproved) -> Verdict:
    """The approved number reaches the minimum of every discount of the programme; below it the plain tariff is due."""
    return _earns(facts, record.letters)


@claims_of(mailing.Posted)
def posted_number_earns_its_discounts(facts: Facts, record: mailing.Posted) -> Verdict:
    """The accepted number reaches the minimum of every discount of the programme; below it the plain tariff was due."""
    return _earns(facts, record.accepted)


def _earns(facts: Facts, letters: int) -> Verdict:
    missed = postage.too_few(facts.programme.mailing, letters)
    return none_of((f"{name}: {letters:,} < {minimum:,}" for name, minimum in missed.items()), "、")


@claims(owes="approve_posting")
def posting_is_approved(facts: Facts) -> Verdict:
    """The posting is approved for the number of pieces that are enclosed now: a pull after the go asks again."""
    go = facts.record("approve_posting", mailing.PostingApproved)
    return go is not None and agree(facts.pieces.count("enclosed"), go.letters)


@claims(owes="recheck_before_posting")
def protection_was_rechecked_today(facts: Facts) -> Verdict:
    """Protected persons were re-checked on the day of posting."""
    # What leaves earlier than planned may have been re-checked for the final list, on the same day.
    return done_today(facts, ("recheck_before_final_list", "recheck_before_posting"))


@claims_of(mailing.Posted)
def accepted_number_equals_enclosed(facts: Facts, record: mailing.Posted) -> Verdict:
    """The number that the post office accepted equals the enclosed pieces."""
    return agree(facts.pieces.count("enclosed"), record.accepted)


@claims_of(mailing.Posted)
def posted_today(facts: Facts, record: mailing.Posted) -> Verdict:
    """The day of posting is not in the future."""
    return record.posted_on <= facts.today


@claims_of(mailing.Posted)
def giver_and_container_are_told(_facts: Facts, record: mailing.Posted) -> Verdict:
    """Who brought the letters to the post office, and whether in a locked container, is told."""
    told = {"giver": record.giver, "locked_bag": record.locked_bag is not None}
    return none_of(_(mailing.Posted.model_fields[name].title or name) for name, value in told.items() if not value)


@claims_of(mailing.Posted, proves=("W-OP-04", "C-OP-04"))
def poster_brings_the_letters(facts: Facts, record: mailing.Posted) -> Verdict:
    """People of the side that posts bring the letters to the post office: all on the register of people today."""
    sides = (Side.CONTRACTOR,) if facts.programme.consignment.poster == "contractor" else WARD_SIDES
    return on_their_sides(facts, ((record.giver, sides), (record.carrier, sides)))


@claims_of(mailing.Posted, proves=("W-OP-08", "C-OP-08"))
def letters_go_in_a_locked_container(_facts: Facts, record: mailing.Posted) -> Verdict:
    """The letters are carried to the post office in a locked container or the like."""
    return bool(record.locked_bag)


@claims_of(mailing.PostingReported)
def slip_copy_agrees(facts: Facts, record: mailing.PostingReported) -> Verdict:
    """The copy of the posting slip shows the posted number."""
    return agree(facts.pieces.count("posted"), record.accepted)


@claims_of(mailing.MailReturned)
def returned_mail_was_posted(facts: Facts, record: mailing.MailReturned) -> Verdict:
    """Every returned piece was posted."""
    return facts.pieces.within(record.serials, "posted") == count(record.serials)


@claims_of(mailing.RetrievalRequested)
def retrieved_pieces_were_posted(facts: Facts, record: mailing.RetrievalRequested) -> Verdict:
    """Only what was posted is asked back; before that a piece is pulled."""
    return facts.pieces.within(record.serials, "posted") == count(record.serials) > 0


@claims_of(mailing.ReturnedMailClosed)
def returned_counts_agree(facts: Facts, record: mailing.ReturnedMailClosed) -> Verdict:
    """The counts by reason do not contradict the returned mail that was recorded by serial."""
    counted = returned_by_reason(facts)
    returned = {reason: number for reason, number in record.returned.items() if number}
    return not counted or counted == returned or Shortfall(names=f"{_listed(counted)} ≠ {_listed(returned)}")


@claims()
def contractor_posts_only_if_referred(facts: Facts) -> Verdict:
    """Posting is among the consigned work wherever the contractor posts: without a referral the ward does."""
    consigned = facts.programme.consignment
    return consigned.poster == "ward" or "差出" in consigned.work


def returned_by_reason(facts: Facts) -> dict[str, int]:
    """Return how many pieces came back, by the reason that was recorded last for each."""
    reasons = {
        serial: past.record.reason
        for past in facts.past("record_returned_mail", mailing.MailReturned)
        for serial in expand(past.record.serials)
    }
    return {
        reason: sum(1 for piece_reason in reasons.values() if piece_reason == reason)
        for reason in sorted(set(reasons.values()))
    }


def _listed(counts: dict[str, int]) -> str:
    return " ".join(f"{reason}:{number}" for reason, number in sorted(counts.items())) or "0"


def letters_are_posted(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """Every enclosed piece is posted."""
    return (MovePieces(froms=("enclosed",), to="posted"),)


def retrieval_is_an_incident(_facts: Facts, record: mailing.RetrievalRequested) -> tuple[Effect, ...]:
    """What is asked back should not have been posted: an incident opens and the cycle is held."""
    return (OpenIncident(kind="retrieval", known_on=record.requested_on), SetHold(on=True))


POSTING = (
    Row(
        trigger="approve_posting", event="posting_approved", ja="差出承認", en="Approve the posting",
        froms=("enclosed",), who=COORDINATOR, second=APPROVERS, owner=Side.WARD, due="D-1bd",
        after=("inspect_delivery", "enclose_additions"), repeats=True, record=mailing.PostingApproved,
        guards=(
            contractor_posts_only_if_referred, delivery_is_inspected, last_inspection_found_nothing_wrong,
            final_pull_list_is_acknowledged, additions_are_enclosed, replaced_pieces_are_pulled,
            every_serial_is_enclosed_or_pulled, approved_count_agrees,
        ),
        warnings=(approved_number_earns_its_discounts,),
        source="承認記録, Law 7",
    ),
    Row(
        trigger="recheck_before_posting", event="protection_rechecked_before_posting", ja="支援措置再確認（差出当日）",
        en="Re-check protected persons on the day of posting", froms=("enclosed",), who=REGISTRAR,
        owner=Side.REGISTER, due="D", after=("approve_posting",), repeats=True,
        under_hold=True, by_machine=True, command=RECHECK, record=ProtectionRechecked,
        guards=(newly_protected_are_ours,), source="支援措置, domain.md 2",
    ),
    Row(
        trigger="post", event="letters_posted", ja="差出", en="Post", froms=("enclosed",), to="posted",
        who=COORDINATOR, owner=Side.WARD, setting="poster", due="D", after=("approve_posting",), handover=True,
        carries=("claim_measures",), record=mailing.Posted,
        guards=(
            posting_is_approved, protection_was_rechecked_today, no_protected_piece_is_left, no_changed_piece_is_left,
            final_pull_list_is_acknowledged, every_serial_is_enclosed_or_pulled, accepted_number_equals_enclosed,
            posted_today, measures_of("post"),
        ),
        deviations=(giver_and_container_are_told, poster_brings_the_letters, letters_go_in_a_locked_container),
        warnings=(posted_number_earns_its_discounts,),
        then=letters_are_posted, source="差出票, W-OP-08, W-OP-09, Law 7",
    ),
    Row(
        trigger="report_posting", event="posting_reported", ja="差出報告", en="Report the posting", froms=("posted",),
        who=COORDINATOR, owner=Side.WARD, setting="poster", due="D+1bd", after=("post",), repeats=True,
        record=mailing.PostingReported, guards=(slip_copy_agrees,), source="差出票写し",
    ),
    Row(
        trigger="request_retrieval", event="retrieval_requested", ja="取戻請求",
        en="Ask the post office for a posted piece back", froms=AFTER_POSTING, who=COORDINATOR, owner=Side.WARD,
        repeats=True, under_hold=True, record=mailing.RetrievalRequested,
        guards=(retrieved_pieces_were_posted,), then=retrieval_is_an_incident, source="郵便法34条",
    ),
    Row(
        trigger="record_returned_mail", event="mail_returned", ja="返戻の記録", en="Record returned mail",
        froms=EVER_AFTER, who=COORDINATOR, owner=Side.WARD, repeats=True, under_hold=True,
        record=mailing.MailReturned, guards=(returned_mail_was_posted,), source="返戻記録",
    ),
)  # fmt: skip

RETURNED_MAIL = (
    Row(
        trigger="end_returned_mail", event="returned_mail_closed", ja="返戻の受付終了",
        en="Close the returned-mail window", froms=AFTER_POSTING, who=COORDINATOR, owner=Side.WARD, due="S+5bd",
        not_before="post+14d",  # not in the source: what cannot be delivered comes back within two weeks
        carries=("record_returned_mail",),
        record=mailing.ReturnedMailClosed, guards=(returned_counts_agree,), source="返戻記録",
    ),
)  # fmt: skip
