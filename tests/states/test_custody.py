"""Custody at the door: who has what, what may move when, every copy erased as its storage asks, nothing edited away."""

import json
from datetime import timedelta
from typing import Any

import pytest
from scenes import BACKUP, COPY, MEDIUM, NOTICE, PROOFS, SAMPLE, STACK, Year
from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.database import reading
from models.errors import Refused, Unmet
from models.records.erasure import Method
from states.replay import differences
from states.rules.erasure import METHODS


def unmet(year: Year, trigger: str, **changes: Any) -> dict[str, Unmet]:
    with pytest.raises(Refused) as refused:
        year.propose(trigger, **changes)
    return {gap.guard: gap for gap in refused.value.unmet}


def incidents(year: Year) -> list[str]:
    return [kind for (kind,) in year.read(select(col(tables.Incident.kind)).order_by(col(tables.Incident.id)))]


def where(year: Year, number: str) -> str:
    return next((item.state for item in year.facts().items if item.number == number), "")


def last(year: Year) -> dict[str, Any]:
    return json.loads(year.entries()[-1])


def settle_everything(year: Year) -> None:
    for number in year.facts().incidents:
        year.do("settle_incident", incident=number)
    year.do("release_hold")


# the package on the day it leaves


@pytest.fixture
def sealed(sqlite_year: Year) -> Year:
    """Give the year on the day of the sealing, the medium still with the ward."""
    sqlite_year.play(before="hand_over_medium")
    return sqlite_year


def test_a_package_of_yesterday_is_read_back_before_it_leaves(sealed: Year) -> None:
    """On a later day than the sealing the medium waits for a fresh read-back test and a fresh re-check."""
    sealed.later(hours=25)
    assert set(unmet(sealed, "hand_over_medium")) == {"package_was_read_back_today", "protection_is_freshly_rechecked"}
    sealed.do("recheck_before_sealing", newly_protected="")
    sealed.do("read_back_package")
    sealed.do("hand_over_medium")
    assert where(sealed, MEDIUM) == "with_contractor"


@pytest.mark.parametrize("wrong", ["hash_agrees", "opened", "rows_agree"])
def test_what_the_read_back_found_wrong_keeps_the_medium_here(sealed: Year, wrong: str) -> None:
    """A read-back that failed is on record and stops the medium, also on the day of the sealing."""
    sealed.do("read_back_package", **{wrong: False})
    assert "package_was_read_back_today" in unmet(sealed, "hand_over_medium")
    sealed.do("read_back_package")
    sealed.do("hand_over_medium")


def test_the_package_is_sealed_anew_for_whoever_came_under_protection(sealed: Year) -> None:
    """A person newly protected after the sealing keeps that medium here; only then a second package is sealed."""
    assert "no_good_package_is_sealed" in unmet(sealed, "seal_package", medium="M-2026-02", notice="P-2026-02")
    sealed.do("recheck_before_sealing", newly_protected="5")
    assert "[5]" in unmet(sealed, "hand_over_medium")["nobody_protected_is_inside"].missing
    new = {"medium": "M-2026-02", "notice": "P-2026-02"}
    sealed.do("seal_package", held_back="5,12", package_sha256="cd" * 32, **new)
    assert "item_is_the_sealed_medium" in unmet(sealed, "hand_over_medium")
    sealed.do("hand_over_medium", item="M-2026-02")
    sealed.later(days=1)
    assert set(unmet(sealed, "hand_over_password")) == {"item_is_the_notice"}
    sealed.do("hand_over_password", item="P-2026-02")
    sealed.do("report_receipt", received=10, package_sha256="cd" * 32)
    assert not sealed.facts().on_hold


# medium and notice


@pytest.fixture
def notice_next(sqlite_year: Year) -> Year:
    """Give the year on the day after the medium left, the notice still with the ward."""
    sqlite_year.play(before="hand_over_password")
    sqlite_year.wait_for("hand_over_password")
    return sqlite_year


@pytest.mark.parametrize("same", [{"occasion": "媒体"}, {"slip": "1"}])
def test_one_occasion_or_one_slip_for_both_is_refused(notice_next: Year, same: dict[str, str]) -> None:
    """The notice does not go on the medium's occasion or slip, however many days lie between."""
    assert set(unmet(notice_next, "hand_over_password", **same)) == {"password_goes_on_another_occasion"}


def test_within_the_interval_it_is_refused(sealed: Year) -> None:
    """Before the programme's hours have passed the notice stays, and a minute after them it may go."""
    sealed.do("hand_over_medium")
    sealed.later(hours=12, minutes=-1)
    assert set(unmet(sealed, "hand_over_password")) == {"password_goes_on_another_occasion"}
    sealed.later(minutes=1)
    sealed.do("hand_over_password")


def test_a_notice_that_went_first_keeps_the_medium_back(sealed: Year) -> None:
    """The interval holds in both directions: a notice that left before the medium is a deviation, and separates too."""
    outcome = sealed.do("hand_over_password", already_happened=True)
    assert outcome.deviations == ("medium_is_handed_over",)
    settle_everything(sealed)
    assert "medium_goes_on_another_occasion" in unmet(sealed, "hand_over_medium")


def test_the_general_movement_is_no_way_round_the_interval(sealed: Year) -> None:
    """A medium or a notice moved under the general act is held to the same rule."""
    sealed.do("hand_over_medium")
    carried = {"item": NOTICE, "giver": "sato", "receiver": "asahi", "to": "contractor", "slip": "2"}
    assert set(unmet(sealed, "record_movement", **carried)) == {"medium_and_notice_move_apart"}


def test_the_way_from_section_to_section_may_stand_in_the_ledger(sealed: Year) -> None:
    """The register section gives the medium to general affairs on a slip of its own, and it leaves from there."""
    within = {"item": MEDIUM, "giver": "watanabe", "carrier": "watanabe", "receiver": "sato", "to": "ward", "slip": "9"}
    outcome = sealed.do("record_movement", **within)
    assert outcome.deviations == ()
    assert where(sealed, MEDIUM) == "with_ward"
    assert sealed.do("hand_over_medium").deviations == ()


def test_one_carrier_for_both_is_a_warning(notice_next: Year) -> None:
    """The same carrier is told and written down, and the act is done; another carrier is no warning."""
    outcome = notice_next.do("hand_over_password")
    assert outcome.warnings == ("another_person_carries_the_notice",)
    assert last(notice_next)["data"]["warnings"] == ["another_person_carries_the_notice"]
    assert not notice_next.facts().on_hold


def test_another_carrier_is_no_warning(notice_next: Year) -> None:
    """Where somebody else carries the notice nothing is warned of."""
    assert notice_next.do("hand_over_password", carrier="suzuki").warnings == ()


def test_a_return_of_both_on_one_day_is_a_warning(sqlite_year: Year) -> None:
    """Medium and notice may come back together, and on one day in two acts: both are warned of."""
    sqlite_year.play(before="return_items")
    assert sqlite_year.do("return_items", items=(MEDIUM, STACK)).warnings == ()
    together = sqlite_year.do("return_items", items=(NOTICE,), slip="4")
    assert together.warnings == ("medium_and_notice_return_on_other_days",)


def test_returned_on_another_day_is_no_warning(sqlite_year: Year) -> None:
    """The notice that comes back a day after the medium is as it should be."""
    sqlite_year.play(before="return_items")
    sqlite_year.do("return_items", items=(MEDIUM, STACK))
    sqlite_year.later(days=1)
    assert sqlite_year.do("return_items", items=(NOTICE,), slip="4").warnings == ()


# movements as facts


def test_a_movement_that_has_happened_is_never_refused(year: Year) -> None:
    """By strangers, of what nobody held, unlocked, under hold, in a wrong state: recorded, with an incident."""
    year.play(before="take_extract")
    year.do("hold")
    fact = {"giver": "stranger", "receiver": "nobody", "locked_bag": False, "in_person": False, "to": "contractor"}
    outcome = year.do("record_movement", item=MEDIUM, kind="medium", already_happened=True, condition="damaged", **fact)
    assert set(outcome.deviations) == {
        "bag_is_locked", "handed_over_in_person", "arrived_in_good_condition", "moving_hands_are_registered",
    }  # fmt: skip
    assert where(year, MEDIUM) == "with_contractor"
    again = year.do("hand_over_medium", already_happened=True, slip="8")
    assert {"package_is_sealed", "giver_holds_it"} <= set(again.deviations)
    assert year.state == "ready"
    assert incidents(year) == ["deviation", "deviation"]


def test_a_planned_movement_is_refused_under_hold(sealed: Year) -> None:
    """What has not happened yet still waits for the end of the hold."""
    sealed.do("hold")
    assert "not_on_hold" in unmet(sealed, "hand_over_medium")


def test_a_time_that_is_past_makes_it_a_fact(sealed: Year) -> None:
    """Entered from paper with its own time, a movement is recorded with both times and marked, whatever it broke."""
    left = sealed.clock.at + timedelta(hours=1)
    sealed.later(days=2)
    outcome = sealed.do("hand_over_medium", at=left, scanned_on=left.date(), locked_bag=False)
    assert outcome.deviations == ("bag_is_locked",)
    entry = next(json.loads(it) for it in sealed.entries() if '"event":"medium_handed_over"' in it)
    assert entry["data"]["entered_afterwards"] is True
    assert entry["data"]["occurred_at"] < entry["at"]


def test_what_one_did_not_hold_is_a_deviation(sealed: Year) -> None:
    """The contractor's people hand over what by the books is with the ward: refused, and as a fact recorded."""
    wrong = {"item": MEDIUM, "giver": "asahi", "receiver": "kobayashi", "to": "contractor"}
    assert MEDIUM in unmet(sealed, "record_movement", **wrong)["giver_holds_it"].missing
    assert sealed.do("record_movement", already_happened=True, **wrong).deviations == ("giver_holds_it",)


def test_proofs_are_items_from_their_first_movement(sqlite_year: Year) -> None:
    """Sheets are registered by moving; until they are back and destroyed the year stays open."""
    year = sqlite_year
    year.play(before="report_printing")
    year.do("record_movement", to="contractor", giver="sato", receiver="asahi")
    assert where(year, PROOFS) == "with_contractor"
    year.play(before="return_media")
    assert PROOFS in unmet(year, "return_media")["every_item_is_back"].missing
    year.do("record_movement", slip="11")
    year.play(before="close")
    assert PROOFS in unmet(year, "close")["no_item_is_left"].missing
    year.do("destroy_items", items=(PROOFS,))
    year.do("close")


def test_a_loss_ends_the_item_and_opens_an_incident(sqlite_year: Year) -> None:
    """A lost item is looked for under an incident; found again it is where it was found."""
    year = sqlite_year
    year.play(before="report_printing")
    year.do("record_loss", item=MEDIUM)
    assert (where(year, MEDIUM), incidents(year), year.facts().on_hold) == ("lost", ["loss"], True)
    assert MEDIUM in unmet(year, "record_loss", item=MEDIUM)["lost_item_was_in_somebodys_hands"].missing
    year.do("record_movement", item=MEDIUM, to="ward", already_happened=True, slip="12")
    assert where(year, MEDIUM) == "with_ward"


def test_nothing_goes_to_a_subcontractor_without_consent(sqlite_year: Year) -> None:
    """A movement and a copy at a subcontractor need the declared consent; what happened is a deviation."""
    year = sqlite_year
    year.play(before="report_printing")
    moved = {"item": "T-2026-01", "giver": "asahi", "receiver": "kobayashi", "to": "subcontractor", "kind": "paper"}
    assert set(unmet(year, "record_movement", **moved)) == {"subcontractor_has_consent"}
    outcome = year.do("register_copies", holder="subcontractor")
    assert outcome.deviations == ("copies_at_a_subcontractor_have_consent",)
    assert where(year, "C-2026-09") == "with_subcontractor"


# the password notice


def test_a_lost_notice_is_replaced_under_an_incident(notice_next: Year) -> None:
    """The new paper has its own number and is the one that goes; the lost one is an incident."""
    outcome = notice_next.do("reprint_notice", reason="lost")
    assert outcome.deviations == ("former_notice_is_not_lost",)
    assert (where(notice_next, NOTICE), where(notice_next, "P-2026-02")) == ("lost", "with_ward")
    settle_everything(notice_next)
    assert "item_is_the_notice" in unmet(notice_next, "hand_over_password")
    notice_next.do("hand_over_password", item="P-2026-02")


def test_after_the_receipt_the_notice_is_not_printed_again(sqlite_year: Year) -> None:
    """Once the contractor has acknowledged, there is nothing to print from."""
    sqlite_year.play(before="hand_over")
    assert set(unmet(sqlite_year, "reprint_notice")) == {"password_is_still_needed"}


# two-sided counts


def test_a_different_count_is_a_hold_and_an_incident_not_an_edit(year: Year) -> None:
    """A mismatch holds the year under an incident of counts; a new report waits until that is settled."""
    year.play(before="report_receipt")
    outcome = year.do("report_receipt", received=10)
    assert outcome.deviations == ("received_count_agrees",)
    assert (incidents(year), year.facts().on_hold) == (["count"], True)
    assert "not_on_hold" in unmet(year, "report_receipt", received=11)
    assert "no_incident_is_open" in unmet(year, "release_hold")
    settle_everything(year)
    assert set(unmet(year, "hand_over")) == {"received_equals_exported"}
    year.do("report_receipt", received=11)
    year.do("hand_over")
    assert year.events().count("receipt_reported") == 2


def test_what_the_post_office_counted_is_recorded_however_many_it_is(year: Year) -> None:
    """Planned, another number is refused; once it happened it is a fact and an incident, and its copy is no other."""
    year.play(before="post")
    assert "accepted_number_equals_enclosed" in unmet(year, "post", accepted=9)
    outcome = year.do("post", already_happened=True, accepted=9)
    assert outcome.deviations == ("accepted_number_equals_enclosed",)
    assert (incidents(year), year.facts().on_hold, year.state) == (["count"], True, "posted")
    settle_everything(year)
    assert year.do("report_posting", accepted=9).deviations == ()
    assert year.do("report_posting", accepted=8).deviations == ("slip_copy_agrees",)
    assert incidents(year) == ["count", "count"]
    settle_everything(year)
    assert year.do("report_posting", accepted=10).deviations == ()
    assert year.do("return_items").state == "posted"


def test_a_delivery_that_was_counted_otherwise_stops_the_posting_until_it_is_counted_again(sqlite_year: Year) -> None:
    """What was delivered is a fact; that somebody settled the incident is no count, so the posting waits for one."""
    year = sqlite_year
    year.play(before="inspect_delivery")
    assert "delivered_equals_enclosed" in unmet(year, "inspect_delivery", delivered=8)
    outcome = year.do("inspect_delivery", already_happened=True, delivered=8)
    assert outcome.deviations == ("delivered_equals_enclosed",)
    assert (incidents(year), year.facts().on_hold) == (["count"], True)
    settle_everything(year)
    year.do("enclose_additions")
    gap = unmet(year, "approve_posting")["last_inspection_counted_every_letter"]
    assert (gap.act, "[9 ≠ 8]" in gap.missing) == ("inspect_delivery", True)
    year.do("inspect_delivery")
    year.do("approve_posting")


@pytest.mark.parametrize(
    ("act", "field", "guard"),
    [
        ("extract", "exported", "checkers_saw_the_same_counts"),
        ("complete_printing", "letters_printed", "printed_count_agrees"),
        ("complete_enclosing", "letters_enclosed", "enclosed_count_agrees"),
        ("enclose_additions", "letters_enclosed", "enclosed_additions_agree"),
        ("approve_posting", "letters", "approved_count_agrees"),
    ],
)
def test_a_step_is_not_passed_by_a_count_that_differs(sqlite_year: Year, act: str, field: str, guard: str) -> None:
    """While the pieces are in the house a difference stops the step, also of what is entered afterwards (Law 7)."""
    year = sqlite_year
    year.play(before=act)
    before = year.state
    year.later(hours=1)
    wrong = {field: getattr(year.record(act), field) - 1}
    assert guard in unmet(year, act, at=year.clock.at - timedelta(minutes=30), **wrong)
    assert (year.state, incidents(year)) == (before, [])


def test_no_refusal_tells_the_senders_count(sqlite_year: Year) -> None:
    """Neither what is missing for the receipt nor the refusal after a wrong count names the number exported."""
    year = sqlite_year
    year.play(before="report_receipt")
    year.do("report_receipt", received=10)
    gaps = [*unmet(year, "report_receipt", received=9).values(), *unmet(year, "hand_over").values()]
    assert gaps
    assert not any("11" in gap.missing.replace("2026-11", "") for gap in gaps)


# the copy register


@pytest.fixture
def posted(sqlite_year: Year) -> Year:
    """Give the year after the return, on the day of the erasure report."""
    sqlite_year.play(before="report_erasure")
    return sqlite_year


def erased(number: str, method: str, year: Year) -> dict[str, Any]:
    return {
        "copy_number": number, "method": method, "tool": "t", "erased_at": year.clock.at, "erased_by": "kobayashi",
        "witness": "yoshida",
    }  # fmt: skip


def test_every_copy_registered_by_either_side_is_a_duty_to_erase(posted: Year) -> None:
    """A copy registered late, by the ward or the contractor, keeps the report back until it is covered."""
    posted.do("register_copies", by="asahi")
    more = ({"copy_number": "C-2026-08", "kind": "proof", "place": "校正室", "storage": "hdd"},)
    posted.do("register_copies", by="sato", copies=more)
    assert "C-2026-08 C-2026-09" in unmet(posted, "report_erasure")["every_copy_is_covered"].missing
    numbers = (COPY, "C-2026-08", "C-2026-09")
    posted.do("report_erasure", copies=tuple(erased(number, "overwrite", posted) for number in numbers))
    assert {where(posted, number) for number in numbers} == {"erased"}


def test_a_number_stands_for_one_copy(posted: Year) -> None:
    """A number that an item has already, and one that is named twice, are refused."""
    copy = {"copy_number": COPY, "kind": "server", "place": "x"}
    assert COPY in unmet(posted, "register_copies", copies=(copy,))["copies_have_numbers_of_their_own"].missing
    twice = {**copy, "copy_number": "C-2026-05"}
    assert (
        "C-2026-05"
        in unmet(posted, "register_copies", copies=(twice, twice))["copies_have_numbers_of_their_own"].missing
    )


# After NIST SP 800-88 Rev. 1, Appendix A: what is no sanitization of this storage.
NOT_ENOUGH = {
    "ssd": ("overwrite", "spool_cleared", "degauss"),
    "flash": ("overwrite", "degauss"),
    "optical": ("overwrite", "cryptographic_erase", "purge", "degauss"),
    "hdd": ("spool_cleared", "shred"),
    "tape": ("spool_cleared",),
    "memory": ("degauss", "shred"),
}


@pytest.mark.parametrize(("storage", "method"), [(s, m) for s, methods in NOT_ENOUGH.items() for m in methods])
def test_a_method_that_does_not_reach_the_storage_is_refused(posted: Year, storage: str, method: str) -> None:
    """Overwriting an SSD or writing over a disc that is written once is refused, and the words name what would do."""
    copy = {"copy_number": "C-2026-05", "kind": "backup", "place": "別棟", "storage": storage}
    posted.do("register_copies", copies=(copy,))
    report = (erased(COPY, "overwrite", posted), erased("C-2026-05", method, posted))
    told = unmet(posted, "report_erasure", copies=report)
    assert set(told) == {"methods_fit_the_storage"}
    assert "C-2026-05" in told["methods_fit_the_storage"].missing
    assert "物理破壊" in told["methods_fit_the_storage"].missing


@pytest.mark.parametrize(("storage", "methods"), METHODS.items())
def test_destruction_reaches_every_storage(storage: str, methods: tuple[Method, ...]) -> None:
    """Whatever the storage, physical destruction is a way; and every storage of the records has its methods."""
    assert "destroy" in methods, storage


def test_a_copy_on_paper_is_returned_and_not_erased(posted: Year) -> None:
    """What was copied on paper is a thing: it comes back, and the erasure report does not count it."""
    paper = ({"copy_number": "C-2026-05", "kind": "proof", "place": "校正室", "storage": "paper"},)
    posted.do("register_copies", copies=paper)
    posted.do("report_erasure")
    posted.do("record_movement", item="C-2026-05", slip="13")
    assert where(posted, "C-2026-05") == "with_ward"


def test_a_storage_that_nobody_stated_is_a_warning(posted: Year) -> None:
    """The report is taken, and the ledger keeps that the method could not be judged."""
    assert posted.do("report_erasure").warnings == ("storage_of_each_copy_is_stated",)


def test_destruction_elsewhere_needs_prior_consent(posted: Year) -> None:
    """Without the ward's consent on record it is refused, and if it happened it is a deviation."""
    posted.do("record_movement", item=PROOFS, giver="sato", receiver="asahi", to="contractor")
    report: dict[str, Any] = {"items": (PROOFS,)}
    assert set(unmet(posted, "report_destruction", **report)) == {"destruction_has_prior_consent"}
    posted.do("consent_to_destruction", items=(PROOFS,))
    posted.do("report_destruction", **report)
    assert (where(posted, PROOFS), incidents(posted)) == ("destroyed", [])


def test_destruction_without_consent_is_a_deviation(posted: Year) -> None:
    """What was destroyed without being returned is recorded as it was."""
    posted.do("record_movement", item=PROOFS, giver="sato", receiver="asahi", to="contractor")
    outcome = posted.do("report_destruction", items=(PROOFS,), already_happened=True)
    assert outcome.deviations == ("destruction_has_prior_consent",)
    assert (where(posted, PROOFS), incidents(posted)) == ("destroyed", ["deviation"])


def test_the_wards_own_copies_are_in_the_register(sqlite_year: Year) -> None:
    """Inbox, vault, key, its backup and the sealed package are items with the ward until its data are erased."""
    year = sqlite_year
    year.play(before="erase_ward_data")
    own = {item.number: item.state for item in year.facts().items if item.number.startswith("WC-")}
    assert len(own) == 5
    assert set(own.values()) == {"with_ward"}
    year.do("erase_ward_data")
    assert {where(year, number) for number in own} == {"erased"}


def test_a_backup_of_the_wards_keeps_the_year_open(sqlite_year: Year) -> None:
    """A backup that the ward registered is erased before a witness, with what fits it, or the year does not close."""
    year = sqlite_year
    year.play(before="erase_ward_data")
    backup = ({"copy_number": BACKUP, "kind": "backup", "place": "書庫", "storage": "ssd"},)
    year.do("register_copies", by="sato", holder="ward", copies=backup)
    year.do("erase_ward_data")
    year.play(before="close")
    assert BACKUP in unmet(year, "close")["no_item_is_left"].missing
    assert "ward_methods_fit_the_storage" in unmet(year, "erase_ward_copies")
    alone = {**erased(BACKUP, "purge", year), "witness": "kobayashi"}
    assert set(unmet(year, "erase_ward_copies", copies=(alone,))) == {"nobody_witnesses_himself"}
    year.do("erase_ward_copies", copies=(erased(BACKUP, "purge", year),))
    year.do("close")


def test_the_hash_of_another_package_is_found_at_the_receipt(sqlite_year: Year) -> None:
    """A receipt of another file than was sealed is recorded and holds the year."""
    sqlite_year.play(before="report_receipt")
    outcome = sqlite_year.do("report_receipt", package_sha256="ef" * 32)
    assert outcome.deviations == ("hash_is_the_sealed_one",)


# what the contractor brings, and the posting


def test_hands_that_nobody_tells_keep_a_delivery_back(sqlite_year: Year) -> None:
    """Sample and delivery are refused without giver, receiver, slip and lock; as facts they are recorded, deviating."""
    year = sqlite_year
    untold = {"giver": "", "receiver": "", "slip": "", "locked_bag": None}
    for act in ("submit_imprint_sample", "inspect_delivery"):
        year.play(before=act)
        assert set(unmet(year, act, **untold)) == {"hands_and_slip_are_told", "bag_is_locked"}
        assert set(unmet(year, act, giver="sato")) == {"contractor_gives_to_the_ward"}
        outcome = year.do(act, already_happened=True, **untold)
        assert set(outcome.deviations) == {"hands_and_slip_are_told", "bag_is_locked"}
        assert outcome.checkpoint
        settle_everything(year)
    assert where(year, SAMPLE) == "with_contractor"
    with reading(year.engine) as connection:
        assert list(differences(connection)) == []


def test_a_sample_that_was_handed_over_is_with_the_ward(sqlite_year: Year) -> None:
    """The sheets lie where the slip says; brought again under their number they come to the ward as well."""
    year = sqlite_year
    year.play(before="approve_proof")
    assert where(year, SAMPLE) == "with_ward"
    year.do("record_movement", item=SAMPLE, to="contractor", giver="sato", receiver="asahi", slip="14")
    assert where(year, SAMPLE) == "with_contractor"
    year.do("submit_imprint_sample", version=2, slip="15")
    assert where(year, SAMPLE) == "with_ward"
    with reading(year.engine) as connection:
        assert list(differences(connection)) == []


def test_a_wrong_piece_is_recorded_whoever_brought_it(sqlite_year: Year) -> None:
    """A wrong piece found at the inspection is a fact, also where nobody tells who delivered."""
    sqlite_year.play(before="inspect_delivery")
    outcome = sqlite_year.do("inspect_delivery", wrong=1, giver="")
    assert set(outcome.deviations) == {"sample_opening_found_nothing_wrong", "hands_and_slip_are_told"}


def test_a_second_look_at_the_delivery_needs_no_hands(sqlite_year: Year) -> None:
    """What was delivered once and told is inspected again without a movement."""
    sqlite_year.play(before="inspect_delivery")
    sqlite_year.do("inspect_delivery")
    again = sqlite_year.do("inspect_delivery", giver="", receiver="", slip="", locked_bag=None)
    assert again.deviations == ()


def test_a_posting_tells_who_brought_the_letters(sqlite_year: Year) -> None:
    """Without bringer and container it is refused; what has happened is recorded, on a held cycle too, and replayed."""
    year = sqlite_year
    year.play(before="post")
    told = unmet(year, "post", giver="", locked_bag=None)
    assert set(told) == {"giver_and_container_are_told", "letters_go_in_a_locked_container"}
    assert set(unmet(year, "post", giver="asahi")) == {"poster_brings_the_letters"}
    year.do("hold")
    assert "not_on_hold" in unmet(year, "post")
    outcome = year.do("post", already_happened=True, giver="nobody")
    assert (outcome.deviations, year.state) == (("poster_brings_the_letters",), "posted")
    with reading(year.engine) as connection:
        assert list(differences(connection)) == []
