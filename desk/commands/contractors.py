"""`tsudoi contractor`: the contractor's side, from the encrypted package alone."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option, Typer

from contractor import digests, erasure
from desk.commands.barcodes import reason_of
from desk.console import say, say_aside, say_json
from desk.options import AsJson
from models.errors import BadInput, Unknown
from models.serials import compact, count
from models.words import _

app = Typer(name="contractor", help=_("The contractor's side, from the package alone."), no_args_is_help=True)

_Folder = Annotated[Path, Argument(help=_("The folder with the opened package."))]
_Into = Annotated[
    Path | None, Option("--into", help=_("Where the PDF files are written; FOLDER/letters if it is not given."))
]
_Font = Annotated[Path | None, Option("--font", help=_("The font file that was declared to the ward."))]


@app.command("open", help=_("Open the encrypted package; the password is asked for."))
def open_(
    package: Annotated[Path, Argument(help=_("The encrypted package on the medium."))],
    folder: Annotated[Path, Argument(help=_("An empty folder that can be erased as a whole."))],
    sha256: Annotated[str, Option("--sha256", help=_("SHA-256 of the control sheet; compared before opening."))] = "",
    as_json: AsJson = False,
) -> None:
    from contractor import transfer

    password = typer.prompt(_("Password of the notice"), hide_input=True, err=True)
    opened = transfer.open_to(folder, package, password=password, sha256=sha256)
    if as_json:
        say_json({"persons": opened.persons, "package_sha256": opened.package_sha256})
        return
    say(_("Persons read: {count}. Write this count on the receipt report."), count=f"{opened.persons:,}")
    say(f"SHA-256: {opened.package_sha256}")


@app.command(help=_("Print the imprint sample: every row that is hard to print."))
def sample(
    folder: _Folder,
    into: _Into = None,
    serials: Annotated[str, Option("--serials", help=_("Further serials for the sample, such as 5,9-12."))] = "",
    font: _Font = None,
    as_json: AsJson = False,
) -> None:
    from contractor import printing

    path, printed = printing.print_sample(folder, into, serials=serials, font=font)
    if as_json:
        say_json({"file": str(path), "serials": compact(printed)})
        return
    say(_("The imprint sample of {count} letters: {path}"), count=f"{len(printed):,}", path=path)
    say(_("Serials in it: {serials}"), serials=compact(printed))
    _tell_doubts(printing.barcode_doubts(folder))


@app.command("print", help=_("Print the letters of an opened package as PDF, tray by tray."))
def print_(
    folder: _Folder,
    into: _Into = None,
    serials: Annotated[
        str, Option("--serials", help=_("Serials of spoiled sheets to print again, such as 5,9-12."))
    ] = "",
    font: _Font = None,
    as_json: AsJson = False,
) -> None:
    from contractor import printing

    printed = printing.print_letters(folder, into, serials=serials, font=font)
    doubts = printing.barcode_doubts(folder)
    if as_json:
        say_json({
            "good": printed.good, "spoiled": printed.spoiled, "reprinted": printed.reprinted,
            "missing": printed.missing, "sheets_spoiled": printed.sheets_spoiled, "barcode": doubts,
        })  # fmt: skip
        return
    where = into or folder / printing.LETTERS
    say(_("Letters with one good sheet: {count}. PDF files: {folder}"), count=f"{count(printed.good):,}", folder=where)
    if printed.missing:
        say(_("Not printed yet: {serials}"), serials=printed.missing, style="bold red")
    if printed.spoiled:
        words = _("Spoiled sheets, all to be returned to the ward: {count} (serials {serials})")
        say(words, count=f"{printed.sheets_spoiled:,}", serials=printed.spoiled)
    _tell_doubts(doubts)
    again = f" --set spoiled={printed.spoiled} --set reprinted={printed.reprinted}" if printed.spoiled else ""
    command = f"tsudoi act YEAR report_printing --by PERSON --set good={printed.good}{again}"
    say_aside(_("For the printing report: {command}"), command=command)


@app.command(help=_("Write check values of what is about to be printed."))
def digest(
    printed: Annotated[Path, Argument(help=_("CSV of the rows to be printed: serial, name, postal code, address."))],
    into: Annotated[Path, Argument(help=_("Where the check values are written."))],
    sha256: Annotated[str, Option("--sha256", help=_("SHA-256 of the control sheet."))],
) -> None:
    count = digests.write_digests(printed, sha256, into)
    say(_("{count} check values are written; they tell nothing about anybody."), count=f"{count:,}")


@app.command(help=_("Overwrite and remove everything that was opened."))
def erase(
    folder: Annotated[Path, Argument(help=_("The folder that is erased with everything in it."))],
    sure: Annotated[bool, Option("--yes", help=_("Do not ask."))] = False,
) -> None:
    if not folder.is_dir():
        raise Unknown(_("There is no such folder."), _("Give the folder of the opened package."))
    if not erasure.is_ours(folder):
        raise BadInput(
            _("The folder holds neither an opened package nor letters alone; nothing is erased."),
            _("Give the folder that was named with `tsudoi contractor open`, or with --into."),
        )
    if not sure:
        typer.confirm(_("Erase everything in {folder}?").format(folder=folder), abort=True)
    say(_("{count} files are erased. Enter them in the erasure report."), count=erasure.erase(folder))


def _tell_doubts(doubts: dict[str, str]) -> None:
    """List the letters without a customer barcode, and those whose barcode somebody should look at."""
    for code, serials in doubts.items():
        say(_("{reason} Serials: {serials}"), reason=reason_of(code), serials=serials)
