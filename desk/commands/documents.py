"""`tsudoi documents YEAR`: the 22 documents as they stand; one received is filed, those the ward issues are printed."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

from typer import Option, Typer

from desk.commands.acts import tell_what_is_left
from desk.commands.logins import office_and_cycle
from desk.console import say, say_json, say_table
from desk.options import AsJson, Programme, Year, day
from models import choices
from models.choices import said
from models.words import _
from papers import forms
from steps import documents, papers
from views import documents as seen
from views.documents import Filed

app = Typer()

_STYLES = {"overdue": "bold red", "acted": "yellow", "partly": "yellow", "complete": "dim", "no_occasion": "dim"}


@app.command("documents", help=_("Show the documents of a year; file one that came, print those the ward issues."))
def show(
    year: Year,
    file: Annotated[
        Path | None, Option("--file", help=_("File this document that was received, or a folder of them."))
    ] = None,
    number: Annotated[int, Option("--number", min=0, max=22, help=_("Which of the documents it is."))] = 0,
    by: Annotated[str, Option("--by", help=_("Who files it."))] = "",
    dated: Annotated[datetime | None, day("--dated", _("Date on the document."))] = None,
    received: Annotated[datetime | None, day("--received", _("Received on; today if left out."))] = None,
    names_residents: Annotated[
        bool, Option("--names-residents", help=_("It names residents: into the vault."))
    ] = False,
    slips: Annotated[list[str], Option("--slip", help=_("A slip that the scan shows; may be repeated."))] = [],
    original: Annotated[str, Option("--original", help=_("Where the paper itself is kept."))] = "",
    print_: Annotated[bool, Option("--print", help=_("Print the documents that the ward issues."))] = False,
    programme: Programme = "",
    as_json: AsJson = False,
) -> None:
    office, cycle_id = office_and_cycle(year, programme)
    if file is not None:
        outcome = documents.file(
            office, cycle_id, file, number=number, by=by, dated_on=dated.date() if dated else None,
            received_on=received.date() if received else None, names_residents=names_residents,
            slips=slips, original=original,
        )  # fmt: skip
        if number:
            say(_("Document {number} is filed: ledger entry {seq}."), number=number, seq=outcome.seq)
        else:
            say(_("The documents of the folder are filed: ledger entry {seq}."), seq=outcome.seq)
        tell_what_is_left(outcome, year)
    if print_:
        for path in papers.print_sheets(office, cycle_id, forms.ward_forms):
            say(str(path))
    if as_json:
        say_json([document.as_json() for document in office.see(cycle_id, seen.documents)])
    elif file is None and not print_:
        _show(office.see(cycle_id, seen.documents))


def _show(found: tuple[Filed, ...]) -> None:
    say_table(
        [_("No."), _("Document"), _("From"), _("To"), _("Due"), _("Done on"), _("Standing"), _("Files"), _("Ledger")],
        [
            [str(filed.document.number), filed.title, said(choices.PARTIES, filed.giver),
             said(choices.PARTIES, filed.document.receiver), str(filed.due_on or ""), str(filed.done_on or ""),
             _standing(filed), " ".join(digest[:8] for digest in filed.files),
             ", ".join(map(str, filed.ledger))]
            for filed in found
        ],
        styles=[_STYLES.get(filed.standing, "") for filed in found],
    )  # fmt: skip


def _standing(filed: Filed) -> str:
    """Say how a document stands, and which slips have no paper on file."""
    return " ".join((said(choices.DOCUMENTS, filed.standing), *filed.missing))
