"""`tsudoi contractor`: the contractor's side, from the encrypted package alone."""

from pathlib import Path

import typer

from desk.console import say, say_json
from desk.cycles import JSON
from models.errors import Unknown
from models.words import _


def furnish(app: typer.Typer) -> None:
    """Put the commands on the desk."""
    contractor = typer.Typer(help=_("The contractor's side, from the package alone."), no_args_is_help=True)
    contractor.command("open", help=_("Open the encrypted package; the password is asked for."))(open_)
    contractor.command("print", help=_("Print the letters of an opened package as PDF."))(print_)
    contractor.command("digest", help=_("Write check values of what is about to be printed."))(digest)
    contractor.command("erase", help=_("Overwrite and remove everything that was opened."))(erase)
    app.add_typer(contractor, name="contractor")


def open_(
    package: Path = typer.Argument(help=_("The encrypted package on the medium.")),
    folder: Path = typer.Argument(help=_("An empty folder that can be erased as a whole.")),
    sha256: str = typer.Option("", "--sha256", help=_("SHA-256 of the control sheet; compared before opening.")),
    as_json: bool = JSON,
) -> None:
    from steps import contractor  # noqa: PLC0415 - typst is not needed for --help

    password = typer.prompt(_("Password of the notice"), hide_input=True, err=True)
    opened = contractor.open_to(folder, package, password=password, sha256=sha256)
    if as_json:
        say_json({"persons": opened.persons, "package_sha256": opened.package_sha256})
        return
    say(_("Persons read: {count}. Write this count on the receipt report.").format(count=f"{opened.persons:,}"))
    say(f"SHA-256: {opened.package_sha256}")


def print_(
    folder: Path = typer.Argument(help=_("The folder with the opened package.")),
    into: Path = typer.Argument(help=_("Where the PDF files are written.")),
) -> None:
    from steps import contractor  # noqa: PLC0415 - typst is not needed for --help

    count = contractor.print_letters(folder, into)
    say(_("{count} letters are printed as PDF.").format(count=f"{count:,}"))


def digest(
    printed: Path = typer.Argument(help=_("CSV of the rows to be printed: serial, name, postal code, address.")),
    into: Path = typer.Argument(help=_("Where the check values are written.")),
    sha256: str = typer.Option(..., "--sha256", help=_("SHA-256 of the control sheet.")),
) -> None:
    from steps import contractor  # noqa: PLC0415 - typst is not needed for --help

    count = contractor.write_digests(printed, sha256, into)
    say(_("{count} check values are written; they tell nothing about anybody.").format(count=f"{count:,}"))


def erase(
    folder: Path = typer.Argument(help=_("The folder that is erased with everything in it.")),
    sure: bool = typer.Option(False, "--yes", help=_("Do not ask.")),
) -> None:
    from steps import contractor  # noqa: PLC0415 - typst is not needed for --help

    if not folder.is_dir():
        raise Unknown(_("There is no such folder."), _("Give the folder of the opened package."))
    if not sure:
        typer.confirm(_("Erase everything in {folder}?").format(folder=folder), abort=True)
    say(_("{count} files are erased. Enter them in the erasure report.").format(count=contractor.erase(folder)))
