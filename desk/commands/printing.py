"""`tsudoi print`: papers of a year made on demand, such as the 付議書, the checklists or the 引継書."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import typer

from desk.commands.cycles import PROGRAMME, YEAR
from desk.commands.logins import at_the_desk
from desk.console import say
from models.words import _
from papers import control_ledger, forms, referring, reporting
from steps.office import Office

Paper = Literal["referral", "checklists", "handover", "forms", "report", "ledger"]
_MADE: dict[str, Callable[[Office, str], tuple[Path, ...]]] = {
    **referring.PRINTS,
    "forms": forms.print_forms,
    "report": lambda office, cycle_id: (reporting.print_report(office, cycle_id),),
    "ledger": lambda office, cycle_id: (control_ledger.print_ledger(office, cycle_id),),
}


def furnish(app: typer.Typer) -> None:
    """Put the command on the desk."""
    app.command("print", help=_("Print a paper of the year: referral, checklists, handover, forms, report, ledger."))(
        print_
    )


def print_(year: int = YEAR, paper: Paper = typer.Argument(help=_("Which paper.")), programme: str = PROGRAMME) -> None:
    office = at_the_desk()
    for path in _MADE[paper](office, office.cycle_id(year, programme)):
        say(str(path))
