"""`tsudoi print`: papers of a year made on demand, such as the 付議書, the checklists or the 引継書."""

from typing import Annotated, Literal

from typer import Argument, Option, Typer

from desk.commands.acts import tell_outcome
from desk.commands.logins import office_and_cycle
from desk.console import DONE, REFUSED, say
from desk.options import Programme, Year
from models.errors import BadInput
from models.people import SYSTEM
from models.words import _
from papers import control_ledger, referring, reporting
from steps import after, papers

app = Typer()

Paper = Literal["referral", "checklists", "handover", "forms", "report", "ledger"]
_MADE: dict[str, papers.Builder] = {
    **referring.PRINTS, "report": reporting.report, "ledger": control_ledger.ledger_print,
}  # fmt: skip


@app.command("print", help=_("Print a paper of the year: referral, checklists, handover, forms, report, ledger."))
def print_(
    year: Year,
    paper: Annotated[Paper | None, Argument(help=_("Which paper."))] = None,
    after_act: Annotated[str, Option("--after", help=_("Print again what follows this act."))] = "",
    programme: Programme = "",
) -> int:
    office, cycle_id = office_and_cycle(year, programme)
    if after_act:
        facts = office.facts(cycle_id)
        outcome = after.again(office, facts, after_act, by=office.keyring.typist or SYSTEM)
        return tell_outcome(outcome, year, as_json=False) or (REFUSED if outcome.left else DONE)
    if paper is None:
        raise BadInput(_("It is not said what is to be printed."), _("Name a paper, or an act with --after ACT."))
    build = _MADE.get(paper)
    for path in papers.print_sheets(office, cycle_id, build) if build else papers.print_forms(office, cycle_id):
        say(str(path))
    return DONE
