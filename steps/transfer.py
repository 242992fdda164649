"""Transfer: the addressees leave as an encrypted package on a medium, the password on its own notice.

What leaves is the serial and the three items of the programme (氏名 郵便番号 住所), the letter's template, and a
manifest of hashes without counts: the received count must be the contractor's own (Law 7).
"""

import codecs
import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from adapters.fonts import default_font
from adapters.package import Content, SealedPackage, opened, seal
from adapters.password import new_password, reading
from adapters.programmes import template_sha256, templates_of, towns_file
from adapters.progress import counted
from adapters.vault import Vault, shred
from models.errors import BadInput, TsudoiError
from models.package import FILE, FILE_CP932, HARD, HEADER, MANIFEST, TEMPLATES, TOWNS, WORDS
from models.postage import area_counts
from models.programme import Programme
from models.records.extraction import ExtractTaken
from models.records.transfer import AdditionsSealed, NoticePrinted, NoticeReprinted, PackageReadBack, PackageSealed
from models.serials import compact, expand
from models.words import _, speaking
from papers.printing import words_of
from papers.sheet import Sheet
from papers.transfer import control_sheet, password_notice, suffix_of
from states.acts import Outcome, Recorded
from states.facts import Facts
from states.look import Look
from states.rules.additions import sealed_additions_in_force
from states.rules.custody import additions_held_back, notice_in_force, rows_sealed, sealed_last, sealing_of
from states.rules.transfer import was_received, wrongly_inside
from steps import after, notices, papers
from steps.acting import by_machine, record_of
from steps.extraction import ADDITIONS, ADDRESSEES, Addressee, addressee_list, lines_in, people_in
from steps.lists import as_csv
from steps.office import Office

PASSWORD = "password"  # noqa: S105 - the vault's name for it, not the password
SEAL_ADDITIONS = "seal_additions"
# What is sealed by which act: the addressees that another act brought.
_SEALINGS = {"seal_package": ADDRESSEES, SEAL_ADDITIONS: ADDITIONS}
_ROWS_A_CHUNK = 2000
# CP932 has code points for these, but no shape that two machines agree on.
_NO_SHAPE = re.compile(r"[\x00-\x1f\x7f-\xa0\ue000-\uf8ff]")


def seal_package(office: Office, cycle_id: str, *, by: str, via: str = "desk") -> Outcome:
    """Seal the encrypted package, read it back, and print control sheet and password notice.

    A package that holds somebody who came under protection since is sealed anew, with a new number and password.

    Raises:
        Refused: protected persons were not re-checked today, the extract is not checked, or it is sealed already.

    """
    return _seal_once(office, cycle_id, "seal_package", by=by, via=via)


def seal_additions(office: Office, cycle_id: str, *, by: str, via: str = "desk") -> Outcome:
    """Seal the additional persons for a contractor that prints them: a package, medium and notice of their own.

    Whoever is pulled or to be pulled is not inside. Sealed anew where that changed before the medium has left, and
    where medium or notice is lost.

    Raises:
        BadInput: nobody is left to be written to.
        Refused: the ward prints them itself, they are not taken yet, or they are sealed already.

    """
    return _seal_once(office, cycle_id, SEAL_ADDITIONS, by=by, via=via)


def read_back_package(office: Office, cycle_id: str, *, by: str, via: str = "desk") -> Outcome:
    """Open the package sealed last on the day it leaves: hash, password, and the rows counted against the serials.

    What is found wrong is on record too: the medium does not leave after it.

    Raises:
        Refused: no package is sealed, or the medium has left.

    """
    office.door.ask_first(cycle_id, "read_back_package", by=by, via=via)
    record = _read_back(office, cycle_id)
    return by_machine(office, cycle_id, "read_back_package", record, by=by, via=via, key=_this_minute(office))


def reprint_notice(office: Office, cycle_id: str, *, by: str, reason: str, via: str = "desk") -> Outcome:
    """Print the notice of the package sealed last again, with a new number: the former is misprinted, damaged or lost.

    Raises:
        Refused: the contractor has opened the package, so the password is kept no more.
        BadInput: the reason is none of the three.

    """
    office.door.ask_first(cycle_id, "reprint_notice", by=by, via=via)
    facts = office.facts(cycle_id)
    fields = {"notice": facts.free_number("P"), "former": notice_in_force(facts), "reason": reason}
    record = record_of(NoticeReprinted, fields)
    return by_machine(office, cycle_id, "reprint_notice", record, by=by, via=via, key=_this_minute(office))


def print_package_papers(office: Office, act: Recorded) -> None:
    """Print control sheet and notice of a sealed package unless the ledger knows the notice as printed."""
    _print_once(office, act, control_sheet)


def print_notice(office: Office, act: Recorded) -> None:
    """Print a notice with a new number unless the ledger knows it as printed."""
    _print_once(office, act)


def _print_once(office: Office, act: Recorded, *beside: Callable[[Look, str], Sheet]) -> None:
    """Print the notice in force, and what belongs to it; any further print is an act of its own (reprint_notice)."""
    with speaking("ja"), office.look(act.cycle_id) as here:
        sealing, paper = sealing_of(here.facts), f"notice {notice_in_force(here.facts)}"
        name, vault = _name_of_password(sealing), office.vault(act.cycle_id)
        is_of_it = act.trigger in {sealing, "reprint_notice"}
        if not is_of_it or paper in papers.printed(here.connection, act.cycle_id) or name not in vault.names():
            return
        groups = reading(vault.read(name).decode())
        sheets = [*(build(here, sealing) for build in beside), password_notice(here, act=sealing, groups=groups)]
    for sheet in sheets:
        papers.put(office, sheet.name, papers.pdf_of(office, sheet))
    papers.note_printed(office, act.cycle_id, paper, by=act.by, via=act.via)


def forget_the_password(office: Office, act: Recorded) -> None:
    """Erase the notice's PDF once it is on paper, and the password once the contractor has opened the package."""
    with office.look(act.cycle_id) as here:
        facts = here.facts
        in_envelopes = {printed.record.notice for printed in facts.past("record_notice_printed", NoticePrinted)}
    sealing, notice = sealing_of(facts), notice_in_force(facts)
    if not notice or "erase_ward_data" in facts.done:
        return
    if notice in in_envelopes or notice not in {item.number for item in facts.things_in("with_ward")}:
        notices.take_down(office, sealing)
    if was_received(facts) and _name_of_password(sealing) in (vault := office.vault(act.cycle_id)).names():
        vault.erase(_name_of_password(sealing))


def packages(office: Office, facts: Facts) -> tuple[Path, ...]:
    """Return where the sealed packages of a cycle stand until they are on their media: the first, and the additions."""
    return tuple(_package(office, facts.cycle_id, facts.programme, act) for act in _SEALINGS)


def _package(office: Office, cycle_id: str, programme: Programme, act: str) -> Path:
    return office.outgoing(f"{cycle_id}{suffix_of(act)}", programme.consignment.package_form)


def addressee_files(people: Iterable[Addressee]) -> dict[str, Content]:
    """Return the addressee file as it leaves: CRLF, serial and the three items; UTF-8 with its mark.

    The copy in CP932 is there where every character survives in it. Both are made in one pass over the addressees.
    """
    utf8, cp932 = [codecs.BOM_UTF8, as_csv([HEADER]).encode()], [as_csv([HEADER]).encode("cp932")]
    left, survives = iter(people), True
    while batch := list(islice(left, _ROWS_A_CHUNK)):
        lines = as_csv((row.serial, row.name, row.postal_code, row.address) for row in batch)
        utf8.append(lines.encode())
        survives = survives and all(survives_cp932(f"{row.name}{row.postal_code}{row.address}") for row in batch)
        if survives:
            cp932.append(lines.encode("cp932"))
    return {FILE: utf8, FILE_CP932: cp932} if survives else {FILE: utf8}


def survives_cp932(text: str) -> bool:
    """Tell whether every character comes back from CP932 as it went in, and has a shape there.

    〜 and ～, − and － share a code each, so one of the two never comes back; private use characters have no shape
    without a font of their own (domain.md 3).
    """
    try:
        return text.encode("cp932").decode("cp932") == text and not _NO_SHAPE.search(text)
    except UnicodeEncodeError:
        return False


@dataclass(frozen=True, kw_only=True)
class _Sealing:
    """What a sealing takes from one moment of the record: who is inside and who stays out, words and new numbers."""

    cycle_id: str
    act: str
    programme: Programme
    addressees: str
    held_back: frozenset[int]
    inside: int
    words: Mapping[str, object]
    medium: str
    notice: str

    @classmethod
    def of(cls, here: Look, act: str) -> "_Sealing":
        facts, brought_by = here.facts, _SEALINGS[act]
        is_first = brought_by == ADDRESSEES
        held_back = facts.pieces.serials("pulled") if is_first else additions_held_back(facts)
        additions = facts.pieces.serials(origin="addition") - held_back
        inside = facts.pieces.count("exported", origin="extract") if is_first else len(additions)
        # Serials only: the rows that the imprint sample must show; the proofs are past when additions come.
        taken = facts.record(brought_by, ExtractTaken) if is_first else None
        hard = compact(set(expand(taken.hard)) - held_back if taken else ())
        return cls(
            cycle_id=here.cycle_id, act=act, programme=here.programme, addressees=addressee_list(facts, brought_by),
            held_back=held_back, inside=inside, medium=facts.free_number("M"), notice=facts.free_number("P"),
            words={**words_of(here), HARD: hard, "font_sha256": default_font().sha256},
        )  # fmt: skip

    def people(self, vault: Vault) -> Iterator[Addressee]:
        """Walk over those who are inside."""
        people = people_in(vault, self.addressees) if self.addressees else iter(())
        return (person for person in people if person.serial not in self.held_back)


def _seal_once(office: Office, cycle_id: str, act: str, *, by: str, via: str) -> Outcome:
    """Seal unless a good package is sealed; of that one only what was not printed is printed."""
    with office.look(cycle_id) as here:
        sealing, is_in_force = _Sealing.of(here, act), _is_in_force(here.facts, act)
    if is_in_force:
        return after.again(office, office.facts(cycle_id), act, by=by, via=via)
    office.door.ask_first(cycle_id, act, by=by, via=via)
    sealed, members = _seal(office, sealing)
    areas = area_counts(sealing.programme.mailing, _postal_codes(office, sealing))
    record = _record(sealing, sealed, members, areas)
    return by_machine(office, cycle_id, act, record, by=by, via=via, key=sealed.sha256)


def additions_to_print(office: Office, cycle_id: str) -> tuple[Addressee, ...]:
    """Return the additional persons who get a letter: whoever is pulled or to be pulled gets none.

    Raises:
        BadInput: nobody is left.

    """
    sealing = office.see(cycle_id, lambda here: _Sealing.of(here, SEAL_ADDITIONS))
    return _somebody(sealing.people(office.vault(cycle_id)))


def _somebody(people: Iterable[Addressee]) -> tuple[Addressee, ...]:
    found = tuple(people)
    if not found:
        raise BadInput(_("Nobody was added, so there is no letter to print."), _("Go on with the next step."))
    return found


def _seal(office: Office, sealing: _Sealing) -> tuple[SealedPackage, tuple[str, ...]]:
    """Seal under a new password. What a killed run left was never handed to anybody and is made again."""
    programme, password, vault = sealing.programme, new_password(), office.vault(sealing.cycle_id)
    into = _package(office, sealing.cycle_id, programme, sealing.act)
    people = counted(sealing.people(vault), of=sealing.inside)
    members = _members(_somebody(people) if sealing.act == SEAL_ADDITIONS else people, sealing)
    shred(into)
    vault.write(_name_of_password(sealing.act), password.encode())

    def manifest(hashes: Mapping[str, str]) -> dict[str, bytes]:
        content = {"cycle": sealing.cycle_id, "programme": programme.title_ja, "sha256": hashes}
        return {MANIFEST: json.dumps(content, ensure_ascii=False, indent=1).encode()}

    form = programme.consignment.package_form
    return seal(members, into=into, password=password, form=form, manifest=manifest), tuple(members)


def _members(people: Iterable[Addressee], sealing: _Sealing) -> dict[str, Content]:
    """Return what goes in beside the addressees: the invitation's words, its templates, and the towns."""
    templates, programme = templates_of(sealing.programme), sealing.programme
    members = addressee_files(people)
    members[WORDS] = json.dumps(sealing.words, ensure_ascii=False, indent=1).encode()
    members |= {name: (templates / name).read_bytes() for name in TEMPLATES if (templates / name).is_file()}
    if programme.paper.customer_barcode:  # it is made from the towns
        members[TOWNS] = towns_file(programme).read_bytes()
    return members


def _postal_codes(office: Office, sealing: _Sealing) -> Iterator[str]:
    """Walk over the postal codes that are inside: of them a count by area goes on record, and nothing else."""
    if sealing.programme.mailing.areas:
        yield from (person.postal_code for person in sealing.people(office.vault(sealing.cycle_id)))


def _record(sealing: _Sealing, sealed: SealedPackage, members: tuple[str, ...], areas: dict[str, int]) -> PackageSealed:
    record = PackageSealed(
        package_sha256=sealed.sha256,
        size=sealed.size,
        form=sealed.form,
        algorithm=sealed.algorithm,
        members=(*members, MANIFEST),
        read_back=True,
        medium=sealing.medium,
        notice=sealing.notice,
        held_back=compact(sealing.held_back),
        font_sha256=default_font().sha256,
        areas=areas,
    )
    if sealing.act == SEAL_ADDITIONS:
        return AdditionsSealed(**record.model_dump(), template_sha256=template_sha256(sealing.programme))
    return record


def _this_minute(office: Office) -> str:
    """Return a key of this moment: what the machine does may be done again, but a kill does not double it."""
    return office.clock.now().isoformat(timespec="minutes")


def _is_in_force(facts: Facts, act: str) -> bool:
    if act == SEAL_ADDITIONS:
        return sealed_additions_in_force(facts) is not None
    return "seal_package" in facts.done and not ("hand_over_medium" not in facts.done and wrongly_inside(facts))


def _read_back(office: Office, cycle_id: str) -> PackageReadBack:
    """Open the package as the contractor will, and count what he will count."""
    with office.look(cycle_id) as here:
        act, sealed, sent = sealing_of(here.facts), sealed_last(here.facts), rows_sealed(here.facts)
        path = _package(office, cycle_id, here.programme, act)
    if sealed is None:
        raise RuntimeError
    agrees = False
    if path.is_file():
        with path.open("rb") as file:
            agrees = hashlib.file_digest(file, "sha256").hexdigest() == sealed.package_sha256
    try:
        password = office.vault(cycle_id).read(_name_of_password(act)).decode()
        with opened(path, password=password, sha256=sealed.package_sha256) as members:
            is_opened, rows = True, -1
            if FILE in members:
                found = csv.reader(lines_in(members[FILE].chunks()))
                rows = sum(1 for _row in counted(found, of=sent)) - 1
    except TsudoiError:
        is_opened, rows = False, -1
    return PackageReadBack(
        package_sha256=sealed.package_sha256, hash_agrees=agrees, opened=is_opened, rows_agree=rows == sent
    )


def _name_of_password(act: str) -> str:
    return f"{PASSWORD}{suffix_of(act)}"
