"""`tsudoi login`, `tsudoi logout`: who stands at this shell, so that what is done here is signed by that person."""

import getpass
import os
import sys
from collections.abc import Callable
from typing import TypeVar

from typer import Typer

from adapters.clock import CLOCK
from desk.console import say, say_aside, say_json
from desk.options import AsJson, PersonId
from models.errors import BadInput
from models.words import _
from states.look import Look
from steps import identity
from steps.identity import SESSION, AtTheDesk
from steps.office import Office

T = TypeVar("T")

app = Typer()


def at_the_desk() -> Office:
    """Open the office for whoever stands at this shell: logged in already, or asked when it is needed."""
    office = Office.open()
    if office.has_a_strange_clock:
        words = _(
            "A file {name} lies in the data directory, as in a rehearsal; this is an office at work, and the file is"
            " not looked at. Find out who laid it there, and take it away."
        )
        say_aside(words, name=CLOCK, style="bold red")
    office.keyring = keyring = AtTheDesk(office, ask=ask_for_the_passphrase)
    if keyring.has_ended:
        say_aside(_("The session of this shell has ended; log in again: tsudoi login PERSON"))
    return office


def office_and_cycle(year: int, programme: str = "") -> tuple[Office, str]:
    """Open the office as `at_the_desk` does, and return it with the id of an open year.

    Raises:
        Unknown: the year is not open, or there is no such programme.

    """
    office = at_the_desk()
    return office, office.cycle_id(year, programme)


def seen(year: int, programme: str, view: Callable[[Look], T]) -> T:
    """Return what one view sees of an open year."""
    office, cycle_id = office_and_cycle(year, programme)
    return office.see(cycle_id, view)


def ask_for_the_passphrase(person: str) -> str:
    """Ask a person for the passphrase."""
    return ask_hidden(_("Passphrase of {person}").format(person=person))


def ask_hidden(what: str) -> str:
    """Ask for what is not shown: at the terminal itself, or where a script speaks the next line of standard input.

    Raises:
        BadInput: there is nobody to ask.

    """
    if sys.stdin.isatty():
        return getpass.getpass(f"{what}: ")
    line = sys.stdin.readline()
    if not line:
        raise BadInput(_("Nobody can be asked: {what}").format(what=what), _("Log in first, or type it at a terminal."))
    return line.removesuffix("\n")


def ask_for_a_new_passphrase() -> str:
    """Ask for a new passphrase, twice.

    Raises:
        BadInput: the two are not the same.

    """
    first = ask_hidden(_("New passphrase (12 characters or more)"))
    if first != ask_hidden(_("Once more")):
        raise BadInput(_("The two are not the same; nothing was changed."), _("Do it again."))
    return first


@app.command(help=_('Log in for this shell, for 30 idle minutes: eval "$(tsudoi login PERSON)".'))
def login(person: PersonId, as_json: AsJson = False) -> None:
    office = Office.open()
    identity.person_of(office, person)  # a slip of the finger is told before anything is asked for
    key = identity.unlock(office, person, ask_for_the_passphrase(person))
    if identity.is_for_one_use(office, person):
        say_aside(_("This passphrase is for one use. Choose your own now."))
        key = identity.change_passphrase(office, key, ask_for_a_new_passphrase())
    _close(office)
    token = identity.sessions_of(office).open(key)
    if as_json:
        say_json({"person": person, SESSION: token})
    else:
        say(f"export {SESSION}={token}")
        if sys.stdout.isatty():
            say_aside(_('Nothing knows of it yet: type eval "$(tsudoi login {person})"'), person=person)


@app.command(help=_('End the session of this shell: eval "$(tsudoi logout)".'))
def logout() -> None:
    _close(Office.open())
    say(f"unset {SESSION}")


def _close(office: Office) -> None:
    for token in filter(None, os.environ.get(SESSION, "").split(":")):
        identity.sessions_of(office).close(token)
