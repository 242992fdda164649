"""`tsudoi print`: papers of a year made on demand, such as the 付議書, the checklists or the 引継書."""

from typing import Annotated, Literal

import typer

from desk.commands.logins import at_the_desk
from desk.console import say
from desk.options import Programme, Year
from models.words import _
from papers import control_ledger, referring, reporting
from steps import papers

app = typer.Typer()

Paper = Literal["referral", "checklists", "handover", "forms", "report", "ledger"]
_MADE: dict[str, papers.Builder] = {
    **referring.PRINTS, "report": reporting.report, "ledger": control_ledger.ledger_print,
}  # fmt: skip


@app.command("print", help=_("Print a paper of the year: referral, checklists, handover, forms, report, ledger."))
def print_(
    year: Year, paper: Annotated[Paper, typer.Argument(help=_("Which paper."))], programme: Programme = ""
) -> None:
    office = at_the_desk()
    cycle_id = office.cycle_id(year, programme)
    made = (
        papers.print_sheets(office, cycle_id, _MADE[paper]) if paper in _MADE else papers.print_forms(office, cycle_id)
    )
    for path in made:
        say(str(path))
