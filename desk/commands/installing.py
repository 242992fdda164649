"""`tsudoi init`: data directory, database, keys, also sample people; `tsudoi backup`: a copy of it all but the keys."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

from desk.commands.acts import tell_what_is_left
from desk.commands.logins import at_the_desk
from desk.console import say, say_json
from desk.options import AsJson, By
from flows import access
from models.clock import fiscal_year_of
from models.people import SYSTEM
from models.words import _
from steps import backup as backing
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


@app.command(help=_("Copy the installation without its keys into one file, open the copy again, and record it."))
def backup(
    folder: Annotated[Path, Argument(help=_("A folder outside of the data directory, best on another disk."))],
    by: By = SYSTEM,
    as_json: AsJson = False,
) -> None:
    office = at_the_desk()
    if by != SYSTEM:
        office.keyring.ready(by)  # asked before the copy is made
    path, record = backing.copy(office, folder)
    if not as_json:
        say(_("{path}: {files} files, {size} bytes, SHA-256 {sha256}"), path=path, files=record.files,
            size=f"{record.size:,}", sha256=record.sha256)  # fmt: skip
        if record.verified:
            say(_("The copy was opened again; its ledger holds: {entries} entries."), entries=record.entries)
        else:
            say(_("The copy was not opened again. Restore it as the runbook says, and claim W-SY-09."), style="yellow")
    recorded = backing.record_for_open_years(office, record, by=by, via="timer" if by == SYSTEM else "desk")
    if as_json:
        years = {year: outcome.seq for year, outcome in recorded.items()}
        say_json({"path": str(path), **record.model_dump(mode="json"), "recorded": years})
        return
    for year, outcome in recorded.items():
        say(_("Recorded for {year}: ledger entry {seq}."), year=year, seq=outcome.seq)
        tell_what_is_left(outcome, year)
    if not recorded:
        say(_("No fiscal year is open for which it could be recorded."))
