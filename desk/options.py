"""The options and arguments that several commands share, each said once."""

from datetime import datetime
from typing import Annotated, Any

from typer import Argument, Option

from models.words import _

FIRST_YEAR, LAST_YEAR = 2019, 2100  # paper counts the years of Reiwa; a slip of the pen is no fiscal year
_YEAR = _("Fiscal year, such as 2026.")

Year = Annotated[int, Argument(help=_YEAR, min=FIRST_YEAR, max=LAST_YEAR)]
YearOption = Annotated[int, Option("--year", help=_YEAR, min=FIRST_YEAR, max=LAST_YEAR)]
Programme = Annotated[str, Option("--programme", help=_("Which programme, where there are several."))]
PersonId = Annotated[str, Argument(help=_("Id of the person."))]
By = Annotated[str, Option("--by", help=_("Who does it: an id of the register."))]
AsJson = Annotated[bool, Option("--json", help=_("For scripts."))]
At = Annotated[
    datetime | None, Option("--at", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help=_("As seen on another day."))
]


def day(name: str, words: str) -> Any:
    """Return an option that takes a day, as YYYY-MM-DD."""
    return Option(name, formats=["%Y-%m-%d"], help=words)


def minute(name: str, words: str) -> Any:
    """Return an option that takes a moment of Tokyo, as YYYY-MM-DDTHH:MM."""
    return Option(name, formats=["%Y-%m-%dT%H:%M"], help=words)
