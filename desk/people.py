"""`tsudoi people`: who may act, with roles and dates of validity, and their passphrases."""

from datetime import datetime
from pathlib import Path

import typer

from desk.console import say, say_aside, say_json, say_table
from models.errors import BadInput
from models.people import SYSTEM, Person, Role, Side
from models.words import _
from steps import preparation, taking_over
from steps.office import Office


def furnish(app: typer.Typer) -> None:
    """Put the commands on the desk."""
    people = typer.Typer(help=_("The register of people: who may act."), no_args_is_help=True)
    people.command("list", help=_("Show everybody on the register."))(show)
    people.command("add", help=_("Put a person on the register, or change the entry."))(add)
    people.command("import", help=_("Take last year's people in from Excel; each is to be confirmed."))(import_)
    people.command("confirm", help=_("Confirm people for a fiscal year, so that they may act in it."))(confirm)
    people.command("passphrase", help=_("Set a person's passphrase; it is asked for."))(passphrase)
    app.add_typer(people, name="people")


def show(as_json: bool = typer.Option(False, "--json", help=_("For scripts."))) -> None:
    office = Office.open()
    people = preparation.everybody(office)
    if as_json:
        say_json([person.model_dump(mode="json", exclude={"passphrase_hash"}) for person in people])
        return
    today = office.clock.now().date()
    say_table(
        [_("Id"), _("Name"), _("Belongs to"), _("Roles"), _("Valid"), _("Passphrase")],
        [
            [
                person.id,
                person.name,
                person.side.label,
                "・".join(sorted(role.label for role in person.roles)),
                f"{person.valid_from} – {person.valid_to}",
                _("set") if person.passphrase_hash else "–",
            ]
            for person in people
        ],
        styles=["" if person.is_valid_on(today) else "dim" for person in people],
    )


def add(
    person: str = typer.Argument(help=_("Short id, such as sato.")),
    name: str = typer.Option(..., "--name", help=_("Name as it stands on paper.")),
    side: Side = typer.Option(..., "--side", help=_("Which house the person belongs to.")),
    role: list[Role] = typer.Option(..., "--role", help=_("What the person may do; may be repeated.")),
    valid_from: datetime = typer.Option(..., "--from", formats=["%Y-%m-%d"], help=_("Valid from.")),
    valid_to: datetime = typer.Option(..., "--to", formats=["%Y-%m-%d"], help=_("Valid to.")),
    mail: str = typer.Option("", "--mail", help=_("Address for reminders.")),
    by: str = typer.Option(SYSTEM, "--by", help=_("Who enters it.")),
) -> None:
    office = Office.open()
    if by != SYSTEM:
        preparation.person_of(office, by)
    known = {entry.id: entry for entry in preparation.everybody(office)}.get(person)
    entry = Person(
        id=person, name=name, side=side, roles=frozenset(role), valid_from=valid_from.date(), valid_to=valid_to.date(),
        mail=mail, passphrase_hash=known.passphrase_hash if known else "",
    )  # fmt: skip
    kept = preparation.register(office, entry, by=by)
    say(_("{person} is on the register.").format(person=person))
    if kept.mail != entry.mail:
        say_aside(_mended(person))


def _mended(*persons: str) -> str:
    return _("The mail address was typed in full-width characters and stands in half-width ones: {persons}").format(
        persons=" ".join(persons)
    )


def import_(
    file: Path = typer.Argument(help=_("The .xlsx with the people of last year.")),
    year: int = typer.Option(..., "--year", min=2000, max=2100, help=_("The fiscal year that is prepared.")),
    by: str = typer.Option(SYSTEM, "--by", help=_("Who enters it.")),
    as_json: bool = typer.Option(False, "--json", help=_("For scripts.")),
) -> None:
    taken = taking_over.import_people(Office.open(), file, year, by=by)
    if as_json:
        say_json({"imported": [it.id for it in taken.imported], "known": [it.id for it in taken.known]})
        return
    said = _("{count} people are on the register, to be confirmed; {known} were on it already.")
    say(said.format(count=len(taken.imported), known=len(taken.known)))
    if taken.mended:
        say_aside(_mended(*taken.mended))
    if taken.imported:
        ids = " ".join(it.id for it in taken.imported)
        say(_("Confirm whoever goes on: tsudoi people confirm {ids} --year {year}").format(ids=ids, year=year))


def confirm(
    persons: list[str] = typer.Argument(help=_("Ids of the people.")),
    year: int = typer.Option(..., "--year", min=2000, max=2100, help=_("The fiscal year that is prepared.")),
    by: str = typer.Option(SYSTEM, "--by", help=_("Who enters it.")),
) -> None:
    for person in taking_over.confirm_people(Office.open(), tuple(persons), year, by=by):
        say(_("{person} may act from {begins} to {ends}.").format(
            person=person.id, begins=person.valid_from, ends=person.valid_to
        ))  # fmt: skip


def passphrase(person: str = typer.Argument(help=_("Id of the person."))) -> None:
    office = Office.open()
    preparation.person_of(office, person)
    first = typer.prompt(_("New passphrase"), hide_input=True)
    if first != typer.prompt(_("Once more"), hide_input=True):
        raise BadInput(_("The two are not the same; nothing was changed."), _("Do it again."))
    preparation.set_passphrase(office, person, first)
    say(_("The passphrase of {person} is set.").format(person=person))
