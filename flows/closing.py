"""年末の点検: in the last open week of December, what is still open before the year ends."""

from flows.base import SOON, office, said, stage_flow, stage_task
from models.words import _, in_words
from views import standing


@stage_task("1 年内の未了を確かめる")
def _still_open() -> list[str]:
    with office().look_around() as looks:
        return [
            f"{stands.year_title} {act.title}（{act.owner_title}、{act.due_on}）"
            for here, stands in ((here, standing.standing(here)) for here in looks)
            for act in standing.open_before_year_end(here, stands)
        ]


@stage_flow("年末の点検", "12月の最後の開庁日5日間、年内に済ませるべきもので終わっていないものを示す。", within=SOON)
def watch_the_closing() -> str:
    """Say what is still open before the year ends; the run's name tells whether anything is."""
    lines = _still_open()
    if not lines:
        return said(_("Nothing is open that this year should end with."))
    return said("\n".join(lines), name=in_words(ja="未了あり", en="Still open"))
