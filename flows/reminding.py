"""朝の点検: every open morning, flags for what has come to its day and reminders to whoever owes it."""

from flows.base import office, stage_flow, stage_task
from steps import reminding


@stage_task("1 期限を点検し、督促を送る")
def _watch() -> int:
    return reminding.watch(office()).sent


@stage_flow("朝の点検", "開庁日の朝、期限の近い行為・過ぎた行為に印を付け、担当に知らせる。")
def watch() -> int:
    """Sweep and send; on a closed day nobody is written to. Return how many reminders went."""
    here = office()
    return _watch() if here.calendar.is_open(here.clock.now().date()) else 0
