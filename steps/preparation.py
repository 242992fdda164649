"""Preparation: the installation itself, its people, and the opening of a fiscal year."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError
from sqlalchemy import inspect, select
from sqlalchemy.engine import make_url

from adapters import schema
from adapters.keys import REHEARSAL, LedgerKey
from adapters.people_keys import REAL, Cost
from adapters.settings import Settings
from models import tables
from models.clock import fiscal_year_of
from models.database import connect, reading, writing
from models.errors import BadInput, BadSetting, Unknown
from models.people import SYSTEM, Person, Side
from models.plain import is_plain, mail_address, telephone
from models.programme import Programme
from models.records.people import PersonEntered
from models.words import _
from states import opening
from states.acts import Outcome
from states.deadlines import anchors
from states.reading import people, year_before
from states.referral import COMPARED, changed
from states.table import all_rules
from steps import acting
from steps.identity import give_key, is_setting_up, newest_cycle
from steps.office import LEDGER_KEY, Office, reachable

SAMPLE_PEOPLE = "sample/people.yaml"
SAMPLE_PASSPHRASE = "swallow pencil blue desk"  # noqa: S105 - of people who do not exist


def install(home: Path | None = None, inbox: Path | None = None, *, rehearsal: bool = False) -> Office:
    """Make or complete an installation: directories, database, rules, key of the ledger. Repeating is harmless.

    A rehearsal is one from its first day, by the name of its key; an office at work never becomes one.
    """
    settings = Settings.load(home, inbox)
    for folder in (settings.home, settings.inbox, settings.key_folder):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            raise BadSetting(
                _("There is no room for a data directory at {home}.").format(home=folder),
                _("Set TSUDOI_HOME, TSUDOI_INBOX and TSUDOI_KEYS to folders that you may write to."),
            ) from None
    key = settings.key_folder / LEDGER_KEY
    if not key.exists() and _has_a_ledger(settings):
        raise BadSetting(
            _("The database has a ledger already, and its key is not here ({key}).").format(key=key),
            _("Bring the key from the installation that has it, or name a new database (TSUDOI_DATABASE_URL)."),
        )
    LedgerKey.create(key, name=REHEARSAL * rehearsal + settings.origin)
    wrong = make_tables(settings)
    office = Office.open(home, inbox)
    if wrong:
        with writing(office.engine) as connection:
            opening.tell_restored(connection, wrong, at=office.clock.now())
        office.restored = tuple(wrong)
    return office


def _has_a_ledger(settings: Settings) -> bool:
    """Tell whether somebody has written into the database: a second key of its ledger would verify nothing."""
    engine = connect(settings.owner_database)
    try:
        with reachable(), reading(engine) as connection:
            is_there = inspect(connection).has_table("ledger")
            return is_there and connection.execute(select(tables.Ledger).limit(1)).first() is not None
    finally:
        engine.dispose()


def make_tables(settings: Settings) -> list[str]:
    """Make or migrate the tables as their owner, who may be another than the application (PostgreSQL).

    Return what of the triggers and rules was not the code's.
    """
    engine = connect(settings.owner_database)
    try:
        with reachable():
            wrong = schema.upgrade(engine, all_rules())
            if settings.database_owner_url:
                schema.grant(engine, make_url(settings.database).username or "")
    finally:
        engine.dispose()
    return wrong


def register_sample_people(
    office: Office, fiscal_year: int, *, passphrase: str = "", cost: Cost = REAL, by: str = SYSTEM
) -> tuple[str, ...]:
    """Put fictional people of both sides on the register, with a key where a passphrase is given; return the new.

    Who is on the register already stays as he is.
    """
    known = {person.id for person in everybody(office)}
    new = tuple(person for person in sample_people(fiscal_year) if person.id not in known)
    enter_people(office, new, by=by)
    with reading(office.engine) as connection:
        has_begun = opening.a_year_is_open(connection)
    for person in everybody(office) if passphrase and not has_begun else ():
        if person.side is not Side.CONTRACTOR and not person.public_key:  # what is entered for it the ward signs
            give_key(office, person.id, by=by, passphrase=passphrase, cost=cost)
    return tuple(person.id for person in new)


def sample_people(fiscal_year: int) -> list[Person]:
    """Return the fictional people, valid for the fiscal year and its winding-up."""
    text = (files("deploy") / SAMPLE_PEOPLE).read_text(encoding="utf-8")
    years = {"valid_from": date(fiscal_year, 4, 1), "valid_to": date(fiscal_year + 1, 3, 31)}
    return [Person.model_validate({**entry, **years}) for entry in yaml.safe_load(text)["people"]]


def register(office: Office, person: Person, *, by: str = SYSTEM, via: str = "desk") -> Person:
    """Put a person on the register or change the entry; return it as it is entered, its mail address mended.

    Where two people do this it is proposed.

    Raises:
        BadInput: the id, the name, the mail address or the dates of validity cannot stand in a record.

    """
    kept = judged(person)
    enter_people(office, (kept,), by=by, via=via)
    return kept


def judged(person: Person) -> Person:
    """Return a person as the register takes an entry: with mail address and telephones mended.

    Raises:
        BadInput: the id, the name, the mail address, a telephone or the dates of validity cannot stand in a record.

    """
    if not is_plain(person.name):
        raise BadInput(
            _("The name holds a line break, or a character that cannot be seen."),
            _("Type it again, on one line."),
        )
    phones = {name: telephone(getattr(person, name)) for name in ("phone", "phone_out_of_hours")}
    kept = person.model_copy(update={"mail": mail_address(person.mail), **phones})
    return _person(_entry_of(kept))


def typed(fields: Mapping[str, Any]) -> Person:
    """Return the entry that was typed field by field, as the register takes it.

    Raises:
        BadInput: a field is missing or wrong (WrongFields names each), or cannot stand in a record.

    """
    entry = acting.record_of(PersonEntered, fields)
    assert isinstance(entry, PersonEntered)
    return judged(_person(entry))


def enter_people(
    office: Office, persons: Iterable[Person], *, by: str = SYSTEM, via: str = "desk"
) -> tuple[Outcome, ...]:
    """Enter people at once while the installation is set up; else propose it, what is new and what changes apart.

    Raises:
        BadInput: an entry cannot stand in a record, or nobody is named who proposes it.
        Refused: who asks may not.

    """
    entries = [_entry_of(person) for person in persons]
    if is_setting_up(office):
        for person in map(_person, entries):
            opening.register(office.door, person, by=by, via=via)
        return ()
    known = {person.id: PersonEntered.of(person) for person in everybody(office)}
    acts: dict[str, list[PersonEntered]] = {}
    for entry in entries:
        if (before := known.get(entry.person)) != entry:
            acts.setdefault(_act_of(before, entry), []).append(entry)
    if acts and by == SYSTEM:
        raise BadInput(
            _("Since a year is open, two people change the register; nobody is named who proposes it."),
            _("Name who does; another person confirms it."),
        )
    cycle_id, _year = newest_cycle(office)
    said = {act: {"people": [entry.model_dump(mode="json") for entry in these]} for act, these in acts.items()}
    return tuple(acting.perform(office, cycle_id, act, by=by, via=via, fields=said[act]) for act in said)


def _entry_of(person: Person) -> PersonEntered:
    try:
        return PersonEntered.of(person)
    except ValidationError:
        raise BadInput(
            _("The entry of the register is not complete: an id of a-z and 0-9, a name, and dates in their order."),
            _("Mend what is missing or wrong."),
        ) from None


def _person(entry: PersonEntered) -> Person:
    fields = entry.model_dump(exclude={"person", "roles"})
    return Person(id=entry.person, roles=frozenset(entry.roles), **fields)


def _act_of(before: PersonEntered | None, entry: PersonEntered) -> str:
    if before is None:
        return "register_people"
    same = (before.side, before.roles) == (entry.side, entry.roles)
    return "change_people" if same else "change_roles"


def everybody(office: Office) -> list[Person]:
    """Return everybody on the register."""
    with reading(office.engine) as connection:
        return sorted(people(connection).values(), key=lambda person: (person.side, person.id))


def open_year(
    office: Office, fiscal_year: int, *, programme: str = "", by: str = SYSTEM, via: str = "desk"
) -> tuple[str, bool]:
    """Open a fiscal year under a programme; return the cycle's id and whether it is new.

    Raises:
        Refused: four eyes are not feasible with the people on the register.
        Unknown: there is no such programme.

    """
    known, text = office.programme(programme)
    return opening.open_cycle(office.door, known, text, fiscal_year, by=by, via=via)


@dataclass(frozen=True, kw_only=True)
class CarriedOver:
    """What a new year takes over from the last: what changed, what the board has not approved, who is to confirm."""

    changed: tuple[tuple[str, str], ...]
    differs: tuple[str, ...]
    to_confirm: tuple[str, ...]


def carried_over(office: Office, cycle_id: str) -> CarriedOver:
    """Compare a cycle with the year before it, and name the people whose entry does not reach to its end."""
    with office.look(cycle_id) as here:
        facts = here.facts
        before = year_before(here.connection, facts.programme, facts.fiscal_year)
    ends = date(facts.fiscal_year + 1, 3, 31)
    return CarriedOver(
        changed=tuple(_was_and_is(key, facts.programme, before) for key in changed(facts.programme, before))
        if before
        else (),
        differs=tuple(_(COMPARED[key][1]) for key in facts.differs),
        to_confirm=tuple(person.name for person in facts.people.values() if person.valid_to < ends),
    )


def _was_and_is(key: str, programme: Programme, before: Programme) -> tuple[str, str]:
    _ja, words, said = COMPARED[key]
    return f"{_(words)} {_shown(said(before))}", _shown(said(programme))


def _shown(value: object) -> str:
    return "、".join(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else str(value)


def year_to_open(office: Office) -> int | None:
    """Return the fiscal year whose opening day has come, None before it."""
    today = office.clock.now().date()
    year = fiscal_year_of(today)
    return year if opening_day(office, year) <= today else None


def is_to_be_opened(office: Office) -> bool:
    """Tell whether a fiscal year's opening day has come and its cycle is not there yet."""
    if (year := year_to_open(office)) is None:
        return False
    try:
        office.cycle_id(year)
    except Unknown:
        return True
    return False


def opening_day(office: Office, fiscal_year: int) -> date:
    """Return the day on which the office's programme opens a fiscal year."""
    known, _text = office.programme()
    return anchors({"opens": known.opens}, fiscal_year, office.calendar)["opens"]
