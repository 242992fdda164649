"""`tsudoi people`: who may act, with roles and dates of validity, and their passphrases."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

from desk.commands.acts import tell_outcome
from desk.commands.logins import ask_for_a_new_passphrase, ask_for_the_passphrase, at_the_desk
from desk.console import DONE, HELD, say, say_aside, say_json, say_table
from desk.options import AsJson, PersonId, day
from models.people import SYSTEM, Person, Role, Side, key_id
from models.words import _
from states.acts import Outcome
from steps import identity, preparation, taking_over
from steps.office import Office

app = Typer(name="people", help=_("The register of people: who may act."), no_args_is_help=True)


@app.command("list", help=_("Show everybody on the register."))
def show(as_json: AsJson = False) -> None:
    office = at_the_desk()
    people = preparation.everybody(office)
    if as_json:
        say_json([person.model_dump(mode="json") for person in people])
        return
    today = office.clock.now().date()
    say_table(
        [_("Id"), _("Name"), _("Belongs to"), _("Roles"), _("Valid"), _("Key")],
        [
            [person.id, person.name, person.side.label, "・".join(sorted(role.label for role in person.roles)),
             f"{person.valid_from} – {person.valid_to}", key_id(person.public_key) if person.public_key else "–"]
            for person in people
        ],
        styles=["" if person.is_valid_on(today) else "dim" for person in people],
    )  # fmt: skip


@app.command(help=_("Put a person on the register, or change the entry."))
def add(
    person: Annotated[str, Argument(help=_("Short id, such as sato."))],
    name: Annotated[str, Option("--name", help=_("Name as it stands on paper."))],
    side: Annotated[Side, Option("--side", help=_("Which house the person belongs to."))],
    role: Annotated[list[Role], Option("--role", help=_("What the person may do; may be repeated."))],
    valid_from: Annotated[datetime, day("--from", _("Valid from."))],
    valid_to: Annotated[datetime, day("--to", _("Valid to."))],
    mail: Annotated[str, Option("--mail", help=_("Address for reminders."))] = "",
    phone: Annotated[str, Option("--phone", help=_("Telephone by day."))] = "",
    out_of_hours: Annotated[str, Option("--out-of-hours", help=_("Telephone for nights and holidays."))] = "",
    substitute: Annotated[str, Option("--substitute", help=_("Id of who is called in his place."))] = "",
    by: Annotated[str, Option("--by", help=_("Who enters it."))] = SYSTEM,
) -> int:
    office = at_the_desk()
    if by != SYSTEM:
        identity.person_of(office, by)
    is_first = not preparation.everybody(office)
    entry = preparation.judged(Person(
        id=person, name=name, side=side, roles=frozenset(role), valid_from=valid_from.date(), valid_to=valid_to.date(),
        mail=mail, phone=phone, phone_out_of_hours=out_of_hours, substitute=substitute,
    ))  # fmt: skip
    if entry.mail != mail:
        _say_what_was_mended(person)
    if waiting := preparation.enter_people(office, (entry,), by=by):
        return _tell(office, waiting)
    say(_("{person} is on the register."), person=person)
    if is_first:  # from the first key on, four eyes sign: whoever sets the office up begins with a key
        slip, _nothing = identity.give_key(office, person, by=by)
        _hand_over(person, slip)
    return DONE


def _say_what_was_mended(*persons: str) -> None:
    words = _("The mail address was typed in full-width characters and stands in half-width ones: {persons}")
    say_aside(words, persons=" ".join(persons))


@app.command("import", help=_("Take last year's people in from Excel; each is to be confirmed."))
def import_(
    file: Annotated[Path, Argument(help=_("The .xlsx with the people of last year."))],
    year: Annotated[int, Option("--year", min=2000, max=2100, help=_("The fiscal year that is prepared."))],
    by: Annotated[str, Option("--by", help=_("Who enters it."))] = SYSTEM,
    as_json: AsJson = False,
) -> int:
    office = at_the_desk()
    taken = taking_over.import_people(office, file, year, by=by)
    if as_json:
        say_json({
            "imported": [person.id for person in taken.imported], "known": [person.id for person in taken.known],
            "proposed": [outcome.seq for outcome in taken.proposed],
        })  # fmt: skip
        return HELD if taken.proposed else DONE
    if taken.proposed:
        return _tell(office, taken.proposed)
    said = _("{count} people are on the register, to be confirmed; {known} were on it already.")
    say(said, count=len(taken.imported), known=len(taken.known))
    if taken.mended:
        _say_what_was_mended(*taken.mended)
    if taken.imported:
        ids = " ".join(person.id for person in taken.imported)
        say(_("Confirm whoever goes on: tsudoi people confirm {ids} --year {year}"), ids=ids, year=year)
    return DONE


@app.command(help=_("Confirm people for a fiscal year, so that they may act in it."))
def confirm(
    persons: Annotated[list[str], Argument(help=_("Ids of the people."))],
    year: Annotated[int, Option("--year", min=2000, max=2100, help=_("The fiscal year that is prepared."))],
    by: Annotated[str, Option("--by", help=_("Who enters it."))] = SYSTEM,
) -> int:
    office = at_the_desk()
    confirmed, waiting = taking_over.confirm_people(office, tuple(persons), year, by=by)
    if waiting:
        return _tell(office, waiting)
    for person in confirmed:
        words = _("{person} may act from {begins} to {ends}.")
        say(words, person=person.id, begins=person.valid_from, ends=person.valid_to)
    return DONE


@app.command(help=_("Give a person a key: a first one, or another where it is lost or forgotten."))
def key(
    person: PersonId,
    by: Annotated[str, Option("--by", help=_("Who gives it; another person confirms."))] = SYSTEM,
    replaced: Annotated[
        bool, Option("--replaced", help=_("The passphrase is not forgotten, but others know it."))
    ] = False,
) -> int:
    office = at_the_desk()
    slip, waiting = identity.give_key(office, person, by=by, reason="replaced" if replaced else "forgotten")
    _hand_over(person, slip)
    return _tell(office, (waiting,)) if waiting else DONE


@app.command(help=_("Change one's own passphrase; both are asked for."))
def passphrase(person: PersonId) -> None:
    office = at_the_desk()
    identity.person_of(office, person)  # a slip of the finger is told before anything is asked for
    unlocked = identity.unlock(office, person, ask_for_the_passphrase(person))
    identity.change_passphrase(office, unlocked, ask_for_a_new_passphrase())
    say(_("The passphrase of {person} is changed, and the key with it: log in again."), person=person)


def _tell(office: Office, waiting: Iterable[Outcome]) -> int:
    _cycle_id, year = identity.newest_cycle(office)
    return max(tell_outcome(outcome, year, as_json=False) for outcome in waiting)


def _hand_over(person: str, slip: str) -> None:
    say(_("Passphrase for one use, for {person} alone, shown this once: {secret}"), person=person, secret=slip)
    say(_("At the first login it is changed: tsudoi login {person}"), person=person)
