"""Printing at the ward: letters of late additions, which a clerk prints; the letter's template as it was approved."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from adapters.barcode import BarcodeTowns
from adapters.press import Addressee
from adapters.programmes import template_sha256, towns_file
from models.errors import BadInput, Unknown
from models.package import row_digest
from models.programme import Programme
from models.records.printing import ImprintCompared, LettersHandedOut, ManuscriptDelivered
from models.records.transfer import PackageSealed
from models.serials import compact
from models.words import _
from papers.printing import words_of
from states.acts import Outcome
from steps import arriving
from steps.acting import by_machine
from steps.extraction import ADDITIONS, ADDRESSEES, addressees_of, rows_of
from steps.office import Office
from steps.transfer import additions_to_print


def hand_out_letters(office: Office, cycle_id: str, into: Path | BytesIO, *, by: str, via: str = "desk") -> Outcome:
    """Write the letters of the additions into a file that a clerk prints; readable by its owner only.

    Whoever is pulled or to be pulled is not in it. The ledger gets the number of letters and the file's hash; the file
    is a copy to be destroyed.

    Raises:
        BadInput: nobody is to be written to, the template is no longer the one that was approved, something stands at
            the path already, or it cannot be written.
        Refused: whoever asks may not, or the additional extract is not taken yet.

    """
    office.door.ask_first(cycle_id, "hand_out_letters", by=by, via=via)
    people = additions_to_print(office, cycle_id)
    with office.look(cycle_id) as here:
        programme, words, item = here.programme, words_of(here), here.facts.free_number(arriving.LETTERS_FILE)
        manuscript = here.facts.record("deliver_manuscript", ManuscriptDelivered)
    if manuscript and manuscript.template_sha256 != template_sha256(programme):
        raise BadInput(
            _("The letter's template was changed after its approval."),
            _("Put the approved template back, or deliver, prove and approve the manuscript again."),
        )
    towns, printed = towns_of(programme), list[bytes]()
    letters = [
        Addressee(
            serial=row.serial, name=row.name, postal_code=row.postal_code, address=row.address,
            bars=towns.barcode(row.postal_code, row.address).bars if towns else "",
        )
        for row in people
    ]  # fmt: skip
    office.press(programme).letters(
        letters, into=lambda _people, pdf: printed.append(pdf), words=words, batch=len(letters)
    )
    record = LettersHandedOut(letters=len(people), sha256=hashlib.sha256(printed[0]).hexdigest(), item=item)
    with arriving.handed_out(into, printed[0]):
        return by_machine(office, cycle_id, "hand_out_letters", record, by=by, via=via, key=item)


def towns_of(programme: Programme) -> BarcodeTowns | None:
    """Return the municipality's towns where the programme wants customer barcodes."""
    wanted = programme.paper.customer_barcode
    return BarcodeTowns.read(towns_file(programme).read_text(encoding="utf-8")) if wanted else None


@dataclass(frozen=True, kw_only=True)
class Doubtful:
    """A letter without customer barcode (`code` is "none"), or with one that somebody should look at: by its serial.

    `row` is that of the extract, or of the additional one.
    """

    code: str
    serial: int
    row: int
    additional: bool


def barcode_doubts(office: Office, cycle_id: str) -> list[Doubtful] | None:
    """Return the doubtful addresses by serial and row, never by what is written there; None where none are wanted."""
    towns = towns_of(office.see(cycle_id, lambda here: here.programme))
    if towns is None:
        return None
    doubtful = list[Doubtful]()
    for act in (ADDRESSEES, ADDITIONS):
        found = [
            (code, person.serial)
            for person in addressees_of(office, cycle_id, act)
            for code in towns.barcode(person.postal_code, person.address).doubtful
        ]
        rows = rows_of(office, cycle_id, act, compact(serial for _code, serial in found))
        doubtful += [
            Doubtful(code=code, serial=serial, row=rows[serial], additional=act == ADDITIONS) for code, serial in found
        ]
    return doubtful


def compare_imprint(
    office: Office, cycle_id: str, digests: Path | bytes, *, by: str, via: str = "desk"
) -> tuple[ImprintCompared, Outcome]:
    """Compare the contractor's check values row by row with the addressees of the vault, and record what was found.

    Nothing is reported as printed while the last comparison found a difference (Tokyo 2021).

    Raises:
        BadInput: the file does not hold check values.
        Refused: it is not the time for it.
        Unknown: no package is sealed yet.

    """
    office.door.ask_first(cycle_id, "compare_imprint", by=by, via=via)
    with office.look(cycle_id) as here:
        sealed = here.facts.record("seal_package", PackageSealed)
        gone = here.facts.pieces.serials("pulled")
    if sealed is None:
        raise Unknown(_("No package is sealed yet."), _("The check values are compared after the hand-over."))
    content = _content(digests)
    check_values = _check_values(content)
    ours = {
        row.serial: row_digest(sealed.package_sha256, str(row.serial), row.name, row.postal_code, row.address)
        for row in addressees_of(office, cycle_id, ADDRESSEES)
        if row.serial not in gone
    }
    wrong = {serial for serial in ours.keys() & check_values.keys() if ours[serial] != check_values[serial]}
    record = ImprintCompared(
        digests_sha256=hashlib.sha256(content).hexdigest(),
        right=len(ours.keys() & check_values.keys()) - len(wrong),
        wrong=compact(wrong),
        missing=compact(ours.keys() - check_values.keys()),
        alien=compact(check_values.keys() - ours.keys()),
    )
    return record, by_machine(office, cycle_id, "compare_imprint", record, by=by, via=via)


def _content(digests: Path | bytes) -> bytes:
    try:
        return digests if isinstance(digests, bytes) else digests.read_bytes()
    except OSError:
        raise _no_check_values() from None


def _check_values(content: bytes) -> dict[int, str]:
    try:
        lines = [line.split(",") for line in content.decode().splitlines() if line]
        return {int(serial): value for serial, value in lines}
    except ValueError:
        raise _no_check_values() from None


def _no_check_values() -> BadInput:
    return BadInput(
        _("These are no check values."), _("Have the contractor make them with the tool that opened the package.")
    )
