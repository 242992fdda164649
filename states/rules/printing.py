"""Printing: both approvals of the template in force, one good sheet of each serial."""

from models.people import Side
from models.records import printing
from models.records.extraction import ExtractTaken
from models.serials import compact, count, expand
from states.effects import Effect, MoveItem, MovePieces
from states.facts import Facts, Shortfall, Verdict
from states.rows import APPROVERS, COORDINATOR, MANAGER, PREPRESS, Row
from states.rules.base import agree, claims, claims_of, no_serial_of, none_of, recorded
from states.rules.conservation import inserts_are_the_programmes, reprints_stay_below_the_ceiling
from states.rules.custody import (
    arrived_in_good_condition,
    bag_is_locked,
    contractor_gives_to_the_ward,
    contractors_hands_are_named,
    hands_and_slip_are_told,
    stacked,
)
from states.rules.measures import measures_of
from states.rules.supervision import flow_is_acknowledged

manuscript_is_delivered = recorded("manuscript_is_delivered", "deliver_manuscript", "The manuscript is delivered.")
text_proof_is_in = recorded("text_proof_is_in", "submit_text_proof", "A proof of the fixed text is in.")
imprint_sample_is_in = recorded("imprint_sample_is_in", "submit_imprint_sample", "The imprint sample is in.")
printing_is_reported = recorded(
    "printing_is_reported", "report_printing", "The contractor has reported printing.", proves=("W-OP-02", "C-OP-02")
)


@claims_of(printing.TextApproved)
def approved_text_is_the_latest(facts: Facts, record: printing.TextApproved) -> Verdict:
    """The approved version of the text is the latest one submitted."""
    proof = facts.record("submit_text_proof", printing.TextProofSubmitted)
    return proof is not None and proof.version == record.version


@claims_of(printing.TextProofSubmitted)
def proof_shows_the_manuscript(facts: Facts, record: printing.TextProofSubmitted) -> Verdict:
    """The proof of the fixed text was made from the manuscript's template."""
    return is_the_manuscripts(facts, record.template_sha256)


@claims(owes="approve_text")
def text_is_approved(facts: Facts) -> Verdict:
    """The fixed text is approved, in the version submitted last and after the manuscript in force."""
    proof, approval = (
        facts.record("submit_text_proof", printing.TextProofSubmitted),
        facts.record("approve_text", printing.TextApproved),
    )
    in_order = _one_after_the_other(facts, "deliver_manuscript", "submit_text_proof", "approve_text")
    return in_order and proof is not None and approval is not None and proof.version == approval.version


@claims(owes="approve_proof_again")
def imprint_is_approved(facts: Facts) -> Verdict:
    """The imprint sample is approved, in the version submitted last and after the fixed text in force."""
    sample = facts.record("submit_imprint_sample", printing.ImprintSampleSubmitted)
    last = max(("approve_proof", "approve_proof_again"), key=lambda act: _seq(facts, act))
    approval = facts.record(last, printing.ProofApproved)
    in_order = _one_after_the_other(facts, "approve_text", last) and _one_after_the_other(
        facts, "deliver_manuscript", "submit_imprint_sample", last
    )
    return in_order and sample is not None and approval is not None and sample.version == approval.version


@claims_of(printing.ImprintSampleSubmitted)
def sample_serials_are_ours(facts: Facts, record: printing.ImprintSampleSubmitted) -> Verdict:
    """The serials of the sample are serials of this cycle."""
    ours = facts.pieces.within(record.serials, "exported", "printed", "enclosed", "posted")  # entered afterwards, too
    return ours == count(record.serials) > 0


@claims_of(printing.ImprintSampleSubmitted)
def sample_holds_every_hard_row(facts: Facts, record: printing.ImprintSampleSubmitted) -> Verdict:
    """The sample shows every row that is hard to print: rows decided about, and rows that the judge marked."""
    taken = facts.record("take_extract", ExtractTaken)
    left = compact(set(expand(taken.hard)) - set(expand(record.serials))) if taken else ""
    return facts.pieces.within(left, "exported") == 0 or Shortfall(names=left)


@claims_of(printing.ImprintSampleSubmitted)
def dummies_stand_for_the_protected_only(facts: Facts, record: printing.ImprintSampleSubmitted) -> Verdict:
    """Dummy data stand in the sample only for persons who may not be shown."""
    return no_serial_of(set(expand(record.dummies)) - set(expand(facts.newly_protected)))


@claims_of(printing.ImprintSampleSubmitted)
def sample_shows_the_manuscript(facts: Facts, record: printing.ImprintSampleSubmitted) -> Verdict:
    """The imprint sample was made from the manuscript's template."""
    return is_the_manuscripts(facts, record.template_sha256)


@claims(owes="submit_imprint_sample")
def sample_follows_the_manuscript(facts: Facts) -> Verdict:
    """The imprint sample was made after the manuscript in force."""
    return _one_after_the_other(facts, "deliver_manuscript", "submit_imprint_sample")


@claims_of(printing.ProofApproved)
def approved_sample_is_the_latest(facts: Facts, record: printing.ProofApproved) -> Verdict:
    """The approved version of the imprint sample is the latest one submitted."""
    sample = facts.record("submit_imprint_sample", printing.ImprintSampleSubmitted)
    return sample is not None and sample.version == record.version


@claims_of(printing.PrintingReported)
def printed_serials_were_to_print(facts: Facts, record: printing.PrintingReported) -> Verdict:
    """Every serial printed well is one that was to be printed."""
    return facts.pieces.within(record.good, "exported") == count(record.good)


@claims_of(printing.PrintingReported)
def spoiled_sheets_are_kept(facts: Facts, record: printing.PrintingReported) -> Verdict:
    """Spoiled imprinted sheets are our serials and are kept as a numbered stack until they are returned."""
    ours = facts.pieces.within(record.spoiled) == count(record.spoiled)
    return ours and bool(record.spoiled) == bool(record.spoiled_stack)


@claims_of(printing.PrintingReported)
def pulled_pieces_are_not_spoiled(facts: Facts, record: printing.PrintingReported) -> Verdict:
    """What was pulled before printing is no spoiled sheet: its serial is told with the pulled pieces alone."""
    return no_serial_of(facts.pieces.serials("pulled") & set(expand(record.spoiled)))


@claims_of(printing.PrintingReported)
def printed_from_the_approved_template(facts: Facts, record: printing.PrintingReported) -> Verdict:
    """The letters were printed from the template that was approved."""
    return is_the_manuscripts(facts, record.template_sha256)


@claims(owes="compare_imprint")
def compared_rows_agree(facts: Facts) -> Verdict:
    """Where the rows to be printed were compared with those sent, the last comparison found no difference."""
    last = facts.record("compare_imprint", printing.ImprintCompared)
    found = {"wrong": last.wrong, "missing": last.missing, "alien": last.alien} if last else {}
    return none_of(f"{kind}:{serials}" for kind, serials in found.items() if serials)


@claims_of(printing.PrintingReported)
def spoiled_sheets_are_printed_again(facts: Facts, record: printing.PrintingReported) -> Verdict:
    """A spoiled serial is good only once it was printed again, and only what was spoiled is printed again."""
    before = facts.past("report_printing", printing.PrintingReported)
    spoiled = {serial for report in (*(past.record for past in before), record) for serial in expand(report.spoiled)}
    again = {serial for report in (*(past.record for past in before), record) for serial in expand(report.reprinted)}
    return no_serial_of((spoiled & set(expand(record.good))) - again | (set(expand(record.reprinted)) - spoiled))


@claims(owes="report_printing")
def one_good_sheet_of_each(facts: Facts) -> Verdict:
    """Of every serial that was sent there is one good sheet."""
    left = facts.pieces.named("exported", origin="extract")
    return Shortfall(names=left) if left else True


@claims_of(printing.PrintingCompleted)
def printed_count_agrees(facts: Facts, record: printing.PrintingCompleted) -> Verdict:
    """The confirmed count equals the serials printed."""
    return agree(facts.pieces.count("printed", origin="extract"), record.letters_printed)


def _seq(facts: Facts, act: str) -> int:
    done = facts.done.get(act)
    return done.seq if done else 0


def _one_after_the_other(facts: Facts, *acts: str) -> bool:
    """Tell whether each act was done for the last time after the one before it: what is changed is approved again."""
    order = [_seq(facts, act) for act in acts]
    return all(order[1:]) and order == sorted(order)


def is_the_manuscripts(facts: Facts, template_sha256: str) -> Verdict:
    """Compare a template's hash with the manuscript's; a contractor with a system of its own can tell none."""
    manuscript = facts.record("deliver_manuscript", printing.ManuscriptDelivered)
    if manuscript is None or template_sha256 in {"", manuscript.template_sha256}:
        return True
    return Shortfall(names=f"{template_sha256[:12]} ≠ {manuscript.template_sha256[:12]}")


def sample_is_an_item(facts: Facts, record: printing.ImprintSampleSubmitted) -> tuple[Effect, ...]:
    """Sample sheets with real names are a stack, at the ward if they were handed over there; else it must come back."""
    if not record.tells_hands or not record.sample_stack:
        return stacked(facts, record.sample_stack, "proof_sheets")
    made = stacked(facts, record.sample_stack, "proof_sheets", state="with_ward")
    return made or (MoveItem(number=record.sample_stack, to="with_ward"),)


def letters_are_printed(facts: Facts, record: printing.PrintingReported) -> tuple[Effect, ...]:
    """Serials printed well go on; spoiled imprinted sheets become a stack that must come back."""
    good = MovePieces(serials=record.good, froms=("exported",), to="printed")
    return (good, *stacked(facts, record.spoiled_stack if record.spoiled else "", "spoiled_sheets"))


FIXED_TEXT = (
    Row(
        trigger="deliver_manuscript", event="manuscript_delivered", ja="案内状・封筒入稿", en="Deliver the manuscript",
        froms=PREPRESS, who=COORDINATOR, owner=Side.WARD, due="D-25bd", after=("confirm_readiness",), repeats=True,
        record=printing.ManuscriptDelivered, guards=(inserts_are_the_programmes,), source="仕様書",
    ),
    Row(
        trigger="submit_text_proof", event="text_proof_submitted", ja="初校", en="Submit the proof of the fixed text",
        froms=PREPRESS, who=MANAGER, owner=Side.CONTRACTOR, due="D-20bd", after=("deliver_manuscript",), repeats=True,
        record=printing.TextProofSubmitted,
        guards=(manuscript_is_delivered, proof_shows_the_manuscript), source="仕様書",
    ),
    Row(
        trigger="approve_text", event="text_approved", ja="本文校了", en="Approve the fixed text", froms=PREPRESS,
        who=APPROVERS, owner=Side.WARD, due="D-16bd", after=("submit_text_proof",), repeats=True,
        carries=("submit_text_proof",), record=printing.TextApproved,
        guards=(text_proof_is_in, approved_text_is_the_latest), source="仕様書",
    ),
)  # fmt: skip

PROOF = (
    Row(
        trigger="submit_imprint_sample", event="imprint_sample_submitted", ja="宛名印字見本提出",
        en="Submit the imprint sample", froms=("transferred", "proof_approved"), who=MANAGER, owner=Side.CONTRACTOR,
        due="D-11bd", after=("hand_over",), repeats=True, handover=True, record=printing.ImprintSampleSubmitted,
        guards=(
            sample_serials_are_ours, sample_holds_every_hard_row, dummies_stand_for_the_protected_only,
            sample_shows_the_manuscript,
        ),
        deviations=(
            hands_and_slip_are_told, contractor_gives_to_the_ward, bag_is_locked, arrived_in_good_condition,
            contractors_hands_are_named,
        ),
        then=sample_is_an_item, source="仕様書, W-OP-09, C-OP-09",
    ),
    Row(
        trigger="approve_proof", event="proof_approved", ja="校了", en="Approve the imprint sample",
        froms=("transferred",), to="proof_approved", who=COORDINATOR, second=APPROVERS, owner=Side.WARD,
        due="D-10bd", after=("submit_imprint_sample", "approve_text"),
        carries=("submit_imprint_sample",), record=printing.ProofApproved,
        guards=(text_is_approved, imprint_sample_is_in, sample_follows_the_manuscript, approved_sample_is_the_latest),
        source="校了書",
    ),
    Row(
        trigger="approve_proof_again", event="proof_approved_again", ja="再校了",
        en="Approve the imprint sample again after a change", froms=("proof_approved",), who=COORDINATOR,
        second=APPROVERS, owner=Side.WARD, repeats=True, record=printing.ProofApproved,
        guards=(text_is_approved, imprint_sample_is_in, sample_follows_the_manuscript, approved_sample_is_the_latest),
        source="校了書",
    ),
)  # fmt: skip

PRINTING = (
    Row(
        trigger="compare_imprint", event="imprint_compared", ja="印字データ照合",
        en="Compare the rows to be printed with those sent", froms=("transferred", "proof_approved"), who=COORDINATOR,
        owner=Side.WARD, repeats=True, under_hold=True, by_machine=True,
        command="enclosing imprint", record=printing.ImprintCompared, guards=(),
        source="domain.md 2",
    ),
    Row(
        trigger="report_printing", event="printing_reported", ja="印刷・印字完了報告", en="Report printing",
        froms=("proof_approved",), who=MANAGER, owner=Side.CONTRACTOR, due="D-8bd", after=("approve_proof",),
        repeats=True, record=printing.PrintingReported,
        guards=(
            text_is_approved, imprint_is_approved, compared_rows_agree, printed_from_the_approved_template,
            printed_serials_were_to_print, spoiled_sheets_are_kept, pulled_pieces_are_not_spoiled,
            spoiled_sheets_are_printed_again,
        ),
        deviations=(reprints_stay_below_the_ceiling,),
        then=letters_are_printed, source="C-OP-05, 印字件数報告",
    ),
    Row(
        trigger="complete_printing", event="printing_completed", ja="印刷・印字完了確認", en="Confirm printing",
        froms=("proof_approved",), to="printed", who=COORDINATOR, owner=Side.WARD, due="D-7bd",
        after=("report_printing",),
        carries=("report_printing", "claim_measures"), record=printing.PrintingCompleted,
        guards=(
            printing_is_reported, one_good_sheet_of_each, printed_count_agrees,
            measures_of("complete_printing", printing_is_reported, flow_is_acknowledged),
        ),
        source="W-OP-02, Law 7",
    ),
)  # fmt: skip
