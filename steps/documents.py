"""The documents of a year, in and out: for each its direction, due date, state, files and the ledger's entries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import col

from models import tables
from models.database import reading
from models.documents import DOCUMENTS, Document
from models.errors import BadInput
from models.records.base import Nothing
from models.records.oversight import DocumentFiled
from models.words import _, in_words
from states.facts import Facts, Guard, Past
from states.reading import aware
from states.rules.supervision import every_subcontractor_has_consent, subcontractors_are_named
from steps import acting
from steps.office import Office

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
        it = self.document
        return {
            "number": it.number, "title": it.ja, "from": self.giver, "to": it.receiver, "standing": self.standing,
            "due_on": str(self.due_on or ""), "done_on": str(self.done_on or ""), "files": list(self.files),
            "in_vault": self.in_vault, "ledger": list(self.ledger),
        }  # fmt: skip


def documents(office: Office, cycle_id: str) -> tuple[Filed, ...]:
    """Return the documents of a cycle in their order."""
    record = tables.Record
    query = select(record).where(col(record.cycle_id) == cycle_id, col(record.status) == "done")
    kept = frozenset(path.name for path in (office.home / "evidence").glob("*"))
    with reading(office.engine) as connection:
        facts = office.door.facts(connection, cycle_id)
        done = {row.act: row for row in connection.execute(query)}
        received = facts.past("file_document", DocumentFiled)
        return tuple(
            _filed(document, done, facts, kept, tuple(it for it in received if it.record.document == document.number))
            for document in DOCUMENTS
        )


def file(
    office: Office,
    cycle_id: str,
    path: Path,
    *,
    number: int,
    by: str,
    dated_on: date | None,
    received_on: date | None = None,
    names_residents: bool = False,
) -> int:
    """File a document that was received: by its hash, its file in the vault where it names residents.

    Returns the number of the ledger entry.

    Raises:
        BadInput: the number or the date is not given, or the file is huge, empty or of another type than named.
        Unknown: it names residents and there is no vault yet.
        Refused: it is dated after its receipt, in the future, or it is another document's file.

    """
    if not number or dated_on is None or not by:
        raise BadInput(
            _("Which document it is, its date and who files it must be given."),
            _("Write: tsudoi documents YEAR --file PATH --number N --dated DATE --by PERSON"),
        )
    vault = office.vault(cycle_id) if names_residents else None
    content = acting.content_of(path)
    digest = sha256(content).hexdigest()
    fields = {
        "document": number, "sha256": digest, "dated_on": dated_on,
        "received_on": received_on or office.clock.now().date(), "in_vault": vault is not None,
    }  # fmt: skip
    outcome = acting.perform(office, cycle_id, "file_document", by=by, fields=fields)
    if vault is None:
        acting.keep(office, content)
    else:
        vault.write(f"document-{number:02}-{digest[:16]}", content)
    return outcome.seq


def _filed(
    document: Document,
    done: Mapping[str, Row[tuple[tables.Record]]],
    facts: Facts,
    kept: frozenset[str],
    received: tuple[Past[DocumentFiled], ...],
) -> Filed:
    rows = [done[act] for act in (*document.acts, *document.parts) if act in done]
    holds = all(guard.check(facts, Nothing()) for guard in _MUST_HOLD.get(document.number, ()))
    due = {act: facts.due[act] for act in document.acts if act in facts.due}
    left = [day for act, day in due.items() if act not in done or not holds]
    whole = (all(act in done for act in document.acts) and holds) or (document.only_if_it_happens and bool(received))
    return Filed(
        document=document,
        giver=facts.programme.consignment.poster if document.giver == "poster" else document.giver,
        standing=_standing(document, bool(rows), whole, min(left, default=None), facts.today),
        due_on=max(due.values(), default=None) if whole else min(left, default=None),
        done_on=max((aware(row.occurred_at).date() for row in rows), default=None) if whole else None,
        files=tuple(
            dict.fromkeys(
                [
                    *(digest for row in rows for digest in _texts(row) if digest in kept),
                    *(it.record.sha256 for it in received),
                ]
            )
        ),
        in_vault=any(it.record.in_vault for it in received),
        ledger=tuple(sorted([*(row.ledger_seq for row in rows), *(it.seq for it in received)])),
    )


def _standing(document: Document, begun: bool, whole: bool, due_on: date | None, today: date) -> str:  # noqa: FBT001 - a private helper with one caller
    if whole:
        return "complete"
    if due_on is None and (document.only_if_it_happens or not begun):
        return "no_occasion"
    if due_on and due_on < today:
        return "overdue"
    return "partly" if begun else "owed"


def _texts(row: Row[tuple[tables.Record]]) -> list[str]:
    return [value for value in json.loads(row.data).values() if isinstance(value, str)]
