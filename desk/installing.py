"""`tsudoi init`: data directory, database, keys; with --sample fictional people of both sides."""

import typer

from desk.console import say, say_table
from models.clock import fiscal_year_of
from models.words import _
from steps import preparation
from steps.office import restored_words


def furnish(app: typer.Typer) -> None:
    """Put the command on the desk."""
    app.command(help=_("Make or complete an installation: data directory, database, keys, rules."))(init)


def init(
    sample: bool = typer.Option(False, "--sample", help=_("Also put fictional people of both sides on the register.")),
) -> None:
    office = preparation.install()
    say(_("The installation at {home} is ready.").format(home=office.settings.home))
    if office.restored:
        say(restored_words(office.restored), style="bold red")
    if sample:
        passphrases = preparation.register_sample_people(office, fiscal_year_of(office.clock.now().date()))
        if passphrases:
            say(_("Fictional people are on the register. Their passphrases are shown this once:"))
            say_table([_("Id"), _("Passphrase")], [[person, secret] for person, secret in passphrases.items()])
    say(_("Next: tsudoi cycle open YEAR"))
