"""`tsudoi init`: data directory, database, keys; with --sample fictional people of both sides."""

from typing import Annotated

from typer import Option, Typer

from desk.console import say
from flows import access
from models.clock import fiscal_year_of
from models.words import _
from steps import preparation
from steps.office import restored_words

app = Typer()


@app.command(help=_("Make or complete an installation: data directory, database, keys, rules."))
def init(
    sample: Annotated[
        bool, Option("--sample", help=_("Also put fictional people of both sides on the register."))
    ] = False,
) -> None:
    office = preparation.install()
    access.credential(access.folder_of(office.home))
    say(_("The installation at {home} is ready."), home=office.settings.home)
    if office.restored:
        say(restored_words(office.restored), style="bold red")
    if sample:
        year, secret = fiscal_year_of(office.clock.now().date()), preparation.SAMPLE_PASSPHRASE
        if new := preparation.register_sample_people(office, year, passphrase=secret):
            said = _("Fictional people are on the register: {people}. The ward's have the passphrase “{secret}”.")
            say(said, secret=secret, people="、".join(new))
    say(_("Next: tsudoi cycle open YEAR"))
