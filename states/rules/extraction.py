"""Guards of extraction: domain.md 2 and 3, the accidents of Oyama, Meguro and Tokyo."""

import json
import re
from collections.abc import Mapping

from models.extract import characters, code_points
from models.people import Side
from models.records.enclosing import PullListIssued
from models.records.erasure import WardDataErased
from models.records.extraction import (
    AdditionsTaken,
    ChangesTaken,
    ExtractChecked,
    ExtractReceived,
    ExtractTaken,
    FileTaken,
    ListWithdrawn,
    ProtectionRechecked,
    RowDecided,
)
from models.records.transfer import PackageSealed
from models.serials import compact, count, expand
from states.facts import LISTS, Facts, Shortfall, Verdict
from states.rules.base import claims, claims_of, recorded

extract_is_taken = recorded("take_extract", "The extract is taken and judged.", name="extract_is_taken")

_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_NOT_POSTED = ("exported", "printed", "enclosed")
_SHOWN = 16  # digits of a SHA-256 that tell two apart in a refusal


@claims_of(ExtractReceived)
def original_has_a_new_number(facts: Facts, record: ExtractReceived) -> Verdict:
    """The number of the original is used by no other item of this year."""
    return record.item not in {item.number for item in facts.items} or Shortfall(names=record.item)


@claims_of(ExtractReceived)
def it_comes_from_the_register_section(facts: Facts, record: ExtractReceived) -> Verdict:
    """Somebody of the register section hands it over to somebody of the ward; both are on the register today."""
    giver, receiver = facts.people.get(record.giver), facts.people.get(record.receiver)
    return (
        giver is not None
        and receiver is not None
        and giver.id != receiver.id
        and giver.is_valid_on(facts.today)
        and receiver.is_valid_on(facts.today)
        and giver.side is Side.REGISTER
        and receiver.side is not Side.CONTRACTOR
    )


@claims_of(FileTaken, owes="receive_extract")
def encrypted_file_was_received(facts: Facts, record: FileTaken) -> Verdict:
    """An extract that came as an encrypted file is the one whose receipt from the register section is recorded."""
    received = facts.record("receive_extract", ExtractReceived)
    return not record.travelled_sha256 or (received is not None and received.sha256 == record.travelled_sha256)


@claims_of(ExtractTaken)
def exported_serials_are_counted(_facts: Facts, record: ExtractTaken) -> Verdict:
    """Everybody exported has a serial, and nobody else."""
    counted = count(record.serials)
    return counted == record.exported or Shortfall(names=f"{counted} ≠ {record.exported}")


@claims_of(ExtractTaken)
def hits_add_up(_facts: Facts, record: ExtractTaken) -> Verdict:
    """Raw hits equal exported and excluded and held rows."""
    parts = record.exported + sum(record.excluded.values()) + record.held
    return parts == record.raw_hits or Shortfall(names=f"{record.raw_hits} ≠ {parts}")


@claims_of(ExtractTaken)
def birth_window_is_the_years(facts: Facts, record: ExtractTaken) -> Verdict:
    """The birth window is the one of this fiscal year, and everybody exported was born in it."""
    window = facts.programme.extract.window(facts.fiscal_year)
    return (record.window_from, record.window_to) == window and window[0] <= record.born_from <= record.born_to <= (
        window[1]
    )


@claims(owes="decide_row")
def no_row_is_held(facts: Facts) -> Verdict:
    """No row of the extract waits for a decision."""
    taken = facts.record("take_extract", ExtractTaken)
    open_rows = max(facts.undecided, taken.held if taken else 0)
    return open_rows == 0 or Shortfall(names=str(open_rows))


@claims_of(ExtractChecked)
def checkers_saw_the_same_counts(facts: Facts, record: ExtractChecked) -> Verdict:
    """The counts that the checkers sign are the counts of the extract."""
    taken = facts.record("take_extract", ExtractTaken)
    return taken is not None and (record.exported, record.excluded) == (taken.exported, sum(taken.excluded.values()))


@claims_of(ExtractChecked)
def birth_window_was_compared(_facts: Facts, record: ExtractChecked) -> Verdict:
    """The checkers compared the birth window with the fiscal year."""
    return record.window_seen


@claims_of(RowDecided)
def row_is_held(facts: Facts, record: RowDecided) -> Verdict:
    """The row is held."""
    taken = facts.record("take_extract", ExtractTaken)
    return taken is not None and any(held.row == record.row for held in taken.rows)


@claims_of(RowDecided)
def substitute_is_named(_facts: Facts, record: RowDecided) -> Verdict:
    """A substitution names the characters as code points."""
    return bool(record.substitute) == (record.how == "substitute")


@claims_of(RowDecided)
def substitute_is_listed(facts: Facts, record: RowDecided) -> Verdict:
    """Each substitute stands in the programme's table of substitutes, or only leaves out a variation selector."""
    table = facts.programme.extract.substitutes
    strange = [pair for pair in record.substitute.split(",") if pair and not _is_listed(pair, table)]
    return Shortfall(names=" ".join(strange)) if strange else True


def _is_listed(pair: str, table: Mapping[str, tuple[str, ...]]) -> bool:
    found, _arrow, instead = pair.partition(">")
    plain, printed = _SELECTORS.sub("", characters(found)), characters(instead)
    return len(plain) == len(printed) and all(
        before == after or code_points(after) in table.get(code_points(before), ())
        for before, after in zip(plain, printed, strict=True)
    )


@claims_of(ProtectionRechecked)
def newly_protected_are_ours(facts: Facts, record: ProtectionRechecked) -> Verdict:
    """The serials of newly protected persons are serials of this cycle."""
    return facts.pieces.within(record.newly_protected) == count(record.newly_protected)


@claims_of(AdditionsTaken)
def serials_are_new(facts: Facts, record: AdditionsTaken) -> Verdict:
    """Additional persons get serials that were never used."""
    return facts.pieces.within(record.serials) == 0


@claims_of(AdditionsTaken)
def replaced_serials_are_ours(facts: Facts, record: AdditionsTaken) -> Verdict:
    """What is replaced is not posted and not pulled, and there is a new serial for each."""
    waiting = facts.pieces.within(record.replaced, *_NOT_POSTED)
    return waiting == count(record.replaced) <= count(record.serials)


@claims_of(AdditionsTaken)
def additions_add_up(_facts: Facts, record: AdditionsTaken) -> Verdict:
    """Raw hits of the additional extract equal its new serials and the excluded."""
    return record.raw_hits == count(record.serials) + sum(record.excluded.values())


@claims_of(ChangesTaken)
def changed_persons_are_ours(facts: Facts, record: ChangesTaken) -> Verdict:
    """The serials of the change list are serials of this cycle."""
    named = (record.moved, record.died, record.newly_protected)
    return all(facts.pieces.within(serials) == count(serials) for serials in named)


@claims_of(ListWithdrawn)
def list_was_taken(facts: Facts, record: ListWithdrawn) -> Verdict:
    """The list is one of this year's re-checks or change lists, and is not withdrawn."""
    return any(json.loads(it.data)["list_sha256"] == record.list_sha256 for it in facts.history.of(*LISTS))


@claims_of(PullListIssued, owes="take_changes")
def changes_are_on_the_pull_list(facts: Facts, record: PullListIssued) -> Verdict:
    """Every piece that a change list or a re-check named, and that is not pulled yet, is on the pull list."""
    left = compact(set(expand(facts.to_pull)) - set(expand(record.pulled)))
    return _none_of(facts, left, *_NOT_POSTED)


@claims(owes="issue_pull_list")
def no_protected_piece_is_sealed(facts: Facts) -> Verdict:
    """The pieces of newly protected persons are pulled before anything counts as sealed."""
    return _none_of(facts, facts.newly_protected, "printed")


@claims(owes="issue_final_pull_list")
def no_changed_piece_is_left(facts: Facts) -> Verdict:
    """Every piece that a change list named is pulled."""
    return _none_of(facts, facts.to_pull, *_NOT_POSTED)


def _none_of(facts: Facts, serials: str, *states: str) -> Verdict:
    """Tell whether none of the serials is in these states, or name those that are."""
    if facts.pieces.within(serials, *states) == 0:
        return True
    return Shortfall(names=compact(facts.pieces.serials(*states).intersection(expand(serials))))


@claims_of(PackageSealed, owes="take_extract")
def font_is_the_judged_one(facts: Facts, record: PackageSealed) -> Verdict:
    """The letters are printed with the font that the extract was judged with; otherwise install that font again."""
    taken = facts.record("take_extract", ExtractTaken)
    judged = taken.font_sha256 if taken else ""
    return record.font_sha256 == judged or Shortfall(names=f"{record.font_sha256[:_SHOWN]} ≠ {judged[:_SHOWN]}")


@claims(owes="issue_final_pull_list")
def no_protected_piece_is_left(facts: Facts) -> Verdict:
    """Every piece of a newly protected person is pulled."""
    found = facts.newly_protected
    return facts.pieces.within(found, "exported", "printed", "enclosed", "posted") == 0 or Shortfall(names=found)


@claims_of(WardDataErased)
def nothing_personal_is_left(_facts: Facts, record: WardDataErased) -> Verdict:
    """The search for residents' data found none, and key and files are absent."""
    return (record.found == 0 and record.absent) or Shortfall(names=str(record.found))
