"""Protected persons, changes after extraction and the pull lists: what several stages ask about them."""

from datetime import timedelta

from models.records.enclosing import PullListAcknowledged, PullListIssued
from models.records.extraction import ProtectionRechecked
from models.serials import compact, count, expand
from states.facts import Facts, Shortfall, Verdict
from states.rules.base import NOT_POSTED, claims, claims_of

RECHECK_IS_GOOD_FOR = timedelta(hours=24)  # domain.md 2: a snapshot of April did not know of May


def due_recheck(facts: Facts) -> str:
    """Return the re-check that belongs to where the cycle stands."""
    if facts.state == "extracted":
        return "recheck_before_sealing"
    if facts.state != "enclosed":
        return "recheck_before_enclosing"
    day = facts.due.get("recheck_before_posting", facts.today)
    return "recheck_before_posting" if facts.today >= day else "recheck_before_final_list"


@claims_of(ProtectionRechecked)
def newly_protected_are_ours(facts: Facts, record: ProtectionRechecked) -> Verdict:
    """The serials of newly protected persons are serials of this cycle."""
    return facts.pieces.within(record.newly_protected) == count(record.newly_protected)


@claims_of(PullListIssued, owes="take_changes")
def changes_are_on_the_pull_list(facts: Facts, record: PullListIssued) -> Verdict:
    """Every piece that a change list or a re-check named, and that is not pulled yet, is on the pull list."""
    left = compact(set(expand(facts.to_pull)) - set(expand(record.pulled)))
    return _none_of(facts, left, *NOT_POSTED)


@claims(owes="issue_pull_list")
def no_protected_piece_is_sealed(facts: Facts) -> Verdict:
    """The pieces of newly protected persons are pulled before anything counts as sealed."""
    return _none_of(facts, facts.newly_protected, "printed")


@claims(owes="issue_final_pull_list")
def no_changed_piece_is_left(facts: Facts) -> Verdict:
    """Every piece that a change list named is pulled."""
    return _none_of(facts, facts.to_pull, *NOT_POSTED)


def _none_of(facts: Facts, serials: str, *states: str) -> Verdict:
    """Tell whether none of the serials is in these states, or name those that are."""
    if facts.pieces.within(serials, *states) == 0:
        return True
    return Shortfall(names=compact(facts.pieces.serials(*states).intersection(expand(serials))))


@claims(owes="issue_final_pull_list")
def no_protected_piece_is_left(facts: Facts) -> Verdict:
    """Every piece of a newly protected person is pulled."""
    found = facts.newly_protected
    return facts.pieces.within(found, "exported", "printed", "enclosed", "posted") == 0 or Shortfall(names=found)


@claims(owes="acknowledge_pull_list")
def pull_list_is_acknowledged(facts: Facts) -> Verdict:
    """The first pull list is acknowledged serial by serial."""
    return _is_answered(facts, "issue_pull_list", "acknowledge_pull_list")


@claims(owes="acknowledge_final_pull_list")
def final_pull_list_is_acknowledged(facts: Facts) -> Verdict:
    """The final pull list is acknowledged serial by serial."""
    return _is_answered(facts, "issue_final_pull_list", "acknowledge_final_pull_list")


def _is_answered(facts: Facts, issue: str, acknowledge: str) -> bool:
    """Tell whether the list issued last is the one acknowledged last: a list issued again wants a new answer."""
    issued = facts.record(issue, PullListIssued)
    acknowledged = facts.record(acknowledge, PullListAcknowledged)
    return issued is not None and acknowledged is not None and issued.pulled == acknowledged.pulled
