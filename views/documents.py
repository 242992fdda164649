"""The documents of a year as they stand: which of the list is complete, owed or overdue, and where its files lie."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import col

from models import tables
from models.documents import DOCUMENTS, Document
from models.records.base import Nothing
from models.records.oversight import DocumentFiled
from models.words import in_words
from states.facts import Guard, Past
from states.look import Look
from states.reading import aware
from states.rules.supervision import every_subcontractor_has_consent, subcontractors_are_named

# What must hold beside the acts before a document is whole: who subcontracts is named, and the ward has consented.
_MUST_HOLD: Mapping[int, tuple[Guard, ...]] = {3: (subcontractors_are_named, every_subcontractor_has_consent)}


@dataclass(frozen=True, kw_only=True)
class Filed:
    """One document as it stands: the acts done of those that bring it, and the files they named by hash."""

    document: Document
    giver: str
    standing: str
    due_on: date | None
    done_on: date | None
    files: tuple[str, ...]
    in_vault: bool
    ledger: tuple[int, ...]

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
        }  # fmt: skip


def documents(here: Look) -> tuple[Filed, ...]:
    """Return the documents of a cycle in their order."""
    record = tables.Record
    query = select(record).where(col(record.cycle_id) == here.cycle_id, col(record.status) == "done")
    done = {row.act: row for row in here.connection.execute(query)}
    kept, received = here.kept(), here.facts.past("file_document", DocumentFiled)
    return tuple(
        _filed(
            here,
            document,
            done,
            kept,
            tuple(filing for filing in received if filing.record.document == document.number),
        )
        for document in DOCUMENTS
    )


def _filed(
    here: Look,
    document: Document,
    done: Mapping[str, Row[tuple[tables.Record]]],
    kept: frozenset[str],
    received: tuple[Past[DocumentFiled], ...],
) -> Filed:
    facts = here.facts
    rows = [done[act] for act in (*document.acts, *document.parts) if act in done]
    holds = all(guard.check(facts, Nothing()) for guard in _MUST_HOLD.get(document.number, ()))
    due = {act: facts.due[act] for act in document.acts if act in facts.due}
    left = [day for act, day in due.items() if act not in done or not holds]
    named = [
        value for row in rows for value in json.loads(row.data).values() if isinstance(value, str) and value in kept
    ]
    whole = (all(act in done for act in document.acts) and holds) or (document.only_if_it_happens and bool(received))
    return Filed(
        document=document,
        giver=facts.programme.consignment.poster if document.giver == "poster" else document.giver,
        standing=_standing(document, min(left, default=None), here.today, begun=bool(rows), whole=whole),
        due_on=max(due.values(), default=None) if whole else min(left, default=None),
        done_on=max((aware(row.occurred_at).date() for row in rows), default=None) if whole else None,
        files=tuple(dict.fromkeys([*named, *(filing.record.sha256 for filing in received)])),
        in_vault=any(filing.record.in_vault for filing in received),
        ledger=tuple(sorted([*(row.ledger_seq for row in rows), *(filing.seq for filing in received)])),
    )


def _standing(document: Document, due_on: date | None, today: date, *, begun: bool, whole: bool) -> str:
    if whole:
        return "complete"
    if due_on is None and (document.only_if_it_happens or not begun):
        return "no_occasion"
    if due_on and due_on < today:
        return "overdue"
    return "partly" if begun else "owed"
