"""`tsudoi ledger`: verify, show, export."""

import json
from itertools import islice
from pathlib import Path

import typer

from desk.console import say, say_json, say_table
from desk.cycles import JSON, PROGRAMME, YEAR
from models.words import _, in_words
from states.table import BY_TRIGGER, event_words
from steps import auditing
from steps.office import Office


def furnish(app: typer.Typer) -> None:
    """Put the commands on the desk."""
    ledger = typer.Typer(help=_("The ledger: verify, show, export."), no_args_is_help=True)
    ledger.command("verify", help=_("Check every byte of the ledger, or of an exported one."))(verify)
    ledger.command("export", help=_("Write ledger.jsonl and checkpoints/ into a folder."))(export)
    ledger.command("show", help=_("Show the latest entries."))(show)
    app.add_typer(ledger, name="ledger")
    app.command("bundle", help=_("Write the audit bundle of a year: one zip, verifiable offline."))(bundle_up)


def verify(
    path: Path | None = typer.Argument(None, help=_("An exported ledger.jsonl; the installation's own if not named.")),
    checkpoint: Path | None = typer.Option(None, "--checkpoint", help=_("An older checkpoint, such as a printed one.")),
    as_json: bool = JSON,
) -> None:
    office = Office.open()
    verified = auditing.verify(office, path, checkpoint)
    if as_json:
        say_json(
            {"holds": True, "entries": verified.entries, "checkpoints": verified.checkpoints, "root": verified.root}
        )
        return
    say(_("The ledger holds: {entries} entries, {checkpoints} checkpoints.").format(
        entries=verified.entries, checkpoints=verified.checkpoints
    ))  # fmt: skip
    say(_("Root: {root}").format(root=verified.root))


def export(folder: Path = typer.Argument(help=_("An empty or new folder."))) -> None:
    entries = auditing.export(Office.open(), folder)
    say(_("{count} entries are exported.").format(count=entries))


def show(
    last: int = typer.Option(20, "--last", min=1, help=_("How many entries.")),
    year: int | None = typer.Option(None, "--year", help=_("Only this fiscal year.")),
    as_json: bool = JSON,
) -> None:
    office = Office.open()
    lines = auditing.latest(office, last, office.cycle_id(year) if year else None)
    if as_json:
        say_json([json.loads(line) for line in lines])
        return
    entries = [json.loads(line) for line in islice(lines, last)]
    say_table(
        [_("No."), _("When"), _("Event"), _("By"), _("Cycle"), _("Act")],
        [[str(e["seq"]), e["at"], _event(e["event"]), e["by"], e["cycle"] or "", _act(e["data"])] for e in entries],
    )


def bundle_up(
    year: int = YEAR,
    path: Path = typer.Argument(help=_("The zip file to write; it must not be there yet.")),
    programme: str = PROGRAMME,
) -> None:
    from steps.bundle import bundle  # noqa: PLC0415 - typst is not needed to show a table

    office = Office.open()
    count = bundle(office, office.cycle_id(year, programme), path)
    say(_("{count} files are in the bundle. Open index.html in it first.").format(count=count))


def _event(event: str) -> str:
    ja, en = event_words(event)
    return in_words(ja=ja, en=en)


def _act(data: dict[str, object]) -> str:
    row = BY_TRIGGER.get(str(data.get("act", "")))
    return in_words(ja=row.ja, en=row.en) if row else ""
