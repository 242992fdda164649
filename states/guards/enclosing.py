"""Guards of enclosing and pulls: zero tolerance, differences by serial (Law 7; Fukuoka, Miyaki)."""

from models.records.enclosing import (
    AdditionsEnclosed,
    DeliveryInspected,
    EnclosingCompleted,
    EnclosingReported,
    PullListAcknowledged,
    PullListIssued,
)
from models.serials import count, expand
from states.facts import Facts, Shortfall, Verdict
from states.guards.base import claims, claims_of, recorded

enclosing_is_reported = recorded(
    "report_enclosing", "The contractor has reported enclosing.", name="enclosing_is_reported"
)
additions_are_taken = recorded(
    "take_additions", "The additional extract is taken, even if it is empty.", name="additions_are_taken"
)
additions_are_enclosed = recorded(
    "enclose_additions", "The ward has enclosed the additional letters.", name="additions_are_enclosed"
)
delivery_is_inspected = recorded(
    "inspect_delivery", "The delivery is inspected and reconciled.", name="delivery_is_inspected"
)
enclosing_recheck_is_done = recorded(
    "recheck_before_enclosing",
    "Protected persons were re-checked before enclosing.",
    name="enclosing_recheck_is_done",
)


@claims_of(PullListIssued)
def pulled_serials_are_ours(facts: Facts, record: PullListIssued) -> Verdict:
    """Every serial of the pull list is a piece of this cycle that is not posted."""
    return facts.pieces.within(record.pulled, "exported", "printed", "enclosed") == count(record.pulled)


@claims_of(PullListIssued)
def reasons_add_up(_facts: Facts, record: PullListIssued) -> Verdict:
    """The reason codes add up to the serials of the pull list."""
    return sum(record.reasons.values()) == count(record.pulled)


@claims_of(PullListIssued)
def pull_list_was_rechecked_today(facts: Facts, record: PullListIssued) -> Verdict:
    """Protected persons were re-checked on the day of the pull list."""
    return record.rechecked_on == facts.today


@claims_of(PullListAcknowledged)
def every_pull_is_acknowledged(facts: Facts, record: PullListAcknowledged) -> Verdict:
    """Every serial of the first pull list is acknowledged, and no other."""
    return _acknowledged(facts, "issue_pull_list", record)


@claims_of(PullListAcknowledged)
def every_final_pull_is_acknowledged(facts: Facts, record: PullListAcknowledged) -> Verdict:
    """Every serial of the final pull list is acknowledged, and no other."""
    return _acknowledged(facts, "issue_final_pull_list", record)


@claims(owes="acknowledge_pull_list")
def pull_list_is_acknowledged(facts: Facts) -> Verdict:
    """The first pull list is acknowledged serial by serial."""
    return _is_answered(facts, "issue_pull_list", "acknowledge_pull_list")


@claims(owes="acknowledge_final_pull_list")
def final_pull_list_is_acknowledged(facts: Facts) -> Verdict:
    """The final pull list is acknowledged serial by serial."""
    return _is_answered(facts, "issue_final_pull_list", "acknowledge_final_pull_list")


@claims_of(EnclosingReported)
def sealed_serials_were_printed(facts: Facts, record: EnclosingReported) -> Verdict:
    """Every sealed serial was printed well and not pulled."""
    return facts.pieces.within(record.sealed, "printed") == count(record.sealed)


@claims_of(EnclosingReported)
def machine_count_agrees(_facts: Facts, record: EnclosingReported) -> Verdict:
    """The machine's count equals the sealed serials and the re-runs."""
    expected = count(record.sealed) + record.reruns
    return record.machine_count == expected or Shortfall(names=f"{record.machine_count} ≠ {expected}")


@claims(owes="report_enclosing")
def every_printed_letter_is_sealed(facts: Facts) -> Verdict:
    """Every letter that was printed and not pulled is sealed."""
    left = facts.pieces.named("printed", "exported", origin="extract")
    return Shortfall(names=left) if left else True


@claims_of(EnclosingCompleted)
def enclosed_count_agrees(facts: Facts, record: EnclosingCompleted) -> Verdict:
    """The confirmed count equals the serials enclosed."""
    counted = facts.pieces.count("enclosed", origin="extract")
    return counted == record.letters_enclosed or Shortfall(names=f"{counted} ≠ {record.letters_enclosed}")


@claims_of(AdditionsEnclosed)
def enclosed_additions_agree(facts: Facts, record: AdditionsEnclosed) -> Verdict:
    """The letters that the ward enclosed are all the additional ones."""
    counted = facts.pieces.count("exported", origin="addition")
    return counted == record.letters_enclosed or Shortfall(names=f"{counted} ≠ {record.letters_enclosed}")


@claims_of(DeliveryInspected)
def delivered_equals_enclosed(facts: Facts, record: DeliveryInspected) -> Verdict:
    """The pieces delivered are the pieces enclosed."""
    counted = facts.pieces.count("enclosed", origin="extract")
    return counted == record.delivered or Shortfall(names=f"{counted} ≠ {record.delivered}")


@claims_of(DeliveryInspected)
def sample_opening_found_nothing_wrong(_facts: Facts, record: DeliveryInspected) -> Verdict:
    """Pieces were opened as a sample and none was wrong."""
    return record.opened > 0 and record.wrong == 0


def _is_answered(facts: Facts, issue: str, acknowledge: str) -> bool:
    """Tell whether the list issued last is the one acknowledged last: a list issued again wants a new answer."""
    issued = facts.record(issue, PullListIssued)
    acknowledged = facts.record(acknowledge, PullListAcknowledged)
    return issued is not None and acknowledged is not None and issued.pulled == acknowledged.pulled


def _acknowledged(facts: Facts, act: str, record: PullListAcknowledged) -> Verdict:
    issued = facts.record(act, PullListIssued)
    if issued is None:
        return False
    difference = set(expand(issued.pulled)) ^ set(expand(record.pulled))
    return Shortfall(names=",".join(map(str, sorted(difference)))) if difference else True
