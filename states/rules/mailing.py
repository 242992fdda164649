"""Guards of the go and the posting: zero differences, and the check of the day itself."""

from models.records.mailing import (
    MailReturned,
    Posted,
    PostingApproved,
    PostingReported,
    RetrievalRequested,
    ReturnedMailClosed,
)
from models.serials import count, expand
from states.facts import Facts, Shortfall, Verdict
from states.rules.base import claims, claims_of, done_today


@claims(owes="complete_enclosing")
def every_serial_is_enclosed_or_pulled(facts: Facts) -> Verdict:
    """Every serial is enclosed or pulled: exported and added equal enclosed and pulled."""
    left = facts.pieces.named("exported", "printed")
    return Shortfall(names=left) if left else True


@claims_of(PostingApproved)
def approved_count_agrees(facts: Facts, record: PostingApproved) -> Verdict:
    """The approved number is the number of enclosed pieces."""
    return _agrees(facts.pieces.count("enclosed"), record.letters)


@claims(owes="approve_posting")
def posting_is_approved(facts: Facts) -> Verdict:
    """The posting is approved for the number of pieces that are enclosed now: a pull after the go asks again."""
    go = facts.record("approve_posting", PostingApproved)
    return go is not None and _agrees(facts.pieces.count("enclosed"), go.letters)


@claims(owes="recheck_before_posting")
def protection_was_rechecked_today(facts: Facts) -> Verdict:
    """Protected persons were re-checked on the day of posting."""
    # What leaves earlier than planned may have been re-checked for the final list, on the same day.
    return done_today(facts, ("recheck_before_final_list", "recheck_before_posting"))


@claims_of(Posted)
def accepted_number_equals_enclosed(facts: Facts, record: Posted) -> Verdict:
    """The number that the post office accepted equals the enclosed pieces."""
    return _agrees(facts.pieces.count("enclosed"), record.accepted)


@claims_of(Posted)
def posted_today(facts: Facts, record: Posted) -> Verdict:
    """The day of posting is not in the future."""
    return record.posted_on <= facts.today


@claims_of(PostingReported)
def slip_copy_agrees(facts: Facts, record: PostingReported) -> Verdict:
    """The copy of the posting slip shows the posted number."""
    return _agrees(facts.pieces.count("posted"), record.accepted)


@claims_of(MailReturned)
def returned_mail_was_posted(facts: Facts, record: MailReturned) -> Verdict:
    """Every returned piece was posted."""
    return facts.pieces.within(record.serials, "posted") == count(record.serials)


@claims_of(RetrievalRequested)
def retrieved_pieces_were_posted(facts: Facts, record: RetrievalRequested) -> Verdict:
    """Only what was posted is asked back; before that a piece is pulled."""
    return facts.pieces.within(record.serials, "posted") == count(record.serials) > 0


@claims_of(ReturnedMailClosed)
def returned_counts_agree(facts: Facts, record: ReturnedMailClosed) -> Verdict:
    """The counts by reason do not contradict the returned mail that was recorded by serial."""
    counted = returned_by_reason(facts)
    told = {reason: number for reason, number in record.returned.items() if number}
    return not counted or counted == told or Shortfall(names=f"{_listed(counted)} ≠ {_listed(told)}")


@claims()
def contractor_posts_only_if_referred(facts: Facts) -> Verdict:
    """Posting is among the consigned work wherever the contractor posts: without a referral the ward does."""
    consigned = facts.programme.consignment
    return consigned.poster == "ward" or "差出" in consigned.work


def returned_by_reason(facts: Facts) -> dict[str, int]:
    """Return how many pieces came back, by the reason that was recorded last for each."""
    reasons = {
        serial: it.record.reason
        for it in facts.past("record_returned_mail", MailReturned)
        for serial in expand(it.record.serials)
    }
    return {reason: sum(1 for it in reasons.values() if it == reason) for reason in sorted(set(reasons.values()))}


def _listed(counts: dict[str, int]) -> str:
    return " ".join(f"{reason}:{number}" for reason, number in sorted(counts.items())) or "0"


def _agrees(counted: int, reported: int) -> Verdict:
    return counted == reported or Shortfall(names=f"{counted} ≠ {reported}")
