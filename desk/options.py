"""The options and arguments that several commands share, each said once."""

from datetime import datetime
from typing import Annotated

import typer

from models.words import _

FIRST_YEAR, LAST_YEAR = 2019, 2100  # paper counts the years of Reiwa; a slip of the pen is no fiscal year
_YEAR = _("Fiscal year, such as 2026.")

Year = Annotated[int, typer.Argument(help=_YEAR, min=FIRST_YEAR, max=LAST_YEAR)]
YearOption = Annotated[int, typer.Option("--year", help=_YEAR, min=FIRST_YEAR, max=LAST_YEAR)]
Programme = Annotated[str, typer.Option("--programme", help=_("Which programme, where there are several."))]
PersonId = Annotated[str, typer.Argument(help=_("Id of the person."))]
By = Annotated[str, typer.Option("--by", help=_("Who does it: an id of the register."))]
AsJson = Annotated[bool, typer.Option("--json", help=_("For scripts."))]
At = Annotated[
    datetime | None, typer.Option("--at", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help=_("As seen on another day."))
]
