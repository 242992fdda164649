"""Guards of dates on paper: none in the future, none before what it reports, and the office's own on its open days."""

from datetime import date, datetime

from models.clock import day_of
from models.records.base import ActRecord
from states.facts import Facts, Guard, Shortfall, Verdict
from states.rules.base import claims, none_of

NOT_IN_ORDER = "The date lies neither in the future nor before what it reports."
COMMITTED = "The act comes in by the days that do not move and bound it: the end of the contract, the approved period."
CLOSED_DAY = "The date is an open day: the ward's office was closed on that day, so name the day on which it was done."


def dated_after(field: str, *acts: str) -> Guard:
    """Make the guard that a date of the record is not in the future and not before the last of these acts was done."""

    def check(facts: Facts, record: ActRecord) -> Verdict:
        day, since = _day_of(record, field), [facts.done[act].on for act in acts if act in facts.done]
        if day is None or max(since, default=day) <= day <= facts.today:
            return True
        return Shortfall(names=f"{day}: {max(since, default='')} – {facts.today}")

    return Guard(name="date_is_in_order", claim=NOT_IN_ORDER, check=check, asks_record=True)


def on_an_open_day(field: str, *, or_today: bool = False) -> Guard:
    """Make the guard that a date of the record, on which the ward's office did something, is one of its open days.

    Where the record does not tell it, nothing is judged, or the day on which the act is done.
    """

    def check(facts: Facts, record: ActRecord) -> Verdict:
        day = _day_of(record, field) or (facts.today if or_today else None)
        return day is None or facts.is_open(day) or Shortfall(names=str(day))

    return Guard(name="date_is_an_open_day", claim=CLOSED_DAY, check=check, asks_record=True)


def within_commitments(act: str) -> Guard:
    """Make the guard that no commitment of the programme which bounds the act has passed yet (Law 11)."""

    def check(facts: Facts, _record: ActRecord) -> Verdict:
        bounding = facts.programme.commitments
        days = (on for key, on in facts.commitments.items() if act in bounding[key].bounds)
        return none_of(str(on) for on in sorted(days) if on < facts.today)

    return Guard(name="commitments_are_kept", claim=COMMITTED, check=check, asks_record=True)


@claims()
def done_on_an_open_day(facts: Facts) -> Verdict:
    """It is done on an open day of the ward's office; what was done while it was closed is dated on an open day."""
    return facts.is_open(facts.today) or Shortfall(names=str(facts.today))


@claims()
def report_comes_in_on_an_open_day(facts: Facts) -> Verdict:
    """The report comes in on an open day of the ward's office; one that came while it was closed is of the next."""
    return facts.is_open(facts.today) or Shortfall(names=str(facts.today))


def _day_of(record: ActRecord, field: str) -> date | None:
    value = getattr(record, field)
    return day_of(value) if isinstance(value, datetime) else value
