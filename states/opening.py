"""Opening a cycle and registering people: the two things that come before any act of the table."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlmodel import col

from models import tables
from models.clock import utc
from models.database import writing
from models.errors import BadInput, Refused, Unmet
from models.people import SYSTEM, UNREGISTERED, Person, key_id
from models.postage import judge
from models.programme import Programme
from models.records.people import REACHED_BY, KeyGiven, PersonEntered
from models.words import _
from states import ledger, reading, schedule, signatures
from states.apply import enter_person, put_key
from states.door import Door
from states.referral import differences
from states.rows import INITIAL, KEEPERS
from states.rules.oversight import four_eyes_are_feasible
from states.signatures import PersonSigner
from states.table import TABLE


def tell_restored(connection: Connection, names: list[str], *, at: datetime) -> int:
    """Tell the ledger that triggers or rules of the database were not the code's and are so again."""
    data: dict[str, object] = {"restored": names}
    return ledger.append(connection, ledger.Entry(at=at, event="guards_restored", by=SYSTEM, via="start", data=data))


def cycle_id_of(programme: str, fiscal_year: int) -> str:
    """Return the id of a cycle: the programme's key and the fiscal year."""
    return f"{programme}-{fiscal_year}"


def open_cycle(door: Door, programme: Programme, text: str, fiscal_year: int, *, by: str, via: str) -> tuple[str, bool]:
    """Open a fiscal year under a programme; return the cycle's id and whether it is new. Opening twice is a no-op.

    Raises:
        Refused: a four-eyes act of the table could never be done by the people on the register.
        BadSetting: the programme's schedule does not hold, or a discount of its postage cannot be had.

    """
    cycle_id = cycle_id_of(programme.key, fiscal_year)
    with writing(door.engine) as connection:
        now = door.clock.now()
        if connection.execute(select(col(tables.Cycle.id)).where(col(tables.Cycle.id) == cycle_id)).first():
            return cycle_id, False
        judge(programme)
        trial = connection.begin_nested()
        differs = differences(programme, reading.year_before(connection, programme, fiscal_year))
        data = _beginning(door, connection, programme, fiscal_year, differs)
        entry = ledger.Entry(at=now, event="cycle_opened", by=by, via=via, cycle_id=cycle_id, data=data)
        ledger.append(connection, entry)
        # From here on nobody exchanges history and key together: the note is shown, and goes to paper.
        ledger.checkpoint(connection, signer=door.signer, at=now, reason="cycle_opened")
        connection.execute(
            insert(tables.Cycle).values(
                id=cycle_id, programme=programme.key, fiscal_year=fiscal_year, programme_sha256=programme.sha256,
                programme_text=text, state=INITIAL, on_hold=bool(differs), opened_at=utc(now),
                differs=" ".join(differs),
            )
        )  # fmt: skip
        unmet = _infeasible(door, connection, cycle_id)
        if unmet:
            trial.rollback()
            data = {"act": "open_cycle", "unmet": ["four_eyes_are_feasible"]}
            _note(door, connection, "act_refused", data, by=by, via=via)
        else:
            schedule.write_plan(connection, cycle_id, programme, fiscal_year, door.calendar)
            trial.commit()
    if unmet:
        raise Refused(
            _("The year {year} cannot be opened yet.").format(year=fiscal_year),
            unmet,
            _("Register the people first."),
        )
    return cycle_id, True


def _beginning(
    door: Door, connection: Connection, programme: Programme, fiscal_year: int, differs: tuple[str, ...]
) -> dict[str, object]:
    """Return what the first entry of a cycle says, with its plan and the days that no lateness moves.

    What differs from the referred matter holds it.
    """
    keys = {person.id: key_id(person.public_key) for person in reading.people(connection).values() if person.public_key}
    planned = schedule.plan(programme, fiscal_year, door.calendar)
    bound = schedule.commitments(programme, fiscal_year, door.calendar)
    return {
        "fiscal_year": fiscal_year, "programme": programme.key, "programme_sha256": programme.sha256,
        "plan": {act: str(day) for act, day in planned.items()}, **({"differs": list(differs)} if differs else {}),
        **({"commitments": {key: str(day) for key, day in bound.items()}} if bound else {}),
        **({"keys": keys} if keys else {}),
    }  # fmt: skip


def a_year_is_open(connection: Connection) -> bool:
    """Tell whether any fiscal year was opened yet."""
    return connection.execute(select(col(tables.Cycle.id)).limit(1)).first() is not None


def is_setting_up(connection: Connection) -> bool:
    """Tell whether the register is still filled by one person alone: no year is open, or no two people could sign.

    From then on its changes are acts of the table, with two people.
    """
    if not a_year_is_open(connection):
        return True
    keyed = [
        person for person in reading.people(connection).values() if person.public_key and person.roles & set(KEEPERS)
    ]
    return len(keyed) < 2  # noqa: PLR2004 - four eyes


def register(door: Door, person: Person, *, by: str, via: str) -> None:
    """Put a person on the register, or change the entry, while the installation is set up; the ledger says so.

    Raises:
        BadInput: the id is kept for the machine.
        Refused: two people do this now.

    """
    if person.id in {SYSTEM, UNREGISTERED}:
        raise BadInput(_("The id “{id}” is kept for the machine.").format(id=person.id), _("Choose another id."))
    with writing(door.engine) as connection:
        _insist_on_setting_up(connection)
        known = reading.people(connection).get(person.id)
        entry = PersonEntered.of(person)
        if known and PersonEntered.of(known) == entry:
            return
        data = {
            **person.model_dump(mode="json", exclude={"public_key", *REACHED_BY}), "roles": sorted(person.roles),
            "setting_up": True,
        }  # fmt: skip
        _note(door, connection, "person_changed" if known else "person_registered", data, by=by, via=via)
        enter_person(connection, entry, known=known is not None)


def give_key(door: Door, given: KeyGiven, *, by: str, via: str) -> None:
    """Give a person a key while the installation is set up.

    Raises:
        Refused: two people do this now.

    """
    with writing(door.engine) as connection:
        _insist_on_setting_up(connection)
        data = {"record": given.model_dump(mode="json"), "setting_up": True}
        _note(door, connection, "key_given", data, by=by, via=via)
        put_key(connection, given.person, given.public_key)


def change_own_key(door: Door, signer: PersonSigner, public_key: str, *, via: str) -> None:
    """Let a person who knows the passphrase go over to another: a new key, vouched for by the old one.

    Raises:
        Refused: the key is not the person's any more.

    """
    with writing(door.engine) as connection:
        known = reading.people(connection).get(signer.person)
        if known is None or known.public_key != signer.public_key:
            raise Refused(_("The person has another key by now; nothing was changed."), (), _("Do it again."))
        record = {"person": signer.person, "public_key": public_key, "former": known.public_key}
        entry = ledger.Entry(
            at=door.clock.now(), event="passphrase_changed", by=signer.person, via=via, data={"record": record}
        )
        ledger.append(connection, signatures.signed(entry, signer, known.public_key))
        put_key(connection, signer.person, public_key)


def tell(door: Door, event: str, data: Mapping[str, object], *, via: str) -> None:
    """Tell the ledger what happened at the door itself, such as a wrong passphrase; never what was typed."""
    with writing(door.engine) as connection:
        _note(door, connection, event, data, by=SYSTEM, via=via)


def _note(door: Door, connection: Connection, event: str, data: Mapping[str, object], *, by: str, via: str) -> None:
    ledger.append(connection, ledger.Entry(at=door.clock.now(), event=event, by=by, via=via, data=data))


def _insist_on_setting_up(connection: Connection) -> None:
    if not is_setting_up(connection):
        raise Refused(
            _("The register of people and its keys are changed by two people since a year is open."),
            (),
            _("Propose it; another person confirms it."),
        )


def _infeasible(door: Door, connection: Connection, cycle_id: str) -> tuple[Unmet, ...]:
    facts = door.facts(connection, cycle_id)
    return tuple(
        Unmet(
            guard="four_eyes_are_feasible",
            missing=_("No two different people can do and confirm “{act}” ({first} and {second}).").format(
                act=row.title,
                first="・".join(role.label for role in row.who),
                second="・".join(role.label for role in second),
            ),
            owner=row.owner.label,
        )
        for row, second in ((row, row.second_under(facts.programme)) for row in TABLE)
        if second and not four_eyes_are_feasible(row.who, second, facts)
    )
