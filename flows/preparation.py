"""年度の開始: opens the fiscal year when its day has come; once, however late the server came up."""

from flows.base import office, said, stage_flow, stage_task
from flows.board import update_the_board
from models.words import _
from steps import preparation


@stage_task("1 年度を開く")
def _open(fiscal_year: int) -> str:
    cycle_id, _new = preparation.open_year(office(), fiscal_year, via="flow")
    return cycle_id


@stage_flow("年度の開始", "年度の最初の開庁日に、その年度の業務を一度だけ開き、掲示板に載せる。何度動いても同じ。")
def begin_year() -> str:
    """Open the fiscal year whose day has come, and put it on the board."""
    if (year := preparation.year_to_open(office())) is None:
        return said(_("No fiscal year's opening day has come."))
    cycle_id = _open(year)
    update_the_board(2)
    return said(_("{cycle} is open.").format(cycle=cycle_id))
