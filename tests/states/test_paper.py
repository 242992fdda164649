"""Proofs, printing, enclosing, pulls and posting at the door: what is refused, and what has happened all the same."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from lifting import lifted
from scenes import CYCLE, HASH, IN_ORDER, STACK, YEAR, Year
from sqlalchemy import Engine, select, update
from sqlmodel import col

from adapters.keys import LedgerKey
from models import tables
from models.errors import Refused
from models.people import Side
from states import schedule
from states.calendar import Calendar
from states.table import BY_TRIGGER

OTHER = "cd" * 32


def unmet(year: Year, trigger: str, **changes: Any) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        year.do(trigger, **changes)
    return {gap.guard: gap.missing for gap in refused.value.unmet}


@pytest.fixture
def year(sqlite_year: Year) -> Year:
    return sqlite_year


# proofs


@pytest.mark.parametrize("act", ["submit_text_proof", "submit_imprint_sample", "report_printing"])
def test_another_template_than_the_manuscripts_is_refused_with_both_hashes(year: Year, act: str) -> None:
    """Proof, sample and print name the template they were made from; one that differs is refused, none is let be."""
    year.play(before=act)
    [(guard, words)] = unmet(year, act, template_sha256=OTHER).items()
    assert f"[{OTHER[:12]} ≠ {HASH[:12]}]" in words, guard
    year.do(act, template_sha256=HASH)


def test_a_changed_template_after_approval_asks_for_both_approvals_again(year: Year) -> None:
    """After a new manuscript nothing is printed until text and sample were proved and approved once more, in order."""
    year.play(before="report_printing")
    year.do("deliver_manuscript", template_sha256=OTHER)
    both = {"text_is_approved", "imprint_is_approved"}
    assert set(unmet(year, "report_printing")) == both
    assert set(unmet(year, "approve_proof_again")) == {"text_is_approved", "sample_follows_the_manuscript"}
    year.do("submit_text_proof", version=2, template_sha256=OTHER)
    year.do("approve_text", version=2)
    assert set(unmet(year, "report_printing")) == {"imprint_is_approved"}
    year.do("submit_imprint_sample", version=2, template_sha256=OTHER)
    assert set(unmet(year, "report_printing")) == {"imprint_is_approved"}
    year.propose("approve_proof_again", version=2)
    assert set(unmet(year, "report_printing")) == {"imprint_is_approved"}
    year.confirm("approve_proof_again")
    year.do("report_printing", template_sha256=OTHER)


def test_a_text_approved_again_asks_for_the_sample_again(year: Year) -> None:
    """A new version of the text after the sample's approval is not printed before the sample is approved with it."""
    year.play(before="report_printing")
    year.do("submit_text_proof", version=2)
    assert "text_is_approved" in unmet(year, "report_printing")
    year.do("approve_text", version=2)
    assert set(unmet(year, "report_printing")) == {"imprint_is_approved"}
    year.do("approve_proof_again")
    year.do("report_printing")


def test_mixed_rows_are_not_printed(year: Year) -> None:
    """Tokyo: what a comparison found wrong stops the printing until a later one finds nothing."""
    year.play(before="report_printing")
    year.do("compare_imprint", right=9, wrong="5-6")
    assert "[wrong:5-6]" in unmet(year, "report_printing")["compared_rows_agree"]
    year.do("compare_imprint")
    year.do("report_printing")


def test_dummy_data_stand_for_nobody_who_may_be_shown(year: Year) -> None:
    """A sample that shows dummy data instead of a person who may be shown is refused with the serial."""
    year.play(before="submit_imprint_sample")
    gaps = unmet(year, "submit_imprint_sample", dummies="2")
    assert "[2]" in gaps["dummies_stand_for_the_protected_only"]


# printing


def test_printing_goes_on_until_one_good_sheet_of_each_exists(year: Year) -> None:
    """A spoiled sheet waits until it is printed again; only then is its serial good, and only then is printing done."""
    year.play(before="report_printing")
    year.do("report_printing", good="1-8,10-11", spoiled="9", reprinted="", spoiled_stack=STACK)
    assert "[9]" in unmet(year, "complete_printing", letters_printed=11)["one_good_sheet_of_each"]
    again: dict[str, Any] = {"good": "9", "spoiled": "", "spoiled_stack": ""}
    assert "[9]" in unmet(year, "report_printing", **again, reprinted="")["spoiled_sheets_are_printed_again"]
    assert (
        "[7]"
        in unmet(year, "report_printing", good="9", spoiled="", spoiled_stack="", reprinted="7,9")[
            "spoiled_sheets_are_printed_again"
        ]
    )
    year.do("report_printing", **again, reprinted="9")
    year.do("complete_printing")


# enclosing


def test_every_kind_of_difference_blocks_until_what_was_found_is_told(year: Year) -> None:
    """Each difference is named with its serials; settling one that is not open, or an alien as ours, is refused."""
    year.play(before="reconcile_enclosing")
    found: dict[str, Any] = {
        "sealed": "1-4,7-10", "missing": "11", "doubled": "7", "mispaired": "6", "touched": "8", "alien": "77",
        "though_pulled": "5", "unreadable": 1,
    }  # fmt: skip
    year.do("reconcile_enclosing", **found)
    assert "[6,11]" in unmet(year, "report_enclosing")["sealed_serials_were_scanned"]
    for wrong in ({"opened": "9"}, {"found": "77"}, {"removed": "7"}):
        assert "settled_serials_are_open" in unmet(year, "settle_differences", **({"opened": ""} | wrong))
    assert "witness_is_on_the_register" in unmet(year, "settle_differences", witness="nobody")
    year.do("settle_differences", opened="6-8", found="11", unreadable=1)
    year.do("report_enclosing")
    assert "[alien:77 though_pulled:5]" in unmet(year, "complete_enclosing")["every_difference_is_settled"]
    year.do("settle_differences", opened="", removed="5,77", stack="S-2026-07")
    year.do("complete_enclosing")
    assert "S-2026-07" in {item.number for item in year.facts().items_in("with_contractor", "spoiled_sheets")}


def test_a_new_reconciliation_forgets_no_difference(year: Year) -> None:
    """What was settled before the logs were read again is open again, if they say so."""
    year.play(before="settle_differences")
    year.do("settle_differences")
    year.do("reconcile_enclosing")
    year.do("report_enclosing")
    assert "[touched:8]" in unmet(year, "complete_enclosing")["every_difference_is_settled"]


def test_a_programme_may_ask_for_scans(year: Year) -> None:
    """Without a reconciliation the enclosing is complete only where the programme is content with the report."""
    change_programme(year, 'match = "report"', 'match = "scans"')
    year.play(before="reconcile_enclosing")
    year.do("report_enclosing")
    assert set(unmet(year, "complete_enclosing")) == {"enclosing_is_reconciled"}
    year.do("reconcile_enclosing", touched="")
    year.do("complete_enclosing")


# pulls


def test_what_is_pulled_imprinted_must_come_back(year: Year) -> None:
    """A pulled letter lies in the named stack, or with the spoiled sheets; the media return waits for it."""
    year.play(before="acknowledge_pull_list")
    year.do("acknowledge_pull_list", stack="H-2026-01")
    year.play(before="return_items")
    year.do("return_items")
    assert "H-2026-01" in unmet(year, "return_media")["every_item_is_back"]
    year.do("return_items", items=("H-2026-01",))
    year.do("return_media")


def test_without_spoiled_sheets_a_pulled_letter_makes_the_years_first_stack(year: Year) -> None:
    """Nothing imprinted is without a number, also where nobody gave one."""
    year.play(before="report_printing")
    year.do("report_printing", spoiled="", reprinted="", spoiled_stack="")
    year.play(before="acknowledge_pull_list")
    year.do("acknowledge_pull_list")
    assert [item.number for item in year.facts().items_in("with_contractor", "pulled_pieces")] == [f"S-{YEAR}-01"]


def test_a_replaced_piece_is_pulled_before_the_go(year: Year) -> None:
    """Whoever got a new serial does not also get the old letter, however late the replacement comes."""
    year.play(before="take_additions")
    for act in IN_ORDER[IN_ORDER.index("report_printing") : IN_ORDER.index("enclose_additions")]:
        year.do(act)
    year.do("take_additions", replaced="8")
    year.do("enclose_additions")
    assert "[8]" in unmet(year, "approve_posting")["replaced_pieces_are_pulled"]
    year.do("issue_final_pull_list", pulled="8")
    year.do("acknowledge_final_pull_list", pulled="8")
    year.do("inspect_delivery", delivered=8)
    year.do("approve_posting", letters=9)


def test_a_replaced_piece_is_on_the_next_pull_list(year: Year) -> None:
    """A pull list that leaves out what is replaced is refused and names it."""
    year.play(before="take_additions")
    year.do("take_additions", replaced="8")
    year.play(before="issue_pull_list")
    assert "[8]" in unmet(year, "issue_pull_list")["changes_are_on_the_pull_list"]
    year.do("issue_pull_list", pulled="5,8", reasons={"a": 2})


@pytest.mark.parametrize("replaced", ["99", "7-8", "12"])
def test_only_a_letter_that_waits_is_replaced_and_by_one_letter(year: Year, replaced: str) -> None:
    """No serial of another year, not more than there are new ones, and none that is pulled already."""
    year.play(before="take_additions")
    assert set(unmet(year, "take_additions", replaced=replaced)) == {"replaced_serials_are_ours"}


# go and posting


def test_a_wrong_piece_in_the_sample_is_a_fact_that_stops_the_posting(year: Year) -> None:
    """It is recorded, opens an incident and holds the cycle; after release the go waits for a clean inspection."""
    year.play(before="inspect_delivery")
    outcome = year.do("inspect_delivery", wrong=1)
    assert outcome.deviations == ("sample_opening_found_nothing_wrong",)
    year.do("settle_incident")
    year.do("release_hold")
    year.do("enclose_additions")
    assert set(unmet(year, "approve_posting")) == {"last_inspection_found_nothing_wrong"}
    year.do("inspect_delivery")
    year.do("approve_posting")


def test_a_posted_piece_is_asked_back_and_never_pulled(year: Year) -> None:
    """Before the posting nothing is asked back; after it that is an incident of its own kind that holds the cycle."""
    year.play(before="post")
    assert "state_allows_it" in unmet(year, "request_retrieval")
    year.do("post")
    assert "state_allows_it" in unmet(year, "issue_final_pull_list")
    assert "retrieved_pieces_were_posted" in unmet(year, "request_retrieval", serials="5")
    year.do("request_retrieval")
    [incident] = year.read(select(tables.Incident))
    assert (incident.kind, incident.state) == ("retrieval", "open")
    assert year.facts().on_hold


def test_returned_mail_is_recorded_after_the_window_and_after_the_close(year: Year) -> None:
    """Mail comes back when it comes back; the window's counts must be those recorded by serial until then."""
    year.play(before="end_returned_mail")
    gaps = unmet(year, "end_returned_mail", returned={"unknown_address": 2})
    assert "[unknown_address:1 ≠ unknown_address:2]" in gaps["returned_counts_agree"]
    year.play(until="closed")
    later = year.facts().today + timedelta(days=30)
    year.do("record_returned_mail", serials="4", stack="RL-2026-02", keep_until=later)
    assert "returned_mail_was_posted" in unmet(year, "record_returned_mail", serials="5")
    assert (
        "RL-2026-02"
        in unmet(year, "record_returned_mail", serials="4", outcome="destroyed")["destroyed_letters_lay_in_a_stack"]
    )
    year.do("destroy_items", items=("RL-2026-02",))
    year.do("record_returned_mail", serials="4", outcome="destroyed")
    assert {item.state for item in year.facts().items} == {"destroyed", "erased"}


def test_where_the_contractor_posts_the_contractor_owes_and_does_it(
    sqlite_url: str, engines: Callable[[str], Engine], ledger_key: LedgerKey
) -> None:
    """By the programme's setting act and debt go over to the contractor; without a referral nothing is approved."""
    year = Year(engines(sqlite_url), ledger_key)
    change_programme(year, 'poster = "ward"', 'poster = "contractor"')
    year.play(before="approve_posting")
    assert "contractor_posts_only_if_referred" in unmet(year, "approve_posting")
    change_programme(year, '"封入封緘"]', '"封入封緘", "差出"]')
    year.play(before="post")
    assert "role_may_do_it" in unmet(year, "post")
    year.do("post", by="asahi", giver="asahi")
    assert year.state == "posted"
    programme = year.facts().programme
    assert BY_TRIGGER["post"].owner_under(programme) is Side.CONTRACTOR
    with lifted(year.engine) as connection:
        connection.execute(tables.Act.__table__.delete())  # type: ignore[attr-defined]  # SQLModel adds it
        schedule.write_plan(connection, CYCLE, programme, YEAR, Calendar())
        owner = select(col(tables.Act.owner)).where(col(tables.Act.act) == "post")
        assert connection.execute(owner).scalar_one() == Side.CONTRACTOR.value


def change_programme(year: Year, old: str, new: str) -> None:
    """Change the words that the cycle was opened with."""
    with lifted(year.engine) as connection:
        text = connection.execute(select(col(tables.Cycle.programme_text))).scalar_one()
        assert old in text
        connection.execute(update(tables.Cycle).values(programme_text=text.replace(old, new)))
