"""Auditing: the ledger verified as stored, exported for the offline verifier, proved between two checkpoints, shown.

What is exported is verified by deploy/verify_ledger.py, which shares no code with what wrote it.
"""

import base64
import shutil
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlmodel import col

from deploy import verify_ledger as verifier
from models import tables
from models.database import is_shut, reading, writing
from models.errors import BadInput, Damaged, Unknown
from models.notes import verifier_key
from models.words import _, speaking
from papers import control_ledger
from states import ledger, replay, texts
from states.ledger import Verified
from steps import papers
from steps.office import Office

VERIFIER = "verify_ledger.py"
_DRAFT = ".being-written"
_SHOWN = 12  # so many sizes of checkpoints are named to choose from


def verify(office: Office, path: Path | None = None, checkpoints: Sequence[Path] = ()) -> Verified:
    """Verify the installation's ledger or an exported one, with its own checkpoints and further ones of paper.

    Of the installation's own the tables are then compared with what the entries, replayed, tell of them.

    Raises:
        Damaged: it does not hold; the message names the entry, or the entries between two checkpoints, or each row
            that is not what an entry tells.
        Unknown: there is no such file, or it is no checkpoint.

    """
    if path is not None:
        return _verify_export(office, path, checkpoints)
    return _verify_own(office, on_paper(checkpoints, verifier.parse_key(key_of(office))))


def verify_typed(office: Office, *typed: str) -> Verified:
    """Verify the installation's ledger as `verify` does, with the words of checkpoints typed from slips, or scanned.

    Raises:
        Damaged: it does not hold, or the checkpoint is of another ledger.
        Unknown: what was typed is no checkpoint.

    """
    with _readable():
        notes = [verifier.parse_typed(text, _("(typed)")) for text in typed]
    return _verify_own(office, _ours(notes, verifier.parse_key(key_of(office))))


def _verify_own(office: Office, printed: Sequence[verifier.Note]) -> Verified:
    verified = verify_ledger(office, printed)
    with reading(office.engine) as connection:
        _tables_agree(connection)
        backwards = ledger.backwards(connection)
    if not backwards:
        return verified
    remark = _("Entries earlier than one before them (the clock may have been set back): {entries}")
    return replace(verified, remarks=(remark.format(entries=verifier.numbers_of(backwards)),))


def verify_copy(engine: Engine, key: verifier.Key, printed: Sequence[verifier.Note] = ()) -> Verified:
    """Verify the ledger in a copy of the database, with its own checkpoints and printed ones, and the tables by it.

    Raises:
        Damaged: it does not hold.

    """
    with reading(engine) as connection:
        verified = _verified(connection, key, printed)
        _tables_agree(connection)
    return verified


def on_paper(checkpoints: Iterable[Path], key: verifier.Key) -> list[verifier.Note]:
    """Read checkpoints of this ledger from files, as they were typed or scanned from paper; `-` is the keyboard.

    Raises:
        Damaged: one is of another ledger, or its signature does not hold.
        Unknown: there is no such file, or it is no checkpoint.

    """
    with _readable():
        return _ours([verifier.typed_checkpoint(str(checkpoint)) for checkpoint in checkpoints], key)


def _ours(printed: list[verifier.Note], key: verifier.Key) -> list[verifier.Note]:
    for note in printed:
        if trouble := verifier.signature_trouble(note, key):
            raise _damaged(_("Checkpoint {file}: {trouble}").format(file=note.source, trouble=trouble))
    return printed


def _tables_agree(connection: Connection) -> None:
    if found := list(replay.differences(connection)):
        says = _("The ledger holds, but the tables are not what its entries tell:")
        raise Damaged(
            "\n".join([says, *_first_of(found)]),
            _("Somebody changed the database: keep it as it is, and compare with the last backup."),
        )


def _first_of(found: Sequence[object]) -> list[str]:
    more = len(found) - verifier.SHOWN
    rest = [_("… and {count} more").format(count=more)] if more > 0 else []
    return [*map(str, found[: verifier.SHOWN]), *rest]


def verify_ledger(office: Office, printed: Sequence[verifier.Note] = ()) -> Verified:
    """Verify the installation's ledger alone, byte for byte, with its own checkpoints and printed ones.

    Raises:
        Damaged: it does not hold.

    """
    with reading(office.engine) as connection:
        return _verified(connection, verifier.parse_key(key_of(office)), printed)


def _verified(connection: Connection, key: verifier.Key, printed: Sequence[verifier.Note]) -> Verified:
    own = ledger.checkpoints(connection)
    verified = ledger.verify(connection, own, name=key.name, public_key=key.public)
    _compare_with_paper(connection, printed)
    covered = max([verified.covered, *(note.size for note in printed)])
    return replace(verified, checkpoints=len(own) + len(printed), covered=covered)


def export(office: Office, folder: Path, *, xlsx: bool = False, pdf: bool = False) -> int:
    """Write what the offline verifier reads, and the verifier itself, into an empty folder; return how many entries.

    `xlsx` and `pdf` put the 管理簿 for people beside it. The folder is filled whole or not at all. An export ends with
    a checkpoint, so that no entry in it is without one. A ledger that does not hold is exported as it stands, but
    neither signed once more nor made into a 管理簿 for people.

    Raises:
        BadInput: the folder is not empty, cannot be made or cannot be written.
        Damaged: the exported ledger does not hold; the message names the entry.

    """
    with _filled_whole(folder) as draft:
        trouble = _sign_if_it_holds(office)
        count = _write(office, draft, closing=not trouble)
        if not trouble:
            export_books(office, draft, xlsx=xlsx, pdf=pdf)
    if trouble:
        raise trouble
    return count


def export_books(office: Office, folder: Path, *, xlsx: bool, pdf: bool) -> list[Path]:
    """Write the 管理簿 of every year, also of years taken in as history, for people; return the files."""
    from adapters import spreadsheet

    written: list[Path] = []
    with speaking("ja"):
        with reading(office.engine) as connection:
            books = list(control_ledger.books(connection, office.programme()[0], office.clock.now().date()))
        for book in books:
            if xlsx:
                spreadsheet.write(path := folder / f"{book.name}.xlsx", *control_ledger.spreadsheets_of(book))
                written.append(path)
            if pdf:
                (path := folder / f"{book.name}.pdf").write_bytes(papers.pdf_of(office, book.sheet))
                written.append(path)
    return written


def _write(office: Office, folder: Path, *, closing: bool) -> int:
    (folder / verifier.CHECKPOINTS).mkdir()
    with reading(office.engine) as connection:
        count = ledger.size(connection)
        notes = dict(ledger.checkpoints(connection))
        if closing and is_shut(office.settings.database):  # where it cannot be kept it closes the export all the same
            notes.setdefault(count, ledger.signed(connection, signer=office.signer))
        for name, lines in exported(office, connection, count, notes):
            with (folder / name).open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(lines)
    return count


def exported(
    office: Office, connection: Connection, size: int, notes: Mapping[int, str]
) -> Iterator[tuple[str, Iterable[str]]]:
    """Return each file that the offline verifier reads of the first `size` entries, by lines, and the verifier."""
    yield verifier.LEDGER, (f"{entry}\n" for entry, _leaf in islice(ledger.leaves(connection), size))
    yield verifier.LEAVES, (f"{leaf.hex()}\n" for _entry, leaf in islice(ledger.leaves(connection), size))
    yield verifier.TEXTS, (f"{line}\n" for line in texts.lines(connection, last=size))
    for at, note in notes.items():
        yield f"{verifier.CHECKPOINTS}/{at:09}.txt", [note]
    yield verifier.KEY, [key_of(office), "\n"]
    yield VERIFIER, [Path(verifier.__file__).read_text(encoding="utf-8")]


def key_of(office: Office) -> str:
    """Return the verifier key as auditors and the contractor are given it."""
    return verifier_key(office.signer.name, office.signer.public_key)


def latest_checkpoint(office: Office) -> str:
    """Return the latest signed note, "" where there is none."""
    with reading(office.engine) as connection:
        notes = ledger.checkpoints(connection)
    return notes[-1][1].rstrip("\n") if notes else ""


def prove_consistency(office: Office, old: int, new: int) -> dict[str, Any]:
    """Return the proof that the ledger at one checkpoint only added to the ledger at an older one.

    Raises:
        Unknown: there is no checkpoint of one of the sizes.
        BadInput: the older one is the larger.

    """
    with reading(office.engine) as connection:
        notes = dict(ledger.checkpoints(connection))
        return {
            "kind": "consistency",
            "key": key_of(office),
            "from": _note_of(notes, old),
            "to": _note_of(notes, new),
            "proof": _encoded(ledger.consistency_proof(connection, old, new)),
        }


def prove_inclusion(office: Office, seq: int, size: int = 0) -> dict[str, Any]:
    """Return the proof that an entry stands in the ledger of a checkpoint, of the first one after it if none is named.

    Raises:
        Unknown: there is no such entry, or no such checkpoint.

    """
    with reading(office.engine) as connection:
        notes = dict(ledger.checkpoints(connection))
        size = size or min((known for known in notes if known >= seq), default=0)
        note = _note_of(notes, size)
        query = select(col(tables.Ledger.entry)).where(col(tables.Ledger.seq) == seq)
        return {
            "kind": "inclusion",
            "key": key_of(office),
            "number": seq,
            "proof": _encoded(ledger.inclusion_proof(connection, seq, size)),
            "entry": connection.execute(query).scalar_one(),
            "texts": list(texts.lines(connection, first=seq, last=seq)),
            "checkpoint": note,
        }


def latest(office: Office, count: int, cycle_id: str | None = None) -> list[dict[str, Any]]:
    """Return what the latest entries say, the oldest of them first."""
    table = tables.Ledger
    query = select(col(table.entry)).order_by(col(table.seq).desc()).limit(count)
    if cycle_id:
        query = query.where(col(table.cycle_id) == cycle_id)
    with reading(office.engine) as connection:
        return ledger.with_texts(connection, reversed(connection.execute(query).scalars().all()))


def _verify_export(office: Office, path: Path, checkpoints: Sequence[Path]) -> Verified:
    with _readable():
        report = verifier.verify_ledger(str(path), [str(checkpoint) for checkpoint in checkpoints], key_of(office))
    if report.findings:
        raise _damaged("\n".join(_first_of(report.findings)))
    return Verified(
        entries=report.entries, checkpoints=report.checkpoints, covered=report.covered, root=report.root.hex(),
        remarks=tuple(report.remarks),
    )  # fmt: skip


@contextmanager
def _readable() -> Generator[None]:
    try:
        yield
    except verifier.Unreadable as trouble:
        raise Unknown(
            str(trouble), _("Name the ledger.jsonl of an export, or a file with the three lines of a checkpoint.")
        ) from None


def _compare_with_paper(connection: Connection, printed: Sequence[verifier.Note]) -> None:
    """Compare with checkpoints that nobody could change together with the database."""
    size, held = ledger.size(connection), 0
    for note in sorted(printed, key=lambda note: note.size):
        if note.size > size:
            raise _damaged(
                _("The ledger ends at entry {count}: what the checkpoint at entry {size} signed is missing.").format(
                    count=size, size=note.size
                )
            )
        if ledger.root(connection, note.size) != note.root:
            raise _damaged(
                _(
                    "The ledger was rewritten: entries {first} to {last} are not all what checkpoint {file} signed."
                ).format(first=held + 1, last=note.size, file=note.source)
            )
        held = note.size


def _sign_if_it_holds(office: Office) -> Damaged | None:
    try:
        verify_ledger(office)
    except Damaged as trouble:
        return trouble
    if is_shut(office.settings.database):
        return None
    with writing(office.engine) as connection:
        ledger.checkpoint(connection, signer=office.signer, at=office.clock.now(), reason="ledger_exported")
    return None


@contextmanager
def _filled_whole(folder: Path) -> Generator[Path]:
    """Give a draft within the folder, whose contents take their places once all is written; else nothing stays.

    Within it, for the folder may be the root of a medium, onto which nothing can be moved from elsewhere. Where a kill
    left a draft, what stands beside it had taken its place already and gives way to the new.
    """
    is_new, draft = not folder.exists(), folder / _DRAFT
    try:
        left = _make_empty(folder, draft)
        yield draft
        if not left <= {path.name for path in draft.iterdir()}:
            raise _not_empty()
        for path in sorted(draft.iterdir()):
            place = folder / path.name
            if place.is_dir():
                shutil.rmtree(place)
            path.replace(place)
    except OSError as error:
        raise BadInput(
            _("The export cannot be written there ({reason}).").format(reason=error.strerror),
            _("Name a folder that you may write to, on a disk that has room."),
        ) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if is_new and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _make_empty(folder: Path, draft: Path) -> set[str]:
    """Make the draft anew; return the names of what a killed export left beside it."""
    left = {path.name for path in folder.iterdir()} - {_DRAFT} if folder.is_dir() else set[str]()
    if left and not draft.exists():
        raise _not_empty()
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    return left


def _not_empty() -> BadInput:
    return BadInput(_("The folder is not empty."), _("Name a new one."))


def _note_of(notes: dict[int, str], size: int) -> str:
    if size not in notes:
        raise Unknown(
            _("There is no checkpoint at entry {size}.").format(size=size),
            _("There are checkpoints at: {sizes}").format(sizes=", ".join(map(str, sorted(notes)[-_SHOWN:])) or "–"),
        )
    return notes[size]


def _encoded(proof: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(value).decode() for value in proof]


def _damaged(message: str) -> Damaged:
    return Damaged(message, _("Keep everything as it is, and compare with a printed checkpoint and the last backup."))
