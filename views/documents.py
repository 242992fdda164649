"""The documents of a year as they stand: which of the list is on file, owed or overdue, and where its files lie."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from models.documents import DOCUMENTS, SLIPS, Document
from models.records.oversight import PaperFiled
from models.words import in_words
from states.look import Look
from states.rules.documents import acts_are_done, is_on_file, papers_of, slips_missing


@dataclass(frozen=True, kw_only=True)
class Filed:
    """One document as it stands: the acts done of those that bring it, its papers on file, the slips without one."""

    document: Document
    giver: str
    standing: str
    due_on: date | None
    done_on: date | None
    files: tuple[str, ...]
    in_vault: bool
    ledger: tuple[int, ...]
    papers: tuple[tuple[int, PaperFiled], ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return its title in the reader's language."""
        return in_words(ja=self.document.ja, en=self.document.en)

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts and for the bundle."""
        document = self.document
        return {
            "number": document.number, "title": document.ja, "from": self.giver, "to": document.receiver,
            "standing": self.standing, "due_on": str(self.due_on or ""), "done_on": str(self.done_on or ""),
            "files": self.files, "in_vault": self.in_vault, "ledger": self.ledger,
            "missing": self.missing,
        }  # fmt: skip


def documents(here: Look) -> tuple[Filed, ...]:
    """Return the documents of a cycle in their order."""
    return tuple(_filed(here, document) for document in DOCUMENTS)


def _filed(here: Look, document: Document) -> Filed:
    facts, papers = here.facts, papers_of(here.facts, document)
    done = [facts.done[act] for act in (*document.acts, *document.parts) if act in facts.done]
    due = {act: facts.due[act] for act in document.acts if act in facts.due}
    acted = acts_are_done(facts, document)
    left = [day for act, day in due.items() if act not in facts.done or not acted]
    whole = acted or (document.only_if_it_happens and bool(papers))
    missing = slips_missing(facts) if document.number == SLIPS and whole else ()
    return Filed(
        document=document,
        giver=facts.programme.consignment.poster if document.giver == "poster" else document.giver,
        standing=("complete" if is_on_file(facts, document) else "acted")
        if whole
        else _standing(document, min(left, default=None), here.today, begun=bool(done or papers)),
        due_on=max(due.values(), default=None) if whole else min(left, default=None),
        done_on=max((act.on for act in done), default=None) if whole else None,
        files=tuple(dict.fromkeys(paper.sha256 for _seq, paper in papers)),
        in_vault=any(paper.in_vault for _seq, paper in papers),
        ledger=tuple(sorted({*(act.seq for act in done), *(seq for seq, _paper in papers)})),
        papers=papers,
        missing=missing,
    )


def _standing(document: Document, due_on: date | None, today: date, *, begun: bool) -> str:
    if due_on is None and (document.only_if_it_happens or not begun):
        return "no_occasion"
    if due_on and due_on < today:
        return "overdue"
    return "partly" if begun else "owed"
