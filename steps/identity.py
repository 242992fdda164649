"""Who is who: people's keys, passphrases and sessions, and the keyring of whoever stands at the desk.

A wrong passphrase is told to the ledger: whose it was to be, never what was typed.
"""

import os
from collections.abc import Callable
from typing import Literal

from sqlalchemy import select
from sqlmodel import col

from adapters.passphrases import one_use, refuse_weak
from adapters.people_keys import REAL, Cost, PeopleKeys, PersonKey, WrongPassphrase
from adapters.sessions import Sessions
from models import tables
from models.clock import day_of
from models.database import reading
from models.errors import BadInput, Refused, TsudoiError, Unknown
from models.people import Person, Side
from models.records.people import KeyGiven, Reason
from models.words import _
from states import opening
from states.acts import Outcome
from states.gaps import may_come
from states.reading import people
from steps import acting
from steps.office import Office

SESSION = "TSUDOI_SESSION"  # the tokens of a shell's sessions, joined by colons: the first is who types


def keys_of(office: Office) -> PeopleKeys:
    """Return the folder of the people's sealed keys."""
    return PeopleKeys(office.settings.key_folder / "people")


def sessions_of(office: Office) -> Sessions:
    """Return the folder of the open sessions."""
    return Sessions(office.settings.key_folder / "sessions")


def person_of(office: Office, person_id: str) -> Person:
    """Return a person of the register.

    Raises:
        Unknown: nobody has that id.

    """
    with reading(office.engine) as connection:
        known = people(connection).get(person_id)
    if known is None:
        raise Unknown(
            _("The id typed is not on the register of people."),  # without it: it may be anything (Law 4)
            _("Name somebody of the register."),
        )
    return known


def who_may_come(office: Office, person_id: str) -> Person | None:
    """Return a person of the register who may use the desk today; None for everybody else."""
    with reading(office.engine) as connection:
        everybody = people(connection)
    person = everybody.get(person_id)
    return person if person and may_come(everybody, person, day_of(office.clock.now())) else None


def unlock(office: Office, person_id: str, passphrase: str, *, keys: PeopleKeys | None = None) -> PersonKey:
    """Open a person's key with the passphrase; a wrong one is told to the ledger and makes everybody wait.

    Raises:
        BadInput: it is not the person's, it is too early to try again, or the person has no key.

    """
    person = person_of(office, person_id)
    if not person.public_key:
        raise BadInput(
            _("{person} has no key yet.").format(person=person.id),
            _("Two people give one."),
        )
    try:
        return (keys or keys_of(office)).unlock(person.id, person.public_key, passphrase)
    except WrongPassphrase as wrong:
        data: dict[str, object] = {"person": person.id, "failures": wrong.failures}
        event = "person_locked" if wrong.is_locked else "passphrase_failed"
        opening.tell(office.door, event, data, via="desk")
        raise


def change_passphrase(office: Office, key: PersonKey, passphrase: str) -> PersonKey:
    """Go over from a key to a new one under another passphrase; what the old one opened is worth nothing afterwards.

    Raises:
        BadInput: the new passphrase is weak.

    """
    person, keys = person_of(office, key.person), keys_of(office)
    refuse_weak(passphrase, about=(person.id, person.name))
    new = keys.make(person.id, passphrase)
    opening.change_own_key(office.door, key, new.public_key, via="desk")
    keys.discard(person.id, key.public_key)
    return new


def is_for_one_use(office: Office, person_id: str) -> bool:
    """Tell whether a person's passphrase must be changed before anything else."""
    person = person_of(office, person_id)
    return bool(person.public_key) and keys_of(office).is_for_one_use(person.id, person.public_key)


def is_setting_up(office: Office) -> bool:
    """Tell whether one person alone still fills the register."""
    with reading(office.engine) as connection:
        return opening.is_setting_up(connection)


def newest_cycle(office: Office) -> tuple[str, int]:
    """Return the cycle, and its year, in which acts about the whole installation are entered: the latest that is open.

    Raises:
        Unknown: no year is open.

    """
    cycle = tables.Cycle
    with reading(office.engine) as connection:
        query = select(col(cycle.id), col(cycle.fiscal_year)).order_by(col(cycle.fiscal_year).desc()).limit(1)
        found = connection.execute(query).first()
    if found is None:
        raise Unknown(_("No fiscal year is open."), _("Open the year first."))
    return found.id, found.fiscal_year


def give_key(
    office: Office,
    person_id: str,
    *,
    by: str,
    reason: Literal["", "replaced", "forgotten"] = "",
    passphrase: str = "",
    cost: Cost = REAL,
    via: str = "desk",
    form: str = "",
) -> tuple[str, Outcome | None]:
    """Make a person a key: in force at once while the installation is set up, else proposed for a second person.

    Without a passphrase it is sealed under one for one use, which is returned; nothing else of it is kept. `form` tells
    one form from another: the same one sent again makes no second key.

    Raises:
        Refused: who asks may not, or the key of this form was made already and its passphrase shown.

    """
    person = person_of(office, person_id)
    shown = "" if passphrase else one_use()
    keys = keys_of(office)
    key = keys.make(person.id, passphrase or shown, one_use=bool(shown), cost=cost)
    why: Reason = "first" if not person.public_key else reason or "forgotten"
    given = KeyGiven(person=person.id, public_key=key.public_key, reason=why)
    try:
        return shown, _put_in_force(office, given, by=by, via=via, form=form)
    except TsudoiError:
        keys.discard(person.id, key.public_key)
        raise


def _put_in_force(office: Office, given: KeyGiven, *, by: str, via: str, form: str) -> Outcome | None:
    if is_setting_up(office):
        opening.give_key(office.door, given, by=by, via=via)
        return None
    cycle_id, _year = newest_cycle(office)
    fields, once = given.model_dump(mode="json"), f"{cycle_id}/give_key/{form}" if form else ""
    outcome = acting.perform(office, cycle_id, "give_key", by=by, fields=fields, via=via, key=once)
    if outcome.repeated:
        raise Refused(
            _("This key was made already, and its passphrase was shown once."),
            (),
            _("If the slip is lost, give another key; the one that waits then counts no more."),
        )
    return outcome


class AtTheDesk:
    """The keyring of a shell: its sessions, and whoever types the passphrase when asked."""

    def __init__(self, office: Office, *, ask: Callable[[str], str], tokens: str | None = None) -> None:
        """Take the office, how a person is asked for the passphrase, and the shell's tokens."""
        self.office, self.ask = office, ask
        given = os.environ.get(SESSION, "") if tokens is None else tokens
        found = [sessions_of(office).key_of(token) for token in given.split(":") if token]
        self._unlocked = {key.person: key for key in found if key is not None}
        self.typist = next(iter(self._unlocked), "")
        self.has_ended = bool(given) and not self._unlocked

    def ready(self, person: str) -> None:
        """Ask a person of the ward or the register section for the passphrase, unless a session stands for him."""
        with reading(self.office.engine) as connection:
            everybody = people(connection)
        known = everybody.get(person)
        if person in self._unlocked or known is None or known.side is Side.CONTRACTOR or not known.public_key:
            return
        if is_for_one_use(self.office, person):
            raise BadInput(
                _("The passphrase of {person} is for one use.").format(person=person),
                _("Log in first and choose your own."),
            )
        self._unlocked[person] = unlock(self.office, person, self.ask(person))

    def signer_of(self, person: str) -> PersonKey | None:
        """Return a person whose key is unlocked."""
        return self._unlocked.get(person)


class Together:
    """The keyring of people who all stand in one process: a rehearsal's cast, and tests."""

    def __init__(self, keys: dict[str, PersonKey], *, typist: str = "") -> None:
        """Take the unlocked keys by person, and who types."""
        self.keys, self.typist = keys, typist

    def ready(self, person: str) -> None:
        """Ask nobody: they are all here."""

    def signer_of(self, person: str) -> PersonKey | None:
        """Return a person of theirs."""
        return self.keys.get(person)
