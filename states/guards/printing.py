"""Guards of printing: both approvals, one good sheet of each serial."""

from models.records.extraction import ExtractTaken
from models.records.preparation import ReadinessConfirmed
from models.records.printing import (
    ImprintSampleSubmitted,
    PrintingCompleted,
    PrintingReported,
    ProofApproved,
    TextApproved,
    TextProofSubmitted,
)
from models.serials import compact, count, expand
from states.facts import Facts, Shortfall, Verdict
from states.guards.base import claims, claims_of, recorded

manuscript_is_delivered = recorded("deliver_manuscript", "The manuscript is delivered.", name="manuscript_is_delivered")
text_proof_is_in = recorded("submit_text_proof", "A proof of the fixed text is in.", name="text_proof_is_in")
imprint_sample_is_in = recorded("submit_imprint_sample", "The imprint sample is in.", name="imprint_sample_is_in")
printing_is_reported = recorded("report_printing", "The contractor has reported printing.", name="printing_is_reported")


@claims_of(TextApproved)
def approved_text_is_the_latest(facts: Facts, record: TextApproved) -> Verdict:
    """The approved version of the text is the latest one submitted."""
    proof = facts.record("submit_text_proof", TextProofSubmitted)
    return proof is not None and proof.version == record.version


@claims(owes="approve_text")
def text_is_approved(facts: Facts) -> Verdict:
    """The fixed text is approved, in the version submitted last."""
    proof, approval = facts.record("submit_text_proof", TextProofSubmitted), facts.record("approve_text", TextApproved)
    return proof is not None and approval is not None and proof.version == approval.version


@claims_of(ImprintSampleSubmitted)
def sample_serials_are_ours(facts: Facts, record: ImprintSampleSubmitted) -> Verdict:
    """The serials of the sample are serials of this cycle."""
    return facts.pieces.within(record.serials, "exported") == count(record.serials) > 0


@claims_of(ImprintSampleSubmitted)
def sample_holds_every_hard_row(facts: Facts, record: ImprintSampleSubmitted) -> Verdict:
    """The sample shows every row that is hard to print: rows decided about, and rows that the judge marked."""
    taken = facts.record("take_extract", ExtractTaken)
    left = compact(set(expand(taken.hard)) - set(expand(record.serials))) if taken else ""
    return facts.pieces.within(left, "exported") == 0 or Shortfall(names=left)


@claims_of(ProofApproved)
def approved_sample_is_the_latest(facts: Facts, record: ProofApproved) -> Verdict:
    """The approved version of the imprint sample is the latest one submitted."""
    sample = facts.record("submit_imprint_sample", ImprintSampleSubmitted)
    return sample is not None and sample.version == record.version


@claims_of(PrintingReported)
def printed_serials_were_to_print(facts: Facts, record: PrintingReported) -> Verdict:
    """Every serial printed well is one that was to be printed."""
    return facts.pieces.within(record.good, "exported") == count(record.good)


@claims_of(PrintingReported)
def spoiled_sheets_are_kept(facts: Facts, record: PrintingReported) -> Verdict:
    """Spoiled imprinted sheets are our serials and are kept as a numbered stack until they are returned."""
    ours = facts.pieces.within(record.spoiled) == count(record.spoiled)
    return ours and bool(record.spoiled) == bool(record.spoiled_stack)


@claims_of(PrintingReported)
def spoiled_sheets_are_printed_again(_facts: Facts, record: PrintingReported) -> Verdict:
    """Every spoiled serial is printed again."""
    return record.spoiled == record.reprinted or Shortfall(names=record.spoiled)


@claims(owes="report_printing")
def one_good_sheet_of_each(facts: Facts) -> Verdict:
    """Of every serial that was sent there is one good sheet."""
    left = facts.pieces.named("exported", origin="extract")
    return Shortfall(names=left) if left else True


@claims_of(PrintingCompleted)
def printed_count_agrees(facts: Facts, record: PrintingCompleted) -> Verdict:
    """The confirmed count equals the serials printed."""
    counted = facts.pieces.count("printed", origin="extract")
    return counted == record.letters_printed or Shortfall(names=f"{counted} ≠ {record.letters_printed}")


@claims_of(ReadinessConfirmed)
def inspection_is_planned_in_the_period(facts: Facts, record: ReadinessConfirmed) -> Verdict:
    """The on-site inspection is planned before the day of posting."""
    day = facts.due["post"]
    return facts.today <= record.inspection_planned_on <= day or Shortfall(names=f"{facts.today} – {day}")
