"""Erasure and close: every copy covered, nothing personal left (W-OP-11, C-OP-11)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import get_args

from models import choices
from models.clock import day_of
from models.people import Role, Side
from models.records import erasure
from models.records.base import ActRecord
from models.records.mailing import MailReturned, ReturnedMailClosed
from models.records.transfer import CopiesRegistered, CopyMade, ReceiptReported
from models.words import _
from states.effects import DropActs, Effect, MoveItem
from states.facts import Facts, Shortfall, Verdict
from states.rows import APPROVERS, COORDINATOR, LIVE, MANAGER, Row
from states.rules.approvals import every_decision_is_seen
from states.rules.base import claims, claims_of, each_registered, no_serial_of, none_of, registered
from states.rules.custody import ELSEWHERE, RECEIPTS, WARD_COPY, returned_letters
from states.rules.dates import (
    dated_after,
    done_on_an_open_day,
    on_an_open_day,
    report_comes_in_on_an_open_day,
    within_commitments,
)
from states.rules.documents import documents_are_on_file
from states.rules.measures import measures_unless_nothing_went_out
from states.rules.oversight import no_incident_is_open
from states.rules.supervision import every_finding_is_put_right, flow_is_acknowledged, wards_logs_are_analysed

# What erases which storage, after NIST SP 800-88, minimum sanitization by type of media. An SSD and a flash memory keep
# blocks that overwriting does not reach; what is written once can only be destroyed; deleting a job clears volatile
# memory alone. "" is a storage that nobody has stated: it is warned of, and only what no storage allows is refused.
METHODS: Mapping[str, tuple[erasure.Method, ...]] = {
    "hdd": ("overwrite", "cryptographic_erase", "purge", "degauss", "destroy"),
    "ssd": ("cryptographic_erase", "purge", "destroy"),
    "flash": ("cryptographic_erase", "destroy"),
    "tape": ("overwrite", "cryptographic_erase", "degauss", "destroy"),
    "optical": ("destroy",),
    "memory": ("spool_cleared", "overwrite", "cryptographic_erase", "purge", "destroy"),
    "paper": ("shred", "destroy"),
    "": tuple(method for method in get_args(erasure.Method) if method != "shred"),
}


def registered_copies(facts: Facts) -> dict[str, CopyMade]:
    """Return the copy register: number -> copy as it was registered last, by either side."""
    told = (*facts.past(RECEIPTS.values(), ReceiptReported), *facts.past("register_copies", CopiesRegistered))
    return {copy.copy_number: copy for past in told for copy in past.record.copies}


@claims_of(erasure.ErasureReported, proves=("C-OP-11",), paper=18)
def every_copy_is_covered(facts: Facts, record: erasure.ErasureReported) -> Verdict:
    """The erasure report covers every registered copy once, and names no other."""
    there = {item.number for item in facts.copies_in(*ELSEWHERE)}
    named = Counter(copy.copy_number for copy in record.copies)
    wrong = (
        (there - named.keys(), _("{numbers} is missing from the report")),
        (named.keys() - there, _("{numbers} is no copy registered there")),
        ({number for number, times in named.items() if times > 1}, _("{numbers} is named more than once")),
    )
    return none_of((words.format(numbers=" ".join(sorted(numbers))) for numbers, words in wrong if numbers), " / ")


@claims_of(erasure.ErasureReported, proves=("C-OP-11",), paper=18)
def methods_fit_the_storage(facts: Facts, record: erasure.ErasureReported) -> Verdict:
    """Each method erases the kind of storage that the copy lies on (NIST SP 800-88)."""
    return _fitting(facts, record.copies)


@claims_of(erasure.WardCopiesErased, proves=("W-OP-11",))
def ward_methods_fit_the_storage(facts: Facts, record: erasure.WardCopiesErased) -> Verdict:
    """Each method erases the kind of storage that the ward's copy lies on (NIST SP 800-88)."""
    return _fitting(facts, record.copies)


@claims_of(erasure.WardCopiesErased)
def erased_copies_are_the_wards(facts: Facts, record: erasure.WardCopiesErased) -> Verdict:
    """Every copy named is a registered electronic copy with the ward."""
    here = {item.number for item in facts.copies_in("with_ward")}
    return none_of(sorted({copy.copy_number for copy in record.copies} - here))


@claims_of(erasure.ErasureReported)
def storage_of_each_copy_is_stated(facts: Facts, record: erasure.ErasureReported) -> Verdict:
    """It is on record what each copy lies on, so that the method can be judged."""
    register = registered_copies(facts)
    named = (copy.copy_number for copy in record.copies)
    return none_of(number for number in named if number in register and not register[number].lies_on)


@claims_of(erasure.CopiesErased)
def nobody_witnesses_himself(_facts: Facts, record: erasure.CopiesErased) -> Verdict:
    """Each erasure has a witness who is not the person who erased."""
    return none_of(copy.copy_number for copy in record.copies if copy.witness == copy.erased_by)


@claims_of(erasure.CopiesErased)
def who_erased_is_registered(facts: Facts, record: erasure.CopiesErased) -> Verdict:
    """Whoever erased a copy, and the witness, are on the register of people on the day of it."""
    people = ((person, copy.erased_at) for copy in record.copies for person in (copy.erased_by, copy.witness))
    return each_registered(facts, ((person, day_of(at)) for person, at in people))


@claims_of(erasure.CopiesErased)
def nothing_was_erased_in_the_future(facts: Facts, record: erasure.CopiesErased) -> Verdict:
    """No erasure is dated in the future."""
    return none_of(copy.copy_number for copy in record.copies if copy.erased_at > facts.now)


@claims_of(erasure.ErasureReported)
def nothing_was_erased_before_it_was_there(facts: Facts, record: erasure.ErasureReported) -> Verdict:
    """No copy was erased before it was registered."""
    since = dict(_registered_at(facts))
    early = (copy for copy in record.copies if copy.erased_at < since.get(copy.copy_number, copy.erased_at))
    return none_of(copy.copy_number for copy in early)


@claims(owes="report_erasure", proves=("W-OP-11", "C-OP-11"), paper=18)
def no_copy_is_left(facts: Facts) -> Verdict:
    """No electronic copy is left at the contractor's."""
    return none_of(item.number for item in facts.copies_in(*ELSEWHERE))


@claims_of(erasure.ErasureConfirmed)
def checker_covered_every_place(_facts: Facts, record: erasure.ErasureConfirmed) -> Verdict:
    """The checkers found every place covered."""
    return record.every_place_covered


@claims_of(erasure.ItemsDestroyed)
def destruction_was_witnessed(facts: Facts, record: erasure.ItemsDestroyed) -> Verdict:
    """The witness is on the register of people and is not the person who records the destruction."""
    return record.witness != facts.asked_by and registered(facts, (record.witness,), record.destroyed_on)


@claims_of(erasure.ItemsDestroyed)
def destroyed_items_are_with_the_ward(facts: Facts, record: erasure.ItemsDestroyed) -> Verdict:
    """Every item destroyed is with the ward, after its return."""
    here = {item.number for item in facts.things_in("with_ward")}
    return none_of(sorted(set(record.items) - here))


@claims_of(erasure.ItemsDestroyedElsewhere, proves=("W-OP-11", "C-OP-11"))
def destruction_has_prior_consent(facts: Facts, record: erasure.ItemsDestroyedElsewhere) -> Verdict:
    """The ward consented in writing, before it happened, that each item is destroyed and not returned."""
    consents = (past.record for past in facts.past("consent_to_destruction", erasure.DestructionConsented))
    covered = {number for consent in consents if consent.decided_on <= record.destroyed_on for number in consent.items}
    return none_of(sorted(set(record.items) - covered))


@claims_of(erasure.ItemsDestroyedElsewhere)
def destroyed_items_were_elsewhere(facts: Facts, record: erasure.ItemsDestroyedElsewhere) -> Verdict:
    """Every item destroyed elsewhere was a medium, a notice or paper with the contractor or a subcontractor."""
    return none_of(sorted(set(record.items) - {item.number for item in facts.things_in(*ELSEWHERE)}))


@claims_of(erasure.ItemsDestroyedElsewhere)
def who_destroyed_elsewhere_is_registered(facts: Facts, record: erasure.ItemsDestroyedElsewhere) -> Verdict:
    """Whoever destroyed, and the witness, are on the register of people on the day of it."""
    return registered(facts, (record.destroyed_by, record.witness), record.destroyed_on)


@claims_of(erasure.ItemsDestroyedElsewhere)
def nobody_witnesses_his_own_destruction(facts: Facts, record: erasure.ItemsDestroyedElsewhere) -> Verdict:
    """The destruction has a witness who is not the person who destroyed, and is not dated in the future."""
    return record.witness != record.destroyed_by and record.destroyed_on <= facts.today


@claims_of(erasure.ItemsDestroyed, proves=("W-OP-09",))
def destruction_has_its_slip(_facts: Facts, record: erasure.ItemsDestroyed) -> Verdict:
    """The destruction has a slip with its number."""
    return bool(record.slip)


@claims_of(erasure.ItemsDestroyed)
def returned_letters_end_by_their_day(facts: Facts, record: erasure.ItemsDestroyed) -> Verdict:
    """Returned letters are destroyed by the day that was set for it."""
    days = keeping_days(facts)
    late = (number for number in record.items if number in days and days[number] < record.destroyed_on)
    return none_of(f"{number}: {days[number]}" for number in late)


@claims_of(erasure.YearClosed, owes="destroy_items", proves=("W-OP-11",), asks_record=False)
def no_item_is_left(facts: Facts, record: erasure.YearClosed) -> Verdict:
    """Everything with residents' data is destroyed, erased or passed on, or listed as kept with a day and a reason."""
    listed = {kept.item for kept in record.kept}
    return none_of(item.number for item in facts.items if item.state.startswith("with_") and item.number not in listed)


@claims_of(erasure.YearClosed)
def kept_items_are_with_the_ward(facts: Facts, record: erasure.YearClosed) -> Verdict:
    """What is listed as kept is with the ward, is listed once, and its day is still to come."""
    here, numbers = {item.number for item in facts.items_in("with_ward")}, [kept.item for kept in record.kept]
    return none_of(
        dict.fromkeys(
            kept.item
            for kept in record.kept
            if kept.item not in here or kept.until < facts.today or numbers.count(kept.item) > 1
        )
    )


@claims(owes="record_returned_mail", proves=("W-OP-11",))
def every_returned_letter_is_an_item(facts: Facts) -> Verdict:
    """Every returned letter that the ward keeps lies in a stack that is an item."""
    kept = (serial for serial, letter in returned_letters(facts).items() if letter.outcome == "kept"
            and not facts.kind_of(letter.stack))  # fmt: skip
    return no_serial_of(kept)


@claims(owes="accept_work")
def work_is_accepted_if_anything_was_done(facts: Facts) -> Verdict:
    """The work is accepted, unless the cycle was cancelled."""
    return "accept_work" in facts.done or "cancel" in facts.done


@claims(owes="end_returned_mail")
def returned_mail_window_is_closed(facts: Facts) -> Verdict:
    """The window for returned mail is closed, unless nothing was posted."""
    return "end_returned_mail" in facts.done or "post" not in facts.done


@claims(owes="erase_ward_data", proves=("W-OP-11",))
def ward_holds_no_data(facts: Facts) -> Verdict:
    """The ward's own data are erased, unless no extract was ever taken."""
    return "erase_ward_data" in facts.done or "take_extract" not in facts.done


def _registered_at(facts: Facts) -> Iterator[tuple[str, datetime]]:
    """Return for each copy when it was registered first."""
    told = (*facts.past("register_copies", CopiesRegistered), *facts.past(RECEIPTS.values(), ReceiptReported))
    for past in sorted(told, key=lambda past: past.at, reverse=True):
        yield from ((copy.copy_number, past.at) for copy in past.record.copies)


def _fitting(facts: Facts, copies: Sequence[erasure.CopyErased]) -> Verdict:
    """Name each copy whose method does not reach its storage, and what would."""
    register = registered_copies(facts)
    lies_on = [(copy, register[copy.copy_number].lies_on if copy.copy_number in register else "") for copy in copies]
    wrong = [
        _("{number} ({storage}): {method} is not enough; use {fitting}").format(
            number=copy.copy_number,
            storage=choices.said(choices.STORAGES, storage),
            method=choices.said(choices.METHODS, copy.method),
            fitting="・".join(choices.said(choices.METHODS, method) for method in METHODS[storage]),
        )
        for copy, storage in lies_on
        if copy.method not in METHODS[storage]
    ]
    return none_of(wrong, " / ")


def keeping_days(facts: Facts) -> dict[str, date]:
    """Return for each stack of returned letters the first day that was set for a letter in it."""
    told = (
        *facts.past("record_returned_mail", MailReturned), *facts.past("end_returned_mail", ReturnedMailClosed),
    )  # fmt: skip
    days = [(it.record.stack, it.record.keep_until) for it in told if it.record.stack and it.record.keep_until]
    return {stack: min(day for its, day in days if its == stack) for stack, _day in days}


def accepted_namesakes(facts: Facts) -> frozenset[str]:
    """Return whose names two people have said to be those of the register of people and not a resident's."""
    return frozenset(
        who for past in facts.past("accept_namesakes", erasure.NamesakesAccepted) for who in past.record.people
    )


@claims_of(erasure.NamesakesAccepted)
def namesakes_are_on_the_register(facts: Facts, record: erasure.NamesakesAccepted) -> Verdict:
    """Everybody named is on the register of people."""
    strangers = sorted(set(record.people) - facts.people.keys())
    return not strangers or Shortfall(names=f"{len(strangers)}")


@claims_of(erasure.WardDataErased, owes="accept_namesakes")
def namesakes_are_accepted(facts: Facts, record: erasure.WardDataErased) -> Verdict:
    """Names that are a resident's and one of the register's people too were accepted by two people."""
    return none_of(sorted(set(record.namesakes) - accepted_namesakes(facts)), ", ")


@claims_of(erasure.WardDataErased)
def nothing_personal_is_left(_facts: Facts, record: erasure.WardDataErased) -> Verdict:
    """The search for residents' data found none, and key and files are absent."""
    return (record.found == 0 and record.absent) or Shortfall(names=str(record.found))


def ward_copies_are_erased(facts: Facts, _record: erasure.WardDataErased) -> tuple[Effect, ...]:
    """What the machine itself kept is gone: vault, key and its backup, inbox, the sealed packages."""
    mine = (item for item in facts.copies_in("with_ward") if item.number.startswith(f"{WARD_COPY}-"))
    return tuple(MoveItem(number=item.number, to="erased") for item in mine)


def copies_are_erased(_facts: Facts, record: erasure.CopiesErased) -> tuple[Effect, ...]:
    """Every copy that is named is erased."""
    return tuple(MoveItem(number=copy.copy_number, to="erased") for copy in record.copies)


def items_are_destroyed(
    _facts: Facts, record: erasure.ItemsDestroyed | erasure.ItemsDestroyedElsewhere
) -> tuple[Effect, ...]:
    """Destroyed items end."""
    return tuple(MoveItem(number=number, to="destroyed") for number in record.items)


def year_ends(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """A closed cycle owes nothing: nobody is reminded of it any more."""
    return (DropActs(keep=("close",)),)


AT_THE_CONTRACTOR = (
    Row(
        trigger="report_erasure", event="erasure_reported", ja="データ消去・消去報告書", en="Report the erasure",
        froms=("posted", "media_returned", "cancelled"), who=MANAGER, owner=Side.CONTRACTOR, due="D+10bd",
        after=("post",), repeats=True, under_hold=True, record=erasure.ErasureReported,
        guards=(
            every_copy_is_covered, methods_fit_the_storage, nobody_witnesses_himself, who_erased_is_registered,
            nothing_was_erased_in_the_future, nothing_was_erased_before_it_was_there, report_comes_in_on_an_open_day,
        ),
        deviations=(within_commitments("report_erasure"),),
        warnings=(storage_of_each_copy_is_stated,),
        then=copies_are_erased, source="C-OP-11, 消去報告書, NIST SP 800-88",
    ),
    Row(
        trigger="confirm_erasure", event="erasure_confirmed", ja="消去確認", en="Confirm the erasure",
        froms=("media_returned",), to="erased", who=COORDINATOR, second=APPROVERS, owner=Side.WARD, due="D+12bd",
        after=("report_erasure", "return_media"), under_hold=True,
        carries=("report_erasure", "claim_measures"), record=erasure.ErasureConfirmed,
        guards=(
            no_copy_is_left, checker_covered_every_place, done_on_an_open_day,
            measures_unless_nothing_went_out("confirm_erasure", no_copy_is_left, flow_is_acknowledged),
        ),
        source="W-OP-11, 確認記録",
    ),
)  # fmt: skip

AT_THE_WARD = (
    Row(
        trigger="accept_namesakes", event="namesakes_accepted", ja="同姓同名の確認",
        en="Accept names of ours that residents have too", froms=("erased",), who=COORDINATOR, second=APPROVERS,
        owner=Side.WARD, repeats=True, under_hold=True, record=erasure.NamesakesAccepted,
        guards=(namesakes_are_on_the_register,), source="W-OP-11, Law 4",
    ),
    Row(
        trigger="erase_ward_data", event="ward_data_erased", ja="区保有データの廃棄", en="Erase the ward's own data",
        froms=("erased",), who=(Role.REGISTRAR, Role.COORDINATOR), owner=Side.REGISTER, due="S+9bd",
        after=("end_returned_mail",), by_machine=True, under_hold=True, record=erasure.WardDataErased,
        guards=(nothing_personal_is_left, namesakes_are_accepted, returned_mail_window_is_closed),
        then=ward_copies_are_erased, source="W-OP-11, データ廃棄記録",
    ),
    Row(
        trigger="erase_ward_copies", event="ward_copies_erased", ja="区の複製の消去", en="Erase copies of the ward's",
        froms=LIVE, who=(Role.REGISTRAR, Role.COORDINATOR), owner=Side.WARD, repeats=True, under_hold=True,
        record=erasure.WardCopiesErased,
        guards=(
            erased_copies_are_the_wards, ward_methods_fit_the_storage, nobody_witnesses_himself,
            who_erased_is_registered, nothing_was_erased_in_the_future,
        ),
        then=copies_are_erased, source="W-OP-11, NIST SP 800-88",
    ),
    Row(
        trigger="consent_to_destruction", event="destruction_consented", ja="廃棄の承諾",
        en="Consent to destruction elsewhere", froms=LIVE, who=APPROVERS, owner=Side.WARD, repeats=True,
        under_hold=True, record=erasure.DestructionConsented,
        guards=(dated_after("decided_on"), on_an_open_day("decided_on")), source="Law 7, 特記事項",
    ),
    Row(
        trigger="report_destruction", event="items_destroyed_elsewhere", ja="廃棄報告（受託者・承諾済）",
        en="Report a destruction elsewhere", froms=LIVE, who=MANAGER, owner=Side.CONTRACTOR, repeats=True,
        under_hold=True, record=erasure.ItemsDestroyedElsewhere,
        deviations=(
            destruction_has_prior_consent, destroyed_items_were_elsewhere, who_destroyed_elsewhere_is_registered,
            nobody_witnesses_his_own_destruction,
        ),
        then=items_are_destroyed, source="Law 7, 特記事項",
    ),
    Row(
        trigger="destroy_items", event="items_destroyed", ja="返却物の廃棄", en="Destroy what came back",
        froms=("media_returned", "erased", "closed"), who=COORDINATOR, owner=Side.WARD, due="S+9bd",
        after=("return_media",), repeats=True, under_hold=True, handover=True, record=erasure.ItemsDestroyed,
        guards=(
            destroyed_items_are_with_the_ward, destruction_was_witnessed, dated_after("destroyed_on", "return_media"),
            on_an_open_day("destroyed_on"), destruction_has_its_slip,
        ),
        warnings=(returned_letters_end_by_their_day,),
        then=items_are_destroyed, source="Law 7, W-OP-09, W-OP-11",
    ),
    Row(
        trigger="close", event="year_closed", ja="年度業務完結", en="Close the year", froms=("erased",), to="closed",
        who=COORDINATOR, owner=Side.WARD, due="S+10bd", after=("erase_ward_data", "destroy_items"), handover=True,
        carries=("claim_measures",), record=erasure.YearClosed,
        guards=(
            ward_holds_no_data, no_item_is_left, kept_items_are_with_the_ward, every_returned_letter_is_an_item,
            work_is_accepted_if_anything_was_done, returned_mail_window_is_closed,
            no_incident_is_open, every_finding_is_put_right, every_decision_is_seen,
            measures_unless_nothing_went_out("close", ward_holds_no_data, no_copy_is_left, wards_logs_are_analysed),
        ),
        warnings=(documents_are_on_file,),
        then=year_ends, source="完結報告",
    ),
)  # fmt: skip
