"""The year's documents as papers: what came is filed by its hash; an act that was typed is no paper of it."""

import json
from collections.abc import Iterator

from models.documents import BY_NUMBER, DOCUMENTS, SLIPS, Document
from models.people import Side
from models.records.base import Nothing
from models.records.oversight import DocumentFiled, PaperFiled
from states.facts import Facts, Guard, Past, Verdict
from states.rows import COORDINATOR, LIVE, MANAGER, REGISTRAR, Row
from states.rules.base import claims, claims_of, none_of
from states.rules.custody import slips_of_movements
from states.rules.dates import dated_after, on_an_open_day
from states.rules.supervision import every_subcontractor_has_consent, subcontractors_are_named

# What must hold beside the acts before a document is whole: who subcontracts is named, and the ward has consented.
_MUST_HOLD: dict[int, tuple[Guard, ...]] = {3: (subcontractors_are_named, every_subcontractor_has_consent)}


@claims_of(DocumentFiled)
def document_is_dated_before_its_receipt(_facts: Facts, record: DocumentFiled) -> Verdict:
    """The document is dated on or before the day on which it was received."""
    late = (paper.dated_on for paper in record.papers if paper.dated_on > record.received_on)
    return none_of(dict.fromkeys(f"{day} – {record.received_on}" for day in late), "、")


@claims_of(DocumentFiled)
def file_is_no_other_document(facts: Facts, record: DocumentFiled) -> Verdict:
    """The file was not filed as another document: give each its own file."""
    known = [paper for past in filings(facts) for paper in past.record.papers]
    taken = {
        other.document
        for paper in record.papers
        for other in (*known, *record.papers)
        if other.sha256 == paper.sha256 and other.document != paper.document
    }
    return none_of(f"No. {number}" for number in sorted(taken))


@claims_of(DocumentFiled)
def papers_that_show_residents_are_in_the_vault(_facts: Facts, record: DocumentFiled) -> Verdict:
    """The file of a document of a kind that can show residents is in the vault, which is erased with their data."""
    plain = {
        paper.document for paper in record.papers if not paper.in_vault and BY_NUMBER[paper.document].shows_residents
    }
    return none_of(f"No. {number}" for number in sorted(plain))


@claims_of(DocumentFiled)
def slips_shown_are_on_record(facts: Facts, record: DocumentFiled) -> Verdict:
    """Only the document of the slips names slips, and each has its movement on record."""
    known = slips_of_movements(facts)
    return none_of(
        (slip for paper in record.papers for slip in paper.slips if paper.document != SLIPS or slip not in known), "、"
    )


@claims(owes="file_document")
def documents_are_on_file(facts: Facts) -> Verdict:
    """Each document whose acts are done is on file, each slip printed, stamped and scanned."""
    return none_of(_named(facts, document) for document in outstanding(facts))


def _named(facts: Facts, document: Document) -> str:
    slips = slips_missing(facts) if document.number == SLIPS else ()
    return f"No. {document.number} ({', '.join(slips)})" if slips else f"No. {document.number}"


def filings(facts: Facts) -> tuple[Past[DocumentFiled], ...]:
    """Return every filing of the year, in its order."""
    return facts.past("file_document", DocumentFiled)


def papers_of(facts: Facts, document: Document) -> tuple[tuple[int, PaperFiled], ...]:
    """Return the papers of a document that are on file, each with its entry: as filed, or as its own act brought it."""
    return tuple(
        sorted(
            (
                *_brought(facts, document),
                *(
                    (past.seq, paper)
                    for past in filings(facts)
                    for paper in past.record.papers
                    if paper.document == document.number
                ),
            ),
            key=lambda of_entry: of_entry[0],
        )
    )


def _brought(facts: Facts, document: Document) -> Iterator[tuple[int, PaperFiled]]:
    """Yield the files that the acts of a document named themselves."""
    for act, field in document.files:
        if done := facts.done.get(act):
            digest = str(json.loads(done.data).get(field) or "")
            if digest:
                yield done.seq, PaperFiled(document=document.number, sha256=digest, dated_on=done.on)


def slips_missing(facts: Facts) -> tuple[str, ...]:
    """Return the slips of the year's movements that no paper on file shows."""
    shown = {slip for _seq, paper in papers_of(facts, BY_NUMBER[SLIPS]) for slip in paper.slips}
    return tuple(slip for slip in slips_of_movements(facts) if slip not in shown)


def is_on_file(facts: Facts, document: Document) -> bool:
    """Tell whether a document is there as a paper; of the slips each one."""
    there = bool(papers_of(facts, document))
    return there and not (document.number == SLIPS and slips_missing(facts))


def acts_are_done(facts: Facts, document: Document) -> bool:
    """Tell whether every act that brings a document is done, and what must hold beside them holds."""
    holds = all(guard.check(facts, Nothing()) for guard in _MUST_HOLD.get(document.number, ()))
    return holds and all(act in facts.done for act in document.acts)


def outstanding(facts: Facts) -> tuple[Document, ...]:
    """Return the documents of which the acts are done and no paper is on file (手続済・書類未着)."""
    return tuple(it for it in DOCUMENTS if acts_are_done(facts, it) and not is_on_file(facts, it))


ROWS = (
    Row(
        trigger="file_document", event="document_filed", ja="書類の受領", en="File a document", froms=(*LIVE, "closed"),
        who=(*COORDINATOR, *REGISTRAR, *MANAGER), owner=Side.WARD, repeats=True, under_hold=True,
        command="documents YEAR --file PATH", record=DocumentFiled,
        guards=(
            document_is_dated_before_its_receipt, file_is_no_other_document,
            papers_that_show_residents_are_in_the_vault, slips_shown_are_on_record, dated_after("received_on"),
            on_an_open_day("received_on"),
        ),
        source="domain.md 1, Law 4, Law 10",
    ),
)  # fmt: skip
