"""Paper: every sheet is printed here, whole or not at all, and the ledger remembers what may be on paper only once."""

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, select
from sqlmodel import col

from adapters import disk
from models import tables
from models.database import reading
from models.words import speaking
from papers import forms, slips
from papers.printing import words_of
from papers.sheet import Sheet
from states.look import Look
from steps.office import Office

WORKBOOK, SPECIMEN = "contractor-forms", "specimen-letter"
# Makes a paper, or several, of one moment.
Builder: TypeAlias = Callable[[Look], Sheet | Iterable[Sheet]]


def print_sheets(office: Office, cycle_id: str, *builders: Builder) -> tuple[Path, ...]:
    """Print papers of one moment; the moment is over before the press begins."""
    return tuple(put(office, name, pdf) for name, pdf in pdfs(office, cycle_id, *builders))


def pdfs(office: Office, cycle_id: str, *builders: Builder) -> list[tuple[str, bytes]]:
    """Return the same as PDF, each with its name; their words are Japanese, whoever asks."""
    with speaking("ja"), office.look(cycle_id) as here:
        made = [build(here) for build in builders]
        sheets = [sheet for paper in made for sheet in ((paper,) if isinstance(paper, Sheet) else paper)]
    return [(sheet.name, pdf_of(office, sheet)) for sheet in sheets]


def pdf_of(office: Office, sheet: Sheet) -> bytes:
    """Return a sheet as PDF."""
    return office.press(sheet.programme).make(sheet.template, sheet.data)


def put(office: Office, name: str, content: bytes, *, ending: str = "pdf") -> Path:
    """Put a PDF (or a workbook) where paper is printed from; a kill leaves the old file or the new."""
    office.papers.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = office.papers / f"{name}.{ending}"
    disk.put(path, content)
    return path


def print_forms(office: Office, cycle_id: str) -> tuple[Path, ...]:
    """Print every form of the contractor as a PDF of its own, and all of them as one workbook."""
    made, book = print_sheets(office, cycle_id, forms.contractor_forms), workbook_of_forms(office, cycle_id)
    return (*made, put(office, WORKBOOK, book, ending="xlsx")) if book else made


def workbook_of_forms(office: Office, cycle_id: str) -> bytes:
    """Return the contractor's forms as one workbook; nothing where the programme has none."""
    from adapters.spreadsheet import workbook

    with speaking("ja"):
        sheets = office.see(cycle_id, forms.contractor_workbook)
    return workbook(sheets) if sheets else b""


def print_specimen(office: Office, cycle_id: str) -> Path:
    """Print the invitation with the dummy addressee, marked as a specimen."""
    return put(office, SPECIMEN, specimen_of(office, cycle_id))


def specimen_of(office: Office, cycle_id: str) -> bytes:
    """Return the same as PDF."""
    with office.look(cycle_id) as here:
        programme, words = here.programme, words_of(here)
    return office.press(programme).specimen(words)


def print_missing_slips(office: Office, cycle_id: str, *, by: str, via: str) -> tuple[Path, ...]:
    """Print the slip of every movement that has none yet, such as one whose run was killed after its record.

    A slip is printed once for its movement; the ledger tells it. Printing it again is an act and stands on the paper.
    Of two acts at once, at a desk and by the machine, one prints and the other finds it printed.
    """
    made = list[Path]()
    with disk.in_turn(office.home / "slips.lock"):
        with reading(office.engine) as connection:
            known = printed(connection, cycle_id)
            missing = [slip for slip in slips.slips_of(connection, cycle_id) if slip.paper not in known]
        for slip in missing:
            made += print_sheets(office, cycle_id, partial(slips.slip_sheet, slip=slip))
            note_printed(office, cycle_id, slip.paper, by=by, via=via)
    return tuple(made)


def note_printed(office: Office, cycle_id: str, paper: str, *, by: str, via: str) -> None:
    """Let the ledger tell that a paper was printed; from then on another print is an act of its own."""
    office.door.note(cycle_id, "paper_printed", by=by, via=via, data={"paper": paper})


def printed(connection: Connection, cycle_id: str, *, event: str = "paper_printed") -> set[str]:
    """Return the papers of a cycle that the ledger knows as printed, or by another event as shown."""
    entry = tables.Ledger
    query = select(col(entry.entry)).where(col(entry.cycle_id) == cycle_id, col(entry.event) == event)
    return {json.loads(text)["data"]["paper"] for text in connection.execute(query).scalars()}
