"""A calendar as every office's calendar takes it in (iCalendar, RFC 5545): whole days, each under a name that stays."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import icalendar

_AT_NINE = timedelta(hours=9)


@dataclass(frozen=True, kw_only=True)
class WholeDay:
    """An event of a whole day. `uid` stays when the day moves, so that the calendar moves it and adds no second one.

    With `alarm` the calendar speaks up at nine on the day itself.
    """

    uid: str
    on: date
    title: str
    categories: tuple[str, ...] = ()
    alarm: bool = False


def written(name: str, days: Iterable[WholeDay], *, uid: str, made_at: datetime) -> bytes:
    """Return a calendar of that name, the same whenever it is made at that moment; its events take up no time."""
    calendar = icalendar.Calendar.new(
        name=name, uid=uid, last_modified=made_at, prodid="-//tsudoi//tsudoi//JA", method="PUBLISH"
    )
    for day in days:
        event = icalendar.Event.new(
            uid=day.uid, stamp=made_at, start=day.on, end=day.on + timedelta(days=1), summary=day.title,
            categories=list(day.categories),
        )  # fmt: skip
        event.add("transp", "TRANSPARENT")  # pyright: ignore[reportUnknownMemberType] - its value may be anything
        if day.alarm:
            alarm = icalendar.Alarm.new(description=day.title)
            alarm.ACTION, alarm.TRIGGER = "DISPLAY", _AT_NINE
            event.add_component(alarm)
        calendar.add_component(event)
    return calendar.to_ical()
