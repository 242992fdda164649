"""Guards of erasure and close: every copy covered, nothing personal left (W-OP-11, C-OP-11)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import get_args

from models.clock import day_of
from models.records.erasure import (
    CopiesErased,
    CopyErased,
    DestructionConsented,
    ErasureConfirmed,
    ErasureReported,
    ItemsDestroyed,
    ItemsDestroyedElsewhere,
    Method,
    NamesakesAccepted,
    WardCopiesErased,
    WardDataErased,
)
from models.records.transfer import CopiesRegistered, CopyMade, ReceiptReported
from models.words import N_, _
from states.facts import Facts, Shortfall, Verdict
from states.rules.base import claims, claims_of, each_registered, recorded, registered

completion_is_reported = recorded(
    "report_completion", "The contractor has reported completion.", name="completion_is_reported"
)
ward_data_is_erased = recorded("erase_ward_data", "The ward's own data are erased.", name="ward_data_is_erased")

_ELSEWHERE = ("with_contractor", "with_subcontractor")
# What erases which storage, after NIST SP 800-88, minimum sanitization by type of media. An SSD and a flash memory keep
# blocks that overwriting does not reach; what is written once can only be destroyed; deleting a job clears volatile
# memory alone. "" is a storage that nobody has stated: it is warned of, and only what no storage allows is refused.
METHODS: Mapping[str, tuple[Method, ...]] = {
    "hdd": ("overwrite", "cryptographic_erase", "purge", "degauss", "destroy"),
    "ssd": ("cryptographic_erase", "purge", "destroy"),
    "flash": ("cryptographic_erase", "destroy"),
    "tape": ("overwrite", "cryptographic_erase", "degauss", "destroy"),
    "optical": ("destroy",),
    "memory": ("spool_cleared", "overwrite", "cryptographic_erase", "purge", "destroy"),
    "paper": ("shred", "destroy"),
    "": tuple(method for method in get_args(Method) if method != "shred"),
}
METHOD_TITLES: Mapping[str, str] = {
    "overwrite": N_("overwriting"),
    "spool_cleared": N_("clearing the spool"),
    "cryptographic_erase": N_("cryptographic erase"),
    "purge": N_("purge"),
    "degauss": N_("degaussing"),
    "shred": N_("shredding"),
    "destroy": N_("physical destruction"),
}
STORAGE_TITLES: Mapping[str, str] = {
    "hdd": N_("hard disk"),
    "ssd": N_("SSD"),
    "flash": N_("flash memory"),
    "tape": N_("tape"),
    "optical": N_("optical disc"),
    "memory": N_("volatile memory"),
    "paper": N_("paper"),
    "": N_("storage not stated"),
}

_RECEIPTS = ("report_receipt", "report_additions_receipt")


def registered_copies(facts: Facts) -> dict[str, CopyMade]:
    """Return the copy register: number -> copy as it was registered last, by either side."""
    received = (copy for _at, told in facts.every(ReceiptReported, *_RECEIPTS) for copy in told.copies)
    others = (copy for _at, told in facts.every(CopiesRegistered, "register_copies") for copy in told.copies)
    return {copy.copy_number: copy for copy in (*received, *others)}


@claims_of(ErasureReported, proves=("C-OP-11",))
def every_copy_is_covered(facts: Facts, record: ErasureReported) -> Verdict:
    """The erasure report covers every registered copy once, and names no other."""
    there = {item.number for item in facts.copies_in(*_ELSEWHERE)}
    named = Counter(copy.copy_number for copy in record.copies)
    wrong = (
        (there - named.keys(), _("{numbers} is missing from the report")),
        (named.keys() - there, _("{numbers} is no copy registered there")),
        ({number for number, times in named.items() if times > 1}, _("{numbers} is named more than once")),
    )
    told = [words.format(numbers=" ".join(sorted(numbers))) for numbers, words in wrong if numbers]
    return Shortfall(names=" / ".join(told)) if told else True


@claims_of(ErasureReported, proves=("C-OP-11",))
def methods_fit_the_storage(facts: Facts, record: ErasureReported) -> Verdict:
    """Each method erases the kind of storage that the copy lies on (NIST SP 800-88)."""
    return _fitting(facts, record.copies)


@claims_of(WardCopiesErased, proves=("W-OP-11",))
def ward_methods_fit_the_storage(facts: Facts, record: WardCopiesErased) -> Verdict:
    """Each method erases the kind of storage that the ward's copy lies on (NIST SP 800-88)."""
    return _fitting(facts, record.copies)


@claims_of(WardCopiesErased)
def erased_copies_are_the_wards(facts: Facts, record: WardCopiesErased) -> Verdict:
    """Every copy named is a registered electronic copy with the ward."""
    here = {item.number for item in facts.copies_in("with_ward")}
    strange = sorted({copy.copy_number for copy in record.copies} - here)
    return Shortfall(names=" ".join(strange)) if strange else True


@claims_of(ErasureReported)
def storage_of_each_copy_is_stated(facts: Facts, record: ErasureReported) -> Verdict:
    """It is on record what each copy lies on, so that the method can be judged."""
    register = registered_copies(facts)
    unstated = [it.copy_number for it in record.copies if it.copy_number in register]
    unstated = [number for number in unstated if not register[number].lies_on]
    return Shortfall(names=" ".join(unstated)) if unstated else True


@claims_of(CopiesErased)
def nobody_witnesses_himself(_facts: Facts, record: CopiesErased) -> Verdict:
    """Each erasure has a witness who is not the person who erased."""
    alone = [copy.copy_number for copy in record.copies if copy.witness == copy.erased_by]
    return Shortfall(names=" ".join(alone)) if alone else True


@claims_of(CopiesErased)
def who_erased_is_registered(facts: Facts, record: CopiesErased) -> Verdict:
    """Whoever erased a copy, and the witness, are on the register of people on the day of it."""
    people = ((person, copy.erased_at) for copy in record.copies for person in (copy.erased_by, copy.witness))
    return each_registered(facts, ((person, day_of(at)) for person, at in people))


@claims_of(CopiesErased)
def nothing_was_erased_in_the_future(facts: Facts, record: CopiesErased) -> Verdict:
    """No erasure is dated in the future."""
    to_come = [copy.copy_number for copy in record.copies if copy.erased_at > facts.now]
    return Shortfall(names=" ".join(to_come)) if to_come else True


@claims_of(ErasureReported)
def nothing_was_erased_before_it_was_there(facts: Facts, record: ErasureReported) -> Verdict:
    """No copy was erased before it was registered."""
    since = dict(_registered_at(facts))
    early = [copy.copy_number for copy in record.copies if copy.erased_at < since.get(copy.copy_number, copy.erased_at)]
    return Shortfall(names=" ".join(early)) if early else True


@claims(owes="report_erasure", proves=("W-OP-11", "C-OP-11"))
def no_copy_is_left(facts: Facts) -> Verdict:
    """No electronic copy is left at the contractor's."""
    left = facts.copies_in(*_ELSEWHERE)
    return Shortfall(names=" ".join(item.number for item in left)) if left else True


@claims_of(ErasureConfirmed)
def checker_covered_every_place(_facts: Facts, record: ErasureConfirmed) -> Verdict:
    """The checkers found every place covered."""
    return record.every_place_covered


@claims_of(ItemsDestroyed)
def destruction_was_witnessed(facts: Facts, record: ItemsDestroyed) -> Verdict:
    """The witness is on the register of people and is not the person who records the destruction."""
    return record.witness != facts.asked_by and registered(facts, (record.witness,), record.destroyed_on)


@claims_of(ItemsDestroyed)
def destroyed_items_are_with_the_ward(facts: Facts, record: ItemsDestroyed) -> Verdict:
    """Every item destroyed is with the ward, after its return."""
    here = {item.number for item in facts.things_in("with_ward")}
    strange = sorted(set(record.items) - here)
    return Shortfall(names=" ".join(strange)) if strange else True


@claims_of(ItemsDestroyedElsewhere, proves=("W-OP-11", "C-OP-11"))
def destruction_has_prior_consent(facts: Facts, record: ItemsDestroyedElsewhere) -> Verdict:
    """The ward consented in writing, before it happened, that each item is destroyed and not returned."""
    consents = facts.every(DestructionConsented, "consent_to_destruction")
    covered = {number for _at, told in consents if told.decided_on <= record.destroyed_on for number in told.items}
    uncovered = sorted(set(record.items) - covered)
    return Shortfall(names=" ".join(uncovered)) if uncovered else True


@claims_of(ItemsDestroyedElsewhere)
def destroyed_items_were_elsewhere(facts: Facts, record: ItemsDestroyedElsewhere) -> Verdict:
    """Every item destroyed elsewhere was a medium, a notice or paper with the contractor or a subcontractor."""
    strange = sorted(set(record.items) - {item.number for item in facts.things_in(*_ELSEWHERE)})
    return Shortfall(names=" ".join(strange)) if strange else True


@claims_of(ItemsDestroyedElsewhere)
def who_destroyed_elsewhere_is_registered(facts: Facts, record: ItemsDestroyedElsewhere) -> Verdict:
    """Whoever destroyed, and the witness, are on the register of people on the day of it."""
    return registered(facts, (record.destroyed_by, record.witness), record.destroyed_on)


@claims_of(ItemsDestroyedElsewhere)
def nobody_witnesses_his_own_destruction(facts: Facts, record: ItemsDestroyedElsewhere) -> Verdict:
    """The destruction has a witness who is not the person who destroyed, and is not dated in the future."""
    return record.witness != record.destroyed_by and record.destroyed_on <= facts.today


@claims(owes="destroy_items")
def no_item_is_left(facts: Facts) -> Verdict:
    """Every medium, notice and sheet that came back is destroyed, and every copy of the ward's is erased."""
    left = [item.number for item in facts.items if item.state.startswith("with_")]
    return Shortfall(names=" ".join(left)) if left else True


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


def _registered_at(facts: Facts) -> Iterator[tuple[str, datetime]]:
    """Return for each copy when it was registered first."""
    told = (*facts.every(CopiesRegistered, "register_copies"), *facts.every(ReceiptReported, *_RECEIPTS))
    for at, record in sorted(told, key=lambda it: it[0], reverse=True):
        yield from ((copy.copy_number, at) for copy in record.copies)


def _fitting(facts: Facts, copies: Sequence[CopyErased]) -> Verdict:
    """Name each copy whose method does not reach its storage, and what would."""
    register = registered_copies(facts)
    wrong = [
        _("{number} ({storage}): {method} is not enough; use {fitting}").format(
            number=copy.copy_number,
            storage=_(STORAGE_TITLES[storage]),
            method=_(METHOD_TITLES[copy.method]),
            fitting="・".join(_(METHOD_TITLES[method]) for method in METHODS[storage]),
        )
        for copy, storage in ((copy, _lies_on(register, copy)) for copy in copies)
        if copy.method not in METHODS[storage]
    ]
    return Shortfall(names=" / ".join(wrong)) if wrong else True


def _lies_on(register: Mapping[str, CopyMade], copy: CopyErased) -> str:
    return register[copy.copy_number].lies_on if copy.copy_number in register else ""


def accepted_namesakes(facts: Facts) -> frozenset[str]:
    """Return whose names two people have said to be those of the register of people and not a resident's."""
    return frozenset(who for past in facts.past("accept_namesakes", NamesakesAccepted) for who in past.record.people)


@claims_of(NamesakesAccepted)
def namesakes_are_on_the_register(facts: Facts, record: NamesakesAccepted) -> Verdict:
    """Everybody named is on the register of people."""
    strangers = sorted(set(record.people) - facts.people.keys())
    return not strangers or Shortfall(names=f"{len(strangers)}")


@claims_of(WardDataErased, owes="accept_namesakes")
def namesakes_are_accepted(facts: Facts, record: WardDataErased) -> Verdict:
    """Names that are a resident's and one of the register's people too were accepted by two people."""
    left = sorted(set(record.namesakes) - accepted_namesakes(facts))
    return not left or Shortfall(names=", ".join(left))
