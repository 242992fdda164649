"""Enclosing and pulls: zero tolerance, differences by serial (Law 7; Fukuoka, Miyaki)."""

from models.people import SYSTEM, Side
from models.records import enclosing
from models.records.extraction import ProtectionRechecked
from models.serials import count, expand
from states.effects import Effect, MovePieces
from states.facts import RECHECKS, Facts, Shortfall, Verdict
from states.rows import COORDINATOR, MANAGER, RECHECK, REGISTRAR, Row
from states.rules.base import agree, claims, claims_of, done_today, no_serial_of, none_of, recorded, registered
from states.rules.conservation import (
    inserts_are_the_programmes,
    materials,
    open_differences,
    reprints_stay_below_the_ceiling,
    settled_serials,
)
from states.rules.custody import (
    arrived_in_good_condition,
    bag_is_locked,
    contractor_gives_to_the_ward,
    contractors_hands_are_named,
    hands_and_slip_are_told,
    stacked,
)
from states.rules.measures import measures_of
from states.rules.protection import (
    changes_are_on_the_pull_list,
    newly_protected_are_ours,
    no_protected_piece_is_sealed,
    pull_list_is_acknowledged,
)
from states.rules.supervision import flow_is_acknowledged

enclosing_is_reported = recorded(
    "enclosing_is_reported", "report_enclosing", "The contractor has reported enclosing.", proves=("W-OP-02", "C-OP-02")
)
enclosing_recheck_is_done = recorded(
    "enclosing_recheck_is_done", "recheck_before_enclosing", "Protected persons were re-checked before enclosing."
)


@claims_of(enclosing.PullListIssued)
def pulled_serials_are_ours(facts: Facts, record: enclosing.PullListIssued) -> Verdict:
    """Every serial of the pull list is a piece of this cycle that is not posted."""
    return facts.pieces.within(record.pulled, "exported", "printed", "enclosed") == count(record.pulled)


@claims_of(enclosing.PullListIssued)
def reasons_add_up(_facts: Facts, record: enclosing.PullListIssued) -> Verdict:
    """The reason codes add up to the serials of the pull list."""
    return sum(record.reasons.values()) == count(record.pulled)


@claims_of(enclosing.PullListIssued)
def pull_list_was_rechecked_today(facts: Facts, record: enclosing.PullListIssued) -> Verdict:
    """Protected persons were re-checked on the day of the pull list."""
    return record.rechecked_on == facts.today and done_today(facts, RECHECKS)


@claims_of(enclosing.PullListAcknowledged)
def every_pull_is_acknowledged(facts: Facts, record: enclosing.PullListAcknowledged) -> Verdict:
    """Every serial of the first pull list is acknowledged, and no other."""
    return _acknowledged(facts, "issue_pull_list", record)


@claims_of(enclosing.PullListAcknowledged)
def every_final_pull_is_acknowledged(facts: Facts, record: enclosing.PullListAcknowledged) -> Verdict:
    """Every serial of the final pull list is acknowledged, and no other."""
    return _acknowledged(facts, "issue_final_pull_list", record)


@claims_of(enclosing.PullListAcknowledged)
def system_answers_empty_lists_alone(facts: Facts, record: enclosing.PullListAcknowledged) -> Verdict:
    """What the system acknowledges in its own name is a list on which no serial stands."""
    return facts.asked_by != SYSTEM or no_serial_of(expand(record.pulled))


@claims_of(enclosing.EnclosingReported)
def sealed_serials_were_printed(facts: Facts, record: enclosing.EnclosingReported) -> Verdict:
    """Every sealed serial was printed well and not pulled."""
    return facts.pieces.within(record.sealed, "printed") == count(record.sealed)


@claims_of(enclosing.EnclosingReported)
def sealed_serials_were_scanned(facts: Facts, record: enclosing.EnclosingReported) -> Verdict:
    """Every sealed serial was scanned in one piece with itself, or its difference is settled."""
    scanned = facts.record("reconcile_enclosing", enclosing.EnclosingReconciled)
    if scanned is None:
        return True
    return no_serial_of(set(expand(record.sealed)) - set(expand(scanned.sealed)) - settled_serials(facts))


@claims(owes="reconcile_enclosing")
def enclosing_is_reconciled(facts: Facts) -> Verdict:
    """Scans and serials are reconciled, where the programme asks for it."""
    return facts.programme.enclosing.match == "report" or "reconcile_enclosing" in facts.done


@claims(owes="settle_differences")
def every_difference_is_settled(facts: Facts) -> Verdict:
    """Every difference between scans and serials is settled by what was found."""
    return none_of(f"{name}:{serials}" for name, serials in open_differences(facts).items())


@claims_of(enclosing.DifferencesSettled)
def settled_serials_are_open(facts: Facts, record: enclosing.DifferencesSettled) -> Verdict:
    """What is settled is an open difference; what was sealed although it was pulled or is not ours is taken out."""
    left = {name: set(expand(text)) for name, text in open_differences(facts).items() if name != "unreadable"}
    out = left.get("alien", set[int]()) | left.get("though_pulled", set[int]())
    inside = set[int]().union(*left.values()) - out
    stayed = {serial for text in (record.opened, record.found, record.reprinted) for serial in expand(text)}
    return no_serial_of((stayed - inside) | (set(expand(record.removed)) - out))


@claims_of(enclosing.DifferencesSettled)
def witness_is_on_the_register(facts: Facts, record: enclosing.DifferencesSettled) -> Verdict:
    """The witness is on the register of people today."""
    return registered(facts, (record.witness,), facts.today)


@claims_of(enclosing.EnclosingReported)
def machine_count_agrees(_facts: Facts, record: enclosing.EnclosingReported) -> Verdict:
    """The machine's count equals the sealed serials and the re-runs."""
    return agree(record.machine_count, count(record.sealed) + record.reruns)


@claims_of(enclosing.EnclosingReported, incident="count")
def materials_are_conserved(facts: Facts, record: enclosing.EnclosingReported) -> Verdict:
    """Envelopes and inserts: as many are left as were delivered, not used and not spoiled; else they are recounted."""
    return none_of((material.said for material in materials(facts, record) if material.difference), "、")


@claims_of(enclosing.EnclosingReported)
def materials_are_counted(facts: Facts, record: enclosing.EnclosingReported) -> Verdict:
    """Envelopes and every insert are counted, as delivered and as left; what nobody counts is unknown."""
    return none_of((material.name for material in materials(facts, record) if material.is_unknown), "、")


@claims(owes="report_enclosing")
def every_printed_letter_is_sealed(facts: Facts) -> Verdict:
    """Every letter that was printed and not pulled is sealed."""
    left = facts.pieces.named("printed", "exported", origin="extract")
    return Shortfall(names=left) if left else True


@claims_of(enclosing.EnclosingCompleted)
def enclosed_count_agrees(facts: Facts, record: enclosing.EnclosingCompleted) -> Verdict:
    """The confirmed count equals the serials enclosed."""
    return agree(facts.pieces.count("enclosed", origin="extract"), record.letters_enclosed)


@claims_of(enclosing.DeliveryInspected, incident="count")
def delivered_equals_enclosed(facts: Facts, record: enclosing.DeliveryInspected) -> Verdict:
    """The pieces delivered are the pieces enclosed."""  # entered after the posting, they are posted by now
    return agree(facts.pieces.count("enclosed", "posted", origin="extract"), record.delivered)


@claims_of(enclosing.DeliveryInspected)
def pieces_were_opened(_facts: Facts, record: enclosing.DeliveryInspected) -> Verdict:
    """Pieces were opened as a sample, no more than were delivered."""
    named = count(record.opened_serials)
    return record.wrong <= record.opened <= record.delivered and record.opened > 0 and named in {0, record.opened}


@claims_of(enclosing.DeliveryInspected)
def sample_opening_found_nothing_wrong(_facts: Facts, record: enclosing.DeliveryInspected) -> Verdict:
    """None of the pieces opened as a sample was wrong."""
    return record.wrong == 0 or Shortfall(names=f"{record.wrong}/{record.opened}")


def _acknowledged(facts: Facts, act: str, record: enclosing.PullListAcknowledged) -> Verdict:
    issued = facts.record(act, enclosing.PullListIssued)
    if issued is None:
        return False
    return none_of(map(str, sorted(set(expand(issued.pulled)) ^ set(expand(record.pulled)))), ",")


def pieces_are_pulled(facts: Facts, record: enclosing.PullListAcknowledged) -> tuple[Effect, ...]:
    """Pulled serials end as pulled, whatever stage they had reached; what is imprinted must come back."""
    pulled = MovePieces(serials=record.pulled, froms=("exported", "printed", "enclosed"), to="pulled")
    imprinted = facts.pieces.within(record.pulled, "printed", "enclosed")
    return (pulled, *stacked(facts, _stack_of(facts, record) if imprinted else "", "pulled_pieces"))


def replaced_sheets_are_kept(facts: Facts, record: enclosing.DifferencesSettled) -> tuple[Effect, ...]:
    """What was replaced or taken out is imprinted and must come back."""
    return stacked(facts, record.stack, "spoiled_sheets")


def letters_are_enclosed(_facts: Facts, record: enclosing.EnclosingReported) -> tuple[Effect, ...]:
    """Sealed serials go on."""
    return (MovePieces(serials=record.sealed, froms=("printed",), to="enclosed"),)


def _stack_of(facts: Facts, record: enclosing.PullListAcknowledged) -> str:
    """Return the stack that was named, else the one of the spoiled sheets, else the year's first."""
    known = next((item.number for item in facts.items if item.kind == "spoiled_sheets"), "")
    return record.stack or known or f"S-{facts.fiscal_year}-01"


FIRST_PULLS = (
    Row(
        trigger="recheck_before_enclosing", event="protection_rechecked_before_enclosing",
        ja="支援措置再確認（封入前）", en="Re-check protected persons before enclosing",
        froms=("proof_approved", "printed"), who=REGISTRAR, owner=Side.REGISTER, due="D-7bd",
        after=("approve_proof",), repeats=True, under_hold=True, by_machine=True, command=RECHECK,
        record=ProtectionRechecked, guards=(newly_protected_are_ours,),
        source="支援措置, domain.md 2",
    ),
    Row(
        trigger="issue_pull_list", event="pull_list_issued", ja="引抜きリスト第1回", en="Issue the first pull list",
        froms=("proof_approved", "printed"), who=REGISTRAR, owner=Side.REGISTER, due="D-7bd",
        after=("complete_printing",), repeats=True, under_hold=True,
        carries=("recheck_before_enclosing",), record=enclosing.PullListIssued,
        guards=(pulled_serials_are_ours, reasons_add_up, pull_list_was_rechecked_today, changes_are_on_the_pull_list),
        source="引抜きリスト",
    ),
    Row(
        trigger="acknowledge_pull_list", event="pull_list_acknowledged", ja="引抜き結果（第1回）",
        en="Acknowledge the first pull list", froms=("printed",), who=MANAGER, owner=Side.CONTRACTOR, due="D-6bd",
        after=("issue_pull_list",), repeats=True, under_hold=True, by_system=True,
        record=enclosing.PullListAcknowledged, guards=(every_pull_is_acknowledged, system_answers_empty_lists_alone),
        then=pieces_are_pulled, source="引抜き結果",
    ),
)  # fmt: skip

ENCLOSING = (
    Row(
        trigger="reconcile_enclosing", event="enclosing_reconciled", ja="封入照合",
        en="Reconcile the scans of the sealer with the serials", froms=("printed",), who=(*COORDINATOR, *MANAGER),
        owner=Side.CONTRACTOR, repeats=True, by_machine=True,
        command="enclosing reconcile", record=enclosing.EnclosingReconciled,
        guards=(pull_list_is_acknowledged,), source="封入照合, Law 7",
    ),
    Row(
        trigger="settle_differences", event="differences_settled", ja="照合差異の処置",
        en="Settle differences of the enclosing by what was found", froms=("printed",), who=MANAGER,
        owner=Side.CONTRACTOR, repeats=True, under_hold=True, record=enclosing.DifferencesSettled,
        guards=(settled_serials_are_open, witness_is_on_the_register),
        deviations=(reprints_stay_below_the_ceiling,),
        then=replaced_sheets_are_kept, source="封入照合, Law 7",
    ),
    Row(
        trigger="report_enclosing", event="enclosing_reported", ja="封入封緘完了報告", en="Report enclosing",
        froms=("printed",), who=MANAGER, owner=Side.CONTRACTOR, due="D-5bd",
        after=("complete_printing", "acknowledge_pull_list"), repeats=True, record=enclosing.EnclosingReported,
        guards=(
            enclosing_recheck_is_done, pull_list_is_acknowledged, no_protected_piece_is_sealed,
            sealed_serials_were_printed, sealed_serials_were_scanned, machine_count_agrees,
            inserts_are_the_programmes,
        ),
        deviations=(materials_are_conserved,),
        warnings=(materials_are_counted,),
        then=letters_are_enclosed, source="C-OP-05, 封入件数報告",
    ),
    Row(
        trigger="complete_enclosing", event="enclosing_completed", ja="封入封緘完了確認", en="Confirm enclosing",
        froms=("printed",), to="enclosed", who=COORDINATOR, owner=Side.WARD, due="D-4bd",
        after=("report_enclosing",),
        carries=("settle_differences", "report_enclosing", "claim_measures"), record=enclosing.EnclosingCompleted,
        guards=(
            enclosing_is_reported, enclosing_is_reconciled, every_difference_is_settled,
            every_printed_letter_is_sealed, enclosed_count_agrees,
            measures_of("complete_enclosing", enclosing_is_reported, flow_is_acknowledged),
        ),
        source="W-OP-02, Law 7",
    ),
    Row(
        trigger="recheck_before_final_list", event="protection_rechecked_before_final_list",
        ja="支援措置再確認（引抜きリスト最終前）", en="Re-check protected persons before the final pull list",
        froms=("enclosed",), who=REGISTRAR, owner=Side.REGISTER, due="D-4bd", after=("complete_enclosing",),
        repeats=True, under_hold=True, by_machine=True, command=RECHECK, record=ProtectionRechecked,
        guards=(newly_protected_are_ours,), source="支援措置, domain.md 2",
    ),
    Row(
        trigger="issue_final_pull_list", event="final_pull_list_issued", ja="引抜きリスト最終",
        en="Issue the final pull list", froms=("enclosed",), who=REGISTRAR, owner=Side.REGISTER, due="D-4bd",
        after=("complete_enclosing",), repeats=True, under_hold=True,
        carries=("recheck_before_final_list", "recheck_before_posting"), record=enclosing.PullListIssued,
        guards=(pulled_serials_are_ours, reasons_add_up, pull_list_was_rechecked_today, changes_are_on_the_pull_list),
        source="引抜きリスト",
    ),
    Row(
        trigger="acknowledge_final_pull_list", event="final_pull_list_acknowledged", ja="引抜き結果（最終）",
        en="Acknowledge the final pull list", froms=("enclosed",), who=MANAGER, owner=Side.CONTRACTOR, due="D-3bd",
        after=("issue_final_pull_list",), repeats=True, under_hold=True, by_system=True,
        record=enclosing.PullListAcknowledged,
        guards=(every_final_pull_is_acknowledged, system_answers_empty_lists_alone), then=pieces_are_pulled,
        source="引抜き結果",
    ),
    Row(
        trigger="inspect_delivery", event="delivery_inspected", ja="検品・件数突合", en="Inspect the delivery",
        froms=("enclosed",), who=COORDINATOR, owner=Side.WARD, due="D-3bd",
        after=("acknowledge_final_pull_list",), repeats=True, handover=True,
        carries=("acknowledge_final_pull_list",), record=enclosing.DeliveryInspected,
        guards=(pieces_were_opened,),
        deviations=(
            delivered_equals_enclosed, sample_opening_found_nothing_wrong, hands_and_slip_are_told,
            contractor_gives_to_the_ward, bag_is_locked, arrived_in_good_condition, contractors_hands_are_named,
        ),
        source="検品票, W-OP-08, W-OP-09, C-OP-08, C-OP-09",
    ),
)  # fmt: skip
