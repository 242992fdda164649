"""The register of people as it is looked at: who is valid today, who is away, who has a key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from models.people import Person
from models.records.approvals import AbsenceRecorded
from states.look import Look
from states.rules.approvals import absences, unseen
from states.table import BY_TRIGGER


@dataclass(frozen=True, kw_only=True)
class Away:
    """An absence that lasts or is to come, of which year it is recorded, and who decides meanwhile by name."""

    cycle_id: str
    absence: AbsenceRecorded
    deputy: str
    is_now: bool


@dataclass(frozen=True, kw_only=True)
class OnRegister:
    """One person on the register as seen on a day."""

    person: Person
    is_valid: bool
    substitute: str
    away: tuple[Away, ...]

    @property
    def is_away(self) -> bool:
        """Tell who is absent today."""
        return any(away.is_now for away in self.away)


@dataclass(frozen=True, kw_only=True)
class ToSee:
    """A decision that a deputy took in somebody's place and that is to be seen (後閲)."""

    seq: int
    act: str
    title: str
    by: str
    in_place_of: str
    see_by: date


def on_register(everybody: Iterable[Person], looks: Iterable[Look], today: date) -> tuple[OnRegister, ...]:
    """Return everybody on the register with the absences that the open years know."""
    people = {person.id: person for person in everybody}
    away: dict[str, list[Away]] = {}
    for here in looks:
        for absence in absences(here.facts):
            if absence.ends_on >= today:
                away.setdefault(absence.person, []).append(_away(here, absence, people, today))
    return tuple(
        OnRegister(
            person=person, is_valid=person.is_valid_on(today), substitute=_name(people, person.substitute),
            away=tuple(away.get(person.id, ())),
        )
        for person in people.values()
    )  # fmt: skip


def to_see(here: Look, person: Person) -> tuple[ToSee, ...]:
    """Return the decisions that were taken in a person's place, or in the place of one who has left, and not seen."""
    people, today = here.facts.people, here.today
    waiting = unseen(here.facts)
    return tuple(
        ToSee(
            seq=it.seq, act=it.act, title=BY_TRIGGER[it.act].title, by=_name(people, it.by),
            in_place_of=_name(people, it.in_place_of), see_by=it.see_by,
        )
        for it in waiting
        if it.in_place_of == person.id or not (it.in_place_of in people and people[it.in_place_of].is_valid_on(today))
    )  # fmt: skip


def _away(here: Look, absence: AbsenceRecorded, people: Mapping[str, Person], today: date) -> Away:
    return Away(
        cycle_id=here.cycle_id, absence=absence, deputy=_name(people, absence.deputy),
        is_now=absence.begins_on <= today,
    )  # fmt: skip


def _name(people: Mapping[str, Person], person_id: str) -> str:
    return people[person_id].name if person_id in people else person_id
