"""Acts as people enter them: text fields become the record type of the act, and the act goes through the door."""

import hashlib
import json
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast, get_origin

from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col

from adapters import disk
from adapters.file_types import KINDS, Trouble, trouble_of
from models import tables
from models.database import reading
from models.errors import BadInput, Unmet
from models.fields import takes
from models.records.base import TYPED, ActRecord
from models.words import N_, _
from states import gaps
from states.acts import ActRequest, Outcome, Proposed, form_of, row_of
from states.door import proposals_of
from states.facts import Evidence
from steps.office import Office
from steps.work import WORK
from views.standing import act_title


@dataclass(frozen=True, kw_only=True)
class Typed:
    """One act of a form as it was typed: by whom, the fields of its record, files of evidence, and when it happened."""

    trigger: str
    by: str
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    files: Mapping[str, Path] = field(default_factory=dict[str, Path])
    key: str = ""
    occurred_at: datetime | None = None


class WrongFields(BadInput):
    """Fields of a record are missing or wrong: `wrong` says of each how."""

    def __init__(self, message: str, remedy: str, wrong: Mapping[str, str]) -> None:
        """Take what happened, what to do, and what is wrong by the name of the field."""
        super().__init__(message, remedy)
        self.wrong = wrong


_EVIDENCE_LIMIT = 64 * 1024 * 1024


def perform(
    office: Office,
    cycle_id: str,
    trigger: str,
    *,
    by: str,
    fields: Mapping[str, Any],
    files: Mapping[str, Path] | None = None,
    key: str = "",
    via: str = "desk",
    occurred_at: datetime | None = None,
) -> Outcome:
    """Do an act of the table with the fields of its record type.

    Raises:
        BadInput: a field is missing, unknown or wrong; the message names it.
        Refused: a guard is not met.
        Unknown: there is no such act.

    """
    row = row_of(trigger)
    work = WORK.get(trigger)
    # Where figures were typed that the machine brings, the door refuses; what has a command of its own brings a file.
    if work and not row.command and work.typed == frozenset(fields):
        return work.step(office, cycle_id, by=by, via=via, **fields)
    if trigger == "file_document" and files:  # its kind may show residents, whose file must not lie here in the clear
        raise BadInput(
            _("A document is filed where its kind belongs: in the vault if it can show residents."),
            _("File it among the documents of the year."),
            act="file_document",
        )
    typed = Typed(trigger=trigger, by=by, fields=fields, files=files or {}, key=key, occurred_at=occurred_at)
    return office.door.perform(_asked(office, cycle_id, typed, via))


def enter(office: Office, cycle_id: str, form: Sequence[Typed], *, via: str = "desk") -> tuple[Outcome, ...]:
    """Do the acts that one form carries, all of them or none; the last is the form's own.

    Raises:
        BadInput: the form does not carry one of them, a field is missing, unknown or wrong (the message names it and
            its act), or the machine brings what an act records.
        Refused: a guard of one of them is not met; none is done.
        Unknown: there is no such act.

    """
    rows = form_of([typed.trigger for typed in form])
    if machine := next((row for row in rows if row.by_machine), None):
        raise BadInput(
            _("The machine itself brings the figures of “{act}”.").format(act=act_title(machine.trigger)),
            _("Have it do that by itself."),
            act=machine.trigger,
        )
    return office.door.perform_all([_asked(office, cycle_id, typed, via, titled=len(form) > 1) for typed in form])


def doubts(office: Office, cycle_id: str, form: Sequence[Typed], *, via: str = "desk") -> tuple[Unmet, ...]:
    """Return what would be recorded as a deviation if a form were entered as it was typed; nothing is.

    Raises:
        BadInput: as `enter` does.

    """
    asked = [_asked(office, cycle_id, typed, via) for typed in form]
    with office.look(cycle_id) as here:
        return tuple(gap for ask in asked for gap in gaps.doubts(here.facts, ask))


def _asked(office: Office, cycle_id: str, typed: Typed, via: str, *, titled: bool = False) -> ActRequest:
    """Return what is asked of the door; what is wrong with a field names the act where a form has several."""
    kept = {name: keep(office, content_of(path)) for name, path in typed.files.items()}
    try:
        record = record_of(row_of(typed.trigger).record, {**typed.fields, **kept})
    except BadInput as wrong:
        message = _("“{act}”: {wrong}").format(act=act_title(typed.trigger), wrong=wrong.message)
        raise (BadInput(message, wrong.remedy) if titled else wrong) from None
    return ActRequest(
        cycle_id=cycle_id, trigger=typed.trigger, by=typed.by, record=record, via=via,
        key=typed.key or f"{cycle_id}/{typed.trigger}/{uuid.uuid4().hex}", occurred_at=typed.occurred_at,
    )  # fmt: skip


def by_machine(
    office: Office, cycle_id: str, trigger: str, record: ActRecord, *, by: str, via: str, key: str | None = None
) -> Outcome:
    """Record what the machine found or did, in the name of whoever asks for it.

    `key` tells one doing of the act from another: with the same one it is a repetition; without one it never is.

    Raises:
        Refused: a guard is not met.

    """
    return office.door.perform(machines(cycle_id, trigger, record, by=by, via=via, key=key))


def machines(
    cycle_id: str, trigger: str, record: ActRecord, *, by: str, via: str, key: str | None = None
) -> ActRequest:
    """Return what `by_machine` asks of the door."""
    return ActRequest(
        cycle_id=cycle_id, trigger=trigger, by=by, record=record, via=via,
        key=f"{cycle_id}/{trigger}/{uuid.uuid4().hex if key is None else key}", evidence=Evidence(by_machine=True),
    )  # fmt: skip


def confirm(
    office: Office,
    cycle_id: str,
    trigger: str,
    *,
    by: str,
    proposal: int | None = None,
    decision_number: str = "",
    decided_on: date | None = None,
    via: str = "desk",
) -> Outcome:
    """Confirm a proposed act as the second person, by that person's own signature or by the electronic approval.

    Raises:
        Refused: nothing waits, it is not this proposal, it is the same person or another role, or a guard is no
            longer met.

    """
    number = unicodedata.normalize("NFKC", decision_number).strip()
    return office.door.confirm(
        ActRequest(
            cycle_id=cycle_id, trigger=trigger, by=by, record=row_of(trigger).record.model_construct(), via=via,
            key=f"{cycle_id}/{trigger}/confirmed", proposal=proposal,
            evidence=Evidence(decision_number=number, decided_on=decided_on),
        )
    )  # fmt: skip


def waiting(office: Office, cycle_id: str, trigger: str) -> list[Proposed]:
    """Return what is proposed of an act and waits for a second person."""
    with reading(office.engine) as connection:
        return proposals_of(connection, cycle_id, trigger)


def is_recorded(office: Office, key: str) -> bool:
    """Tell whether an act was entered under a key already: the same form once more changes nothing."""
    with reading(office.engine) as connection:
        query = select(col(tables.Record.id)).where(col(tables.Record.key) == key)
        return connection.execute(query).first() is not None


def record_of(kind: type[ActRecord], fields: Mapping[str, Any]) -> ActRecord:
    """Make the record of an act from what was typed; texts that are JSON numbers, lists or objects are read as such.

    Raises:
        BadInput: naming each wrong field, never its value.

    """
    try:
        typed = json.dumps({key: _typed(kind, key, value) for key, value in fields.items()})
        return kind.model_validate_json(typed, context=TYPED)
    except ValidationError as error:
        wrong = [(e["loc"], e["type"]) for e in error.errors(include_input=False, include_context=False)]
        words = "、".join(_trouble(kind, place, trouble) for place, trouble in wrong)
        raise WrongFields(
            _("These fields are missing or wrong: {fields}").format(fields=words),
            _("Give them as the form of the act asks for them."),
            {str(place[0]): _(_TROUBLES.get(trouble, _WRONG)) for place, trouble in reversed(wrong) if place},
        ) from None


def content_of(path: Path) -> bytes:
    """Return the content of a file of evidence.

    Raises:
        BadInput: it is not a readable, regular, non-empty file of at most 64 MiB, or of another type than named.

    """
    if path.is_symlink() or not path.is_file() or not 0 < path.stat().st_size <= _EVIDENCE_LIMIT:
        raise BadInput(
            _("The file of evidence cannot be used: it is missing, empty, a link, or larger than 64 MiB."),
            _("Give the path of a regular file."),
        )
    return judged(path.name, path.read_bytes())


def keep_file(office: Office, name: str, content: bytes) -> str:
    """Keep a file of evidence that was sent, under its hash, and return the hash.

    Raises:
        BadInput: it is of a kind that is not kept, or of another than its name says.

    """
    return keep(office, judged(name, content))


def judged(name: str, content: bytes) -> bytes:
    """Return what a file of evidence holds.

    Raises:
        BadInput: it is empty, of a kind that is not kept, or of another than its name says.

    """
    if trouble := trouble_of(name, content):
        raise _no_evidence(trouble, Path(name).suffix.lower())
    return content


def _no_evidence(trouble: Trouble, kind: str) -> BadInput:
    if trouble == "content":
        words = _("The file of evidence is not what its name says, or is damaged: no {kind} program opens it.")
        return BadInput(
            words.format(kind=kind),
            _("Give the file itself, whole, under the ending that belongs to it."),
        )
    hint = _("Give one of: {kinds}, without macros; print a mail or a web page as PDF, unpack what is packed.")
    return BadInput(
        _("The file of evidence holds macros or another program.")
        if trouble == "program"
        else _("A file of this kind is not kept as evidence."),
        hint.format(kinds=", ".join(KINDS)),
    )


def keep(office: Office, content: bytes) -> str:
    """Keep what was read as evidence under its hash and return the hash."""
    digest = hashlib.sha256(content).hexdigest()
    folder = office.home / "evidence"
    folder.mkdir(exist_ok=True, mode=0o700)
    disk.put(folder / digest, content)
    return digest


_TROUBLES = {
    "missing": N_("missing"), "extra_forbidden": N_("unknown"),
    "no_telephone": N_("no telephone number such as 03-0000-0101"),
    "not_plain": N_("not one line of plain words: a line break, or a character that cannot be seen"),
}  # fmt: skip
_WRONG = N_("wrong")


def _trouble(kind: type[ActRecord], place: tuple[int | str, ...], trouble: str) -> str:
    """Say which field is wrong and how, by its name and its title."""
    field = kind.model_fields.get(str(place[0])) if place else None
    title = f"{_(field.title)}: " if field and field.title else ""
    needs = f" [{takes(field).sentence}]" if field else ""
    return f"{'.'.join(map(str, place))} ({title}{_(_TROUBLES.get(trouble, _WRONG))}){needs}"


def _typed(kind: type[ActRecord], key: str, value: Any) -> Any:
    """Read a typed text as JSON where the field is not a text: counts, lists (also a,b,c), truth."""
    if not isinstance(value, str):
        return value.isoformat() if isinstance(value, (date, datetime)) else value
    field = kind.model_fields.get(key)
    if field is None or field.annotation is str:
        return value
    read: Any = value
    with suppress(ValueError, RecursionError):  # no JSON, or nested deeper than any record is
        read = json.loads(value)
    is_one = get_origin(field.annotation) is tuple and not isinstance(read, list)
    return value.split(",") if is_one else cast("Any", read)
