"""Guards of erasure and close: every copy covered, nothing personal left (W-OP-11, C-OP-11)."""

from models.records.erasure import ErasureConfirmed, ErasureReported, ItemsDestroyed
from states.facts import Facts, Shortfall, Verdict
from states.guards.base import claims, claims_of, recorded

completion_is_reported = recorded(
    "report_completion", "The contractor has reported completion.", name="completion_is_reported"
)
ward_data_is_erased = recorded("erase_ward_data", "The ward's own data are erased.", name="ward_data_is_erased")


@claims_of(ErasureReported, proves=("C-OP-11",))
def every_copy_is_covered(facts: Facts, record: ErasureReported) -> Verdict:
    """The erasure report covers every registered copy, and names no other."""
    registered = {item.number for item in facts.items_in("with_contractor", "electronic_copy")}
    difference = registered ^ {copy.copy_number for copy in record.copies}
    return Shortfall(names=" ".join(sorted(difference))) if difference else True


@claims_of(ErasureReported)
def nobody_witnesses_himself(_facts: Facts, record: ErasureReported) -> Verdict:
    """Each erasure has a witness who is not the person who erased."""
    return all(copy.witness != copy.erased_by for copy in record.copies)


@claims_of(ErasureReported)
def nothing_was_erased_in_the_future(facts: Facts, record: ErasureReported) -> Verdict:
    """No erasure is dated in the future."""
    return all(copy.erased_at <= facts.now for copy in record.copies)


@claims(owes="report_erasure", proves=("W-OP-11", "C-OP-11"))
def no_copy_is_left(facts: Facts) -> Verdict:
    """No electronic copy is left at the contractor's."""
    left = facts.items_in("with_contractor", "electronic_copy")
    return Shortfall(names=" ".join(item.number for item in left)) if left else True


@claims_of(ErasureConfirmed)
def checker_covered_every_place(_facts: Facts, record: ErasureConfirmed) -> Verdict:
    """The checkers found every place covered."""
    return record.every_place_covered


@claims_of(ItemsDestroyed)
def destroyed_items_are_with_the_ward(facts: Facts, record: ItemsDestroyed) -> Verdict:
    """Every item destroyed is with the ward, after its return."""
    here = {item.number for item in facts.items_in("with_ward")}
    strange = sorted(set(record.items) - here)
    return Shortfall(names=" ".join(strange)) if strange else True


@claims(owes="destroy_items")
def no_item_is_left(facts: Facts) -> Verdict:
    """Every medium, password notice and sheet that came back is destroyed."""
    left = (*facts.items_in("with_ward"), *facts.items_in("with_contractor"))
    return Shortfall(names=" ".join(item.number for item in left)) if left else True


@claims(owes="accept_work")
def work_is_accepted_if_anything_was_done(facts: Facts) -> Verdict:
    """The work is accepted, unless the cycle was cancelled."""
    return "accept_work" in facts.done or "cancel" in facts.done


@claims(owes="end_returned_mail")
def returned_mail_window_is_closed(facts: Facts) -> Verdict:
    """The window for returned mail is closed, unless nothing was posted."""
    return "end_returned_mail" in facts.done or "post" not in facts.done


@claims(owes="erase_ward_data")
def ward_holds_no_data(facts: Facts) -> Verdict:
    """The ward's own data are erased, unless no extract was ever taken."""
    return "erase_ward_data" in facts.done or "take_extract" not in facts.done
