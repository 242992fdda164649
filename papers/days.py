"""The year's calendar as a table of Excel, as an office passes it round."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from models.clock import fiscal_year_title, wareki
from states.look import Look
from views.days import OnDay

if TYPE_CHECKING:
    from adapters.spreadsheet import Sheet as ExcelSheet

TITLE = "予定表"
# Title, width in characters.
COLUMNS = (("年月日", 13), ("期日", 24), ("事項", 44), ("担当", 16), ("当初の期日", 24), ("状況", 12))


def calendar_table(here: Look, falling: Sequence[OnDay]) -> "ExcelSheet":
    """Return what falls on the days of a year as a table; what is late stands out."""
    from adapters.spreadsheet import Column
    from adapters.spreadsheet import Sheet as ExcelSheet

    programme, year = here.programme, here.facts.fiscal_year
    return ExcelSheet(
        name=TITLE,
        above=[f"{TITLE}　{programme.sections.municipality}　{programme.sections.owner}　{programme.title_ja}",
               f"{fiscal_year_title(year)}　{wareki(here.today)}現在　{len(falling)}件"],
        columns=[Column(title=title, width=width) for title, width in COLUMNS],
        rows=[
            [one.on.isoformat(), wareki(one.on), one.title, one.owner.ja if one.owner else "",
             wareki(one.planned_on) if one.is_moved else "", _standing(one)]
            for one in falling
        ],
        marked=frozenset(place for place, one in enumerate(falling) if one.is_late),
    )  # fmt: skip


def _standing(one: OnDay) -> str:
    return "済" if one.is_done else "期限超過" if one.is_late else ""
