"""Driving: what of the machine's own work (WORK) may be done now, and what the rest of it waits for.

An extract in the inbox is taken in the name that its file carries, `extract.watanabe.csv`; without one it is judged,
and a person takes it.
"""

import hashlib
import json
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from adapters import disk
from models import tables
from models.records.extraction import AdditionsTaken
from models.words import _
from states.facts import Facts
from states.gaps import missing
from states.look import Look
from states.rows import Row
from states.table import TABLE
from steps.arriving import inbox_files
from steps.office import Office
from steps.work import WORK
from views import standing

TAKEN_FROM_THE_INBOX = tuple(act for act, how in WORK.items() if how.waits_for == "inbox")
_DRIVEN = tuple(row for row in TABLE if row.trigger in WORK and WORK[row.trigger].is_driven)


@dataclass(frozen=True, kw_only=True)
class Work:
    """One piece of the machine's work: in whose name it may be done now; `by` "" while it waits, as `words` say."""

    cycle_id: str
    year: int
    programme: str
    act: str
    title: str
    by: str
    words: str

    @property
    def may_be_done(self) -> bool:
        """Tell whether nothing is missing for it."""
        return bool(self.by)


def work(office: Office) -> tuple[Work, ...]:
    """Return the machine's work that is next in every open year, done or waiting."""
    with office.look_around() as looks:
        return work_of(office, looks)


def work_in(office: Office, cycle_id: str) -> tuple[Work, ...]:
    """Return the same of one year; the others are looked at only where an extract might be theirs."""
    with office.look(cycle_id) as here:
        found = _of_cycle(office, here)
    if any(piece.may_be_done and piece.act in TAKEN_FROM_THE_INBOX for piece in found):
        return tuple(piece for piece in work(office) if piece.cycle_id == cycle_id)
    return tuple(found)


def work_of(office: Office, looks: Iterable[Look]) -> tuple[Work, ...]:
    """Return the same of years that are looked at already."""
    return _unless_it_might_be_anybodys([work for here in looks for work in _of_cycle(office, here)])


@contextmanager
def alone(office: Office) -> Generator[None]:
    """Let one process at a time do the machine's work: two that seal would mix package and record."""
    with disk.in_turn(office.home / "machine.lock"):
        yield


def _unless_it_might_be_anybodys(found: list[Work]) -> tuple[Work, ...]:
    """Leave an extract to a person where more than one year waits for one."""
    waiting = [piece for piece in found if piece.act in TAKEN_FROM_THE_INBOX and piece.by]
    if len(waiting) < 2:  # noqa: PLR2004 - more than one
        return tuple(found)
    words = _("several years wait for an extract; a person says for which this one is")
    return tuple(replace(piece, by="", words=words) if piece in waiting else piece for piece in found)


def _of_cycle(office: Office, here: Look) -> list[Work]:
    """Return what the machine does by itself; what a person asks of it, such as to read a package back, is theirs."""
    facts = here.facts
    return [
        _work(office, here, row)
        for row in _DRIVEN
        if facts.state in row.froms
        and row.trigger not in facts.done
        and (not WORK[row.trigger].printed_by_contractor or _contractor_prints_additions(facts))
    ]


def _work(office: Office, here: Look, row: Row) -> Work:
    facts = here.facts
    if gaps := missing(facts, row):
        by, words = "", "、".join(map(str, gaps))
    elif row.trigger in TAKEN_FROM_THE_INBOX:
        by, words = _of_the_inbox(office, here, row)
    else:
        by, words = _in_a_name(office, facts, row)
    return Work(
        cycle_id=facts.cycle_id, year=facts.fiscal_year, programme=facts.programme.key, act=row.trigger,
        title=standing.act_title(row.trigger), by=by, words=words,
    )  # fmt: skip


def _of_the_inbox(office: Office, here: Look, row: Row) -> tuple[str, str]:
    """Take an extract that lies in the inbox in the name on its file; one that was refused today is not tried again."""
    files = inbox_files(office)
    if len(files) != 1:
        return "", _("waits for an extract in the inbox ({count} files now)").format(count=len(files))
    by = _named(here.facts, row, named_on(files[0]))
    if by and (refused := _refused_today(here)) and _digest(files[0]) in refused:
        return "", _("the extract in the inbox was refused today; it waits for another")
    if not by:
        return "", _("an extract lies in the inbox; it waits for a person of the register section to take it")
    return by, _("the extract in the inbox is judged and taken for {person}").format(person=by)


def _refused_today(here: Look) -> set[str]:
    """Return the hashes of the extracts that were refused on this day."""
    entry = tables.Ledger
    refused = select(col(entry.entry)).where(
        col(entry.cycle_id) == here.cycle_id, col(entry.event) == "extract_refused"
    )
    told = map(json.loads, here.connection.execute(refused).scalars())
    return {
        note["data"].get("extract_sha256", "") for note in told
        if datetime.fromisoformat(note["at"]).date() == here.today
    }  # fmt: skip


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _in_a_name(office: Office, facts: Facts, row: Row) -> tuple[str, str]:
    asked = [facts.done[act] for act in WORK[row.trigger].asked_by if act in facts.done]
    for done in sorted(asked, key=lambda done: done.occurred_at, reverse=True):
        if by := _named(facts, row, done.by):
            return _once_it_is_due(office, facts, row, by)
    return "", _("waits for a person who asks for it")


def _once_it_is_due(office: Office, facts: Facts, row: Row, by: str) -> tuple[str, str]:
    """Leave what cannot be undone to its day, when the office is open and somebody may be called."""
    due = facts.due.get(row.trigger)
    if WORK[row.trigger].waits_for == "its day" and due:
        day = office.calendar.first_open(max(due, facts.today))
        if (facts.today, facts.now.hour) < (day, facts.programme.reminders.hour):
            return "", _("is done on {date}").format(date=day)
    return by, _("is done now for {person}").format(person=by)


def _contractor_prints_additions(facts: Facts) -> bool:
    """Tell whether there are letters of late additions that the contractor prints, and they are not enclosed yet."""
    taken = facts.record("take_additions", AdditionsTaken)
    is_open = bool(taken and taken.serials) and "enclose_additions" not in facts.done
    return is_open and facts.programme.consignment.additions_printed_by == "contractor"


def _named(facts: Facts, row: Row, person_id: str) -> str:
    """Return the id if the person is on the register, valid today and may do the act, else ""."""
    person = facts.people.get(person_id)
    return person_id if person and person.is_valid_on(facts.today) and person.roles & set(row.who) else ""


def named_on(path: Path) -> str:
    """Return the person whose id stands before the ending of a file's name: `extract.watanabe.csv`."""
    return path.stem.rpartition(".")[2] if "." in path.stem else ""
