"""`tsudoi init`: data directory, database, keys, also sample people; `tsudoi backup` and `tsudoi restore`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

from desk.commands.acts import tell_what_is_left
from desk.commands.logins import ask_for_the_passphrase, at_the_desk
from desk.console import say, say_json
from desk.options import AsJson, By
from flows import access
from models.clock import fiscal_year_of
from models.errors import BadInput
from models.people import SYSTEM
from models.words import _
from steps import backup as backing
from steps import preparation, restoring
from steps.identity import AtTheDesk
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
    keys: Annotated[
        Path | None,
        Option("--keys", help=_("A folder apart from it, for the ledger's key; a year's key is in no backup.")),
    ] = None,
    by: By = SYSTEM,
    as_json: AsJson = False,
) -> None:
    office = at_the_desk()
    if by != SYSTEM:
        office.keyring.ready(by)  # asked before the copy is made
    path, record = backing.copy(office, folder, keys)
    if not as_json:
        say(_("{path}: {files} files, {size} bytes, SHA-256 {sha256}"), path=path, files=record.files,
            size=f"{record.size:,}", sha256=record.sha256)  # fmt: skip
        say(_("The copy was opened again; its ledger holds: {entries} entries."), entries=record.entries)
        if keys:
            say(_("The ledger's key is in {folder}, and no other key. Keep it under lock."), folder=keys)
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


@app.command(help=_("Put a backup into an empty data directory and database; its ledger is verified before and after."))
def restore(
    source: Annotated[Path, Argument(help=_("The file of a backup, or the folder of backups, of which the newest."))],
    keys: Annotated[
        Path | None, Option("--keys", help=_("Where the ledger's key was put, if it is not in its own folder."))
    ] = None,
    checkpoint: Annotated[
        list[Path],
        Option("--checkpoint", help=_("The newest checkpoint on paper: its three lines in a file.")),
    ] = [],
    decided_by: Annotated[
        str, Option("--decided-by", help=_("Who decides to go on from a backup older than paper, or without paper."))
    ] = "",
    reason: Annotated[str, Option("--reason", help=_("Why, without personal data."))] = "",
    as_json: AsJson = False,
) -> None:
    if bool(decided_by) != bool(reason):
        raise BadInput(_("A decision has a person and a reason."), _("Give both: --decided-by PERSON --reason TEXT"))
    restored = restoring.restore(
        source, keys=keys, checkpoints=checkpoint,
        decision=restoring.Decision(by=decided_by, reason=reason) if decided_by else None,
        keyring=lambda office: AtTheDesk(office, ask=ask_for_the_passphrase),
    )  # fmt: skip
    if as_json:
        say_json({**asdict(restored), "copy": str(restored.copy)})
        return
    say(_("{path} is restored. The ledger holds before and after: {entries} entries, {checkpoints} checkpoints."),
        path=restored.copy, entries=restored.verified.entries, checkpoints=restored.verified.checkpoints)  # fmt: skip
    for seq in restored.decided:
        say(_("The decision is entry {seq} of the ledger. The year is on hold: enter again from paper what is missing,"
              " then settle the deviation."), seq=seq, style="yellow")  # fmt: skip
    for cycle in restored.opened:
        say(_("The vault of {cycle} opens."), cycle=cycle)
    for why in restored.shut:
        say(why, style="bold red")
    if restored.keyless:
        say(_("Keys of people are missing: {people}. Until the folder `people` of the keys is back from its own copy,"
              " they cannot sign."), people=", ".join(restored.keyless), style="bold red")  # fmt: skip
    say(_("Next: tsudoi next, tsudoi reminders YEAR"))
