"""Guards of extraction: domain.md 2 and 3, the accidents of Oyama, Meguro and Tokyo."""

from models.records.erasure import WardDataErased
from models.records.extraction import AdditionsTaken, ExtractChecked, ExtractTaken, ProtectionRechecked, RowDecided
from models.serials import count
from states.facts import Facts, Shortfall, Verdict
from states.guards.base import claims, claims_of, recorded

extract_is_taken = recorded("take_extract", "The extract is taken and judged.", name="extract_is_taken")


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


@claims_of(ProtectionRechecked)
def newly_protected_are_ours(facts: Facts, record: ProtectionRechecked) -> Verdict:
    """The serials of newly protected persons are serials of this cycle."""
    return facts.pieces.within(record.newly_protected) == count(record.newly_protected)


@claims_of(AdditionsTaken)
def serials_are_new(facts: Facts, record: AdditionsTaken) -> Verdict:
    """Additional persons get serials that were never used."""
    return facts.pieces.within(record.serials) == 0


@claims_of(AdditionsTaken)
def additions_add_up(_facts: Facts, record: AdditionsTaken) -> Verdict:
    """Raw hits of the additional extract equal its new serials and the excluded."""
    return record.raw_hits == count(record.serials) + sum(record.excluded.values())


@claims(owes="issue_final_pull_list")
def no_protected_piece_is_left(facts: Facts) -> Verdict:
    """Every piece of a newly protected person is pulled."""
    found = facts.newly_protected
    return facts.pieces.within(found, "exported", "printed", "enclosed", "posted") == 0 or Shortfall(names=found)


@claims_of(WardDataErased)
def nothing_personal_is_left(_facts: Facts, record: WardDataErased) -> Verdict:
    """The search for residents' data found none, and key and files are absent."""
    return (record.found == 0 and record.absent) or Shortfall(names=str(record.found))
