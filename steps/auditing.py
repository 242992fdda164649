"""Auditing: the ledger verified as stored, exported as lines an offline verifier reads, and its latest entries."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, select
from sqlmodel import col

from models import tables
from models.database import reading
from models.errors import BadInput, Damaged, Unknown
from models.notes import Checkpoint, verifier_key
from models.words import _
from states import ledger, merkle
from states.ledger import Verified
from steps.office import Office

LINES, NOTES, KEY = "ledger.jsonl", "checkpoints", "ledger.pub"


def verify(office: Office, path: Path | None = None, checkpoint: Path | None = None) -> Verified:
    """Verify the installation's ledger or an exported one, with the checkpoints beside it or an older one.

    Raises:
        Damaged: it does not hold; the message names the entry or the checkpoint.
        Unknown: there is no such file.

    """
    name, public_key = office.signer.name, office.signer.public_key
    notes = [_note_at(checkpoint)] if checkpoint else None
    if path is not None:
        return ledger.verify(_lines_of(path), notes or _notes_beside(path), name=name, public_key=public_key)
    with reading(office.engine) as connection:
        _compare_tree(connection)
        stored, signed = ledger.entries(connection), notes or ledger.checkpoints(connection)
        return ledger.verify(stored, signed, name=name, public_key=public_key)


def export(office: Office, folder: Path) -> int:
    """Write ledger.jsonl, checkpoints/ and the verifier key into an empty folder; return the number of entries.

    Raises:
        BadInput: the folder is not empty, or cannot be made.

    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise BadInput(_("The folder is not empty."), _("Name a new one."))
        (folder / NOTES).mkdir(parents=True)
    except OSError:
        raise BadInput(_("The folder cannot be made there."), _("Name a new one.")) from None
    count = 0
    with reading(office.engine) as connection, (folder / LINES).open("w", encoding="utf-8", newline="\n") as file:
        for line in ledger.entries(connection):
            file.write(line + "\n")
            count += 1
        for size, note in ledger.checkpoints(connection):
            (folder / NOTES / f"{size:09}.txt").write_text(note, encoding="utf-8", newline="\n")
    key = verifier_key(office.signer.name, office.signer.public_key)
    (folder / KEY).write_text(key + "\n", encoding="ascii")
    return count


def latest(office: Office, count: int, cycle_id: str | None = None) -> list[str]:
    """Return the latest entries as stored, the oldest of them first."""
    table = tables.Ledger
    query = select(col(table.entry)).order_by(col(table.seq).desc()).limit(count)
    if cycle_id:
        query = query.where(col(table.cycle_id) == cycle_id)
    with reading(office.engine) as connection:
        return list(reversed(connection.execute(query).scalars().all()))


def _compare_tree(connection: Connection) -> None:
    """Compare the stored leaf hashes and tree hashes with what the entries give, so that proofs can be trusted."""
    size = ledger.size(connection)
    roots = merkle.Roots()
    for line in ledger.entries(connection):
        roots.add(merkle.leaf_hash(line.encode()))
    if size and roots.root() != ledger.root(connection, size):
        raise Damaged(
            _("The tree hashes of the ledger do not belong to its entries."),
            _("Keep everything as it is, and compare with a printed checkpoint and the last backup."),
        )


def _lines_of(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    raise Damaged(_("Line {line} of the export is cut off.").format(line=number), _("Export again."))
                yield line[:-1].decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise Unknown(_("The exported ledger cannot be read."), _("Name the ledger.jsonl of an export.")) from None


def _notes_beside(path: Path) -> list[tuple[int, str]]:
    return [_note_at(note) for note in sorted((path.parent / NOTES).glob("*.txt"))]


def _note_at(path: Path) -> tuple[int, str]:
    try:
        note = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Unknown(_("The checkpoint cannot be read."), _("Name a file with a checkpoint.")) from None
    return Checkpoint.parse(note.partition("\n\n")[0] + "\n").size, note
