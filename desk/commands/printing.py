"""`tsudoi print`: papers of a year made on demand, such as the 付議書, the checklists or the 引継書."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from desk.commands.logins import at_the_desk
from desk.console import say
from desk.options import Programme, Year
from models.words import _
from papers import control_ledger, forms, referring, reporting
from steps.office import Office

app = typer.Typer()

Paper = Literal["referral", "checklists", "handover", "forms", "report", "ledger"]
_MADE: dict[str, Callable[[Office, str], tuple[Path, ...]]] = {
    **referring.PRINTS,
    "forms": forms.print_forms,
    "report": lambda office, cycle_id: (reporting.print_report(office, cycle_id),),
    "ledger": lambda office, cycle_id: (control_ledger.print_ledger(office, cycle_id),),
}


@app.command("print", help=_("Print a paper of the year: referral, checklists, handover, forms, report, ledger."))
def print_(
    year: Year, paper: Annotated[Paper, typer.Argument(help=_("Which paper."))], programme: Programme = ""
) -> None:
    office = at_the_desk()
    for path in _MADE[paper](office, office.cycle_id(year, programme)):
        say(str(path))
