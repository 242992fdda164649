"""Guards of enclosing and pulls: zero tolerance, differences by serial (Law 7; Fukuoka, Miyaki)."""

from models.records.enclosing import (
    AdditionsEnclosed,
    DeliveryInspected,
    DifferencesSettled,
    EnclosingCompleted,
    EnclosingReconciled,
    EnclosingReported,
    PullListAcknowledged,
    PullListIssued,
)
from models.records.extraction import AdditionsTaken
from models.serials import compact, count, expand
from states.facts import RECHECKS, Facts, Shortfall, Verdict
from states.rules.base import claims, claims_of, done_today, recorded, registered

enclosing_is_reported = recorded(
    "report_enclosing", "The contractor has reported enclosing.", name="enclosing_is_reported"
)
additions_are_taken = recorded(
    "take_additions", "The additional extract is taken, even if it is empty.", name="additions_are_taken"
)
additions_are_enclosed = recorded(
    "enclose_additions", "The additional letters are enclosed.", name="additions_are_enclosed"
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
    return record.rechecked_on == facts.today and done_today(facts, RECHECKS)


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
def sealed_serials_were_scanned(facts: Facts, record: EnclosingReported) -> Verdict:
    """Every sealed serial was scanned in one piece with itself, or its difference is settled."""
    scanned = facts.record("reconcile_enclosing", EnclosingReconciled)
    if scanned is None:
        return True
    left = set(expand(record.sealed)) - set(expand(scanned.sealed)) - settled_serials(facts)
    return Shortfall(names=compact(left)) if left else True


@claims(owes="reconcile_enclosing")
def enclosing_is_reconciled(facts: Facts) -> Verdict:
    """Scans and serials are reconciled, where the programme asks for it."""
    return facts.programme.enclosing.match == "report" or "reconcile_enclosing" in facts.done


@claims(owes="settle_differences")
def every_difference_is_settled(facts: Facts) -> Verdict:
    """Every difference between scans and serials is settled by what was found."""
    left = open_differences(facts)
    return Shortfall(names=" ".join(f"{name}:{serials}" for name, serials in left.items())) if left else True


@claims_of(DifferencesSettled)
def settled_serials_are_open(facts: Facts, record: DifferencesSettled) -> Verdict:
    """What is settled is an open difference; what was sealed although it was pulled or is not ours is taken out."""
    left = {name: set(expand(text)) for name, text in open_differences(facts).items() if name != "unreadable"}
    out = left.get("alien", set[int]()) | left.get("though_pulled", set[int]())
    inside = set[int]().union(*left.values()) - out
    stayed = {serial for text in (record.opened, record.found, record.reprinted) for serial in expand(text)}
    wrong = (stayed - inside) | (set(expand(record.removed)) - out)
    return Shortfall(names=compact(wrong)) if wrong else True


@claims_of(DifferencesSettled)
def witness_is_on_the_register(facts: Facts, record: DifferencesSettled) -> Verdict:
    """The witness is on the register of people today."""
    return registered(facts, (record.witness,), facts.today)


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


@claims(owes="acknowledge_final_pull_list")
def additions_to_be_pulled_are_pulled(facts: Facts) -> Verdict:
    """Additional persons to be pulled are pulled before the others are enclosed: nobody prints their letters."""
    left = facts.pieces.serials("exported", origin="addition") & set(expand(facts.to_pull))
    return Shortfall(names=compact(left)) if left else True


@claims_of(AdditionsEnclosed)
def enclosed_additions_agree(facts: Facts, record: AdditionsEnclosed) -> Verdict:
    """The additional letters enclosed are all that there are."""
    counted = facts.pieces.count("exported", origin="addition")
    return counted == record.letters_enclosed or Shortfall(names=f"{counted} ≠ {record.letters_enclosed}")


@claims_of(DeliveryInspected)
def delivered_equals_enclosed(facts: Facts, record: DeliveryInspected) -> Verdict:
    """The pieces delivered are the pieces enclosed."""
    counted = facts.pieces.count("enclosed", origin="extract")
    return counted == record.delivered or Shortfall(names=f"{counted} ≠ {record.delivered}")


@claims_of(DeliveryInspected)
def pieces_were_opened(_facts: Facts, record: DeliveryInspected) -> Verdict:
    """Pieces were opened as a sample, no more than were delivered."""
    named = count(record.opened_serials)
    return record.wrong <= record.opened <= record.delivered and record.opened > 0 and named in {0, record.opened}


@claims_of(DeliveryInspected)
def sample_opening_found_nothing_wrong(_facts: Facts, record: DeliveryInspected) -> Verdict:
    """None of the pieces opened as a sample was wrong."""
    return record.wrong == 0 or Shortfall(names=f"{record.wrong}/{record.opened}")


@claims(owes="inspect_delivery")
def last_inspection_found_nothing_wrong(facts: Facts) -> Verdict:
    """The last inspection of the delivery found nothing wrong."""
    last = facts.record("inspect_delivery", DeliveryInspected)
    return last is not None and last.wrong == 0


@claims(owes="acknowledge_final_pull_list")
def replaced_pieces_are_pulled(facts: Facts) -> Verdict:
    """Every piece that was replaced by a new one is pulled."""
    added = facts.record("take_additions", AdditionsTaken)
    left = facts.pieces.within(added.replaced, "exported", "printed", "enclosed") if added else 0
    return left == 0 or Shortfall(names=added.replaced if added else "")


_NAMES = ("missing", "doubled", "alien", "though_pulled", "mispaired", "touched")


def open_differences(facts: Facts) -> dict[str, str]:
    """Return the differences of the last reconciliation that nothing found since then has settled, by kind."""
    last = facts.record("reconcile_enclosing", EnclosingReconciled)
    if last is None:
        return {}
    settled, explained = settled_serials(facts), sum(it.unreadable for it in _settlements(facts))
    found = {name: set(expand(getattr(last, name))) - settled for name in _NAMES}
    left = {name: compact(serials) for name, serials in found.items() if serials}
    return left | ({"unreadable": str(last.unreadable - explained)} if last.unreadable > explained else {})


def settled_serials(facts: Facts) -> set[int]:
    """Return the serials whose differences are settled since the last reconciliation."""
    return {
        serial
        for it in _settlements(facts)
        for text in (it.opened, it.found, it.reprinted, it.removed)
        for serial in expand(text)
    }


def _settlements(facts: Facts) -> list[DifferencesSettled]:
    done = facts.done.get("reconcile_enclosing")
    past = facts.past("settle_differences", DifferencesSettled)
    return [it.record for it in past if done and it.seq > done.seq]


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
