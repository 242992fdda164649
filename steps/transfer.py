"""Transfer: the addressees leave as an encrypted package on a medium, the password on its own notice.

What leaves is the serial and the three items of the programme (氏名 郵便番号 住所), the letter's template, and a
manifest of hashes without counts: the received count must be the contractor's own (Law 7).
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator

from adapters.package import SealedPackage, seal
from adapters.password import new_password, reading
from adapters.vault import shred
from models.database import reading as reading_of
from models.programme import Programme
from models.records.transfer import PackageSealed
from states.door import Ask, Outcome
from states.facts import Evidence, Facts
from steps import papers
from steps.extraction import ADDRESSEES, Addressee, addressees_of
from steps.office import Office, templates_of, towns_file

HEADER = ("通し番号", "氏名", "郵便番号", "住所")
FILE = "addressees.csv"
MANIFEST = "manifest.json"
WORDS = "words.json"
PASSWORD = "password"  # noqa: S105 - the vault's name for it, not the password
TOWNS = "towns.csv"
TEMPLATES = ("letter.typ", "letter_form.typ", "specimen.typ", "invitation.typ", "tray.typ", "family.typ")


def seal_package(office: Office, cycle_id: str, *, by: str, via: str = "desk") -> Outcome:
    """Seal the encrypted package, read it back, and print control sheet and password notice.

    Raises:
        Refused: protected persons were not re-checked today, the extract is not checked, or it is sealed already.

    """
    facts = papers.facts_of(office, cycle_id)
    if facts.record("seal_package", PackageSealed) is None:
        office.door.ask_first(cycle_id, "seal_package", by=by, via=via)
        sealed, password = _seal(office, facts)
        outcome = office.door.perform(_ask(facts, sealed, by=by, via=via))
    else:
        outcome = Outcome(trigger="seal_package", state=facts.state, seq=0, repeated=True)
        password = _kept_password(office, cycle_id)
    if password:
        papers.print_package_papers(office, cycle_id, reading(password))
    return outcome


def forget_the_password(office: Office, cycle_id: str, *, opened: bool) -> None:
    """Erase the notice's PDF once the paper has gone, and the password once the contractor has opened the package.

    A rehearsal leaves the PDF for looking at.
    """
    if not office.is_rehearsal:
        shred(office.papers / "password-notice.pdf")
    vault = office.vault(cycle_id)
    if opened and PASSWORD in vault.names():
        vault.erase(PASSWORD)


def addressee_file(rows: Iterator[Addressee]) -> bytes:
    """Return the addressee file as it leaves: UTF-8 with a byte order mark, CRLF, serial and the three items."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow((row.serial, row.name, row.postal_code, row.address))
    return text.getvalue().encode("utf-8-sig")


def _seal(office: Office, facts: Facts) -> tuple[SealedPackage, str]:
    """Seal under a new password. What a killed run left was never handed to anybody and is made again."""
    programme, password = facts.programme, new_password()
    into = office.outgoing(facts.cycle_id, programme.consignment.package_form)
    into.unlink(missing_ok=True)
    office.vault(facts.cycle_id).write(PASSWORD, password.encode())
    members = _members(office, facts)
    return seal(members, into=into, password=password, form=programme.consignment.package_form), password


def _members(office: Office, facts: Facts) -> dict[str, bytes]:
    pulled = _pulled(office, facts.cycle_id)
    rows = (row for row in addressees_of(office, facts.cycle_id, ADDRESSEES) if row.serial not in pulled)
    templates = templates_of(facts.programme)
    words = json.dumps(papers.words_of(office, facts), ensure_ascii=False, indent=1).encode()
    members = {FILE: addressee_file(rows), WORDS: words}
    members |= {name: (templates / name).read_bytes() for name in TEMPLATES if (templates / name).is_file()}
    members |= {name: towns_file(facts.programme).read_bytes() for name in _lists(facts.programme)}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    manifest = {"cycle": facts.cycle_id, "programme": facts.programme.title_ja, "sha256": hashes}
    return members | {MANIFEST: json.dumps(manifest, ensure_ascii=False, indent=1).encode()}


def _lists(programme: Programme) -> tuple[str, ...]:
    """Return what the contractor needs beside the templates: the towns, from which the customer barcode is made."""
    return (TOWNS,) if programme.paper.customer_barcode else ()


def _pulled(office: Office, cycle_id: str) -> frozenset[int]:
    with reading_of(office.engine) as connection:
        return office.door.facts(connection, cycle_id).pieces.serials("pulled")


def _ask(facts: Facts, sealed: SealedPackage, *, by: str, via: str) -> Ask:
    record = PackageSealed(
        package_sha256=sealed.sha256,
        size=sealed.size,
        form=sealed.form,
        algorithm=sealed.algorithm,
        members=(FILE, WORDS, MANIFEST, *TEMPLATES, *_lists(facts.programme)),
        read_back=True,
        medium=f"M-{facts.fiscal_year}-01",
        notice=f"P-{facts.fiscal_year}-01",
    )
    return Ask(
        cycle_id=facts.cycle_id, trigger="seal_package", by=by, record=record, via=via,
        key=f"{facts.cycle_id}/seal_package/{sealed.sha256}", evidence=Evidence(by_machine=True),
    )  # fmt: skip


def _kept_password(office: Office, cycle_id: str) -> str:
    """Return the password while the vault still keeps it: a run killed before printing goes on with it."""
    vault = office.vault(cycle_id)
    printed = office.papers / "password-notice.pdf"
    return vault.read(PASSWORD).decode() if PASSWORD in vault.names() and not printed.exists() else ""
