"""Printing at the ward: letters of late additions, which never leave; and the letter's template as it was approved."""

import hashlib

from adapters.barcode import Towns
from adapters.press import Addressee
from models.programme import Programme
from steps import papers
from steps.extraction import ADDITIONS, addressees_of
from steps.office import Office, templates_of, towns_file

LETTERS = "letters-additions"
_BATCH = 500


def print_additions(office: Office, cycle_id: str) -> int:
    """Make the letters of the additions into the vault, from where a clerk prints them; return how many."""
    facts = papers.facts_of(office, cycle_id)
    towns = towns_of(facts.programme)
    people = [
        Addressee(
            serial=row.serial, name=row.name, postal_code=row.postal_code, address=row.address,
            bars=towns.bars(row.postal_code, row.address) if towns else "",
        )
        for row in addressees_of(office, cycle_id, ADDITIONS)
    ]  # fmt: skip
    if not people:
        return 0
    vault = office.vault(cycle_id)
    return office.press(facts.programme).letters(
        people,
        into=lambda people, pdf: _keep(vault.write(f"{LETTERS}-{people[0].serial}", pdf)),
        words=papers.words_of(office, facts),
        batch=_BATCH,
    )


def towns_of(programme: Programme) -> Towns | None:
    """Return the municipality's towns where the programme wants customer barcodes."""
    wanted = programme.paper.customer_barcode
    return Towns.read(towns_file(programme).read_text(encoding="utf-8")) if wanted else None


def template_sha256(programme: Programme) -> str:
    """Return the SHA-256 over the letter's templates: what is approved is this, and nothing else may be printed."""
    digest = hashlib.sha256()
    for name in ("family.typ", "invitation.typ", "letter.typ", "letter_form.typ"):
        path = templates_of(programme) / name
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def _keep(_digest: str) -> None:
    return None
