"""What every paper is made of: the sheet itself, what stands on its head, and the words that several papers share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict

from models.clock import TOKYO, fiscal_year_title, wareki
from models.letter import Moment
from models.people import Side
from models.programme import Programme
from models.records.preparation import HandlersRegistered
from states.facts import Facts


class Head(TypedDict):
    """What stands on every document; `date` None leaves room to fill it in by hand, as everywhere."""

    municipality: str
    section: str
    programme: str
    fiscal_year: str
    number: str
    date: Moment | None


class Document(TypedDict):
    """Every document but the letter."""

    head: Head


class Labelled(TypedDict):
    """A row of a form."""

    label: str
    value: str


class Party(TypedDict):
    """A person on one side of a movement."""

    affiliation: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A paper as it is printed: the name of its file, its template, and what stands on it, as the template takes it."""

    programme: Programme
    name: str
    template: str
    data: Mapping[str, object]


def moment(day: date | datetime) -> Moment:
    """Return a date or an instant as paper shows it."""
    if isinstance(day, datetime):
        local = day.astimezone(TOKYO)
        return {"iso": local.date().isoformat(), "wareki": wareki(local.date()), "time": f"{local:%H:%M}"}
    return {"iso": day.isoformat(), "wareki": wareki(day)}


def head(facts: Facts, number: str, *, on: date | None = None) -> Head:
    """Return what stands on every document of a cycle."""
    return head_of(facts.programme, facts.fiscal_year, number, on=on or facts.today)


def head_of(programme: Programme, fiscal_year: int, number: str, *, on: date) -> Head:
    """Return what stands on every document of a programme's year, open or not."""
    return {
        "municipality": programme.sections.municipality,
        "section": programme.sections.owner,
        "programme": programme.title_ja,
        "fiscal_year": fiscal_year_title(fiscal_year),
        "number": number,
        "date": moment(on),
    }


def lines_of(note: str) -> list[str]:
    """Return a signed checkpoint as the lines that stand on paper."""
    return [line for line in note.splitlines() if line]


def names_of(facts: Facts) -> dict[str, str]:
    """Return the names of the people on the register by id."""
    return {person.id: person.name for person in facts.people.values()}


def manager_of(facts: Facts) -> str:
    """Return the contractor's handling manager by name, "" before one is registered."""
    notice = facts.record("register_handlers", HandlersRegistered)
    return names_of(facts).get(notice.handling_manager, "") if notice else ""


def party(facts: Facts, person_id: str) -> Party:
    """Return a person on one side of a movement, also one who is not on the register."""
    person = facts.people.get(person_id)
    if person is None:
        return {"affiliation": "（名簿にない者）", "name": person_id}
    affiliation = {
        Side.WARD: facts.programme.sections.owner,
        Side.REGISTER: facts.programme.sections.extraction,
        Side.CONTRACTOR: facts.programme.contractor.name,
    }[person.side]
    return {"affiliation": affiliation, "name": person.name}


def day_alone(day: date) -> str:
    """Return a date without its day of the week, for where it stands in brackets itself."""
    return wareki(day).partition("（")[0]
