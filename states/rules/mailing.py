"""The go, the posting and what comes back: zero differences, and the check of the day itself."""

from models import postage
from models.people import Side
from models.records import mailing
from models.records.base import ActRecord
from models.records.enclosing import DeliveryInspected, PullListAcknowledged
from models.records.extraction import AdditionsTaken, ProtectionRechecked
from models.records.transfer import PackageSealed
from models.serials import count, expand
from models.words import _
from states.effects import Effect, MakeItem, MoveItem, MovePieces, OpenIncident, SetHold
from states.facts import Facts, Shortfall, Verdict
from states.rows import AFTER_POSTING, APPROVERS, COORDINATOR, EVER_AFTER, RECHECK, REGISTRAR, Row
from states.rules.base import agree, claims, claims_of, done_today, none_of, recorded
from states.rules.custody import (
    WARD_SIDES,
    WENT_APART,
    at_the_ward,
    coming_in,
    contractors_hands_are_named,
    on_their_sides,
    returned_letters,
    state_of,
)
from states.rules.measures import measures_of
from states.rules.protection import (
    final_pull_list_is_acknowledged,
    newly_protected_are_ours,
    no_changed_piece_is_left,
    no_protected_piece_is_left,
)

additions_are_enclosed = recorded("additions_are_enclosed", "enclose_additions", "The additional letters are enclosed.")
# Of letters that went before, the number would be that of a year which knows of no sealed letters.
enclosing_is_confirmed = recorded(
    "enclosing_is_confirmed", "complete_enclosing", "Enclosing is confirmed: what is posted was sealed before."
)
delivery_is_inspected = recorded(
    "delivery_is_inspected", "inspect_delivery", "The delivery is inspected and reconciled."
)


@claims(owes="inspect_delivery")
def last_inspection_found_nothing_wrong(facts: Facts) -> Verdict:
    """The last inspection of the delivery found nothing wrong."""
    last = facts.record("inspect_delivery", DeliveryInspected)
    return last is not None and last.wrong == 0


@claims(owes="inspect_delivery")
def last_inspection_counted_every_letter(facts: Facts) -> Verdict:
    """The last inspection counted the letters that are enclosed, and those pulled since; after a difference again."""
    done, last = facts.done.get("inspect_delivery"), facts.record("inspect_delivery", DeliveryInspected)
    if done is None or last is None:
        return False
    pulls = facts.past("acknowledge_final_pull_list", PullListAcknowledged)
    since = set[int]().union(*(expand(pull.record.pulled) for pull in pulls if pull.seq > done.seq))
    pulled = since & facts.pieces.serials("pulled", origin="extract")
    return agree(facts.pieces.count("enclosed", origin="extract") + len(pulled), last.delivered)


@claims(owes="acknowledge_final_pull_list")
def replaced_pieces_are_pulled(facts: Facts) -> Verdict:
    """Every piece that was replaced by a new one is pulled."""
    added = facts.record("take_additions", AdditionsTaken)
    left = facts.pieces.within(added.replaced, "exported", "printed", "enclosed") if added else 0
    return left == 0 or Shortfall(names=added.replaced if added else "")


@claims(owes="complete_enclosing")
def every_serial_is_enclosed_or_pulled(facts: Facts) -> Verdict:
    """Every serial is enclosed or pulled, so that exported and added equal both; what is left is enclosed or pulled."""
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
    missed = postage.too_few(facts.programme.mailing, letters, letters_by_area(facts))
    return none_of((f"{name}: {number:,} < {minimum:,}" for name, number, minimum in missed), "、")


def letters_by_area(facts: Facts) -> dict[str, int] | None:
    """Return how many letters go within each area of the ward's at least; None where nobody counted them.

    They are counted at the sealing, and in which area a piece lies that was pulled since then nobody may know: so each
    area is taken to have lost them all. What was added later is counted in none.
    """
    sealed = facts.record("seal_package", PackageSealed)
    if sealed is None or not sealed.areas:
        return None
    pulled = facts.pieces.count("pulled", origin="extract") - count(sealed.held_back or "")
    return {area: max(0, number - pulled) for area, number in sealed.areas.items()}


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


@claims_of(mailing.Posted, incident="count")
def accepted_number_equals_enclosed(facts: Facts, record: mailing.Posted) -> Verdict:
    """The number that the post office accepted equals the enclosed pieces; what is not found is pulled by serial."""
    return agree(facts.pieces.count("enclosed"), record.accepted)


@claims_of(mailing.Posted)
def posted_today(facts: Facts, record: mailing.Posted) -> Verdict:
    """The day of posting is not in the future."""
    return record.posted_on <= facts.today


@claims_of(mailing.Posted, proves=("W-OP-09",))
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


@claims_of(mailing.PostingReported, incident="count")
def slip_copy_agrees(facts: Facts, record: mailing.PostingReported) -> Verdict:
    """The copy of the posting slip shows the posted number, or the other one that the posting itself has recorded."""
    posted = facts.record("post", mailing.Posted)
    known = posted is not None and record.accepted == posted.accepted  # it opened its incident already
    return known or agree(facts.pieces.count("posted"), record.accepted)


@claims_of(mailing.MailReturned)
def returned_mail_was_posted(facts: Facts, record: mailing.MailReturned) -> Verdict:
    """Every returned piece was posted."""
    return facts.pieces.within(record.serials, "posted") == count(record.serials)


@claims_of(mailing.MailReturned)
def kept_letters_have_stack_and_day(facts: Facts, record: mailing.MailReturned) -> Verdict:
    """Letters that are kept lie in a numbered stack, and have a day by which they end, in time to be destroyed."""
    return record.outcome != "kept" or _stack_and_day(facts, record)


@claims_of(mailing.ReturnedMailClosed)
def uncounted_letters_have_stack_and_day(facts: Facts, record: mailing.ReturnedMailClosed) -> Verdict:
    """Letters that came back and that nobody recorded by serial lie in a stack of their own, and have a day too."""
    if sum(record.returned.values()) <= sum(returned_by_reason(facts).values()):
        return True
    return Shortfall(names=record.stack) if facts.kind_of(record.stack) else _stack_and_day(facts, record)


def _stack_and_day(facts: Facts, record: mailing.MailReturned | mailing.ReturnedMailClosed) -> Verdict:
    if not record.stack or record.keep_until is None:
        missing = (name for name in ("stack", "keep_until") if not getattr(record, name))
        return none_of(_(type(record).model_fields[name].title or name) for name in missing)
    kind, state = facts.kind_of(record.stack), state_of(facts, record.stack)
    if kind and (kind != "returned_letters" or state != "with_ward"):
        return Shortfall(names=record.stack)
    last = facts.due.get("destroy_items")
    if last and last < facts.today:  # it is late already, or the year is closed: any day to come is a day
        last = None
    in_time = facts.today <= record.keep_until <= (last or record.keep_until)
    return in_time or Shortfall(names=f"{record.keep_until}: {facts.today} – {last or ''}".rstrip())


@claims_of(mailing.MailReturned)
def destroyed_letters_lay_in_a_stack(facts: Facts, record: mailing.MailReturned) -> Verdict:
    """What is said to be destroyed lay in a stack that was destroyed before a witness (`destroy_items`)."""
    if record.outcome != "destroyed":
        return True
    back = returned_letters(facts)
    gone = {serial for serial, letter in back.items() if letter.outcome == "destroyed"}
    left = set(expand(record.serials)) - gone
    names = sorted({back[serial].stack or str(serial) if serial in back else str(serial) for serial in left})
    return none_of(names)


@claims_of(mailing.MailReturned, proves=("W-OP-09",))
def receipt_from_the_post_is_told(facts: Facts, record: mailing.MailReturned) -> Verdict:
    """From which post office letters came back, who received them and the number of the slip are told."""
    if not coming_in(facts, record):
        return True
    asked = ("office", "receiver", "slip")
    return none_of(
        _(mailing.MailReturned.model_fields[name].title or name) for name in asked if not getattr(record, name)
    )


@claims_of(mailing.MailReturned, proves=("W-OP-04",))
def ward_receives_returned_mail(facts: Facts, record: mailing.MailReturned) -> Verdict:
    """Somebody of the ward, on the register of people today, received the letters."""
    return on_their_sides(facts, ((record.receiver, WARD_SIDES),))


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


def returned_letters_are_items(facts: Facts, record: mailing.MailReturned) -> tuple[Effect, ...]:
    """What is kept lies in a stack that is to be destroyed; a stack from which every letter went on is at its end."""
    if record.outcome == "kept":
        return _stack_is_an_item(facts, record)
    letters = returned_letters(facts)
    out = {serial: letters[serial].stack for serial in expand(record.serials) if serial in letters}
    emptied = (
        stack for stack in sorted(set(filter(None, out.values())))
        if record.outcome != "destroyed" and not at_the_ward(letters, stack) - out.keys()
    )  # fmt: skip
    return tuple(MoveItem(number=stack, to="released") for stack in emptied)


def uncounted_letters_are_items(facts: Facts, record: mailing.ReturnedMailClosed) -> tuple[Effect, ...]:
    """Letters that nobody recorded by serial lie in a stack that is to be destroyed."""
    return _stack_is_an_item(facts, record)


def _stack_is_an_item(facts: Facts, record: mailing.MailReturned | mailing.ReturnedMailClosed) -> tuple[Effect, ...]:
    """Make the stack, unless it is known; an older version kept letters in none."""
    if not record.stack or record.keep_until is None or facts.kind_of(record.stack):
        return ()
    return (MakeItem(number=record.stack, kind="returned_letters", state="with_ward", content="imprinted"),)


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
            last_inspection_counted_every_letter, final_pull_list_is_acknowledged, additions_are_enclosed,
            replaced_pieces_are_pulled, every_serial_is_enclosed_or_pulled, approved_count_agrees,
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
        guards=(enclosing_is_confirmed, every_serial_is_enclosed_or_pulled, posted_today),
        deviations=(
            accepted_number_equals_enclosed, posting_is_approved, protection_was_rechecked_today,
            no_protected_piece_is_left, no_changed_piece_is_left, final_pull_list_is_acknowledged,
            measures_of("post", letters_go_in_a_locked_container, *WENT_APART), giver_and_container_are_told,
            poster_brings_the_letters, letters_go_in_a_locked_container, contractors_hands_are_named,
        ),
        warnings=(posted_number_earns_its_discounts,),
        then=letters_are_posted, source="差出票, W-OP-08, W-OP-09, Law 7",
    ),
    Row(
        trigger="report_posting", event="posting_reported", ja="差出報告", en="Report the posting", froms=("posted",),
        who=COORDINATOR, owner=Side.WARD, setting="poster", due="D+1bd", after=("post",), repeats=True,
        record=mailing.PostingReported, deviations=(slip_copy_agrees,), source="差出票写し",
    ),
    Row(
        trigger="request_retrieval", event="retrieval_requested", ja="取戻請求",
        en="Ask the post office for a posted piece back", froms=AFTER_POSTING, who=COORDINATOR, owner=Side.WARD,
        repeats=True, under_hold=True, record=mailing.RetrievalRequested,
        guards=(retrieved_pieces_were_posted,), then=retrieval_is_an_incident, source="郵便法34条",
    ),
    Row(
        trigger="record_returned_mail", event="mail_returned", ja="返戻の記録", en="Record returned mail",
        froms=EVER_AFTER, who=COORDINATOR, owner=Side.WARD, repeats=True, under_hold=True, handover=True,
        record=mailing.MailReturned,
        guards=(returned_mail_was_posted, kept_letters_have_stack_and_day, destroyed_letters_lay_in_a_stack),
        deviations=(receipt_from_the_post_is_told, ward_receives_returned_mail),
        then=returned_letters_are_items, source="返戻記録, W-OP-09, W-OP-11",
    ),
)  # fmt: skip

RETURNED_MAIL = (
    Row(
        trigger="end_returned_mail", event="returned_mail_closed", ja="返戻の受付終了",
        en="Close the returned-mail window", froms=AFTER_POSTING, who=COORDINATOR, owner=Side.WARD, due="S+5bd",
        not_before="post+14d",  # not in the source: what cannot be delivered comes back within two weeks
        carries=("record_returned_mail",),
        record=mailing.ReturnedMailClosed,
        guards=(returned_counts_agree, uncounted_letters_have_stack_and_day),
        then=uncounted_letters_are_items, source="返戻記録, W-OP-11",
    ),
)  # fmt: skip
