"""The office: everything a step needs to work, opened once from the settings of an installation.

What is dear to import (polars, typst, 7-Zip, fonts) is imported when it is used, so that showing a table stays quick.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import yaml
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from adapters import disk, log, schema, triggers
from adapters.carrier import Carrier, carrier_of
from adapters.clock import CLOCK, SystemClock, VirtualClock
from adapters.keys import LedgerKey
from adapters.programmes import measures_of, programme_files, templates_of
from adapters.settings import Settings
from adapters.vault import Vault
from models import tables
from models.clock import Clock
from models.database import connect, is_shut, reading, writing
from models.errors import BadSetting, Damaged, Unknown
from models.measures import Measure
from models.people import Person
from models.programme import Programme, text_of
from models.words import _
from states.calendar import Calendar
from states.door import Door
from states.facts import Facts
from states.look import Look
from states.opening import cycle_id_of, tell_restored
from states.signatures import Keyring, NobodyHere
from states.table import all_rules
from steps import after

if TYPE_CHECKING:
    from adapters.press import Press

T = TypeVar("T")

LEDGER_KEY = "ledger.pem"
_NAMED = 6  # so many triggers are named, the rest is counted


class Office:
    """One installation at work."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings; nothing is opened until it is needed."""
        self.settings = settings
        self.home = settings.home.absolute()
        self.restored: tuple[str, ...] = ()
        self.keyring: Keyring = NobodyHere()

    @classmethod
    def open(cls, home: Path | None = None, inbox: Path | None = None) -> "Office":
        """Open an installation that `tsudoi init` has made.

        Raises:
            BadSetting: there is none, or its database is not there or of another version.
            Damaged: its triggers or rules were not those of this version; they are again, and the ledger tells it.

        """
        office = cls(Settings.load(home, inbox))
        if not office.home.is_dir():
            raise BadSetting(
                _("There is no data directory at {home}.").format(home=office.settings.home),
                _("Run: tsudoi init (or set TSUDOI_HOME)"),
            )
        log.open_log(office.home)
        with reachable():
            wrong = schema.check(office.engine, all_rules())
            if wrong:
                office._restore(wrong)
        return office

    def of(self, keyring: Keyring) -> "Office":
        """Return the same office, with its one database, for whoever's keys are unlocked elsewhere."""
        other = copy(self)
        other.__dict__ |= {"engine": self.engine, "signer": self.signer}  # opened once, shared by all
        other.__dict__.pop("door", None)
        other.keyring = keyring
        return other

    def _restore(self, wrong: list[str]) -> NoReturn:
        """Put triggers and rules back and tell the ledger; nothing else is done before a person has looked."""
        if is_shut(self.settings.database):
            raise Damaged(
                restored_words(wrong),
                _("This copy may not be written to. Find out who changed the database that it was made of."),
            )
        with writing(self.engine) as connection:
            if not schema.may_restore(connection):
                raise BadSetting(
                    restored_words(wrong),
                    _("Let the owner of the database run: tsudoi init; then: tsudoi ledger verify"),
                )
            triggers.put_back(connection, all_rules())
            seq = tell_restored(connection, wrong, at=self.clock.now())
        raise Damaged(
            restored_words(wrong) + " " + _("They are restored; entry {seq} of the ledger tells it.").format(seq=seq),
            _("Find out who changed the database, run: tsudoi ledger verify; then do it again."),
        )

    @cached_property
    def clock(self) -> Clock:
        """The machine's clock, or a rehearsal's: that of a home whose ledger key was made for one."""
        path = self.home / CLOCK
        return VirtualClock(path) if path.exists() and self.signer.is_of_a_rehearsal else SystemClock()

    @property
    def is_rehearsal(self) -> bool:
        """Tell a rehearsal, whose people and time are not real, from an office at work."""
        return isinstance(self.clock, VirtualClock)

    @property
    def has_a_strange_clock(self) -> bool:
        """Tell whether somebody laid a rehearsal's clock into an office at work; it is not looked at."""
        return not self.is_rehearsal and (self.home / CLOCK).exists()

    @cached_property
    def calendar(self) -> Calendar:
        """The ward's open days."""
        return Calendar(closed=self.settings.closed_days)

    @cached_property
    def engine(self):  # noqa: ANN201 - sqlalchemy's Engine, kept out of this module's imports
        """The database."""
        return connect(self.settings.database)

    @cached_property
    def signer(self) -> LedgerKey:
        """The ledger's key."""
        return LedgerKey.load(self.settings.key_folder / LEDGER_KEY)

    @cached_property
    def door(self) -> Door:
        """The one door."""
        return Door(
            self.engine, signer=self.signer, clock=self.clock, calendar=self.calendar, measures=steps_measures,
            keyring=self.keyring,
            named_in=self.named_in, follow=lambda act: after.follow(self, act),
        )  # fmt: skip

    def named_in(self, texts: Mapping[str, str], people: Mapping[str, Person]) -> tuple[frozenset[str], bool]:
        """Return which of these texts name a resident of an open vault, and whether every vault could be read."""
        vaults = self._open_vaults()
        if not vaults:
            return frozenset(), True
        from steps import residents

        return residents.named_in(vaults, texts, people)

    def _open_vaults(self) -> list[tuple[Vault, Programme]]:
        """Return the vaults that hold anything, each with the programme of its cycle."""
        folder = self.home / "vault"
        cycles = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
        if not cycles:
            return []
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(col(tables.Cycle.id), col(tables.Cycle.programme_text)).where(col(tables.Cycle.id).in_(cycles))
            ).all()
        found = [(self.vault(cycle, as_it_lies=True), Programme.parse(text, name=cycle)) for cycle, text in rows]
        return [(vault, programme) for vault, programme in found if vault.names()]

    @property
    def carrier(self) -> Carrier:
        """Whoever carries letters, for one watch."""
        settings = self.settings
        return carrier_of(
            mail=settings.mail, sender=settings.mail_from, user=settings.mail_user, password=settings.mail_password,
            home=self.home, ca_file=settings.ca_file,
        )  # fmt: skip

    def webhook(self, name: str) -> Carrier | None:
        """Return whoever carries webhooks to a person or a side, None where the settings name no receiver."""
        from adapters.webhook import WebhookCarrier

        hook, settings = self.settings.webhooks.get(name), self.settings
        if hook is None:
            return None
        secret = hook.secret.get_secret_value()
        return WebhookCarrier(url=hook.url, secret=secret, allowed=settings.allowed_hosts, ca_file=settings.ca_file)

    @property
    def papers(self) -> Path:
        """Where paper is put for printing."""
        return self.settings.papers or self.home / "papers"

    def programme(self, key: str = "") -> tuple[Programme, str]:
        """Return a programme and its text.

        Raises:
            Unknown: there is no programme of that key.
            BadSetting: the file is wrong.

        """
        name = key or self.settings.programme
        for path in programme_files(self.settings.programmes):
            if path.stem == name:
                text = text_of(path)
                programme = Programme.parse(text, name=path.name)
                _measures_are_there(programme, path.name)
                return programme, text
        known = "、".join(path.stem for path in programme_files(self.settings.programmes))
        raise Unknown(
            _("There is no programme {name}.").format(name=name[:40]),
            _("Use one of: {known}").format(known=known),
        )

    def cycle_id(self, fiscal_year: int, programme: str = "") -> str:
        """Return the id of an open cycle.

        Raises:
            Unknown: the year is not open, or there is no such programme.

        """
        cycle_id = cycle_id_of(programme or self.settings.programme, fiscal_year)
        with reading(self.engine) as connection:
            found = connection.execute(select(col(tables.Cycle.id)).where(col(tables.Cycle.id) == cycle_id)).first()
        if not found:
            self.programme(programme)
            raise Unknown(
                _("The fiscal year {year} is not open.").format(year=fiscal_year),
                _("Choose a year that is open, or open this one first."),
            )
        return cycle_id

    @contextmanager
    def look(self, cycle_id: str, *, today: date | None = None) -> Generator[Look]:
        """Open one moment of a cycle, as of today or of another day: one transaction, its facts loaded once.

        Nothing slow is done within it: what was seen goes to the press, the packager and the vault after its end.

        Raises:
            Unknown: there is no such cycle.

        """
        with reading(self.engine) as connection:
            yield self._look(connection, cycle_id, today)

    @contextmanager
    def look_around(self, *, today: date | None = None) -> Generator[tuple[Look, ...]]:
        """Open one moment of every cycle that is not closed, the newest first."""
        cycle = tables.Cycle
        query = select(col(cycle.id)).where(col(cycle.state) != "closed").order_by(col(cycle.fiscal_year).desc())
        with reading(self.engine) as connection:
            yield tuple(self._look(connection, cycle_id, today) for cycle_id in connection.execute(query).scalars())

    def _look(self, connection: Connection, cycle_id: str, today: date | None) -> Look:
        facts = self.door.facts(connection, cycle_id)
        return Look(
            connection=connection, calendar=self.calendar, today=today or facts.today, kept=self._kept, _facts=facts
        )

    def _kept(self) -> frozenset[str]:
        return frozenset(path.name for path in (self.home / "evidence").glob("*"))

    def see(self, cycle_id: str, view: Callable[[Look], T], *, today: date | None = None) -> T:
        """Return what one view sees in a moment of its own."""
        with self.look(cycle_id, today=today) as here:
            return view(here)

    def facts(self, cycle_id: str) -> Facts:
        """Return the facts of a cycle as they stand now; what they ask later (history, pieces) is asked in a look."""
        return self.see(cycle_id, lambda here: here.facts)

    def vault(self, cycle_id: str, *, new: bool = False, as_it_lies: bool = False) -> Vault:
        """Return the vault of a cycle; it is made, with its key, when the first extract is taken (`new`).

        `as_it_lies` takes up also one that is half destroyed, or whose key is elsewhere.

        Raises:
            Unknown: there is none, or its key was destroyed.

        """
        settings = self.settings
        take_up = Vault if as_it_lies else Vault.create if new else Vault.open
        return take_up(
            cycle=cycle_id,
            files=self.home / "vault",
            keys=settings.key_folder / "vault",
            key_backup=settings.key_backup,
        )

    def press(self, programme: Programme) -> "Press":
        """Return the press with the programme's templates and the default font."""
        from adapters.fonts import default_font
        from adapters.press import Press

        font = default_font()
        return Press(templates=templates_of(programme), fonts=(font.path.parent,), family=font.family)

    def outgoing(self, cycle_id: str, form: str) -> Path:
        """Return where the sealed package of a cycle stands until it is on its medium."""
        return self.home / "outgoing" / f"{cycle_id}.{form}"


def restored_words(wrong: Sequence[str]) -> str:
    """Say which triggers and rules of the database were found otherwise than the code makes them."""
    more = f" … (+{len(wrong) - _NAMED})" if len(wrong) > _NAMED else ""
    return _("Guards of the database were gone or changed ({count}): {names}.").format(
        count=len(wrong), names=", ".join(wrong[:_NAMED]) + more
    )


@contextmanager
def reachable() -> Generator[None]:
    """Say of a database that cannot be opened that it cannot; its own words might quote the address with a password.

    Raises:
        BadSetting: it is not a database, or no server answers.

    """
    try:
        yield
    except DBAPIError as error:
        raise disk.in_words(error) or BadSetting(
            _("The database cannot be opened ({kind}).").format(kind=type(error.orig).__name__),
            _("See TSUDOI_DATABASE_URL and that its server runs; a damaged file comes back from the last backup."),
        ) from None


def _measures_are_there(programme: Programme, name: str) -> None:
    """Refuse a programme whose list of measures is none: every act would stumble over it."""
    try:
        steps_measures(programme)
    except (OSError, ValueError, RecursionError, yaml.YAMLError, KeyError, TypeError):
        raise BadSetting(
            _("The measures of the programme {name} cannot be read.").format(name=name),
            _("Let its key `measures` name a list of measures that is there, such as hatachi/measures.yaml."),
        ) from None


@cache
def _by_id(name: str) -> Mapping[str, Measure]:
    return {measure.id: measure for measure in measures_of(name)}


def steps_measures(programme: Programme) -> Mapping[str, Measure]:
    """Return the measures of a programme by id, as the door asks for them."""
    return _by_id(programme.measures)
