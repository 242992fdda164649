"""Documents: what was received is filed by its hash, each file in the vault where its kind can show residents."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from adapters.vault import Vault
from models.documents import BY_NUMBER, SLIPS
from models.errors import BadInput, Unknown
from models.words import _
from states.acts import Outcome
from states.rules.custody import slips_of_movements
from steps import acting
from steps.office import Office

# A file of a folder: the document's number, then anything; a date in it is the date on the paper.
_NUMBERED = re.compile(r"(?P<number>[0-9]{1,2})(?![0-9])")
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, kw_only=True)
class _Paper:
    number: int
    dated_on: date
    content: bytes
    slips: tuple[str, ...]
    shows_residents: bool

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()

    def said(self, original: str) -> dict[str, object]:
        return {
            "document": self.number, "sha256": self.sha256, "dated_on": self.dated_on.isoformat(),
            "in_vault": self.shows_residents, "slips": self.slips, "original": original,
        }  # fmt: skip


def file(
    office: Office,
    cycle_id: str,
    source: Path | tuple[str, bytes],
    *,
    by: str,
    number: int = 0,
    dated_on: date | None = None,
    received_on: date | None = None,
    names_residents: bool = False,
    slips: Sequence[str] = (),
    original: str = "",
    via: str = "desk",
) -> Outcome:
    """File what was received, as one entry: a document, or a folder of them whose files begin with their numbers.

    One that was sent is its name and what is in it.

    The slips that a scan shows are those named, or those of the year whose numbers stand in the file's name.

    Raises:
        BadInput: the number or the date is not given, or a file is huge, empty or of another type than named.
        Unknown: it can show residents, and there is no vault yet or any more.
        Refused: it is dated after its receipt, in the future, or it is another document's file.

    """
    known = office.see(cycle_id, lambda here: slips_of_movements(here.facts))
    papers = [
        _Paper(
            number=its_number, dated_on=its_day, content=content,
            slips=tuple(slips) or (_named(stem, known) if its_number == SLIPS else ()),
            shows_residents=names_residents or BY_NUMBER[its_number].shows_residents,
        )
        for stem, content, its_number, its_day in _listed(source, number, dated_on)
    ]  # fmt: skip
    if not papers or not by:
        raise _lacking()
    vault = _vault(office, cycle_id) if any(paper.shows_residents for paper in papers) else None
    first, *more = [paper.said(original) for paper in papers]
    received = received_on or office.clock.now().date()
    outcome = acting.perform(
        office, cycle_id, "file_document", by=by, fields={**first, "received_on": received, "more": more}, via=via
    )
    for paper in papers:
        if vault is not None and paper.shows_residents:
            vault.write(f"document-{paper.number:02}-{paper.sha256[:16]}", paper.content)
        else:
            acting.keep(office, paper.content)
    return outcome


def _vault(office: Office, cycle_id: str) -> Vault:
    try:
        return office.vault(cycle_id)
    except Unknown:
        raise Unknown(
            _("This document can show residents, whose vault is not there yet, or is erased already."),
            _("File it while the ward has their data; before and after that keep the paper itself, under lock."),
        ) from None


def _listed(
    source: Path | tuple[str, bytes], number: int, dated_on: date | None
) -> Iterator[tuple[str, bytes, int, date]]:
    """Yield each file, by its name without the ending and by what is in it, with number and date of its document."""
    if isinstance(source, tuple) or not source.is_dir():
        if not number or dated_on is None:
            raise _lacking()
        name, content = source if isinstance(source, tuple) else (source.name, acting.content_of(source))
        yield Path(name).stem, acting.judged(name, content), number, dated_on
        return
    for place in sorted(source.iterdir()):
        told, day = _NUMBERED.match(place.name), dated_on
        if dated := _DATED.search(place.stem):
            with suppress(ValueError):
                day = date.fromisoformat(dated.group())
        if told is None or int(told["number"]) not in BY_NUMBER or day is None:
            raise BadInput(
                _("The folder holds a file that does not say which document it is, or of which date: its {nth}. file.")
                .format(nth=sorted(source.iterdir()).index(place) + 1),
                _(
                    "Begin each name with the number of the document, such as “18 2026-12-14.pdf”, or give one date for"
                    " all."
                ),
            )  # fmt: skip
        yield place.stem, acting.content_of(place), int(told["number"]), day


def _named(stem: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return the slips of the year whose numbers stand in a name, not those that are only a part of another number."""
    return tuple(slip for slip in known if re.search(rf"(?<![\w-]){re.escape(slip)}(?![\w-])", stem))


def _lacking() -> BadInput:
    return BadInput(
        _("Which document it is, its date and who files it must be given."),
        _("Give all three, and the file."),
        act="file_document",
    )
