"""A season of reminders, October to January: one late contractor, a machine off over a weekend, holidays, New Year.

Everybody does his acts before nine on the day they are owed, so that only what is three days ahead is announced. The
contractor seals late. The machine is off from Friday 20 November, and Monday the 23rd is a holiday.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from email.message import Message as Letter
from email.utils import parseaddr

import pytest
from receivers import Post, free_port, mail_server
from scenes import IN_ORDER, Year

from adapters.clock import VirtualClock
from models.clock import TOKYO
from models.errors import Refused
from states.table import BY_TRIGGER
from steps import reminding
from steps.office import Office

FIRST, LAST = date(2026, 9, 1), date(2027, 1, 29)
OFF = {date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)}
SEALED_LATE_ON = date(2026, 11, 27)
SEASON = [
    # three open days ahead: whoever can do it by then
    "2026-09-28 conclude_contract: sato suzuki",
    "2026-10-05 register_handlers: asahi",
    "2026-10-05 declare_cloud_use: asahi",
    "2026-10-05 submit_work_plan: asahi",
    "2026-10-08 confirm_contacts: sato suzuki",  # 12 October is a holiday
    "2026-10-13 confirm_readiness: sato suzuki",
    "2026-10-19 deliver_manuscript: sato suzuki",
    "2026-10-26 submit_text_proof: asahi",
    "2026-10-28 take_extract: nakamura watanabe",
    "2026-10-30 approve_text: sato suzuki",
    "2026-11-02 extract: nakamura watanabe",  # due on the 6th; the 3rd is a holiday
    "2026-11-11 take_additions: nakamura watanabe",
    "2026-11-13 recheck_before_enclosing: nakamura watanabe",
    "2026-11-13 issue_pull_list: nakamura watanabe",
    "2026-11-13 report_status: asahi",
    "2026-11-16 inspect_contractor: sato suzuki",
    # due on Friday the 20th, when the machine was off: the day itself is overtaken by the first open day after it
    "2026-11-24 report_enclosing: asahi",
    "2026-11-25 report_enclosing: asahi takahashi",
    "2026-11-26 report_enclosing: asahi sato suzuki takahashi",
    # from here everything that hangs on the sealing is owed four open days later
    "2026-12-01 recheck_before_posting: nakamura watanabe",
    "2026-12-08 return_items: asahi",
    "2026-12-15 report_erasure: asahi",
    "2026-12-17 report_completion: asahi",
    "2026-12-23 accept_work: okada",  # ten days end on New Year's Day: owed on 28 December, the last open day
    "2027-01-13 end_returned_mail: sato suzuki",
    "2027-01-19 erase_ward_data: nakamura watanabe",
    "2027-01-25 destroy_items: sato suzuki",
    "2027-01-26 close: sato suzuki",
]


class SeasonClock:
    """The installation's virtual clock, set as the scenes set theirs."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock

    def now(self) -> datetime:
        return self.clock.now()

    @property
    def at(self) -> datetime:
        return self.clock.now()

    @at.setter
    def at(self, instant: datetime) -> None:
        self.clock.set(instant)


@pytest.fixture
def year(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Office, Year, Post]]:
    """Give the opened year with its door, its mail and a mail server's memory."""
    port = free_port()
    monkeypatch.setenv("TSUDOI_MAIL", f"smtp://127.0.0.1:{port}")
    with mail_server(Post(), port) as post:
        opened = Office.open(office.home, office.settings.inbox)
        clock = opened.clock
        assert isinstance(clock, VirtualClock)
        yield opened, Year(opened.engine, opened.signer, SeasonClock(clock)), post  # type: ignore[arg-type]
        opened.engine.dispose()


def _days() -> Iterator[date]:
    day = FIRST
    while day <= LAST:
        yield day
        day += timedelta(days=1)


def _work(year: Year, today: date) -> None:
    """Do what is owed by today, in the order of the year, but for what the contractor is late with."""
    for act in IN_ORDER:
        facts = year.facts()
        if act in facts.done or facts.due.get(act, today) > today or _is_late(act, today):
            continue
        try:
            year.do(act)
        except Refused:
            continue


def _is_late(act: str, today: date) -> bool:
    return act == "report_enclosing" and today < SEALED_LATE_ON


def _titles(letter: Letter) -> list[str]:
    [said, *_attached] = (part for part in letter.walk() if part.get_content_type() == "text/plain")
    text = said.get_payload(decode=True)
    assert isinstance(text, bytes)
    return re.findall(r"年度の「(.+?)」の期限は", text.decode())


def _person(letter: Letter) -> str:
    return parseaddr(str(letter["To"]))[1].partition("@")[0]


def test_the_reminders_of_a_season_are_those_of_the_ladder(year: tuple[Office, Year, Post]) -> None:
    """What the letters of the season say, by day, act and people: none is missing, none is too much.

    Nobody gets two letters on a day, however much is due on it.
    """
    office, played, post = year
    titles = {row.ja: row.trigger for row in BY_TRIGGER.values()}
    told: dict[tuple[str, str], list[str]] = {}
    for day in _days():
        if day in OFF:
            continue
        played.clock.at = datetime.combine(day, time(8), TOKYO)
        _work(played, day)
        played.clock.at = datetime.combine(day, time(9), TOKYO)
        reminding.watch(office)
        assert len({_person(letter) for letter in post.letters}) == len(post.letters)
        for letter in post.letters:
            for title in _titles(letter):
                told.setdefault((str(day), titles[title]), []).append(_person(letter))
        post.letters.clear()
    assert [f"{day} {act}: {' '.join(sorted(people))}" for (day, act), people in told.items()] == SEASON
    assert played.state == "closed"
