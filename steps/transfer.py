"""Transfer: the addressees leave as an encrypted package on a medium, the password on its own notice.

What leaves is the serial and the three items of the programme (氏名 郵便番号 住所), the letter's template, and a
manifest of hashes without counts: the received count must be the contractor's own (Law 7).
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from adapters.fonts import default_font
from adapters.package import Content, Member, SealedPackage, opened, seal
from adapters.password import GROUPS, new_password, reading
from adapters.vault import shred
from models.database import reading as reading_of
from models.errors import BadInput, TsudoiError
from models.package import FILE, FILE_CP932, HARD, HEADER, MANIFEST, TEMPLATES, TOWNS, WORDS
from models.programme import Programme
from models.records.extraction import ExtractTaken
from models.records.transfer import AdditionsSealed, NoticePrinted, NoticeReprinted, PackageReadBack, PackageSealed
from models.serials import compact, expand
from models.words import _
from states.acts import ActRequest, Outcome
from states.facts import Evidence, Facts
from states.rules.additions import sealed_additions_in_force
from states.rules.custody import additions_held_back, notice_in_force, rows_sealed, sealed_last, sealing_of
from states.rules.transfer import was_received, wrongly_inside
from steps import papers
from steps.acting import record_of
from steps.extraction import ADDITIONS, ADDRESSEES, Addressee, addressees_of
from steps.office import Office, template_sha256, templates_of, towns_file

PASSWORD = "password"  # noqa: S105 - the vault's name for it, not the password
NOTICE = "password-notice"
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
    facts = papers.facts_of(office, cycle_id)
    record = _read_back(office, facts)
    ask = ActRequest(
        cycle_id=cycle_id, trigger="read_back_package", by=by, record=record, via=via,
        key=_key(office, facts, "read_back_package"), evidence=Evidence(by_machine=True),
    )  # fmt: skip
    return office.door.perform(ask)


def reprint_notice(office: Office, cycle_id: str, *, by: str, reason: str, via: str = "desk") -> Outcome:
    """Print the notice of the package sealed last again, with a new number: the former is misprinted, damaged or lost.

    Raises:
        Refused: the contractor has opened the package, so the password is kept no more.
        BadInput: the reason is none of the three.

    """
    office.door.ask_first(cycle_id, "reprint_notice", by=by, via=via)
    facts = papers.facts_of(office, cycle_id)
    fields = {"notice": _new_number(facts, "P"), "former": notice_in_force(facts), "reason": reason}
    record = record_of(NoticeReprinted, fields)
    outcome = office.door.perform(
        ActRequest(
            cycle_id=cycle_id, trigger="reprint_notice", by=by, record=record, via=via,
            key=_key(office, facts, "reprint_notice"), evidence=Evidence(by_machine=True),
        )
    )  # fmt: skip
    act = sealing_of(facts)
    papers.print_notice(office, cycle_id, reading(_password_of(office, cycle_id, act)), act=act)
    papers.note_printed(office, cycle_id, _paper(papers.facts_of(office, cycle_id)), by=by, via=via)
    return outcome


def take_the_notice_down(office: Office, act: str) -> None:
    """Erase the file of a package's password notice. A rehearsal leaves it for looking at."""
    if not office.is_rehearsal:
        shred(office.papers / f"{NOTICE}{papers.suffix_of(act)}.pdf")


def blank_the_notices(office: Office, cycle_id: str) -> None:
    """Print the notices among a rehearsal's papers without their password, which is to lie nowhere at its end."""
    for act in _SEALINGS:
        path = office.papers / f"{NOTICE}{papers.suffix_of(act)}.pdf"
        if path.exists():
            shred(path)
            papers.print_notice(office, cycle_id, [("―" * 5, "")] * GROUPS, act=act)


def forget_the_password(office: Office, cycle_id: str) -> None:
    """Erase the notice's PDF once it is on paper, and the password once the contractor has opened the package."""
    facts, vault = papers.facts_of(office, cycle_id), office.vault(cycle_id)
    act, notice = sealing_of(facts), notice_in_force(facts)
    if not notice:
        return
    if _is_in_its_envelope(facts, notice) or _has_left(facts, notice):
        take_the_notice_down(office, act)
    if was_received(facts) and _name_of_password(act) in vault.names():
        vault.erase(_name_of_password(act))


def _is_in_its_envelope(facts: Facts, notice: str) -> bool:
    return any(it.record.notice == notice for it in facts.past("record_notice_printed", NoticePrinted))


def _has_left(facts: Facts, number: str) -> bool:
    return number not in {item.number for item in facts.things_in("with_ward")}


def packages(office: Office, facts: Facts) -> tuple[Path, ...]:
    """Return where the sealed packages of a cycle stand until they are on their media: the first, and the additions."""
    return tuple(_package(office, facts, act) for act in _SEALINGS)


def _package(office: Office, facts: Facts, act: str) -> Path:
    form = facts.programme.consignment.package_form
    return office.outgoing(f"{facts.cycle_id}{papers.suffix_of(act)}", form)


def addressee_file(rows: Iterable[Addressee], encoding: str = "utf-8-sig") -> Iterator[bytes]:
    """Yield the addressee file as it leaves, in chunks: CRLF, serial and the three items; UTF-8 with its mark."""
    yield _lines([HEADER]).encode(encoding)
    left = iter(rows)
    while batch := list(islice(left, _ROWS_A_CHUNK)):
        lines = _lines((row.serial, row.name, row.postal_code, row.address) for row in batch)
        yield lines.encode(encoding.removesuffix("-sig"))


def survives_cp932(text: str) -> bool:
    """Tell whether every character comes back from CP932 as it went in, and has a shape there.

    〜 and ～, − and － share a code each, so one of the two never comes back; private use characters have no shape
    without a font of their own (domain.md 3).
    """
    try:
        return text.encode("cp932").decode("cp932") == text and not _NO_SHAPE.search(text)
    except UnicodeEncodeError:
        return False


def _lines(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _seal_once(office: Office, cycle_id: str, act: str, *, by: str, via: str) -> Outcome:
    """Seal unless a good package is sealed; print control sheet and notice unless the ledger knows them as printed."""
    facts = papers.facts_of(office, cycle_id)
    if _is_in_force(office, cycle_id, act):
        outcome = Outcome(trigger=act, state=facts.state, seq=0, repeated=True)
        password = _kept_password(office, cycle_id, act)
    else:
        office.door.ask_first(cycle_id, act, by=by, via=via)
        if act == SEAL_ADDITIONS:
            additions_to_print(office, facts)
        sealed, password, members = _seal(office, facts, act)
        outcome = office.door.perform(_ask(office, facts, act, sealed, members, by=by, via=via))
    if password:
        papers.print_package_papers(office, cycle_id, reading(password), act=act)
        papers.note_printed(office, cycle_id, _paper(papers.facts_of(office, cycle_id)), by=by, via=via)
    return outcome


def additions_to_print(office: Office, facts: Facts) -> tuple[Addressee, ...]:
    """Return the additional persons who get a letter: whoever is pulled or to be pulled gets none.

    Raises:
        BadInput: nobody is left.

    """
    people = tuple(_rows(office, facts, ADDITIONS))
    if not people:
        raise BadInput(_("Nobody was added, so there is no letter to print."), _("Go on with the next step."))
    return people


def _seal(office: Office, facts: Facts, act: str) -> tuple[SealedPackage, str, tuple[str, ...]]:
    """Seal under a new password. What a killed run left was never handed to anybody and is made again."""
    programme, password = facts.programme, new_password()
    into = _package(office, facts, act)
    shred(into)
    office.vault(facts.cycle_id).write(_name_of_password(act), password.encode())
    members = _members(office, facts, _SEALINGS[act])

    def manifest(hashes: Mapping[str, str]) -> dict[str, bytes]:
        told = {"cycle": facts.cycle_id, "programme": programme.title_ja, "sha256": hashes}
        return {MANIFEST: json.dumps(told, ensure_ascii=False, indent=1).encode()}

    form = programme.consignment.package_form
    return seal(members, into=into, password=password, form=form, manifest=manifest), password, tuple(members)


def _members(office: Office, facts: Facts, act: str) -> dict[str, Content]:
    """Return what goes in; the copy in CP932 only where every character survives."""
    templates = templates_of(facts.programme)
    # Serials only: the rows that the imprint sample must show; the proofs are past when additions come.
    shown = facts.record(act, ExtractTaken) if act == ADDRESSEES else None
    hard = _without(shown, _held_back(office, facts.cycle_id, act))
    words = {**papers.words_of(office, facts), HARD: hard, "font_sha256": default_font().sha256}
    members: dict[str, Content] = {FILE: addressee_file(_rows(office, facts, act))}
    if all(survives_cp932(f"{row.name}{row.postal_code}{row.address}") for row in _rows(office, facts, act)):
        members[FILE_CP932] = addressee_file(_rows(office, facts, act), "cp932")
    members[WORDS] = json.dumps(words, ensure_ascii=False, indent=1).encode()
    members |= {name: (templates / name).read_bytes() for name in TEMPLATES if (templates / name).is_file()}
    return members | {name: towns_file(facts.programme).read_bytes() for name in _lists(facts.programme)}


def _rows(office: Office, facts: Facts, act: str) -> Iterator[Addressee]:
    stay = _held_back(office, facts.cycle_id, act)
    return (row for row in addressees_of(office, facts.cycle_id, act) if row.serial not in stay)


def _without(taken: ExtractTaken | None, pulled: frozenset[int]) -> str:
    return compact(serial for serial in expand(taken.hard if taken else "") if serial not in pulled)


def _lists(programme: Programme) -> tuple[str, ...]:
    """Return what the contractor needs beside the templates: the towns, from which the customer barcode is made."""
    return (TOWNS,) if programme.paper.customer_barcode else ()


def _held_back(office: Office, cycle_id: str, act: str) -> frozenset[int]:
    with reading_of(office.engine) as connection:
        facts = office.door.facts(connection, cycle_id)
        return facts.pieces.serials("pulled") if act == ADDRESSEES else additions_held_back(facts)


def _ask(
    office: Office, facts: Facts, act: str, sealed: SealedPackage, members: tuple[str, ...], *, by: str, via: str
) -> ActRequest:
    record = PackageSealed(
        package_sha256=sealed.sha256,
        size=sealed.size,
        form=sealed.form,
        algorithm=sealed.algorithm,
        members=(*members, MANIFEST),
        read_back=True,
        medium=_new_number(facts, "M"),
        notice=_new_number(facts, "P"),
        held_back=compact(_held_back(office, facts.cycle_id, _SEALINGS[act])),
        font_sha256=default_font().sha256,
    )
    if act == SEAL_ADDITIONS:
        record = AdditionsSealed(**record.model_dump(), template_sha256=template_sha256(facts.programme))
    return ActRequest(
        cycle_id=facts.cycle_id, trigger=act, by=by, record=record, via=via,
        key=f"{facts.cycle_id}/{act}/{sealed.sha256}", evidence=Evidence(by_machine=True),
    )  # fmt: skip


def _new_number(facts: Facts, letter: str) -> str:
    taken = sum(item.number.startswith(f"{letter}-{facts.fiscal_year}-") for item in facts.items)
    return f"{letter}-{facts.fiscal_year}-{taken + 1:02}"


def _key(office: Office, facts: Facts, trigger: str) -> str:
    """Return a key of this moment: what the machine does may be done again, but a kill does not double it."""
    return f"{facts.cycle_id}/{trigger}/{office.clock.now().isoformat(timespec='minutes')}"


def _is_in_force(office: Office, cycle_id: str, act: str) -> bool:
    with reading_of(office.engine) as connection:
        facts = office.door.facts(connection, cycle_id)
        if act == SEAL_ADDITIONS:
            return sealed_additions_in_force(facts) is not None
        return "seal_package" in facts.done and not ("hand_over_medium" not in facts.done and wrongly_inside(facts))


def _read_back(office: Office, facts: Facts) -> PackageReadBack:
    """Open the package as the contractor will, and count what he will count."""
    act, sealed = sealing_of(facts), sealed_last(facts)
    if sealed is None:
        raise RuntimeError
    path = _package(office, facts, act)
    agrees = path.is_file() and _sha256(path) == sealed.package_sha256
    try:
        password = _password_of(office, facts.cycle_id, act)
        with opened(path, password=password, sha256=sealed.package_sha256) as members:
            is_opened, rows = True, _rows_in(members[FILE]) if FILE in members else -1
    except TsudoiError:
        is_opened, rows = False, -1
    with reading_of(office.engine) as connection:
        sent = rows_sealed(office.door.facts(connection, facts.cycle_id))
    return PackageReadBack(
        package_sha256=sealed.package_sha256, hash_agrees=agrees, opened=is_opened, rows_agree=rows == sent
    )


def _name_of_password(act: str) -> str:
    return f"{PASSWORD}{papers.suffix_of(act)}"


def _password_of(office: Office, cycle_id: str, act: str) -> str:
    return office.vault(cycle_id).read(_name_of_password(act)).decode()


def _rows_in(member: Member) -> int:
    return sum(1 for _row in csv.reader(_lines_of(member.chunks()))) - 1


def _lines_of(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (f"{line.decode()}\n" for line in lines)
    if rest:
        yield rest.decode()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _paper(facts: Facts) -> str:
    return f"notice {notice_in_force(facts)}"


def _kept_password(office: Office, cycle_id: str, act: str) -> str:
    """Return the password where a killed run did not come to print it; any other print is an act (reprint_notice)."""
    facts = papers.facts_of(office, cycle_id)
    if act != sealing_of(facts) or _paper(facts) in papers.printed(office, cycle_id):
        return ""
    name = _name_of_password(act)
    return _password_of(office, cycle_id, act) if name in office.vault(cycle_id).names() else ""
