"""Preparation: the installation itself, its people, and the opening of a fiscal year."""

import re
import secrets
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import cast

import yaml
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlmodel import col

from adapters import access, schema
from adapters.keys import LedgerKey, hash_passphrase
from adapters.settings import Settings
from models import tables
from models.clock import fiscal_year_of
from models.database import connect, reading, writing
from models.errors import BadInput, BadSetting, Unknown
from models.people import SYSTEM, Person
from models.plain import is_plain, mail_address
from models.programme import Programme
from models.words import _
from states import opening
from states.deadlines import anchors
from states.reading import people
from states.referral import COMPARED, changed
from states.table import all_rules
from steps.office import LEDGER_KEY, Office, reachable
from steps.papers import facts_of

SAMPLE_PEOPLE = "sample/people.yaml"
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")  # what a record takes for a person (models.records.base.PersonId)


def install(home: Path | None = None, inbox: Path | None = None) -> Office:
    """Make or complete an installation: directories, database, rules, key of the ledger. Repeating is harmless."""
    settings = Settings.load(home, inbox)
    for folder in (settings.home, settings.inbox, settings.key_folder):
        _make(folder)
    LedgerKey.create(settings.key_folder / LEDGER_KEY, name=settings.origin)
    access.credential(settings.home / "prefect")
    wrong = _make_tables(settings)
    office = Office.open(home, inbox)
    if wrong:
        with writing(office.engine) as connection:
            opening.tell_restored(connection, wrong, at=office.clock.now())
        office.restored = tuple(wrong)
    return office


def _make_tables(settings: Settings) -> list[str]:
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


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        raise BadSetting(
            _("There is no room for a data directory at {home}.").format(home=folder),
            _("Set TSUDOI_HOME, TSUDOI_INBOX and TSUDOI_KEYS to folders that you may write to."),
        ) from None


def register_sample_people(office: Office, fiscal_year: int, *, with_passphrases: bool = True) -> dict[str, str]:
    """Put fictional people of both sides on the register; return their new passphrases by id.

    Who is on the register already stays as he is, with the passphrase he has. Without passphrases they confirm by the
    number of the electronic approval, as they do in a rehearsal.
    """
    known = {person.id for person in everybody(office)}
    passphrases: dict[str, str] = {}
    for person in sample_people(fiscal_year):
        if person.id not in known:
            passphrases[person.id] = secrets.token_urlsafe(12)
            secret = hash_passphrase(passphrases[person.id]) if with_passphrases else ""
            register(office, person.model_copy(update={"passphrase_hash": secret}))
    return passphrases


def sample_people(fiscal_year: int) -> list[Person]:
    """Return the fictional people, valid for the fiscal year and its winding-up."""
    text = (files("deploy") / SAMPLE_PEOPLE).read_text(encoding="utf-8")
    years = {"valid_from": date(fiscal_year, 4, 1), "valid_to": date(fiscal_year + 1, 3, 31)}
    return [Person.model_validate({**entry, **years}) for entry in yaml.safe_load(text)["people"]]


def register(office: Office, person: Person, *, by: str = SYSTEM, via: str = "desk") -> Person:
    """Put a person on the register or change the entry; return it as it stands there, its mail address mended.

    Raises:
        BadInput: the id, the name, the mail address or the dates of validity cannot stand in a record.

    """
    if not _ID.fullmatch(person.id) or not person.name.strip() or person.valid_from > person.valid_to:
        raise BadInput(
            _("The entry of the register is not complete: an id of a-z and 0-9, a name, and dates in their order."),
            _("See `tsudoi people add --help`."),
        )
    if not is_plain(person.name):
        raise BadInput(
            _("The name holds a line break, or a character that cannot be seen."),
            _("Type it again, on one line."),
        )
    kept = person.model_copy(update={"mail": mail_address(person.mail)})
    opening.register(office.door, kept, by=by, via=via)
    return kept


def everybody(office: Office) -> list[Person]:
    """Return everybody on the register."""
    with reading(office.engine) as connection:
        return sorted(people(connection).values(), key=lambda person: (person.side, person.id))


def person_of(office: Office, person_id: str) -> Person:
    """Return a person of the register.

    Raises:
        Unknown: nobody has that id.

    """
    for person in everybody(office):
        if person.id == person_id:
            return person
    raise Unknown(
        _("The id typed is not on the register of people."),  # without it: it may be anything (Law 4)
        _("`tsudoi people list` shows everybody."),
    )


def set_passphrase(office: Office, person_id: str, passphrase: str) -> None:
    """Give a person a new passphrase; only its argon2id hash is kept.

    Raises:
        Unknown: nobody has that id.
        BadInput: it is shorter than eight characters.

    """
    person = person_of(office, person_id)
    register(office, person.model_copy(update={"passphrase_hash": hash_passphrase(passphrase)}))


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
    facts = facts_of(office, cycle_id)
    with reading(office.engine) as connection:
        before = opening.year_before(connection, facts.programme, facts.fiscal_year)
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


def year_to_open(office: Office, programme: str = "") -> int | None:
    """Return the fiscal year whose opening day has come, None before it."""
    today = office.clock.now().date()
    known, _text = office.programme(programme)
    year = fiscal_year_of(today)
    opens = opening_day(office, known.key, year)
    return year if opens <= today else None


def is_to_be_opened(office: Office) -> bool:
    """Tell whether a fiscal year's opening day has come and its cycle is not there yet."""
    year = year_to_open(office)
    cycle, wanted = tables.Cycle, opening.cycle_id_of(office.settings.programme, year) if year else ""
    with reading(office.engine) as connection:
        found = connection.execute(select(col(cycle.id)).where(col(cycle.id) == wanted)).first()
    return year is not None and found is None


def opening_day(office: Office, programme: str, fiscal_year: int) -> date:
    """Return the day on which the programme opens a fiscal year."""
    known, _text = office.programme(programme)
    return anchors({"opens": known.opens}, fiscal_year, office.calendar)["opens"]
