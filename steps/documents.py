"""Documents: what was received is filed by its hash."""

from datetime import date
from hashlib import sha256
from pathlib import Path

from models.errors import BadInput
from models.words import _
from states.acts import Outcome
from steps import acting
from steps.office import Office


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
) -> Outcome:
    """File a document that was received: by its hash, its file in the vault where it names residents.

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
    return outcome
