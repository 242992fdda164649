"""Printing at the ward: letters of late additions, which never leave; and the letter's template as it was approved."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from adapters.barcode import Towns
from adapters.press import Addressee
from models.database import reading
from models.errors import BadInput, Unknown
from models.programme import Programme
from models.records.printing import ManuscriptDelivered
from models.records.transfer import PackageSealed
from models.serials import compact
from models.words import _
from steps import papers
from steps.contractor import row_digest
from steps.extraction import ADDITIONS, ADDRESSEES, addressees_of
from steps.office import Office, templates_of, towns_file

LETTERS = "letters-additions"
_BATCH = 500


def print_additions(office: Office, cycle_id: str) -> int:
    """Make the letters of the additions into the vault, from where a clerk prints them; return how many.

    Raises:
        BadInput: the template is no longer the one that was approved.

    """
    facts = papers.facts_of(office, cycle_id)
    manuscript = facts.record("deliver_manuscript", ManuscriptDelivered)
    if manuscript and manuscript.template_sha256 != template_sha256(facts.programme):
        raise BadInput(
            _("The letter's template was changed after its approval."),
            _("Put the approved template back, or deliver, prove and approve the manuscript again."),
        )
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


@dataclass(frozen=True, kw_only=True)
class Imprint:
    """What the contractor is about to print against what the ward sent: serials, and how many rows are right."""

    right: int
    wrong: str
    missing: str
    alien: str


def compare_imprint(office: Office, cycle_id: str, digests: Path) -> Imprint:
    """Compare the contractor's check values row by row with the addressees of the vault (Tokyo 2021).

    Raises:
        BadInput: the file does not hold check values.
        Unknown: no package is sealed yet.

    """
    facts = papers.facts_of(office, cycle_id)
    sealed = facts.record("seal_package", PackageSealed)
    if sealed is None:
        raise Unknown(_("No package is sealed yet."), _("The check values are compared after the hand-over."))
    told = _check_values(digests)
    with reading(office.engine) as connection:
        gone = office.door.facts(connection, cycle_id).pieces.serials("pulled")
    ours = {
        row.serial: row_digest(sealed.package_sha256, str(row.serial), row.name, row.postal_code, row.address)
        for row in addressees_of(office, cycle_id, ADDRESSEES)
        if row.serial not in gone
    }
    wrong = {serial for serial in ours.keys() & told.keys() if ours[serial] != told[serial]}
    return Imprint(
        right=len(ours.keys() & told.keys()) - len(wrong),
        wrong=compact(wrong),
        missing=compact(ours.keys() - told.keys()),
        alien=compact(told.keys() - ours.keys()),
    )


def _check_values(path: Path) -> dict[int, str]:
    try:
        lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines() if line]
        return {int(serial): value for serial, value in lines}
    except (OSError, ValueError):
        raise BadInput(
            _("These are no check values."), _("Have them made with: tsudoi contractor digest PRINTED INTO --sha256 …")
        ) from None


def _keep(_digest: str) -> None:
    return None
